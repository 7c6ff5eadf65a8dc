"""MT-ForwardSM: one MT dialogue carries the segments of a message to the serving node.

TS 29.002 12.9 and 23.3: the first one opens the dialogue, each but the last says that more
messages follow, and their outcomes come one by one.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import msgspec

from telecom.gateway.attempt import Attempt
from telecom.gateway.clock import Clock
from telecom.gateway.inquiry import MapOutcome, outcome_of
from telecom.gateway.metrics import Metrics
from telecom.router.failures import Cause
from telecom.sms.tpdu import SmsDeliver, encode_tpdu
from telecom.ss7.map import primitives as map_primitives
from telecom.ss7.map.contexts import (
    SHORT_MSG_MT_RELAY_V3,
    ApplicationContext,
    one_lower,
)
from telecom.ss7.map.dialogues import Dialogues
from telecom.ss7.map.errors import TooManyDialogues
from telecom.ss7.map.messages import AddressString, MtForwardSmArg, SmRpDa, SmRpOa
from telecom.ss7.map.primitives import MapIndication
from telecom.ss7.sccp.address import SccpAddress, SubsystemNumber

_NODES_REMEMBERED: Final = 10_000


class Permit(msgspec.Struct, frozen=True, gc=False):
    """The GT gate's leave for one MT dialogue: to this node, for this IMSI, from this GT.

    Only `telecom.gateway.gt_gate` makes one.
    """

    imsi: str
    node: str
    calling_gt: str


class Forwarding:
    """Sends MT-ForwardSM, on the gate's permit.

    `delivered` hears of an attempt whose last segment has arrived, `failed` of one that ended
    otherwise. `progressed` records a segment that arrived while more are left, then calls back
    so that the next one goes out.
    """

    def __init__(
        self,
        provider: Dialogues,
        *,
        delivered: Callable[[Attempt], None],
        failed: Callable[[Attempt, MapOutcome], None],
        progressed: Callable[[Attempt, Callable[[], None]], None],
        timeout: float,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self.provider = provider
        self.delivered = delivered
        self.failed = failed
        self.progressed = progressed
        self.timeout = timeout
        self.clock = clock
        self.seconds = metrics.dialogue_seconds.labels("mt-ForwardSM")
        self._contexts: dict[str, ApplicationContext] = {}

    def begin(self, attempt: Attempt, permit: Permit) -> None:
        """Open the MT dialogue that the permit allows, with the attempt's next segment."""
        _MtDialogue(self, attempt, permit).open(self.context_of(permit.node))

    def context_of(self, node: str) -> ApplicationContext:
        """Return the highest version that the serving node has not refused."""
        return self._contexts.get(node, SHORT_MSG_MT_RELAY_V3)

    def refused(self, node: str, context: ApplicationContext) -> None:
        """Remember that a serving node refused a version; only a lower one is offered again.

        The next dialogue needs an SRI-SM of its own, so the attempt ends here and is made anew.
        """
        lower = one_lower(context)
        if lower is None:
            return
        while len(self._contexts) >= _NODES_REMEMBERED:
            del self._contexts[next(iter(self._contexts))]
        self._contexts[node] = lower


class _MtDialogue:
    """One MT dialogue: the reference of its indications."""

    __slots__ = ("_attempt", "_began", "_context", "_dialogue", "_owner", "_permit")

    def __init__(self, owner: Forwarding, attempt: Attempt, permit: Permit) -> None:
        self._owner = owner
        self._attempt: Attempt | None = attempt
        self._permit = permit
        self._context = SHORT_MSG_MT_RELAY_V3
        self._began = owner.clock.monotonic()
        self._dialogue = 0

    def open(self, context: ApplicationContext) -> None:
        if (attempt := self._attempt) is None:
            return
        self._context = context
        try:
            self._dialogue = self._owner.provider.open(
                context,
                called=SccpAddress.of_gt(self._permit.node, SubsystemNumber.MSC),
                calling=SccpAddress.of_gt(self._permit.calling_gt, SubsystemNumber.MSC),
                now=self._began,
                invoke=_argument(attempt, self._permit),
                timeout=self._owner.timeout,
                reference=self,
            )
        except TooManyDialogues:
            self._fail(MapOutcome(cause=Cause.ABORTED))

    def handle(self, indication: MapIndication) -> None:
        if isinstance(indication, map_primitives.Returned):
            self._segment_arrived()
            return
        outcome = outcome_of(indication)
        if outcome is not None:
            self._fail(outcome)
        if isinstance(indication, map_primitives.TimedOut):
            self._owner.provider.abort(self._dialogue, self._owner.clock.monotonic())
        elif isinstance(indication, map_primitives.Delimited) and self._attempt is None:
            self._owner.provider.close(self._dialogue, self._owner.clock.monotonic())

    def _segment_arrived(self) -> None:
        if (attempt := self._attempt) is None:
            return
        message = attempt.message
        done = message.segments_done + 1
        attempt.message = msgspec.structs.replace(message, segments_done=done)
        if done < len(message.segments):
            self._owner.progressed(attempt, self._send_next)
            return
        self._attempt = None
        self._owner.seconds.observe(self._owner.clock.monotonic() - self._began)
        self._owner.delivered(attempt)

    def _send_next(self) -> None:
        """Send the next segment, now that the one before it is on record."""
        if (attempt := self._attempt) is None:
            return
        now = self._owner.clock.monotonic()
        argument = _argument(attempt, self._permit)
        self._owner.provider.invoke(self._dialogue, argument, now, timeout=self._owner.timeout)
        self._owner.provider.delimit(self._dialogue, now)

    def _fail(self, outcome: MapOutcome) -> None:
        attempt, self._attempt = self._attempt, None
        if attempt is None:
            return
        if outcome.alternative:
            self._owner.refused(self._permit.node, self._context)
        self._owner.seconds.observe(self._owner.clock.monotonic() - self._began)
        self._owner.failed(attempt, outcome)


def _argument(attempt: Attempt, permit: Permit) -> MtForwardSmArg:
    """Return the argument that carries the next segment, TS 29.002 12.9.2."""
    message = attempt.message
    segment = message.segments[message.segments_done]
    more = message.segments_done + 1 < len(message.segments)
    deliver = SmsDeliver(
        originating_address=message.source,
        user_data=segment,
        service_centre_time_stamp=datetime.fromtimestamp(message.accepted_at, UTC),
        protocol_identifier=message.protocol_id,
        data_coding_scheme=message.data_coding,
        more_messages_to_send=more,
    )
    return MtForwardSmArg(
        sm_rp_da=SmRpDa(imsi=permit.imsi),
        sm_rp_oa=SmRpOa(service_centre_address_oa=AddressString(permit.calling_gt)),
        sm_rp_ui=encode_tpdu(deliver),
        more_messages_to_send=more,
    )
