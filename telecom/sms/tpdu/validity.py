"""How long a message is worth delivering: TP-VPF and TP-VP, 3GPP TS 23.040 9.2.3.3 and 9.2.3.12."""

from bisect import bisect_left
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

import msgspec

from telecom.sms.tpdu.errors import TpduError
from telecom.sms.tpdu.time_stamp import (
    NUMBER_OF,
    OCTET_OF,
    TIME_STAMP_SIZE,
    decode_time_stamp,
    encode_time_stamp,
)
from telecom.wire import Reader


class ValidityPeriodFormat(IntEnum):
    """TP-VPF, 9.2.3.3."""

    NOT_PRESENT = 0
    ENHANCED = 1
    RELATIVE = 2
    ABSOLUTE = 3


class EnhancedFormat(IntEnum):
    """How an enhanced validity period is told, 9.2.3.12.3."""

    NOT_PRESENT = 0
    RELATIVE = 1
    SECONDS = 2
    CLOCK = 3


class EnhancedValidityPeriod(msgspec.Struct, frozen=True, gc=False):
    """A validity period in the enhanced format; `single_shot` asks for one attempt only."""

    format: EnhancedFormat = EnhancedFormat.NOT_PRESENT
    period: timedelta = timedelta(0)
    single_shot: bool = False


ValidityPeriod = timedelta | datetime | EnhancedValidityPeriod
"""Relative (rounded up to what can be told, 63 weeks at most), absolute (aware), or enhanced."""

_ENHANCED_SIZE: Final = 7
_SINGLE_SHOT: Final = 0x40


def _relative(value: int) -> timedelta:
    """Return what a TP-VP in the relative format means, 9.2.3.12.1."""
    if value <= 143:
        return timedelta(minutes=5 * (value + 1))
    if value <= 167:
        return timedelta(hours=12, minutes=30 * (value - 143))
    return timedelta(days=value - 166) if value <= 196 else timedelta(weeks=value - 192)


_RELATIVE: Final = tuple(_relative(value) for value in range(256))


def validity_period_format(period: ValidityPeriod | None) -> ValidityPeriodFormat:
    """Return the TP-VPF of a validity period."""
    match period:
        case None:
            return ValidityPeriodFormat.NOT_PRESENT
        case timedelta():
            return ValidityPeriodFormat.RELATIVE
        case datetime():
            return ValidityPeriodFormat.ABSOLUTE
        case EnhancedValidityPeriod():
            return ValidityPeriodFormat.ENHANCED


def encode_validity_period(period: ValidityPeriod | None) -> bytes:
    """Return TP-VP, no octet for None; raises `TpduError` for what its format cannot tell."""
    match period:
        case None:
            return b""
        case timedelta():
            return _encode_relative(period)
        case datetime():
            return encode_time_stamp(period)
        case EnhancedValidityPeriod():
            value = _ENCODE_ENHANCED[period.format](period.period)
            indicator = period.format | (_SINGLE_SHOT if period.single_shot else 0)
            return bytes((indicator,)) + value.ljust(_ENHANCED_SIZE - 1, b"\0")


def read_validity_period(reader: Reader, vpf: int) -> ValidityPeriod | None:
    """Read the TP-VP that a TP-VPF announces; raises `WireError` when it is cut short."""
    match vpf:
        case ValidityPeriodFormat.RELATIVE:
            return _RELATIVE[reader.u8()]
        case ValidityPeriodFormat.ABSOLUTE:
            return decode_time_stamp(reader.take(TIME_STAMP_SIZE))
        case ValidityPeriodFormat.ENHANCED:
            return _decode_enhanced(reader.take(_ENHANCED_SIZE))
        case _:
            return None


def _encode_relative(period: timedelta) -> bytes:
    return bytes((min(bisect_left(_RELATIVE, period), len(_RELATIVE) - 1),))


def _encode_seconds(period: timedelta) -> bytes:
    seconds = -(-period // timedelta(seconds=1))
    if not 1 <= seconds <= 255:
        raise TpduError(f"{seconds} seconds are not 1 to 255")
    return bytes((seconds,))


def _encode_clock(period: timedelta) -> bytes:
    minutes, seconds = divmod(-(-period // timedelta(seconds=1)), 60)
    hours, minutes = divmod(minutes, 60)
    if not 0 <= hours <= 99:
        raise TpduError(f"{hours} hours are not 0 to 99")
    return bytes((OCTET_OF[hours], OCTET_OF[minutes], OCTET_OF[seconds]))


def _encode_nothing(_: timedelta) -> bytes:
    return b""


_ENCODE_ENHANCED: Final = {
    EnhancedFormat.NOT_PRESENT: _encode_nothing,
    EnhancedFormat.RELATIVE: _encode_relative,
    EnhancedFormat.SECONDS: _encode_seconds,
    EnhancedFormat.CLOCK: _encode_clock,
}


def _decode_enhanced(octets: bytes) -> EnhancedValidityPeriod:
    """Read the functionality indicator and its value; a reserved format tells no period."""
    single_shot = bool(octets[0] & _SINGLE_SHOT)
    match octets[0] & 7:
        case EnhancedFormat.RELATIVE:
            told = EnhancedFormat.RELATIVE, _RELATIVE[octets[1]]
        case EnhancedFormat.SECONDS:
            told = EnhancedFormat.SECONDS, timedelta(seconds=octets[1])
        case EnhancedFormat.CLOCK:
            hours, minutes, seconds = [NUMBER_OF[octet] for octet in octets[1:4]]
            period = timedelta(hours=hours, minutes=minutes, seconds=seconds)
            told = EnhancedFormat.CLOCK, period
        case _:
            told = EnhancedFormat.NOT_PRESENT, timedelta(0)
    return EnhancedValidityPeriod(*told, single_shot)
