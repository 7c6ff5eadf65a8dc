"""ASN.1 basic encoding rules, X.690: what TCAP and MAP are written in.

A tag is the integer of its encoded octets, class and form bits included: 0x30, 0xA1, 0x9F8148.
"""

from functools import lru_cache
from typing import Final

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OBJECT_IDENTIFIER: Final = 0x06
EXTERNAL: Final = 0x28
ENUMERATED: Final = 0x0A
SEQUENCE: Final = 0x30
SET: Final = 0x31

CONSTRUCTED: Final = 0x20
"""The form bit of a tag of one octet, X.690 8.1.2.5."""

MAX_DEPTH: Final = 32
"""How deep values of indefinite length may nest: more than any TCAP or MAP message needs."""

MAX_TAG_OCTETS: Final = 4
_MAX_INTEGER_OCTETS: Final = 16
_MAX_ARC_BITS: Final = 64
_LENGTHS: Final = tuple(bytes((n,)) for n in range(0x80))

Tlv = tuple[int, int, int, int]
"""A tag, where its value starts and ends, and where the next value would start."""

ObjectIdentifier = tuple[int, ...]
"""The arcs of an OBJECT IDENTIFIER, X.660."""


class BerError(ValueError):
    """The octets are no basic encoding, X.690; codecs re-raise it as their own."""


def read(data: bytes, offset: int, end: int) -> Tlv:
    """Read the identifier and length octets at `offset` of a value that must lie before `end`.

    Takes long and indefinite lengths; the value of an indefinite one ends before its
    end-of-contents octets. Raises `BerError`.
    """
    try:
        tag = data[offset]
        length = data[offset + 1]
    except IndexError:
        raise BerError(f"no tag and length at octet {offset}") from None
    if length >= 0x80 or tag & 0x1F == 0x1F or not tag:
        return _read_any(data, offset, end)
    start = offset + 2
    stop = start + length
    if stop > end:
        raise BerError(f"the value at octet {start} is cut short")
    return tag, start, stop, stop


def _read_any(data: bytes, offset: int, end: int) -> Tlv:
    tag, start, length = read_header(data, offset, end)
    if tag == 0:
        raise BerError(f"end-of-contents at octet {offset} ends nothing")
    if length is None:
        stop = _end_of_contents(data, start, end)
        return tag, start, stop, stop + 2
    stop = start + length
    if stop > end:
        raise BerError(f"the value at octet {start} is cut short")
    return tag, start, stop, stop


def read_header(data: bytes, offset: int, end: int) -> tuple[int, int, int | None]:
    """Read a tag, where its value starts and its length, X.690 8.1.2 and 8.1.3; raises `BerError`.

    The length is None where it is indefinite, and may be more than there is.
    """
    tag, position = _read_tag(data, offset, end)
    if position >= end:
        raise BerError(f"no length at octet {position}")
    length = data[position]
    start = position + 1
    if length < 0x80:
        return tag, start, length
    if length == 0x80:
        if not data[offset] & CONSTRUCTED:
            raise BerError(f"the primitive value at octet {start} has no length")
        return tag, start, None
    count = length & 0x7F
    if start + count > end or length == 0xFF:
        raise BerError(f"no length at octet {position}")
    return tag, start + count, int.from_bytes(data[start : start + count], "big")


def _read_tag(data: bytes, offset: int, end: int) -> tuple[int, int]:
    if offset >= end:
        raise BerError(f"no tag at octet {offset}")
    tag = data[offset]
    if tag & 0x1F != 0x1F:
        return tag, offset + 1
    for position in range(offset + 1, min(end, offset + MAX_TAG_OCTETS)):
        octet = data[position]
        tag = tag << 8 | octet
        if octet < 0x80:
            return tag, position + 1
    raise BerError(f"the tag at octet {offset} does not end")


def _end_of_contents(data: bytes, offset: int, end: int) -> int:
    """Find the end-of-contents octets, X.690 8.1.5, of the indefinite value that starts here."""
    depth = 1
    while True:
        tag, start, length = read_header(data, offset, end)
        if tag == 0:
            if length != 0:
                raise BerError(f"end-of-contents with a value at octet {offset}")
            depth -= 1
            if not depth:
                return offset
        depth += length is None
        if depth > MAX_DEPTH:
            raise BerError(f"values nest deeper than {MAX_DEPTH} at octet {offset}")
        offset = start + (length or 0)


def encode_length(length: int) -> bytes:
    """Encode a definite length in as few octets as it takes, X.690 8.1.3.4 and 10.1."""
    if length < 0x80:
        return _LENGTHS[length]
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(octets),)) + octets


def encode(tag: int, value: bytes) -> bytes:
    """Encode a value with its tag and minimal definite length."""
    length = len(value)
    if tag < 0x100 and length < 0x80:
        return bytes((tag, length)) + value
    return encode_tag(tag) + encode_length(length) + value


@lru_cache(maxsize=1024)
def encode_tag(tag: int) -> bytes:
    """Return the identifier octets of a tag."""
    return tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big")


def encode_integer(value: int) -> bytes:
    """Encode the contents of an INTEGER or ENUMERATED, X.690 8.3: no tag, no length."""
    if 0 <= value < 0x80:
        return _LENGTHS[value]
    bits = (value if value >= 0 else ~value).bit_length()
    return value.to_bytes(bits // 8 + 1, "big", signed=True)


def decode_integer(data: bytes, start: int, end: int) -> int:
    """Decode the contents of an INTEGER or ENUMERATED of 1 to 16 octets; raises `BerError`."""
    if not 0 < end - start <= _MAX_INTEGER_OCTETS:
        raise BerError(f"an integer of {end - start} octets at octet {start}")
    return int.from_bytes(data[start:end], "big", signed=True)


def encode_boolean(value: bool) -> bytes:
    """Encode the contents of a BOOLEAN, X.690 8.2."""
    return b"\xff" if value else b"\x00"


def decode_boolean(data: bytes, start: int, end: int) -> bool:
    """Decode the contents of a BOOLEAN: any octet but 0 is true; raises `BerError`."""
    if end - start != 1:
        raise BerError(f"a boolean of {end - start} octets at octet {start}")
    return data[start] != 0


def encode_oid(arcs: ObjectIdentifier) -> bytes:
    """Encode the contents of an OBJECT IDENTIFIER, X.690 8.19; raises `BerError`."""
    if len(arcs) < 2 or min(arcs) < 0 or arcs[0] > 2 or (arcs[0] < 2 and arcs[1] > 39):
        raise BerError(f"{arcs} is no object identifier")
    return b"".join(map(_encode_arc, (arcs[0] * 40 + arcs[1], *arcs[2:])))


def _encode_arc(arc: int) -> bytes:
    octets = [arc & 0x7F]
    while arc := arc >> 7:
        octets.append(arc & 0x7F | 0x80)
    return bytes(reversed(octets))


def decode_oid(data: bytes, start: int, end: int) -> ObjectIdentifier:
    """Decode the contents of an OBJECT IDENTIFIER; raises `BerError`."""
    if start >= end or data[end - 1] & 0x80:
        raise BerError(f"the object identifier at octet {start} does not end")
    subidentifiers = []
    arc = 0
    for octet in data[start:end]:
        arc = arc << 7 | octet & 0x7F
        if arc.bit_length() > _MAX_ARC_BITS:
            raise BerError(f"an arc of the object identifier at octet {start} is too large")
        if octet < 0x80:
            subidentifiers.append(arc)
            arc = 0
    first = min(subidentifiers[0] // 40, 2)
    return (first, subidentifiers[0] - first * 40, *subidentifiers[1:])
