"""How long to wait before the next attempt to connect."""

import random
from collections.abc import Callable, Iterator

import msgspec


class BackOff(msgspec.Struct, frozen=True):
    """Delays in seconds: twice as long every time, from `first` up to `longest`."""

    first: float = 0.5
    longest: float = 30.0

    def delays(self, jitter: Callable[[], float] = random.random) -> Iterator[float]:
        """Yield the delays, each shortened by up to a half, lest all come at once.

        `jitter` returns what part of that half remains, from 0 to 1.
        """
        delay = self.first
        while True:
            yield delay * (1 + jitter()) / 2
            delay = min(delay * 2, self.longest)
