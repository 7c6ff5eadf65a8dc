"""A few at a time, and the others in turns: who asks for much waits for itself alone."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class TooManyWaiting(Exception):
    """So many wait, and no other for whom more do than for this one."""


class Turns:
    """`at_once` go on at a time and `most` wait; one who waits for each in turn is next.

    Where one too many waits, the last of whom most wait for has to go.
    """

    def __init__(self, at_once: int, most: int) -> None:
        self._free = at_once
        self._most = most
        self._waiting = 0
        self._queues: dict[Hashable, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def turn(self, whom: Hashable) -> AsyncIterator[None]:
        """Have a turn once it is there; raises `TooManyWaiting`."""
        await self._wait(whom)
        try:
            yield
        finally:
            self._next()

    async def _wait(self, whom: Hashable) -> None:
        if self._free:
            self._free -= 1
            return
        self._make_room(whom)
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(whom, deque()).append(mine)
        self._waiting += 1
        try:
            await mine
        except asyncio.CancelledError:
            if not mine.cancelled():  # it was its turn just then
                self._next()
            raise

    def _make_room(self, whom: Hashable) -> None:
        if self._waiting < self._most:
            return
        longest = max(self._queues, key=lambda each: len(self._queues[each]), default=whom)
        if len(self._queues.get(longest, ())) <= len(self._queues.get(whom, ())) + 1:
            raise TooManyWaiting(f"{self._waiting} wait")
        last = self._queues[longest].pop()
        self._waiting -= 1
        if not last.done():
            last.set_exception(TooManyWaiting("others wait for less"))

    def _next(self) -> None:
        """Give the turn that is over to the next, if anybody waits."""
        while self._queues:
            whom = next(iter(self._queues))
            queue = self._queues.pop(whom)
            first = queue.popleft()
            self._waiting -= 1
            if queue:
                self._queues[whom] = queue  # behind all others
            if not first.done():
                first.set_result(None)
                return
        self._free += 1
