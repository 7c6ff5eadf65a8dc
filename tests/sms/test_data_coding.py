import pytest

from telecom.sms.alphabets import Alphabet, AlphabetError
from telecom.sms.data_coding import (
    ALPHABET_OF_DCS,
    DataCoding,
    IndicationType,
    MessageWaiting,
    data_coding_scheme,
    decode_data_coding,
    encode_data_coding,
    smpp_alphabet,
    smpp_data_coding,
    tp_dcs_of_smpp,
    user_data_for,
    user_data_of_smpp,
)
from telecom.sms.user_data import InformationElement, UserData

GSM7, OCTETS, UCS2 = Alphabet.GSM7, Alphabet.OCTETS, Alphabet.UCS2
VOICEMAIL, OTHER = IndicationType.VOICEMAIL, IndicationType.OTHER


@pytest.mark.parametrize(
    ("dcs", "coding"),
    [
        (0x00, DataCoding()),
        (0x04, DataCoding(OCTETS)),
        (0x08, DataCoding(UCS2)),
        (0x0C, DataCoding()),
        (0x10, DataCoding(message_class=0)),
        (0x15, DataCoding(OCTETS, message_class=1)),
        (0x1B, DataCoding(UCS2, message_class=3)),
        (0x03, DataCoding()),
        (0x20, DataCoding(OCTETS, compressed=True)),
        (0x32, DataCoding(OCTETS, message_class=2, compressed=True)),
        (0x48, DataCoding(UCS2, automatic_deletion=True)),
        (0x71, DataCoding(OCTETS, message_class=1, compressed=True, automatic_deletion=True)),
        (0x80, DataCoding()),
        (0x94, DataCoding()),
        (0xBF, DataCoding()),
        (0xC0, DataCoding(waiting=MessageWaiting(VOICEMAIL, active=False, store=False))),
        (0xCB, DataCoding(waiting=MessageWaiting(OTHER, active=True, store=False))),
        (0xD8, DataCoding(waiting=MessageWaiting(VOICEMAIL, active=True, store=True))),
        (0xE8, DataCoding(UCS2, waiting=MessageWaiting(VOICEMAIL, active=True, store=True))),
        (0xF0, DataCoding(message_class=0)),
        (0xF6, DataCoding(OCTETS, message_class=2)),
        (0xF8, DataCoding(message_class=0)),
    ],
)
def test_every_group(dcs: int, coding: DataCoding) -> None:
    assert decode_data_coding(dcs) == coding
    assert ALPHABET_OF_DCS[dcs] is coding.alphabet


def test_what_is_decoded_is_encodable() -> None:
    for dcs in range(256):
        coding = decode_data_coding(dcs)
        assert decode_data_coding(encode_data_coding(coding)) == coding


@pytest.mark.parametrize(
    ("alphabet", "message_class", "dcs"),
    [(GSM7, None, 0), (OCTETS, None, 4), (UCS2, None, 8), (GSM7, 0, 0x10), (UCS2, 1, 0x19)],
)
def test_scheme_of_plain_text(alphabet: Alphabet, message_class: int | None, dcs: int) -> None:
    assert data_coding_scheme(alphabet, message_class) == dcs


@pytest.mark.parametrize(
    ("data_coding", "alphabet"),
    [
        (0, GSM7),
        (1, None),
        (2, OCTETS),
        (3, None),
        (4, OCTETS),
        (8, UCS2),
        (9, OCTETS),
        (11, GSM7),
        (15, GSM7),
        (0x10, GSM7),
        (0x18, UCS2),
        (0x80, GSM7),
        (0xC8, GSM7),
        (0xE0, UCS2),
        (0xF5, OCTETS),
    ],
)
def test_smpp_alphabets(data_coding: int, alphabet: Alphabet | None) -> None:
    assert smpp_alphabet(data_coding) is alphabet


@pytest.mark.parametrize(
    ("data_coding", "octets", "alphabet", "text"),
    [
        (0, b"\x1b\x65 1\x00", GSM7, "€ 1@"),
        (1, b"a@b {1}", GSM7, "a@b {1}"),
        (1, b"a@b.c [x]", GSM7, "a@b.c [x]"),
        (1, b"cost \x1be 5 \x00", GSM7, "cost € 5 @"),
        (3, "à la carte".encode("latin-1"), GSM7, "à la carte"),
        (3, "façade".encode("latin-1"), UCS2, "façade"),
        (5, "日本".encode("shift_jis"), UCS2, "日本"),
        (6, "Привет".encode("iso8859-5"), UCS2, "Привет"),
        (7, "שלום".encode("iso8859-8"), UCS2, "שלום"),
        (8, "日本".encode("utf-16-be"), UCS2, "日本"),
        (13, "日本".encode("euc_jp"), UCS2, "日本"),
        (14, "한국".encode("euc_kr"), UCS2, "한국"),
    ],
)
def test_smpp_text(data_coding: int, octets: bytes, alphabet: Alphabet, text: str) -> None:
    header = (InformationElement(0, b"\x01\x02\x01"),)
    data = user_data_of_smpp(data_coding, octets, header)
    assert (data.alphabet, data.text, data.header) == (alphabet, text, header)


def test_every_smpp_data_coding_is_read_calmly() -> None:
    for data_coding in range(256):
        for octets in (b"", b"\x00a\x1b", b"abc"):
            assert isinstance(user_data_of_smpp(data_coding, octets), UserData)
        if smpp_alphabet(data_coding) is GSM7:
            with pytest.raises(AlphabetError):
                user_data_of_smpp(data_coding, b"\xff")
        else:
            assert isinstance(user_data_of_smpp(data_coding, b"\xff"), UserData)


@pytest.mark.parametrize(
    ("data_coding", "alphabet", "dcs"),
    [
        (0, GSM7, 0),
        (3, GSM7, 0),
        (3, UCS2, 8),
        (4, OCTETS, 4),
        (8, UCS2, 8),
        (0x10, GSM7, 0x10),
        (0xF0, GSM7, 0xF0),
        (0xC8, GSM7, 0xC8),
        (0xF0, UCS2, 8),
    ],
)
def test_tp_dcs_of_smpp(data_coding: int, alphabet: Alphabet, dcs: int) -> None:
    assert tp_dcs_of_smpp(data_coding, alphabet) == dcs


@pytest.mark.parametrize(
    ("dcs", "data_coding"),
    [
        (0x00, 0x00),
        (0x04, 0x04),
        (0x08, 0x08),
        (0x10, 0xF0),
        (0x16, 0xF6),
        (0x19, 0x08),
        (0x20, 0x04),
        (0xC8, 0xC8),
        (0xD1, 0xD1),
        (0xE1, 0x08),
        (0xF1, 0xF1),
        (0x90, 0x00),
    ],
)
def test_smpp_data_coding(dcs: int, data_coding: int) -> None:
    assert smpp_data_coding(dcs) == data_coding


def test_smpp_and_tp_agree_on_every_alphabet() -> None:
    for dcs in range(256):
        assert smpp_alphabet(smpp_data_coding(dcs)) is ALPHABET_OF_DCS[dcs]


@pytest.mark.parametrize(
    ("data_coding", "user_data"),
    [
        (0x00, UserData(GSM7, b"@\x04")),
        (0x03, UserData(OCTETS, b"\xa1\xe8")),
        (0x08, UserData(UCS2, b"\0\xa1\0\xe8")),
        (0xF1, UserData(GSM7, b"@\x04")),
    ],
)
def test_a_text_in_the_coding_asked_for(data_coding: int, user_data: UserData) -> None:
    assert user_data_for("¡è", data_coding) == user_data
    assert user_data_of_smpp(data_coding, user_data.payload).text == "¡è"


@pytest.mark.parametrize("data_coding", [0x00, 0x01, 0x03, 0x04])
def test_a_text_that_the_coding_lacks(data_coding: int) -> None:
    with pytest.raises(AlphabetError, match=r"U\+0416"):
        user_data_for("Ж", data_coding)
