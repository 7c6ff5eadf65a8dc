"""The dialogue state table: every request in every state, against a provider brought there."""

from collections.abc import Callable
from typing import Any

import pytest

from telecom.ss7.map import contexts as ac
from telecom.ss7.map import messages
from telecom.ss7.map.codec import encode
from telecom.ss7.map.errors import LocalError
from telecom.ss7.map.messages import AddressString
from telecom.ss7.map.states import TRANSITIONS, Input, State
from telecom.ss7.tcap import messages as tcap
from telecom.ss7.tcap.codec import encode_message
from telecom.ss7.tcap.primitives import Invoke, PAbortCause

GATEWAY = ac.SHORT_MSG_GATEWAY_V3
TID, PEER = b"\x00\x00\x00\x01", b"\xaa"
REPORT = messages.ReportSmDeliveryStatusArg(AddressString("1"), AddressString("2"), 1)
INVOKE = Invoke(1, 47, encode(REPORT, 3))


def initiated(playbook: Any) -> None:
    playbook.open(GATEWAY, invoke=REPORT)


def pending(playbook: Any) -> None:
    playbook << tcap.Begin(PEER, tcap.DialogueRequest(GATEWAY.oid), (INVOKE,))


def established(playbook: Any) -> None:
    pending(playbook)
    playbook.map.delimit(1, 0.0)


def established_by_us(playbook: Any) -> None:
    initiated(playbook)
    begin = playbook.came.popleft()
    assert isinstance(begin, tcap.Begin)
    playbook << tcap.Continue(PEER, TID, tcap.DialogueResponse(GATEWAY.oid))


PATHS: list[tuple[State, Callable[[Any], None]]] = [
    (State.INITIATED, initiated),
    (State.PENDING, pending),
    (State.ESTABLISHED, established),
    (State.ESTABLISHED, established_by_us),
]
REQUESTS: dict[Input, Callable[[Any], Any]] = {
    Input.INVOKE_REQUEST: lambda map_: map_.invoke(1, REPORT, 0.0),
    Input.DELIMITER_REQUEST: lambda map_: map_.delimit(1, 0.0),
    Input.CLOSE_REQUEST: lambda map_: map_.close(1, 0.0),
    Input.REFUSE_REQUEST: lambda map_: map_.refuse(1, 0.0),
    Input.ABORT_REQUEST: lambda map_: map_.abort(1, 0.0),
}
MESSAGES: dict[Input, Any] = {
    Input.CONTINUE: tcap.Continue(PEER, TID),
    Input.END: tcap.End(TID),
    Input.ABORT: tcap.Abort(TID, PAbortCause.RESOURCE_LIMITATION),
}


def state_of(playbook: Any) -> State:
    dialogue = playbook.map._by_id.get(1)
    return State.IDLE if dialogue is None else dialogue.state


@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize(("state", "reach"), PATHS)
def test_requests(new_playbook: Any, state: State, reach: Any, request_: Input) -> None:
    playbook = new_playbook()
    reach(playbook)
    assert state_of(playbook) is state
    sent = len(playbook.came)
    following = TRANSITIONS.get((state, request_))
    if following is None:
        with pytest.raises(LocalError):
            REQUESTS[request_](playbook.map)
        assert (state_of(playbook), len(playbook.came)) == (state, sent)
    else:
        REQUESTS[request_](playbook.map)
        assert state_of(playbook) is following


@pytest.mark.parametrize("answer", ["result", "error", "reject"])
@pytest.mark.parametrize(("state", "reach"), PATHS[1:3])
def test_responses(new_playbook: Any, state: State, reach: Any, answer: str) -> None:
    playbook = new_playbook()
    reach(playbook)
    arguments = {"result": (1, 1, None, 0.0), "error": (1, 1, 36, 0.0), "reject": (1, 1, 0.0)}
    getattr(playbook.map, answer)(*arguments[answer])
    assert state_of(playbook) is TRANSITIONS[state, Input.RESPONSE_REQUEST]


@pytest.mark.parametrize("answer", ["result", "error", "reject"])
def test_no_response_before_the_peer_has_answered(new_playbook: Any, answer: str) -> None:
    playbook = new_playbook()
    initiated(playbook)
    arguments = {"result": (1, 1, None, 0.0), "error": (1, 1, 36, 0.0), "reject": (1, 1, 0.0)}
    with pytest.raises(LocalError):
        getattr(playbook.map, answer)(*arguments[answer])


@pytest.mark.parametrize("input_", MESSAGES)
@pytest.mark.parametrize(("state", "reach"), PATHS)
def test_messages(new_playbook: Any, state: State, reach: Any, input_: Input) -> None:
    playbook = new_playbook()
    reach(playbook)
    playbook.came.clear()
    message = MESSAGES[input_]
    if state is State.INITIATED and input_ is Input.CONTINUE:
        message = tcap.Continue(PEER, TID, tcap.DialogueResponse(GATEWAY.oid))
    playbook << message
    if state is State.PENDING:  # the peer cannot know our transaction yet
        assert not [came for came in playbook.came if not isinstance(came, tcap.Abort)]
        assert state_of(playbook) is State.PENDING
    else:
        assert state_of(playbook) is TRANSITIONS[state, input_]


@pytest.mark.parametrize(("state", "reach"), PATHS)
def test_notices(new_playbook: Any, state: State, reach: Any) -> None:
    playbook = new_playbook()
    reach(playbook)
    playbook.came.clear()
    if (following := TRANSITIONS.get((state, Input.NOTICE))) is not None:
        playbook.comes_back(encode_message(tcap.Begin(TID)), 1)
        assert state_of(playbook) is following


def test_a_dialogue_that_is_idle_is_not_kept_and_every_other_can_end() -> None:
    assert {state for state, _ in TRANSITIONS} == set(State)
    for state in set(State) - {State.IDLE}:
        assert TRANSITIONS[state, Input.CLOSE_REQUEST] is State.IDLE
        assert TRANSITIONS[state, Input.ABORT_REQUEST] is State.IDLE
        assert TRANSITIONS[state, Input.ABORT] is State.IDLE
