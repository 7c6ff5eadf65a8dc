"""The GT gate: the one place that lets an MT dialogue out, and only on a verdict of `match`.

Before each MT dialogue an SRI-SM went to the same operator from the same global title, and
that one SRI-SM authorises that one dialogue (see `telecom.router.gt_rule`). The record of it is
in Redis, where it is taken and judged in one step, whichever node asks.
"""

from collections.abc import Callable

from telecom.charging.catalogue import SMS_MT
from telecom.charging.events import sms_mt
from telecom.gateway.attempt import Attempt
from telecom.gateway.clock import Clock
from telecom.gateway.forwarding import Forwarding, Permit
from telecom.gateway.metrics import Metrics
from telecom.router.gt_rule import Verdict
from telecom.store.gt_gate import GtGate as StoredGate
from telecom.store.micro_batch import MicroBatch
from telecom.store.records import ENCODE, FsmRequest, SriAnswered, SriSent

_BATCH = 256


class GtGate:
    """Records the SRI-SMs that route messages, and lets MT dialogues out by them.

    `held_back` hears of an attempt that the rule stopped; `lost` of one whose verdict could not
    be had, which then must not leave either.
    """

    def __init__(
        self,
        stored: StoredGate,
        forwarding: Forwarding,
        *,
        held_back: Callable[[Attempt], None],
        lost: Callable[[list[Attempt], Exception], None],
        flush: Callable[[], None],
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._stored = stored
        self._forwarding = forwarding
        self._held_back = held_back
        self._flush = flush
        self._metrics = metrics
        self._clock = clock
        self._records = MicroBatch(stored.sri_sent, _BATCH, failed=_never_authorises)
        self._asking = MicroBatch(self._judge, _BATCH, failed=lost)

    def sri_sent(self, attempt: Attempt, *, called: str, dialogue: int) -> None:
        """Record that the attempt's SRI-SM leaves now."""
        self._records.add(
            SriSent(
                authorisation=attempt.authorisation,
                msisdn=attempt.msisdn,
                operator=attempt.route.operator,
                sccp_gt=attempt.calling_gt,
                map_gt=attempt.calling_gt,
                called=called,
                dialogue=f"{dialogue:08x}",
                at=self._clock.wall(),
            )
        )

    def forward(self, attempt: Attempt) -> None:
        """Ask to begin the MT dialogue of an attempt whose SRI-SM has been answered."""
        self._asking.add(attempt)

    async def drain(self) -> None:
        """Wait until every question asked so far has its verdict."""
        await self._records.drain()
        await self._asking.drain()

    async def _judge(self, attempts: list[Attempt]) -> None:
        await self._records.drain()  # an answer never overtakes the record of its request
        now = self._clock.wall()
        await self._stored.sri_answered([_answer(attempt, now) for attempt in attempts])
        verdicts = await self._stored.authorise([_request(attempt, now) for attempt in attempts])
        for attempt, verdict in zip(attempts, verdicts, strict=True):
            self._metrics.gt_verdicts.labels(verdict.value).inc()
            if verdict is Verdict.MATCH:
                self._metrics.billable_events.labels(SMS_MT).inc()
                self._forwarding.begin(attempt, _permit(attempt))
            else:
                self._held_back(attempt)
        self._flush()


def _never_authorises(_: list[SriSent], error: Exception) -> None:
    """Let an unrecorded request be: the gate finds no record of it, and holds the message back."""


def _answer(attempt: Attempt, now: float) -> SriAnswered:
    return SriAnswered(
        attempt.authorisation, attempt.msisdn, imsi=attempt.imsi, node=attempt.node, at=now
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
