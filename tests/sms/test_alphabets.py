import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecom.sms.alphabets import (
    MAX_SEPTETS,
    Alphabet,
    AlphabetError,
    choose_alphabet,
    decode_gsm7,
    decode_ucs2,
    encode_gsm7,
    encode_ucs2,
    pack_septets,
    unpack_septets,
)
from tests.sms.conftest import gsm7_texts

septets = st.lists(st.integers(0, 127), max_size=MAX_SEPTETS).map(bytes)


def packed_bit_by_bit(values: bytes, fill_bits: int) -> bytes:
    number = sum(value << (7 * index + fill_bits) for index, value in enumerate(values))
    return number.to_bytes((len(values) * 7 + fill_bits + 7) // 8, "little")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("@£$¥èéùìòÇ\nØø\rÅå", "000102030405060708090a0b0c0d0e0f"),
        ("Δ_ΦΓΛΩΠΨΣΘΞ", "101112131415161718191a"),
        ("ÆæßÉ ¤¡ÄÖÑÜ§¿äöñüà", "1c1d1e1f2024405b5c5d5e5f607b7c7d7e7f"),
        ("\f^{}\\[~]|€", "1b0a1b141b281b291b2f1b3c1b3d1b3e1b401b65"),
    ],
)
def test_gsm7_tables(text: str, code: str) -> None:
    assert encode_gsm7(text).hex() == code
    assert decode_gsm7(bytes.fromhex(code)) == text


@pytest.mark.parametrize(
    ("code", "text", "why"),
    [
        ("1b61", "a", "not in the extension table: the default character"),
        ("1b00", "@", "likewise"),
        ("1b0d", "\r", "a control character that the extension table keeps free"),
        ("1b1b", " ", "an escape to a further table, of which there is none"),
        ("1b1b65", " e", "and what follows stands for itself"),
        ("611b", "a ", "an escape that escapes nothing"),
        ("1b", " ", "likewise"),
    ],
)
def test_escapes_that_mean_nothing(code: str, text: str, why: str) -> None:
    assert decode_gsm7(bytes.fromhex(code)) == text, why


@pytest.mark.parametrize("text", ["\x1b", "ç", "`", "\U0001f600", "Ω is fine, ω is not"])
def test_characters_gsm7_lacks(text: str) -> None:
    with pytest.raises(AlphabetError):
        encode_gsm7(text)
    assert choose_alphabet(text) is Alphabet.UCS2


def test_octets_that_are_no_septets() -> None:
    with pytest.raises(AlphabetError, match="0x80"):
        decode_gsm7(b"a\x80")
    with pytest.raises(AlphabetError):
        pack_septets(b"a\x80")


@given(gsm7_texts)
def test_gsm7_round_trip(text: str) -> None:
    assert choose_alphabet(text) is Alphabet.GSM7
    assert decode_gsm7(encode_gsm7(text)) == text


@given(septets)
def test_any_septets_are_some_text_that_is_encodable(values: bytes) -> None:
    text = decode_gsm7(values)
    assert len(text) <= len(values)
    assert decode_gsm7(encode_gsm7(text)) == text


def test_packing_as_on_the_wire() -> None:
    assert pack_septets(b"Hello").hex() == "c8329bfd06"
    assert pack_septets(b"aa", 1).hex() == "c261"
    assert pack_septets(b"") == b""
    assert unpack_septets(bytes.fromhex("c8329bfd06"), 5) == b"Hello"
    assert unpack_septets(bytes.fromhex("c261"), 2, 1) == b"aa"


@given(septets, st.integers(0, 6), st.binary(max_size=3))
def test_packing_is_bit_by_bit(values: bytes, fill_bits: int, behind: bytes) -> None:
    packed = pack_septets(values, fill_bits)
    assert packed == packed_bit_by_bit(values, fill_bits)
    assert unpack_septets(packed + behind, len(values), fill_bits) == values


def test_every_length_packs() -> None:
    for length in range(MAX_SEPTETS + 1):
        values = bytes(index % 128 for index in range(length))
        for fill_bits in range(7):
            packed = pack_septets(values, fill_bits)
            assert packed == packed_bit_by_bit(values, fill_bits)
            assert unpack_septets(packed, length, fill_bits) == values


def test_limits_of_packing() -> None:
    with pytest.raises(AlphabetError):
        pack_septets(bytes(MAX_SEPTETS + 1))
    with pytest.raises(AlphabetError):
        unpack_septets(bytes(400), MAX_SEPTETS + 1)
    with pytest.raises(AlphabetError):
        unpack_septets(bytes(400), -1)
    with pytest.raises(AlphabetError):
        unpack_septets(bytes(6), 7)
    with pytest.raises(AlphabetError):
        unpack_septets(bytes(7), 8, 1)


def test_ucs2_has_every_character() -> None:
    assert encode_ucs2("Привет\U0001f600").hex() == "041f04400438043204350442d83dde00"
    assert decode_ucs2(bytes.fromhex("d83dde00")) == "\U0001f600"


@given(st.text())
def test_ucs2_round_trip(text: str) -> None:
    assert decode_ucs2(encode_ucs2(text)) == text


@given(st.binary())
def test_any_octets_are_some_ucs2_text(octets: bytes) -> None:
    encode_ucs2(decode_ucs2(octets))


def test_half_a_surrogate_pair_is_no_text() -> None:
    with pytest.raises(AlphabetError, match="D83D"):
        encode_ucs2("\ud83d")
    assert decode_ucs2(bytes.fromhex("0041d83d")) == "A\N{REPLACEMENT CHARACTER}"
    assert decode_ucs2(bytes.fromhex("004142")) == "A\N{REPLACEMENT CHARACTER}"


def test_every_ascii_character_alone_is_what_it_is_beside_another() -> None:
    """Texts that are the same in ASCII are encoded in one go."""
    for code in range(0x80):
        try:
            beside = encode_gsm7(chr(code) + "€")[:-2]
        except AlphabetError:
            assert choose_alphabet(chr(code)) is Alphabet.UCS2
        else:
            assert encode_gsm7(chr(code)) == beside
            assert choose_alphabet(chr(code)) is Alphabet.GSM7
