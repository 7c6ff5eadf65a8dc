"""Two engines joined by a link that drops, delays, doubles and is cut."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.ss7.sccp.address import SccpAddress
from telecom.ss7.tcap.primitives import (
    Invoke,
    PAbortCause,
    ReturnResultLast,
    TcBegin,
    TcContinue,
    TcEnd,
    TcIndication,
    TcLCancel,
    TcPAbort,
    TcUAbort,
)

A = SccpAddress.of_gt("38591000001", 8)
B = SccpAddress.of_gt("447700900000", 6)
CONTEXT = (0, 4, 0, 0, 1, 0, 25, 3)
ASKED = Invoke(1, 44, b"\x04\x01\x00", timeout=20)
HEARD = Invoke(1, 44, b"\x04\x01\x00")
RESULT = ReturnResultLast(1)


def begin(link: Any, *components: Invoke) -> int:
    number: int = link.a.tcap.begin(
        called=B, calling=A, now=link.now, application_context=CONTEXT, components=components
    )
    return number


def test_question_and_answer(link: Any) -> None:
    number = begin(link, ASKED)
    link.deliver()
    (begun,) = link.b.take()
    assert begun == TcBegin(begun.dialogue, B, A, CONTEXT, (), (HEARD,))
    link.b.tcap.end(begun.dialogue, 0, components=(RESULT,))
    link.deliver()
    assert link.a.take() == [TcEnd(number, B, True, CONTEXT, (), (RESULT,))]


def test_handshake_before_the_question(link: Any) -> None:
    """TS 29.002 23.3: an empty Begin, an empty Continue, and only then the operation."""
    number = begin(link)
    link.deliver()
    (begun,) = link.b.take()
    link.b.tcap.continue_(begun.dialogue, 0)
    link.deliver()
    assert link.a.take() == [TcContinue(number, B, True, CONTEXT)]
    link.a.tcap.continue_(number, 0, components=(ASKED,))
    link.deliver()
    assert link.b.take() == [TcContinue(begun.dialogue, A, components=(HEARD,))]
    link.b.tcap.end(begun.dialogue, 0, components=(RESULT,))
    link.deliver()
    assert link.a.take() == [TcEnd(number, B, components=(RESULT,))]


def test_a_lost_question_times_out(link: Any) -> None:
    number = begin(link, ASKED)
    link.drop()
    link.wait(21)
    assert link.a.take() == [TcLCancel(number, 1)]
    link.a.tcap.abort(number, link.now)
    assert not link.queue


def test_an_answer_that_is_too_late_is_ignored(link: Any) -> None:
    number = begin(link, ASKED)
    link.deliver()
    link.wait(21)
    link.a.tcap.abort(number, link.now)
    (begun,) = link.b.take()
    link.b.tcap.end(begun.dialogue, link.now, components=(RESULT,))
    link.deliver()
    assert link.a.take() == [TcLCancel(number, 1)]
    assert len(link.a.tcap) == len(link.b.tcap) == 0


def test_a_doubled_begin_opens_two_and_answers_one(link: Any) -> None:
    number = begin(link, ASKED)
    link.double()
    link.deliver()
    first, second = link.b.take()
    for begun in (first, second):
        link.b.tcap.continue_(begun.dialogue, 0)
    link.deliver()
    assert link.a.take() == [
        TcContinue(number, B, True, CONTEXT),
        TcPAbort(number, PAbortCause.ABNORMAL_DIALOGUE, by_peer=False),
    ]
    link.deliver()
    assert link.b.take() == [TcPAbort(second.dialogue, PAbortCause.ABNORMAL_DIALOGUE, by_peer=True)]


def test_a_peer_that_forgot_the_dialogue_aborts_it(link: Any) -> None:
    number = begin(link, ASKED)
    link.deliver()
    (begun,) = link.b.take()
    link.b.tcap.continue_(begun.dialogue, 0)
    link.deliver()
    link.b.tcap.end_prearranged(begun.dialogue)
    link.a.tcap.continue_(number, 0)
    link.deliver(2)
    assert link.a.take() == [
        TcContinue(number, B, True, CONTEXT),
        TcPAbort(number, PAbortCause.UNRECOGNIZED_TRANSACTION_ID, by_peer=True),
    ]


def test_a_cut_link_leaves_nothing_behind(link: Any) -> None:
    number = begin(link, ASKED)
    link.deliver()
    (begun,) = link.b.take()
    link.b.tcap.continue_(begun.dialogue, 0)
    link.is_cut = True
    link.deliver()
    link.wait(200)
    link.deliver()
    assert link.a.take() == [
        TcLCancel(number, 1),
        TcPAbort(number, PAbortCause.IDLE, by_peer=False),
    ]
    assert link.b.take() == [TcPAbort(begun.dialogue, PAbortCause.IDLE, by_peer=False)]
    assert len(link.a.tcap) == len(link.b.tcap) == 0


OUTCOMES = TcEnd | TcPAbort | TcUAbort


@settings(derandomize=True, max_examples=150, database=None)
@given(st.lists(st.sampled_from(["deliver", "drop", "delay", "double", "answer"]), max_size=60))
def test_every_dialogue_ends_whatever_the_link_does(new_link: Any, fates: list[str]) -> None:
    link = new_link()
    numbers = [begin(link, ASKED) for _ in range(4)]
    heard: list[TcIndication] = []
    for fate in fates:
        if fate == "answer":
            answer(link)
        elif link.queue:
            link.deliver(1) if fate == "deliver" else getattr(link, fate)()
        heard += link.a.take()
    for until in (1000, 2000):
        link.wait(until)
        link.deliver()
    heard += link.a.take()
    assert len(link.a.tcap) == len(link.b.tcap) == 0
    for number in numbers:
        mine = [indication for indication in heard if indication.dialogue == number]
        assert sum(isinstance(indication, OUTCOMES) for indication in mine) == 1
        assert isinstance(mine[-1], OUTCOMES)
        assert sum(is_answer(indication) for indication in mine) <= 1


def answer(link: Any) -> None:
    """Let B answer what it heard: a first message by a Continue, another by an End."""
    for indication in link.b.take():
        if isinstance(indication, TcBegin):
            link.b.tcap.continue_(indication.dialogue, link.now, components=(RESULT,))


def is_answer(indication: TcIndication) -> bool:
    if isinstance(indication, TcLCancel):
        return True
    return RESULT in getattr(indication, "components", ())
