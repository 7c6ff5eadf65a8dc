"""Times as an ESME writes them, absolute or relative, SMPP 3.4 7.1.1."""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

_FORMAT: Final = re.compile(r"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d)(\d\d)([-+R])", re.ASCII)
_CENTURY: Final = 2000
_LARGEST_OFFSET: Final = 48
"""Quarters of an hour between a local time and UTC, SMPP 3.4 7.1.1."""
_LONGEST_RELATIVE: Final = 99
"""Days that two digits can tell; months and years are as long as the calendar has them."""


class TimeFormatError(ValueError):
    """A time that SMPP 3.4 7.1.1 does not describe, or a date that no calendar has."""


def parse_time(text: str, now: float) -> float | None:
    """Return a schedule_delivery_time or validity_period in seconds since 1970; None if empty.

    ``YYMMDDhhmmsstnnp`` is a local time with its offset from UTC, ``YYMMDDhhmmss000R`` a time
    from `now` on, in years, months, days, hours, minutes and seconds.
    """
    if not text:
        return None
    match = _FORMAT.fullmatch(text)
    if match is None:
        raise TimeFormatError(f"{text!r} is no time: YYMMDDhhmmsstnnp wanted")
    *parts, tenths, quarters = (int(digits) for digits in match.groups()[:8])
    if match[9] == "R":
        return _after(now, parts)
    if quarters > _LARGEST_OFFSET:
        raise TimeFormatError(f"{text!r}: more than 12 hours from UTC")
    offset = timedelta(minutes=quarters * (15 if match[9] == "+" else -15))
    year, month, day, hour, minute, second = parts
    try:
        local = datetime(
            _CENTURY + year, month, day, hour, minute, second, tenths * 100_000, timezone(offset)
        )
    except ValueError as error:
        raise TimeFormatError(f"{text!r}: {error}") from None
    return local.timestamp()


def relative_time(seconds: float) -> str:
    """Write whole seconds from now on as ``YYMMDDhhmmss000R``, 99 days at most."""
    days, rest = divmod(min(int(seconds), _LONGEST_RELATIVE * 86_400), 86_400)
    hours, rest = divmod(rest, 3600)
    return f"0000{days:02d}{hours:02d}{rest // 60:02d}{rest % 60:02d}000R"


def absolute_time(at: datetime) -> str:
    """Write a time as ``YYMMDDhhmmsstnn+``, in UTC; it has to have a zone."""
    if at.tzinfo is None:
        raise TimeFormatError(f"{at} has no zone: what time it is at the SMSC is unknown")
    utc = at.astimezone(UTC)
    return f"{utc:%y%m%d%H%M%S}{utc.microsecond // 100_000}00+"


def _after(now: float, parts: list[int]) -> float:
    """Add years and months by the calendar (31 January and a month is the last of February)."""
    years, months, days, hours, minutes, seconds = parts
    rest = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if not (years or months):
        return now + rest
    start = datetime.fromtimestamp(now, UTC)
    year, month = divmod((start.year + years) * 12 + start.month - 1 + months, 12)
    day = min(start.day, monthrange(year, month + 1)[1])
    return start.replace(year=year, month=month + 1, day=day).timestamp() + rest
