"""Reads the declarations: what each element of a SEQUENCE or CHOICE is, by its annotation."""

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from telecom.ss7 import ber
from telecom.ss7.map.declarations import (
    Bare,
    Choice,
    Context,
    Mandatory,
    Primitive,
    ReceivedAs,
    Sequence,
    Versions,
)

MarkerT = TypeVar("MarkerT")
Declared = type[Sequence] | type[Choice]

_CONTEXT_SPECIFIC: Final = 0x80
_MANY: Final = 0x1F
"""A context-specific number from here on does not fit the first octet of its tag."""


class Element(msgspec.Struct, frozen=True):
    """One declared line, understood: what it is called, what it is, how it is tagged and when."""

    name: str
    type: Primitive | Declared
    optional: bool
    default: object
    number: int | None
    received_as: int | None
    versions: Versions
    mandatory_since: int | None
    bare: tuple[int, ...]

    @property
    def constructed(self) -> bool:
        """Whether the value holds others."""
        return not isinstance(self.type, Primitive)

    @property
    def tags(self) -> tuple[int, ...]:
        """Every tag the element may come with, the one it is written with first."""
        if self.number is not None:
            tags = [context_tag(self.number, constructed=self.constructed)]
        elif isinstance(self.type, Primitive):
            tags = [self.type.tag]
        elif issubclass(self.type, Sequence):
            tags = [ber.SEQUENCE]
        else:
            tags = list(alternatives(self.type))
        if self.received_as is not None:
            tags.append(context_tag(self.received_as, constructed=self.constructed))
        return tuple(tags)


def context_tag(number: int, *, constructed: bool = False) -> int:
    """Make a context-specific tag as `ber` has them."""
    first = _CONTEXT_SPECIFIC | (ber.CONSTRUCTED if constructed else 0)
    return first | number if number < _MANY else (first | _MANY) << 8 | number


def elements(declared: Declared) -> tuple[Element, ...]:
    """Read the declaration of a SEQUENCE or CHOICE."""
    hints = get_type_hints(declared, include_extras=True)
    return tuple(_element(field, hints[field.name]) for field in msgspec.structs.fields(declared))


def _element(field: msgspec.structs.FieldInfo, hint: object) -> Element:
    declared, markers, optional = _take_apart(hint)
    primitive = _marker(markers, Primitive)
    context = _marker(markers, Context)
    received_as = _marker(markers, ReceivedAs)
    mandatory = _marker(markers, Mandatory)
    bare = _marker(markers, Bare)
    return Element(
        field.name,
        primitive or declared,
        optional or not field.required,
        None if field.required else field.default,
        context.number if context else None,
        received_as.number if received_as else None,
        _marker(markers, Versions) or Versions(),
        mandatory.first if mandatory else None,
        bare.versions if bare else (),
    )


def _take_apart(hint: object) -> tuple[Any, list[object], bool]:
    """Split an annotation into the Python type, all markers on it, and whether None is allowed."""
    markers: list[object] = []
    optional = False
    while (origin := get_origin(hint)) in (Annotated, Union, UnionType):
        if origin is Annotated:
            hint, *more = get_args(hint)
            markers += more
        else:
            optional = True
            hint = next(arm for arm in get_args(hint) if arm is not type(None))
    return hint, markers, optional


def _marker(markers: list[object], kind: type[MarkerT]) -> MarkerT | None:
    return next((marker for marker in markers if isinstance(marker, kind)), None)


def alternatives(choice: type[Choice]) -> Iterator[int]:
    """Name the tag of every alternative of a CHOICE."""
    for element in elements(choice):
        yield from element.tags
    if choice.NONE_SET is not None:
        yield context_tag(choice.NONE_SET[0].number)
