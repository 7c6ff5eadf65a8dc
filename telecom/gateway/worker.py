"""The delivery worker: takes messages from the queue and holds them until their attempt ends."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import structlog
from redis.exceptions import RedisError

from telecom.gateway.attempt import Attempt
from telecom.gateway.clock import Clock
from telecom.gateway.routing import Routing
from telecom.gateway.settlement import Settlement
from telecom.net.tasks import spawn
from telecom.router.routes import Routes
from telecom.store.messages import MessageQueue
from telecom.store.records import Taken

_TAKE: Final = 500
_BLOCK: Final = 1.0
_PAUSE: Final = 0.5
_RENEWAL: Final = 5.0
"""How often the node renews its hold on what it has taken, seconds."""
_ORPHANED: Final = 20.0
"""How long a dead node's messages wait for another to take them over, seconds."""
_RELEASE: Final = 0.25
"""How often deferred messages that have come due are queued again, seconds."""

_log = structlog.get_logger("telecom.gateway.worker")


class Worker:
    """Makes attempts at the messages it takes, `limit` at most at a time."""

    def __init__(
        self,
        queue: MessageQueue,
        routing: Routing,
        settlement: Settlement,
        *,
        routes: Routes,
        node: str,
        limit: int,
        flush: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._queue = queue
        self._routing = routing
        self._settlement = settlement
        self._routes = routes
        self._node = node
        self._limit = limit
        self._flush = flush
        self._clock = clock
        self._attempts: dict[str, Attempt] = {}
        self._room = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._made = 0

    @property
    def in_flight(self) -> int:
        """How many attempts are under way."""
        return len(self._attempts)

    def start(self) -> None:
        """Begin to take messages."""
        loops = {"take": self._take, "renew": self._renew, "release": self._release_due}
        self._tasks = [spawn(loop(), name=f"worker {name}") for name, loop in loops.items()]

    async def stop(self, *, grace: float) -> None:
        """Take no more, and give what is under way `grace` seconds; the rest stays in Redis."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        deadline = self._clock.monotonic() + grace
        while self._attempts and (left := deadline - self._clock.monotonic()) > 0:
            self._room.clear()
            try:
                await asyncio.wait_for(self._room.wait(), left)
            except TimeoutError:
                break

    def released(self, attempt: Attempt) -> None:
        """Forget an attempt: it is on record, or another node's to make."""
        self._attempts.pop(attempt.message.id, None)
        self._room.set()

    def lost(self, attempts: Iterable[Attempt], error: Exception) -> None:
        """Forget attempts that Redis would not decide about; they are taken again later."""
        _log.warning("attempts_given_up", error=str(error))
        for attempt in attempts:
            self.released(attempt)

    def alerted(self, msisdn: str) -> None:
        """Remember for what is under way that its number can be reached again."""
        for attempt in self._attempts.values():
            if attempt.msisdn == msisdn:
                attempt.alerted = True

    async def _take(self) -> None:
        while True:
            room = self._limit - len(self._attempts)
            if room <= 0:
                self._room.clear()
                await self._room.wait()
                continue
            await self._surviving_redis(self._take_some, min(room, _TAKE))

    async def _take_some(self, count: int) -> None:
        self._begin(await self._queue.take(self._node, count=count, block=_BLOCK))

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(_RENEWAL)
            await self._surviving_redis(self._keep_and_claim)

    async def _keep_and_claim(self) -> None:
        await self._queue.renew(self._node, [attempt.taken for attempt in self._attempts.values()])
        room = self._limit - len(self._attempts)
        if room > 0:
            self._begin(await self._queue.claim(self._node, idle=_ORPHANED, count=room))

    async def _release_due(self) -> None:
        while True:
            await asyncio.sleep(_RELEASE)
            await self._surviving_redis(self._queue.release_due, self._clock.wall())

    async def _surviving_redis(
        self, step: Callable[..., Awaitable[object]], *arguments: object
    ) -> None:
        try:
            await step(*arguments)
        except RedisError as error:
            _log.warning("redis_down", error=str(error), retry_in=_PAUSE)
            await asyncio.sleep(_PAUSE)

    def _begin(self, taken: Iterable[Taken]) -> None:
        now = self._clock.wall()
        for item in taken:
            if item.message.id not in self._attempts:
                self._begin_one(item, now)
        self._flush()

    def _begin_one(self, taken: Taken, now: float) -> None:
        message = taken.message
        route = self._routes.find(message.destination)
        if route is None:
            self._settlement.unroutable(taken)
            return
        if message.expires_at <= now:
            self._settlement.expired(taken)
            return
        self._made += 1
        attempt = Attempt(
            taken,
            route,
            calling_gt=route.calling_gt(random.random()),  # noqa: S311  it spreads load
            authorisation=f"{message.id}.{self._node}.{self._made}",
            began=self._clock.monotonic(),
        )
        self._attempts[message.id] = attempt
        self._routing.ask(attempt)
