"""SCCP addresses: every global title indicator, both ways, against literal octets."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.ss7.sccp.address import GlobalTitle, SccpAddress
from telecom.ss7.sccp.address_codec import LONGEST_ADDRESS, decode_address, encode_address
from telecom.ss7.sccp.errors import LocalError, MessageError

E164_EVEN = GlobalTitle("64701234")

LITERALS = [
    # indicator 1: odd or even, and nature of address
    ("06 06 84 21 43 05", SccpAddress(gt=GlobalTitle("12345", 1, None, None, 4), ssn=6)),
    ("06 06 04 21 43 65", SccpAddress(gt=GlobalTitle("123456", 1, None, None, 4), ssn=6)),
    # indicator 2: translation type
    ("0a 06 09 21 43 65", SccpAddress(gt=GlobalTitle("123456", 2, 9, None, None), ssn=6)),
    # indicator 3: translation type, numbering plan and encoding scheme
    ("0e 06 09 71 21 43 05", SccpAddress(gt=GlobalTitle("12345", 3, 9, 7, None), ssn=6)),
    ("0e 06 09 72 21 43 65", SccpAddress(gt=GlobalTitle("123456", 3, 9, 7, None), ssn=6)),
    # indicator 4: all of them; E.164 odd and even, E.214
    ("12 06 00 11 04 64 07 21 43 65 07", SccpAddress.of_gt("46701234567", 6)),
    ("12 06 00 12 04 46 07 21 43", SccpAddress.of_gt("64701234", 6)),
    ("12 06 00 72 04 46 21 43", SccpAddress(gt=GlobalTitle("641234", np=7), ssn=6)),
    # code 11 and code 12 are digits as well
    ("12 06 00 12 04 04 cb", SccpAddress.of_gt("40#a", 6)),
    # with a point code, routed on either part
    ("13 09 08 06 00 12 04 46 07 21 43", SccpAddress(gt=E164_EVEN, ssn=6, pc=2057)),
    (
        "53 09 08 06 00 12 04 46 07 21 43",
        SccpAddress(gt=E164_EVEN, ssn=6, pc=2057, route_on_gt=False),
    ),
    # without a global title
    ("42 06", SccpAddress(ssn=6, route_on_gt=False)),
    ("43 09 08 06", SccpAddress(ssn=6, pc=2057, route_on_gt=False)),
    ("00", SccpAddress()),
    ("10 00 12 04", SccpAddress(gt=GlobalTitle(""))),
]


@pytest.mark.parametrize(("octets", "address"), LITERALS)
def test_literal_octets_both_ways(octets: str, address: SccpAddress) -> None:
    value = bytes.fromhex(octets)
    assert encode_address(address) == bytes((len(value),)) + value
    assert decode_address(value) == address


def test_an_odd_count_that_the_indicator_cannot_say_gets_a_0() -> None:
    odd = SccpAddress(gt=GlobalTitle("12345", 2, 9, None, None), ssn=6)
    assert encode_address(odd).hex() == "060a0609214305"
    assert decode_address(encode_address(odd)[1:]).digits == "123450"


@pytest.mark.parametrize("filler", ["0", "f"])
def test_the_filler_of_an_odd_count_may_be_anything(filler: str) -> None:
    assert decode_address(bytes.fromhex(f"12060011042143{filler}5")).digits == "12345"


def test_a_filler_although_the_count_is_said_to_be_even_is_no_digit() -> None:
    assert decode_address(bytes.fromhex("12060012042143f5")).digits == "12345"


@pytest.mark.parametrize(
    "octets",
    [
        "",
        "01",
        "0109",
        "02",
        "06 06",
        "0a 06",
        "0e 06 00",
        "12 06 00 11",
        "16 06 00 11 04 21",
        "3e",
    ],
)
def test_what_cannot_be_read_is_the_peers_error(octets: str) -> None:
    with pytest.raises(MessageError):
        decode_address(bytes.fromhex(octets))


def test_an_address_longer_than_any_is_refused_both_ways() -> None:
    with pytest.raises(MessageError, match="an address of 33 octets"):
        decode_address(bytes(LONGEST_ADDRESS + 1))
    with pytest.raises(LocalError, match="32 at most"):
        encode_address(SccpAddress.of_gt("1" * 60, 6))


@pytest.mark.parametrize(
    "address",
    [
        SccpAddress(ssn=256),
        SccpAddress.of_gt("12x", 6),
        SccpAddress(gt=GlobalTitle("1", 5)),
        SccpAddress(gt=GlobalTitle("1", 4, tt=None)),
        SccpAddress(gt=GlobalTitle("1", np=16)),
        SccpAddress(gt=GlobalTitle("1", nai=256)),
    ],
)
def test_what_cannot_be_coded_is_the_callers_fault(address: SccpAddress) -> None:
    with pytest.raises(LocalError):
        encode_address(address)


def global_titles(indicator: int) -> st.SearchStrategy[GlobalTitle]:
    digits = st.text("0123456789*#abc", max_size=24)
    octet = st.integers(0, 255)
    return st.builds(
        GlobalTitle,
        digits if indicator != 2 else digits.filter(lambda text: len(text) % 2 == 0),
        st.just(indicator),
        octet if indicator in (2, 3, 4) else st.none(),
        st.integers(0, 15) if indicator in (3, 4) else st.none(),
        st.integers(0, 127) if indicator in (1, 4) else st.none(),
    )


ADDRESSES = st.builds(
    SccpAddress,
    st.none() | st.integers(1, 4).flatmap(global_titles),
    st.none() | st.integers(0, 255),
    st.none() | st.integers(0, 16383),
    st.booleans(),
)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(ADDRESSES)
def test_any_address_survives(address: SccpAddress) -> None:
    octets = encode_address(address)
    assert decode_address(octets[1:]) == address


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.binary(max_size=40))
def test_any_octets_are_read_or_refused_and_can_be_sent_back(octets: bytes) -> None:
    try:
        address = decode_address(octets)
    except MessageError:
        return
    sent_back = decode_address(encode_address(address)[1:])
    assert sent_back.digits in (address.digits, address.digits + "0")
