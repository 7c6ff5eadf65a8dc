"""The fields of submit_sm: right values, their limits, and wrong ones. A table."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

import msgspec

from telecom.conformance.case import CaseFailed, Catalogue, Severity
from telecom.conformance.smpp import needs
from telecom.conformance.smpp.connection import acceptance
from telecom.conformance.smpp.smsc_under_test import SmscUnderTest
from telecom.conformance.smpp.wire import body_of, raw
from telecom.smpp.pdus import SubmitSm, SubmitSmResp
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import (
    MESSAGE_PAYLOAD,
    SAR_MSG_REF_NUM,
    SAR_SEGMENT_SEQNUM,
    SAR_TOTAL_SEGMENTS,
    USER_MESSAGE_REFERENCE,
)

CASES: Final = Catalogue()

MUST, SHOULD, INTEROP = Severity.MUST, Severity.SHOULD, Severity.INTEROPERABILITY

_SUBMIT: Final = ("3.4 4.4.1", "5.0 4.2.1.1")
_SOURCE: Final = ("3.4 5.2.8", "5.0 4.7.29")
_DESTINATION: Final = ("3.4 5.2.9", "5.0 4.7.8")
_TON: Final = ("3.4 5.2.5", "5.0 4.7.1")
_NPI: Final = ("3.4 5.2.6", "5.0 4.7.2")
_ESM_CLASS: Final = ("3.4 5.2.12", "5.0 4.7.12")
_PRIORITY: Final = ("3.4 5.2.14", "5.0 4.7.19")
_REGISTERED: Final = ("3.4 5.2.17", "5.0 4.7.21")
_CODING: Final = ("3.4 5.2.19", "5.0 4.7.7")
_LENGTH: Final = ("3.4 5.2.21", "3.4 5.2.22", "5.0 4.7.28", "5.0 4.7.26")
_PAYLOAD: Final = ("3.4 5.3.2.32", "5.0 4.8.4.36")
_SAR: Final = ("3.4 5.3.2.22", "3.4 5.3.2.23", "3.4 5.3.2.24", "5.0 4.8.4.48")


class Accepted(msgspec.Struct, frozen=True):
    """A submit_sm with these fields is accepted."""

    name: str
    title: str
    fields: dict[str, Any]
    clauses: tuple[str, ...]
    severity: Severity = SHOULD


class Refused(msgspec.Struct, frozen=True):
    """A submit_sm with these fields is refused; another status than these is worth a remark."""

    name: str
    title: str
    fields: dict[str, Any]
    clauses: tuple[str, ...]
    statuses: tuple[int, ...]
    severity: Severity = SHOULD


class Either(msgspec.Struct, frozen=True):
    """A submit_sm with these fields is answered: taken, or refused with one of these statuses."""

    name: str
    title: str
    fields: dict[str, Any]
    clauses: tuple[str, ...]
    statuses: tuple[int, ...]
    severity: Severity = MUST


_UDH_8: Final = b"\x05\x00\x03\x2a\x02\x01"
_UDH_16: Final = b"\x06\x08\x04\x01\x2a\x02\x01"
_GSM_LETTER: Final = b"a"

_ACCEPTED: Final = (
    Accepted("service_type.empty", "No service_type", {"service_type": b""}, _SUBMIT, MUST),
    Accepted("source.none", "No source: the SMSC has one", {"source_addr": b"",
             "source_addr_ton": 0, "source_addr_npi": 0}, _SOURCE, INTEROP),
    Accepted("source.short_code", "A short code as source", {"source_addr": b"12345",
             "source_addr_ton": 0, "source_addr_npi": 1}, (*_SOURCE, "5.0 4.2.6.3"), INTEROP),
    Accepted("source.alphanumeric", "An alphanumeric source", {"source_addr": b"Conform",
             "source_addr_ton": 5, "source_addr_npi": 0}, (*_SOURCE, "5.0 4.2.6.1.2"), INTEROP),
    Accepted("source.alphanumeric.longest", "An alphanumeric source of 11 characters",
             {"source_addr": b"Conformance", "source_addr_ton": 5, "source_addr_npi": 0},
             _SOURCE, INTEROP),
    Accepted("esm_class.store_and_forward", "Store and forward mode", {"esm_class": 3},
             (*_ESM_CLASS, "3.4 2.10.2", "5.0 4.2.10.2")),
    Accepted("esm_class.udh.8", "A part of a message, by a header with an 8-bit reference",
             {"esm_class": 0x40, "data_coding": 4, "short_message": _UDH_8 + b"part"}, _ESM_CLASS),
    Accepted("esm_class.udh.16", "A part of a message, by a header with a 16-bit reference",
             {"esm_class": 0x40, "data_coding": 4, "short_message": _UDH_16 + b"part"},
             _ESM_CLASS),
    Accepted("esm_class.udh.ports", "A header with application ports", {"esm_class": 0x40,
             "data_coding": 4, "short_message": b"\x06\x05\x04\x15\x82\x00\x00x"}, _ESM_CLASS),
    Accepted("protocol_id.zero", "protocol_id 0", {"protocol_id": 0}, ("3.4 5.2.13", "5.0 4.7.20"),
             MUST),
    Accepted("protocol_id.replace", "protocol_id 0x41, replace type 1", {"protocol_id": 0x41},
             ("3.4 5.2.13", "5.0 4.7.20"), INTEROP),
    *(Accepted(f"priority.{level}", f"priority_flag {level}", {"priority_flag": level}, _PRIORITY,
               MUST if level == 0 else SHOULD) for level in range(4)),
    Accepted("registered_delivery.none", "No receipt", {"registered_delivery": 0}, _REGISTERED,
             MUST),
    Accepted("registered_delivery.outcome", "A receipt whatever comes of it",
             {"registered_delivery": 1}, _REGISTERED),
    Accepted("registered_delivery.failure", "A receipt of a failure", {"registered_delivery": 2},
             _REGISTERED),
    Accepted("data_coding.default", "The default alphabet", {"data_coding": 0}, _CODING, MUST),
    Accepted("data_coding.ia5", "IA5", {"data_coding": 1}, _CODING),
    Accepted("data_coding.binary", "8-bit octets", {"data_coding": 4,
             "short_message": bytes(range(0x80, 0xA0))}, _CODING),
    Accepted("data_coding.binary.2", "8-bit octets, as 2", {"data_coding": 2,
             "short_message": bytes(range(0x80, 0xA0))}, _CODING, INTEROP),
    Accepted("data_coding.latin_1", "Latin 1", {"data_coding": 3, "short_message": b"caf\xe9"},
             _CODING),
    Accepted("data_coding.ucs2", "UCS2", {"data_coding": 8,
             "short_message": "добрый".encode("utf-16-be")}, _CODING),
    Accepted("data_coding.ucs2.surrogates", "UCS2 with a pair of surrogates", {"data_coding": 8,
             "short_message": "👋".encode("utf-16-be")}, _CODING, INTEROP),
    Accepted("data_coding.class_0", "A message class by 0xF0", {"data_coding": 0xF0}, _CODING,
             INTEROP),
    Accepted("text.one", "A text of one octet", {"short_message": b"x"}, _LENGTH, MUST),
    Accepted("text.140_octets", "140 octets, all that one SMS has", {"data_coding": 4,
             "short_message": b"\x55" * 140}, (*_LENGTH, "5.0 4.2.8"), MUST),
    Accepted("text.160_characters", "160 characters, all that one SMS has",
             {"short_message": _GSM_LETTER * 160}, (*_LENGTH, "5.0 4.2.8"), MUST),
    Accepted("text.254", "254 octets, the most that 3.4 has", {"short_message": _GSM_LETTER * 254},
             _LENGTH),
    Accepted("payload", "A text in message_payload", {"short_message": b"",
             "tlvs": (MESSAGE_PAYLOAD(b"conformance"),)}, _PAYLOAD),
    Accepted("payload.long", "A text of 500 characters in message_payload", {"short_message": b"",
             "tlvs": (MESSAGE_PAYLOAD(_GSM_LETTER * 500),)}, _PAYLOAD),
    Accepted("sar", "A part of a message, by the sar_ parameters", {"tlvs": (
             SAR_MSG_REF_NUM(42), SAR_TOTAL_SEGMENTS(2), SAR_SEGMENT_SEQNUM(1))}, _SAR),
    Accepted("sar.any_order", "The sar_ parameters in another order", {"tlvs": (
             SAR_SEGMENT_SEQNUM(1), SAR_TOTAL_SEGMENTS(2), SAR_MSG_REF_NUM(43))},
             (*_SAR, "5.0 3.2.1.6")),
    Accepted("user_message_reference", "A reference of the ESME's own",
             {"tlvs": (USER_MESSAGE_REFERENCE(0x1234),)}, ("3.4 5.3.2.17", "5.0 4.8.4.62")),
)  # fmt: skip

_SOURCE_STATUS: Final = (Status.ESME_RINVSRCADR, Status.ESME_RINVSRCTON, Status.ESME_RINVSRCNPI)
_DESTINATION_STATUS: Final = (
    Status.ESME_RINVDSTADR,
    Status.ESME_RINVDSTTON,
    Status.ESME_RINVDSTNPI,
)
_CLASS_STATUS: Final = (Status.ESME_RINVESMCLASS, Status.ESME_RSUBMITFAIL)
_CODING_STATUS: Final = (Status.ESME_RINVDCS, Status.ESME_RSUBMITFAIL)
_BOTH: Final = (
    Status.ESME_RINVMSGLEN,
    Status.ESME_ROPTPARNOTALLWD,
    Status.ESME_RSUBMITFAIL,
)

_REFUSED: Final = (
    Refused("destination.empty", "No destination", {"destination_addr": b"", "dest_addr_ton": 0,
            "dest_addr_npi": 0}, _DESTINATION, _DESTINATION_STATUS, MUST),
    Refused("destination.letters", "Letters as an international number",
            {"destination_addr": b"NOTANUMBER", "dest_addr_ton": 1, "dest_addr_npi": 1},
            _DESTINATION, _DESTINATION_STATUS),
    Refused("priority.reserved", "priority_flag 200", {"priority_flag": 200}, _PRIORITY,
            (Status.ESME_RINVPRTFLG,)),
    Refused("payload.and_text", "Both short_message and message_payload",
            {"short_message": b"one", "tlvs": (MESSAGE_PAYLOAD(b"two"),)}, _PAYLOAD, _BOTH),
    Refused("esm_class.udh.too_long", "A header that is longer than the text", {"esm_class": 0x40,
            "data_coding": 4, "short_message": b"\x20\x00\x03\x2a\x02\x01x"}, _ESM_CLASS,
            (*_CLASS_STATUS, Status.ESME_RINVMSGLEN)),
    Refused("esm_class.udh.empty_text", "A header where there is no text at all",
            {"esm_class": 0x40, "data_coding": 4, "short_message": b""}, _ESM_CLASS,
            (*_CLASS_STATUS, Status.ESME_RINVMSGLEN), INTEROP),
)  # fmt: skip

_EITHER: Final = (
    Either("service_type.longest", "A service_type of 5 characters", {"service_type": b"CONFT"},
           ("3.4 5.2.11", "5.0 4.7.25"), (Status.ESME_RINVSERTYP, Status.ESME_RSERTYPUNAUTH)),
    *(Either(f"source.ton.{ton}", f"source_addr_ton {ton}", {"source_addr_ton": ton}, _TON,
             _SOURCE_STATUS) for ton in (0, 1, 2, 3, 4, 6)),
    Either("source.ton.reserved", "source_addr_ton 7, which is reserved", {"source_addr_ton": 7},
           _TON, _SOURCE_STATUS),
    Either("source.npi.reserved", "source_addr_npi 255, which is reserved",
           {"source_addr_npi": 255}, _NPI, _SOURCE_STATUS),
    Either("source.longest", "A source of 20 digits", {"source_addr": b"1" * 20}, _SOURCE,
           _SOURCE_STATUS),
    Either("destination.longest", "A destination of 20 digits", {"destination_addr": b"4" * 20},
           _DESTINATION, _DESTINATION_STATUS),
    Either("destination.ton.national", "A national number", {"dest_addr_ton": 2}, _TON,
           _DESTINATION_STATUS),
    Either("destination.ton.reserved", "dest_addr_ton 7, which is reserved", {"dest_addr_ton": 7},
           _TON, _DESTINATION_STATUS),
    Either("destination.npi.reserved", "dest_addr_npi 255, which is reserved",
           {"dest_addr_npi": 255}, _NPI, _DESTINATION_STATUS),
    Either("esm_class.datagram", "Datagram mode", {"esm_class": 1},
           (*_ESM_CLASS, "3.4 2.10.3", "5.0 4.2.10.3"), _CLASS_STATUS),
    Either("esm_class.transaction", "Transaction mode", {"esm_class": 2},
           (*_ESM_CLASS, "3.4 2.10.4", "5.0 4.2.10.4"),
           (*_CLASS_STATUS, Status.ESME_RDELIVERYFAILURE)),
    Either("esm_class.acknowledgement", "A delivery acknowledgement by an ESME",
           {"esm_class": 0x08}, _ESM_CLASS, _CLASS_STATUS),
    Either("esm_class.reply_path", "Reply path", {"esm_class": 0x80}, _ESM_CLASS, _CLASS_STATUS),
    Either("registered_delivery.success", "A receipt of success alone (3, of 5.0)",
           {"registered_delivery": 3}, _REGISTERED, (Status.ESME_RINVREGDLVFLG,)),
    Either("registered_delivery.acknowledgements", "Both acknowledgements of the recipient",
           {"registered_delivery": 0x0C}, _REGISTERED, (Status.ESME_RINVREGDLVFLG,)),
    Either("registered_delivery.intermediate", "An intermediate notification",
           {"registered_delivery": 0x10}, _REGISTERED, (Status.ESME_RINVREGDLVFLG,)),
    Either("registered_delivery.reserved", "Bits that are reserved", {"registered_delivery": 0xE0},
           _REGISTERED, (Status.ESME_RINVREGDLVFLG,)),
    Either("replace_if_present.set", "replace_if_present_flag 1", {"replace_if_present_flag": 1},
           ("3.4 5.2.18", "5.0 4.7.22", "5.0 4.2.7"),
           (Status.ESME_RINVREPFLAG, Status.ESME_RINVSUBREP)),
    Either("replace_if_present.reserved", "replace_if_present_flag 2",
           {"replace_if_present_flag": 2}, ("3.4 5.2.18", "5.0 4.7.22"),
           (Status.ESME_RINVREPFLAG,)),
    Either("data_coding.reserved", "data_coding 0x0F, which is reserved", {"data_coding": 0x0F},
           _CODING, _CODING_STATUS),
    Either("data_coding.ucs2.odd", "UCS2 of an odd number of octets", {"data_coding": 8,
           "short_message": b"\x04\x34\x04"}, _CODING,
           (*_CODING_STATUS, Status.ESME_RINVMSGLEN)),
    Either("sm_default_msg_id.unknown", "A predefined message that is not there",
           {"sm_default_msg_id": 254, "short_message": b""}, ("3.4 5.2.20", "5.0 4.7.27"),
           (Status.ESME_RINVDFTMSGID, Status.ESME_RINVMSGLEN)),
    Either("text.empty", "No text", {"short_message": b""}, _LENGTH,
           (Status.ESME_RINVMSGLEN, Status.ESME_RSUBMITFAIL)),
    Either("payload.empty", "An empty message_payload", {"short_message": b"",
           "tlvs": (MESSAGE_PAYLOAD(b""),)}, _PAYLOAD,
           (Status.ESME_RINVMSGLEN, Status.ESME_RINVPARLEN, Status.ESME_RSUBMITFAIL)),
    Either("payload.longest", "A message_payload of 60,000 octets", {"short_message": b"",
           "tlvs": (MESSAGE_PAYLOAD(_GSM_LETTER * 60_000),)}, _PAYLOAD,
           (Status.ESME_RINVMSGLEN, Status.ESME_RSUBMITFAIL, Status.ESME_RINVPARLEN), SHOULD),
    Either("sar.incomplete", "sar_total_segments alone", {"tlvs": (SAR_TOTAL_SEGMENTS(2),)}, _SAR,
           (Status.ESME_RMISSINGOPTPARAM, Status.ESME_RSUBMITFAIL)),
    Either("sar.beyond_total", "The third part of two", {"tlvs": (SAR_MSG_REF_NUM(44),
           SAR_TOTAL_SEGMENTS(2), SAR_SEGMENT_SEQNUM(3))}, _SAR,
           (Status.ESME_RINVOPTPARAMVAL, Status.ESME_RSUBMITFAIL)),
)  # fmt: skip


async def _is_accepted(row: Accepted, smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    await smsc.accepted(connection, smsc.submit(**row.fields))


async def _is_refused(row: Refused, smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    smsc.refused(await connection.ask(smsc.submit(**row.fields)), *row.statuses)


async def _is_answered(row: Either, smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    response = await smsc.either(connection, smsc.submit(**row.fields), *row.statuses)
    if not isinstance(response.pdu, SubmitSmResp):
        raise CaseFailed("submit_sm_resp", str(response))
    await connection.fence()


_TABLES: Final[tuple[tuple[tuple[Any, ...], Callable[..., Awaitable[None]], str], ...]] = (
    (_ACCEPTED, _is_accepted, "is accepted"),
    (_REFUSED, _is_refused, "is refused"),
    (_EITHER, _is_answered, "is taken, or refused by its own status"),
)

for _rows, _run, _outcome in _TABLES:
    for _row in _rows:
        CASES.case(
            f"submit_sm.{_row.name}",
            f"{_row.title} {_outcome}",
            *_row.clauses,
            severity=_row.severity,
            needs=(needs.SUBMISSION,),
        )(partial(_run, _row))


class _TooLong(msgspec.Struct, frozen=True):
    """A field that is longer than it may be: written in the place of a mark in the body."""

    name: str
    field: str
    length: int
    status: int
    clauses: tuple[str, ...]


_MARK: Final = b"#!#"
_TOO_LONG: Final = (
    _TooLong("service_type", "service_type", 6, Status.ESME_RINVSERTYP, ("3.4 5.2.11",)),
    _TooLong("source", "source_addr", 21, Status.ESME_RINVSRCADR, _SOURCE),
    _TooLong("destination", "destination_addr", 21, Status.ESME_RINVDSTADR, _DESTINATION),
)


async def _too_long(row: _TooLong, smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    body = body_of(smsc.submit(**{row.field: _MARK})).replace(_MARK, b"1" * row.length)
    number = connection.send(raw(SubmitSm.command_id, body, sequence_number=99), 99)
    response = await connection.answered_or_closed(number)
    smsc.refused(response, row.status, Status.ESME_RINVCMDLEN)


for _field in _TOO_LONG:
    CASES.case(
        f"submit_sm.{_field.name}.too_long",
        f"A {_field.field} of {_field.length} characters is refused",
        *_field.clauses,
        "5.0 2.8.2",
        needs=(needs.SUBMISSION,),
    )(partial(_too_long, _field))


async def _with_sm_length(sm_length: int, octets: bytes, smsc: SmscUnderTest) -> bytes:
    body = body_of(smsc.submit(short_message=b""))
    assert body.endswith(b"\0")  # noqa: S101 - sm_length is the last of the fields
    return body[:-1] + bytes((sm_length,)) + octets


@CASES.case(
    "submit_sm.sm_length.beyond_the_end",
    "sm_length that says more than the PDU has is refused",
    *_LENGTH,
    needs=(needs.SUBMISSION,),
)
async def _beyond_the_end(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    octets = await _with_sm_length(100, b"short", smsc)
    number = connection.send(raw(SubmitSm.command_id, octets, sequence_number=98), 98)
    response = await connection.answered_or_closed(number)
    smsc.refused(response, Status.ESME_RINVMSGLEN, Status.ESME_RINVCMDLEN)


@CASES.case(
    "submit_sm.text.255.in_3_4",
    "255 octets are more than short_message has in 3.4",
    "3.4 4.4.1",
    "3.4 5.2.21",
    severity=SHOULD,
    needs=(needs.SUBMISSION, needs.ONLY_34),
)
async def _one_too_many(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    octets = await _with_sm_length(255, _GSM_LETTER * 255, smsc)
    response = await connection.ask(raw(SubmitSm.command_id, octets, sequence_number=98), 98)
    smsc.refused(response, Status.ESME_RINVMSGLEN)


@CASES.case(
    "submit_sm.text.255.in_5_0",
    "255 octets fit into short_message in 5.0",
    "5.0 4.2.1.1",
    severity=SHOULD,
    needs=(needs.SUBMISSION, needs.ONLY_50),
)
async def _all_that_fit(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    octets = await _with_sm_length(255, _GSM_LETTER * 255, smsc)
    response = await connection.ask(raw(SubmitSm.command_id, octets, sequence_number=98), 98)
    acceptance(response, SubmitSmResp)
