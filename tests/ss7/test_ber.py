"""X.690: literal octets both ways, and what is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.ss7 import ber


@pytest.mark.parametrize(
    ("octets", "tlv"),
    [
        ("300302 0107", (0x30, 2, 5, 5)),
        ("0500", (0x05, 2, 2, 2)),
        ("048103 010203", (0x04, 3, 6, 6)),
        ("0484 00000003 010203", (0x04, 6, 9, 9)),
        ("9f8148 01aa", (0x9F8148, 4, 5, 5)),
        ("9f40 01aa", (0x9F40, 3, 4, 4)),
        ("3080 020107 0000", (0x30, 2, 5, 7)),
        ("3080 3080 0500 0000 0000", (0x30, 2, 8, 10)),
        ("bf01 80 0000", (0xBF01, 3, 3, 5)),
    ],
)
def test_reads_tag_and_length(octets: str, tlv: ber.Tlv) -> None:
    data = bytes.fromhex(octets)
    assert ber.read(data, 0, len(data)) == tlv
    shifted = b"\x00\x00" + data + b"\x00\x00"
    assert ber.read(shifted, 2, 2 + len(data)) == (tlv[0], *(n + 2 for n in tlv[1:]))


@pytest.mark.parametrize(
    "octets",
    [
        "",
        "30",
        "3001",
        "0000",
        "00800000",
        "0480 0000",
        "04ff 00",
        "0482 01",
        "0481",
        "04820100",
        "9f",
        "9f81",
        "9f81818101 00",
        "9f4001",
        "3080",
        "3080 00",
        "3080 0500",
        "3080 0500 0001 00",
        "3080" * 40 + "0000" * 40,
    ],
)
def test_refuses_what_is_no_encoding(octets: str) -> None:
    data = bytes.fromhex(octets)
    with pytest.raises(ber.BerError):
        ber.read(data, 0, len(data))


def test_a_value_ends_where_its_container_ends() -> None:
    data = bytes.fromhex("30030201070500")
    with pytest.raises(ber.BerError):
        ber.read(data, 0, 4)
    with pytest.raises(ber.BerError):
        ber.read(data, 7, 7)


@pytest.mark.parametrize(
    ("tag", "size", "header"),
    [
        (0x04, 0, "0400"),
        (0x04, 127, "047f"),
        (0x04, 128, "048180"),
        (0x30, 256, "30820100"),
        (0x9F8148, 3, "9f814803"),
    ],
)
def test_encodes_minimal_lengths(tag: int, size: int, header: str) -> None:
    value = bytes(size)
    encoded = ber.encode(tag, value)
    assert encoded == bytes.fromhex(header) + value
    assert ber.read(encoded, 0, len(encoded))[0] == tag


@pytest.mark.parametrize(
    ("value", "octets"),
    [
        (0, "00"),
        (127, "7f"),
        (128, "0080"),
        (255, "00ff"),
        (256, "0100"),
        (-1, "ff"),
        (-128, "80"),
        (-129, "ff7f"),
        (2**31, "0080000000"),
    ],
)
def test_integers(value: int, octets: str) -> None:
    data = bytes.fromhex(octets)
    assert ber.encode_integer(value) == data
    assert ber.decode_integer(data, 0, len(data)) == value


@pytest.mark.parametrize("size", [0, 17])
def test_an_integer_has_1_to_16_octets(size: int) -> None:
    with pytest.raises(ber.BerError):
        ber.decode_integer(bytes(32), 0, size)


def test_booleans() -> None:
    assert ber.encode_boolean(True) == b"\xff"
    assert ber.encode_boolean(False) == b"\x00"
    assert ber.decode_boolean(b"\x01", 0, 1) is True
    assert ber.decode_boolean(b"\x00", 0, 1) is False
    with pytest.raises(ber.BerError):
        ber.decode_boolean(b"", 0, 0)


@pytest.mark.parametrize(
    ("arcs", "octets"),
    [
        ((0, 4, 0, 0, 1, 0, 20, 3), "04000001001403"),
        ((0, 0, 17, 773, 1, 1, 1), "00118605010101"),
        ((1, 2, 840, 113549), "2a864886f70d"),
        ((2, 999, 3), "883703"),
    ],
)
def test_object_identifiers(arcs: ber.ObjectIdentifier, octets: str) -> None:
    data = bytes.fromhex(octets)
    assert ber.encode_oid(arcs) == data
    assert ber.decode_oid(data, 0, len(data)) == arcs


@pytest.mark.parametrize("octets", ["", "80", "0481", "ff" * 12 + "7f"])
def test_refuses_what_is_no_object_identifier(octets: str) -> None:
    data = bytes.fromhex(octets)
    with pytest.raises(ber.BerError):
        ber.decode_oid(data, 0, len(data))


@pytest.mark.parametrize("arcs", [(1,), (3, 1), (0, 40), (1, 2, -3)])
def test_encodes_no_impossible_object_identifier(arcs: ber.ObjectIdentifier) -> None:
    with pytest.raises(ber.BerError):
        ber.encode_oid(arcs)


@settings(derandomize=True, max_examples=300, database=None)
@given(st.binary(max_size=64))
def test_any_octets_are_read_or_refused(data: bytes) -> None:
    offset = 0
    try:
        while offset < len(data):
            _, start, stop, following = ber.read(data, offset, len(data))
            assert offset < start <= stop <= following <= len(data)
            offset = following
    except ber.BerError:
        pass


@settings(derandomize=True, max_examples=200, database=None)
@given(st.integers(-(2**127), 2**127 - 1))
def test_integers_survive(value: int) -> None:
    octets = ber.encode_integer(value)
    assert ber.decode_integer(octets, 0, len(octets)) == value
