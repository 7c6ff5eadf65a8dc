"""SRI-SM for a message: where its handset is, asked from the GT that it will be sent from.

TS 29.002 12.1 and 23.3. What comes back goes to the GT gate, or ends the attempt.
"""

from collections.abc import Callable
from typing import Final

from telecom.gateway.clock import Clock
from telecom.gateway.delivery.attempt import Attempt, Stage
from telecom.gateway.delivery.gt_gate import GtGate
from telecom.gateway.delivery.inquiry import Inquiry, MapOutcome
from telecom.gateway.metrics import Metrics
from telecom.router.failures import Cause
from telecom.ss7.map.contexts import SHORT_MSG_GATEWAY_V3
from telecom.ss7.map.dialogues import Dialogues
from telecom.ss7.map.enumerations import MwStatus
from telecom.ss7.map.errors import TooManyDialogues
from telecom.ss7.map.messages import (
    AddressString,
    InformServiceCentreArg,
    RoutingInfoForSmArg,
    RoutingInfoForSmRes,
)
from telecom.ss7.sccp.address import SccpAddress, SubsystemNumber

_LEAST_TIMEOUT: Final = 0.1
_WAITING: Final = MwStatus.MNRF_SET | MwStatus.MCEF_SET


class Routing:
    """Asks the HLR for the routing information of an attempt; `failed` hears why there is none."""

    def __init__(
        self,
        provider: Dialogues,
        gate: GtGate,
        *,
        failed: Callable[[Attempt, MapOutcome], None],
        timeout: float,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._map = provider
        self._gate = gate
        self._failed = failed
        self._timeout = timeout
        self._clock = clock
        self._seconds = metrics.dialogue_seconds.labels("sendRoutingInfoForSM")

    def ask(self, attempt: Attempt) -> None:
        """Send the SRI-SM; it waits no longer than the message is valid."""
        try:
            dialogue = self._open(attempt)
        except TooManyDialogues:
            self._failed(attempt, MapOutcome(cause=Cause.ABORTED))
        else:
            self._gate.sri_sent(attempt, called=attempt.msisdn, dialogue=dialogue)

    def _open(self, attempt: Attempt) -> int:
        left = attempt.message.expires_at - self._clock.wall()
        return self._map.open(
            SHORT_MSG_GATEWAY_V3,
            called=SccpAddress.of_gt(attempt.msisdn, SubsystemNumber.HLR),
            calling=SccpAddress.of_gt(attempt.calling_gt, SubsystemNumber.MSC),
            now=self._clock.monotonic(),
            invoke=RoutingInfoForSmArg(
                msisdn=AddressString(attempt.msisdn),
                sm_rp_pri=True,
                service_centre_address=AddressString(attempt.calling_gt),
            ),
            fallback=True,
            timeout=min(self._timeout, max(left, _LEAST_TIMEOUT)),
            reference=Inquiry(
                self._map,
                lambda outcome: self._answered(attempt, outcome),
                clock=self._clock.monotonic,
            ),
        )

    def _answered(self, attempt: Attempt, outcome: MapOutcome) -> None:
        if attempt.stage is not Stage.ROUTING:
            return  # it has been given back, or taken over by another node
        self._seconds.observe(self._clock.monotonic() - attempt.began)
        answer = outcome.result
        if outcome.cause is not None:
            self._failed(attempt, outcome)
        elif not isinstance(answer, RoutingInfoForSmRes) or not _node_of(answer):
            self._failed(attempt, MapOutcome(cause=Cause.REJECTED))
        else:
            attempt.answered_at = self._clock.wall()
            attempt.imsi = answer.imsi
            attempt.node = _node_of(answer)
            attempt.report_success = _waits(outcome.informed)
            self._gate.forward(attempt)


def _node_of(answer: RoutingInfoForSmRes) -> str:
    return answer.location_info_with_lmsi.network_node_number.digits


def _waits(informed: InformServiceCentreArg | None) -> bool:
    """Whether the HLR has flags that a delivery should clear, TS 29.002 23.3.2."""
    return informed is not None and bool((informed.mw_status or MwStatus(0)) & _WAITING)
