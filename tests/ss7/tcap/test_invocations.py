"""Components in a dialogue, Q.774 3.2.1: which answers fit, and how others are rejected."""

from typing import Any

import pytest

from telecom.ss7.sccp.address import SccpAddress
from telecom.ss7.tcap.codec import decode_message
from telecom.ss7.tcap.invocations import MAX_REJECTS
from telecom.ss7.tcap.messages import Begin, Continue
from telecom.ss7.tcap.primitives import (
    Component,
    Invoke,
    LReject,
    OperationClass,
    Problem,
    Reject,
    ReturnError,
    ReturnResultLast,
    ReturnResultNotLast,
    TcContinue,
    TcEnd,
    TcLCancel,
)

THEIRS = SccpAddress.of_gt("447700900000", 6)
PEER = b"\x77\x77"
FIRST = b"\x00\x00\x00\x01"
SUCCESS = ReturnResultLast(1, 45)
SEGMENT = ReturnResultNotLast(1, 45)
FAILURE = ReturnError(1, 34)


@pytest.fixture
def ask(playbook: Any) -> Any:
    """Invoke operation 1 of a class in an active dialogue; returns the playbook."""

    def ask(operation_class: int, timeout: float | None = 10) -> Any:
        invoke = Invoke(1, 45, timeout=timeout, operation_class=operation_class)
        playbook.begin(components=(invoke,))
        playbook >> Begin(FIRST, None, (Invoke(1, 45),))
        playbook << Continue(PEER, FIRST) >> TcContinue(1, THEIRS, True)
        return playbook

    return ask


EXPECTED = {
    (OperationClass.SUCCESS_AND_FAILURE, SUCCESS): True,
    (OperationClass.SUCCESS_AND_FAILURE, SEGMENT): False,
    (OperationClass.SUCCESS_AND_FAILURE, FAILURE): True,
    (OperationClass.FAILURE_ONLY, FAILURE): True,
    (OperationClass.SUCCESS_ONLY, SUCCESS): True,
    (OperationClass.SUCCESS_ONLY, SEGMENT): False,
}
UNEXPECTED = {
    ReturnResultLast: Problem.RETURN_RESULT_UNEXPECTED,
    ReturnResultNotLast: Problem.RETURN_RESULT_UNEXPECTED,
    ReturnError: Problem.RETURN_ERROR_UNEXPECTED,
}


@pytest.mark.parametrize("answer", [SUCCESS, SEGMENT, FAILURE], ids=lambda a: type(a).__name__)
@pytest.mark.parametrize("operation_class", OperationClass)
def test_answers_by_class(ask: Any, operation_class: OperationClass, answer: Component) -> None:
    playbook = ask(operation_class)
    playbook << Continue(PEER, FIRST, None, (answer,))
    ends = EXPECTED.get((operation_class, answer))
    if ends is None:
        problem = UNEXPECTED[type(answer)]
        playbook >> TcContinue(1, THEIRS, components=(LReject(1, problem, ended=True),))
        playbook.tcap.continue_(1, 0)
        playbook >> Continue(FIRST, PEER, None, (Reject(1, problem),))
    else:
        playbook >> TcContinue(1, THEIRS, components=(answer,))
    playbook.wait(11)
    if ends is False:
        playbook >> TcLCancel(1, 1)


@pytest.mark.parametrize("answer", [SUCCESS, SEGMENT, FAILURE], ids=lambda a: type(a).__name__)
def test_the_answer_to_nothing_is_rejected(ask: Any, answer: Any) -> None:
    playbook = ask(OperationClass.NOTHING, timeout=None)
    problem = (
        Problem.RETURN_ERROR_UNRECOGNIZED_INVOKE_ID
        if answer is FAILURE
        else Problem.RETURN_RESULT_UNRECOGNIZED_INVOKE_ID
    )
    playbook << Continue(PEER, FIRST, None, (answer,))
    playbook >> TcContinue(1, THEIRS, components=(LReject(1, problem),))
    playbook.tcap.end(1, 0, components=(Invoke(2, 63),))
    sent = playbook.came.popleft()
    assert sent.components == (Reject(1, problem), Invoke(2, 63))


def test_an_operation_without_a_timer_waits_for_its_answer(ask: Any) -> None:
    playbook = ask(OperationClass.SUCCESS_AND_FAILURE, timeout=None)
    playbook.wait(100) << Continue(PEER, FIRST, None, (SUCCESS, SUCCESS))
    problem = Problem.RETURN_RESULT_UNRECOGNIZED_INVOKE_ID
    playbook >> TcContinue(1, THEIRS, components=(SUCCESS, LReject(1, problem)))


@pytest.mark.parametrize(
    "problem",
    [Problem.MISTYPED_PARAMETER, Problem.RESOURCE_LIMITATION, Problem.BADLY_STRUCTURED_COMPONENT],
)
def test_a_reject_ends_the_operation(ask: Any, problem: Problem) -> None:
    playbook = ask(OperationClass.SUCCESS_AND_FAILURE)
    playbook << Continue(PEER, FIRST, None, (Reject(1, problem),))
    playbook >> TcContinue(1, THEIRS, components=(Reject(1, problem),))
    playbook.wait(11)


def test_the_reject_of_an_answer_of_ours_ends_nothing(ask: Any) -> None:
    playbook = ask(OperationClass.SUCCESS_AND_FAILURE)
    reject = Reject(1, Problem.RETURN_RESULT_MISTYPED_PARAMETER)
    playbook << Continue(PEER, FIRST, None, (reject, Reject(None, 0x8000)))
    playbook >> TcContinue(1, THEIRS, components=(reject, Reject(None, 0x8000)))
    playbook.wait(11) >> TcLCancel(1, 1)


def test_linked_operations(ask: Any) -> None:
    playbook = ask(OperationClass.SUCCESS_AND_FAILURE)
    linked, stray = Invoke(5, 60, linked_id=1), Invoke(6, 60, linked_id=9)
    problem = Problem.UNRECOGNIZED_LINKED_ID
    playbook << Continue(PEER, FIRST, None, (linked, stray))
    playbook >> TcContinue(1, THEIRS, components=(linked, LReject(6, problem)))


def test_nothing_is_linked_to_an_operation_without_outcome(ask: Any) -> None:
    playbook = ask(OperationClass.NOTHING)
    problem = Problem.LINKED_RESPONSE_UNEXPECTED
    playbook << Continue(PEER, FIRST, None, (Invoke(5, 60, linked_id=1),))
    playbook >> TcContinue(1, THEIRS, components=(LReject(5, problem),))
    playbook.wait(11) >> TcLCancel(1, 1)


def receive(components: str) -> bytes:
    """A Continue in the dialogue, with these octets as component portion."""
    portion = bytes.fromhex(components)
    value = bytes.fromhex("4802 7777 4904 00000001 6c") + bytes((len(portion),)) + portion
    return bytes((0x65, len(value))) + value


@pytest.mark.parametrize(
    ("components", "rejected"),
    [
        ("a100", LReject(None, Problem.BADLY_STRUCTURED_COMPONENT)),
        ("a10401020101", LReject(None, Problem.MISTYPED_COMPONENT)),
        ("a103020101", LReject(1, Problem.MISTYPED_COMPONENT)),
        ("a502 0500", LReject(None, Problem.UNRECOGNIZED_COMPONENT)),
        ("a503 020107", LReject(7, Problem.UNRECOGNIZED_COMPONENT)),
        ("a206 020101 020101", LReject(1, Problem.MISTYPED_COMPONENT, ended=True)),
        ("a205 020101 3009", LReject(1, Problem.BADLY_STRUCTURED_COMPONENT, ended=True)),
        ("a10b 020101 02012d 3000 3000 00", LReject(1, Problem.MISTYPED_COMPONENT)),
    ],
)
def test_bad_components_are_rejected(ask: Any, components: str, rejected: LReject) -> None:
    playbook = ask(OperationClass.SUCCESS_AND_FAILURE)
    playbook << receive(components) >> TcContinue(1, THEIRS, components=(rejected,))
    playbook.tcap.continue_(1, 0)
    reject = Reject(rejected.invoke_id, rejected.problem)
    playbook >> Continue(FIRST, PEER, None, (reject,))
    playbook.wait(11)
    if not rejected.ended:
        playbook >> TcLCancel(1, 1)


def test_a_bad_reject_is_not_rejected(ask: Any) -> None:
    playbook = ask(OperationClass.NOTHING, timeout=None)
    playbook << receive("a403020101")
    badly = Problem.BADLY_STRUCTURED_COMPONENT
    playbook >> TcContinue(1, THEIRS, components=(LReject(1, badly),))
    playbook.tcap.continue_(1, 0)
    playbook >> Continue(FIRST, PEER)


def test_good_components_survive_their_bad_neighbours(ask: Any) -> None:
    playbook = ask(OperationClass.SUCCESS_AND_FAILURE)
    playbook << receive("a502 0500 a203 020101 a109 020101")
    playbook >> TcContinue(
        1,
        THEIRS,
        components=(
            LReject(None, Problem.UNRECOGNIZED_COMPONENT),
            ReturnResultLast(1),
            LReject(None, Problem.BADLY_STRUCTURED_COMPONENT),
        ),
    )


def test_a_peer_that_only_errs_is_told_so_often(ask: Any) -> None:
    playbook = ask(OperationClass.NOTHING, timeout=None)
    for _ in range(5):
        playbook << receive("a5020500" * 10)
        playbook.came.clear()
    playbook.tcap.continue_(1, 0)
    assert len(playbook.came.popleft().components) == MAX_REJECTS


def test_an_end_ends_all_operations(ask: Any) -> None:
    playbook = ask(OperationClass.SUCCESS_AND_FAILURE)
    playbook.tcap.continue_(1, 0, components=(Invoke(2, 47, timeout=5),))
    playbook >> Continue(FIRST, PEER, None, (Invoke(2, 47),))
    playbook << decode_message(bytes.fromhex("6406 4904 00000001"))
    playbook >> TcEnd(1, THEIRS)
    assert playbook.tcap.next_timer() is None
