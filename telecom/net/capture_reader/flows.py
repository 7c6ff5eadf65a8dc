"""Every flow of a capture that is kept in mind, within limits of count and memory."""

from collections.abc import Callable, Hashable, Iterator
from typing import Final, Generic, Protocol, TypeVar

from telecom.net.capture_reader.framing import Framed
from telecom.net.capture_reader.messages import Address, CapturedMessage

MOST_FLOWS: Final = 10_000
"""Directions that are kept in mind; the one that was quiet longest makes room."""

MOST_HELD: Final = 64 * 1024 * 1024
"""Octets that wait for others, in all flows together."""


class Flow(Protocol):
    """One direction of a conversation."""

    @property
    def held(self) -> int:
        """What it keeps in memory, in octets."""

    def flush(self) -> Iterator[Framed]:
        """Yield what waits for octets that will not come."""


FlowT = TypeVar("FlowT", bound=Flow)
Ends = tuple[Address, Address]
"""Source and destination."""


class _Entry(Generic[FlowT]):
    """A flow, between whom it is, and when it was last heard of."""

    __slots__ = ("at", "ends", "flow")

    def __init__(self, flow: FlowT, at: float, ends: Ends) -> None:
        self.flow = flow
        self.at = at
        self.ends = ends

    def messages(self, framed: Iterator[Framed]) -> Iterator[CapturedMessage]:
        for protocol, octets in framed:
            yield CapturedMessage(self.at, *self.ends, protocol, octets)


class Flows(Generic[FlowT]):
    """The flows of a transport protocol."""

    def __init__(self, make: Callable[[], FlowT]) -> None:
        self._make = make
        self._entries: dict[Hashable, _Entry[FlowT]] = {}  # quiet longest first
        self._held = 0

    def messages(
        self, key: Hashable, at: float, ends: Ends, *, feed: Callable[[FlowT], Iterator[Framed]]
    ) -> Iterator[CapturedMessage]:
        """Yield what comes out when `feed` gives something to the flow that has this key."""
        entry = self._entries.pop(key, None)
        if entry is None:
            entry = _Entry(self._make(), at, ends)
        self._entries[key] = entry
        entry.at, entry.ends = at, ends
        self._held -= entry.flow.held
        yield from entry.messages(feed(entry.flow))
        self._held += entry.flow.held
        while len(self._entries) > MOST_FLOWS or self._held > MOST_HELD:
            yield from self._forget_one()

    def end(self) -> Iterator[CapturedMessage]:
        """Yield what waits for octets that will not come, of all flows."""
        while self._entries:
            yield from self._forget_one()

    def _forget_one(self) -> Iterator[CapturedMessage]:
        entry = self._entries.pop(next(iter(self._entries)))
        self._held -= entry.flow.held
        yield from entry.messages(entry.flow.flush())
