"""Very many timers of which nearly all are cancelled: those due together share a bucket."""

from heapq import heappop, heappush
from math import ceil
from typing import Final, Generic, TypeVar

K = TypeVar("K")

RESOLUTION: Final = 0.125
"""Seconds between two buckets; a timer runs out so much late at most, and never early."""


class TimerBuckets(Generic[K]):
    """Timers by key; to arm one and to cancel one take the same time however many there are."""

    __slots__ = ("_buckets", "_ticks")

    def __init__(self) -> None:
        self._buckets: dict[int, dict[K, None]] = {}
        self._ticks: list[int] = []

    def arm(self, key: K, due: float) -> int:
        """Let the timer run out at `due` (seconds); returns what `cancel` asks for."""
        tick = ceil(due / RESOLUTION)
        bucket = self._buckets.get(tick)
        if bucket is None:
            bucket = self._buckets[tick] = {}
            heappush(self._ticks, tick)
        bucket[key] = None
        return tick

    def cancel(self, key: K, tick: int) -> None:
        """Stop a timer, unless it ran out already."""
        bucket = self._buckets.get(tick)
        if bucket is not None:
            bucket.pop(key, None)

    def next_due(self) -> float | None:
        """When the next timer runs out, if there is one."""
        while self._ticks:
            tick = self._ticks[0]
            if self._buckets[tick]:
                return tick * RESOLUTION
            del self._buckets[heappop(self._ticks)]
        return None

    def expire(self, now: float) -> list[K]:
        """Return the keys of the timers that have run out, first due first."""
        expired: list[K] = []
        while self._ticks and self._ticks[0] * RESOLUTION <= now:
            expired.extend(self._buckets.pop(heappop(self._ticks)))
        return expired
