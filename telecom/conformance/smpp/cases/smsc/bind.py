"""An SMSC's answers to binds."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import msgspec

from telecom.conformance.case import CannotRun, Case, CaseFailed, Catalogue, Severity
from telecom.conformance.smpp import needs
from telecom.conformance.smpp.connection import acceptance
from telecom.conformance.smpp.smsc_under_test import SmscUnderTest
from telecom.conformance.smpp.wire import body_of, command_name, raw, tlv
from telecom.smpp.pdus import (
    RESPONSES,
    Bind,
    BindReceiver,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    Pdu,
    SubmitSmResp,
)
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import SC_INTERFACE_VERSION

CASES: Final = Catalogue()

_CREDENTIALS: Final = (Status.ESME_RBINDFAIL, Status.ESME_RINVPASWD, Status.ESME_RINVSYSID)
"""What 3.4 (5.1.3) and 5.0 (4.7.6) between them have for a bind that is not let in."""
_SHOULD, _INTEROP = Severity.SHOULD, Severity.INTEROPERABILITY


class _Kind(msgspec.Struct, frozen=True):
    """A kind of bind: its request, its clauses, and what it needs of the account."""

    name: str
    pdu: type[Bind]
    clauses: tuple[str, ...]
    need: str


_KINDS: Final = (
    _Kind(
        "transmitter",
        BindTransmitter,
        ("3.4 4.1.1", "3.4 4.1.2", "5.0 4.1.1.1"),
        needs.TRANSMITTER,
    ),
    _Kind("receiver", BindReceiver, ("3.4 4.1.3", "3.4 4.1.4", "5.0 4.1.1.3"), needs.RECEIVER),
    _Kind(
        "transceiver",
        BindTransceiver,
        ("3.4 4.1.5", "3.4 4.1.6", "5.0 4.1.1.5"),
        needs.TRANSCEIVER,
    ),
)


async def _binds(kind: type[Bind], smsc: SmscUnderTest) -> None:
    connection = await smsc.connect()
    await smsc.bind_on(connection, smsc.bind(kind), 0x12345)


async def _binds_again(first: type[Bind], second: type[Bind], smsc: SmscUnderTest) -> None:
    connection = await smsc.bound(first)
    response = await connection.answered_or_closed(connection.send(smsc.bind(second)))
    smsc.refused(response, Status.ESME_RALYBND)


for _kind in _KINDS:
    CASES.add(
        Case(
            name=f"bind.{_kind.name}.ok",
            title=f"A {_kind.name} binds; the response is its own, with its sequence_number",
            clauses=_kind.clauses,
            run=partial(_binds, _kind.pdu),
        )
    )
for _first in _KINDS:
    for _second in _KINDS:
        CASES.add(
            Case(
                name=f"bind.again.{_first.name}.{_second.name}",
                title=f"A bound {_first.name} that binds as {_second.name} is refused",
                clauses=("3.4 2.3", "3.4 5.1.3", "5.0 2.4", "5.0 4.7.6"),
                needs=(_first.need,),
                run=partial(_binds_again, _first.pdu, _second.pdu),
            )
        )


async def _still(first: type[Bind], second: type[Bind], smsc: SmscUnderTest) -> None:
    """See that a transmitter may still submit, and a receiver still not."""
    connection = await smsc.bound(first)
    smsc.refused(await connection.answered_or_closed(connection.send(smsc.bind(second))))
    if connection.over:
        raise CannotRun("the SMSC closes the connection at a second bind")
    response = await connection.ask(smsc.submit())
    if first is BindTransmitter:
        acceptance(response, SubmitSmResp)
    else:
        smsc.refused(response, Status.ESME_RINVBNDSTS)


for _first, _second, _may in ((*_KINDS[:2], "may"), (_KINDS[1], _KINDS[0], "may not")):
    CASES.case(
        f"bind.again.{_first.name}.goes_on",
        f"A bound {_first.name} that was refused as {_second.name} {_may} still submit",
        "3.4 2.3",
        "5.0 2.4",
        needs=(needs.SUBMISSION, _first.need),
    )(partial(_still, _first.pdu, _second.pdu))


class _Wrong(msgspec.Struct, frozen=True):
    """Credentials that are not the account's."""

    name: str
    title: str
    changes: dict[str, bytes]


_WRONG: Final = (
    _Wrong("password.wrong", "A wrong password", {"password": b"?wrong?"}),
    _Wrong("password.empty", "No password", {"password": b""}),
    _Wrong("password.longest", "A wrong password of 8 octets", {"password": b"?wrong??"}),
    _Wrong("system_id.unknown", "A system_id that nobody has", {"system_id": b"?nobody?"}),
    _Wrong("system_id.empty", "No system_id", {"system_id": b""}),
    _Wrong("system_id.longest", "An unknown system_id of 15", {"system_id": b"?nobody????????"}),
)


async def _is_refused(changes: dict[str, Any], smsc: SmscUnderTest) -> None:
    connection = await smsc.connect()
    response = await connection.answered_or_closed(connection.send(smsc.bind(**changes)))
    smsc.refused(response, *_CREDENTIALS)


for _wrong in _WRONG:
    CASES.add(
        Case(
            name=f"bind.{_wrong.name}",
            title=f"{_wrong.title} is refused",
            clauses=("3.4 4.1", "3.4 5.2.1", "3.4 5.2.2", "5.0 4.7.18", "5.0 4.7.30"),
            run=partial(_is_refused, _wrong.changes),
        )
    )


class _Near(msgspec.Struct, frozen=True):
    """Credentials that are the account's but for a character, or for capital letters."""

    name: str
    title: str
    field: str
    make: Callable[[str], str]
    most: int
    severity: Severity = Severity.MUST


_NEAR: Final = (
    _Near("longer", "with another character behind it", "password", lambda own: f"{own}x", 8),
    _Near("shorter", "without its last character", "password", lambda own: own[:-1], 8),
    _Near("other_case", "with capital and small letters exchanged", "password", str.swapcase, 8,
          _SHOULD),
    _Near("longer", "with another character behind it", "system_id", lambda own: f"{own}x", 15),
    _Near("other_case", "with capital and small letters exchanged", "system_id", str.swapcase,
          15, _SHOULD),
)  # fmt: skip


async def _near_is_refused(near: _Near, smsc: SmscUnderTest) -> None:
    own: str = getattr(smsc.settings, near.field)
    other = near.make(own)
    if other == own or not 0 < len(other) <= near.most:
        raise CannotRun(f"the account's {near.field} has none like it")
    if near.field == "password":  # it tells the right one
        smsc.recording.hide(other.encode("latin-1"))
    await _is_refused({near.field: other.encode("latin-1")}, smsc)


for _near in _NEAR:
    CASES.case(
        f"bind.{_near.field}.{_near.name}",
        f"The {_near.field} {_near.title} is refused",
        *{"password": ("3.4 5.2.2", "5.0 4.7.18"), "system_id": ("3.4 5.2.1", "5.0 4.7.30")}[
            _near.field
        ],
        severity=_near.severity,
    )(partial(_near_is_refused, _near))


async def _refused_by_its_own(kind: type[Bind], smsc: SmscUnderTest) -> None:
    connection = await smsc.connect()
    number = connection.send(smsc.bind(kind, password=b"?wrong?"))
    response = await connection.answered_or_closed(number)
    smsc.refused(response, *_CREDENTIALS)
    own = RESPONSES[kind.command_id].command_id
    if response is not None and response.command_id != own:
        raise CaseFailed(command_name(own), str(response))


for _kind in _KINDS:
    CASES.case(
        f"bind.refused.response.{_kind.name}",
        f"A {_kind.name} that is refused is told so by the response of its own kind",
        *_kind.clauses,
        "3.4 4.3",
    )(partial(_refused_by_its_own, _kind.pdu))


@CASES.case(
    "bind.refused.stays_unbound",
    "After a bind that was refused nothing can be submitted",
    "3.4 2.2",
    "5.0 2.3.1",
)
async def _stays_unbound(smsc: SmscUnderTest) -> None:
    connection = await smsc.connect()
    number = connection.send(smsc.bind(password=b"?wrong?"))
    smsc.refused(await connection.answered_or_closed(number), *_CREDENTIALS)
    if not connection.over:
        response = await connection.answered_or_closed(connection.send(smsc.submit()))
        if response is not None:
            smsc.refused(response, Status.ESME_RINVBNDSTS)


@CASES.case(
    "bind.refused.again",
    "After a bind that was refused the right one is let in on the same connection",
    "3.4 2.2",
    "5.0 2.3.1",
    severity=_INTEROP,
    needs=(needs.TRANSCEIVER,),
)
async def _right_one_after(smsc: SmscUnderTest) -> None:
    connection = await smsc.connect()
    await connection.answered_or_closed(connection.send(smsc.bind(password=b"?wrong?")))
    if connection.over:
        raise CaseFailed("a second chance on the connection", connection.over)
    await smsc.bind_on(connection, smsc.bind())


@CASES.case(
    "bind.refused.bounded",
    "One connection cannot try passwords for ever",
    "3.4 2.8",
    "5.0 2.10",
    severity=_INTEROP,
)
async def _bounded(smsc: SmscUnderTest) -> None:
    connection = await smsc.connect()
    for _ in range(20):
        number = connection.send(smsc.bind(system_id=b"?nobody?"))
        if await connection.answered_or_closed(number) is None:
            return
    await connection.closed(timeout=smsc.settings.timeout)


@CASES.case(
    "bind.response.system_id",
    "The response to a bind names the SMSC",
    "3.4 4.1.6",
    "3.4 5.2.1",
    "5.0 4.1.1.6",
    severity=_INTEROP,
    needs=(needs.TRANSCEIVER,),
)
async def _names_itself(smsc: SmscUnderTest) -> None:
    response = await _response_of(smsc)
    if not getattr(response, "system_id", b""):
        raise CaseFailed("a system_id", "an empty one")


@CASES.case(
    "bind.response.sc_interface_version",
    "The response to a bind as 3.4 tells the version of the SMSC",
    "3.4 3.3.2",
    "3.4 5.3.2.25",
    "5.0 2.11.2",
    severity=_SHOULD,
    needs=(needs.TRANSCEIVER,),
)
async def _tells_its_version(smsc: SmscUnderTest) -> None:
    told = SC_INTERFACE_VERSION.of(await _response_of(smsc))
    if told is None:
        raise CaseFailed("sc_interface_version", "none")
    if told not in _KNOWN_VERSIONS:
        smsc.remark("a version that exists", f"0x{told:02X}")


_KNOWN_VERSIONS: Final = (0x33, 0x34, 0x50)


async def _response_of(smsc: SmscUnderTest) -> Pdu:
    connection = await smsc.connect()
    return await smsc.bind_on(connection, smsc.bind(interface_version=0x34))


@CASES.case(
    "bind.parameter.unknown",
    "An optional parameter that nobody knows does not keep an ESME out",
    "3.4 3.3.1",
    "5.0 2.11.1",
    severity=_SHOULD,
    needs=(needs.TRANSCEIVER,),
)
async def _unknown_parameter(smsc: SmscUnderTest) -> None:
    connection = await smsc.connect()
    body = body_of(smsc.bind()) + tlv(0x3ABC, b"x")
    acceptance(
        await connection.ask(raw(BindTransceiver.command_id, body, sequence_number=9), 9),
        BindTransceiverResp,
    )
    connection.is_bound = True


@CASES.case(
    "bind.command_status.ignored",
    "A command_status in a request is not looked at",
    "3.4 5.1.3",
    "5.0 3.2.1.3",
    severity=_INTEROP,
    needs=(needs.TRANSCEIVER,),
)
async def _status_in_a_request(smsc: SmscUnderTest) -> None:
    connection = await smsc.connect()
    octets = raw(
        BindTransceiver.command_id, body_of(smsc.bind()), sequence_number=9, command_status=1
    )
    acceptance(await connection.ask(octets, 9), BindTransceiverResp)
    connection.is_bound = True


@CASES.case(
    "bind.pipelined",
    "What comes right behind a bind is answered, too, and after it",
    "3.4 2.7",
    "5.0 2.6.4",
    severity=_SHOULD,
    needs=(needs.SUBMISSION,),
)
async def _pipelined(smsc: SmscUnderTest) -> None:
    connection = await smsc.connect()
    first = connection.send(smsc.bind())
    second = connection.send(smsc.submit())
    acceptance(await connection.answer_to(first), BindTransceiverResp)
    connection.is_bound = True
    response = await connection.answer_to(second)
    if response.command_status not in (Status.ESME_ROK, Status.ESME_RINVBNDSTS):
        smsc.remark("ESME_ROK, or ESME_RINVBNDSTS", response)
    if not isinstance(response.pdu, SubmitSmResp):
        raise CaseFailed("a submit_sm_resp", str(response))
