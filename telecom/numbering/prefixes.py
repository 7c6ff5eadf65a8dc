"""Longest prefix match over digits: routes, number ranges, global titles."""

from collections.abc import Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class PrefixTable(Generic[T]):
    """Maps prefixes to values and finds the longest prefix of some digits: one look-up a length."""

    def __init__(self, entries: Iterable[tuple[str, T]] = ()) -> None:
        """Take prefixes and values; raises `ValueError` for one prefix with two values."""
        self._values: dict[str, T] = {}
        for prefix, value in entries:
            if self._values.setdefault(prefix, value) != value:
                raise ValueError(f"the prefix {prefix!r} leads to two places")
        self._lengths = sorted({len(prefix) for prefix in self._values}, reverse=True)

    def __len__(self) -> int:
        """Return how many prefixes there are."""
        return len(self._values)

    def find(self, digits: str) -> T | None:
        """Return the value of the longest prefix that the digits begin with, or None."""
        match = self.match(digits)
        return None if match is None else match[1]

    def match(self, digits: str) -> tuple[str, T] | None:
        """Return the longest prefix that the digits begin with, and its value, or None."""
        values = self._values
        for length in self._lengths:
            prefix = digits[:length]
            if prefix in values and len(prefix) == length:
                return prefix, values[prefix]
        return None
