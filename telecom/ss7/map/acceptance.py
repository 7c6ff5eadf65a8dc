"""Whether a dialogue that a peer begins is taken, 3GPP TS 29.002 15.2.2."""

from collections.abc import Collection

import msgspec

from telecom.ss7.ber import ObjectIdentifier
from telecom.ss7.map.contexts import ApplicationContext, lower_ones
from telecom.ss7.map.declarations import LATEST_VERSION
from telecom.ss7.map.dialogue_pdus import MapOpenInfo, ProviderAbortReason
from telecom.ss7.map.errors import ParameterError
from telecom.ss7.map.operations import version_1_context
from telecom.ss7.map.user_information import UserInformation, dialogue_pdu, provider_abort
from telecom.ss7.tcap.primitives import AbortReason, Invoke, TcBegin


class Acceptance(msgspec.Struct, frozen=True):
    """The dialogue is taken, in this context, with these references."""

    context: ApplicationContext
    references: MapOpenInfo = MapOpenInfo()


class Refusal(msgspec.Struct, frozen=True):
    """The dialogue is answered by this TC-U-ABORT."""

    reason: AbortReason = AbortReason.USER_SPECIFIC
    application_context: ObjectIdentifier | None = None
    user_information: UserInformation = ()


def judge(begin: TcBegin, contexts: Collection[ApplicationContext]) -> Acceptance | Refusal:
    """Take or refuse a dialogue where `contexts` are those supported."""
    if begin.application_context is None:
        return _judge_version_1(begin, contexts)
    context = ApplicationContext.of_oid(begin.application_context)
    if context is not None and context.version == 1:
        return _abnormal(ProviderAbortReason.ABNORMAL_DIALOGUE)
    if context is None or context not in contexts:
        alternative = context and _alternative(context, contexts)
        oid = alternative.oid if alternative else None
        return Refusal(AbortReason.APPLICATION_CONTEXT_NOT_SUPPORTED, oid)
    return _judge_references(begin, context)


def _judge_version_1(
    begin: TcBegin, contexts: Collection[ApplicationContext]
) -> Acceptance | Refusal:
    """Derive the context from the first operation, table 15.2/1."""
    first = begin.components[0] if begin.components else None
    if isinstance(first, Invoke) and isinstance(first.opcode, int):
        context = version_1_context(first.opcode)
        if context is not None and context in contexts:
            return Acceptance(context)
    return Refusal()


def _judge_references(begin: TcBegin, context: ApplicationContext) -> Acceptance | Refusal:
    try:
        pdu = dialogue_pdu(begin.user_information)
    except ParameterError:
        return _abnormal(ProviderAbortReason.INVALID_PDU)
    if pdu is None:
        return Acceptance(context)
    if pdu.map_open is None:
        return _abnormal(ProviderAbortReason.ABNORMAL_DIALOGUE)
    return Acceptance(context, pdu.map_open)


def _abnormal(reason: ProviderAbortReason) -> Refusal:
    return Refusal(user_information=provider_abort(reason, LATEST_VERSION))


def _alternative(
    context: ApplicationContext, contexts: Collection[ApplicationContext]
) -> ApplicationContext | None:
    """Return the highest version supported of what the peer asked for, 7.3.1."""
    same = [supported for supported in contexts if supported.name == context.name]
    if same:
        return max(same, key=lambda supported: supported.version)
    return next((lower for lower in lower_ones(context) if lower in contexts), None)
