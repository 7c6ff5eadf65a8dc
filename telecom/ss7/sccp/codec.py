"""Messages to octets and back; the functions are generated from the declarations at import."""

from collections.abc import Callable
from typing import Annotated, Any, Final, NamedTuple, get_args, get_origin, get_type_hints

import msgspec

from telecom.ss7.sccp.errors import LocalError, MessageError
from telecom.ss7.sccp.messages import MESSAGES, Fixed, Message, Optional, Variable

Encoder = Callable[[Any], bytes]
Decoder = Callable[[bytes], Any]


class _Field(NamedTuple):
    name: str
    number: int
    kind: Any


class _Layout(NamedTuple):
    """The three parts of a message, Q.713 1.4 to 1.6."""

    fixed: list[_Field]
    variable: list[_Field]
    optional: list[_Field]

    @property
    def first_pointer(self) -> int:
        return 1 + len(self.fixed)

    @property
    def pointers(self) -> int:
        return len(self.variable) + bool(self.optional)


def _layout(cls: type[Message]) -> _Layout:
    layout = _Layout([], [], [])
    parts = {Fixed: layout.fixed, Variable: layout.variable, Optional: layout.optional}
    hints = get_type_hints(cls, include_extras=True)
    for number, field in enumerate(msgspec.structs.fields(cls)):
        hint = hints[field.name]
        annotated = hint if get_origin(hint) is Annotated else get_args(hint)[0]
        (kind,) = annotated.__metadata__
        parts[type(kind)].append(_Field(field.name, number, kind))
    return layout


def _encoder_source(layout: _Layout, message_type: int) -> list[str]:
    lines = ["def encode(m):"]
    header = [str(message_type), *(f"m.{field.name}" for field in layout.fixed)]
    before = ""
    for position, field in enumerate(layout.variable):
        lines.append(f" v{field.number} = encode_{field.number}(m.{field.name})")
        header.append(f"{layout.pointers - position}{before}")
        before += f" + len(v{field.number})"
    if layout.optional:
        lines.append(" optional = b''")
        for field in layout.optional:
            lines += [
                f" if m.{field.name} is not None:",
                f"  value = encode_{field.number}(m.{field.name})",
                f"  optional += bytes(({int(field.kind.tag)}, len(value))) + value",
            ]
        lines.append(" if optional: optional += b'\\0'")
        header.append(f"(1{before}) if optional else 0")
    values = [f"v{field.number}" for field in layout.variable]
    body = " + ".join([*values, "optional"] if layout.optional else values)
    return [*lines, f" return bytes(({', '.join(header)})) + {body}"]


def _decoder_source(layout: _Layout) -> list[str]:
    lines = ["def decode(data):", " end = len(data)"]
    lines += [f" f{field.number} = data[{1 + i}]" for i, field in enumerate(layout.fixed)]
    for position, field in enumerate(layout.variable):
        pointer = layout.first_pointer + position
        lines += [
            f" start = {pointer} + data[{pointer}]",
            " stop = start + 1 + data[start]",
            " if stop > end: raise cut()",
            f" f{field.number} = decode_{field.number}(data[start + 1:stop])",
        ]
    if layout.optional:
        lines += _optional_source(layout)
    fields = sorted([*layout.fixed, *layout.variable, *layout.optional], key=lambda f: f.number)
    return [*lines, f" return cls({', '.join(f'f{field.number}' for field in fields)})"]


def _optional_source(layout: _Layout) -> list[str]:
    pointer = layout.first_pointer + len(layout.variable)
    lines = [f" {' = '.join(f'f{field.number}' for field in layout.optional)} = None"]
    lines += [
        f" start = {pointer} + data[{pointer}]",
        f" while start > {pointer} and data[start]:",
        "  stop = start + 2 + data[start + 1]",
        "  if stop > end: raise cut()",
    ]
    for field in layout.optional:
        lines += [
            f"  if data[start] == {int(field.kind.tag)}:",
            f"   f{field.number} = decode_{field.number}(data[start + 2:stop])",
        ]
    return [*lines, "  start = stop"]


def _cut() -> MessageError:
    return MessageError("a parameter ends after its message")


def _generate(cls: type[Message], message_type: int) -> tuple[Encoder, Decoder]:
    layout = _layout(cls)
    namespace: dict[str, Any] = {"cls": cls, "cut": _cut}
    for field in [*layout.variable, *layout.optional]:
        namespace[f"encode_{field.number}"] = field.kind.encode
        namespace[f"decode_{field.number}"] = field.kind.decode
    source = "\n".join([*_encoder_source(layout, message_type), *_decoder_source(layout)])
    exec(compile(source, f"<codec of {cls.__name__}>", "exec"), namespace)  # noqa: S102
    return namespace["encode"], namespace["decode"]


_CODECS: Final = {cls: _generate(cls, kind) for kind, cls in MESSAGES.items()}
_ENCODERS: Final = {cls: encoder for cls, (encoder, _) in _CODECS.items()}
_DECODERS: Final = {kind: _CODECS[cls][1] for kind, cls in MESSAGES.items()}


def encode(message: Message) -> bytes:
    """Encode a message; raise `LocalError` if a value does not fit."""
    try:
        return _ENCODERS[type(message)](message)
    except (ValueError, IndexError, OverflowError) as error:
        raise LocalError(f"{type(message).__name__} does not fit: {error}") from error


def decode(octets: bytes) -> Message:
    """Decode a message; raise `MessageError`."""
    try:
        decoder = _DECODERS.get(octets[0])
        if decoder is None:
            raise MessageError(f"message type {octets[0]}")
        message: Message = decoder(octets)
    except IndexError:
        raise _cut() from None
    return message
