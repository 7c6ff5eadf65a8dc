"""Points in time as seven octets of semi-octets, 3GPP TS 23.040 9.2.3.11."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from telecom.sms.tpdu.errors import TpduError

TIME_STAMP_SIZE: Final = 7
_CENTURY: Final = 2000
_MOST_QUARTERS: Final = 79
_MINUS: Final = 0x08


def _number_of(octet: int) -> int:
    """Return the two-digit number in an octet, tens in the low half; no digit is read as 0."""
    tens, units = octet & 15, octet >> 4
    return (tens if tens <= 9 else 0) * 10 + (units if units <= 9 else 0)


NUMBER_OF: Final = tuple(_number_of(octet) for octet in range(256))
OCTET_OF: Final = tuple(number // 10 | number % 10 << 4 for number in range(100))

_ZONE_OF: Final = {timedelta(minutes=15 * n): OCTET_OF[n] for n in range(_MOST_QUARTERS + 1)} | {
    timedelta(minutes=-15 * n): OCTET_OF[n] | _MINUS for n in range(1, _MOST_QUARTERS + 1)
}


def _offset_of(octet: int) -> timedelta:
    quarters = NUMBER_OF[octet & ~_MINUS]
    return timedelta(minutes=-15 * quarters if octet & _MINUS else 15 * quarters)


_TIME_ZONES: Final = tuple(
    timezone(_offset_of(octet)) if _offset_of(octet) else UTC for octet in range(256)
)


def encode_time_stamp(moment: datetime) -> bytes:
    """Return the seven octets of an aware `datetime`: its local time, and its zone in quarters.

    Of the year only two digits are carried; a zone that is no whole quarter is told in UTC.
    Raises `TpduError` for a `datetime` without a zone.
    """
    offset = moment.utcoffset()
    if offset is None:
        raise TpduError("a time stamp needs a time zone")
    zone = _ZONE_OF.get(offset)
    if zone is None:
        zone, moment = 0, moment.astimezone(UTC)
    return bytes(
        (
            OCTET_OF[moment.year % 100],
            OCTET_OF[moment.month],
            OCTET_OF[moment.day],
            OCTET_OF[moment.hour],
            OCTET_OF[moment.minute],
            OCTET_OF[moment.second],
            zone,
        )
    )


def decode_time_stamp(octets: bytes) -> datetime:
    """Return the point in time, in the zone told, that the first seven octets tell.

    A digit that is none is 0 (9.2.3.11), a number out of its range the nearest in it: a bad clock
    is no reason to lose a message. Raises `TpduError` for fewer than seven octets.
    """
    if len(octets) < TIME_STAMP_SIZE:
        raise TpduError(f"a time stamp of {len(octets)} octets")
    zone = _TIME_ZONES[octets[6]]
    year, month, day, hour, minute, second = [NUMBER_OF[octet] for octet in octets[:6]]
    try:
        return datetime(_CENTURY + year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        month = min(max(month, 1), 12)
        day = min(max(day, 1), monthrange(_CENTURY + year, month)[1])
        hour, minute, second = min(hour, 23), min(minute, 59), min(second, 59)
        return datetime(_CENTURY + year, month, day, hour, minute, second, tzinfo=zone)
