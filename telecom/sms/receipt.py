"""The text of a delivery receipt, SMPP 3.4 appendix B, as it is written and as it is met."""

import re
from datetime import UTC, datetime
from enum import IntEnum
from typing import Final

import msgspec

from telecom.sms.errors import SmsError


class ReceiptError(SmsError):
    """The text is no delivery receipt: it has none of a receipt's fields."""


class MessageState(IntEnum):
    """The states a receipt tells, by their names in its text; values of message_state, 5.2.28."""

    ENROUTE = 1
    DELIVRD = 2
    EXPIRED = 3
    DELETED = 4
    UNDELIV = 5
    ACCEPTD = 6
    UNKNOWN = 7
    REJECTD = 8


class DeliveryReceipt(msgspec.Struct, frozen=True, gc=False):
    """A delivery receipt; a field that its text lacks is empty or None.

    `id` and `err` are text, whatever they look like: hexadecimal, decimal, leading zeros. The
    dates have no zone in the text: they are written and read as UTC.
    """

    id: str
    stat: MessageState = MessageState.UNKNOWN
    submitted: int | None = None
    delivered: int | None = None
    submit_date: datetime | None = None
    done_date: datetime | None = None
    err: str = ""
    text: str = ""


TEXT_LENGTH: Final = 20
"""How much of the message a receipt repeats, appendix B."""

_DATE: Final = "%y%m%d%H%M"
_CENTURY: Final = {10: "20", 12: "20", 14: ""}
"""By the length of a date: some add the seconds, some also write the year in full."""
_FIELD: Final = re.compile(
    r"\b(id|sub|dlvrd|submit[ _]?date|done[ _]?date|stat|err|text)\s*:", re.IGNORECASE
)
_STATES: Final = {state.name[:5]: state for state in MessageState}


def encode(receipt: DeliveryReceipt) -> bytes:
    """Return the text of a receipt in the order and widths of appendix B.

    It is ASCII, so the same in every default alphabet; other characters become a question mark.
    """
    text = (
        f"id:{receipt.id} sub:{receipt.submitted or 0:03d} dlvrd:{receipt.delivered or 0:03d}"
        f" submit date:{_encode_date(receipt.submit_date)}"
        f" done date:{_encode_date(receipt.done_date)}"
        f" stat:{receipt.stat.name} err:{receipt.err or '000'} text:{receipt.text[:TEXT_LENGTH]}"
    )
    return text.encode("ascii", "replace")


def parse(text: bytes | str) -> DeliveryReceipt:
    """Return the receipt that a text tells: fields in any order and case, or missing.

    Octets are read as Latin-1. Raises `ReceiptError` when there is neither an id nor a state.
    """
    fields = _fields(text if isinstance(text, str) else text.decode("latin-1"))
    if "id" not in fields and "stat" not in fields:
        raise ReceiptError("the text has neither an id nor a state")
    return DeliveryReceipt(
        id=fields.get("id", ""),
        stat=_STATES.get(fields.get("stat", "")[:5].upper(), MessageState.UNKNOWN),
        submitted=_parse_count(fields.get("sub", "")),
        delivered=_parse_count(fields.get("dlvrd", "")),
        submit_date=_parse_date(fields.get("submitdate", "")),
        done_date=_parse_date(fields.get("donedate", "")),
        err=fields.get("err", ""),
        text=fields.get("text", ""),
    )


def _fields(text: str) -> dict[str, str]:
    """Return the fields by their names in lower case without gaps.

    A name counts once, so that what the message itself says ("text:your id:5") stays text.
    """
    found: dict[str, re.Match[str]] = {}
    for match in _FIELD.finditer(text):
        found.setdefault(match[1].lower().replace(" ", "").replace("_", ""), match)
    starts = [match.start() for match in found.values()] + [len(text)]
    return {
        name: text[match.end() : end].strip(" \t\r\n\0,;")
        for (name, match), end in zip(found.items(), starts[1:], strict=True)
    }


def _encode_date(date: datetime | None) -> str:
    return date.astimezone(UTC).strftime(_DATE) if date else "0" * 10


def _parse_date(digits: str) -> datetime | None:
    try:
        written = _CENTURY[len(digits)] + digits
        return datetime.fromisoformat(f"{written[:8]}T{written[8:]}Z")
    except (KeyError, ValueError):
        return None


def _parse_count(digits: str) -> int | None:
    return int(digits) if digits.isdecimal() and len(digits) <= 9 else None
