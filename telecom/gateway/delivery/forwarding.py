"""MT-ForwardSM: one MT dialogue carries the segments of a message to the serving node.

TS 29.002 12.9 and 23.3: the first one opens the dialogue, each but the last says that more
messages follow, and their outcomes come one by one.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import msgspec
import structlog

from telecom.gateway.clock import Clock
from telecom.gateway.delivery.attempt import Attempt
from telecom.gateway.delivery.inquiry import MapOutcome, outcome_of
from telecom.gateway.delivery.settlement import Settlement
from telecom.gateway.metrics import Metrics
from telecom.router.failures import Cause
from telecom.sms.tpdu import SmsDeliver, encode_tpdu
from telecom.ss7.map import primitives as map_primitives
from telecom.ss7.map.contexts import (
    SHORT_MSG_MT_RELAY_V3,
    ApplicationContext,
    lower_ones,
)
from telecom.ss7.map.dialogues import Dialogues
from telecom.ss7.map.errors import TooManyDialogues
from telecom.ss7.map.messages import AddressString, MtForwardSmArg, SmRpDa, SmRpOa
from telecom.ss7.map.primitives import MapIndication
from telecom.ss7.sccp.address import SccpAddress, SubsystemNumber

_NODES_REMEMBERED: Final = 10_000

_log = structlog.get_logger("telecom.gateway.delivery.forwarding")


class Permit(msgspec.Struct, frozen=True, gc=False):
    """The GT gate's leave for one MT dialogue: to this node, for this IMSI, from this GT.

    Only `telecom.gateway.delivery.gt_gate` makes one.
    """

    imsi: str
    node: str
    calling_gt: str


class Forwarding:
    """Sends MT-ForwardSM, on the gate's permit; `settlement` hears what comes of it."""

    def __init__(
        self,
        provider: Dialogues,
        settlement: Settlement,
        *,
        timeout: float,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self.provider = provider
        self.settlement = settlement
        self.timeout = timeout
        self.clock = clock
        self.seconds = metrics.dialogue_seconds.labels("mt-ForwardSM")
        self._contexts: dict[str, ApplicationContext] = {}

    def begin(self, attempt: Attempt, permit: Permit) -> None:
        """Open the MT dialogue that the permit allows, with the attempt's next segment."""
        _MtDialogue(self, attempt, permit, self.context_of(permit.node)).open()

    def context_of(self, node: str) -> ApplicationContext:
        """Return the highest version that the serving node has not refused."""
        return self._contexts.get(node, SHORT_MSG_MT_RELAY_V3)

    def refused(
        self, node: str, context: ApplicationContext, alternative: ApplicationContext
    ) -> bool:
        """Remember that a serving node refused a version; False where none lower is left.

        The next dialogue needs an SRI-SM of its own, so the attempt ends here and is made anew.
        """
        lower = lower_ones(context)
        if not lower:
            return False
        chosen = alternative if alternative in lower else lower[0]
        if chosen.version < self.context_of(node).version:
            while len(self._contexts) >= _NODES_REMEMBERED:
                del self._contexts[next(iter(self._contexts))]
            self._contexts[node] = chosen
        return True


class _MtDialogue:
    """One MT dialogue: the reference of its indications."""

    __slots__ = (
        "_arrived",
        "_attempt",
        "_began",
        "_context",
        "_dialogue",
        "_ending",
        "_is_recording",
        "_owner",
        "_permit",
    )

    def __init__(
        self, owner: Forwarding, attempt: Attempt, permit: Permit, context: ApplicationContext
    ) -> None:
        self._owner = owner
        self._attempt: Attempt | None = attempt
        self._permit = permit
        self._context = context
        self._began = owner.clock.monotonic()
        self._dialogue = 0
        self._arrived = 0
        self._is_recording = False
        self._ending: MapOutcome | None = None

    def open(self) -> None:
        self._try(self._send_first)

    def _try(self, send: Callable[[Attempt], None]) -> None:
        if (attempt := self._attempt) is None:
            return
        try:
            send(attempt)
        except TooManyDialogues:
            self._fail(MapOutcome(cause=Cause.ABORTED))
        except Exception:  # noqa: BLE001 - the other messages of its batch must leave
            _log.exception("message_cannot_be_sent", message=attempt.message.id)
            self._fail(MapOutcome(cause=Cause.REJECTED))

    def _send_first(self, attempt: Attempt) -> None:
        self._dialogue = self._owner.provider.open(
            self._context,
            called=SccpAddress.of_gt(self._permit.node, SubsystemNumber.MSC),
            calling=SccpAddress.of_gt(self._permit.calling_gt, SubsystemNumber.MSC),
            now=self._began,
            invoke=_argument(attempt, self._permit),
            timeout=self._owner.timeout,
            reference=self,
        )

    def _send_next(self, attempt: Attempt) -> None:
        now = self._owner.clock.monotonic()
        argument = _argument(attempt, self._permit)
        self._owner.provider.invoke(self._dialogue, argument, now, timeout=self._owner.timeout)
        self._owner.provider.delimit(self._dialogue, now)

    def handle(self, indication: MapIndication) -> None:
        if isinstance(indication, map_primitives.Returned):
            self._segment_arrived()
            return
        outcome = outcome_of(indication)
        if outcome is not None:
            self._ended(outcome)
        if isinstance(indication, map_primitives.TimedOut):
            self._owner.provider.abort(self._dialogue, self._owner.clock.monotonic())
        elif isinstance(indication, map_primitives.Delimited) and self._attempt is None:
            self._owner.provider.close(self._dialogue, self._owner.clock.monotonic())

    def _segment_arrived(self) -> None:
        if (attempt := self._attempt) is None:
            return
        message = attempt.message
        self._arrived += 1
        done = message.segments_done + 1
        attempt.message = msgspec.structs.replace(message, segments_done=done)
        if done < len(message.segments):
            self._is_recording = True
            self._owner.settlement.progressed(attempt, self._recorded)
            return
        self._attempt = None
        self._owner.seconds.observe(self._owner.clock.monotonic() - self._began)
        self._owner.settlement.delivered(attempt)

    def _ended(self, outcome: MapOutcome) -> None:
        """Take note that no more will arrive; what has arrived goes on record before that."""
        if not self._is_recording or self._attempt is None:
            self._fail(outcome)
        elif self._ending is None:
            self._ending = outcome
            self._attempt.interrupted = True

    def _recorded(self) -> None:
        """Go on, now that the segment before is on record."""
        self._is_recording = False
        if self._ending is not None:
            self._fail(self._ending)
        else:
            self._try(self._send_next)

    def _fail(self, outcome: MapOutcome) -> None:
        attempt, self._attempt = self._attempt, None
        if attempt is None:
            return
        self._owner.seconds.observe(self._owner.clock.monotonic() - self._began)
        if self._goes_on(outcome):
            self._owner.settlement.goes_on(attempt)
        else:
            self._owner.settlement.forwarding_failed(attempt, outcome)

    def _goes_on(self, outcome: MapOutcome) -> bool:
        """Whether the next dialogue can do what this one could not: no failure, a new attempt.

        That is so in a lower version, and with a peer that takes a dialogue for each segment.
        Both come to an end: versions only get lower, and segments fewer.
        """
        if outcome.alternative is not None:
            return self._owner.refused(self._permit.node, self._context, outcome.alternative)
        return outcome.closed and self._arrived > 0


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
        reply_path=message.reply_path,
        more_messages_to_send=more,
    )
    return MtForwardSmArg(
        sm_rp_da=SmRpDa(imsi=permit.imsi),
        sm_rp_oa=SmRpOa(service_centre_address_oa=AddressString(permit.calling_gt)),
        sm_rp_ui=encode_tpdu(deliver),
        more_messages_to_send=more,
    )
