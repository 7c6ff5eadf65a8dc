"""Addresses of short message entities, 3GPP TS 23.040 9.1.2.5, as in SMPP 3.4 5.2.5 and 5.2.6."""

from enum import IntEnum
from functools import lru_cache
from typing import Final

import msgspec

from telecom.sms.alphabets import (
    AlphabetError,
    decode_gsm7,
    encode_gsm7,
    pack_septets,
    unpack_septets,
)
from telecom.sms.errors import FailureCause, SmsError
from telecom.wire import WireError, decode_semi_octets, encode_semi_octets

MAX_VALUE_OCTETS: Final = 10
"""The octets of an address value, TS 23.040 9.1.2.5: 20 digits, or 11 characters."""


class AddressError(SmsError):
    """An address that TS 23.040 cannot carry, or octets that are no address."""

    failure_cause = FailureCause.INVALID_SME_ADDRESS


class TypeOfNumber(IntEnum):
    """TS 23.040 9.1.2.5; the same codes in SMPP, 5.2.5."""

    UNKNOWN = 0
    INTERNATIONAL = 1
    NATIONAL = 2
    NETWORK_SPECIFIC = 3
    SUBSCRIBER = 4
    ALPHANUMERIC = 5
    ABBREVIATED = 6
    RESERVED = 7


class NumberingPlanIndicator(IntEnum):
    """TS 23.040 9.1.2.5; the same codes in SMPP, 5.2.6."""

    UNKNOWN = 0
    ISDN = 1
    DATA = 3
    TELEX = 4
    SC_SPECIFIC_5 = 5
    SC_SPECIFIC_6 = 6
    NATIONAL = 8
    PRIVATE = 9
    ERMES = 10
    INTERNET = 14
    WAP_CLIENT_ID = 18


class Address(msgspec.Struct, frozen=True, gc=False):
    """An address: digits as `telecom.wire.SEMI_OCTETS` spells them, or text when alphanumeric."""

    digits: str
    ton: int = TypeOfNumber.INTERNATIONAL
    npi: int = NumberingPlanIndicator.ISDN

    @classmethod
    def alphanumeric(cls, text: str) -> "Address":
        """Return the address that is a name, such as a sender's brand."""
        return cls(text, TypeOfNumber.ALPHANUMERIC, NumberingPlanIndicator.UNKNOWN)


@lru_cache(maxsize=4096)
def encode_address(address: Address) -> bytes:
    """Return a TP-address: length in useful semi-octets, type of address, value (9.1.2.5).

    Raises `AddressError` for what has no such coding or is longer than 20 semi-octets.
    """
    if not (0 <= address.ton <= 7 and 0 <= address.npi <= 15):
        raise AddressError(f"no type of address has TON {address.ton} and NPI {address.npi}")
    try:
        length, value = _encode_value(address)
    except (AlphabetError, WireError) as error:
        raise AddressError(str(error)) from None
    if len(value) > MAX_VALUE_OCTETS:
        raise AddressError(f"{address.digits!r} is too long for an address")
    return bytes((length, 0x80 | address.ton << 4 | address.npi)) + value


def _encode_value(address: Address) -> tuple[int, bytes]:
    if address.ton == TypeOfNumber.ALPHANUMERIC:
        septets = encode_gsm7(address.digits)
        return -(-len(septets) * 7 // 4), pack_septets(septets)
    return len(address.digits), encode_semi_octets(address.digits)


def decode_address(octets: bytes, offset: int = 0) -> tuple[Address, int]:
    """Return the TP-address that begins at `offset`, and the offset behind it.

    Raises `AddressError` when it is cut short or longer than 20 semi-octets.
    """
    if len(octets) < offset + 2:
        raise AddressError("an address has two octets at least")
    length, kind = octets[offset], octets[offset + 1]
    start = offset + 2
    end = start + (length + 1) // 2
    if length > MAX_VALUE_OCTETS * 2 or end > len(octets):
        raise AddressError(f"an address of {length} semi-octets, {len(octets) - start} octets left")
    value = octets[start:end]
    ton = kind >> 4 & 7
    if ton == TypeOfNumber.ALPHANUMERIC:
        digits = decode_gsm7(unpack_septets(value, length * 4 // 7))
    else:
        digits = decode_semi_octets(value)[:length]
    return Address(digits, ton, kind & 15), end
