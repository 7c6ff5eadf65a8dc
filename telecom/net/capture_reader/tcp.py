"""One direction of a TCP connection, its segments put in order: RFC 9293 3.4."""

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Final

from telecom.net.capture_reader.framing import Framed, Framing

MOST_AHEAD: Final = 256 * 1024
"""Octets that wait for a lost segment; with more, what it held is given up."""

_OVERHEAD: Final = 128
"""What a waiting segment costs beside its octets."""
_U32: Final = 1 << 32
_HALF: Final = 1 << 31


class TcpFlow:
    """Yields messages as segments come, whatever their order and however often."""

    def __init__(self) -> None:
        self._framing = Framing()
        self._expected: int | None = None
        self._ahead: list[tuple[int, bytes]] = []  # a heap; positions grow beyond 32 bits
        self._ahead_held = 0

    @property
    def held(self) -> int:
        """What the flow keeps in memory, in octets."""
        return self._framing.held + self._ahead_held

    def segment(self, sequence: int, data: bytes, *, syn: bool = False) -> Iterator[Framed]:
        """Take a segment; without a SYN before it, the first one begins the flow."""
        if syn:
            yield from self.flush()
            self._expected = sequence = (sequence + 1) % _U32
        if not data:
            return
        if self._expected is None:
            self._expected = sequence
        distance = (sequence - self._expected + _HALF) % _U32 - _HALF
        heappush(self._ahead, (self._expected + distance, data))
        self._ahead_held += len(data) + _OVERHEAD
        yield from self._in_order(self._expected)
        while self._ahead_held > MOST_AHEAD:
            yield from self._skip()

    def flush(self) -> Iterator[Framed]:
        """Yield what waits for octets that will not come."""
        while self._ahead:
            yield from self._skip()
        yield from self._framing.end()

    def _skip(self) -> Iterator[Framed]:
        """Give up the octets up to the next segment that is there."""
        yield from self._framing.end()
        yield from self._in_order(self._ahead[0][0])

    def _in_order(self, expected: int) -> Iterator[Framed]:
        while self._ahead and self._ahead[0][0] <= expected:
            position, data = heappop(self._ahead)
            self._ahead_held -= len(data) + _OVERHEAD
            fresh = data[expected - position :]  # none of a retransmission
            expected += len(fresh)
            self._expected = expected
            yield from self._framing.feed(fresh)
        self._expected = expected
