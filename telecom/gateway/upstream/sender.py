"""Submits messages to one upstream as fast as its window and its rate allow.

A message is this node's while it waits for its turn here, at most about a second; what there is
no room for goes back to Redis until there should be, so that an upstream that is slow or away
takes no room from what goes other ways.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import structlog

from telecom.gateway.clock import Clock
from telecom.gateway.delivery.attempt import Attempt, Stage
from telecom.gateway.delivery.settlement import Settlement
from telecom.gateway.metrics import Metrics
from telecom.gateway.outage import repeat, wait
from telecom.gateway.upstream.bind import UpstreamBind
from telecom.gateway.upstream.settings import Upstream
from telecom.gateway.upstream.submit import submit_sm
from telecom.net.tasks import spawn
from telecom.router.failures import Cause
from telecom.smpp.errors import LinkClosedError, NoResponseError, SmppError
from telecom.smpp.pdus import Pdu, SubmitSmResp
from telecom.smpp.status import CommandStatus
from telecom.store.limits import Bucket, Demand, RateLimits

_BURST_SECONDS: Final = 0.1
"""How much of its rate an idle upstream is sent at once."""
_BACKLOG_SECONDS: Final = 1.0
"""How much of its rate waits for its turn in this node, if the node has so much room for it."""
_SHORTEST_WAIT: Final = 0.01
"""Seconds until the rate is asked again that had nothing left."""
_PAUSE: Final = 1.0
"""Seconds without a submit after the upstream has said ESME_RTHROTTLED."""

_CAUSES: Final[tuple[tuple[type[SmppError], Cause], ...]] = (
    (NoResponseError, Cause.TIMEOUT),
    (LinkClosedError, Cause.ABORTED),
    (SmppError, Cause.REJECTED),
)
"""Why there is no response, the first that fits."""

Hold = Callable[[list[Attempt]], Awaitable[list[Attempt]]]
"""Returns those of some attempts that are this node's still."""

_log = structlog.get_logger("telecom.gateway.upstream")


class Sender:
    """Sends the attempts of one upstream; `accepted` gets each with the id of its part.

    At most `room` of them wait here.
    """

    def __init__(
        self,
        settings: Upstream,
        binds: list[UpstreamBind],
        settlement: Settlement,
        *,
        room: int,
        limits: RateLimits,
        hold: Hold,
        accepted: Callable[[Attempt, str], None],
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._binds = binds
        self._settlement = settlement
        self._limits = limits
        self._hold = hold
        self._accepted = accepted
        self._metrics = metrics
        self._clock = clock
        self._bucket = Bucket(
            f"upstream:{settings.name}", settings.rate, max(1.0, settings.rate * _BURST_SECONDS)
        )
        self._until_next = min(max(1 / settings.rate, _SHORTEST_WAIT), _PAUSE)
        self._backlog = max(1, min(room, int(settings.rate * _BACKLOG_SECONDS)))
        self._queue: deque[Attempt] = deque()
        self._next_turn = 0.0
        self._pause_until = 0.0
        self._is_closed = False
        self._news = asyncio.Event()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._seconds = metrics.upstream_seconds.labels(settings.name)

    @property
    def is_bound(self) -> bool:
        """Whether there is a bind to send over."""
        return any(bind.is_bound and bind.transmits for bind in self._binds)

    def start(self) -> None:
        """Begin to send."""
        name = f"submit to {self._settings.name}"
        self._task = spawn(repeat(self._send_some, name=name, until=self._stopping), name=name)

    def close(self) -> None:
        """Send no next part: a node which stops would not see the end of it."""
        self._is_closed = True

    async def stop(self) -> None:
        """Send no more."""
        self._stopping.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def take(self, attempt: Attempt) -> None:
        """Send an attempt in its turn, or put it off."""
        if not self.is_bound:
            self._not_bound(attempt)
        elif len(self._queue) >= self._backlog:
            self._put_off(attempt)
        else:
            self._queue.append(attempt)
            self._news.set()

    def take_first(self, attempt: Attempt) -> None:
        """Send an attempt before the others: the next part of one that has been under way."""
        if self._is_closed:
            self._settlement.give_back(attempt)
            return
        attempt.stage = Stage.ROUTING
        self._queue.appendleft(attempt)
        self.wake()

    def wake(self) -> None:
        """Look again: there may be room, or no bind any more."""
        self._news.set()
        self._let_go()

    def _let_go(self) -> None:
        """Put off what waits, if there is no bind to send it over."""
        if not self.is_bound:
            waiting, self._queue = self._queue, deque()
            for attempt in _still_ours(waiting):
                self._not_bound(attempt)

    def _not_bound(self, attempt: Attempt) -> None:
        self._settlement.upstream_failed(attempt, Cause.REFUSED, has_left=False)

    def _put_off(self, attempt: Attempt) -> None:
        """Have it come back when the rate has a turn for it."""
        now = self._clock.wall()
        self._next_turn = max(self._next_turn, now + _BACKLOG_SECONDS) + 1 / self._settings.rate
        self._settlement.put_off(attempt, self._next_turn)

    async def _send_some(self) -> None:
        room = min(sum(bind.room for bind in self._binds), len(self._queue))
        if room == 0:
            self._news.clear()
            self._let_go()  # what came back to the queue after the last bind went
            await self._news.wait()
            return
        pause = self._pause_until - self._clock.monotonic()
        if pause > 0:
            await wait(self._stopping, min(pause, _PAUSE))
            return
        chosen = [self._queue.popleft() for _ in range(room)]
        sent = 0
        try:
            chosen = await self._hold(self._in_time(chosen))
            granted = await self._grant(len(chosen))
            for attempt in chosen[:granted]:
                sent += 1
                await self._send(attempt)
        finally:
            self._queue.extendleft(reversed(chosen[sent:]))
        if sent < len(chosen):
            await wait(self._stopping, self._until_next)

    async def _grant(self, count: int) -> int:
        """Return how many of so many the rate, that all nodes share, allows now."""
        if count == 0:
            return 0
        (granted,) = await self._limits.grant([Demand((self._bucket,), count)], self._clock.wall())
        return granted

    def _in_time(self, attempts: list[Attempt]) -> list[Attempt]:
        now = self._clock.wall()
        held = _still_ours(attempts)
        for attempt in held:
            if attempt.message.expires_at <= now:
                self._settlement.ran_out(attempt)
        return _still_ours(held)

    async def _send(self, attempt: Attempt) -> None:
        if attempt.stage is not Stage.ROUTING:
            return  # given back meanwhile, or another node's
        attempt.stage = Stage.FORWARDED
        bind = max(self._binds, key=lambda bind: bind.room)
        began = self._clock.monotonic()
        try:
            answered = await bind.send(submit_sm(attempt.message, now=self._clock.wall()))
        except LinkClosedError:
            self._not_bound(attempt)
        except Exception:  # noqa: BLE001 - those behind it must leave
            _log.exception("message_cannot_be_sent", message=attempt.message.id)
            self._settlement.upstream_failed(attempt, Cause.REJECTED)
        else:
            answered.add_done_callback(partial(self._answered, attempt, began))

    def _answered(self, attempt: Attempt, began: float, answered: asyncio.Future[Pdu]) -> None:
        self._news.set()
        if answered.cancelled():
            return  # the node ends; the message stays in Redis
        self._seconds.observe(self._clock.monotonic() - began)
        error = answered.exception()
        if error is not None:
            self._unanswered(attempt, error)
            return
        response = answered.result()
        status = response.command_status
        if status == CommandStatus.ESME_ROK and isinstance(response, SubmitSmResp):
            self._metrics.count("upstream", "accepted")
            self._accepted(attempt, response.message_id.decode("latin-1"))
            return
        if status == CommandStatus.ESME_RTHROTTLED:
            self._pause_until = self._clock.monotonic() + _PAUSE
        self._settlement.upstream_failed(attempt, Cause.ERROR, number=status)

    def _unanswered(self, attempt: Attempt, error: BaseException) -> None:
        """End an attempt of which nobody knows whether the upstream has taken it."""
        cause = next((cause for kind, cause in _CAUSES if isinstance(error, kind)), Cause.REJECTED)
        if self._settings.retry_unanswered:
            self._settlement.upstream_failed(attempt, cause)
        else:
            self._settlement.upstream_unknown(attempt, cause)


def _still_ours(attempts: "deque[Attempt] | list[Attempt]") -> list[Attempt]:
    return [attempt for attempt in attempts if attempt.stage is Stage.ROUTING]
