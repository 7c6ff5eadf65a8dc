"""Mobile-terminated delivery, stage by stage: from the queue to its settlement.

Over SS7 the stages between are SRI-SM, GT gate and MT-ForwardSM, to an upstream it is submit_sm.
"""

from collections.abc import Callable

from telecom.gateway.clock import Clock
from telecom.gateway.config import GatewayConfig, RetrySchedules
from telecom.gateway.delivery.attempt import Attempt
from telecom.gateway.delivery.forwarding import Forwarding
from telecom.gateway.delivery.gt_gate import GtGate
from telecom.gateway.delivery.receipts import Receipts
from telecom.gateway.delivery.reports import DeliveryReports
from telecom.gateway.delivery.routing import Routing
from telecom.gateway.delivery.settlement import Settlement
from telecom.gateway.delivery.worker import Pace, Worker
from telecom.gateway.metrics import Metrics
from telecom.gateway.outage import LAST_RECORDS, at_most
from telecom.gateway.upstream.upstreams import UpstreamParts, Upstreams
from telecom.router.failures import FailureClass
from telecom.router.retry import Retries, Schedule
from telecom.router.routes import Routes
from telecom.ss7.map.dialogues import Dialogues
from telecom.store.gt_gate import GtGate as StoredGate
from telecom.store.messages import MessageQueue


class MessageDelivery:
    """The stages, each told of the next; `flush` sends what they queue at the MAP provider."""

    def __init__(
        self,
        config: GatewayConfig,
        provider: Dialogues,
        *,
        upstream: UpstreamParts,
        queue: MessageQueue,
        gate: StoredGate,
        routes: Routes,
        node: str,
        flush: Callable[[], None],
        metrics: Metrics,
        clock: Clock,
        pace: Pace | None = None,
    ) -> None:
        self._config = config
        self._provider = provider
        self._flush = flush
        self._metrics = metrics
        self._clock = clock
        self._settlement = self._settling(queue, upstream.receipts)
        self._gate, routing = self._over_ss7(gate)
        self.upstreams = self._to_upstreams(upstream)
        ways = {"ss7": routing.ask, "smpp": self.upstreams.submit}
        self._worker = Worker(
            queue,
            self._settlement,
            begin=lambda attempt: ways[attempt.route.kind](attempt),
            overdue=self.upstreams.overdue,
            routes=routes,
            node=node,
            limit=config.limits.in_flight,
            flush=flush,
            clock=clock,
            pace=pace or Pace(),
        )

    def _settling(self, queue: MessageQueue, receipts: Receipts) -> Settlement:
        return Settlement(
            queue,
            _retries(self._config.retry),
            DeliveryReports(
                self._provider,
                timeout=self._config.ss7.timers.report_sm_delivery_status,
                metrics=self._metrics,
                clock=self._clock,
            ),
            receipts,
            released=self._released,
            flush=self._flush,
            metrics=self._metrics,
            clock=self._clock,
        )

    def _over_ss7(self, gate: StoredGate) -> tuple[GtGate, Routing]:
        """Return the stages of the way over SS7: the one that can be closed, and the first."""
        timers = self._config.ss7.timers
        forwarding = Forwarding(
            self._provider,
            self._settlement,
            timeout=timers.mt_forward_sm,
            metrics=self._metrics,
            clock=self._clock,
        )
        closing = GtGate(
            gate,
            forwarding,
            self._settlement,
            hold=self._hold,
            flush=self._flush,
            metrics=self._metrics,
            clock=self._clock,
        )
        routing = Routing(
            self._provider,
            closing,
            failed=self._settlement.routing_failed,
            timeout=timers.send_routing_info_for_sm,
            metrics=self._metrics,
            clock=self._clock,
        )
        return closing, routing

    def _to_upstreams(self, parts: UpstreamParts) -> Upstreams:
        """Return the way to upstreams; of what this node may hold they share a half."""
        upstreams = self._config.upstreams
        return Upstreams(
            upstreams,
            parts,
            self._settlement,
            room=self._config.limits.in_flight // (2 * max(1, len(upstreams))),
            hold=self._hold,
            released=self._released,
            metrics=self._metrics,
            clock=self._clock,
        )

    @property
    def in_flight(self) -> int:
        """How many attempts are under way."""
        return self._worker.in_flight

    def start(self) -> None:
        """Begin to bind at upstreams, and to take messages from the queue."""
        self.upstreams.start()
        self._worker.start()

    async def stop(self, *, grace: float) -> None:
        """Take no more; what is under way has `grace` seconds, the rest is left in Redis."""
        self._gate.close()
        self.upstreams.close()
        await self._worker.stop(grace=grace)
        await self.upstreams.stop()
        await at_most(LAST_RECORDS, self._gate.drain, self._settlement.drain)

    def alerted(self, msisdn: str) -> None:
        """Take note that a number can be reached again."""
        self._worker.alerted(msisdn)

    def _released(self, attempt: Attempt) -> None:
        self._worker.released(attempt)

    async def _hold(self, attempts: list[Attempt]) -> list[Attempt]:
        return await self._worker.hold(attempts)


def _retries(schedules: RetrySchedules) -> Retries:
    return Retries(
        {FailureClass(name): Schedule(**delays.model_dump()) for name, delays in schedules}
    )
