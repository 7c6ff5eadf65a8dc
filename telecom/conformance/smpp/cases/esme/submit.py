"""What an ESME submits, and what it makes of the answers."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from telecom.conformance.case import CannotRun, CaseFailed, Catalogue, Severity
from telecom.conformance.smpp.connection import Answer, always
from telecom.conformance.smpp.esme_under_test import SUBMITS, EsmeUnderTest
from telecom.conformance.smpp.wire import Received
from telecom.smpp.codec import Undecodable
from telecom.smpp.errors import PduError
from telecom.smpp.pdus import Pdu, SubmitSm, SubmitSmResp
from telecom.smpp.short_message import MESSAGE_TYPE, octets_of, user_data_of
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import CONGESTION_STATE, SC_INTERFACE_VERSION, Tlv

CASES: Final = Catalogue()

MUST, SHOULD, INTEROP = Severity.MUST, Severity.SHOULD, Severity.INTEROPERABILITY

_SUBMIT: Final = ("3.4 4.4.1", "5.0 4.2.1.1")
_RESPONSE: Final = ("3.4 4.4.2", "5.0 2.8.2")
_PATIENT: Final = 60.0


def _readable(pdu: Received) -> SubmitSm:
    if isinstance(pdu.pdu, Undecodable):
        raise CaseFailed("a submit_sm with all its fields", pdu.pdu.reason)
    return pdu.pdu  # type: ignore[return-value]


def _fields(pdu: Received) -> None:
    _readable(pdu)


def _status(pdu: Received) -> None:
    if pdu.command_status:
        raise CaseFailed("command_status 0", f"0x{pdu.command_status:X}")


def _number(pdu: Received) -> None:
    if not 1 <= pdu.sequence_number <= 0x7FFFFFFF:
        raise CaseFailed("a sequence_number from 1 to 0x7FFFFFFF", f"{pdu.sequence_number}")


def _destination(pdu: Received) -> None:
    if not _readable(pdu).destination_addr:
        raise CaseFailed("a destination_addr", "an empty one")


def _ton_npi(pdu: Received) -> None:
    message = _readable(pdu)
    for ton in (message.source_addr_ton, message.dest_addr_ton):
        if ton > 6:
            raise CaseFailed("a type of number that exists", f"{ton}")
    for npi in (message.source_addr_npi, message.dest_addr_npi):
        if npi not in (0, 1, 3, 4, 6, 8, 9, 10, 14, 18):
            raise CaseFailed("a numbering plan that exists", f"{npi}")


def _message_type(pdu: Received) -> None:
    kind = _readable(pdu).esm_class & MESSAGE_TYPE
    if kind in (0x04, 0x20):
        raise CaseFailed("no receipt by an ESME", f"esm_class 0x{kind:02X}")


def _priority(pdu: Received) -> None:
    priority = _readable(pdu).priority_flag
    if priority > 4:
        raise CaseFailed("priority_flag 0 to 3, of 5.0 also 4", f"{priority}")


def _registered(pdu: Received) -> None:
    flags = _readable(pdu).registered_delivery
    if flags & 0xE0:
        raise CaseFailed("no bits that are reserved", f"0x{flags:02X}")


def _replace(pdu: Received) -> None:
    flag = _readable(pdu).replace_if_present_flag
    if flag > 1:
        raise CaseFailed("replace_if_present_flag 0 or 1", f"{flag}")


def _one_text(pdu: Received) -> None:
    message = _readable(pdu)
    try:
        octets_of(message)
    except PduError as error:
        raise CaseFailed("short_message or message_payload", error.reason) from None


def _content(pdu: Received) -> None:
    try:
        user_data_of(_readable(pdu))
    except PduError as error:
        raise CaseFailed("a text that can be read", error.reason) from None


def _coding(pdu: Received) -> None:
    coding = _readable(pdu).data_coding
    if coding in (0x0B, 0x0C) or 0x0F <= coding < 0xC0:
        raise CaseFailed("a data_coding that SMPP defines", f"0x{coding:02X}")


_Look = tuple[str, str, Callable[[Received], None], Severity, tuple[str, ...]]

_LOOKS: Final[tuple[_Look, ...]] = (
    ("fields", "It has all its fields, within their limits, its times among them", _fields, MUST,
     (*_SUBMIT, "3.4 7.1.1")),
    ("command_status", "Its command_status is 0", _status, SHOULD, ("3.4 5.1.3", "5.0 3.2.1.3")),
    ("sequence_number", "Its number is in the range", _number, MUST, ("3.4 5.1.4", "5.0 4.7.24")),
    ("destination", "It has a destination", _destination, MUST, ("3.4 5.2.9", "5.0 4.7.8")),
    ("ton_npi", "Its types of number and numbering plans exist", _ton_npi, SHOULD,
     ("3.4 5.2.5", "3.4 5.2.6", "5.0 4.7.1", "5.0 4.7.2")),
    ("message_type", "It does not claim to be a receipt", _message_type, MUST,
     ("3.4 5.2.12", "5.0 4.7.12")),
    ("priority", "Its priority exists", _priority, SHOULD, ("3.4 5.2.14", "5.0 4.7.19")),
    ("registered_delivery", "Its registered_delivery has no reserved bits", _registered, SHOULD,
     ("3.4 5.2.17", "5.0 4.7.21")),
    ("replace_if_present", "Its replace_if_present_flag is 0 or 1", _replace, SHOULD,
     ("3.4 5.2.18", "5.0 4.7.22")),
    ("one_text", "Its text is in one place", _one_text, MUST, ("3.4 5.3.2.32", "5.0 4.8.4.36")),
    ("content", "Its text fits its data_coding and its user data header", _content, MUST,
     ("3.4 5.2.12", "3.4 5.2.19", "5.0 4.7.7")),
    ("data_coding", "Its data_coding is one that SMPP defines", _coding, INTEROP,
     ("3.4 5.2.19", "5.0 4.7.7")),
)  # fmt: skip


async def _looked_at(look: Callable[[Received], None], esme: EsmeUnderTest) -> None:
    for pdu in esme.submitted:
        look(pdu)


for _name, _title, _look, _severity, _clauses in _LOOKS:
    CASES.case(
        f"submit_sm.{_name}",
        f"{_title}: what it submits",
        *_clauses,
        severity=_severity,
        needs=(SUBMITS,),
        patience=_PATIENT,
    )(partial(_looked_at, _look))


async def _after(answer: Answer | None, esme: EsmeUnderTest) -> None:
    """Answer what it submits like that for a while; see that the session goes on."""
    connection = await esme.bound()
    if answer is None:
        del connection.answers[SubmitSm]
    else:
        connection.answers[SubmitSm] = answer
    try:
        await esme.next_submission()
        await asyncio.sleep(esme.settings.quiet)
        await connection.fence()
        repeats = [pdu for pdu in connection.held if pdu.command_id == SubmitSm.command_id]
        if len(repeats) > _FLOOD:
            esme.remark("an ESME that gives an SMSC time", f"{len(repeats)} more submit_sm")
    finally:
        connection.answers[SubmitSm] = esme.accept_submission


_FLOOD: Final = 1000
"""Messages in that time that are too many for an SMSC that has just refused one."""


def _error(status: int) -> Answer:
    return always(SubmitSmResp(command_status=status))


def _answered_with(message_id: bytes, *tlvs: Tlv, status: int = 0) -> Answer:
    response: Pdu = SubmitSmResp(message_id=message_id, tlvs=tlvs, command_status=status)
    return always(response)


_ANSWERS: Final[tuple[tuple[str, str, Answer | None, Severity], ...]] = (
    ("throttled", "that is too fast for the SMSC", _error(Status.ESME_RTHROTTLED), MUST),
    ("queue_full", "that the SMSC has no room for", _error(Status.ESME_RMSGQFUL), MUST),
    ("refused", "that is refused for good", _error(Status.ESME_RINVDSTADR), MUST),
    ("vendor_status", "that is refused by a vendor's status", _error(0x450), MUST),
    ("unknown_status", "that is refused by a status yet to come", _error(0x1234), SHOULD),
    ("error_with_body", "that is refused with a body",
     _answered_with(b"1", status=Status.ESME_RSUBMITFAIL), SHOULD),
    ("id.longest", "that gets an id of 64 characters", _answered_with(b"f" * 64), MUST),
    ("id.empty", "that gets an empty id", _answered_with(b""), INTEROP),
    ("congestion_state", "whose response has congestion_state",
     _answered_with(b"2", CONGESTION_STATE(99)), SHOULD),
    ("unknown_parameter", "whose response has a parameter that nobody knows",
     _answered_with(b"3", Tlv(0x3ABC, b"x")), MUST),
    ("unanswered", "that is not answered", None, SHOULD),
)  # fmt: skip

for _name, _title, _answer, _severity in _ANSWERS:
    CASES.case(
        f"submit_sm.response.{_name}",
        f"After a message {_title} the session goes on",
        *_RESPONSE,
        severity=_severity,
        needs=(SUBMITS,),
        patience=_PATIENT,
    )(partial(_after, _answer))


@CASES.case(
    "submit_sm.numbers",
    "No two requests of a session have the same number",
    "3.4 5.1.4",
    "5.0 2.6.1",
    severity=SHOULD,
    needs=(SUBMITS,),
    patience=_PATIENT,
)
async def _numbers(esme: EsmeUnderTest) -> None:
    await esme.bound(fresh=True)
    asked = [await esme.next_submission(), await esme.next_submission(), esme.binds[-1]]
    numbers = [pdu.sequence_number for pdu in asked]
    if len(set(numbers)) < len(numbers):
        raise CaseFailed("different sequence_numbers", f"{numbers}")


@CASES.case(
    "submit_sm.to_v33",
    "An SMSC that tells no version is sent no optional parameters",
    "3.4 3.3.2",
    "5.0 2.11.2",
    severity=SHOULD,
    needs=(SUBMITS,),
    patience=_PATIENT,
)
async def _to_v33(esme: EsmeUnderTest) -> None:
    await esme.bound(fresh=True, tlvs=())
    message = _readable(await esme.next_submission())
    esme.spoil()
    if message.tlvs:
        raise CaseFailed("no optional parameters", f"{len(message.tlvs)}")


@CASES.case(
    "submit_sm.to_v34",
    "An SMSC of 3.4 is sent no parameters that 5.0 has added",
    "5.0 2.11.2",
    severity=SHOULD,
    needs=(SUBMITS,),
    patience=_PATIENT,
)
async def _to_v34(esme: EsmeUnderTest) -> None:
    await esme.bound(fresh=True, tlvs=(SC_INTERFACE_VERSION(0x34),))
    message = _readable(await esme.next_submission())
    late = [each for each in message.tlvs if 0x0600 <= each.tag <= 0x0613]
    if late:
        raise CaseFailed("parameters of 3.4", f"0x{late[0].tag:04X}")


@CASES.case(
    "submit_sm.out_of_order",
    "Responses in another order than their requests are understood",
    "3.4 2.7",
    "5.0 2.6.4",
    severity=SHOULD,
    needs=(SUBMITS,),
    patience=_PATIENT,
)
async def _out_of_order(esme: EsmeUnderTest) -> None:
    connection = await esme.bound()
    del connection.answers[SubmitSm]
    try:
        first = await esme.next_submission()
        try:
            second = await connection.next_request(SubmitSm)
        except CaseFailed:
            connection.send(esme.accept_submission(SubmitSm()), first.sequence_number)
            raise CannotRun("the ESME waits for the response to each message") from None
        for pdu in (second, first):
            connection.send(esme.accept_submission(SubmitSm()), pdu.sequence_number)
        await connection.fence()
    finally:
        connection.answers[SubmitSm] = esme.accept_submission
