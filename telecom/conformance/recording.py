"""Every octet that a case sends and is sent, with its time."""

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

MOST_OCTETS: Final = 1 << 18
"""How much of a case is kept: a peer may send for as long as it is listened to."""


class Octets(msgspec.Struct, frozen=True):
    """What went over a connection of a case at once; `at` is in seconds from its begin."""

    at: float
    connection: int
    sent: bool
    data: bytes


class Recording:
    """What went over the connections of one case, in order.

    `hidden` is a password: as a field of its own, between NULs, it is kept as asterisks.
    """

    def __init__(self, clock: Callable[[], float], *, hidden: bytes = b"") -> None:
        self._clock = clock
        self._hidden: set[bytes] = set()
        self.hide(hidden)
        self._begin = clock()
        self._entries: list[Octets] = []
        self._room = MOST_OCTETS

    def hide(self, password: bytes) -> None:
        """Keep another password as asterisks, where it has come and where it will."""
        if password:
            self._hidden.add(b"\0" + password + b"\0")

    def add(self, connection: int, data: bytes, *, sent: bool) -> None:
        """Take what was sent or received; beyond the limit nothing more is kept."""
        kept, self._room = data[: self._room], max(0, self._room - len(data))
        if kept:
            self._entries.append(Octets(self._clock() - self._begin, connection, sent, kept))

    @property
    def seconds(self) -> float:
        """How long it has gone on."""
        return self._clock() - self._begin

    def exchange(self) -> tuple[Octets, ...]:
        """Return it all; what one side said in one go on a connection is one entry."""
        return tuple(self._without_password(entry) for entry in self._joined())

    def _without_password(self, entry: Octets) -> Octets:
        data = entry.data
        for hidden in self._hidden:
            data = data.replace(hidden, b"\0" + b"*" * (len(hidden) - 2) + b"\0")
        return entry if data == entry.data else msgspec.structs.replace(entry, data=data)

    def _joined(self) -> Iterator[Octets]:
        held: Octets | None = None
        for entry in self._entries:
            if held is not None:
                if (entry.connection, entry.sent) == (held.connection, held.sent):
                    held = msgspec.structs.replace(held, data=held.data + entry.data)
                    continue
                yield held
            held = entry
        if held is not None:
            yield held
