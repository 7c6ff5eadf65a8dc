"""The delivery worker: takes messages from the queue and holds them until their attempt ends."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import msgspec

from telecom.gateway.clock import Clock
from telecom.gateway.delivery.attempt import BEFORE_THE_GATE, Attempt, Stage
from telecom.gateway.delivery.settlement import Settlement
from telecom.gateway.outage import repeat, wait
from telecom.net.tasks import spawn
from telecom.router.routes import Route, Routes
from telecom.store.messages import MessageQueue
from telecom.store.records import Taken

_TAKE: Final = 500


class Pace(msgspec.Struct, frozen=True):
    """How often the worker does what, in seconds.

    It waits `block` for messages that are queued, queues every `release` those that have come
    due, and renews its hold on what it has taken every `renewal`. What nobody has renewed for
    `orphaned` was a dead node's, and is taken over.
    """

    block: float = 0.25
    release: float = 0.25
    renewal: float = 5.0
    orphaned: float = 20.0


class Worker:
    """Makes attempts at the messages it takes, `limit` at most at a time.

    `begin` sends an attempt the way of its route; `overdue` gets messages that an upstream has
    had for too long, with the route that they have now.
    """

    def __init__(
        self,
        queue: MessageQueue,
        settlement: Settlement,
        *,
        begin: Callable[[Attempt], None],
        overdue: Callable[[Taken, Route | None], None],
        routes: Routes,
        node: str,
        limit: int,
        flush: Callable[[], None],
        clock: Clock,
        pace: Pace,
    ) -> None:
        self._queue = queue
        self._settlement = settlement
        self._begin_attempt = begin
        self._overdue = overdue
        self._routes = routes
        self._node = node
        self._limit = limit
        self._flush = flush
        self._clock = clock
        self._pace = pace
        self._attempts: dict[str, Attempt] = {}
        self._again: dict[str, Taken] = {}
        self._room = asyncio.Event()
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._taking: asyncio.Task[None] | None = None
        self._is_outage = False
        self._made = 0

    @property
    def in_flight(self) -> int:
        """How many attempts are under way."""
        return len(self._attempts)

    def start(self) -> None:
        """Begin to take messages."""
        self._taking = self._repeat(self._take, "take", until=self._stopping)
        self._tasks = [
            self._taking,
            self._repeat(self._renew, "renew", until=self._ended),
            self._repeat(self._release_due, "release", until=self._stopping),
        ]

    def _repeat(
        self, step: Callable[[], Awaitable[object]], name: str, *, until: asyncio.Event
    ) -> asyncio.Task[None]:
        return spawn(repeat(step, name=name, until=until), name=f"worker {name}")

    async def stop(self, *, grace: float) -> None:
        """Take no more, and give what is under way `grace` seconds; the rest stays in Redis.

        What has no routing information yet is given back at once, for another node.
        """
        self._stopping.set()
        self._room.set()
        for attempt in list(self._attempts.values()):
            if attempt.stage is Stage.ROUTING:
                self._settlement.give_back(attempt)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self._until_idle()
        self._ended.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _until_idle(self) -> None:
        if self._taking is not None:
            await asyncio.wait([self._taking])  # what it takes at last is given back as well
        while self._attempts:
            self._room.clear()
            await self._room.wait()

    def released(self, attempt: Attempt) -> None:
        """Forget an attempt: it is on record, or another node's to make."""
        message_id = attempt.message.id
        if self._attempts.get(message_id) is attempt:
            del self._attempts[message_id]
        self._room.set()
        again = self._again.pop(message_id, None)
        if again is not None:
            self._begin([again], held_at=self._clock.monotonic())

    def alerted(self, msisdn: str) -> None:
        """Remember for what is under way that its number can be reached again."""
        for attempt in self._attempts.values():
            if attempt.msisdn == msisdn:
                attempt.alerted = True

    async def hold(self, attempts: list[Attempt]) -> list[Attempt]:
        """Return those that are this node's still, and stay so while they go on.

        No node takes over what was renewed lately, so only what was not has to be asked for.
        """
        fresh = self._clock.monotonic() - self._pace.orphaned / 2
        stale = [attempt for attempt in attempts if attempt.held_at < fresh]
        if stale:
            await self._renew_hold(stale)
        return [attempt for attempt in attempts if attempt.stage is not Stage.ABANDONED]

    async def _take(self) -> None:
        room = self._limit - len(self._attempts)
        if room <= 0:
            self._room.clear()
            await self._room.wait()
            return
        asked_at = self._clock.monotonic()
        taken = await self._queue.take(self._node, count=min(room, _TAKE), block=self._pace.block)
        self._begin(taken, held_at=asked_at)

    async def _renew(self) -> None:
        """Renew the hold on what is under way, and take over what a dead node held.

        Right after an outage of Redis nobody takes over: the others could not renew theirs.
        """
        after_outage, self._is_outage = self._is_outage, True
        await wait(self._ended, 0 if after_outage else self._pace.renewal)
        await self._renew_hold(list(self._attempts.values()))
        if after_outage:
            await self._queue.depth()  # it is back, or this fails again
        else:
            await self._claim()
        self._is_outage = False

    async def _claim(self) -> None:
        room = self._limit - len(self._attempts)
        if room > 0 and not self._stopping.is_set():
            now = self._clock.monotonic()
            claimed = await self._queue.claim(self._node, idle=self._pace.orphaned, count=room)
            self._begin(claimed, held_at=now)

    async def _renew_hold(self, attempts: list[Attempt]) -> None:
        now = self._clock.monotonic()
        renewed = await self._queue.renew(self._node, [attempt.taken for attempt in attempts])
        for attempt, is_ours in zip(attempts, renewed, strict=True):
            if is_ours:
                attempt.held_at = now
            elif attempt.stage in BEFORE_THE_GATE:
                attempt.stage = Stage.ABANDONED
                self.released(attempt)

    async def _release_due(self) -> None:
        await wait(self._stopping, self._pace.release)
        await self._queue.release_due(self._clock.wall())

    def _begin(self, taken: Iterable[Taken], *, held_at: float) -> None:
        for item in taken:
            attempt = self._attempts.get(item.message.id)
            if attempt is None:
                self._begin_one(item, held_at)
            elif attempt.taken.entry != item.entry:
                # put off and queued again, before this node heard that the one is on record
                self._again[item.message.id] = item
        self._flush()

    def _begin_one(self, taken: Taken, held_at: float) -> None:
        message = taken.message
        route = self._routes.find(message.destination)
        if message.is_upstream:
            self._overdue(taken, route)
            return
        if route is None:
            self._settlement.unroutable(taken)
            return
        if message.expires_at <= self._clock.wall():
            self._settlement.expired(taken)
            return
        self._made += 1
        attempt = Attempt(
            taken,
            route,
            calling_gt=_calling_gt(route),
            authorisation=f"{message.id}.{self._node}.{self._made}",
            held_at=held_at,
            began=self._clock.monotonic(),
        )
        self._attempts[message.id] = attempt
        if self._stopping.is_set():
            self._settlement.give_back(attempt)
        elif message.schedule_at is not None and message.schedule_at > self._clock.wall():
            self._settlement.put_off(attempt, message.schedule_at)  # replace_sm said so
        else:
            self._begin_attempt(attempt)


def _calling_gt(route: Route) -> str:
    """Return the GT that an attempt is made from; to an upstream it is made from none."""
    if route.kind == "smpp":
        return ""
    return route.calling_gt(random.random())  # noqa: S311  it spreads load
