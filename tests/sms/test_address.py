import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecom.sms.address import (
    Address,
    AddressError,
    NumberingPlanIndicator,
    TypeOfNumber,
    decode_address,
    encode_address,
)
from tests.sms.conftest import addresses

VECTORS = [
    (Address("46709876543"), "0b916407896745f3"),
    (Address("1234", TypeOfNumber.NETWORK_SPECIFIC, NumberingPlanIndicator.UNKNOWN), "04b02143"),
    (Address("*100#", TypeOfNumber.UNKNOWN), "05811a00fb"),
    (Address(""), "0091"),
    # useful semi-octets: 5 septets are 35 bits, so 9 of them; 7 are 13, 8 are 14, 11 are 20
    (Address.alphanumeric("Alert"), "09d04176594e07"),
    (Address.alphanumeric("abcdefg"), "0dd061f1985c369f01"),
    (Address.alphanumeric("abcdefgh"), "0ed061f1985c369fd1"),
    (Address.alphanumeric("Abcdefghijk"), "14d041f1985c369fd169f51a"),
]


@pytest.mark.parametrize(("address", "octets"), VECTORS)
def test_addresses_as_on_the_wire(address: Address, octets: str) -> None:
    assert encode_address(address).hex() == octets
    wire = b"\xff" + bytes.fromhex(octets) + b"\xff"
    assert decode_address(wire, 1) == (address, len(wire) - 1)


@given(addresses)
def test_round_trip(address: Address) -> None:
    octets = encode_address(address)
    assert decode_address(octets) == (address, len(octets))


@pytest.mark.parametrize(
    "address",
    [
        Address("+46709876543"),
        Address("1" * 21),
        Address("1", ton=8),
        Address("1", npi=NumberingPlanIndicator.WAP_CLIENT_ID),
        Address("1", ton=-1),
        Address.alphanumeric("twelve chars"),
        Address.alphanumeric("€€€€€€"),
        Address.alphanumeric("Привет"),
    ],
)
def test_addresses_without_a_coding(address: Address) -> None:
    with pytest.raises(AddressError):
        encode_address(address)


@pytest.mark.parametrize("octets", ["", "0b", "0b91640789674", "15911111111111111111111111"])
def test_addresses_cut_short_or_too_long(octets: str) -> None:
    with pytest.raises(AddressError):
        decode_address(bytes.fromhex(octets.ljust(len(octets) + len(octets) % 2, "0"))[:12])


@given(st.binary(max_size=16), st.integers(0, 4))
def test_decodes_or_raises_its_own_error(octets: bytes, offset: int) -> None:
    try:
        address, end = decode_address(octets, offset)
    except AddressError:
        return
    assert offset + 2 <= end <= len(octets)
    if address.ton != TypeOfNumber.ALPHANUMERIC:
        encode_address(address)
