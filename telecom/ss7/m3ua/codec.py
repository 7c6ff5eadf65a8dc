"""Messages to octets and back; the functions are generated from the declarations at import.

A receiver is liberal where RFC 4666 lets it: a parameter that its message does not have is
passed over, and the last one may come without its padding (3.1.4).
"""

import struct
from collections.abc import Callable
from typing import Annotated, Any, Final, NamedTuple, get_args, get_origin, get_type_hints

import msgspec

from telecom.ss7.m3ua.errors import ErrorCode, LocalError, MessageError
from telecom.ss7.m3ua.messages import GROUPS, MESSAGES, Message, ParameterSet
from telecom.ss7.m3ua.parameters import PARAMETER_HEADER, Parameter, ParameterTag

VERSION: Final = 1
"""Release 1.0, RFC 4666 3.1.1."""

HEADER: Final = struct.Struct(">BBBBI")
"""Version, reserved, class, type, length with the header: RFC 4666 3.1."""

LONGEST_MESSAGE: Final = 65_536

_PADDING: Final = (b"", bytes(3), bytes(2), bytes(1))
_MESSAGE_CLASSES: Final = frozenset(message_class for message_class, _ in MESSAGES)

Encoder = Callable[[Any], bytes]
Decoder = Callable[[bytes, int, int], Any]


class _Field(NamedTuple):
    name: str
    parameter: Parameter
    repeated: bool
    required: bool
    absent: str


def _parameter_of(hint: Any) -> tuple[Parameter, bool]:
    """Find the parameter in a field's annotation, and whether it may come several times."""
    if get_origin(hint) is Annotated:
        return hint.__metadata__[0], False
    first = get_args(hint)[0]
    repeated = get_origin(hint) is tuple
    if first in GROUPS:
        return Parameter(GROUPS[first], *_generate(first)), repeated
    return first.__metadata__[0], repeated


def _fields(cls: type[ParameterSet]) -> list[_Field]:
    hints = get_type_hints(cls, include_extras=True)
    fields = []
    for field in msgspec.structs.fields(cls):
        parameter, repeated = _parameter_of(hints[field.name])
        absent = "()" if repeated else repr(None if field.required else field.default)
        fields.append(_Field(field.name, parameter, repeated, field.required, absent))
    return fields


def _encoder_source(fields: list[_Field]) -> list[str]:
    lines = ["def encode(m):", " out = b''"]
    for number, field in enumerate(fields):
        condition = f"for value in m.{field.name}:" if field.repeated else "if True:"
        if not field.repeated:
            lines.append(f" value = m.{field.name}")
            condition = "if True:" if field.required else f"if value != {field.absent}:"
        lines += [
            f" {condition}",
            f"  octets = encode_{number}(value)",
            f"  out += pack({int(field.parameter.tag)}, len(octets) + 4) + octets",
            "  out += padding[len(octets) & 3]",
        ]
    return [*lines, " return out"]


def _decoder_source(fields: list[_Field]) -> list[str]:
    lines = ["def decode(data, offset, end):"]
    lines += [f" f{number} = {field.absent}" for number, field in enumerate(fields)]
    lines += [
        " while offset < end:",
        "  if offset + 4 > end: raise cut()",
        "  tag, length = unpack(data, offset)",
        "  start = offset + 4; stop = offset + length",
        "  if stop < start or stop > end: raise cut()",
    ]
    for number, field in enumerate(fields):
        lines.append(f"  {'el' if number else ''}if tag == {int(field.parameter.tag)}:")
        value = f"decode_{number}(data, start, stop)"
        if field.repeated:
            lines.append(f"   f{number} += ({value},)")
        else:
            lines.append(f"   if f{number} != {field.absent}: raise twice(tag)")
            lines.append(f"   f{number} = {value}")
    lines.append("  offset = stop + (-length & 3)")
    for number, field in enumerate(fields):
        if field.required:
            absent = f"f{number} == {field.absent}"
            lines.append(f" if {absent}: raise missing({int(field.parameter.tag)})")
    arguments = ", ".join(f"{field.name}=f{number}" for number, field in enumerate(fields))
    return [*lines, f" return cls({arguments})"]


def _generate(cls: type[ParameterSet]) -> tuple[Encoder, Decoder]:
    fields = _fields(cls)
    namespace: dict[str, Any] = {
        "cls": cls,
        "pack": PARAMETER_HEADER.pack,
        "unpack": PARAMETER_HEADER.unpack_from,
        "padding": _PADDING,
        "cut": _cut,
        "twice": _twice,
        "missing": _missing,
    }
    for number, field in enumerate(fields):
        namespace[f"encode_{number}"] = field.parameter.encode
        namespace[f"decode_{number}"] = field.parameter.decode
    source = "\n".join([*_encoder_source(fields), *_decoder_source(fields)])
    exec(compile(source, f"<codec of {cls.__name__}>", "exec"), namespace)  # noqa: S102
    return namespace["encode"], namespace["decode"]


def _cut() -> MessageError:
    return MessageError(ErrorCode.PARAMETER_FIELD_ERROR, "a parameter ends after its message")


def _twice(tag: int) -> MessageError:
    return MessageError(ErrorCode.UNEXPECTED_PARAMETER, f"{ParameterTag(tag).name} comes twice")


def _missing(tag: int) -> MessageError:
    return MessageError(ErrorCode.MISSING_PARAMETER, f"{ParameterTag(tag).name} is missing")


_CODECS: Final = {cls: (kind, *_generate(cls)) for kind, cls in MESSAGES.items()}
_DECODERS: Final = {kind: decoder for kind, _, decoder in _CODECS.values()}


def encode(message: Message) -> bytes:
    """Encode a message with its common header; raise `LocalError` if a value does not fit."""
    (message_class, message_type), encoder, _ = _CODECS[type(message)]
    try:
        body = encoder(message)
        return HEADER.pack(VERSION, 0, message_class, message_type, len(body) + 8) + body
    except (struct.error, ValueError) as error:
        raise LocalError(f"{type(message).__name__} does not fit: {error}") from error


def decode(octets: bytes, offset: int = 0, end: int | None = None) -> Message:
    """Decode the one message that is `octets[offset:end]`; raise `MessageError`."""
    stop = len(octets) if end is None else end
    if stop - offset < 8:
        raise MessageError(ErrorCode.PROTOCOL_ERROR, "shorter than a common message header")
    version, _, message_class, message_type, length = HEADER.unpack_from(octets, offset)
    if version != VERSION:
        raise MessageError(ErrorCode.INVALID_VERSION, f"version {version}")
    decoder = _DECODERS.get((message_class, message_type))
    if decoder is None:
        raise _unsupported(message_class, message_type)
    # the last parameter's padding may or may not be counted (3.1.4)
    if not 8 <= length <= stop - offset <= length + 3:
        raise MessageError(ErrorCode.PROTOCOL_ERROR, f"length {length} of {stop - offset} octets")
    message: Message = decoder(octets, offset + 8, offset + length)
    return message


def _unsupported(message_class: int, message_type: int) -> MessageError:
    if message_class in _MESSAGE_CLASSES:
        reason = f"type {message_type} of class {message_class}"
        return MessageError(ErrorCode.UNSUPPORTED_MESSAGE_TYPE, reason)
    return MessageError(ErrorCode.UNSUPPORTED_MESSAGE_CLASS, f"class {message_class}")
