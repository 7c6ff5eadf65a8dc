"""Primitive MAP values to octets and back, 3GPP TS 29.002 17.7.8: contents only, no tags."""

from typing import Final

from telecom.ss7.ber import BerError
from telecom.ss7.map.enumerations import MwStatus
from telecom.ss7.map.messages import AddressString
from telecom.wire import decode_semi_octets, encode_semi_octets

MAX_ADDRESS_OCTETS: Final = 20
"""maxAddressLength; longer ISDN addresses than the specification's 9 octets are understood."""

FEWEST_DIGITS: Final = 5
"""What a TBCD-STRING of three octets has, the shortest that there is (an IMSI, 17.7.8)."""

_NO_EXTENSION: Final = 0x80
_FIRST_OCTETS: Final = {
    (nai, npi): bytes((_NO_EXTENSION | nai << 4 | npi,)) for nai in range(8) for npi in range(16)
}
_MW_STATUS_BITS: Final = 6


def encode_address(address: AddressString) -> bytes:
    """Encode an AddressString: nature and numbering plan, then the digits."""
    return _FIRST_OCTETS[address.nai, address.npi] + encode_semi_octets(address.digits)


def decode_address(data: bytes, start: int, end: int) -> AddressString:
    """Decode an AddressString; raises `BerError` when it is empty or too long."""
    if not 0 < end - start <= MAX_ADDRESS_OCTETS:
        raise BerError(f"an address of {end - start} octets at octet {start}")
    first = data[start]
    return AddressString(decode_semi_octets(data[start + 1 : end]), first >> 4 & 7, first & 15)


def decode_digits(octets: bytes) -> str:
    """Decode a TBCD-STRING; raises `BerError` where fillers leave less than could be sent on."""
    digits = decode_semi_octets(octets)
    if len(digits) < FEWEST_DIGITS:
        raise BerError(f"{len(digits)} digits in {len(octets)} octets")
    return digits


def encode_mw_status(status: int) -> bytes:
    """Encode MW-Status, a BIT STRING of at least six bits, X.690 8.6."""
    count = max(_MW_STATUS_BITS, status.bit_length())
    octets = -(-count // 8)
    bits = int(f"{status:0{octets * 8}b}"[::-1], 2)
    return bytes((octets * 8 - count,)) + bits.to_bytes(octets, "big")


def decode_mw_status(data: bytes, start: int, end: int) -> MwStatus:
    """Decode MW-Status: bit 0 is the first on the wire, and unused bits count for nothing."""
    unused = data[start]
    bits = int.from_bytes(data[start + 1 : end], "big")
    size = (end - start - 1) * 8
    if unused > min(7, size):
        raise BerError(f"{unused} unused bits of {size} at octet {start}")
    return MwStatus(int(f"{bits >> unused << unused:0{size}b}"[::-1], 2))
