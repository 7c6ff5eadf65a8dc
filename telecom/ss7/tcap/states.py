"""State tables of TCAP, Q.774 annex A; what is not in a table is a fault of who caused it."""

from enum import StrEnum
from typing import Final

from telecom.ss7.tcap.primitives import (
    OperationClass,
    Problem,
    ReturnError,
    ReturnResultLast,
    ReturnResultNotLast,
)


class State(StrEnum):
    """Of a transaction, Q.774 figure A.4; one that is idle is not kept."""

    IDLE = "idle"
    INITIATION_SENT = "initiation sent"
    INITIATION_RECEIVED = "initiation received"
    ACTIVE = "active"


class Input(StrEnum):
    """What happens to a transaction: requests of the user, messages of the peer."""

    BEGIN_REQUEST = "TC-BEGIN request"
    CONTINUE_REQUEST = "TC-CONTINUE request"
    END_REQUEST = "TC-END request"
    PREARRANGED_END = "prearranged TC-END request"
    ABORT_REQUEST = "TC-U-ABORT request"
    BEGIN = "Begin message"
    CONTINUE = "Continue message"
    END = "End message"
    ABORT = "Abort message"


TRANSITIONS: Final = {
    (State.IDLE, Input.BEGIN_REQUEST): State.INITIATION_SENT,
    (State.IDLE, Input.BEGIN): State.INITIATION_RECEIVED,
    (State.INITIATION_SENT, Input.PREARRANGED_END): State.IDLE,
    (State.INITIATION_SENT, Input.ABORT_REQUEST): State.IDLE,
    (State.INITIATION_SENT, Input.CONTINUE): State.ACTIVE,
    (State.INITIATION_SENT, Input.END): State.IDLE,
    (State.INITIATION_SENT, Input.ABORT): State.IDLE,
    (State.INITIATION_RECEIVED, Input.CONTINUE_REQUEST): State.ACTIVE,
    (State.INITIATION_RECEIVED, Input.END_REQUEST): State.IDLE,
    (State.INITIATION_RECEIVED, Input.PREARRANGED_END): State.IDLE,
    (State.INITIATION_RECEIVED, Input.ABORT_REQUEST): State.IDLE,
    (State.ACTIVE, Input.CONTINUE_REQUEST): State.ACTIVE,
    (State.ACTIVE, Input.END_REQUEST): State.IDLE,
    (State.ACTIVE, Input.PREARRANGED_END): State.IDLE,
    (State.ACTIVE, Input.ABORT_REQUEST): State.IDLE,
    (State.ACTIVE, Input.CONTINUE): State.ACTIVE,
    (State.ACTIVE, Input.END): State.IDLE,
    (State.ACTIVE, Input.ABORT): State.IDLE,
}
"""A peer that was sent nothing yet cannot name our transaction: no message after its Begin."""

Returned = type[ReturnResultLast] | type[ReturnResultNotLast] | type[ReturnError]


class InvocationState(StrEnum):
    """Of an operation that we invoked, Q.774 figures A.5 to A.8."""

    IDLE = "idle"
    OPERATION_SENT = "operation sent"


INVOCATION_TRANSITIONS: Final[dict[tuple[int, Returned], InvocationState]] = {
    (OperationClass.SUCCESS_AND_FAILURE, ReturnResultNotLast): InvocationState.OPERATION_SENT,
    (OperationClass.SUCCESS_AND_FAILURE, ReturnResultLast): InvocationState.IDLE,
    (OperationClass.SUCCESS_AND_FAILURE, ReturnError): InvocationState.IDLE,
    (OperationClass.FAILURE_ONLY, ReturnError): InvocationState.IDLE,
    (OperationClass.SUCCESS_ONLY, ReturnResultNotLast): InvocationState.OPERATION_SENT,
    (OperationClass.SUCCESS_ONLY, ReturnResultLast): InvocationState.IDLE,
}
"""What an answer to an operation of a class, once sent, leads to; every class ends by a reject."""

UNRECOGNIZED: Final[dict[Returned, Problem]] = {
    ReturnResultLast: Problem.RETURN_RESULT_UNRECOGNIZED_INVOKE_ID,
    ReturnResultNotLast: Problem.RETURN_RESULT_UNRECOGNIZED_INVOKE_ID,
    ReturnError: Problem.RETURN_ERROR_UNRECOGNIZED_INVOKE_ID,
}
"""How an answer is rejected where no operation was sent."""

UNEXPECTED: Final[dict[Returned, Problem]] = {
    ReturnResultLast: Problem.RETURN_RESULT_UNEXPECTED,
    ReturnResultNotLast: Problem.RETURN_RESULT_UNEXPECTED,
    ReturnError: Problem.RETURN_ERROR_UNEXPECTED,
}
"""How an answer is rejected that the class of the operation rules out."""
