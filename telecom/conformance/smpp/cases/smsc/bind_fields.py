"""The versions, and the fields of a bind at their limits and beyond."""

from functools import partial
from typing import Any, Final

import msgspec

from telecom.conformance.case import Case, CaseFailed, Catalogue, Severity
from telecom.conformance.smpp import needs
from telecom.conformance.smpp.smsc_under_test import SmscUnderTest
from telecom.conformance.smpp.wire import raw
from telecom.smpp.pdus import BindTransceiver
from telecom.smpp.status import CommandStatus as Status

CASES: Final = Catalogue()

_CUT: Final = (
    Status.ESME_RINVCMDLEN,
    Status.ESME_RBINDFAIL,
    Status.ESME_RINVPASWD,
    Status.ESME_RINVSYSID,
)
"""What a bind that ends within its body may be answered."""
_SHOULD, _INTEROP = Severity.SHOULD, Severity.INTEROPERABILITY


class _Version(msgspec.Struct, frozen=True):
    """An interface_version, and how much it matters that it may bind."""

    octet: int
    title: str
    severity: Severity


_VERSIONS: Final = (
    _Version(0x00, "0x00, 3.3 or earlier,", _SHOULD),
    _Version(0x33, "3.3", _SHOULD),
    _Version(0x34, "3.4", Severity.MUST),
    _Version(0x50, "5.0", _SHOULD),
    _Version(0x40, "0x40, which is reserved,", _INTEROP),
    _Version(0xFF, "0xFF, which is reserved,", _INTEROP),
)


async def _version_binds(octet: int, smsc: SmscUnderTest) -> None:
    await smsc.bound(interface_version=octet)


async def _no_parameters(octet: int, smsc: SmscUnderTest) -> None:
    connection = await smsc.connect()
    response = await smsc.bind_on(connection, smsc.bind(interface_version=octet))
    if response.tlvs:
        raise CaseFailed("no optional parameters", f"{len(response.tlvs)} of them")


for _version in _VERSIONS:
    CASES.add(
        Case(
            name=f"bind.version.0x{_version.octet:02X}",
            title=f"An ESME of version {_version.title} may bind",
            clauses=("3.4 5.2.4", "3.4 3.3.2", "5.0 4.7.13"),
            severity=_version.severity,
            needs=(needs.TRANSCEIVER,),
            run=partial(_version_binds, _version.octet),
        )
    )
for _octet in (0x00, 0x33):
    CASES.add(
        Case(
            name=f"bind.version.0x{_octet:02X}.no_parameters",
            title=f"The response to a bind as 0x{_octet:02X} has no optional parameters",
            clauses=("3.4 3.3.2", "5.0 2.11.2"),
            needs=(needs.TRANSCEIVER,),
            run=partial(_no_parameters, _octet),
        )
    )


class _Body(msgspec.Struct, frozen=True):
    """A body of a bind that is not as it has to be; `{id}` and `{pw}` are the account's."""

    name: str
    title: str
    body: bytes
    statuses: tuple[int, ...]
    clauses: tuple[str, ...]


_REST: Final = b"\x00\x34\x00\x00\x00"
"""system_type, interface_version, addr_ton, addr_npi, address_range."""

_BODIES: Final = (
    _Body(
        "system_id.too_long",
        "A system_id of 16 characters",
        b"a" * 16 + b"\0{pw}\0" + _REST,
        (Status.ESME_RINVSYSID, Status.ESME_RINVCMDLEN, Status.ESME_RBINDFAIL),
        ("3.4 5.2.1", "5.0 4.7.30", "5.0 2.8.2"),
    ),
    _Body(
        "password.too_long",
        "A password of 9 characters",
        b"{id}\0" + b"a" * 9 + b"\0" + _REST,
        (Status.ESME_RINVPASWD, Status.ESME_RINVCMDLEN, Status.ESME_RBINDFAIL),
        ("3.4 5.2.2", "5.0 4.7.18", "5.0 2.8.2"),
    ),
    _Body(
        "system_type.too_long",
        "A system_type of 13 characters",
        b"{id}\0{pw}\0" + b"a" * 13 + b"\0\x34\0\0\0",
        (Status.ESME_RINVSYSTYP, Status.ESME_RINVCMDLEN, Status.ESME_RBINDFAIL),
        ("3.4 5.2.3", "5.0 4.7.31", "5.0 2.8.2"),
    ),
    _Body(
        "address_range.too_long",
        "An address_range of 41 characters",
        b"{id}\0{pw}\0\0\x34\0\0" + b"1" * 41 + b"\0",
        (Status.ESME_RBINDFAIL, Status.ESME_RINVCMDLEN),
        ("3.4 5.2.7", "5.0 4.7.3", "5.0 2.8.2"),
    ),
    _Body("body.empty", "A bind without a body", b"", _CUT, ("3.4 4.1.5", "5.0 2.8.2")),
    _Body("body.no_nul", "A system_id without its NUL", b"{id}", _CUT, ("3.4 3.1", "5.0 3.1")),
    _Body(
        "body.ends.password",
        "A bind that ends after system_id",
        b"{id}\0",
        _CUT,
        ("3.4 4.1.5", "5.0 4.1.1.5"),
    ),
    _Body(
        "body.ends.version",
        "A bind that ends before interface_version",
        b"{id}\0{pw}\0\0",
        _CUT,
        ("3.4 4.1.5", "5.0 4.1.1.5"),
    ),
    _Body(
        "body.ends.address_range",
        "A bind that ends before address_range",
        b"{id}\0{pw}\0\0\x34\0\0",
        _CUT,
        ("3.4 4.1.5", "5.0 4.1.1.5"),
    ),
    _Body(
        "body.trailing",
        "A bind with two octets too many",
        b"{id}\0{pw}\0" + _REST + b"\x02\x04",
        (Status.ESME_RINVOPTPARSTREAM, Status.ESME_RINVCMDLEN),
        ("3.4 3.2.4.1", "5.0 4.7.6"),
    ),
)


async def _broken_body(body: _Body, smsc: SmscUnderTest) -> None:
    connection = await smsc.connect()
    settings = smsc.settings
    octets = body.body.replace(b"{id}", settings.system_id.encode("latin-1"))
    octets = octets.replace(b"{pw}", settings.password.encode("latin-1"))
    connection.send(raw(BindTransceiver.command_id, octets, sequence_number=1))
    smsc.refused(await connection.answered_or_closed(1), *body.statuses)


for _body in _BODIES:
    CASES.add(
        Case(
            name=f"bind.{_body.name}",
            title=f"{_body.title} is refused",
            clauses=_body.clauses,
            run=partial(_broken_body, _body),
            severity=_SHOULD if _body.name == "body.trailing" else Severity.MUST,
        )
    )


class _Unusual(msgspec.Struct, frozen=True):
    """A bind that is right, though few are like it."""

    name: str
    title: str
    changes: dict[str, Any]
    clauses: tuple[str, ...]


_UNUSUAL: Final = (
    _Unusual(
        "system_type.longest",
        "A system_type of 12 characters",
        {"system_type": b"conformance1"},
        ("3.4 5.2.3", "5.0 4.7.31"),
    ),
    _Unusual(
        "address_range.longest",
        "An address_range of 40 characters",
        {"address_range": b"^1234567890123456789012345678901234567$", "addr_ton": 1, "addr_npi": 1},
        ("3.4 5.2.7", "5.0 4.7.3"),
    ),
    _Unusual(
        "address_range.expression",
        "An address_range that is a regular expression",
        {"address_range": b"^4477[0-9]*", "addr_ton": 1, "addr_npi": 1},
        ("3.4 5.2.7", "5.0 4.7.3.1"),
    ),
)


async def _unusual_binds(changes: dict[str, Any], smsc: SmscUnderTest) -> None:
    await smsc.bound(**changes)


for _unusual in _UNUSUAL:
    CASES.add(
        Case(
            name=f"bind.{_unusual.name}",
            title=f"{_unusual.title} does not keep an ESME out",
            clauses=_unusual.clauses,
            severity=_INTEROP,
            needs=(needs.TRANSCEIVER,),
            run=partial(_unusual_binds, _unusual.changes),
        )
    )
