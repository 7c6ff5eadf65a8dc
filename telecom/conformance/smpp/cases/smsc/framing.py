"""PDUs on the stream: their lengths, their segments, their numbers, and what is no PDU at all."""

from functools import partial
from typing import Final

from telecom.conformance.case import CaseFailed, Catalogue, Severity
from telecom.conformance.smpp import needs
from telecom.conformance.smpp.connection import acceptance, is_nack
from telecom.conformance.smpp.smsc_under_test import SmscUnderTest
from telecom.conformance.smpp.wire import body_of, raw
from telecom.smpp.codec import encode
from telecom.smpp.pdus import (
    BindTransceiverResp,
    GenericNack,
    SubmitSm,
    SubmitSmResp,
)
from telecom.smpp.status import CommandStatus as Status

CASES: Final = Catalogue()

_LENGTH: Final = ("3.4 3.2", "3.4 4.3", "3.4 5.1.1", "5.0 3.2.1.1", "5.0 2.8.2")
_STREAM: Final = ("3.4 3.2", "5.0 3.2.1.1")
_NACK: Final = ("3.4 3.3.1", "3.4 4.3", "5.0 2.8.2", "5.0 4.1.4.1")
_NUMBER: Final = ("3.4 3.2", "3.4 5.1.4", "5.0 2.6.1", "5.0 4.7.24")
_SHOULD, _INTEROP = Severity.SHOULD, Severity.INTEROPERABILITY

_LENGTHS: Final = (
    (0, "0"),
    (4, "4, which is itself alone,"),
    (15, "15, an octet short of a header,"),
    (0x00100000, "1 MiB"),
    (0x7FFFFFFF, "2 GiB"),
    (0xFFFFFFFF, "4 GiB"),
)


async def _bad_length(length: int, smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    connection.send(raw(SubmitSm.command_id, b"", sequence_number=5, command_length=length))
    if length >= 16:  # a slow decoder waits for the rest: give it a little
        connection.send(b"\0" * 256)
    try:
        response = await connection.expect("a generic_nack", is_nack)
    except CaseFailed:
        if not connection.over:
            raise
        smsc.remark("a generic_nack before the connection is closed", connection.over)
        return
    if response.command_status != Status.ESME_RINVCMDLEN:
        smsc.remark("ESME_RINVCMDLEN", response)


for _length, _words in _LENGTHS:
    CASES.case(
        f"framing.length.0x{_length:X}",
        f"A command_length of {_words} gets a generic_nack, or the connection is closed",
        *_LENGTH,
        severity=Severity.MUST if _length < 16 else _SHOULD,
        needs=(needs.TRANSCEIVER,),
    )(partial(_bad_length, _length))


@CASES.case(
    "framing.length.open",
    "A bad command_length before any bind ends no more than its own connection",
    *_LENGTH,
    needs=(needs.TRANSCEIVER,),
)
async def _bad_length_in_open(smsc: SmscUnderTest) -> None:
    connection = await smsc.connect()
    connection.send(raw(1, b"", sequence_number=1, command_length=3))
    await connection.is_closed(timeout=smsc.settings.quiet / 2)
    await smsc.bound()


@CASES.case(
    "framing.split.octets",
    "A submit_sm that comes octet by octet is answered",
    *_STREAM,
    needs=(needs.SUBMISSION,),
)
async def _octet_by_octet(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    number = connection.next_number()
    await connection.send_slowly(encode(smsc.submit(), number))
    acceptance(await connection.answer_to(number), SubmitSmResp)


@CASES.case("framing.split.bind", "A bind that comes octet by octet is answered", *_STREAM)
async def _bind_octet_by_octet(smsc: SmscUnderTest) -> None:
    connection = await smsc.connect()
    number = connection.next_number()
    await connection.send_slowly(encode(smsc.bind(), number))
    acceptance(await connection.answer_to(number), BindTransceiverResp)
    connection.is_bound = True


async def _two_segments(at: int, smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    number = connection.next_number()
    octets = encode(smsc.submit(), number)
    connection.send(octets[:at], 0)
    await smsc.pause()
    connection.send(octets[at:], 0)
    acceptance(await connection.answer_to(number), SubmitSmResp)


for _at, _where in ((2, "its command_length"), (10, "its header"), (20, "its body")):
    CASES.case(
        f"framing.split.{_at}",
        f"A submit_sm that comes in two segments, cut within {_where}, is answered",
        *_STREAM,
        needs=(needs.SUBMISSION,),
    )(partial(_two_segments, _at))


@CASES.case(
    "framing.coalesced",
    "Three PDUs in one segment are answered, each by its own number",
    *_STREAM,
    needs=(needs.SUBMISSION,),
)
async def _coalesced(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    numbers = [connection.next_number() for _ in range(3)]
    connection.send(b"".join(encode(smsc.submit(), number) for number in numbers), 0)
    for number in numbers:
        acceptance(await connection.answer_to(number), SubmitSmResp)


@CASES.case(
    "framing.coalesced.with_part",
    "A whole PDU and the first part of the next in one segment: the whole one is answered at once",
    *_STREAM,
    needs=(needs.SUBMISSION,),
)
async def _coalesced_with_part(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    first, second = connection.next_number(), connection.next_number()
    whole, part = encode(smsc.submit(), first), encode(smsc.submit(), second)
    connection.send(whole + part[:14], 0)
    acceptance(await connection.answer_to(first), SubmitSmResp)
    connection.send(part[14:], 0)
    acceptance(await connection.answer_to(second), SubmitSmResp)


_UNKNOWN: Final = (
    (0x0000000A, "a reserved command_id,"),
    (0x00000016, "a reserved command_id,"),
    (0x000001FF, "a reserved command_id,"),
    (0x00010200, "one of the vendors' range,"),
    (0x7FFFFFFF, "one that nobody has defined,"),
)


async def _unknown_command(command_id: int, smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    number = 0x4321
    response = await connection.ask(raw(command_id, b"abc\0", sequence_number=number), number)
    if not is_nack(response):
        raise CaseFailed("generic_nack ESME_RINVCMDID", str(response))
    smsc.refused(response, Status.ESME_RINVCMDID)
    await connection.fence()


for _command_id, _words in _UNKNOWN:
    CASES.case(
        f"framing.unknown_command.0x{_command_id:08X}",
        f"0x{_command_id:X}, {_words} gets generic_nack ESME_RINVCMDID, and the session goes on",
        *_NACK,
        needs=(needs.TRANSCEIVER,),
    )(partial(_unknown_command, _command_id))

_RESPONSES: Final = (
    ("unknown", 0x800000FF),
    ("submit_sm_resp", 0x80000004),
    ("deliver_sm_resp", 0x80000005),
    ("enquire_link_resp", 0x80000015),
    ("bind_transceiver_resp", 0x80000009),
    ("unbind_resp", 0x80000006),
)


async def _unsolicited(command_id: int, smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    body = b"" if command_id in {0x80000015, 0x80000006} else b"x\0"
    connection.send(raw(command_id, body, sequence_number=0x5555))
    await connection.unanswered(0x5555)


for _name, _command_id in _RESPONSES:
    CASES.case(
        f"framing.unsolicited.{_name}",
        f"A response to nothing ({_name}) is not answered, and the session goes on",
        "3.4 2.7",
        "3.4 4.3",
        "5.0 2.6.1",
        severity=_INTEROP if _name in {"unknown", "unbind_resp"} else _SHOULD,
        needs=(needs.TRANSCEIVER,),
    )(partial(_unsolicited, _command_id))


@CASES.case(
    "framing.generic_nack.unsolicited",
    "A generic_nack is not answered, and the session goes on",
    *_NACK,
    needs=(needs.TRANSCEIVER,),
)
async def _nack_to_nothing(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    connection.send(GenericNack(command_status=Status.ESME_RINVCMDID), 0x5555)
    await connection.unanswered(0x5555)


@CASES.case(
    "framing.generic_nack.sequence_0",
    "A generic_nack with sequence_number 0, as after a header that was corrupt, does no harm",
    "3.4 4.3.1",
    "5.0 4.7.24",
    severity=_SHOULD,
    needs=(needs.TRANSCEIVER,),
)
async def _nack_to_zero(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    connection.send(GenericNack(command_status=Status.ESME_RINVCMDLEN), 0)
    await connection.unanswered(0)


_NUMBERS: Final = (
    (0x00000000, "0, outside the range,", _INTEROP),
    (0x00000001, "1, the first,", Severity.MUST),
    (0x7FFFFFFF, "0x7FFFFFFF, the last,", Severity.MUST),
    (0x80000000, "0x80000000, outside the range,", _INTEROP),
    (0xFFFFFFFF, "0xFFFFFFFF, outside the range,", _INTEROP),
)


async def _number_comes_back(number: int, smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    response = await connection.ask(smsc.submit(), number)
    if not isinstance(response.pdu, SubmitSmResp):
        raise CaseFailed("a submit_sm_resp", str(response))


for _number, _words, _severity in _NUMBERS:
    CASES.case(
        f"framing.sequence_number.0x{_number:08X}",
        f"The sequence_number {_words} comes back in the response",
        *_NUMBER,
        severity=_severity,
        needs=(needs.SUBMISSION,),
    )(partial(_number_comes_back, _number))


@CASES.case(
    "framing.sequence_number.any_order",
    "Numbers that go down, and one that was used before, come back all the same",
    *_NUMBER,
    "5.0 2.6.2",
    needs=(needs.SUBMISSION,),
)
async def _any_order(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    for number in (900, 17, 800, 17):
        acceptance(await connection.ask(smsc.submit(), number), SubmitSmResp)


async def _cut_body(cut: int, smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    body = body_of(smsc.submit())[:-cut] if cut else b""
    octets = raw(SubmitSm.command_id, body, sequence_number=77)
    smsc.refused(
        await connection.answered_or_closed(connection.send(octets, 77)),
        Status.ESME_RINVCMDLEN,
        Status.ESME_RINVMSGLEN,
    )


for _name, _cut, _words in (
    ("empty", 0, "without a body"),
    ("text", 3, "whose text is shorter than sm_length"),
    ("sm_length", 12, "that ends before sm_length"),
    ("flags", 16, "that ends before data_coding"),
):
    CASES.case(
        f"framing.short_body.{_name}",
        f"A submit_sm {_words} is refused",
        "3.4 4.3",
        "3.4 5.1.3",
        "5.0 2.8.2",
        needs=(needs.TRANSCEIVER,),
    )(partial(_cut_body, _cut))


async def _trailing(count: int, smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    octets = raw(SubmitSm.command_id, body_of(smsc.submit()) + b"\xff" * count, sequence_number=77)
    response = await connection.answered_or_closed(connection.send(octets, 77))
    smsc.refused(response, Status.ESME_RINVOPTPARSTREAM, Status.ESME_RINVCMDLEN)


for _count in (1, 3):
    CASES.case(
        f"framing.long_body.{_count}",
        f"A submit_sm with octets after its end that are no parameter ({_count}) is refused",
        "3.4 3.2.4.1",
        "3.4 5.1.3",
        "5.0 4.7.6",
        severity=_SHOULD,
        needs=(needs.SUBMISSION,),
    )(partial(_trailing, _count))


async def _garbage(octets: bytes, smsc: SmscUnderTest) -> None:
    connection = await smsc.connect()
    connection.send(octets, 0)
    await connection.is_closed(timeout=smsc.settings.quiet / 2)
    await smsc.bound()


for _name, _octets in (
    ("http", b"GET / HTTP/1.1\r\nHost: smsc\r\n\r\n"),
    ("tls", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x55" * 200),
    ("ones", b"\xff" * 1000),
):
    CASES.case(
        f"framing.garbage.{_name}",
        f"Octets that are no SMPP ({_name}) harm nobody else",
        "3.4 4.3",
        "5.0 2.8.2",
        needs=(needs.TRANSCEIVER,),
    )(partial(_garbage, _octets))


@CASES.case(
    "framing.half_a_pdu",
    "A connection lost within a PDU harms nobody else",
    "3.4 2.8",
    "5.0 2.8.1",
    needs=(needs.TRANSCEIVER,),
)
async def _half_a_pdu(smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    connection.send(encode(smsc.submit(), 5)[:25], 0)
    await connection.close()
    await smsc.bound()
