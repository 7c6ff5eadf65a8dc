"""What a TC-U-ABORT or TC-P-ABORT says to our user, 3GPP TS 29.002 15.2.1 and 16.1.2.6."""

from typing import Final

from telecom.ss7.ber import ObjectIdentifier
from telecom.ss7.map.contexts import ApplicationContext, lower_ones
from telecom.ss7.map.dialogue import Dialogue
from telecom.ss7.map.dialogue_pdus import MapDialoguePdu, MapRefuseInfo
from telecom.ss7.map.errors import ParameterError
from telecom.ss7.map.primitives import Aborted, AbortReason, Refused, RefuseReason
from telecom.ss7.map.states import State
from telecom.ss7.map.user_information import UserInformation, abort_reason, dialogue_pdu
from telecom.ss7.tcap import primitives as tc

_OF_VERSION_1: Final = (
    tc.PAbortCause.INCORRECT_TRANSACTION_PORTION,
    tc.PAbortCause.NO_COMMON_DIALOGUE_PORTION,
)
"""How a peer that has never heard of dialogue portions meets one."""

_PROVIDER_REASONS: Final[dict[int, AbortReason]] = {
    tc.PAbortCause.UNRECOGNIZED_MESSAGE_TYPE: AbortReason.PROVIDER_MALFUNCTION,
    tc.PAbortCause.UNRECOGNIZED_TRANSACTION_ID: AbortReason.TRANSACTION_RELEASED,
    tc.PAbortCause.BADLY_FORMATTED_TRANSACTION_PORTION: AbortReason.PROVIDER_MALFUNCTION,
    tc.PAbortCause.INCORRECT_TRANSACTION_PORTION: AbortReason.PROVIDER_MALFUNCTION,
    tc.PAbortCause.RESOURCE_LIMITATION: AbortReason.PROVIDER_RESOURCE_LIMITATION,
    tc.PAbortCause.ABNORMAL_DIALOGUE: AbortReason.PROVIDER_MALFUNCTION,
    tc.PAbortCause.NO_COMMON_DIALOGUE_PORTION: AbortReason.VERSION_INCOMPATIBILITY,
    tc.PAbortCause.IDLE: AbortReason.TRANSACTION_RELEASED,
}
"""Table 16.1/1."""


def of_user_abort(dialogue: Dialogue, abort: tc.TcUAbort) -> Refused | Aborted:
    """Tell a refusal from an abort, and whose it is."""
    pdu = _pdu(abort.user_information)
    if dialogue.state is State.INITIATED:
        refused = _refusal(dialogue, abort, pdu)
        if refused is not None:
            return refused
    if pdu is not None and pdu.map_provider_abort is not None:
        diagnostic = pdu.map_provider_abort.map_provider_abort_reason
        return _aborted(dialogue, AbortReason.ABNORMAL_DIALOGUE, diagnostic)
    reason, detail = AbortReason.USER_SPECIFIC, None
    if pdu is not None and pdu.map_user_abort is not None:
        reason, detail = abort_reason(pdu.map_user_abort.map_user_abort_choice)
    return _aborted(dialogue, reason, detail, by_user=True)


def of_provider_abort(dialogue: Dialogue, abort: tc.TcPAbort) -> Refused | Aborted:
    """Tell a peer that knows version 1 only from any other trouble; `diagnostic` is the cause."""
    initiated = dialogue.state is State.INITIATED and dialogue.context.version > 1
    if initiated and abort.by_peer and abort.cause in _OF_VERSION_1:
        return _of_version_1(dialogue)
    reason = _PROVIDER_REASONS.get(abort.cause, AbortReason.PROVIDER_MALFUNCTION)
    return _aborted(dialogue, reason, abort.cause)


def abnormal(dialogue: Dialogue) -> Aborted:
    """Say that the peer's message does not belong in the dialogue."""
    return _aborted(dialogue, AbortReason.ABNORMAL_DIALOGUE, None)


def _pdu(user_information: UserInformation) -> MapDialoguePdu | None:
    try:
        return dialogue_pdu(user_information)
    except ParameterError:
        return None


def _refusal(dialogue: Dialogue, abort: tc.TcUAbort, pdu: MapDialoguePdu | None) -> Refused | None:
    if abort.reason is tc.AbortReason.APPLICATION_CONTEXT_NOT_SUPPORTED:
        alternative = _alternative(dialogue.context, abort.application_context)
        reason = RefuseReason.APPLICATION_CONTEXT_NOT_SUPPORTED
        return Refused(dialogue.id, reason, alternative, dialogue.reference)
    info = pdu.map_refuse if pdu is not None else None
    if abort.reason is tc.AbortReason.DIALOGUE_REFUSED or info is not None:
        return _refused(dialogue, info)
    if not abort.portion and dialogue.context.version > 1:
        return _of_version_1(dialogue)
    return None


def _refused(dialogue: Dialogue, info: MapRefuseInfo | None) -> Refused:
    reason, alternative = RefuseReason.NO_REASON_GIVEN, None
    if info is not None:
        if info.reason in _REFUSE_REASONS:
            reason = RefuseReason(info.reason)
        if info.alternative_application_context is not None:
            alternative = ApplicationContext.of_oid(info.alternative_application_context)
    return Refused(dialogue.id, reason, alternative, dialogue.reference)


def _of_version_1(dialogue: Dialogue) -> Refused:
    version_1 = next((lower for lower in lower_ones(dialogue.context) if lower.version == 1), None)
    reason = RefuseReason.POTENTIAL_VERSION_INCOMPATIBILITY
    return Refused(dialogue.id, reason, version_1, dialogue.reference)


def _alternative(
    context: ApplicationContext, offered: ObjectIdentifier | None
) -> ApplicationContext | None:
    """Return what to try next: the lower version that the peer offers, else one lower."""
    lower = lower_ones(context)
    alternative = ApplicationContext.of_oid(offered) if offered is not None else None
    if alternative in lower:
        return alternative
    return lower[0] if lower else None


def _aborted(
    dialogue: Dialogue, reason: AbortReason, diagnostic: int | None, *, by_user: bool = False
) -> Aborted:
    return Aborted(dialogue.id, by_user, reason, diagnostic, dialogue.reference)


_REFUSE_REASONS: Final = (
    RefuseReason.NO_REASON_GIVEN,
    RefuseReason.INVALID_DESTINATION_REFERENCE,
    RefuseReason.INVALID_ORIGINATING_REFERENCE,
)
"""Those that MAP-RefuseInfo has."""
