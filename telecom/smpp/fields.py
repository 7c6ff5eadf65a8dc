"""The kinds of mandatory parameter, SMPP 3.4 3.1, each with the code that reads and writes it.

A kind gives source text: `decoding` reads `frame` at the offset `at`, leaves a variable named
as the field and moves `at` on; `encoding` checks the variable and leaves it ready for its
place in the format of the body. `telecom.smpp.generation` puts the text of a structure together.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from telecom.smpp.status import CommandStatus as Status


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a declaration; `error`, of those that have one, answers a broken value."""

    default: Any

    @property
    def format(self) -> str:
        """The field's place in the `%` format of the body."""
        return "%b"

    def arguments(self, name: str) -> str:
        """Source text of what goes into the format."""
        return name

    def decoding(self, name: str) -> list[str]:
        """Source lines that read the field."""
        raise NotImplementedError

    def encoding(self, name: str) -> list[str]:
        """Source lines that check the field before it is written."""
        raise NotImplementedError


class CString(Field, frozen=True, kw_only=True):
    """A C-octet string of at most `size` octets, or exactly so many; NUL counted."""

    size: int
    error: Status
    fixed: bool = False

    @property
    def format(self) -> str:
        """The octets and the NUL."""
        return "%b\\0"

    def decoding(self, name: str) -> list[str]:
        """Look no further for the NUL than the field may reach."""
        wrong = f"end != at + {self.size - 1}" if self.fixed else "end < 0"
        return [
            "if frame[at]:",
            f"    end = frame.find(0, at, at + {self.size})",
            f"    if {wrong}:",
            f"        raise cut(frame, at + {self.size}, {self.error}, sequence_number, '{name}')",
            f"    {name} = frame[at:end]",
            "    at = end + 1",
            "else:",
            f"    {name} = b''",
            "    at += 1",
        ]

    def encoding(self, name: str) -> list[str]:
        """Refuse what is too long, or has a NUL that would end it early; most are empty."""
        wrong = f"len({name}) {'!=' if self.fixed else '>'} {self.size - 1} or 0 in {name}"
        return [f"if {name} and ({wrong}):", f"    raise bad('{name}', {name})"]


class Integer(Field, frozen=True, kw_only=True):
    """An unsigned integer, big-endian; one octet goes into the format as itself."""

    size: int

    @property
    def format(self) -> str:
        """One octet, or several made beforehand."""
        return "%c" if self.size == 1 else "%b"

    def decoding(self, name: str) -> list[str]:
        """Read several octets, that must all be there; single ones are read with their likes."""
        return [
            f"if at + {self.size} > len(frame):",
            "    raise IndexError",
            f"{name} = int.from_bytes(frame[at:at + {self.size}], 'big')",
            f"at += {self.size}",
        ]

    def encoding(self, name: str) -> list[str]:
        """Leave one octet to the format, which checks it."""
        return [] if self.size == 1 else [f"{name} = {name}.to_bytes({self.size}, 'big')"]


class CountedOctets(Field, frozen=True, kw_only=True):
    """Octets after their count, such as sm_length and short_message, SMPP 3.4 5.2.21."""

    error: Status

    @property
    def format(self) -> str:
        """The count and the octets."""
        return "%c%b"

    def arguments(self, name: str) -> str:
        """Count as they are written; the format checks that the count is an octet."""
        return f"len({name}), {name}"

    def decoding(self, name: str) -> list[str]:
        """Check that the octets are there."""
        return [
            "end = at + 1 + frame[at]",
            "if end > len(frame):",
            f"    raise PduError({self.error}, sequence_number, '{name}')",
            f"{name} = frame[at + 1:end]",
            "at = end",
        ]

    def encoding(self, name: str) -> list[str]:  # noqa: ARG002  the format sees to it
        """Leave the octets as they are."""
        return []


class CountedParts(Field, frozen=True, kw_only=True):
    """Structures after their count: all of one class, or each after a flag that tells its class."""

    classes: Mapping[int | None, type]

    def decoding(self, name: str) -> list[str]:
        """Call the function that knows the classes."""
        return [f"{name}, at = read_{name}(frame, at, sequence_number)"]

    def encoding(self, name: str) -> list[str]:
        """Call the function that knows the classes."""
        return [f"{name} = write_{name}({name})"]


class Rest(Field, frozen=True, kw_only=True):
    """All octets up to the end of an optional parameter, whose own length says how many."""

    def decoding(self, name: str) -> list[str]:
        """Take what is left."""
        return [f"{name} = frame[at:]", "at = len(frame)"]

    def encoding(self, name: str) -> list[str]:  # noqa: ARG002  nothing can be wrong with it
        """Leave the octets as they are."""
        return []


def cstring(size: int, error: Status = Status.ESME_RINVCMDLEN) -> Any:
    """Declare a C-octet string of at most `size` octets with its NUL."""
    return CString(default=b"", error=error, size=size)


def date_time(error: Status) -> Any:
    """Declare a time as SMPP 3.4 7.1.1: empty, or 16 characters and a NUL."""
    return CString(default=b"", error=error, size=17, fixed=True)


def integer(size: int, default: int = 0) -> Any:
    """Declare an unsigned integer of `size` octets."""
    return Integer(default=default, size=size)


def counted_octets(error: Status) -> Any:
    """Declare octets that follow their count, a single octet."""
    return CountedOctets(default=b"", error=error)


def counted(part: type) -> Any:
    """Declare structures of one class that follow their count."""
    return CountedParts(default=(), classes={None: part})


def counted_choice(parts: Mapping[int | None, type]) -> Any:
    """Declare structures of several classes that follow their count, each after its flag."""
    return CountedParts(default=(), classes=parts)


def rest() -> Any:
    """Declare all that is left of an optional parameter."""
    return Rest(default=b"")
