"""schedule_delivery_time and validity_period of a submit_sm, SMPP 3.4 7.1.1."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import msgspec

from telecom.conformance.case import Catalogue, Severity
from telecom.conformance.smpp import needs
from telecom.conformance.smpp.connection import acceptance
from telecom.conformance.smpp.smsc_under_test import SmscUnderTest
from telecom.conformance.smpp.wire import body_of, raw
from telecom.smpp.pdus import SubmitSm, SubmitSmResp
from telecom.smpp.status import CommandStatus as Status

CASES: Final = Catalogue()

_MARK: Final = b"010203040506000R"
"""A right time, so that the PDU can be made; in its octets it is replaced."""


class _Field(msgspec.Struct, frozen=True):
    """One of the two fields that are times."""

    name: str
    status: int
    clauses: tuple[str, ...]


_FIELDS: Final = (
    _Field(
        "schedule_delivery_time",
        Status.ESME_RINVSCHED,
        ("3.4 5.2.15", "3.4 7.1.1", "5.0 4.7.23.1"),
    ),
    _Field("validity_period", Status.ESME_RINVEXPIRY, ("3.4 5.2.16", "3.4 7.1.1", "5.0 4.7.23.2")),
)

_RIGHT: Final = (
    ("relative", "in an hour", b"000000010000000R"),
    ("relative.day", "in a day", b"000001000000000R"),
)
_WRONG: Final = (
    ("month", "the 13th month", b"301301000000000+"),
    ("day", "the 32nd day", b"300132000000000+"),
    ("hour", "the 25th hour", b"300101250000000+"),
    ("sign", "no sign that exists", b"300101000000000X"),
    ("letters", "letters for digits", b"tomorrow at noon"),
    ("offset", "more than 12 hours from UTC", b"300101000000049+"),
    ("short", "15 characters", b"00000001000000R"),
    ("long", "17 characters", b"0000000100000000R"),
    ("no_nul", "no NUL where it ends", b"000000010000000R1"),
)


def _octets(smsc: SmscUnderTest, field: str, time: bytes) -> bytes:
    fields = {field: _MARK}
    body = body_of(smsc.submit(**fields)).replace(_MARK, time)
    return raw(SubmitSm.command_id, body, sequence_number=44)


async def _is_taken(field: _Field, time: bytes, smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    acceptance(await connection.ask(_octets(smsc, field.name, time), 44), SubmitSmResp)


async def _is_refused(field: _Field, time: bytes, smsc: SmscUnderTest) -> None:
    connection = await smsc.bound()
    number = connection.send(_octets(smsc, field.name, time), 44)
    response = await connection.answered_or_closed(number)
    smsc.refused(response, field.status)


def absolute(ahead: timedelta, quarters: int = 0) -> bytes:
    """Write a time from now on, in a zone so many quarters of an hour ahead of UTC."""
    local = datetime.now(UTC) + ahead + timedelta(minutes=15 * quarters)
    sign = "-" if quarters < 0 else "+"
    return f"{local:%y%m%d%H%M%S}0{abs(quarters):02d}{sign}".encode()


async def _absolute_is_taken(field: _Field, quarters: int, smsc: SmscUnderTest) -> None:
    await _is_taken(field, absolute(timedelta(hours=2), quarters), smsc)


for _field in _FIELDS:
    for _name, _words, _time in _RIGHT:
        CASES.case(
            f"times.{_field.name}.{_name}",
            f"A {_field.name} {_words} is accepted",
            *_field.clauses,
            severity=Severity.SHOULD,
            needs=(needs.SUBMISSION,),
        )(partial(_is_taken, _field, _time))
    for _quarters in (0, 4, -20):
        CASES.case(
            f"times.{_field.name}.absolute.{_quarters}",
            f"An absolute {_field.name}, {_quarters} quarters of an hour from UTC, is accepted",
            *_field.clauses,
            "5.0 4.7.23.4",
            severity=Severity.SHOULD,
            needs=(needs.SUBMISSION,),
        )(partial(_absolute_is_taken, _field, _quarters))
    for _name, _words, _time in _WRONG:
        CASES.case(
            f"times.{_field.name}.wrong.{_name}",
            f"A {_field.name} with {_words} is refused",
            *_field.clauses,
            "5.0 2.8.2",
            severity=Severity.MUST if _name in {"short", "long", "no_nul"} else Severity.SHOULD,
            needs=(needs.SUBMISSION,),
        )(partial(_is_refused, _field, _time))


@CASES.case(
    "times.validity_period.past",
    "A validity_period that is over already is refused",
    "3.4 5.2.16",
    "5.0 4.7.23.2",
    severity=Severity.INTEROPERABILITY,
    needs=(needs.SUBMISSION,),
)
async def _past(smsc: SmscUnderTest) -> None:
    await _is_refused(_FIELDS[1], absolute(timedelta(days=-30)), smsc)
