"""ReportSM-DeliveryStatus: the HLR hears how the delivery went, TS 29.002 12.3 and 23.3."""

from telecom.gateway.clock import Clock
from telecom.gateway.delivery.attempt import Attempt
from telecom.gateway.delivery.inquiry import Inquiry, MapOutcome
from telecom.gateway.metrics import Metrics
from telecom.router.failures import Cause, DeliveryOutcome
from telecom.ss7.map.contexts import SHORT_MSG_GATEWAY_V3
from telecom.ss7.map.dialogues import Dialogues
from telecom.ss7.map.errors import TooManyDialogues
from telecom.ss7.map.messages import AddressString, ReportSmDeliveryStatusArg
from telecom.ss7.sccp.address import SccpAddress, SubsystemNumber


class DeliveryReports:
    """Sends the reports; one that fails is counted, no more: the safety retry makes up for it."""

    def __init__(
        self, provider: Dialogues, *, timeout: float, metrics: Metrics, clock: Clock
    ) -> None:
        self._map = provider
        self._timeout = timeout
        self._metrics = metrics
        self._clock = clock

    def send(
        self, attempt: Attempt, outcome: DeliveryOutcome, *, diagnostic: int | None = None
    ) -> None:
        """Report an outcome from the GT that the message was sent from."""
        try:
            self._open(attempt, outcome, diagnostic)
        except TooManyDialogues:
            self._reported(MapOutcome(cause=Cause.ABORTED))

    def _open(self, attempt: Attempt, outcome: DeliveryOutcome, diagnostic: int | None) -> None:
        self._map.open(
            SHORT_MSG_GATEWAY_V3,
            called=SccpAddress.of_gt(attempt.msisdn, SubsystemNumber.HLR),
            calling=SccpAddress.of_gt(attempt.calling_gt, SubsystemNumber.MSC),
            now=self._clock.monotonic(),
            invoke=ReportSmDeliveryStatusArg(
                msisdn=AddressString(attempt.msisdn),
                service_centre_address=AddressString(attempt.calling_gt),
                sm_delivery_outcome=outcome,
                absent_subscriber_diagnostic_sm=diagnostic,
            ),
            fallback=True,
            timeout=self._timeout,
            reference=Inquiry(self._map, self._reported, clock=self._clock.monotonic),
        )

    def _reported(self, outcome: MapOutcome) -> None:
        result = "ok" if outcome.cause is None else str(outcome.cause)
        self._metrics.count("report", result)
