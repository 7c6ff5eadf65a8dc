import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecom.wire import SEMI_OCTETS, Reader, WireError, decode_semi_octets, encode_semi_octets


def test_semi_octets_as_on_the_wire() -> None:
    assert encode_semi_octets("46701234567") == bytes.fromhex("6407214365f7")
    assert decode_semi_octets(bytes.fromhex("6407214365f7")) == "46701234567"
    assert encode_semi_octets("*#ab") == bytes.fromhex("badc")


@given(st.text(alphabet=SEMI_OCTETS, max_size=20))
def test_semi_octets_round_trip(digits: str) -> None:
    assert decode_semi_octets(encode_semi_octets(digits)) == digits


@pytest.mark.parametrize("digits", ["12x", "x", "+1", "1x2"])
def test_a_character_that_is_no_digit(digits: str) -> None:
    with pytest.raises(WireError):
        encode_semi_octets(digits)


def test_reader_reads_big_endian_and_stops_at_its_end() -> None:
    reader = Reader(bytes.fromhex("01020304050607080910"), 0, 9)
    assert (reader.u8(), reader.u16(), reader.u24()) == (0x01, 0x0203, 0x040506)
    assert (reader.take(2), reader.remaining) == (b"\x07\x08", 1)
    with pytest.raises(WireError):
        reader.u16()
    with pytest.raises(WireError):
        reader.take(-1)
    assert reader.rest() == b"\x09"
    with pytest.raises(WireError):
        reader.u8()
    with pytest.raises(WireError):
        Reader(b"\x01\x02\x03").u32()
