"""Micro-batches: what comes in while the event loop turns goes to Redis in one call."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class MicroBatch(Generic[T]):
    """Collects what is added in one turn of the loop and hands it to `flush` as one list.

    One flush runs at a time, in order, with `limit` items at most; what is added meanwhile
    makes the next one. When a flush raises, `failed` is told its items and the exception, and
    the next batch goes on. `len()` is how many items wait for their flush.
    """

    def __init__(
        self,
        flush: Callable[[list[T]], Awaitable[object]],
        limit: int,
        *,
        failed: Callable[[list[T], Exception], None],
    ) -> None:
        self._flush = flush
        self._limit = limit
        self._failed = failed
        self._items: list[T] = []
        self._running: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._items)

    def add(self, item: T) -> None:
        """Add an item; it leaves with the rest of this turn of the loop."""
        self._items.append(item)
        if self._running is None:
            # a task's first step comes after this turn, when all of the turn has been added
            self._running = asyncio.get_running_loop().create_task(self._run())

    async def drain(self) -> None:
        """Wait until all that was added has been flushed."""
        while self._running is not None:
            await asyncio.wait([self._running])

    async def _run(self) -> None:
        try:
            while self._items:
                batch, self._items = self._items[: self._limit], self._items[self._limit :]
                await self._flush_one(batch)
        finally:
            self._running = None

    async def _flush_one(self, batch: list[T]) -> None:
        try:
            await self._flush(batch)
        except Exception as error:  # noqa: BLE001 - each item's owner must hear of any failure
            self._failed(batch, error)
