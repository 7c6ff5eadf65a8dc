"""Mobile-terminated delivery, stage by stage: queue, SRI-SM, GT gate, MT-ForwardSM, settlement."""

from collections.abc import Callable

from telecom.gateway.attempt import Attempt
from telecom.gateway.clock import Clock
from telecom.gateway.config import GatewayConfig, RetrySchedules
from telecom.gateway.forwarding import Forwarding
from telecom.gateway.gt_gate import GtGate
from telecom.gateway.metrics import Metrics
from telecom.gateway.outage import LAST_RECORDS, at_most
from telecom.gateway.receipts import Receipts
from telecom.gateway.reports import DeliveryReports
from telecom.gateway.routing import Routing
from telecom.gateway.settlement import Settlement
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
        receipts: Receipts,
        queue: MessageQueue,
        gate: StoredGate,
        routes: Routes,
        node: str,
        flush: Callable[[], None],
        metrics: Metrics,
        clock: Clock,
        pace: Pace | None = None,
    ) -> None:
        timers = config.ss7.timers
        self._settlement = Settlement(
            queue,
            _retries(config.retry),
            DeliveryReports(
                provider,
                timeout=timers.report_sm_delivery_status,
                metrics=metrics,
                clock=clock,
            ),
            receipts,
            released=self._released,
            flush=flush,
            metrics=metrics,
            clock=clock,
        )
        forwarding = Forwarding(
            provider,
            self._settlement,
            timeout=timers.mt_forward_sm,
            metrics=metrics,
            clock=clock,
        )
        self._gate = GtGate(
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
            self._gate,
            failed=self._settlement.routing_failed,
            timeout=timers.send_routing_info_for_sm,
            metrics=metrics,
            clock=clock,
        )
        self._worker = Worker(
            queue,
            routing,
            self._settlement,
            routes=routes,
            node=node,
            limit=config.limits.in_flight,
            flush=flush,
            clock=clock,
            pace=pace or Pace(),
        )

    @property
    def in_flight(self) -> int:
        """How many attempts are under way."""
        return self._worker.in_flight

    def start(self) -> None:
        """Begin to take messages from the queue."""
        self._worker.start()

    async def stop(self, *, grace: float) -> None:
        """Take no more; what is under way has `grace` seconds, the rest is left in Redis."""
        self._gate.close()
        await self._worker.stop(grace=grace)
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
