"""The GT gate: the one place that lets an MT dialogue out, and only on a verdict of `match`.

Before each MT dialogue an SRI-SM went to the same operator from the same global title, and
that one SRI-SM authorises that one dialogue (see `telecom.router.gt_rule`). The record of it is
in Redis, where it is taken and judged in one step, whichever node asks.
"""

from collections.abc import Awaitable, Callable

import structlog

from telecom.charging.catalogue import SMS_MT
from telecom.charging.events import sms_mt
from telecom.gateway.clock import Clock
from telecom.gateway.delivery.attempt import BEFORE_THE_GATE, Attempt, Stage
from telecom.gateway.delivery.forwarding import Forwarding, Permit
from telecom.gateway.delivery.settlement import Settlement
from telecom.gateway.metrics import Metrics
from telecom.gateway.outage import until_recorded
from telecom.router.gt_rule import Verdict
from telecom.store.gt_gate import GtGate as StoredGate
from telecom.store.micro_batch import MicroBatch
from telecom.store.records import ENCODE, FsmRequest, SriAnswered, SriSent

_BATCH = 256

_log = structlog.get_logger("telecom.gateway.delivery.gt_gate")


class GtGate:
    """Records the SRI-SMs that route messages, and lets MT dialogues out by them.

    `hold` returns those of some attempts that are this node's still.
    """

    def __init__(
        self,
        stored: StoredGate,
        forwarding: Forwarding,
        settlement: Settlement,
        *,
        hold: Callable[[list[Attempt]], Awaitable[list[Attempt]]],
        flush: Callable[[], None],
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._stored = stored
        self._forwarding = forwarding
        self._settlement = settlement
        self._hold = hold
        self._flush = flush
        self._metrics = metrics
        self._clock = clock
        self._is_closed = False
        self._records = MicroBatch(self._record, _BATCH, failed=self._not_recorded)
        self._asking = MicroBatch(self._judge, _BATCH, failed=self._undecided)

    def sri_sent(self, attempt: Attempt, *, called: str, dialogue: int) -> None:
        """Record that the attempt's SRI-SM leaves now."""
        sri = SriSent(
            authorisation=attempt.authorisation,
            msisdn=attempt.msisdn,
            operator=attempt.route.operator,
            sccp_gt=attempt.calling_gt,
            map_gt=attempt.calling_gt,
            called=called,
            dialogue=f"{dialogue:08x}",
            at=self._clock.wall(),
        )
        self._records.add((attempt, sri))

    def forward(self, attempt: Attempt) -> None:
        """Ask to begin the MT dialogue of an attempt whose SRI-SM has been answered."""
        attempt.stage = Stage.AT_THE_GATE
        if self._is_closed:
            self._settlement.give_back(attempt)
        elif attempt.recorded:
            self._asking.add(attempt)

    def close(self) -> None:
        """Let nothing more begin that a node which stops would not see the end of."""
        self._is_closed = True

    async def drain(self) -> None:
        """Wait until every question asked so far has its verdict."""
        await self._records.drain()
        await self._asking.drain()

    async def _record(self, sent: list[tuple[Attempt, SriSent]]) -> None:
        requests = [sri for _, sri in sent]
        await until_recorded(lambda: self._stored.sri_sent(requests))
        for attempt, _ in sent:
            attempt.recorded = True
            if attempt.stage is Stage.AT_THE_GATE:  # its answer was here before this
                self.forward(attempt)

    async def _judge(self, attempts: list[Attempt]) -> None:
        answers = [_answer(attempt) for attempt in attempts]
        await until_recorded(lambda: self._stored.sri_answered(answers))
        held = self._in_time(await self._hold(attempts))
        now = self._clock.wall()
        verdicts = await self._stored.authorise([_request(attempt, now) for attempt in held])
        for attempt, verdict in zip(held, verdicts, strict=True):
            self._act(attempt, verdict)
        self._flush()

    def _in_time(self, attempts: list[Attempt]) -> list[Attempt]:
        """Return those that are valid still; Redis may have taken long to come back."""
        now = self._clock.wall()
        for attempt in attempts:
            if attempt.message.expires_at <= now:
                self._settlement.ran_out(attempt)
        return [attempt for attempt in attempts if attempt.stage is Stage.AT_THE_GATE]

    def _act(self, attempt: Attempt, verdict: Verdict) -> None:
        self._metrics.gt_verdicts.labels(verdict.value).inc()
        if attempt.stage is not Stage.AT_THE_GATE:
            return  # another node has it by now
        if verdict is Verdict.MATCH:
            self._metrics.billable_events.labels(SMS_MT).inc()
            attempt.stage = Stage.FORWARDED
            self._forwarding.begin(attempt, _permit(attempt))
        else:
            self._settlement.held_back(attempt)

    def _not_recorded(self, sent: list[tuple[Attempt, SriSent]], error: Exception) -> None:
        self._undecided([attempt for attempt, _ in sent], error)

    def _undecided(self, attempts: list[Attempt], error: Exception) -> None:
        """Hold back what has no verdict: without one nothing leaves; the next SRI-SM asks again."""
        _log.error("no_verdicts", count=len(attempts), error=str(error))
        for attempt in attempts:
            if attempt.stage in BEFORE_THE_GATE:
                self._settlement.held_back(attempt)


def _answer(attempt: Attempt) -> SriAnswered:
    return SriAnswered(
        attempt.authorisation,
        attempt.msisdn,
        imsi=attempt.imsi,
        node=attempt.node,
        at=attempt.answered_at,
    )


def _request(attempt: Attempt, now: float) -> FsmRequest:
    message = attempt.message
    event = sms_mt(
        message.id,
        message.segments_done + 1,
        account=message.account,
        operator=attempt.route.operator,
        number=attempt.msisdn,
        at=now,
    )
    return FsmRequest(
        authorisation=attempt.authorisation,
        msisdn=attempt.msisdn,
        imsi=attempt.imsi,
        node=attempt.node,
        sccp_gt=attempt.calling_gt,
        map_gt=attempt.calling_gt,
        called=attempt.node,
        dialogue=attempt.authorisation,
        at=now,
        message_id=message.id,
        operator=attempt.route.operator,
        events=(ENCODE(event),),
    )


def _permit(attempt: Attempt) -> Permit:
    return Permit(imsi=attempt.imsi, node=attempt.node, calling_gt=attempt.calling_gt)
