"""Components of a TCAP message as trees: MAP operations, their errors, and the TPDUs in them."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from telecom.cli.dissection.dialogues import Dialogue
from telecom.cli.dissection.short_message import tpdu
from telecom.cli.dissection.tree import (
    NO_MEANINGS,
    Branch,
    Meanings,
    branch_of,
    fault,
    fields,
    named,
    octets_of,
)
from telecom.ss7.map import enumerations
from telecom.ss7.map.codec import decode
from telecom.ss7.map.contexts import ApplicationContext, ContextName
from telecom.ss7.map.declarations import LATEST_VERSION, Sequence
from telecom.ss7.map.dialogue_pdus import (
    DIALOGUE_AS,
    MapDialoguePdu,
    ProcedureCancellationReason,
    ProviderAbortReason,
    ResourceUnavailableReason,
)
from telecom.ss7.map.errors import USER_ERRORS, MapError, error_name
from telecom.ss7.map.messages import AddressString, MoForwardSmRes
from telecom.ss7.map.operations import OPERATIONS, Operation, operation_received
from telecom.ss7.map.primitives import RefuseReason
from telecom.ss7.tcap.messages import UndecodableComponent, WireComponent
from telecom.ss7.tcap.primitives import (
    External,
    Invoke,
    Problem,
    Reject,
    ReturnError,
    ReturnResultLast,
    ReturnResultNotLast,
)

_nature: Final = named(enumerations.NatureOfAddress)
_plan: Final = named(enumerations.NumberingPlan)
_outcome: Final = named(enumerations.SmDeliveryOutcome)
_context: Final = named(ContextName)
_absence: Final = named(enumerations.AbsentSubscriberDiagnosticSm)


def context_name(oid: tuple[int, ...]) -> str | None:
    """Name an application context of MAP's, TS 29.002 17.3.3; None is another protocol's."""
    context = ApplicationContext.of_oid(oid)
    if context is None:
        return None
    return f"{_context(context.name) or f'map-ac {context.name}'} version {context.version}"


_MEANINGS: Final[Meanings] = {
    "sm_delivery_outcome": _outcome,
    "additional_sm_delivery_outcome": _outcome,
    "ip_sm_gw_sm_delivery_outcome": _outcome,
    "absent_subscriber_diagnostic_sm": _absence,
    "additional_absent_subscriber_diagnostic_sm": _absence,
    "ip_sm_gw_absent_subscriber_diagnostic_sm": _absence,
    "sm_delivery_not_intended": named(enumerations.SmDeliveryNotIntended),
    "alert_reason": named(enumerations.AlertReason),
    "sm_enumerated_delivery_failure_cause": named(enumerations.SmEnumeratedDeliveryFailureCause),
    "absent_subscriber_reason": named(enumerations.AbsentSubscriberReason),
    "call_barring_cause": named(enumerations.CallBarringCause),
    "unknown_subscriber_diagnostic": named(enumerations.UnknownSubscriberDiagnostic),
    "network_resource": named(enumerations.NetworkResource),
    "additional_network_resource": named(enumerations.NetworkResource),
    "reason": named(RefuseReason),
    "resource_unavailable": named(ResourceUnavailableReason),
    "application_procedure_cancellation": named(ProcedureCancellationReason),
    "map_provider_abort_reason": named(ProviderAbortReason),
    "problem": named(Problem),
    "alternative_application_context": context_name,
}
_NOT_ON_THE_WIRE: Final = ("timeout", "operation_class", "parameter")
"""Fields of components, and the one that is decoded."""
_TPDUS: Final = ("sm_rp_ui", "diagnostic_info")


def component(received: WireComponent, dialogue: Dialogue, *, portion: bytes) -> Branch:
    """Show a component; `portion` is what to show of one that could not be decoded."""
    if isinstance(received, UndecodableComponent):
        reason = named(Problem)(received.problem) or f"problem {received.problem:#x}"
        return fault("Component", reason, portion)
    name, declared, parameter = _SHOWN[type(received)](received, dialogue)
    shown = [
        coded(branch) if branch.name == "problem" else branch
        for branch in fields(received, without=_NOT_ON_THE_WIRE, meanings=_MEANINGS)
    ]
    return Branch(name, branches=(*shown, *_parameter(declared, parameter, dialogue)))


def user_information(external: External) -> Branch:
    """Show a value of the dialogue portion's user information, TS 29.002 17.4."""
    if external.direct_reference != DIALOGUE_AS:
        oid = ".".join(map(str, external.direct_reference))
        return Branch("user_information", external.data.hex(), oid)
    try:
        pdu = decode(MapDialoguePdu, external.data, LATEST_VERSION)
    except MapError as error:
        return fault("MAP", error, external.data)
    (shown,) = fields(pdu, meanings=_MEANINGS)
    name = shown.name.replace("_", "-").replace("map-", "MAP ")
    return Branch(name, branches=shown.branches)


def coded(branch: Branch) -> Branch:
    """Show a code that has the tag of its kind before it as the code; its name tells the kind."""
    kind, code = divmod(branch.value, 0x100)
    return Branch(branch.name, code, branch.meaning or f"of tag {kind:#x}")


_Shown = tuple[str, tuple[type[Sequence], ...], bytes | None]
"""The name of a component, what its parameter may be, and the parameter."""


def _invoke(invoke: Invoke, dialogue: Dialogue) -> _Shown:
    operations = _operations(invoke.opcode, dialogue)
    return (
        f"Invoke{_named(operations)}",
        tuple(row.argument for row in operations),
        invoke.parameter,
    )


def _result(result: ReturnResultLast | ReturnResultNotLast, dialogue: Dialogue) -> _Shown:
    operations = _operations(result.opcode, dialogue)
    name = type(result).__name__ + _named(operations)
    return name, tuple(row.result for row in operations if row.result), result.parameter


def _error(error: ReturnError, dialogue: Dialogue) -> _Shown:
    code = error.error_code
    if not dialogue.is_map or not isinstance(code, int):
        return "ReturnError", (), error.parameter
    row = USER_ERRORS.get(code)
    return f"ReturnError {error_name(code)}", (row.parameter,) if row else (), error.parameter


def _reject(_: Reject, __: Dialogue) -> _Shown:
    return "Reject", (), None


_SHOWN: Final[dict[type[WireComponent], Callable[[Any, Dialogue], _Shown]]] = {
    Invoke: _invoke,
    ReturnResultLast: _result,
    ReturnResultNotLast: _result,
    ReturnError: _error,
    Reject: _reject,
}


def _operations(opcode: Any, dialogue: Dialogue) -> list[Operation]:
    """Return the operation of a code; all that it may be where the beginning was not seen."""
    if not dialogue.is_map or not isinstance(opcode, int):
        return []
    known = operation_received(dialogue.context, opcode) if dialogue.context else None
    return [known] if known else [row for row in OPERATIONS if row.code == opcode]


def _named(operations: list[Operation]) -> str:
    names = dict.fromkeys(row.name for row in operations)
    return f" {' or '.join(names)}" if names else ""


def _parameter(
    declared: tuple[type[Sequence], ...], octets: bytes | None, dialogue: Dialogue
) -> Iterator[Branch]:
    """Show a parameter as the first of the types that it can be."""
    if octets is None:
        return
    version = dialogue.context.version if dialogue.context else LATEST_VERSION
    faults = []
    for each in declared:
        try:
            parameter = decode(each, octets, version)
        except MapError as error:
            faults.append(fault(each.__name__, error, octets))
        else:
            yield from _decoded(parameter, dialogue)
            return
    yield from faults[:1] or octets_of("parameter", octets)


def _decoded(parameter: Any, dialogue: Dialogue) -> Iterator[Branch]:
    yield from fields(parameter, without=_TPDUS, meanings=_MEANINGS)
    destination = getattr(parameter, "sm_rp_da", None)
    if destination is not None:
        dialogue.mobile_originated = destination.service_centre_address_da is not None
        yield tpdu(parameter.sm_rp_ui, mobile_originated=dialogue.mobile_originated)
        return
    for name in _TPDUS:
        report: bytes | None = getattr(parameter, name, None)
        if report:
            yield tpdu(report, mobile_originated=not _is_mobile_originated(parameter, dialogue))


def _is_mobile_originated(report: Any, dialogue: Dialogue) -> bool:
    """Say whether a report answers a message from a mobile: by its dialogue, or by its type."""
    if dialogue.mobile_originated is not None:
        return dialogue.mobile_originated
    name = dialogue.context.name if dialogue.context else None
    return isinstance(report, MoForwardSmRes) or name == ContextName.SHORT_MSG_MO_RELAY


@branch_of.register
def _(address: AddressString, name: str, _: Meanings = NO_MEANINGS) -> Branch:
    nature = _nature(address.nai) or f"nature {address.nai}"
    plan = _plan(address.npi) or f"plan {address.npi}"
    return Branch(name, address.digits, f"{nature}, {plan}")
