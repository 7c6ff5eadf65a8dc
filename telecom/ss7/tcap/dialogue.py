"""One dialogue and its transaction, Q.774 3.2.2: what is known of it, and its dialogue portions."""

from typing import Final

from telecom.ss7.ber import ObjectIdentifier
from telecom.ss7.sccp.address import SccpAddress
from telecom.ss7.tcap.errors import LocalError
from telecom.ss7.tcap.invocations import Invocations, TimerKey
from telecom.ss7.tcap.messages import (
    VERSION_1,
    Abort,
    AbortSource,
    AssociateResult,
    Diagnostic,
    DialogueAbort,
    DialoguePdu,
    DialoguePortion,
    DialogueRequest,
    DialogueResponse,
)
from telecom.ss7.tcap.primitives import (
    AbortReason,
    Component,
    External,
    PAbortCause,
    TcPAbort,
    TcUAbort,
)
from telecom.ss7.tcap.states import TRANSITIONS, Input, State
from telecom.ss7.tcap.timers import TimerBuckets

_DIAGNOSTICS: Final = {
    AbortReason.DIALOGUE_REFUSED: Diagnostic.USER_NO_REASON_GIVEN,
    AbortReason.APPLICATION_CONTEXT_NOT_SUPPORTED: (
        Diagnostic.APPLICATION_CONTEXT_NAME_NOT_SUPPORTED
    ),
}
_REASONS: Final[dict[int, AbortReason]] = {
    diagnostic: reason for reason, diagnostic in _DIAGNOSTICS.items()
}

UserInformation = tuple[External, ...]


class Dialogue:
    """A dialogue that is open; its number is its transaction id as an integer.

    `application_context` is the one that it was begun with; None is a dialogue without dialogue
    portions.
    """

    __slots__ = (
        "active_at",
        "application_context",
        "by_peer",
        "idle_tick",
        "invocations",
        "local",
        "number",
        "otid",
        "peer_tid",
        "remote",
        "state",
    )

    def __init__(
        self,
        number: int,
        state: State,
        *,
        local: SccpAddress,
        remote: SccpAddress,
        application_context: ObjectIdentifier | None,
        timers: TimerBuckets[TimerKey],
        now: float,
    ) -> None:
        self.number = number
        self.state = state
        self.local = local
        self.remote = remote
        self.application_context = application_context
        self.invocations = Invocations(number, timers)
        self.by_peer = state is State.INITIATION_RECEIVED
        self.otid = number.to_bytes(4, "big")
        self.peer_tid = b""
        self.active_at = now
        self.idle_tick = 0

    def after(self, request: Input) -> State:
        """Return the state that a request leads to; raises `LocalError`."""
        state = TRANSITIONS.get((self.state, request))
        if state is None:
            raise LocalError(f"no {request.value} in a dialogue with {self.state.value}")
        return state

    def outgoing(self, components: tuple[Component, ...]) -> tuple[Component, ...]:
        """Return what is to be sent: what is rejected goes first; raises `LocalError`."""
        self.invocations.check(components)
        return (*self.invocations.rejects, *components)

    def sent(self, components: tuple[Component, ...], now: float) -> None:
        """Start the operations that were sent, and forget the rejects."""
        self.invocations.rejects.clear()
        self.invocations.start(components, now)
        self.active_at = now

    def answer_from(self, calling: SccpAddress | None) -> None:
        """Take the address that a first answer gives as its own, Q.771 3.1.2.2.2.2."""
        if calling is not None and self.state is State.INITIATION_RECEIVED:
            self.local = calling

    def response(
        self, application_context: ObjectIdentifier | None, user_information: UserInformation
    ) -> DialogueResponse | None:
        """Build the portion of what is sent next: only a first answer has one."""
        if self.state is State.INITIATION_RECEIVED and self.application_context is not None:
            context = application_context or self.application_context
            return DialogueResponse(context, user_information=user_information)
        if user_information:
            raise LocalError("user information in a message that has no dialogue portion")
        return None

    def abort(
        self,
        reason: AbortReason,
        application_context: ObjectIdentifier | None,
        user_information: UserInformation,
    ) -> DialoguePdu | None:
        """Build the portion of an Abort of our user's."""
        if self.application_context is None:
            return None
        if reason is AbortReason.USER_SPECIFIC or self.state is not State.INITIATION_RECEIVED:
            return DialogueAbort(AbortSource.DIALOGUE_SERVICE_USER, user_information)
        return DialogueResponse(
            application_context or self.application_context,
            AssociateResult.REJECT_PERMANENT,
            _DIAGNOSTICS[reason],
            user_information,
        )

    def expects(self, portion: DialoguePortion | None) -> bool:
        """Whether a Continue or End may have this portion now: the first has an acceptance."""
        if self.state is State.ACTIVE or self.application_context is None:
            return portion is None
        return isinstance(portion, DialogueResponse) and portion.result == AssociateResult.ACCEPTED

    def aborted(self, message: Abort, calling: SccpAddress) -> TcUAbort | TcPAbort:
        """Say who aborted and why, Q.774 3.2.2."""
        portion = message.dialogue
        number = self.number
        if message.cause is not None:
            return TcPAbort(number, message.cause, by_peer=True)
        if portion is None:
            return TcUAbort(number, calling, AbortReason.USER_SPECIFIC, portion=False)
        if isinstance(portion, DialogueAbort):
            if portion.source == AbortSource.DIALOGUE_SERVICE_PROVIDER:
                return TcPAbort(number, PAbortCause.ABNORMAL_DIALOGUE, by_peer=True)
            reason, information = AbortReason.USER_SPECIFIC, portion.user_information
            return TcUAbort(number, calling, reason, user_information=information)
        if isinstance(portion, DialogueResponse) and self.state is State.INITIATION_SENT:
            return self._refused(portion, calling)
        return TcPAbort(number, PAbortCause.ABNORMAL_DIALOGUE, by_peer=False)

    def _refused(self, response: DialogueResponse, calling: SccpAddress) -> TcUAbort | TcPAbort:
        if response.diagnostic >= Diagnostic.PROVIDER_NULL:
            return TcPAbort(self.number, PAbortCause.NO_COMMON_DIALOGUE_PORTION, by_peer=True)
        reason = _REASONS.get(response.diagnostic, AbortReason.DIALOGUE_REFUSED)
        context, information = response.application_context, response.user_information
        return TcUAbort(self.number, calling, reason, context, information)


def request(
    application_context: ObjectIdentifier | None, user_information: UserInformation
) -> DialogueRequest | None:
    """Build the portion of a Begin; raises `LocalError`."""
    if application_context is not None:
        return DialogueRequest(application_context, user_information)
    if user_information:
        raise LocalError("user information without an application context")
    return None


def refusal(portion: DialoguePortion | None) -> DialoguePdu | None:
    """Build the answer to a Begin whose portion cannot be taken; None where it can."""
    if portion is None:
        return None
    if not isinstance(portion, DialogueRequest):
        return DialogueAbort(AbortSource.DIALOGUE_SERVICE_PROVIDER)
    version = portion.protocol_version
    if version is None or (len(version) > 1 and version[1] & VERSION_1[1]):
        return None
    return DialogueResponse(
        portion.application_context,
        AssociateResult.REJECT_PERMANENT,
        Diagnostic.NO_COMMON_DIALOGUE_PORTION,
    )
