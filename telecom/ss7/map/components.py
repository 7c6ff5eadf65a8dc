"""Components of a TCAP message to indications of the MAP service, TS 29.002 15.5.5 and 16.2.

What is wrong with a component is answered by a reject, which leaves with the next message that
our user sends in the dialogue.
"""

from collections.abc import Callable
from typing import Any, Final

from telecom.ss7.map.codec import decode
from telecom.ss7.map.declarations import Sequence
from telecom.ss7.map.dialogue import Dialogue
from telecom.ss7.map.errors import USER_ERRORS, ParameterError
from telecom.ss7.map.operations import Operation, operation_received
from telecom.ss7.map.primitives import Failed, Invoked, MapIndication, Rejected, Returned
from telecom.ss7.tcap.primitives import (
    Invoke,
    LReject,
    Problem,
    ReceivedComponent,
    Reject,
    ReturnError,
    ReturnResultLast,
    ReturnResultNotLast,
)

MAX_PERFORMING: Final = 16
"""How many operations of the peer's may wait for an answer in one dialogue."""


def receive(dialogue: Dialogue, component: ReceivedComponent) -> MapIndication | None:
    """Process one component of the peer's; None where it says nothing to our user."""
    return _HANDLERS[type(component)](dialogue, component)


def _reject(
    dialogue: Dialogue, invoke_id: int, problem: Problem, operation: Operation | None = None
) -> Rejected:
    """Queue a reject, and tell our user."""
    dialogue.outgoing.append(Reject(invoke_id, problem))
    return _rejected(dialogue, invoke_id, problem, operation)


def _rejected(
    dialogue: Dialogue,
    invoke_id: int | None,
    problem: int,
    operation: Operation | None,
    *,
    by_peer: bool = False,
) -> Rejected:
    code = operation.code if operation else None
    return Rejected(dialogue.id, invoke_id, code, problem, by_peer, dialogue.reference)


def _receive_invoke(dialogue: Dialogue, component: Invoke) -> MapIndication:
    invoke_id = component.invoke_id
    operation = _operation(dialogue, component)
    if operation is None:
        return _reject(dialogue, invoke_id, Problem.UNRECOGNIZED_OPERATION)
    if invoke_id in dialogue.performing:
        return _reject(dialogue, invoke_id, Problem.DUPLICATE_INVOKE_ID)
    if component.linked_id is not None:
        return _reject(dialogue, invoke_id, Problem.LINKED_RESPONSE_UNEXPECTED)
    if len(dialogue.performing) >= MAX_PERFORMING:
        return _reject(dialogue, invoke_id, Problem.RESOURCE_LIMITATION)
    argument = _parameter(operation.argument, component.parameter, dialogue)
    if argument is None:
        return _reject(dialogue, invoke_id, Problem.MISTYPED_PARAMETER)
    dialogue.performing[invoke_id] = operation
    return Invoked(dialogue.id, invoke_id, operation.code, argument, dialogue.reference)


def _operation(dialogue: Dialogue, component: Invoke) -> Operation | None:
    """Look up a local operation code; no operation here has a global one."""
    opcode = component.opcode
    return operation_received(dialogue.context, opcode) if isinstance(opcode, int) else None


def _parameter(
    declared: type[Sequence], octets: bytes | None, dialogue: Dialogue
) -> Sequence | None:
    """Decode a parameter; None where it is missing or mistyped."""
    if octets is None:
        return None
    try:
        return decode(declared, octets, dialogue.context.version)
    except ParameterError:
        return None


def _receive_result(dialogue: Dialogue, component: ReturnResultLast) -> MapIndication | None:
    invoke_id = component.invoke_id
    operation = dialogue.requesting.pop(invoke_id, None)
    if operation is None:
        return None
    result = None
    if operation.result is not None and (
        component.parameter is not None or operation.result_mandatory
    ):
        result = _parameter(operation.result, component.parameter, dialogue)
        if result is None or component.opcode != operation.code:
            problem = Problem.RETURN_RESULT_MISTYPED_PARAMETER
            return _reject(dialogue, invoke_id, problem, operation)
    return Returned(dialogue.id, invoke_id, operation.code, result, dialogue.reference)


def _receive_segment(dialogue: Dialogue, component: ReturnResultNotLast) -> MapIndication | None:
    """No result of a short message operation is segmented."""
    operation = dialogue.requesting.pop(component.invoke_id, None)
    if operation is None:
        return None
    problem = Problem.RETURN_RESULT_UNEXPECTED
    return _reject(dialogue, component.invoke_id, problem, operation)


def _receive_error(dialogue: Dialogue, component: ReturnError) -> MapIndication | None:
    """Report the error whatever is wrong with it, and tell the peer, too: our user needs to know.

    An error with a global code, which MAP has none of, is the exception.
    """
    invoke_id, code = component.invoke_id, component.error_code
    operation = dialogue.requesting.pop(invoke_id, None)
    if operation is None:
        return None
    if not isinstance(code, int):
        return _reject(dialogue, invoke_id, Problem.UNRECOGNIZED_ERROR, operation)
    parameter = None
    error = USER_ERRORS.get(code)
    problem = _error_problem(operation, code)
    if error is not None and component.parameter is not None:
        parameter = _parameter(error.parameter, component.parameter, dialogue)
        if parameter is None:
            problem = problem or Problem.RETURN_ERROR_MISTYPED_PARAMETER
    if problem is not None:
        dialogue.outgoing.append(Reject(invoke_id, problem))
    return Failed(dialogue.id, invoke_id, operation.code, code, parameter, dialogue.reference)


def _error_problem(operation: Operation, code: int) -> Problem | None:
    if code not in USER_ERRORS:
        return Problem.UNRECOGNIZED_ERROR
    return None if code in operation.errors else Problem.UNEXPECTED_ERROR


def _receive_reject(dialogue: Dialogue, component: Reject) -> Rejected:
    operation = None
    if component.invoke_id is not None and component.problem < _OF_RESULTS:
        operation = dialogue.requesting.pop(component.invoke_id, None)
    return _rejected(dialogue, component.invoke_id, component.problem, operation, by_peer=True)


def _receive_local_reject(dialogue: Dialogue, component: LReject) -> Rejected:
    operation = None
    if component.invoke_id is not None and component.ended:
        operation = dialogue.requesting.pop(component.invoke_id, None)
    return _rejected(dialogue, component.invoke_id, component.problem, operation)


_OF_RESULTS: Final = Problem.RETURN_RESULT_UNRECOGNIZED_INVOKE_ID
"""Problems from here on are of results and errors that we sent."""

_HANDLERS: Final[dict[type[ReceivedComponent], Callable[[Dialogue, Any], MapIndication | None]]] = {
    Invoke: _receive_invoke,
    ReturnResultLast: _receive_result,
    ReturnResultNotLast: _receive_segment,
    ReturnError: _receive_error,
    Reject: _receive_reject,
    LReject: _receive_local_reject,
}
