"""The component portion of a TCAP message, Q.773 3.3: components to octets and back."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from telecom.ss7.ber import (
    INTEGER,
    NULL,
    OBJECT_IDENTIFIER,
    SEQUENCE,
    BerError,
    ObjectIdentifier,
    decode_integer,
    decode_oid,
    encode,
    encode_integer,
    encode_oid,
    read,
)
from telecom.ss7.tcap.messages import UndecodableComponent, WireComponent
from telecom.ss7.tcap.primitives import (
    Component,
    Invoke,
    Problem,
    Reject,
    ReturnError,
    ReturnResultLast,
    ReturnResultNotLast,
)

COMPONENT_PORTION: Final = 0x6C
INVOKE: Final = 0xA1
RETURN_RESULT_LAST: Final = 0xA2
RETURN_ERROR: Final = 0xA3
REJECT: Final = 0xA4
RETURN_RESULT_NOT_LAST: Final = 0xA7
_LINKED_ID: Final = 0x80
_PROBLEM_KINDS: Final = range(0x80, 0x84)
_NO_INVOKE_ID: Final = encode(NULL, b"")

_INTEGERS: Final = {n: encode(INTEGER, encode_integer(n)) for n in range(-128, 256)}
"""Invoke ids, operation codes and error codes, as they mostly are."""


class _ComponentError(Exception):
    """Why a component is to be rejected."""

    def __init__(self, problem: Problem = Problem.MISTYPED_COMPONENT) -> None:
        super().__init__(problem)
        self.problem = problem


def decode_components(data: bytes, start: int, end: int) -> tuple[WireComponent, ...]:
    """Decode what the component portion holds; what cannot be is an `UndecodableComponent`.

    Nothing after a badly structured component can be trusted, so it is the last.
    """
    components: list[WireComponent] = []
    problem = None
    while start < end and problem != Problem.BADLY_STRUCTURED_COMPONENT:
        tag, invoke_id, problem = 0, None, None
        try:
            tag, offset, stop, start = read(data, start, end)
            invoke_id, offset = _read_invoke_id(data, offset, stop)
            decoder = _DECODERS.get(tag, _unrecognized)
            components.append(decoder(data, invoke_id, offset, stop))
        except BerError:
            problem = Problem.BADLY_STRUCTURED_COMPONENT
        except _ComponentError as error:
            problem = error.problem
        if problem is not None:
            components.append(UndecodableComponent(tag, invoke_id, problem))
    return tuple(components)


def _read_invoke_id(data: bytes, start: int, end: int) -> tuple[int | None, int]:
    """Read an invoke id, -128 to 127, or the NULL that a reject may have in its place."""
    tag, value, stop, offset = read(data, start, end)
    if tag == INTEGER and stop - value == 1:
        octet = data[value]
        return (octet if octet < 0x80 else octet - 0x100), offset
    if tag == NULL and stop == value:
        return None, offset
    raise _ComponentError


def _unrecognized(_data: bytes, _invoke_id: int | None, _start: int, _end: int) -> WireComponent:
    raise _ComponentError(Problem.UNRECOGNIZED_COMPONENT)


def _decode_invoke(data: bytes, invoke_id: int | None, start: int, end: int) -> Invoke:
    if invoke_id is None:
        raise _ComponentError
    linked_id = None
    if data[start : start + 1] == b"\x80":
        _, value, stop, start = read(data, start, end)
        linked_id = decode_integer(data, value, stop)
    opcode, start = _read_code(data, start, end)
    return Invoke(invoke_id, opcode, _parameter(data, start, end), linked_id)


def _result_decoder(
    of: type[ReturnResultLast] | type[ReturnResultNotLast],
) -> Callable[[bytes, int | None, int, int], WireComponent]:
    def decode(data: bytes, invoke_id: int | None, start: int, end: int) -> WireComponent:
        if invoke_id is None:
            raise _ComponentError
        if start == end:
            return of(invoke_id)
        tag, start, stop, following = read(data, start, end)
        if tag != SEQUENCE or following != end:
            raise _ComponentError
        opcode, start = _read_code(data, start, stop)
        return of(invoke_id, opcode, _parameter(data, start, stop))

    return decode


def _decode_error(data: bytes, invoke_id: int | None, start: int, end: int) -> ReturnError:
    if invoke_id is None:
        raise _ComponentError
    code, start = _read_code(data, start, end)
    return ReturnError(invoke_id, code, _parameter(data, start, end))


def _decode_reject(data: bytes, invoke_id: int | None, start: int, end: int) -> Reject:
    tag, value, stop, following = read(data, start, end)
    if tag not in _PROBLEM_KINDS or stop - value != 1 or following != end:
        raise _ComponentError
    return Reject(invoke_id, tag << 8 | data[value])


def _read_code(data: bytes, start: int, end: int) -> tuple[int | ObjectIdentifier, int]:
    """Read an operation or error code: an INTEGER if it is local, else an OBJECT IDENTIFIER."""
    if start >= end:
        raise _ComponentError
    tag, value, stop, following = read(data, start, end)
    if tag == INTEGER:
        return decode_integer(data, value, stop), following
    if tag == OBJECT_IDENTIFIER:
        return decode_oid(data, value, stop), following
    raise _ComponentError


def _parameter(data: bytes, start: int, end: int) -> bytes | None:
    """Return the one encoded value that is left, if there is one."""
    if start == end:
        return None
    if read(data, start, end)[3] != end:
        raise _ComponentError
    return data[start:end]


_DECODERS: Final[dict[int, Callable[[bytes, int | None, int, int], WireComponent]]] = {
    INVOKE: _decode_invoke,
    RETURN_RESULT_LAST: _result_decoder(ReturnResultLast),
    RETURN_RESULT_NOT_LAST: _result_decoder(ReturnResultNotLast),
    RETURN_ERROR: _decode_error,
    REJECT: _decode_reject,
}


def encode_components(components: Iterable[Component]) -> bytes:
    """Encode components, one after the other, without the tag of the component portion."""
    return b"".join([_ENCODERS[type(component)](component) for component in components])


def _encode_invoke(component: Invoke) -> bytes:
    value = _INTEGERS[component.invoke_id]
    if component.linked_id is not None:
        value += encode(_LINKED_ID, encode_integer(component.linked_id))
    value += _encode_code(component.opcode)
    if component.parameter is not None:
        value += component.parameter
    return encode(INVOKE, value)


def _encode_result(tag: int, component: ReturnResultLast | ReturnResultNotLast) -> bytes:
    value = _INTEGERS[component.invoke_id]
    if component.opcode is not None:
        value += encode(SEQUENCE, _encode_code(component.opcode) + (component.parameter or b""))
    return encode(tag, value)


def _encode_error(component: ReturnError) -> bytes:
    value = _INTEGERS[component.invoke_id] + _encode_code(component.error_code)
    return encode(RETURN_ERROR, value + (component.parameter or b""))


def _encode_reject(component: Reject) -> bytes:
    invoke_id = component.invoke_id
    value = _NO_INVOKE_ID if invoke_id is None else _INTEGERS[invoke_id]
    kind, code = divmod(component.problem, 0x100)
    return encode(REJECT, value + encode(kind, bytes((code,))))


def _encode_code(code: int | ObjectIdentifier) -> bytes:
    if isinstance(code, int):
        return _INTEGERS.get(code) or encode(INTEGER, encode_integer(code))
    return encode(OBJECT_IDENTIFIER, encode_oid(code))


_ENCODERS: Final[dict[type[Component], Callable[[Any], bytes]]] = {
    Invoke: _encode_invoke,
    ReturnResultLast: lambda component: _encode_result(RETURN_RESULT_LAST, component),
    ReturnResultNotLast: lambda component: _encode_result(RETURN_RESULT_NOT_LAST, component),
    ReturnError: _encode_error,
    Reject: _encode_reject,
}
