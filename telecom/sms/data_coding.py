"""How the octets of a short message are coded: TP-DCS (TS 23.038 4), SMPP data_coding (5.2.19)."""

import re
from enum import IntEnum
from typing import Final

import msgspec

from telecom.sms.alphabets import Alphabet, AlphabetError
from telecom.sms.user_data import InformationElement, UserData


class IndicationType(IntEnum):
    """What a message waiting indication is about, TS 23.038 4."""

    VOICEMAIL = 0
    FAX = 1
    ELECTRONIC_MAIL = 2
    OTHER = 3


class MessageWaiting(msgspec.Struct, frozen=True, gc=False):
    """A message waiting indication; `store` says whether the message itself is kept."""

    kind: IndicationType
    active: bool
    store: bool


class DataCoding(msgspec.Struct, frozen=True, gc=False):
    """What a TP-DCS says, TS 23.038 4; compressed text is opaque octets to us.

    `message_class` is 0 (flash) to 3, or None where there is none.
    """

    alphabet: Alphabet = Alphabet.GSM7
    message_class: int | None = None
    compressed: bool = False
    automatic_deletion: bool = False
    waiting: MessageWaiting | None = None


_ALPHABETS: Final = (Alphabet.GSM7, Alphabet.OCTETS, Alphabet.UCS2, Alphabet.GSM7)


def _general(dcs: int) -> DataCoding:
    """Read groups 00xx and 01xx; alphabet 3 is reserved, so GSM 7 bit."""
    compressed = bool(dcs & 0x20)
    return DataCoding(
        alphabet=Alphabet.OCTETS if compressed else _ALPHABETS[dcs >> 2 & 3],
        message_class=dcs & 3 if dcs & 0x10 else None,
        compressed=compressed,
        automatic_deletion=bool(dcs & 0x40),
    )


def _waiting(dcs: int) -> DataCoding:
    """Read groups 1100 (discard), 1101 (store) and 1110 (store, UCS2)."""
    group = dcs >> 4
    return DataCoding(
        alphabet=Alphabet.UCS2 if group == 0xE else Alphabet.GSM7,
        waiting=MessageWaiting(IndicationType(dcs & 3), bool(dcs & 8), group != 0xC),
    )


def _class(dcs: int) -> DataCoding:
    """Read group 1111; bit 3 is spare."""
    return DataCoding(_ALPHABETS[dcs >> 2 & 1], message_class=dcs & 3)


def _reserved(_: int) -> DataCoding:
    """Read groups 1000 to 1011."""
    return DataCoding()


_GROUPS: Final = (*(_general,) * 8, *(_reserved,) * 4, *(_waiting,) * 3, _class)
_DATA_CODINGS: Final = tuple(_GROUPS[dcs >> 4](dcs) for dcs in range(256))
_DCS_OF: Final = {coding: dcs for dcs, coding in reversed(tuple(enumerate(_DATA_CODINGS)))}

ALPHABET_OF_DCS: Final = tuple(coding.alphabet for coding in _DATA_CODINGS)
"""The alphabet that each of the 256 TP-DCS means."""


def decode_data_coding(dcs: int) -> DataCoding:
    """Return what a TP-DCS says; every reserved one is read as 0, as TS 23.038 4 demands."""
    return _DATA_CODINGS[dcs & 0xFF]


def encode_data_coding(coding: DataCoding) -> int:
    """Return the lowest TP-DCS that says so, or raise `KeyError` where none does."""
    return _DCS_OF[coding]


def data_coding_scheme(alphabet: Alphabet, message_class: int | None = None) -> int:
    """Return the TP-DCS of plain text or octets, of a message class if one is given."""
    return encode_data_coding(DataCoding(alphabet, message_class))


_IA5: Final = 0x01
_NOT_IA5: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""Control characters that no text has, but letters and the escape of GSM 7 bit."""

_SMPP_CHARSETS: Final = {
    0x01: "latin-1",  # IA5, and what comes above it in practice
    0x03: "latin-1",
    0x05: "shift_jis",
    0x06: "iso8859-5",
    0x07: "iso8859-8",
    0x0A: "iso2022_jp",
    0x0D: "euc_jp",
    0x0E: "euc_kr",
}
"""SMPP 3.4 5.2.19: text that no TP-DCS has a code for."""

_SMPP_ALPHABETS: Final = {
    0x02: Alphabet.OCTETS,
    0x04: Alphabet.OCTETS,
    0x08: Alphabet.UCS2,
    0x09: Alphabet.OCTETS,
}
_SMPP_DATA_CODINGS: Final = {Alphabet.GSM7: 0x00, Alphabet.OCTETS: 0x04, Alphabet.UCS2: 0x08}
_FIRST_TP_DCS: Final = 0x10
"""From here on an SMPP data_coding is read as the TP-DCS of the same value.

5.2.19 says so of 0xC0 to 0xFF; below, where it reserves all, peers do the same (0x10 is flash).
"""


def smpp_alphabet(data_coding: int) -> Alphabet | None:
    """Return the alphabet of an SMPP data_coding; None for text in another charset.

    A reserved value is read as the default alphabet, GSM 7 bit, unpacked.
    """
    if data_coding in _SMPP_CHARSETS:
        return None
    if data_coding >= _FIRST_TP_DCS:
        return decode_data_coding(data_coding).alphabet
    return _SMPP_ALPHABETS.get(data_coding, Alphabet.GSM7)


def user_data_of_smpp(
    data_coding: int, octets: bytes, header: tuple[InformationElement, ...] = ()
) -> UserData:
    """Return the user data of a short_message (its header taken off) with this data_coding.

    Text in another charset comes in GSM 7 bit where that has its characters, else in UCS2. IA5
    with control characters is GSM 7 bit under a wrong name, as npm's smpp and others send it.
    Raises `AlphabetError` for default alphabet octets above 0x7F.
    """
    alphabet = smpp_alphabet(data_coding)
    if data_coding == _IA5 and _NOT_IA5.search(octets) and octets.isascii():
        alphabet = Alphabet.GSM7
    if alphabet is None:
        text = octets.decode(_SMPP_CHARSETS[data_coding], "replace")
        whole = UserData.of_text(text)
        return UserData(whole.alphabet, whole.payload, header)
    if alphabet == Alphabet.GSM7 and not octets.isascii():
        raise AlphabetError("the default alphabet has no octet above 0x7F")
    return UserData(alphabet, octets, header)


def user_data_for(text: str, data_coding: int) -> UserData:
    """Return a text as user data whose octets an SMPP data_coding describes.

    What is in another charset than GSM 7 bit and UCS2 is octets. Raises `AlphabetError` for a text
    with characters that it lacks, or for octets that no text is.
    """
    charset = _SMPP_CHARSETS.get(data_coding)
    alphabet = smpp_alphabet(data_coding)
    if charset is None and alphabet is not Alphabet.OCTETS:
        return UserData.of_text(text, alphabet)
    try:
        return UserData(Alphabet.OCTETS, text.encode(charset or "ascii"))
    except UnicodeEncodeError as error:
        code_point = ord(text[error.start])
        raise AlphabetError(f"U+{code_point:04X} is not in data_coding {data_coding}") from None


def tp_dcs_of_smpp(data_coding: int, alphabet: Alphabet) -> int:
    """Return the TP-DCS for user data in this alphabet that came with an SMPP data_coding."""
    if data_coding >= _FIRST_TP_DCS and ALPHABET_OF_DCS[data_coding & 0xFF] == alphabet:
        return data_coding & 0xFF
    return data_coding_scheme(alphabet)


def smpp_data_coding(dcs: int) -> int:
    """Return the SMPP data_coding for user data that came with a TP-DCS.

    A message class of UCS2 text is lost: 5.2.19 has no code for it.
    """
    coding = decode_data_coding(dcs)
    if coding.waiting is not None and coding.alphabet == Alphabet.GSM7:
        return dcs & 0xFF
    if coding.message_class is not None and coding.alphabet != Alphabet.UCS2:
        return 0xF0 | coding.alphabet << 2 | coding.message_class
    return _SMPP_DATA_CODINGS[coding.alphabet]
