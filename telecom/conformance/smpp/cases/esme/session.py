"""An ESME in its session: enquire_link, what it does not know, what is broken."""

from functools import partial
from typing import Final

from telecom.conformance.case import CaseFailed, Catalogue, Severity
from telecom.conformance.smpp.connection import is_nack
from telecom.conformance.smpp.esme_under_test import RECEIVES, SLOW, EsmeUnderTest
from telecom.conformance.smpp.wire import body_of, raw
from telecom.smpp.codec import encode
from telecom.smpp.pdus import (
    AlertNotification,
    BindTransceiver,
    DeliverSm,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Outbind,
    Pdu,
    QuerySm,
    SubmitSm,
)
from telecom.smpp.status import CommandStatus as Status

CASES: Final = Catalogue()

MUST, SHOULD, INTEROP = Severity.MUST, Severity.SHOULD, Severity.INTEROPERABILITY

_ENQUIRE_LINK: Final = ("3.4 4.11.1", "3.4 4.11.2", "5.0 4.1.2.1", "5.0 4.1.2.2")
_NACK: Final = ("3.4 3.3.1", "3.4 4.3", "5.0 2.8.2", "5.0 4.1.4.1")
_LENGTH: Final = ("3.4 4.3", "3.4 5.1.1", "5.0 2.8.2")
_PATIENT: Final = 60.0


@CASES.case(
    "enquire_link.ok", "enquire_link is answered, by a header", *_ENQUIRE_LINK, patience=_PATIENT
)
async def _alive(esme: EsmeUnderTest) -> None:
    connection = await esme.bound()
    response = await connection.ask(EnquireLink(), 0x777)
    if not isinstance(response.pdu, EnquireLinkResp) or response.command_status:
        raise CaseFailed("enquire_link_resp ESME_ROK", str(response))
    if response.body:
        esme.remark("a header alone", f"a body of {len(response.body)} octets")


async def _number_comes_back(number: int, esme: EsmeUnderTest) -> None:
    connection = await esme.bound()
    await connection.ask(EnquireLink(), number)


for _number, _severity in ((1, MUST), (0x7FFFFFFF, MUST), (0, INTEROP), (0xFFFFFFFF, INTEROP)):
    CASES.case(
        f"enquire_link.sequence_number.0x{_number:08X}",
        f"sequence_number 0x{_number:08X} comes back",
        "3.4 5.1.4",
        "5.0 4.7.24",
        severity=_severity,
        patience=_PATIENT,
    )(partial(_number_comes_back, _number))


@CASES.case(
    "enquire_link.many",
    "50 at once are answered, each once",
    *_ENQUIRE_LINK,
    "3.4 2.7",
    "5.0 2.6.4",
    patience=_PATIENT,
)
async def _many(esme: EsmeUnderTest) -> None:
    connection = await esme.bound()
    numbers = [connection.send(EnquireLink()) for _ in range(50)]
    for number in numbers:
        await connection.answer_to(number)
    await connection.fence()
    if any(isinstance(pdu.pdu, EnquireLinkResp) for pdu in connection.held):
        raise CaseFailed("each answered once", "one answered twice")


@CASES.case(
    "enquire_link.octets",
    "One that comes octet by octet is answered",
    *_ENQUIRE_LINK,
    "3.4 3.2",
    "5.0 3.2.1.1",
    patience=_PATIENT,
)
async def _octet_by_octet(esme: EsmeUnderTest) -> None:
    connection = await esme.bound()
    number = connection.next_number()
    await connection.send_slowly(encode(EnquireLink(), number))
    await connection.answer_to(number)


async def _unknown_command(command_id: int, esme: EsmeUnderTest) -> None:
    connection = await esme.bound()
    response = await connection.ask(raw(command_id, b"abc\0", sequence_number=0x432), 0x432)
    if not is_nack(response):
        raise CaseFailed("generic_nack ESME_RINVCMDID", str(response))
    if response.command_status != Status.ESME_RINVCMDID:
        esme.remark("ESME_RINVCMDID", response)
    await connection.fence()


for _command_id in (0x0000000A, 0x00010200, 0x7FFFFFFF):
    CASES.case(
        f"unknown_command.0x{_command_id:08X}",
        f"A command_id that it does not know (0x{_command_id:08X}) gets a generic_nack",
        *_NACK,
        patience=_PATIENT,
    )(partial(_unknown_command, _command_id))


async def _unsolicited(command_id: int, esme: EsmeUnderTest) -> None:
    connection = await esme.bound()
    body = b"x\0" if command_id == 0x80000004 else b""
    connection.send(raw(command_id, body, sequence_number=0x555))
    await connection.unanswered(0x555)


for _name, _command_id, _severity in (
    ("submit_sm_resp", 0x80000004, SHOULD),
    ("enquire_link_resp", 0x80000015, SHOULD),
    ("unknown", 0x800000FF, INTEROP),
    ("generic_nack", 0x80000000, MUST),
):
    CASES.case(
        f"unsolicited.{_name}",
        f"A response to nothing ({_name}) is not answered, and the session goes on",
        "3.4 2.7",
        "3.4 4.3",
        "5.0 2.6.1",
        severity=_severity,
        patience=_PATIENT,
    )(partial(_unsolicited, _command_id))


async def _wrong_way(pdu: Pdu, esme: EsmeUnderTest) -> None:
    connection = await esme.bound()
    response = await connection.ask(pdu)
    if response.command_status == Status.ESME_ROK:
        raise CaseFailed("an error status", str(response))
    await connection.fence()


for _name, _pdu in (
    ("submit_sm", SubmitSm(source_addr=b"1", destination_addr=b"2", short_message=b"x")),
    ("query_sm", QuerySm(message_id=b"1")),
    ("bind_transceiver", BindTransceiver(system_id=b"x")),
):
    CASES.case(
        f"wrong_way.{_name}",
        f"{_name}, which only an ESME sends, is refused",
        "3.4 2.3",
        "5.0 2.4",
        "5.0 2.8.2",
        severity=SHOULD,
        patience=_PATIENT,
    )(partial(_wrong_way, _pdu))


async def _bad_length(length: int, esme: EsmeUnderTest) -> None:
    connection = await esme.bound(fresh=True)
    esme.spoil()
    connection.send(raw(DeliverSm.command_id, sequence_number=5, command_length=length))
    if length >= 16:
        connection.send(b"\0" * 256)
    try:
        await connection.expect("a generic_nack", is_nack)
    except CaseFailed:
        if not connection.over:
            raise
        esme.remark("a generic_nack before the connection is closed", connection.over)


for _length, _severity in ((4, MUST), (15, MUST), (0x7FFFFFFF, SHOULD)):
    CASES.case(
        f"framing.length.0x{_length:X}",
        f"A command_length of {_length} gets a generic_nack, or the connection is closed",
        *_LENGTH,
        severity=_severity,
        patience=_PATIENT,
    )(partial(_bad_length, _length))


@CASES.case(
    "framing.coalesced",
    "Ten PDUs in one segment are answered, each by its own number",
    "3.4 3.2",
    "5.0 3.2.1.1",
    patience=_PATIENT,
)
async def _coalesced(esme: EsmeUnderTest) -> None:
    connection = await esme.bound()
    numbers = [connection.next_number() for _ in range(10)]
    connection.send(b"".join(encode(EnquireLink(), number) for number in numbers), 0)
    for number in numbers:
        await connection.answer_to(number)


async def _bad_body(body: bytes, esme: EsmeUnderTest) -> None:
    connection = await esme.bound()
    connection.send(raw(DeliverSm.command_id, body, sequence_number=0x66))
    response = await connection.answered_or_closed(0x66)
    if response is None:
        esme.remark("an error status", "the connection was closed")
    elif response.command_status == Status.ESME_ROK:
        raise CaseFailed("an error status", str(response))


_WHOLE: Final = body_of(DeliverSm(source_addr=b"1", destination_addr=b"2", short_message=b"hello"))
for _name, _body, _severity in (
    ("empty", b"", MUST),
    ("short", _WHOLE[:-3], MUST),
    ("long", _WHOLE + b"\xff", SHOULD),
):
    CASES.case(
        f"framing.body.{_name}",
        f"A deliver_sm whose body is {_name} is not accepted",
        "3.4 4.3",
        "5.0 2.8.2",
        severity=_severity,
        needs=(RECEIVES,),
        patience=_PATIENT,
    )(partial(_bad_body, _body))


async def _no_answer(pdu: Pdu, esme: EsmeUnderTest) -> None:
    connection = await esme.bound()
    connection.send(pdu, 0x888)
    await connection.unanswered(0x888)


CASES.case(
    "alert_notification",
    "alert_notification is not answered, and the session goes on",
    "3.4 4.12.1",
    "5.0 4.1.3.1",
    needs=(RECEIVES,),
    patience=_PATIENT,
)(partial(_no_answer, AlertNotification(source_addr=b"447700900123", esme_addr=b"38591000100")))


@CASES.case(
    "outbind.bound",
    "outbind in a session that is bound does no harm",
    "3.4 2.3",
    "5.0 2.4",
    severity=INTEROP,
    patience=_PATIENT,
)
async def _outbind(esme: EsmeUnderTest) -> None:
    connection = await esme.bound()
    connection.send(Outbind(system_id=b"conformance"), 0x999)
    await connection.fence()


@CASES.case(
    "generic_nack.sequence_0",
    "A generic_nack with sequence_number 0 does no harm",
    "3.4 4.3.1",
    "5.0 4.7.24",
    severity=SHOULD,
    patience=_PATIENT,
)
async def _nack_0(esme: EsmeUnderTest) -> None:
    connection = await esme.bound()
    connection.send(GenericNack(command_status=Status.ESME_RINVCMDLEN), 0)
    await connection.unanswered(0)


@CASES.case(
    "timers.enquire_link",
    "The ESME asks an SMSC that is silent whether it is still there",
    "3.4 7.2",
    "5.0 2.7",
    severity=INTEROP,
    needs=(SLOW,),
    patience=10_000,
)
async def _asks(esme: EsmeUnderTest) -> None:
    connection = await esme.bound()
    await connection.next_request(EnquireLink, timeout=esme.settings.slow)


@CASES.case(
    "timers.response",
    "An SMSC that answers no enquire_link is left",
    "3.4 7.2",
    "5.0 2.7",
    severity=INTEROP,
    needs=(SLOW,),
    patience=10_000,
)
async def _leaves(esme: EsmeUnderTest) -> None:
    connection = await esme.bound(fresh=True)
    connection.answers = {}
    await connection.closed(timeout=esme.settings.slow)
