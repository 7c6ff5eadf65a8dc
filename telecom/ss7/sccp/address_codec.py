"""Called and calling party addresses as octets: Q.713 3.4."""

from functools import lru_cache
from typing import Final

from telecom.ss7.sccp.address import GlobalTitle, GlobalTitleIndicator, SccpAddress
from telecom.ss7.sccp.errors import LocalError, MessageError
from telecom.wire import SEMI_OCTETS, Reader, WireError, decode_semi_octets, encode_semi_octets

CACHED_ADDRESSES: Final = 16_384
"""How many addresses are kept coded, each way: nodes are few, and subscribers come again."""

LONGEST_ADDRESS: Final = 32
"""Octets; many more than any numbering plan needs, and few enough that an answer can carry it."""

_PC_PRESENT: Final = 0x01
_SSN_PRESENT: Final = 0x02
_ROUTE_ON_SSN: Final = 0x40
_PC_BITS: Final = 0x3FFF
_ODD: Final = 0x80
_BCD_ODD: Final = 1
_BCD_EVEN: Final = 2

# which parts each global title indicator has, Q.713 figures 6 to 9
_WITH_TT: Final = frozenset((2, 3, 4))
_WITH_NP: Final = frozenset((3, 4))
_WITH_NAI: Final = frozenset((1, 4))


@lru_cache(CACHED_ADDRESSES)
def decode_address(octets: bytes) -> SccpAddress:
    """Read the value of an address parameter; raise `MessageError`."""
    if len(octets) > LONGEST_ADDRESS:
        raise MessageError(f"an address of {len(octets)} octets")
    reader = Reader(octets)
    try:
        indicator = reader.u8()
        pc = None
        if indicator & _PC_PRESENT:
            pc = int.from_bytes(reader.take(2), "little") & _PC_BITS
        ssn = reader.u8() if indicator & _SSN_PRESENT else None
        gt = _decode_global_title(indicator >> 2 & 0x0F, reader)
    except WireError as error:
        raise MessageError(f"an address ends too early: {error}") from None
    return SccpAddress(gt=gt, ssn=ssn, pc=pc, route_on_gt=not indicator & _ROUTE_ON_SSN)


def _decode_global_title(indicator: int, reader: Reader) -> GlobalTitle | None:
    if indicator == GlobalTitleIndicator.NONE:
        return None
    if indicator > GlobalTitleIndicator.TRANSLATION_TYPE_NUMBERING_PLAN_NATURE:
        raise MessageError(f"global title indicator {indicator}")
    tt = reader.u8() if indicator in _WITH_TT else None
    np = nai = None
    is_odd = False
    if indicator in _WITH_NP:
        octet = reader.u8()
        np, is_odd = octet >> 4, octet & 0x0F == _BCD_ODD
    if indicator in _WITH_NAI:
        octet = reader.u8()
        nai = octet & 0x7F
        is_odd = is_odd or (indicator == GlobalTitleIndicator.NATURE_OF_ADDRESS and octet >= _ODD)
    return GlobalTitle(_decode_digits(reader.rest(), is_odd), indicator, tt, np, nai)


def _decode_digits(octets: bytes, is_odd: bool) -> str:
    if not is_odd or not octets:
        return decode_semi_octets(octets)
    return decode_semi_octets(octets[:-1] + bytes((octets[-1] | 0xF0,)))


@lru_cache(CACHED_ADDRESSES)
def encode_address(address: SccpAddress) -> bytes:
    """Return the value of an address parameter, with its length before it; raise `LocalError`.

    With the indicator 2 nothing says that the count of digits is odd: the peer sees a 0 more.
    """
    gt = address.gt
    indicator = 0 if address.route_on_gt else _ROUTE_ON_SSN
    octets = b""
    if address.pc is not None:
        indicator |= _PC_PRESENT
        octets += (address.pc & _PC_BITS).to_bytes(2, "little")
    try:
        if address.ssn is not None:
            indicator |= _SSN_PRESENT
            octets += bytes((address.ssn,))
        if gt is not None:
            indicator |= gt.indicator << 2
            octets += _encode_global_title(gt)
        value = bytes((indicator,)) + octets
    except (TypeError, ValueError) as error:  # None, or more than an octet holds
        raise LocalError(f"an address cannot be coded: {error}") from error
    if len(value) > LONGEST_ADDRESS:
        raise LocalError(f"an address of {len(value)} octets, {LONGEST_ADDRESS} at most are sent")
    return bytes((len(value),)) + value


def _encode_global_title(gt: GlobalTitle) -> bytes:
    indicator, is_odd = gt.indicator, len(gt.digits) % 2
    if not 0 < indicator <= GlobalTitleIndicator.TRANSLATION_TYPE_NUMBERING_PLAN_NATURE:
        raise ValueError(f"global title indicator {indicator}")
    parts: list[int | None] = []
    if indicator in _WITH_TT:
        parts.append(gt.tt)
    if indicator in _WITH_NP:
        parts.append((gt.np or 0) << 4 | (_BCD_ODD if is_odd else _BCD_EVEN))
    if indicator in _WITH_NAI:
        mark = _ODD if is_odd and indicator == GlobalTitleIndicator.NATURE_OF_ADDRESS else 0
        parts.append((gt.nai or 0) | mark)
    filled = gt.digits + SEMI_OCTETS[0] * is_odd
    return bytes(parts) + encode_semi_octets(filled)  # type: ignore[arg-type]  # None is refused
