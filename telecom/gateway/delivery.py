"""Mobile-terminated delivery, stage by stage: from the queue to its settlement.

Over SS7 the stages between are SRI-SM, GT gate and MT-ForwardSM, to an upstream it is submit_sm.
"""

from collections.abc import Callable

from telecom.gateway.attempt import Attempt
from telecom.gateway.clock import Clock
from telecom.gateway.config import GatewayConfig, RetrySchedules
from telecom.gateway.forwarding import Forwarding
from telecom.gateway.gt_gate import GtGate
from telecom.gateway.metrics import Metrics
from telecom.gateway.outage import LAST_RECORDS, at_most
from telecom.gateway.reports import DeliveryReports
from telecom.gateway.routing import Routing
from telecom.gateway.settlement import Settlement
from telecom.gateway.upstream.upstreams import UpstreamParts, Upstreams
from telecom.gateway.worker import Pace, Worker
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
        self._settlement = Settlement(
            queue,
            _retries(config.retry),
            DeliveryReports(
                provider,
                timeout=config.ss7.timers.report_sm_delivery_status,
                metrics=metrics,
                clock=clock,
            ),
            upstream.receipts,
            released=self._released,
            flush=flush,
            metrics=metrics,
            clock=clock,
        )
        self._gate, routing = self._over_ss7(
            config, provider, gate=gate, flush=flush, metrics=metrics, clock=clock
        )
        self.upstreams = Upstreams(
            config.upstreams,
            upstream,
            self._settlement,
            room=config.limits.in_flight // (2 * max(1, len(config.upstreams))),
            hold=self._hold,
            released=self._released,
            metrics=metrics,
            clock=clock,
        )
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

    def _over_ss7(
        self,
        config: GatewayConfig,
        provider: Dialogues,
        *,
        gate: StoredGate,
        flush: Callable[[], None],
        metrics: Metrics,
        clock: Clock,
    ) -> tuple[GtGate, Routing]:
        """Return the stages of the way over SS7: the last of them that may stop, and the first."""
        timers = config.ss7.timers
        forwarding = Forwarding(
            provider,
            self._settlement,
            timeout=timers.mt_forward_sm,
            metrics=metrics,
            clock=clock,
        )
        stage = GtGate(
            gate,
            forwarding,
            self._settlement,
            hold=self._hold,
            flush=flush,
            metrics=metrics,
            clock=clock,
        )
        routing = Routing(
            provider,
            stage,
            failed=self._settlement.routing_failed,
            timeout=timers.send_routing_info_for_sm,
            metrics=metrics,
            clock=clock,
        )
        return stage, routing

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
