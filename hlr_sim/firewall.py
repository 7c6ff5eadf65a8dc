"""The receiving side's GT correlation: SMS firewall, TS 33.204 annex D and TS 29.002 23.3.6."""

from collections import deque
from collections.abc import Iterable
from typing import Final

from hlr_sim.primitives import Dialogue, Reply
from telecom.router.gt_rule import Correlation, FsmRecord, SriRecord, Verdict
from telecom.ss7.map.enumerations import SmEnumeratedDeliveryFailureCause
from telecom.ss7.map.error_parameters import SmDeliveryFailureCause
from telecom.ss7.map.errors import ErrorCode
from telecom.ss7.map.messages import ForwardSmArg, MtForwardSmArg

REMEMBERED: Final = 200
"""How many of the last MT-ForwardSMs that did not match can be looked at."""

_REJECTED: Final = Reply(
    error=ErrorCode.SM_DELIVERY_FAILURE,
    parameter=SmDeliveryFailureCause(
        sm_enumerated_delivery_failure_cause=SmEnumeratedDeliveryFailureCause.UNKNOWN_SERVICE_CENTRE
    ),
)
_NO_IMSI: Final = Reply(error=ErrorCode.UNEXPECTED_DATA_VALUE)


class Firewall:
    """Holds each MT dialogue against the SRI-SM that gave it its routing.

    It counts every verdict; with `reject` only a match gets through. `t1` is in seconds.
    """

    def __init__(self, *, t1: float, reject: bool = False, limit: int = 100_000) -> None:
        self.reject = reject
        self._correlation = Correlation(t1=t1, limit=limit)
        self._suspects: deque[tuple[Verdict, FsmRecord]] = deque(maxlen=REMEMBERED)

    @property
    def counts(self) -> dict[str, int]:
        """How many MT dialogues got each verdict."""
        return {verdict.value: self._correlation.counts.get(verdict, 0) for verdict in Verdict}

    @property
    def suspects(self) -> Iterable[tuple[Verdict, FsmRecord]]:
        """The last MT dialogues that did not match, oldest first."""
        return self._suspects

    def routed(self, sri: SriRecord) -> None:
        """Note that an SRI-SM was answered with the routing of a short message."""
        self._correlation.sri_answered(sri)

    def refusal(
        self, dialogue: Dialogue, argument: MtForwardSmArg | ForwardSmArg, now: float
    ) -> Reply | None:
        """Judge a short message for a subscriber; None when it may pass.

        One authorisation is for one dialogue: what follows with the same addresses, or with
        noSM-RP-DA and noSM-RP-OA in their place, passes with the first (TS 29.002 12.9.3).
        """
        centre = argument.sm_rp_oa.service_centre_address_oa
        imsi = argument.sm_rp_da.imsi or dialogue.imsi
        service_centre = centre.digits if centre else dialogue.service_centre
        if not imsi:
            return _NO_IMSI
        if dialogue.judged and (imsi, service_centre) == (dialogue.imsi, dialogue.service_centre):
            return None
        dialogue.judged = True
        dialogue.imsi, dialogue.service_centre = imsi, service_centre
        return None if self._judge(dialogue, now) is Verdict.MATCH or not self.reject else _REJECTED

    def _judge(self, dialogue: Dialogue, now: float) -> Verdict:
        fsm = FsmRecord(
            imsi=dialogue.imsi,
            node=dialogue.called,
            sccp_gt=dialogue.calling,
            map_gt=dialogue.service_centre,
            at=now,
        )
        verdict = self._correlation.fsm_received(fsm)
        if verdict is not Verdict.MATCH:
            self._suspects.append((verdict, fsm))
        return verdict
