"""International numbers, ITU-T E.164: at most 15 digits, the country code first."""

from functools import lru_cache
from typing import Final

_SEPARATORS: Final = str.maketrans("", "", " \t-./()\N{NO-BREAK SPACE}")
_SHORTEST: Final = 7
_LONGEST: Final = 15


class NumberError(ValueError):
    """The text is no international number."""


def is_e164(digits: str) -> bool:
    """Return whether these are the digits of an international number: 7 to 15, none a prefix."""
    return (
        _SHORTEST <= len(digits) <= _LONGEST
        and digits.isdecimal()
        and digits.isascii()
        and digits[0] != "0"
    )


def normalise(number: str) -> str:
    """Return the digits of an international number as people write it: "+44 (7700) 900-123".

    A plus sign or the prefix 00 may lead. Raises `NumberError` for what is none.
    """
    compact = number.translate(_SEPARATORS)
    digits = compact.removeprefix("+") if compact[:1] == "+" else compact.removeprefix("00")
    if not is_e164(digits):
        raise NumberError(f"{number!r} is no international number")
    return digits


@lru_cache(maxsize=4096)
def country_of(msisdn: str) -> str | None:
    """Return the country of a number, ISO 3166-1 alpha-2, or None where it has none."""
    import phonenumbers  # noqa: PLC0415 - its tables are slow to load, and few processes ask

    try:
        number = phonenumbers.parse(f"+{msisdn}")
    except phonenumbers.NumberParseException:
        return None
    region = phonenumbers.region_code_for_number(number)
    if region is None and number.country_code is not None:
        region = phonenumbers.region_code_for_country_code(number.country_code)
    return region if region and len(region) == 2 and region.isalpha() and region != "ZZ" else None
