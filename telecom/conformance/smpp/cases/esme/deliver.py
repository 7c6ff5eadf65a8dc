"""What an ESME answers to what it is delivered. A table."""

from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import msgspec

from telecom.conformance.case import CaseFailed, Catalogue, Severity
from telecom.conformance.smpp.esme_under_test import RECEIVES, EsmeUnderTest
from telecom.conformance.smpp.wire import body_of, raw, tlv
from telecom.smpp.codec import encode
from telecom.smpp.pdus import DataSm, DeliverSm, DeliverSmResp
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import (
    MESSAGE_PAYLOAD,
    MESSAGE_STATE,
    RECEIPTED_MESSAGE_ID,
    SAR_MSG_REF_NUM,
    SAR_SEGMENT_SEQNUM,
    SAR_TOTAL_SEGMENTS,
    SOURCE_PORT,
)
from telecom.sms.receipt import DeliveryReceipt, MessageState
from telecom.sms.receipt import encode as receipt_text

CASES: Final = Catalogue()

MUST, SHOULD, INTEROP = Severity.MUST, Severity.SHOULD, Severity.INTEROPERABILITY

_DELIVER: Final = ("3.4 4.6.1", "3.4 4.6.2", "5.0 4.3.1.1", "5.0 4.3.1.2")
_CODING: Final = (*_DELIVER, "3.4 5.2.19", "5.0 4.7.7")
_ESM_CLASS: Final = (*_DELIVER, "3.4 5.2.12", "5.0 4.7.12")
_RECEIPT: Final = (*_DELIVER, "3.4 2.11", "3.4 B", "5.0 4.3.5.1")
_IGNORED: Final = (*_DELIVER, "3.4 3.3.1", "5.0 2.11.1")
_PATIENT: Final = 60.0


def _receipt(state: MessageState, **fields: Any) -> dict[str, Any]:
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    told = DeliveryReceipt("0568ac1f3a", state, 1, 1, at, at, "000", "conformance")
    parameters = (RECEIPTED_MESSAGE_ID(b"0568ac1f3a"), MESSAGE_STATE(state))
    return {"esm_class": 4, "short_message": receipt_text(told), "tlvs": parameters, **fields}


class _Delivered(msgspec.Struct, frozen=True):
    """A deliver_sm with these fields is accepted."""

    name: str
    title: str
    fields: dict[str, Any]
    clauses: tuple[str, ...]
    severity: Severity = MUST


_BARE: Final = b"id:0568ac1f3a sub:001 dlvrd:001 submit date:2611221200 done date:2611221200 stat:"

_ROWS: Final = (
    _Delivered("default", "The default alphabet", {}, _CODING),
    _Delivered("latin_1", "Latin 1", {"data_coding": 3, "short_message": b"caf\xe9"}, _CODING),
    _Delivered("ucs2", "UCS2", {"data_coding": 8, "short_message": "добрый".encode("utf-16-be")},
               _CODING),
    _Delivered("ucs2.surrogates", "UCS2 with a pair of surrogates", {"data_coding": 8,
               "short_message": "👋".encode("utf-16-be")}, _CODING, SHOULD),
    _Delivered("binary", "8-bit octets", {"data_coding": 4, "short_message": b"\x00\xff\x80"},
               _CODING),
    _Delivered("escape", "The escape of the GSM alphabet", {"short_message": b"\x1b\x65 \x1b\x3c"},
               _CODING, SHOULD),
    _Delivered("class_0", "A message class by 0xF0", {"data_coding": 0xF0}, _CODING, SHOULD),
    _Delivered("empty", "No text", {"short_message": b""}, _DELIVER, SHOULD),
    _Delivered("longest", "254 octets", {"short_message": b"a" * 254}, _DELIVER),
    _Delivered("payload", "The text in message_payload", {"short_message": b"",
               "tlvs": (MESSAGE_PAYLOAD(b"a" * 1000),)}, (*_DELIVER, "3.4 5.3.2.32")),
    _Delivered("udh.8", "A part of a message, by a header with an 8-bit reference",
               {"esm_class": 0x40, "short_message": b"\x05\x00\x03\x2a\x02\x01part"}, _ESM_CLASS),
    _Delivered("udh.8.second", "The other part of it",
               {"esm_class": 0x40, "short_message": b"\x05\x00\x03\x2a\x02\x02part"}, _ESM_CLASS),
    _Delivered("udh.16", "A part of a message, by a header with a 16-bit reference",
               {"esm_class": 0x40, "short_message": b"\x06\x08\x04\x01\x2a\x02\x01part"},
               _ESM_CLASS),
    _Delivered("udh.lone_part", "A part whose others never come",
               {"esm_class": 0x40, "short_message": b"\x05\x00\x03\x2b\x03\x02part"}, _ESM_CLASS),
    _Delivered("sar", "A part of a message, by the sar_ parameters", {"tlvs": (
               SAR_MSG_REF_NUM(42), SAR_TOTAL_SEGMENTS(2), SAR_SEGMENT_SEQNUM(1))},
               (*_DELIVER, "3.4 5.3.2.22")),
    _Delivered("ports", "Application ports", {"tlvs": (SOURCE_PORT(9200),)},
               (*_DELIVER, "3.4 5.3.2.20"), SHOULD),
    _Delivered("source.alphanumeric", "An alphanumeric source", {"source_addr": b"Conform",
               "source_addr_ton": 5, "source_addr_npi": 0}, (*_DELIVER, "3.4 5.2.8")),
    _Delivered("source.empty", "No source", {"source_addr": b"", "source_addr_ton": 0,
               "source_addr_npi": 0}, (*_DELIVER, "3.4 5.2.8"), SHOULD),
    _Delivered("source.longest", "A source of 20 digits", {"source_addr": b"4" * 20},
               (*_DELIVER, "3.4 5.2.8")),
    _Delivered("service_type", "A service_type", {"service_type": b"CMT"},
               (*_DELIVER, "3.4 5.2.11")),
    _Delivered("protocol_id", "A protocol_id", {"protocol_id": 0x40}, (*_DELIVER, "3.4 5.2.13")),
    _Delivered("times", "A schedule and a validity period", {
               "schedule_delivery_time": b"261122120000000+",
               "validity_period": b"000001000000000R"}, (*_DELIVER, "3.4 7.1.1"), SHOULD),
    _Delivered("reply_path", "The reply path is set", {"esm_class": 0x80}, _ESM_CLASS, SHOULD),
    *(_Delivered(f"receipt.{state.name.lower()}", f"A receipt, {state.name}", _receipt(state),
                 _RECEIPT) for state in MessageState),
    _Delivered("receipt.parameters_alone", "A receipt without a text",
               _receipt(MessageState.DELIVRD, short_message=b""), _RECEIPT, SHOULD),
    _Delivered("receipt.text_alone", "A receipt without parameters",
               _receipt(MessageState.DELIVRD, tlvs=()), _RECEIPT),
    _Delivered("receipt.unknown_state", "A receipt with a state of the vendor's own",
               {"esm_class": 4, "short_message": _BARE + b"BLOCKED err:000 text:"}, _RECEIPT,
               SHOULD),
    _Delivered("receipt.free_text", "A receipt whose text is not as appendix B has it",
               {"esm_class": 4, "short_message": b"delivered, thank you"}, _RECEIPT, SHOULD),
    _Delivered("receipt.letters_in_err", "A receipt with an err of letters",
               {"esm_class": 4, "short_message": _BARE + b"UNDELIV err:0xB text:"}, _RECEIPT,
               SHOULD),
    _Delivered("intermediate_notification", "An intermediate notification",
               _receipt(MessageState.ENROUTE, esm_class=0x20), (*_ESM_CLASS, "5.0 4.3.5.2"),
               SHOULD),
    _Delivered("acknowledgement", "A delivery acknowledgement", {"esm_class": 0x08}, _ESM_CLASS,
               SHOULD),
    _Delivered("user_acknowledgement", "A user acknowledgement", {"esm_class": 0x10}, _ESM_CLASS,
               SHOULD),
)  # fmt: skip


async def _is_accepted(fields: dict[str, Any], esme: EsmeUnderTest) -> None:
    await esme.delivered(await esme.bound(), esme.deliver(**fields))


for _row in _ROWS:
    CASES.case(
        f"deliver_sm.{_row.name}",
        f"{_row.title}: deliver_sm is accepted",
        *_row.clauses,
        severity=_row.severity,
        needs=(RECEIVES,),
        patience=_PATIENT,
    )(partial(_is_accepted, _row.fields))

_PARAMETERS: Final = (
    ("unknown", "that is reserved", tlv(0x0F0F, b"x"), MUST),
    ("vendor", "of a vendor", tlv(0x1501, b"vendor"), MUST),
    ("vendor.empty", "of a vendor, without a value", tlv(0x3FFF), MUST),
    ("twice", "that is there twice", tlv(0x1501, b"a") + tlv(0x1501, b"b"), MUST),
    ("wrong_length", "of a wrong length", tlv(0x0204, b"\x01\x02\x03"), SHOULD),
)


async def _is_answered(octets: bytes, accepted: bool, esme: EsmeUnderTest) -> None:
    connection = await esme.bound()
    body = body_of(esme.deliver()) + octets
    response = await connection.ask(raw(DeliverSm.command_id, body, sequence_number=0x33), 0x33)
    if accepted and response.command_status != Status.ESME_ROK:
        raise CaseFailed("deliver_sm_resp ESME_ROK", str(response))
    await connection.fence()


for _name, _words, _octets, _severity in _PARAMETERS:
    CASES.case(
        f"deliver_sm.parameter.{_name}",
        f"An optional parameter {_words} does no harm",
        *_IGNORED,
        severity=_severity,
        needs=(RECEIVES,),
        patience=_PATIENT,
    )(partial(_is_answered, _octets, _severity is MUST))


@CASES.case(
    "deliver_sm.data_coding.reserved",
    "A data_coding that is reserved is answered, one way or the other",
    *_CODING,
    needs=(RECEIVES,),
    patience=_PATIENT,
)
async def _reserved_coding(esme: EsmeUnderTest) -> None:
    connection = await esme.bound()
    response = await connection.ask(esme.deliver(data_coding=0x0F))
    if not isinstance(response.pdu, DeliverSmResp):
        raise CaseFailed("deliver_sm_resp", str(response))
    await connection.fence()


@CASES.case(
    "deliver_sm.response.message_id",
    "The message_id of the response is empty",
    "3.4 4.6.2",
    "5.0 4.3.1.2",
    severity=SHOULD,
    needs=(RECEIVES,),
    patience=_PATIENT,
)
async def _no_id(esme: EsmeUnderTest) -> None:
    response = await esme.delivered(await esme.bound(), esme.deliver())
    if response.body[:1] != b"\0":
        raise CaseFailed("message_id NULL", response.body.hex() or "no body")


@CASES.case(
    "deliver_sm.same_twice",
    "The same message, delivered twice, is answered twice",
    *_DELIVER,
    needs=(RECEIVES,),
    patience=_PATIENT,
)
async def _twice(esme: EsmeUnderTest) -> None:
    connection = await esme.bound()
    for _ in range(2):
        await esme.delivered(connection, esme.deliver(short_message=b"again"))


@CASES.case(
    "deliver_sm.window",
    "50 deliver_sm at once are answered, each once",
    *_DELIVER,
    "3.4 2.7",
    "5.0 2.6.4",
    needs=(RECEIVES,),
    patience=_PATIENT,
)
async def _window(esme: EsmeUnderTest) -> None:
    connection = await esme.bound()
    numbers = [connection.send(esme.deliver()) for _ in range(50)]
    for number in numbers:
        await connection.answer_to(number)
    await connection.fence()
    if any(isinstance(pdu.pdu, DeliverSmResp) for pdu in connection.held):
        raise CaseFailed("each answered once", "one answered twice")


@CASES.case(
    "deliver_sm.octets",
    "One that comes octet by octet is answered",
    *_DELIVER,
    "3.4 3.2",
    "5.0 3.2.1.1",
    needs=(RECEIVES,),
    patience=_PATIENT,
)
async def _octet_by_octet(esme: EsmeUnderTest) -> None:
    connection = await esme.bound()
    number = connection.next_number()
    await connection.send_slowly(encode(esme.deliver(), number))
    await connection.answer_to(number)


@CASES.case(
    "data_sm.accepted",
    "data_sm is accepted by data_sm_resp",
    "3.4 4.7.1",
    "3.4 4.7.2",
    "5.0 4.3.2",
    severity=SHOULD,
    needs=(RECEIVES,),
    patience=_PATIENT,
)
async def _data(esme: EsmeUnderTest) -> None:
    message = esme.deliver()
    names = ("source_addr_ton", "source_addr_npi", "source_addr", "dest_addr_ton",
             "dest_addr_npi", "destination_addr")  # fmt: skip
    fields = {name: getattr(message, name) for name in names}
    connection = await esme.bound()
    await esme.delivered(connection, DataSm(**fields, tlvs=(MESSAGE_PAYLOAD(b"conformance"),)))
