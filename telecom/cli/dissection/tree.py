"""The tree that a message is shown as, and how values of any protocol become branches of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import Enum, IntEnum
from functools import cache, singledispatch
from typing import Any, Final

import msgspec

Meanings = Mapping[str, Callable[[Any], str | None]]
"""For fields by their names: what tells people what a value means."""

NO_MEANINGS: Final[Meanings] = {}


class Branch(msgspec.Struct, frozen=True):
    """A node of the tree: a message, a parameter with its value, or what is wrong.

    `value` is what JSON has; `meaning` says it in words.
    """

    name: str
    value: Any = None
    meaning: str | None = None
    branches: tuple["Branch", ...] = ()
    faulty: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the node and what is under it as JSON has it."""
        shown: dict[str, Any] = {"name": self.name}
        if self.value is not None:
            shown["value"] = self.value
        if self.meaning is not None:
            shown["meaning"] = self.meaning
        if self.faulty:
            shown["faulty"] = True
        if self.branches:
            shown["branches"] = [branch.as_json() for branch in self.branches]
        return shown

    @property
    def has_fault(self) -> bool:
        """Whether anything in it could not be decoded."""
        return self.faulty or any(branch.has_fault for branch in self.branches)

    def rows(self, first: str = "", others: str = "") -> Iterator[tuple[str, "Branch"]]:
        """Yield each node as it comes in print, with the guides that lead to it."""
        yield first, self
        for left, branch in zip(range(len(self.branches) - 1, -1, -1), self.branches, strict=True):
            guides = ("├── ", "│   ") if left else ("└── ", "    ")
            yield from branch.rows(*[others + guide for guide in guides])


def fault(name: str, reason: object, octets: bytes = b"") -> Branch:
    """Show octets that could not be decoded, and why."""
    return Branch(name, str(reason), branches=tuple(octets_of("octets", octets)), faulty=True)


def octets_of(name: str, octets: bytes) -> Iterator[Branch]:
    """Show octets that are looked into no further, if there are any."""
    if octets:
        yield Branch(name, octets.hex())


def fields(
    message: msgspec.Struct, *, without: Iterable[str] = (), meanings: Meanings = NO_MEANINGS
) -> Iterator[Branch]:
    """Show the fields of a message that say something: not those that are absent."""
    for name, default in _fields_of(type(message)):
        value = getattr(message, name)
        absent = value is None or value == () or (value is False and default is False)
        if not absent and name not in without:
            yield branch_of(value, name, meanings)


@cache
def _fields_of(kind: type[msgspec.Struct]) -> tuple[tuple[str, Any], ...]:
    return tuple((field.name, field.default) for field in msgspec.structs.fields(kind))


def named(enumeration: type[IntEnum]) -> Callable[[int], str | None]:
    """Return what names the values of an enumeration; others have no name."""
    names = {int(member): member.name for member in enumeration}
    return names.get


@singledispatch
def branch_of(value: Any, name: str, meanings: Meanings = NO_MEANINGS) -> Branch:
    """Show a value; types that need a form of their own are registered."""
    meaning = meanings.get(name)
    return Branch(name, value, meaning(value) if meaning else None)


@branch_of.register
def _(value: msgspec.Struct, name: str, meanings: Meanings = NO_MEANINGS) -> Branch:
    return Branch(name, branches=tuple(fields(value, meanings=meanings)))


@branch_of.register
def _(value: tuple, name: str, meanings: Meanings = NO_MEANINGS) -> Branch:  # type: ignore[type-arg]
    meaning = meanings.get(name)
    if meaning is not None:  # only object identifiers have one
        return Branch(name, ".".join(map(str, value)), meaning(value))
    if not all(isinstance(item, msgspec.Struct) for item in value):
        return Branch(name, list(value))
    items = [branch_of(item, type(item).__name__, meanings) for item in value]
    return Branch(name, branches=tuple(items))


@branch_of.register
def _(value: bytes, name: str, _: Meanings = NO_MEANINGS) -> Branch:
    return Branch(name, value.hex())


@branch_of.register
def _(value: Enum, name: str, _: Meanings = NO_MEANINGS) -> Branch:
    return Branch(name, value.value, value.name)


@branch_of.register
def _(value: datetime, name: str, _: Meanings = NO_MEANINGS) -> Branch:
    return Branch(name, value.isoformat())


@branch_of.register
def _(value: timedelta, name: str, _: Meanings = NO_MEANINGS) -> Branch:
    return Branch(name, str(value))
