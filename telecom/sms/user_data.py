"""What a short message carries, 3GPP TS 23.040 9.2.3.24: a header, and text or octets."""

from collections.abc import Callable
from typing import Final

import msgspec

from telecom.sms.alphabets import (
    Alphabet,
    choose_alphabet,
    decode_gsm7,
    decode_ucs2,
    encode_gsm7,
    encode_ucs2,
    pack_septets,
    unpack_septets,
)
from telecom.sms.errors import SmsError

MAX_OCTETS: Final = 140
"""The octets of TP-UD with its header, TS 23.040 9.2.3.24."""
MAX_SEPTETS: Final = 160
"""The septets that fit in as many."""

CONCATENATION_8: Final = 0x00
CONCATENATION_16: Final = 0x08
_CONCATENATION_SIZES: Final = {CONCATENATION_8: 3, CONCATENATION_16: 4}


class UserDataError(SmsError):
    """User data that do not fit a short message, or octets that are no user data."""


class InformationElement(msgspec.Struct, frozen=True, gc=False):
    """An element of the user data header, TS 23.040 9.2.3.24."""

    identifier: int
    data: bytes


class Concatenation(msgspec.Struct, frozen=True, gc=False):
    """Which part of which message this is, TS 23.040 9.2.3.24.1 and 9.2.3.24.8."""

    reference: int
    total: int
    sequence: int
    bits16: bool = False

    def element(self) -> InformationElement:
        """Return the information element that says so; raises `UserDataError` if none can."""
        identifier = CONCATENATION_16 if self.bits16 else CONCATENATION_8
        size = _CONCATENATION_SIZES[identifier]
        try:
            reference = self.reference.to_bytes(size - 2, "big")
            return InformationElement(identifier, reference + bytes((self.total, self.sequence)))
        except (OverflowError, ValueError):
            raise UserDataError(f"no element of {size} octets says {self}") from None


class UserData(msgspec.Struct, frozen=True, gc=False):
    """The payload of a short message without its header, and the header.

    A GSM 7 bit payload is unpacked septets, one an octet; any other is octets as they are.
    """

    alphabet: Alphabet
    payload: bytes
    header: tuple[InformationElement, ...] = ()

    @classmethod
    def of_text(cls, text: str, alphabet: Alphabet | None = None) -> "UserData":
        """Return user data with this text, of any length; without an alphabet, in one that has it.

        Raises `AlphabetError` when the alphabet lacks a character.
        """
        chosen = choose_alphabet(text) if alphabet is None else alphabet
        return cls(chosen, _ENCODE_TEXT[chosen](text))

    @property
    def text(self) -> str:
        """The payload as text (octets as Latin-1); raises `AlphabetError` if it is none."""
        return _DECODE_TEXT[self.alphabet](self.payload)

    @property
    def concatenation(self) -> Concatenation | None:
        """Which part of which message this is; None when it is a whole one.

        The last usable element counts, one that says part 0 or part 3 of 2 is none (9.2.3.24.1).
        """
        found = None
        for element in self.header:
            if _CONCATENATION_SIZES.get(element.identifier) == len(element.data):
                *reference, total, sequence = element.data
                if 1 <= sequence <= total:
                    bits16 = element.identifier == CONCATENATION_16
                    found = Concatenation(int.from_bytes(reference, "big"), total, sequence, bits16)
        return found


def _encode_octets(text: str) -> bytes:
    return text.encode("latin-1", "replace")


def _decode_octets(octets: bytes) -> str:
    return octets.decode("latin-1")


_ENCODE_TEXT: Final[dict[Alphabet, Callable[[str], bytes]]] = {
    Alphabet.GSM7: encode_gsm7,
    Alphabet.UCS2: encode_ucs2,
    Alphabet.OCTETS: _encode_octets,
}
_DECODE_TEXT: Final[dict[Alphabet, Callable[[bytes], str]]] = {
    Alphabet.GSM7: decode_gsm7,
    Alphabet.UCS2: decode_ucs2,
    Alphabet.OCTETS: _decode_octets,
}


def encode_header(header: tuple[InformationElement, ...]) -> bytes:
    """Return a user data header with its length octet (UDHL); no octet at all for no element.

    Raises `UserDataError` when it leaves no room in a short message.
    """
    if not header:
        return b""
    size = sum(2 + len(element.data) for element in header)
    if size >= MAX_OCTETS or not all(0 <= element.identifier <= 0xFF for element in header):
        raise UserDataError(f"a user data header of {size} octets, or no such element")
    elements = [bytes((element.identifier, len(element.data))) + element.data for element in header]
    return bytes((size,)) + b"".join(elements)


def decode_header(octets: bytes) -> tuple[tuple[InformationElement, ...], bytes]:
    """Return the elements of the header that the octets begin with, and the octets behind it.

    Raises `UserDataError` when its length, or that of an element, points beyond its end.
    """
    end = octets[0] + 1 if octets else 1
    if end > len(octets):
        raise UserDataError(f"a user data header of {end} octets in {len(octets)}")
    elements = []
    offset = 1
    while offset < end:
        start = offset + 2
        stop = start + octets[offset + 1] if start <= end else start
        if stop > end:
            raise UserDataError("an information element goes beyond the user data header")
        elements.append(InformationElement(octets[offset], octets[start:stop]))
        offset = stop
    return tuple(elements), octets[end:]


def encode_user_data(user_data: UserData) -> tuple[int, bytes]:
    """Return TP-UDL (septets for GSM 7 bit, else octets; 9.2.3.16) and TP-UD.

    Raises `UserDataError` above 140 octets, `AlphabetError` for a payload that is no septets.
    """
    header = encode_header(user_data.header) if user_data.header else b""
    septets = user_data.alphabet == Alphabet.GSM7
    header_length, fill_bits = _septets_of(len(header)) if septets else (len(header), 0)
    length = header_length + len(user_data.payload)
    if length > (MAX_SEPTETS if septets else MAX_OCTETS):
        raise UserDataError(f"user data of {length} are more than {MAX_OCTETS} octets")
    payload = user_data.payload
    return length, header + (pack_septets(payload, fill_bits) if septets else payload)


def decode_user_data(
    length: int, octets: bytes, *, alphabet: Alphabet, has_header: bool
) -> UserData:
    """Return the user data in a TP-UD of the given TP-UDL; octets behind it are left alone.

    A header whose elements do not add up is dropped, as 9.2.3.24 demands. Raises `UserDataError`
    when octets are missing or are more than 140.
    """
    size = -(-length * 7 // 8) if alphabet == Alphabet.GSM7 else length
    if size > min(len(octets), MAX_OCTETS):
        raise UserDataError(f"user data of {size} octets, {len(octets)} are there")
    header: tuple[InformationElement, ...] = ()
    rest = octets[:size]
    if has_header:
        header, rest = _split_header(rest)
    if alphabet == Alphabet.GSM7:
        header_septets, fill_bits = _septets_of(size - len(rest))
        if header_septets > length:
            raise UserDataError("the user data header is longer than the user data")
        rest = unpack_septets(rest, length - header_septets, fill_bits)
    return UserData(alphabet, rest, header)


def _split_header(octets: bytes) -> tuple[tuple[InformationElement, ...], bytes]:
    try:
        return decode_header(octets)
    except UserDataError:
        if not octets or octets[0] >= len(octets):
            raise
        return (), octets[octets[0] + 1 :]


def _septets_of(header_octets: int) -> tuple[int, int]:
    """Return the septets that a header takes, and the fill bits behind it (9.2.3.24)."""
    septets = -(-header_octets * 8 // 7)
    return septets, septets * 7 - header_octets * 8
