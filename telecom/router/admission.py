"""Admission: what a submitted message must be to be taken, routed and, later, charged.

A message that fails a check is refused to its sender and costs nothing.
"""

from enum import StrEnum
from typing import Final

import msgspec

from telecom.numbering.e164 import is_e164
from telecom.router.routes import Route, Routes
from telecom.router.times import TimeFormatError, parse_time
from telecom.sms.address import Address, AddressError, TypeOfNumber, encode_address
from telecom.sms.errors import SmsError
from telecom.sms.segmentation import split
from telecom.sms.user_data import UserData

_INTERNATIONAL_ENOUGH: Final = frozenset({TypeOfNumber.UNKNOWN, TypeOfNumber.INTERNATIONAL})
_LARGEST_REFERENCE_8: Final = 0xFF


class Refusal(StrEnum):
    """Why a message is not taken; the names mean what SMPP 3.4 5.1.3 calls them."""

    ACCOUNT_INACTIVE = "account_inactive"
    SERVICE_NOT_ALLOWED = "service_not_allowed"
    INVALID_DESTINATION = "invalid_destination"
    NO_ROUTE = "no_route"
    INVALID_SOURCE = "invalid_source"
    INVALID_MESSAGE_LENGTH = "invalid_message_length"
    INVALID_SCHEDULE = "invalid_schedule"
    INVALID_VALIDITY = "invalid_validity"


class Terms(msgspec.Struct, frozen=True):
    """What an account may do.

    `services` are keys of the catalogue, `sources` the numbers and names that it may send from;
    None is any. Validities are in seconds: that of a message which asks for none, and the
    longest, which is also how far ahead a message may be scheduled.
    """

    active: bool = True
    services: frozenset[str] | None = None
    sources: frozenset[str] | None = None
    default_validity: float = 86_400.0
    max_validity: float = 7 * 86_400.0
    max_segments: int = 16


class Submission(msgspec.Struct, frozen=True):
    """A message as it was submitted; the times are as SMPP 3.4 7.1.1 writes them."""

    service: str
    source: Address
    destination: Address
    user_data: UserData
    validity_period: str = ""
    schedule_delivery_time: str = ""


class Admitted(msgspec.Struct, frozen=True):
    """A message that was taken: from whom, by which route, in which parts, and until when.

    `destination` is the international number, without a sign. Times are in seconds since 1970;
    without a `schedule_at` the message is due at once.
    """

    route: Route
    source: Address
    destination: str
    segments: tuple[UserData, ...]
    expires_at: float
    schedule_at: float | None = None


class Revision(msgspec.Struct, frozen=True):
    """What replace_sm makes of a stored message, SMPP 3.4 4.10; an empty time stays as it was."""

    user_data: UserData
    validity_period: str = ""
    schedule_delivery_time: str = ""


class Revised(msgspec.Struct, frozen=True):
    """A stored message with its new parts and times, as in `Admitted`."""

    segments: tuple[UserData, ...]
    expires_at: float
    schedule_at: float | None


class _RefusedError(Exception):
    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal


def admit(
    submission: Submission, terms: Terms, *, routes: Routes, now: float, reference: int
) -> Admitted | Refusal:
    """Take a submitted message or refuse it; `reference` numbers its parts if it has several.

    A reference above 255 is a 16-bit one. A schedule in the past means at once, a validity
    beyond the longest is cut to that.
    """
    try:
        _check_account(submission, terms)
        number = _destination(submission.destination)
        route = routes.find(number)
        if route is None:
            return Refusal.NO_ROUTE
        source = _source(submission.source, terms)
        segments = _segments(submission.user_data, terms, reference)
        schedule_at = _schedule(submission.schedule_delivery_time, terms, now)
        start = schedule_at or now
        expires_at = _expiry(submission.validity_period, terms, now=now, start=start)
    except _RefusedError as refused:
        return refused.refusal
    return Admitted(route, source, number, segments, expires_at, schedule_at)


def revise(
    revision: Revision,
    terms: Terms,
    *,
    schedule_at: float | None,
    expires_at: float,
    now: float,
    reference: int,
) -> Revised | Refusal:
    """Judge what a stored message with these times is to become, as `admit` does."""
    try:
        segments = _segments(revision.user_data, terms, reference)
        if revision.schedule_delivery_time:
            schedule_at = _schedule(revision.schedule_delivery_time, terms, now)
        start = max(schedule_at or now, now)
        if revision.validity_period:
            expires_at = _expiry(revision.validity_period, terms, now=now, start=start)
    except _RefusedError as refused:
        return refused.refusal
    if expires_at <= start:
        return Refusal.INVALID_SCHEDULE
    return Revised(segments, expires_at, schedule_at)


def _check_account(submission: Submission, terms: Terms) -> None:
    if not terms.active:
        raise _RefusedError(Refusal.ACCOUNT_INACTIVE)
    if terms.services is not None and submission.service not in terms.services:
        raise _RefusedError(Refusal.SERVICE_NOT_ALLOWED)


def _destination(address: Address) -> str:
    """Return the E.164 digits; a national number cannot be told from an international one."""
    number = address.digits.removeprefix("+")
    if address.ton not in _INTERNATIONAL_ENOUGH or not is_e164(number):
        raise _RefusedError(Refusal.INVALID_DESTINATION)
    return number


def without_sign(address: Address) -> Address:
    """Return an address as it is stored: a number without its plus."""
    if address.ton != TypeOfNumber.ALPHANUMERIC and address.digits.startswith("+"):
        return Address(address.digits[1:], address.ton, address.npi)
    return address


def _source(address: Address, terms: Terms) -> Address:
    """Return the name, number or short code that the handset will show."""
    address = without_sign(address)
    is_number = address.ton == TypeOfNumber.ALPHANUMERIC or address.digits.isdigit()
    is_allowed = terms.sources is None or address.digits in terms.sources
    if not (address.digits and is_number and is_allowed):
        raise _RefusedError(Refusal.INVALID_SOURCE)
    try:
        encode_address(address)
    except AddressError:
        raise _RefusedError(Refusal.INVALID_SOURCE) from None
    return address


def _segments(user_data: UserData, terms: Terms, reference: int) -> tuple[UserData, ...]:
    try:
        segments = split(user_data, reference, wide=reference > _LARGEST_REFERENCE_8)
    except SmsError:
        raise _RefusedError(Refusal.INVALID_MESSAGE_LENGTH) from None
    if not user_data.payload or len(segments) > terms.max_segments:
        raise _RefusedError(Refusal.INVALID_MESSAGE_LENGTH)
    return tuple(segments)


def _schedule(text: str, terms: Terms, now: float) -> float | None:
    try:
        schedule_at = parse_time(text, now)
    except TimeFormatError:
        raise _RefusedError(Refusal.INVALID_SCHEDULE) from None
    if schedule_at is None or schedule_at <= now:
        return None
    if schedule_at > now + terms.max_validity:
        raise _RefusedError(Refusal.INVALID_SCHEDULE)
    return schedule_at


def _expiry(text: str, terms: Terms, *, now: float, start: float) -> float:
    try:
        asked = parse_time(text, now)
    except TimeFormatError:
        raise _RefusedError(Refusal.INVALID_VALIDITY) from None
    expires_at = start + terms.default_validity if asked is None else asked
    if expires_at <= start:
        raise _RefusedError(Refusal.INVALID_VALIDITY)
    return min(expires_at, start + terms.max_validity)
