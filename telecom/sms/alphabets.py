"""The alphabets of a short message, 3GPP TS 23.038 6: GSM 7 bit (unpacked and packed), UCS2."""

import codecs
import re
from enum import IntEnum
from typing import Final

from telecom.sms.errors import FailureCause, SmsError


class Alphabet(IntEnum):
    """How the characters of a short message are coded; values as in a TP-DCS, TS 23.038 4."""

    GSM7 = 0
    OCTETS = 1
    UCS2 = 2


class AlphabetError(SmsError):
    """The text has a character the alphabet lacks, or the octets are no text of the alphabet."""

    failure_cause = FailureCause.ALPHABET_NOT_SUPPORTED


ESCAPE: Final = 0x1B
MAX_SEPTETS: Final = 256
"""The most that one call packs or unpacks: no length field of TS 23.038 can say more."""

# TS 23.038 6.2.1, in the order of the codes; 0x1B escapes to the extension table.
_DEFAULT: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# TS 23.038 6.2.1.1; 0x1B is kept for another table, to be shown as a space until there is one.
_EXTENSION: Final = {
    0x0A: "\f",
    0x14: "^",
    ESCAPE: " ",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}


class _Septets(dict[int, str]):
    """From a code point to its septets, each as a character below 0x80, for `str.translate`."""

    def __missing__(self, code_point: int) -> str:
        raise AlphabetError(f"U+{code_point:04X} is not in the GSM 7 bit default alphabet")


_SEPTETS_OF: Final = _Septets(
    {ord(char): chr(code) for code, char in enumerate(_DEFAULT) if code != ESCAPE}
    | {ord(char): f"\x1b{code:c}" for code, char in _EXTENSION.items() if code != ESCAPE}
)
_GSM7_CHARACTERS: Final = frozenset(map(chr, _SEPTETS_OF))
_EXTENDED: Final = {chr(ESCAPE): " "} | {
    f"\x1b{default}": _EXTENSION.get(code, default) for code, default in enumerate(_DEFAULT)
}
_AS_IN_ASCII: Final = re.compile('[\n\r !"#%-?A-Za-z]*')
"""What most texts are made of: its septets are its ASCII codes."""
_ESCAPED: Final = re.compile("\x1b.?", re.DOTALL)


def encode_gsm7(text: str) -> bytes:
    """Return the septets of a text, one an octet; characters of the extension table take two.

    Raises `AlphabetError` for a character that neither table has.
    """
    if _AS_IN_ASCII.fullmatch(text):
        return text.encode("ascii")
    return text.translate(_SEPTETS_OF).encode("ascii")


def decode_gsm7(septets: bytes) -> str:
    """Return the text of septets, one an octet.

    After an escape, a code that the extension table lacks means its default character; an escape
    that escapes nothing is a space (TS 23.038 6.2.1.1). Raises `AlphabetError` above 0x7F.
    """
    try:
        text = codecs.charmap_decode(septets, "strict", _DEFAULT)[0]
    except UnicodeDecodeError as error:
        raise AlphabetError(f"octet 0x{septets[error.start]:02X} is no septet") from None
    if ESCAPE in septets:
        return _ESCAPED.sub(lambda escaped: _EXTENDED[escaped[0]], text)
    return text


def choose_alphabet(text: str) -> Alphabet:
    """Return GSM 7 bit if it has all characters of the text, else UCS2."""
    if _AS_IN_ASCII.fullmatch(text) or _GSM7_CHARACTERS.issuperset(text):
        return Alphabet.GSM7
    return Alphabet.UCS2


def encode_ucs2(text: str) -> bytes:
    """Return a text in UCS2, big-endian; characters beyond U+FFFF as surrogate pairs (UTF-16).

    Raises `AlphabetError` for half a surrogate pair.
    """
    try:
        return text.encode("utf-16-be")
    except UnicodeEncodeError as error:
        raise AlphabetError(f"U+{ord(text[error.start]):04X} is half a surrogate pair") from None


def decode_ucs2(octets: bytes) -> str:
    """Return the text of UCS2 octets; what is no character is shown as U+FFFD."""
    return octets.decode("utf-16-be", "replace")


def _every(bits: int, width: int) -> int:
    """Return a mask of the lowest `bits` of every two neighbours of `width` bits."""
    lane = ((1 << bits) - 1).to_bytes(width // 4, "little")
    return int.from_bytes(lane * (MAX_SEPTETS * 8 // (width * 2)), "little")


# Packing works on all septets at once, as one integer: in each step, two neighbours of 7, then
# 14, then 28 bits close the gap between them, until every 8 octets hold 56 bits together.
_STEPS: Final = tuple(
    (_every(bits, width), bits, width) for bits, width in ((7, 8), (14, 16), (28, 32))
)


def pack_septets(septets: bytes, fill_bits: int = 0) -> bytes:
    """Pack septets into octets, first septet lowest, after `fill_bits` zero bits (6.1.2.1).

    Raises `AlphabetError` for octets above 0x7F and for more than `MAX_SEPTETS`.
    """
    count = len(septets)
    if count > MAX_SEPTETS or not septets.isascii():
        raise AlphabetError(f"{count} octets are not up to {MAX_SEPTETS} septets")
    number = int.from_bytes(septets, "little")
    for mask, bits, width in _STEPS:
        number = number & mask | (number >> width & mask) << bits
    lanes = bytearray(number.to_bytes(-(-count // 8) * 8, "little"))
    del lanes[7::8]
    size = -(-(count * 7 + fill_bits) // 8)
    if fill_bits:
        return (int.from_bytes(lanes, "little") << fill_bits).to_bytes(len(lanes) + 1, "little")[
            :size
        ]
    return bytes(lanes[:size])


def unpack_septets(octets: bytes, count: int, fill_bits: int = 0) -> bytes:
    """Unpack `count` septets, one an octet, that follow `fill_bits` bits in the octets.

    Raises `AlphabetError` when the octets are too few, or `count` is above `MAX_SEPTETS`.
    """
    size = -(-(count * 7 + fill_bits) // 8)
    if not 0 <= count <= MAX_SEPTETS or size > len(octets):
        raise AlphabetError(f"{count} septets do not fit in {len(octets)} octets")
    if fill_bits:
        octets = (int.from_bytes(octets[:size], "little") >> fill_bits).to_bytes(size, "little")
    lane_count = -(-count // 8)
    packed = octets[: lane_count * 7].ljust(lane_count * 7, b"\0")
    lanes = bytearray(lane_count * 8)
    for position in range(7):
        lanes[position::8] = packed[position::7]
    number = int.from_bytes(lanes, "little")
    for mask, bits, width in reversed(_STEPS):
        number = number & mask | (number >> bits & mask) << width
    return number.to_bytes(len(lanes), "little")[:count]
