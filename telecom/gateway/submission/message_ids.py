"""Message ids as ESMEs see them: each account has a form for responses, and one for receipts."""

import re
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from telecom.gateway.access.account import IdFormat

_DIGITS: Final = 20
"""Hexadecimal digits of an id, see `telecom.store.node.MessageIds`."""
_HEXADECIMAL: Final = re.compile(rf"0*([0-9A-Fa-f]{{1,{_DIGITS}}})")
_DECIMAL: Final = re.compile(r"[0-9]{1,65}")


class IdForms(msgspec.Struct, frozen=True, gc=False):
    """The form of ids in responses to submits, and in receipts."""

    response: IdFormat = IdFormat.HEXADECIMAL
    receipt: IdFormat = IdFormat.HEXADECIMAL


def written(message_id: str, form: IdFormat) -> str:
    """Return a message id as an ESME gets it."""
    return message_id if form is IdFormat.HEXADECIMAL else str(int(message_id, 16))


def read(octets: bytes, forms: IdForms) -> tuple[str, ...]:
    """Return the ids that an ESME may mean, the likeliest first; none for what is none of ours."""
    text = octets.decode("latin-1")
    found = (_READ[form](text) for form in (forms.response, forms.receipt))
    return tuple(dict.fromkeys(message_id for message_id in found if message_id))


def _of_hexadecimal(text: str) -> str:
    """Return the id; who has read it as a number writes no leading zeros."""
    match = _HEXADECIMAL.fullmatch(text)
    return match[1].lower().zfill(_DIGITS) if match else ""


def _of_decimal(text: str) -> str:
    digits = f"{int(text):0{_DIGITS}x}" if _DECIMAL.fullmatch(text) else ""
    return digits if len(digits) == _DIGITS else ""


_READ: Final[Mapping[IdFormat, Callable[[str], str]]] = {
    IdFormat.HEXADECIMAL: _of_hexadecimal,
    IdFormat.DECIMAL: _of_decimal,
}
