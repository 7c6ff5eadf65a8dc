"""What an attempt has come to: a final state with its receipt, or another attempt later."""

import random
from collections.abc import Callable, Iterable
from functools import partial

import msgspec

from telecom.charging.catalogue import SMS_MT
from telecom.charging.events import sms_mt
from telecom.gateway.clock import Clock
from telecom.gateway.delivery.attempt import Attempt
from telecom.gateway.delivery.attempt import Stage as AttemptStage
from telecom.gateway.delivery.inquiry import MapOutcome
from telecom.gateway.delivery.receipts import Receipts, flag_of
from telecom.gateway.delivery.reports import DeliveryReports
from telecom.gateway.metrics import Metrics
from telecom.gateway.outage import cannot_fail, until_recorded
from telecom.router.failures import (
    Cause,
    DeliveryOutcome,
    Failure,
    FailureClass,
    Stage,
    classify,
)
from telecom.router.retry import SINGLE_ATTEMPT, Retries
from telecom.sms.receipt import MessageState
from telecom.ss7.sccp.primitives import ReturnCause
from telecom.store.messages import MessageQueue
from telecom.store.micro_batch import MicroBatch
from telecom.store.records import ENCODE, Deferral, Ended, Final, Message, Progress, Taken

_BATCH = 256


class _Ended(msgspec.Struct, frozen=True):
    """A message in its final state, since `done_at` if that is not now.

    `attempt` is the one that brought it there, if one did; `then` is called once it is on record.
    """

    taken: Taken
    state: MessageState
    failure: Failure | None
    attempt: Attempt | None = None
    done_at: float | None = None
    then: Callable[[], None] | None = None


class _PutOff(msgspec.Struct, frozen=True):
    """An attempt whose message waits until `due`; `failure` is why, if it failed.

    `notices` are what its sender is told of that.
    """

    attempt: Attempt
    due: float
    failure: Failure | None = None
    notices: tuple[bytes, ...] = ()


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
        receipts: Receipts,
        *,
        released: Callable[[Attempt], None],
        flush: Callable[[], None],
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._queue = queue
        self._retries = retries
        self._reports = reports
        self._receipts = receipts
        self._released = released
        self._flush = flush
        self._metrics = metrics
        self._clock = clock
        self._finals = MicroBatch(self._finish, _BATCH, failed=cannot_fail)
        self._deferrals = MicroBatch(self._defer, _BATCH, failed=cannot_fail)
        self._progress = MicroBatch(self._record_progress, _BATCH, failed=cannot_fail)

    def delivered(self, attempt: Attempt) -> None:
        """End an attempt whose message the handset has."""
        self._metrics.count("forwarding", "delivered")
        if attempt.report_success:
            self._reports.send(attempt, DeliveryOutcome.SUCCESSFUL_TRANSFER)
        self._end(attempt, MessageState.DELIVRD, None)

    def routing_failed(self, attempt: Attempt, outcome: MapOutcome) -> None:
        """End an attempt for which the HLR gave no routing information."""
        failure = _classified(Stage.SRI, outcome)
        self._failed(attempt, failure, stage="routing", has_left=_has_left(outcome))

    def forwarding_failed(self, attempt: Attempt, outcome: MapOutcome) -> None:
        """End an attempt that the serving node did not deliver."""
        failure = _classified(Stage.MT, outcome)
        self._failed(attempt, failure, stage="forwarding", has_left=_has_left(outcome))

    def held_back(self, attempt: Attempt) -> None:
        """End an attempt that the GT gate gave no leave."""
        self._failed(attempt, classify(Stage.MT, Cause.GATE), stage="gt_gate")

    def upstream_failed(
        self, attempt: Attempt, cause: Cause, *, number: int | None = None, has_left: bool = True
    ) -> None:
        """End an attempt that an upstream has not accepted; `number` is its command_status."""
        failure = classify(Stage.UPSTREAM, cause, number=number)
        self._failed(attempt, failure, stage="upstream", has_left=has_left)

    def upstream_unknown(self, attempt: Attempt, cause: Cause) -> None:
        """End an attempt of which nobody knows whether the upstream has it, and make no other."""
        failure = classify(Stage.UPSTREAM, cause)
        self._metrics.count("upstream", failure.name)
        self._end(attempt, MessageState.UNKNOWN, failure)

    def upstream_ended(
        self,
        taken: Taken,
        state: MessageState,
        failure: Failure | None,
        *,
        done_at: float | None,
        then: Callable[[], None],
    ) -> None:
        """End a message in the state that its upstream has told; `then` that is on record.

        The entry of what this node has not taken is empty.
        """
        self._finals.add(_Ended(taken, state, failure, done_at=done_at, then=then))

    def put_off(self, attempt: Attempt, due: float) -> None:
        """Make an attempt later that did not fail: its way is full, its message not due yet."""
        self._put_off(_PutOff(attempt, due))

    def goes_on(self, attempt: Attempt) -> None:
        """Make an attempt anew that did not fail, with an SRI-SM of its own."""
        self._metrics.count("forwarding", "goes on in another dialogue")
        self._put_off(_PutOff(attempt, self._clock.wall()))

    def give_back(self, attempt: Attempt) -> None:
        """Leave an attempt that has not gone out to any node that is there."""
        self._put_off(_PutOff(attempt, self._clock.wall()))

    def ran_out(self, attempt: Attempt) -> None:
        """End an attempt whose message's validity period was over before it went out."""
        self._end(attempt, MessageState.EXPIRED, last_failure(attempt.message))

    def expired(self, taken: Taken) -> None:
        """End a message whose validity period is over."""
        self._finals.add(_Ended(taken, MessageState.EXPIRED, last_failure(taken.message)))

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

    def _failed(
        self, attempt: Attempt, failure: Failure, *, stage: str, has_left: bool = True
    ) -> None:
        self._metrics.count(stage, failure.name)
        before, now = attempt.message, self._clock.wall()
        attempts = before.attempts + has_left
        due = self._retries.due(
            failure,
            attempts=max(attempts, 1),
            now=now,
            expires_at=before.expires_at,
            fraction=random.random(),  # noqa: S311  it spreads load, it guards nothing
        )
        attempt.message = message = msgspec.structs.replace(
            before, attempts=attempts, last_error=f"{failure.code} {failure.name}"
        )
        if before.mode in SINGLE_ATTEMPT:
            self._end(attempt, MessageState.UNDELIV, failure)
        elif due is None:
            self._end(attempt, MessageState[failure.state], failure)
        else:
            is_news = has_left and message.last_error != before.last_error
            told = self._receipts.of_failed_attempt(message, failure, now=now) if is_news else ()
            self._put_off(_PutOff(attempt, due, failure, told))

    def _put_off(self, put_off: _PutOff) -> None:
        put_off.attempt.stage = AttemptStage.SETTLED
        self._deferrals.add(put_off)

    def _end(self, attempt: Attempt, state: MessageState, failure: Failure | None) -> None:
        attempt.stage = AttemptStage.SETTLED
        taken = Taken(attempt.message, attempt.taken.entry)
        self._finals.add(_Ended(taken, state, failure, attempt))

    async def _finish(self, ended: list[_Ended]) -> None:
        now = self._clock.wall()
        finals = [self._final(end, now) for end in ended]
        await self._flag((end.taken.message, end.failure) for end in ended)
        finished = await until_recorded(lambda: self._queue.finish(finals, now))
        for end, is_first in zip(ended, finished, strict=True):
            if is_first:  # else another node has ended it, and told
                self._metrics.count("final", end.state.name)
                waited = now - end.taken.message.accepted_at
                self._metrics.delivery_seconds.observe(max(0.0, waited))
            if end.attempt is not None:
                self._released(end.attempt)
                self._report(end.attempt, end.failure)
                if end.attempt.alerted and end.taken.message.set_dpf:
                    await until_recorded(partial(self._queue.wake, end.attempt.msisdn, now))
            if end.then is not None:
                end.then()
        self._flush()

    def _final(self, end: _Ended, now: float) -> Final:
        message, failure = end.taken.message, end.failure
        error = failure.error_code if failure else 0
        at = now if end.done_at is None else end.done_at
        return Final(
            message,
            Ended.of(message, end.state, error=error, at=at),
            entry=end.taken.entry,
            receipts=self._receipts.of_end(message, end.state, now=at, failure=failure),
        )

    async def _defer(self, put_off: list[_PutOff]) -> None:
        now = self._clock.wall()
        deferrals = [_deferral(item) for item in put_off]
        await self._flag((item.attempt.message, item.failure) for item in put_off)
        await until_recorded(lambda: self._queue.defer(deferrals, now))
        woken = {item.attempt.msisdn for item in put_off if item.attempt.alerted}
        for item in put_off:
            self._released(item.attempt)
            # only now: the alert that a report may bring must find the message waiting
            self._report(item.attempt, item.failure)
        self._flush()
        for msisdn in woken:  # the alert may have looked before the message was there
            await until_recorded(partial(self._queue.wake, msisdn, now))

    async def _flag(self, failures: Iterable[tuple[Message, Failure | None]]) -> None:
        """Have senders hear of numbers that come back, if they asked for that (set_dpf)."""
        flags = [
            flag_of(message)
            for message, failure in failures
            if message.set_dpf and failure is not None and failure.waits_for_alert
        ]
        if flags:
            await until_recorded(lambda: self._queue.flag(flags))

    def _report(self, attempt: Attempt, failure: Failure | None) -> None:
        if failure is not None and failure.report is not None:
            self._reports.send(attempt, failure.report, diagnostic=failure.diagnostic)

    async def _record_progress(self, progressed: list[tuple[Attempt, Callable[[], None]]]) -> None:
        now = self._clock.wall()
        charges = [_next_charge(attempt, now) for attempt, _ in progressed]
        records = [
            Progress(attempt.taken, attempt.message, events=events)
            for (attempt, _), events in zip(progressed, charges, strict=True)
        ]
        await until_recorded(lambda: self._queue.save(records))
        self._metrics.billable_events.labels(SMS_MT).inc(sum(map(len, charges)))
        for _, then in progressed:
            then()
        self._flush()


_NO_ROUTE = Failure(FailureClass.PERMANENT, 430, "no route", "UNDELIV")


def _classified(stage: Stage, outcome: MapOutcome) -> Failure:
    cause = outcome.cause or Cause.REJECTED
    return classify(stage, cause, number=outcome.number, detail=outcome.detail)


def _has_left(outcome: MapOutcome) -> bool:
    """Whether this counts as an attempt; without a link to the network it does not."""
    return (outcome.cause, outcome.number) != (Cause.NOTICE, ReturnCause.MTP_FAILURE)


def last_failure(message: Message) -> Failure | None:
    """Return what the last attempt of a message met, as far as its sender is told."""
    code, _, name = message.last_error.partition(" ")
    return Failure(FailureClass.TEMPORARY, int(code), name) if code else None


def _deferral(put_off: _PutOff) -> Deferral:
    attempt = put_off.attempt
    due = 0.0 if attempt.alerted else put_off.due
    return Deferral(attempt.taken, attempt.message, due, put_off.notices)


def _next_charge(attempt: Attempt, now: float) -> tuple[bytes, ...]:
    """Return the billable event of the segment that is about to go out, if one is."""
    if attempt.interrupted:
        return ()
    message = attempt.message
    event = sms_mt(
        message.id,
        message.segments_done + 1,
        account=message.account,
        operator=attempt.route.operator,
        number=attempt.msisdn,
        at=now,
    )
    return (ENCODE(event),)
