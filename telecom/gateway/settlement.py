"""What an attempt has come to: a final state with its receipt, or another attempt later."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import structlog
from redis.exceptions import RedisError

from telecom.charging.catalogue import SMS_MT
from telecom.charging.events import sms_mt
from telecom.gateway.attempt import Attempt
from telecom.gateway.clock import Clock
from telecom.gateway.inquiry import MapOutcome
from telecom.gateway.metrics import Metrics
from telecom.gateway.receipts import receipt_for, wants_receipt
from telecom.gateway.reports import DeliveryReports
from telecom.router.failures import (
    Cause,
    DeliveryOutcome,
    Failure,
    FailureClass,
    Stage,
    classify,
)
from telecom.router.retry import Retries
from telecom.sms.receipt import MessageState
from telecom.store.messages import MessageQueue
from telecom.store.micro_batch import MicroBatch
from telecom.store.records import ENCODE, Deferral, Final, Message, Progress, Taken

_BATCH = 256
_REDIS_PAUSE = 0.5
"""Seconds between two tries to record what has already happened on the network."""

_log = structlog.get_logger("telecom.gateway.settlement")


class _Ended(msgspec.Struct, frozen=True):
    """A message in its final state; `attempt` is the one that brought it there, if one did."""

    taken: Taken
    state: MessageState
    failure: Failure | None
    attempt: Attempt | None = None


class Settlement:
    """Records how attempts end; `released` hears of each attempt that this node holds no more.

    What happened on the network is recorded however long Redis takes to come back: an outcome
    that were dropped would make a delivered message go out again.
    """

    def __init__(
        self,
        queue: MessageQueue,
        retries: Retries,
        reports: DeliveryReports,
        *,
        released: Callable[[Attempt], None],
        flush: Callable[[], None],
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._queue = queue
        self._retries = retries
        self._reports = reports
        self._released = released
        self._flush = flush
        self._metrics = metrics
        self._clock = clock
        self._finals = MicroBatch(self._finish, _BATCH, failed=_cannot_fail)
        self._deferrals = MicroBatch(self._defer, _BATCH, failed=_cannot_fail)
        self._progress = MicroBatch(self._record_progress, _BATCH, failed=_cannot_fail)

    def delivered(self, attempt: Attempt) -> None:
        """End an attempt whose message the handset has."""
        self._count("forwarding", "delivered")
        if attempt.report_success:
            self._reports.send(attempt, DeliveryOutcome.SUCCESSFUL_TRANSFER)
        self._end(attempt, MessageState.DELIVRD, None)

    def routing_failed(self, attempt: Attempt, outcome: MapOutcome) -> None:
        """End an attempt for which the HLR gave no routing information."""
        self._failed(attempt, _classified(Stage.SRI, outcome), stage="routing")

    def forwarding_failed(self, attempt: Attempt, outcome: MapOutcome) -> None:
        """End an attempt that the serving node did not deliver."""
        failure = _classified(Stage.MT, outcome)
        if outcome.alternative:
            self._again_at_once(attempt, failure)
        else:
            self._failed(attempt, failure, stage="forwarding")

    def held_back(self, attempt: Attempt) -> None:
        """End an attempt that the GT gate gave no leave."""
        self._failed(attempt, classify(Stage.MT, Cause.GATE), stage="gt_gate")

    def expired(self, taken: Taken) -> None:
        """End a message whose validity period is over."""
        self._finals.add(_Ended(taken, MessageState.EXPIRED, _last_failure(taken.message)))

    def unroutable(self, taken: Taken) -> None:
        """End a message whose number has no route any more."""
        self._finals.add(_Ended(taken, MessageState.UNDELIV, _NO_ROUTE))

    def progressed(self, attempt: Attempt, then: Callable[[], None]) -> None:
        """Record that a segment arrived, and the charge of the next one; `then` it goes out."""
        self._progress.add((attempt, then))

    async def drain(self) -> None:
        """Wait until everything settled so far is on record."""
        for batch in (self._progress, self._deferrals, self._finals):
            await batch.drain()

    def _failed(self, attempt: Attempt, failure: Failure, *, stage: str) -> None:
        self._count(stage, failure.name)
        message = attempt.message
        now = self._clock.wall()
        attempts = message.attempts + 1
        due = self._retries.due(
            failure,
            attempts=attempts,
            now=now,
            expires_at=message.expires_at,
            fraction=random.random(),  # noqa: S311  it spreads load, it guards nothing
        )
        attempt.message = msgspec.structs.replace(
            message, attempts=attempts, last_error=f"{failure.code} {failure.name}"
        )
        if due is None:
            self._end(attempt, MessageState[failure.state], failure)
        else:
            due = now if attempt.alerted else due
            self._deferrals.add((attempt, due, failure))

    def _again_at_once(self, attempt: Attempt, failure: Failure) -> None:
        """Make the attempt anew in a lower version, with an SRI-SM of its own."""
        self._count("forwarding", failure.name)
        self._deferrals.add((attempt, self._clock.wall(), failure))

    def _end(self, attempt: Attempt, state: MessageState, failure: Failure | None) -> None:
        taken = Taken(attempt.message, attempt.taken.entry)
        self._finals.add(_Ended(taken, state, failure, attempt))

    async def _finish(self, ended: list[_Ended]) -> None:
        now = self._clock.wall()
        finals = [
            Final(
                message=end.taken.message,
                entry=end.taken.entry,
                receipts=_receipts(end.taken.message, end.state, end.failure, now),
            )
            for end in ended
        ]
        await _until_recorded(lambda: self._queue.finish(finals, now))
        for end in ended:
            self._count("final", end.state.name)
            self._metrics.delivery_seconds.observe(max(0.0, now - end.taken.message.accepted_at))
            if end.attempt is not None:
                self._released(end.attempt)
                self._report(end.attempt, end.failure)
        self._flush()

    async def _defer(self, deferred: list[tuple[Attempt, float, Failure]]) -> None:
        deferrals = [Deferral(attempt.taken, attempt.message, due) for attempt, due, _ in deferred]
        await _until_recorded(lambda: self._queue.defer(deferrals))
        for attempt, _, failure in deferred:
            self._released(attempt)
            # only now: the alert that a report may bring must find the message waiting
            self._report(attempt, failure)
        self._flush()

    def _report(self, attempt: Attempt, failure: Failure | None) -> None:
        if failure is not None and failure.report is not None:
            self._reports.send(attempt, failure.report, diagnostic=failure.diagnostic)

    async def _record_progress(self, progressed: list[tuple[Attempt, Callable[[], None]]]) -> None:
        now = self._clock.wall()
        records = [
            Progress(attempt.taken, attempt.message, events=(_next_charge(attempt, now),))
            for attempt, _ in progressed
        ]
        await _until_recorded(lambda: self._queue.save(records))
        self._metrics.billable_events.labels(SMS_MT).inc(len(progressed))
        for _, then in progressed:
            then()
        self._flush()

    def _count(self, stage: str, result: str) -> None:
        self._metrics.messages.labels(stage, result).inc()


_NO_ROUTE = Failure(FailureClass.PERMANENT, 430, "no route", "UNDELIV")


def _classified(stage: Stage, outcome: MapOutcome) -> Failure:
    cause = outcome.cause or Cause.REJECTED
    return classify(stage, cause, number=outcome.number, detail=outcome.detail)


def _last_failure(message: Message) -> Failure | None:
    """Return what the last attempt of a message met, as far as a receipt tells it."""
    code, _, name = message.last_error.partition(" ")
    return Failure(FailureClass.TEMPORARY, int(code), name) if code else None


def _receipts(
    message: Message, state: MessageState, failure: Failure | None, now: float
) -> tuple[bytes, ...]:
    if not wants_receipt(message.registered_delivery, state):
        return ()
    return (receipt_for(message, state, now=now, failure=failure),)


def _next_charge(attempt: Attempt, now: float) -> bytes:
    """Return the billable event of the segment that is about to go out."""
    message = attempt.message
    return ENCODE(
        sms_mt(
            message.id,
            message.segments_done + 1,
            account=message.account,
            operator=attempt.route.operator,
            number=attempt.msisdn,
            at=now,
        )
    )


async def _until_recorded(record: Callable[[], Awaitable[object]]) -> None:
    while True:
        try:
            await record()
        except RedisError as error:
            _log.warning("redis_down", error=str(error), retry_in=_REDIS_PAUSE)
            await asyncio.sleep(_REDIS_PAUSE)
        else:
            return


def _cannot_fail(items: list[Any], error: Exception) -> None:
    """Report a fault of our own: Redis errors are waited out, and nothing else is expected."""
    _log.error("not_recorded", count=len(items), exc_info=error)
