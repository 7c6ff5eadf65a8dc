"""Delivery receipts, what they say and of what: SMPP 3.4 2.11 and appendix B, 5.0 4.3.5.1."""

import re
from typing import Final

from telecom.conformance.case import CaseFailed, Catalogue, Severity
from telecom.conformance.smpp import needs
from telecom.conformance.smpp.smsc_under_test import HOUR_AHEAD, SmscUnderTest
from telecom.conformance.smpp.wire import Received
from telecom.smpp.pdus import DeliverSm
from telecom.smpp.receipts import receipt_of
from telecom.smpp.short_message import MESSAGE_TYPE, octets_of
from telecom.smpp.tlvs import MESSAGE_STATE, RECEIPTED_MESSAGE_ID
from telecom.sms.receipt import MessageState

CASES: Final = Catalogue()

MUST, SHOULD, INTEROP = Severity.MUST, Severity.SHOULD, Severity.INTEROPERABILITY

_RECEIPT: Final = ("3.4 2.11", "3.4 5.2.12", "5.0 4.3.5.1")
_APPENDIX_B: Final = re.compile(
    rb"id:(\S+) sub:(\d{3}) dlvrd:(\d{3}) submit date:(\d{10}) done date:(\d{10})"
    rb" stat:([A-Z]{7}) err:(\S{3}) text:(.{0,20})",
    re.IGNORECASE | re.DOTALL,
)
_PATIENCE: Final = 8.0


async def _receipted(smsc: SmscUnderTest) -> tuple[bytes, Received]:
    """Submit, and wait for the receipt; return the message's id and the receipt."""
    connection = await smsc.bound()
    message_id = await smsc.accepted(connection, smsc.submit(registered_delivery=1))
    return message_id, await smsc.receipt(connection, message_id)


def _text(receipt: Received) -> bytes:
    return octets_of(receipt.pdu)  # type: ignore[arg-type]


@CASES.case(
    "receipts.comes",
    "A receipt that was asked for comes",
    *_RECEIPT,
    "3.4 5.2.17",
    "5.0 4.7.21",
    severity=SHOULD,
    needs=(needs.SUBMISSION,),
    patience=_PATIENCE,
)
async def _comes(smsc: SmscUnderTest) -> None:
    await _receipted(smsc)


@CASES.case(
    "receipts.esm_class",
    "A receipt is one by its esm_class",
    *_RECEIPT,
    needs=(needs.RECEIPT,),
    patience=_PATIENCE,
)
async def _esm_class(smsc: SmscUnderTest) -> None:
    _, receipt = await _receipted(smsc)
    kind = receipt.pdu.esm_class & MESSAGE_TYPE  # type: ignore[union-attr]
    if kind != 0x04:
        raise CaseFailed("esm_class 0x04", f"0x{kind:02X}")


@CASES.case(
    "receipts.addresses",
    "A receipt goes from the message's destination to its source",
    *_RECEIPT,
    needs=(needs.RECEIPT,),
    patience=_PATIENCE,
)
async def _addresses(smsc: SmscUnderTest) -> None:
    _, receipt = await _receipted(smsc)
    sent, pdu = smsc.submit(), receipt.pdu
    came = (pdu.source_addr, pdu.destination_addr)  # type: ignore[union-attr]
    expected = (sent.destination_addr, sent.source_addr or came[1])
    if came != expected:
        raise CaseFailed(f"{expected}", f"{came}")
    ton, npi = pdu.source_addr_ton, pdu.source_addr_npi  # type: ignore[union-attr]
    if (ton, npi) != (sent.dest_addr_ton, sent.dest_addr_npi):
        smsc.remark(f"ton {sent.dest_addr_ton}, npi {sent.dest_addr_npi}", f"{ton}, {npi}")


@CASES.case(
    "receipts.text",
    "The text of a receipt is as appendix B has it",
    "3.4 B",
    severity=SHOULD,
    needs=(needs.RECEIPT,),
    patience=_PATIENCE,
)
async def _appendix_b(smsc: SmscUnderTest) -> None:
    _, receipt = await _receipted(smsc)
    text = _text(receipt)
    if _APPENDIX_B.fullmatch(text) is None:
        raise CaseFailed("id:... sub:... dlvrd:... submit date:... text:...", repr(text))


@CASES.case(
    "receipts.text.values",
    "The dates and counts in the text of a receipt are right",
    "3.4 B",
    severity=SHOULD,
    needs=(needs.RECEIPT,),
    patience=_PATIENCE,
)
async def _values(smsc: SmscUnderTest) -> None:
    _, receipt = await _receipted(smsc)
    told = receipt_of(receipt.pdu)  # type: ignore[arg-type]
    if told is None or told.submit_date is None or told.done_date is None:
        raise CaseFailed("two dates, YYMMDDhhmm", repr(_text(receipt)))
    if told.submit_date > told.done_date:
        raise CaseFailed("a done date that is not before the submit date", repr(_text(receipt)))
    if told.delivered != 1:
        smsc.remark("dlvrd:001 of a message that was delivered", repr(_text(receipt)))


@CASES.case(
    "receipts.id.text",
    "The id in the text of a receipt is the one of the response, to the letter",
    "3.4 B",
    "3.4 5.2.23",
    severity=SHOULD,
    needs=(needs.RECEIPT,),
    patience=_PATIENCE,
)
async def _same_id(smsc: SmscUnderTest) -> None:
    message_id, receipt = await _receipted(smsc)
    match = re.search(rb"id:(\S+)", _text(receipt), re.IGNORECASE)
    if match is None or match[1] != message_id:
        raise CaseFailed(repr(message_id), repr(match[1]) if match else "no id")


@CASES.case(
    "receipts.id.parameter",
    "receipted_message_id is there, and the one of the response",
    "3.4 5.3.2.12",
    "5.0 4.3.5.1",
    "5.0 4.8.4.47",
    severity=SHOULD,
    needs=(needs.RECEIPT, needs.VERSION_34),
    patience=_PATIENCE,
)
async def _id_parameter(smsc: SmscUnderTest) -> None:
    message_id, receipt = await _receipted(smsc)
    told = RECEIPTED_MESSAGE_ID.of(receipt.pdu)  # type: ignore[arg-type]
    if told != message_id:
        raise CaseFailed(repr(message_id), repr(told))


@CASES.case(
    "receipts.state.parameter",
    "message_state is there, and says what the text says",
    "3.4 5.3.2.35",
    "3.4 5.2.28",
    "5.0 4.8.4.37",
    severity=SHOULD,
    needs=(needs.RECEIPT, needs.VERSION_34),
    patience=_PATIENCE,
)
async def _state_parameter(smsc: SmscUnderTest) -> None:
    _, receipt = await _receipted(smsc)
    told = MESSAGE_STATE.of(receipt.pdu)  # type: ignore[arg-type]
    if told != MessageState.DELIVRD:
        raise CaseFailed("message_state 2", str(told))
    if b"stat:DELIVRD" not in _text(receipt):
        smsc.remark("stat:DELIVRD", repr(_text(receipt)))


@CASES.case(
    "receipts.to_v33",
    "To an ESME of 3.3 a receipt has no optional parameters",
    "3.4 3.3.2",
    "5.0 2.11.2",
    needs=(needs.RECEIPT,),
    patience=_PATIENCE,
)
async def _to_v33(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound(interface_version=0x33)
    message_id = await smsc.accepted(connection, smsc.submit(registered_delivery=1))
    receipt = await smsc.receipt(connection, message_id)
    count = len(receipt.pdu.tlvs)  # type: ignore[union-attr]
    if count:
        raise CaseFailed("no optional parameters", f"{count} of them")


@CASES.case(
    "receipts.failure",
    "A message that cannot be delivered has a receipt that says so",
    *_RECEIPT,
    "3.4 5.2.28",
    severity=SHOULD,
    needs=(needs.FAILING, needs.RECEIPT),
    patience=_PATIENCE,
)
async def _of_a_failure(smsc: SmscUnderTest) -> None:
    receipt = await _of_failing(smsc, registered_delivery=1)
    told = receipt_of(receipt.pdu)  # type: ignore[arg-type]
    if told is None or told.stat in (MessageState.DELIVRD, MessageState.ENROUTE):
        raise CaseFailed("a state of failure", str(told and told.stat.name))


async def _of_failing(smsc: SmscUnderTest, **fields: int) -> Received:
    connection = await smsc.bound()
    pdu = smsc.submit(**{**smsc.addresses(smsc.settings.failing), **fields})
    return await smsc.receipt(connection, await smsc.accepted(connection, pdu))


@CASES.case(
    "receipts.failure_only.failed",
    "Who asks for receipts of failures alone gets them",
    "3.4 5.2.17",
    "5.0 4.7.21",
    severity=SHOULD,
    needs=(needs.FAILING, needs.RECEIPT),
    patience=_PATIENCE,
)
async def _failed_only(smsc: SmscUnderTest) -> None:
    await _of_failing(smsc, registered_delivery=2)


async def _none_comes(
    smsc: SmscUnderTest, registered_delivery: int, destination: str, **changes: bytes
) -> None:
    """See that of two messages only the second, which asked for it, has a receipt."""
    connection = await smsc.bound()
    fields = {**smsc.addresses(destination), "registered_delivery": registered_delivery}
    quiet = smsc.submit(**{**fields, **changes})
    silent = await smsc.accepted(connection, quiet)
    asked = await smsc.accepted(connection, smsc.submit(registered_delivery=1))
    await smsc.receipt(connection, asked)
    await connection.fence()
    for pdu in connection.held:
        told = receipt_of(pdu.pdu) if isinstance(pdu.pdu, DeliverSm) else None
        if told is not None and told.id == silent.decode("latin-1"):
            raise CaseFailed("no receipt", told.stat.name)


@CASES.case(
    "receipts.none",
    "Without registered_delivery no receipt comes",
    "3.4 5.2.17",
    "5.0 4.7.21",
    needs=(needs.RECEIPT,),
    patience=_PATIENCE,
)
async def _unasked(smsc: SmscUnderTest) -> None:
    await _none_comes(smsc, 0, smsc.settings.destination)


@CASES.case(
    "receipts.scheduled",
    "A message that is to be delivered in an hour is not delivered now",
    "3.4 5.2.15",
    "5.0 4.7.23.1",
    needs=(needs.RECEIPT, needs.SCHEDULING),
    patience=_PATIENCE,
)
async def _in_an_hour(smsc: SmscUnderTest) -> None:
    await _none_comes(smsc, 1, smsc.settings.destination, schedule_delivery_time=HOUR_AHEAD)


@CASES.case(
    "receipts.failure_only.delivered",
    "Who asks for receipts of failures alone gets none of a message that was delivered",
    "3.4 5.2.17",
    "5.0 4.7.21",
    needs=(needs.RECEIPT,),
    patience=_PATIENCE,
)
async def _delivered_is_no_failure(smsc: SmscUnderTest) -> None:
    await _none_comes(smsc, 2, smsc.settings.destination)


@CASES.case(
    "receipts.success_only.delivered",
    "Who asks for receipts of success alone (3, of 5.0) gets one of a message that was delivered",
    "5.0 4.7.21",
    severity=SHOULD,
    needs=(needs.RECEIPT, needs.VERSION_50),
    patience=_PATIENCE,
)
async def _success_only(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound(interface_version=0x50)
    message_id = await smsc.accepted(connection, smsc.submit(registered_delivery=3))
    await smsc.receipt(connection, message_id)


@CASES.case(
    "receipts.success_only.failed",
    "Who asks for receipts of success alone (3, of 5.0) gets none of a failure",
    "5.0 4.7.21",
    severity=SHOULD,
    needs=(needs.FAILING, needs.RECEIPT, needs.VERSION_50),
    patience=_PATIENCE,
)
async def _failure_is_no_success(smsc: SmscUnderTest) -> None:
    await _none_comes(smsc, 3, smsc.settings.failing)
