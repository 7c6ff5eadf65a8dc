"""Every pair of a state and an input: in the table, or refused with nothing changed."""

from itertools import product
from typing import Any

import pytest

from telecom.ss7.tcap.errors import LocalError
from telecom.ss7.tcap.messages import Abort, Begin, Continue, End
from telecom.ss7.tcap.primitives import OperationClass, PAbortCause
from telecom.ss7.tcap.states import (
    INVOCATION_TRANSITIONS,
    TRANSITIONS,
    UNEXPECTED,
    UNRECOGNIZED,
    Input,
    State,
)

PEER = b"\x77\x77"
FIRST = b"\x00\x00\x00\x01"
OPEN = [state for state in State if state is not State.IDLE]
MESSAGES = {Input.CONTINUE: Continue(PEER, FIRST), Input.END: End(FIRST), Input.ABORT: Abort(FIRST)}
REQUESTS: dict[Input, Any] = {
    Input.CONTINUE_REQUEST: lambda tcap: tcap.continue_(1, 0),
    Input.END_REQUEST: lambda tcap: tcap.end(1, 0),
    Input.PREARRANGED_END: lambda tcap: tcap.end_prearranged(1),
    Input.ABORT_REQUEST: lambda tcap: tcap.abort(1, 0),
}


def bring_to(playbook: Any, state: State) -> None:
    """Open dialogue 1 and bring it to a state."""
    if state is State.INITIATION_RECEIVED:
        playbook << Begin(PEER)
    else:
        playbook.begin()
    playbook.came.clear()
    if state is State.ACTIVE:
        playbook << Continue(PEER, FIRST)
        playbook.came.clear()


def state_of(playbook: Any) -> State:
    """Find the state out by what the engine lets happen, in the order of what it can tell."""
    if len(playbook.tcap) == 0:
        return State.IDLE
    playbook.came.clear()
    playbook << Continue(PEER, FIRST)
    answer = playbook.came.popleft()
    if isinstance(answer, Abort):
        return State.INITIATION_RECEIVED
    return State.INITIATION_SENT if answer.first else State.ACTIVE


@pytest.mark.parametrize(("state", "request_"), list(product(OPEN, REQUESTS)), ids=str)
def test_requests(playbook: Any, state: State, request_: Input) -> None:
    bring_to(playbook, state)
    expected = TRANSITIONS.get((state, request_))
    if expected is None:
        with pytest.raises(LocalError):
            REQUESTS[request_](playbook.tcap)
        playbook.ends()
    else:
        REQUESTS[request_](playbook.tcap)
    assert state_of(playbook) is (expected or state)
    playbook.came.clear()


@pytest.mark.parametrize(("state", "received"), list(product(OPEN, MESSAGES)), ids=str)
def test_messages(playbook: Any, state: State, received: Input) -> None:
    bring_to(playbook, state)
    expected = TRANSITIONS.get((state, received))
    playbook << MESSAGES[received]
    if expected is None and received is Input.CONTINUE:
        playbook >> Abort(PEER, PAbortCause.UNRECOGNIZED_TRANSACTION_ID)
    if expected is None:
        playbook.ends()
    playbook.came.clear()
    assert state_of(playbook) is (expected or state)
    playbook.came.clear()


def test_what_a_transaction_begins_with() -> None:
    assert {i: s for (state, i), s in TRANSITIONS.items() if state is State.IDLE} == {
        Input.BEGIN_REQUEST: State.INITIATION_SENT,
        Input.BEGIN: State.INITIATION_RECEIVED,
    }


def test_an_operation_without_outcome_expects_no_answer() -> None:
    assert UNEXPECTED.keys() == UNRECOGNIZED.keys()
    assert OperationClass.NOTHING not in {
        operation_class for operation_class, _ in INVOCATION_TRANSITIONS
    }
