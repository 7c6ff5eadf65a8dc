"""How a MAP type is declared: a SEQUENCE is a class, and an element of it is one line.

The line is an annotation: the Python type, then what ASN.1 says beside it.

    imsi: Annotated[Imsi | None, context(12), since(3)] = None

is `imsi [12] IMSI OPTIONAL`, in MAP version 3 only. From these lines `codec.py` generates the
functions that encode and decode.
"""

from enum import Enum
from typing import Annotated, ClassVar, Final

import msgspec

from telecom.ss7 import ber

LATEST_VERSION: Final = 3
"""The highest version of the MAP protocol's application contexts for short messages."""


class Kind(Enum):
    """What the octets of a primitive element become in Python."""

    ADDRESS = "AddressString"
    DIGITS = "str"
    OCTETS = "bytes"
    INTEGER = "int"
    BOOLEAN = "bool"
    PRESENCE = "bool, true when the NULL is there"
    BITS = "MwStatus"
    OID = "tuple of int"


class Primitive(msgspec.Struct, frozen=True):
    """A primitive ASN.1 type: its Python kind, universal tag and size in octets."""

    kind: Kind
    tag: int
    smallest: int = 1
    largest: int = 16


class Context(msgspec.Struct, frozen=True):
    """The context-specific tag of an element, IMPLICIT, or EXPLICIT where it is a CHOICE."""

    number: int


class Versions(msgspec.Struct, frozen=True):
    """The MAP versions that have an element; in others it is neither written nor demanded."""

    first: int = 1
    last: int = LATEST_VERSION


class Mandatory(msgspec.Struct, frozen=True):
    """From this version on an element that may be None must be there."""

    first: int


class ReceivedAs(msgspec.Struct, frozen=True):
    """Another context-specific tag that peers of old versions give the element; never written."""

    number: int


class Bare(msgspec.Struct, frozen=True):
    """The versions in which this element alone, without the SEQUENCE, is the whole type."""

    versions: tuple[int, ...]


def context(number: int) -> Context:
    """Give the element a context-specific tag."""
    return Context(number)


def since(version: int) -> Versions:
    """Say that the element came with this version."""
    return Versions(first=version)


def until(version: int) -> Versions:
    """Say that the element left after this version."""
    return Versions(last=version)


def mandatory_since(version: int) -> Mandatory:
    """Say that the element is no longer OPTIONAL from this version on."""
    return Mandatory(version)


def received_as(number: int) -> ReceivedAs:
    """Take the element under this tag, too."""
    return ReceivedAs(number)


def bare_in(*versions: int) -> Bare:
    """Say in which versions the element stands for the whole type."""
    return Bare(versions)


class Sequence(msgspec.Struct, frozen=True, gc=False, repr_omit_defaults=True):
    """An ASN.1 SEQUENCE, its elements in the order of the specification."""


class Choice(msgspec.Struct, frozen=True, gc=False, repr_omit_defaults=True):
    """An ASN.1 CHOICE: one alternative is set.

    Where the specification has an alternative for "none of them", it is `NONE_SET`: its tag, and
    the versions that have it.
    """

    NONE_SET: ClassVar[tuple[Context, Versions] | None] = None


Octets = Annotated[bytes, Primitive(Kind.OCTETS, ber.OCTET_STRING, 1, 255)]
Integer = Annotated[int, Primitive(Kind.INTEGER, ber.INTEGER)]
Enumerated = Annotated[int, Primitive(Kind.INTEGER, ber.ENUMERATED)]
Boolean = Annotated[bool, Primitive(Kind.BOOLEAN, ber.BOOLEAN, 1, 1)]
Presence = Annotated[bool, Primitive(Kind.PRESENCE, ber.NULL, 0, 255)]
"""NULL OPTIONAL: the element says all it has to say by being there."""
Oid = Annotated[ber.ObjectIdentifier, Primitive(Kind.OID, ber.OBJECT_IDENTIFIER, 1, 32)]

Imsi = Annotated[str, Primitive(Kind.DIGITS, ber.OCTET_STRING, 3, 8)]
"""TBCD-STRING of 3 to 8 octets, TS 29.002 17.7.8; also what stands in an IMSI's place."""
Lmsi = Annotated[bytes, Primitive(Kind.OCTETS, ber.OCTET_STRING, 4, 4)]
SignalInfo = Annotated[bytes, Primitive(Kind.OCTETS, ber.OCTET_STRING, 0, 200)]
"""A TPDU; the specification begins at one octet, but an MSC that sends none still delivered."""
Time = Annotated[bytes, Primitive(Kind.OCTETS, ber.OCTET_STRING, 4, 4)]
"""Seconds since 1900 in four octets, RFC 3588 4.3 Time."""
