"""What an upstream has accepted is its own: on record with its id and its charge."""

from collections.abc import Callable
from typing import Final

import msgspec

from telecom.charging.catalogue import SMS_MT
from telecom.charging.events import sms_mt
from telecom.gateway.clock import Clock
from telecom.gateway.delivery.attempt import Attempt, Stage
from telecom.gateway.metrics import Metrics
from telecom.gateway.outage import cannot_fail, until_recorded
from telecom.gateway.upstream.ends import UpstreamEnds, Waiting
from telecom.store.micro_batch import MicroBatch
from telecom.store.records import ENCODE, Taken
from telecom.store.upstream import Accepted, Told, UpstreamMessages

_BATCH: Final = 256


class _Part(msgspec.Struct, frozen=True):
    """An attempt whose part the upstream has accepted; with others left `go_on` sends the next."""

    attempt: Attempt
    accepted: Accepted
    go_on: Callable[[Attempt], None]


class HandOver:
    """Records what upstreams accept; `released` hears of each attempt that has no part left.

    That is recorded however long Redis takes to come back: what were forgotten would go out again.
    """

    def __init__(
        self,
        store: UpstreamMessages,
        ends: UpstreamEnds,
        *,
        released: Callable[[Attempt], None],
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._store = store
        self._ends = ends
        self._released = released
        self._metrics = metrics
        self._clock = clock
        self._parts = MicroBatch(self._record, _BATCH, failed=cannot_fail)

    def accepted(
        self,
        attempt: Attempt,
        upstream_id: str,
        *,
        grace: float,
        go_on: Callable[[Attempt], None],
    ) -> None:
        """Record a part; its receipt is waited for `grace` seconds beyond the validity period."""
        message = attempt.message
        ids = (*message.upstream_ids, upstream_id)
        event = sms_mt(
            message.id,
            len(ids),
            account=message.account,
            operator=attempt.route.operator,
            number=attempt.msisdn,
            at=self._clock.wall(),
        )
        attempt.message = msgspec.structs.replace(message, upstream_ids=ids)
        accepted = Accepted(
            attempt.route.upstream or "",
            attempt.taken,
            attempt.message,
            overdue=message.expires_at + grace,
            events=(ENCODE(event),),
        )
        self._parts.add(_Part(attempt, accepted, go_on))

    async def drain(self) -> None:
        """Wait until everything accepted so far is on record."""
        await self._parts.drain()

    async def _record(self, parts: list[_Part]) -> None:
        accepted = [part.accepted for part in parts]
        now = self._clock.wall()
        told = await until_recorded(lambda: self._store.accepted(accepted, now))
        self._metrics.billable_events.labels(SMS_MT).inc(len(parts))
        over = []
        for part, early in zip(parts, told, strict=True):
            if not part.accepted.message.is_upstream:
                part.go_on(part.attempt)
                continue
            part.attempt.stage = Stage.SETTLED
            self._released(part.attempt)
            over += _waiting(part.accepted, early)
        if over:
            await until_recorded(lambda: self._ends.end_if_told(over))


def _waiting(accepted: Accepted, early: Told | None) -> list[Waiting]:
    """Return a message that may have been told of already, as its receipts can come first."""
    message = accepted.message
    if len(message.segments) > 1:
        return [Waiting(accepted.upstream, Taken(message, ""))]
    if early is not None:
        return [Waiting(accepted.upstream, Taken(message, ""), parts=[early])]
    return []
