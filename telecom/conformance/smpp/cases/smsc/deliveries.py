"""How an SMSC delivers: to whom, until it is taken, once; and messages of users."""

from typing import Final

from telecom.conformance.case import CaseFailed, Catalogue, Severity
from telecom.conformance.smpp import needs
from telecom.conformance.smpp.connection import Connection, acceptance, always
from telecom.conformance.smpp.smsc_under_test import SmscUnderTest
from telecom.smpp.errors import PduError
from telecom.smpp.pdus import (
    BindReceiver,
    BindReceiverResp,
    BindTransmitter,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
)
from telecom.smpp.receipts import receipt_of
from telecom.smpp.short_message import MESSAGE_TYPE, user_data_of
from telecom.smpp.status import CommandStatus as Status
from telecom.sms.errors import SmsError

CASES: Final = Catalogue()

SHOULD, INTEROP = Severity.SHOULD, Severity.INTEROPERABILITY

_DELIVER: Final = ("3.4 4.6.1", "5.0 4.3.1.1")
_PATIENCE: Final = 8.0


@CASES.case(
    "receipts.not_to_a_transmitter",
    "A transmitter is sent no receipt; the account's receiver is",
    "3.4 2.3",
    "5.0 2.4",
    needs=(needs.RECEIPT, needs.TRANSMITTER, needs.RECEIVER, needs.SEVERAL_BINDS),
    patience=_PATIENCE,
)
async def _not_to_a_transmitter(smsc: SmscUnderTest) -> None:
    transmitter = await smsc.bound(BindTransmitter)
    receiver = await smsc.bound(BindReceiver)
    message_id = await smsc.accepted(transmitter, smsc.submit(registered_delivery=1))
    await smsc.receipt(receiver, message_id)
    await transmitter.fence()
    if any(isinstance(pdu.pdu, DeliverSm) for pdu in transmitter.held):
        raise CaseFailed("no deliver_sm to a transmitter", "deliver_sm")


@CASES.case(
    "receipts.kept_until_bound",
    "A receipt waits for a receiver that is not bound yet",
    "3.4 2.10.2",
    "5.0 4.2.9.1",
    severity=SHOULD,
    needs=(needs.RECEIPT, needs.TRANSMITTER),
    patience=_PATIENCE,
)
async def _kept(smsc: SmscUnderTest) -> None:
    transmitter = await smsc.bound(BindTransmitter)
    message_id = await smsc.accepted(transmitter, smsc.submit(registered_delivery=1))
    await transmitter.fence()
    await transmitter.leave()
    await smsc.receipt(await smsc.bound(BindReceiver), message_id)


async def _twice(smsc: SmscUnderTest, status: int | None) -> None:
    """See that a receipt that was not accepted comes again, on this session or on the next."""
    first = await smsc.bound()
    _answer(first, status)
    message_id = await smsc.accepted(first, smsc.submit(registered_delivery=1))
    await smsc.receipt(first, message_id)
    if status is not None:
        _answer(first, Status.ESME_ROK)
        try:
            await smsc.receipt(first, message_id)
        except CaseFailed:
            await first.leave()
        else:
            return
    await first.close()
    await smsc.receipt(await smsc.bound(), message_id)


def _answer(connection: Connection, status: int | None) -> None:
    """Answer what comes with a status; None: not at all."""
    connection.answers.pop(DeliverSm, None)
    if status is not None:
        connection.answers[DeliverSm] = always(DeliverSmResp(command_status=status))


@CASES.case(
    "receipts.unanswered",
    "A deliver_sm that the ESME did not answer before it went away comes again",
    *_DELIVER,
    "5.0 2.6.3",
    severity=SHOULD,
    needs=(needs.RECEIPT,),
    patience=_PATIENCE,
)
async def _unanswered(smsc: SmscUnderTest) -> None:
    await _twice(smsc, None)


@CASES.case(
    "receipts.rejected",
    "A deliver_sm that the ESME cannot take for now (ESME_RX_T_APPN) comes again",
    *_DELIVER,
    "3.4 5.1.3",
    "5.0 4.7.6",
    severity=SHOULD,
    needs=(needs.RECEIPT,),
    patience=2 * _PATIENCE,
)
async def _rejected(smsc: SmscUnderTest) -> None:
    await _twice(smsc, Status.ESME_RX_T_APPN)


@CASES.case(
    "receipts.rejected.for_good",
    "A deliver_sm that the ESME never can take (ESME_RX_P_APPN) does not come again at once",
    *_DELIVER,
    "3.4 5.1.3",
    "5.0 4.7.6",
    severity=SHOULD,
    needs=(needs.RECEIPT,),
    patience=_PATIENCE,
)
async def _rejected_for_good(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    _answer(connection, Status.ESME_RX_P_APPN)
    message_id = await smsc.accepted(connection, smsc.submit(registered_delivery=1))
    await smsc.receipt(connection, message_id)
    await connection.is_closed(timeout=smsc.settings.quiet)
    if any(isinstance(pdu.pdu, DeliverSm) for pdu in connection.held):
        raise CaseFailed("nothing more", "the same deliver_sm")


@CASES.case(
    "receipts.after_bind",
    "What waits for an ESME comes after the response to its bind",
    "3.4 2.2",
    "3.4 2.3",
    "5.0 2.4",
    needs=(needs.RECEIPT, needs.TRANSMITTER, needs.RECEIVER),
    patience=_PATIENCE,
)
async def _after_bind(smsc: SmscUnderTest) -> None:
    transmitter = await smsc.bound(BindTransmitter)
    message_id = await smsc.accepted(transmitter, smsc.submit(registered_delivery=1))
    await transmitter.is_closed(timeout=smsc.settings.quiet)
    receiver = await smsc.connect()
    receiver.send(smsc.bind(BindReceiver))
    first = await receiver.expect("a response to the bind", lambda _: True)
    acceptance(first, BindReceiverResp)
    receiver.is_bound = True
    await smsc.receipt(receiver, message_id)


@CASES.case(
    "receipts.command_status",
    "The command_status of a request of the SMSC is 0",
    "3.4 5.1.3",
    "5.0 3.2.1.3",
    severity=SHOULD,
    needs=(needs.RECEIPT,),
    patience=_PATIENCE,
)
async def _status_of_a_request(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    message_id = await smsc.accepted(connection, smsc.submit(registered_delivery=1))
    receipt = await smsc.receipt(connection, message_id)
    if receipt.command_status:
        raise CaseFailed("command_status 0", f"0x{receipt.command_status:08X}")


@CASES.case(
    "receipts.once",
    "A receipt that was accepted does not come again",
    *_DELIVER,
    needs=(needs.RECEIPT,),
    patience=_PATIENCE,
)
async def _once(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    ids = []
    for _ in range(3):
        ids.append(await smsc.accepted(connection, smsc.submit(registered_delivery=1)))
        await smsc.receipt(connection, ids[-1])
    await connection.leave()
    again = await smsc.bound()
    await again.fence()
    for pdu in (*connection.held, *again.held):
        told = receipt_of(pdu.pdu) if isinstance(pdu.pdu, DeliverSm) else None
        if told is not None and told.id.encode("latin-1") in ids:
            raise CaseFailed("each receipt once", f"{told.id} again")


@CASES.case(
    "receipts.sequence_numbers",
    "Requests of the SMSC have numbers of their own, from 1 to 0x7FFFFFFF, each once",
    "3.4 5.1.4",
    "5.0 2.6.1",
    "5.0 4.7.24",
    needs=(needs.RECEIPT,),
    patience=_PATIENCE,
)
async def _numbers(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    numbers = []
    for _ in range(5):
        message_id = await smsc.accepted(connection, smsc.submit(registered_delivery=1))
        numbers.append((await smsc.receipt(connection, message_id)).sequence_number)
    numbers += [pdu.sequence_number for pdu in connection.held if isinstance(pdu.pdu, EnquireLink)]
    if len(set(numbers)) < len(numbers):
        raise CaseFailed("each number once", f"{numbers}")
    if not all(1 <= number <= 0x7FFFFFFF for number in numbers):
        raise CaseFailed("numbers from 1 to 0x7FFFFFFF", f"{numbers}")


@CASES.case(
    "receipts.nacked",
    "A generic_nack in the place of deliver_sm_resp does not end the session",
    "3.4 4.3",
    "5.0 2.8.2",
    severity=SHOULD,
    needs=(needs.RECEIPT,),
    patience=_PATIENCE,
)
async def _nacked(smsc: SmscUnderTest) -> None:
    from_now_on = await _with_answer(smsc, 0x80000000)
    await from_now_on.fence()


async def _with_answer(smsc: SmscUnderTest, command_id: int) -> Connection:
    """Answer one receipt by something else than deliver_sm_resp, and those after it rightly."""
    connection = await smsc.bound()
    _answer(connection, None)
    message_id = await smsc.accepted(connection, smsc.submit(registered_delivery=1))
    receipt = await smsc.receipt(connection, message_id)
    _answer(connection, Status.ESME_ROK)
    header = (16, command_id, Status.ESME_RINVCMDID, receipt.sequence_number)
    connection.send(b"".join(each.to_bytes(4, "big") for each in header))
    return connection


@CASES.case(
    "receipts.other_response",
    "A response of another kind in the place of deliver_sm_resp does not end the session",
    "3.4 2.8",
    "5.0 2.6.1",
    severity=INTEROP,
    needs=(needs.RECEIPT,),
    patience=_PATIENCE,
)
async def _other_response(smsc: SmscUnderTest) -> None:
    await (await _with_answer(smsc, 0x80000103)).fence()


async def _reply(smsc: SmscUnderTest) -> DeliverSm:
    """Provoke a message of a user; return the deliver_sm."""
    connection = await smsc.bound()
    number = smsc.settings.replying
    await smsc.accepted(connection, smsc.submit(**smsc.addresses(number)))
    reply = await connection.expect(
        f"a message from {number}",
        lambda pdu: isinstance(pdu.pdu, DeliverSm) and not pdu.pdu.esm_class & MESSAGE_TYPE,
        timeout=smsc.settings.patience,
    )
    return reply.pdu  # type: ignore[return-value]


@CASES.case(
    "deliver_sm.message",
    "A user's message comes from the user's number",
    *_DELIVER,
    "3.4 5.2.8",
    "5.0 4.7.29",
    needs=(needs.SUBMISSION, needs.REPLYING),
    patience=_PATIENCE,
)
async def _message(smsc: SmscUnderTest) -> None:
    reply = await _reply(smsc)
    sender = reply.source_addr.decode("latin-1").removeprefix("+")
    if sender != smsc.settings.replying:
        raise CaseFailed(f"source_addr {smsc.settings.replying}", sender)


@CASES.case(
    "deliver_sm.text",
    "A user's message can be read by its data_coding",
    *_DELIVER,
    "3.4 5.2.19",
    "5.0 4.7.7",
    needs=(needs.SUBMISSION, needs.REPLYING),
    patience=_PATIENCE,
)
async def _readable(smsc: SmscUnderTest) -> None:
    reply = await _reply(smsc)
    try:
        _ = user_data_of(reply).text
    except (PduError, SmsError) as error:
        raise CaseFailed("a text", str(error)) from None


@CASES.case(
    "deliver_sm.fields",
    "What means nothing in a deliver_sm is empty",
    *_DELIVER,
    severity=INTEROP,
    needs=(needs.SUBMISSION, needs.REPLYING),
    patience=_PATIENCE,
)
async def _fields(smsc: SmscUnderTest) -> None:
    reply = await _reply(smsc)
    for name in ("schedule_delivery_time", "validity_period", "sm_default_msg_id"):
        if getattr(reply, name):
            smsc.remark(f"no {name}", repr(getattr(reply, name)))
