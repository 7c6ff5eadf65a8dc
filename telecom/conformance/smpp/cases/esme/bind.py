"""What an ESME binds with, and what it makes of the answers."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from telecom.conformance.case import CannotRun, CaseFailed, Catalogue, Severity
from telecom.conformance.smpp.connection import Connection
from telecom.conformance.smpp.esme_under_test import RECEIVES, EsmeUnderTest
from telecom.conformance.smpp.wire import Received, tlv
from telecom.smpp.codec import Undecodable, encode
from telecom.smpp.pdus import (
    RESPONSES,
    Bind,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Pdu,
)
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import SC_INTERFACE_VERSION

CASES: Final = Catalogue()

MUST, SHOULD, INTEROP = Severity.MUST, Severity.SHOULD, Severity.INTEROPERABILITY

_BIND: Final = ("3.4 4.1", "3.4 2.2", "5.0 4.1.1")
_RESPONSE: Final = ("3.4 4.1.6", "5.0 4.1.1.6")
_REFUSED: Final = ("3.4 2.2", "3.4 5.1.3", "5.0 2.3.1")
_PATIENT: Final = 60.0
"""In these cases the ESME is waited for."""


def _is_readable(request: Received) -> None:
    if isinstance(request.pdu, Undecodable):
        raise CaseFailed("a bind with all its fields", request.pdu.reason)


def _status(request: Received) -> None:
    if request.command_status:
        raise CaseFailed("command_status 0", f"0x{request.command_status:X}")


def _number(request: Received) -> None:
    if not 1 <= request.sequence_number <= 0x7FFFFFFF:
        raise CaseFailed("a sequence_number from 1 to 0x7FFFFFFF", f"{request.sequence_number}")


def _first_number(request: Received) -> None:
    if request.sequence_number != 1:
        raise CaseFailed("sequence_number 1", f"{request.sequence_number}")


def _version(request: Received) -> None:
    version = getattr(request.pdu, "interface_version", 0)
    if version > 0x34 and version != 0x50:
        raise CaseFailed("0x00 to 0x34, or 0x50", f"0x{version:02X}")


def _parameters(request: Received) -> None:
    count = len(getattr(request.pdu, "tlvs", ()))
    if count:
        raise CaseFailed("no optional parameters", f"{count}")


def _system_id(request: Received) -> None:
    if not getattr(request.pdu, "system_id", b""):
        raise CaseFailed("a system_id", "an empty one")


_Look = tuple[str, str, Callable[[Received], None], Severity, tuple[str, ...]]

_LOOKS: Final[tuple[_Look, ...]] = (
    ("fields", "A bind has all its fields, within their limits", _is_readable, MUST, _BIND),
    ("command_status", "Its command_status is 0", _status, SHOULD, ("3.4 5.1.3", "5.0 3.2.1.3")),
    ("sequence_number", "Its number is in the range", _number, MUST, ("3.4 5.1.4", "5.0 4.7.24")),
    ("sequence_number.first", "It is number 1", _first_number, INTEROP, ("5.0 2.6.1",)),
    ("version", "Its version exists", _version, MUST, ("3.4 5.2.4", "5.0 4.7.13")),
    ("parameters", "It has no optional parameters", _parameters, SHOULD, _BIND),
    ("system_id", "It names the ESME", _system_id, MUST, ("3.4 5.2.1", "5.0 4.7.30")),
)  # fmt: skip


async def _looked_at(look: Callable[[Received], None], esme: EsmeUnderTest) -> None:
    if not esme.binds:
        await esme.bound()
    look(esme.binds[0])


@CASES.case(
    "bind.first",
    "The first that an ESME sends is a bind, and it is bound by the response",
    *_BIND,
    patience=_PATIENT,
)
async def _first(esme: EsmeUnderTest) -> None:
    connection = await esme.bound(fresh=True)
    await connection.fence()


for _name, _title, _look, _severity, _clauses in _LOOKS:
    CASES.case(f"bind.{_name}", _title, *_clauses, severity=_severity, patience=_PATIENT)(
        partial(_looked_at, _look)
    )


@CASES.case(
    "bind.credentials",
    "It binds with the system_id and the password that it was told",
    "3.4 5.2.1",
    "3.4 5.2.2",
    "5.0 4.7.18",
    severity=SHOULD,
    patience=_PATIENT,
)
async def _credentials(esme: EsmeUnderTest) -> None:
    if not esme.settings.system_id:
        raise CannotRun("it needs --system-id and --password")
    await esme.bound()
    request = esme.binds[-1].pdu
    told = (esme.settings.system_id.encode("latin-1"), esme.settings.password.encode("latin-1"))
    if isinstance(request, Bind) and (request.system_id, request.password) != told:
        raise CaseFailed("the system_id and the password of the options", repr(request.system_id))


@CASES.case(
    "bind.waits",
    "Before the response to its bind it asks for nothing",
    "3.4 2.2",
    "3.4 2.3",
    "5.0 2.4",
    severity=SHOULD,
    patience=_PATIENT,
)
async def _waits(esme: EsmeUnderTest) -> None:
    connection, request = await esme.bind_request()
    await asyncio.sleep(esme.settings.quiet)
    early = [pdu for pdu in connection.held if not isinstance(pdu.pdu, EnquireLink)]
    if early:
        raise CaseFailed("nothing before bind_resp", str(early[0]))
    connection.send(esme.bind_response(request), request.sequence_number)
    esme.keep(connection)


async def _alive_after(connection: Connection, esme: EsmeUnderTest) -> None:
    esme.keep(connection)
    await connection.fence()


@CASES.case(
    "bind.response.octets",
    "A response that comes octet by octet is understood",
    *_RESPONSE,
    "3.4 3.2",
    "5.0 3.2.1.1",
    patience=_PATIENT,
)
async def _octets(esme: EsmeUnderTest) -> None:
    connection, request = await esme.bind_request()
    await connection.send_slowly(encode(esme.bind_response(request), request.sequence_number))
    await _alive_after(connection, esme)


@CASES.case(
    "bind.response.coalesced",
    "deliver_sm and enquire_link in one segment with the response are answered",
    *_RESPONSE,
    "3.4 3.2",
    "5.0 3.2.1.1",
    needs=(RECEIVES,),
    patience=_PATIENT,
)
async def _coalesced(esme: EsmeUnderTest) -> None:
    connection, request = await esme.bind_request()
    octets = (
        encode(esme.bind_response(request), request.sequence_number)
        + encode(esme.deliver(), 901)
        + encode(EnquireLink(), 902)
    )
    connection.send(octets, 0)
    esme.keep(connection)
    for number, kind in ((901, DeliverSmResp), (902, EnquireLinkResp)):
        response = await connection.answer_to(number)
        if not isinstance(response.pdu, kind):
            raise CaseFailed(f"{kind.__name__}", str(response))


_TOLERATED: Final = (
    ("unknown_parameter", "with an optional parameter that nobody knows", tlv(0x3ABC, b"x"), MUST),
    ("no_parameters", "without sc_interface_version", b"", MUST),
    ("version.3_3", "of an SMSC of 3.3", tlv(0x0210, b"\x33"), SHOULD),
    ("version.5_0", "of an SMSC of 5.0", tlv(0x0210, b"\x50"), MUST),
    ("version.unknown", "of an SMSC of a version yet to come", tlv(0x0210, b"\x60"), INTEROP),
)


async def _tolerates(octets: bytes, esme: EsmeUnderTest) -> None:
    connection, request = await esme.bind_request()
    response = encode(esme.bind_response(request, tlvs=()), request.sequence_number)
    length = len(response) + len(octets)
    connection.send(length.to_bytes(4, "big") + response[4:] + octets, 0)
    connection.is_bound = True
    await connection.fence()


for _name, _words, _octets_of, _severity in _TOLERATED:
    CASES.case(
        f"bind.response.{_name}",
        f"A response {_words} binds",
        *_RESPONSE,
        "3.4 3.3.1",
        "3.4 3.3.2",
        "5.0 2.11.1",
        severity=_severity,
        patience=_PATIENT,
    )(partial(_tolerates, _octets_of))


async def _does_nothing(esme: EsmeUnderTest, connection: Connection) -> None:
    """See that for a while it submits nothing; that it closes the connection is right."""
    await connection.is_closed(timeout=esme.settings.quiet)
    asked = [
        pdu
        for pdu in connection.held
        if not pdu.is_response and not isinstance(pdu.pdu, Bind | EnquireLink)
    ]
    if asked:
        raise CaseFailed("no request on a session that is not bound", str(asked[0]))


async def _refused(status: int, esme: EsmeUnderTest) -> None:
    connection, request = await esme.bind_request()
    response = RESPONSES[request.command_id](command_status=status)
    connection.send(response, request.sequence_number)
    await _does_nothing(esme, connection)


for _name, _status_of in (
    ("password", Status.ESME_RINVPASWD),
    ("system_id", Status.ESME_RINVSYSID),
    ("failed", Status.ESME_RBINDFAIL),
    ("vendor", 0x450),
):
    CASES.case(
        f"bind.refused.{_name}",
        f"After a bind that was refused (0x{_status_of:02X}) nothing is submitted",
        *_REFUSED,
        patience=_PATIENT,
    )(partial(_refused, _status_of))


@CASES.case(
    "bind.refused.with_body",
    "A response that refuses, and has a body all the same, refuses",
    *_REFUSED,
    "5.0 3.2.1.3",
    patience=_PATIENT,
)
async def _refused_with_body(esme: EsmeUnderTest) -> None:
    connection, request = await esme.bind_request()
    octets = bytearray(encode(esme.bind_response(request), request.sequence_number))
    octets[8:12] = int(Status.ESME_RBINDFAIL).to_bytes(4, "big")
    connection.send(bytes(octets), 0)
    await _does_nothing(esme, connection)


@CASES.case(
    "bind.nacked",
    "After a generic_nack to its bind nothing is submitted",
    *_REFUSED,
    "3.4 4.3",
    patience=_PATIENT,
)
async def _nacked(esme: EsmeUnderTest) -> None:
    connection, request = await esme.bind_request()
    nack: Pdu = GenericNack(command_status=Status.ESME_RINVCMDID)
    connection.send(nack, request.sequence_number)
    await _does_nothing(esme, connection)


@CASES.case(
    "bind.unanswered",
    "While its bind is not answered nothing is submitted",
    *_REFUSED,
    "3.4 7.2",
    patience=_PATIENT,
)
async def _unanswered(esme: EsmeUnderTest) -> None:
    connection, _ = await esme.bind_request()
    await _does_nothing(esme, connection)


@CASES.case(
    "bind.refused.tries_again",
    "After a bind that was refused for now (ESME_RSYSERR) it tries again, and not at once",
    "3.4 5.1.3",
    "5.0 2.8.1",
    severity=INTEROP,
    patience=_PATIENT,
)
async def _tries_again(esme: EsmeUnderTest) -> None:
    await _refused(Status.ESME_RSYSERR, esme)
    connection, request = await esme.bind_request()
    connection.send(esme.bind_response(request), request.sequence_number)
    esme.keep(connection)


@CASES.case(
    "bind.connection_closed",
    "After a connection that was closed before the response it connects again",
    "3.4 2.2",
    "5.0 2.8.1",
    severity=INTEROP,
    patience=_PATIENT,
)
async def _closed(esme: EsmeUnderTest) -> None:
    connection, _ = await esme.bind_request()
    await connection.close()
    await esme.bound()


@CASES.case(
    "bind.response.sc_interface_version",
    "An ESME of 3.4 binds to an SMSC that tells 3.4",
    "3.4 5.3.2.25",
    "5.0 2.11.2",
    patience=_PATIENT,
)
async def _v34(esme: EsmeUnderTest) -> None:
    connection = await esme.bound(fresh=True, tlvs=(SC_INTERFACE_VERSION(0x34),))
    await connection.fence()
