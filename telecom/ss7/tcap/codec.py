"""TCAP messages to octets and back, Q.773 3.1: the transaction portion and what is in it.

Any basic encoding is understood; what is written is definite and minimal.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import msgspec

from telecom.ss7.ber import (
    BerError,
    decode_integer,
    encode,
    encode_integer,
    read,
    read_header,
)
from telecom.ss7.tcap.component_portion import (
    COMPONENT_PORTION,
    decode_components,
    encode_components,
)
from telecom.ss7.tcap.dialogue_portion import (
    DIALOGUE_PORTION,
    decode_dialogue_portion,
    encode_dialogue_portion,
)
from telecom.ss7.tcap.errors import DialoguePortionError, TransactionPortionError
from telecom.ss7.tcap.messages import (
    Abort,
    Begin,
    Continue,
    DialoguePdu,
    DialoguePortion,
    End,
    Message,
    UndecodableDialogue,
    Unidirectional,
)
from telecom.ss7.tcap.primitives import Component, PAbortCause

OTID: Final = 0x48
DTID: Final = 0x49
P_ABORT_CAUSE: Final = 0x4A
MAX_TRANSACTION_ID_OCTETS: Final = 4
_BADLY_FORMATTED: Final = PAbortCause.BADLY_FORMATTED_TRANSACTION_PORTION


class _Element(msgspec.Struct, frozen=True):
    """One element of a message: its tag, how it is read and written, and if it must be there."""

    tag: int
    field: str
    decode: Callable[[bytes, int, int], Any]
    encode: Callable[[Any], bytes]
    default: Any = None
    mandatory: bool = False


class _IncorrectError(Exception):
    """The transaction portion has not the elements that its message type asks for."""


def _decode_transaction_id(data: bytes, start: int, end: int) -> bytes:
    if not 0 < end - start <= MAX_TRANSACTION_ID_OCTETS:
        raise _IncorrectError(f"a transaction id of {end - start} octets")
    return data[start:end]


def _decode_dialogue(data: bytes, start: int, end: int) -> DialoguePortion:
    try:
        return decode_dialogue_portion(data[start:end])
    except DialoguePortionError as error:
        return UndecodableDialogue(str(error))


def _encode_cause(cause: int | None) -> bytes:
    return b"" if cause is None else encode(P_ABORT_CAUSE, encode_integer(cause))


def _encode_dialogue(dialogue: DialoguePdu | None) -> bytes:
    return b"" if dialogue is None else encode_dialogue_portion(dialogue)


def _encode_component_portion(components: tuple[Component, ...]) -> bytes:
    return encode(COMPONENT_PORTION, encode_components(components)) if components else b""


def _transaction_id(tag: int, field: str) -> _Element:
    return _Element(
        tag, field, _decode_transaction_id, lambda octets: encode(tag, octets), mandatory=True
    )


_OTID: Final = _transaction_id(OTID, "otid")
_DTID: Final = _transaction_id(DTID, "dtid")
_CAUSE: Final = _Element(P_ABORT_CAUSE, "cause", decode_integer, _encode_cause)
_DIALOGUE: Final = _Element(DIALOGUE_PORTION, "dialogue", _decode_dialogue, _encode_dialogue)
_COMPONENTS: Final = _Element(
    COMPONENT_PORTION, "components", decode_components, _encode_component_portion, default=()
)

_LAYOUTS: Final[dict[int, tuple[type[Message], tuple[_Element, ...]]]] = {
    0x61: (Unidirectional, (_DIALOGUE, _COMPONENTS)),
    0x62: (Begin, (_OTID, _DIALOGUE, _COMPONENTS)),
    0x64: (End, (_DTID, _DIALOGUE, _COMPONENTS)),
    0x65: (Continue, (_OTID, _DTID, _DIALOGUE, _COMPONENTS)),
    0x67: (Abort, (_DTID, _CAUSE, _DIALOGUE)),
}
"""Q.773 tables 2 to 6: in every message the elements come in ascending order of their tags."""

_TAGS: Final = {message: (tag, elements) for tag, (message, elements) in _LAYOUTS.items()}


def decode_message(data: bytes) -> Message:
    """Decode a message; what is bad in its later portions is said in their places.

    Raises `TransactionPortionError`, with the transaction ids that could be read nevertheless.
    """
    try:
        tag, start, end, following = read(data, 0, len(data))
        layout = _LAYOUTS.get(tag)
        if layout is None:
            cause, text = PAbortCause.UNRECOGNIZED_MESSAGE_TYPE, f"no message has the tag {tag:#x}"
        elif following != len(data):
            cause, text = _BADLY_FORMATTED, f"the message ends at octet {following} of {len(data)}"
        else:
            return layout[0](*_decode_elements(layout[1], data, start, end=end))
    except BerError as error:
        cause, text = _BADLY_FORMATTED, str(error)
    except _IncorrectError as error:
        cause, text = PAbortCause.INCORRECT_TRANSACTION_PORTION, str(error)
    otid, dtid = read_transaction_ids(data)
    raise TransactionPortionError(text, cause, otid=otid, dtid=dtid)


def _decode_elements(
    elements: tuple[_Element, ...], data: bytes, offset: int, *, end: int
) -> list[Any]:
    values = []
    for element in elements:
        if offset < end and data[offset] == element.tag:
            _, start, stop, offset = read(data, offset, end)
            values.append(element.decode(data, start, stop))
        elif element.mandatory:
            raise _IncorrectError(f"element {element.tag:#x} is missing")
        else:
            values.append(element.default)
    if offset != end:
        raise _IncorrectError(f"octet {offset} starts an element that has no place here")
    return values


def read_transaction_ids(data: bytes) -> tuple[bytes | None, bytes | None]:
    """Read the originating and the destination transaction id of a message that may be broken."""
    found: dict[int, bytes] = {}
    with suppress(BerError, _IncorrectError):
        _, offset, _ = read_header(data, 0, len(data))
        tag, start, end, offset = read(data, offset, len(data))
        while tag in (OTID, DTID):
            found[tag] = _decode_transaction_id(data, start, end)
            tag, start, end, offset = read(data, offset, len(data))
    return found.get(OTID), found.get(DTID)


def encode_message(message: Message) -> bytes:
    """Encode a message; nothing in it may be undecodable."""
    tag, elements = _TAGS[type(message)]
    value = b"".join([element.encode(getattr(message, element.field)) for element in elements])
    return encode(tag, value)
