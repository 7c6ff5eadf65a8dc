"""The messages of SCCP connectionless, one line a parameter, in the order of Q.713 4."""

from collections.abc import Callable
from enum import IntEnum
from typing import Annotated, Any, Final, NamedTuple, TypeVar

import msgspec

from telecom.ss7.sccp.address import SccpAddress
from telecom.ss7.sccp.address_codec import decode_address, encode_address
from telecom.ss7.sccp.errors import MessageError

RETURN_ON_ERROR: Final = 0x80
"""Message handling of the protocol class octet, Q.713 3.6."""

LONGEST_DATA: Final = 255
"""What the length octet of the data parameter can say, Q.713 3.16."""

_LENGTHS: Final = tuple(bytes((length,)) for length in range(LONGEST_DATA + 1))


class OptionalTag(IntEnum):
    """Names of optional parameters, Q.713 table 2."""

    END = 0x00
    SEGMENTATION = 0x10
    IMPORTANCE = 0x12


class Segmentation(msgspec.Struct, frozen=True, gc=False):
    """Q.713 3.17: `in_sequence` is the class that the user asked for (1), not the message's."""

    first: bool
    in_sequence: bool
    remaining: int
    local_reference: int


class Fixed(NamedTuple):
    """A mandatory parameter of one octet."""


class Variable(NamedTuple):
    """A mandatory parameter that a pointer leads to; its length comes before it."""

    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]


class Optional(NamedTuple):
    """An optional parameter: name, length, value."""

    tag: OptionalTag
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]


def _encode_data(data: bytes) -> bytes:
    return _LENGTHS[len(data)] + data


def _encode_segmentation(value: Segmentation) -> bytes:
    first = value.first << 7 | value.in_sequence << 6 | (value.remaining & 0x0F)
    return bytes((first,)) + value.local_reference.to_bytes(3, "big")


def _decode_segmentation(octets: bytes) -> Segmentation:
    if len(octets) != 4:
        raise MessageError(f"segmentation of {len(octets)} octets")
    first = octets[0]
    reference = int.from_bytes(octets[1:], "big")
    return Segmentation(first >= 0x80, bool(first & 0x40), first & 0x0F, reference)


def _decode_importance(octets: bytes) -> int:
    if len(octets) != 1:
        raise MessageError(f"importance of {len(octets)} octets")
    return octets[0] & 0x07


Octet = Annotated[int, Fixed()]
Address = Annotated[SccpAddress, Variable(encode_address, decode_address)]
Data = Annotated[bytes, Variable(_encode_data, bytes)]
SegmentationValue = Annotated[
    Segmentation, Optional(OptionalTag.SEGMENTATION, _encode_segmentation, _decode_segmentation)
]
Importance = Annotated[
    int, Optional(OptionalTag.IMPORTANCE, lambda value: bytes((value,)), _decode_importance)
]


class Message(msgspec.Struct, frozen=True, gc=False):
    """What follows the message type, Q.713 4.1."""


M = TypeVar("M", bound=Message)

MESSAGES: Final[dict[int, type[Message]]] = {}
"""Every message by its type, Q.713 table 1."""


def _message(message_type: int) -> Callable[[type[M]], type[M]]:
    def register(cls: type[M]) -> type[M]:
        MESSAGES[message_type] = cls
        return cls

    return register


@_message(0x09)
class Unitdata(Message, frozen=True):
    """UDT, Q.713 4.10."""

    protocol_class: Octet
    called: Address
    calling: Address
    data: Data


@_message(0x0A)
class UnitdataService(Message, frozen=True):
    """UDTS, Q.713 4.11."""

    return_cause: Octet
    called: Address
    calling: Address
    data: Data


@_message(0x11)
class ExtendedUnitdata(Message, frozen=True):
    """XUDT, Q.713 4.18."""

    protocol_class: Octet
    hop_counter: Octet
    called: Address
    calling: Address
    data: Data
    segmentation: SegmentationValue | None = None
    importance: Importance | None = None


@_message(0x12)
class ExtendedUnitdataService(Message, frozen=True):
    """XUDTS, Q.713 4.19."""

    return_cause: Octet
    hop_counter: Octet
    called: Address
    calling: Address
    data: Data
    segmentation: SegmentationValue | None = None
    importance: Importance | None = None
