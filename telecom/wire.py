"""Octets on a wire: the reader and the semi-octets that every codec shares."""

from typing import Final

SEMI_OCTETS: Final = "0123456789*#abc"
"""The digits of a semi-octet, 3GPP TS 29.002 17.7.8 (TBCD-STRING); 15 is the filler."""

_FILLER: Final = 15
_PAIR_OF: Final = {
    high * 16 + low: (SEMI_OCTETS[low] if low != _FILLER else "")
    + (SEMI_OCTETS[high] if high != _FILLER else "")
    for low in range(16)
    for high in range(16)
}
_OCTET_OF: Final = {
    first + second: SEMI_OCTETS.index(first) | SEMI_OCTETS.index(second) << 4
    for first in SEMI_OCTETS
    for second in SEMI_OCTETS
}
_NIBBLES_SWAPPED: Final = bytes(octet >> 4 | octet << 4 & 0xF0 for octet in range(256))
_LAST_OCTET_OF: Final = {digit: SEMI_OCTETS.index(digit) | 0xF0 for digit in SEMI_OCTETS}


class WireError(ValueError):
    """The octets end too early or mean nothing; codecs re-raise it as their own."""


class Reader:
    """Reads big-endian integers and octets from a buffer, from its start to its end.

    Every method raises `WireError` when fewer octets are left than asked for.
    """

    __slots__ = ("_data", "_end", "offset")

    def __init__(self, data: bytes, offset: int = 0, end: int | None = None) -> None:
        self._data = data
        self.offset = offset
        self._end = len(data) if end is None else end

    @property
    def remaining(self) -> int:
        """How many octets are left."""
        return self._end - self.offset

    def take(self, count: int) -> bytes:
        """Return the next `count` octets."""
        start = self.offset
        stop = start + count
        if count < 0 or stop > self._end:
            raise WireError(f"{count} octets wanted, {self._end - start} left")
        self.offset = stop
        return self._data[start:stop]

    def rest(self) -> bytes:
        """Return all octets that are left."""
        return self.take(self._end - self.offset)

    def u8(self) -> int:
        """Return the next octet as an integer."""
        offset = self.offset
        if offset >= self._end:
            raise WireError("1 octet wanted, 0 left")
        self.offset = offset + 1
        return self._data[offset]

    def u16(self) -> int:
        """Return the next two octets as an integer."""
        return int.from_bytes(self.take(2), "big")

    def u24(self) -> int:
        """Return the next three octets as an integer."""
        return int.from_bytes(self.take(3), "big")

    def u32(self) -> int:
        """Return the next four octets as an integer."""
        return int.from_bytes(self.take(4), "big")


def encode_semi_octets(digits: str) -> bytes:
    """Pack digits two an octet, first digit low; an odd count ends with the filler 15.

    Raises `WireError` for a character that is none of `SEMI_OCTETS`.
    """
    if digits.isdecimal() and digits.isascii():
        return bytes.fromhex(digits + "f" * (len(digits) % 2)).translate(_NIBBLES_SWAPPED)
    try:
        packed = bytearray(_OCTET_OF[digits[i : i + 2]] for i in range(0, len(digits) - 1, 2))
        if len(digits) % 2:
            packed.append(_LAST_OCTET_OF[digits[-1]])
    except KeyError as error:
        raise WireError(f"{error.args[0]!r} has a character that is no semi-octet") from None
    return bytes(packed)


def decode_semi_octets(octets: bytes) -> str:
    """Unpack digits two an octet, first digit low; fillers are left out.

    A filler anywhere but last is dropped as well: peers pad in the middle, and no digit is 15.
    """
    return "".join([_PAIR_OF[octet] for octet in octets])
