"""The engine against sequence charts, Q.774 3.2 and 3.3."""

from itertools import repeat
from typing import Any

import pytest

from telecom.ss7.sccp.address import SccpAddress
from telecom.ss7.sccp.primitives import NNotice, NUnitdata
from telecom.ss7.tcap.codec import encode_message
from telecom.ss7.tcap.errors import LocalError, TooManyDialogues
from telecom.ss7.tcap.messages import (
    Abort,
    AbortSource,
    AssociateResult,
    Begin,
    Continue,
    Diagnostic,
    DialogueAbort,
    DialogueRequest,
    DialogueResponse,
    End,
    Unidirectional,
)
from telecom.ss7.tcap.primitives import (
    AbortReason,
    External,
    Invoke,
    PAbortCause,
    ReturnError,
    ReturnResultLast,
    TcBegin,
    TcContinue,
    TcEnd,
    TcLCancel,
    TcNotice,
    TcPAbort,
    TcUAbort,
)
from telecom.ss7.tcap.transactions import Transactions

OURS = SccpAddress.of_gt("38591000001", 8)
THEIRS = SccpAddress.of_gt("447700900000", 6)
CONTEXT = (0, 4, 0, 0, 1, 0, 20, 3)
LOWER = (0, 4, 0, 0, 1, 0, 20, 2)
REFERENCE = External((0, 4, 0, 0, 1, 1, 1, 1), b"\xa0\x00")
ASKED = Invoke(1, 45, b"\x30\x00", timeout=15)
HEARD = Invoke(1, 45, b"\x30\x00")
RESULT = ReturnResultLast(1, 45, b"\x30\x00")
PEER = b"\x77\x77"
FIRST = b"\x00\x00\x00\x01"
REQUEST = DialogueRequest(CONTEXT)
RESPONSE = DialogueResponse(CONTEXT)
ABNORMAL = DialogueAbort(AbortSource.DIALOGUE_SERVICE_PROVIDER)


def test_question_and_answer(playbook: Any) -> None:
    number = playbook.begin(application_context=CONTEXT, components=(ASKED,))
    playbook >> Begin(FIRST, REQUEST, (HEARD,))
    playbook << End(FIRST, RESPONSE, (RESULT,))
    playbook >> TcEnd(number, THEIRS, True, CONTEXT, (), (RESULT,))
    assert len(playbook.tcap) == 0
    assert playbook.tcap.next_timer() is None


def test_without_a_dialogue_portion(playbook: Any) -> None:
    number = playbook.begin(components=(ASKED,))
    playbook >> Begin(FIRST, None, (HEARD,))
    playbook << Continue(PEER, FIRST) >> TcContinue(number, THEIRS, True)
    playbook.tcap.abort(number, 0)
    playbook >> Abort(PEER)


def test_a_peer_asks_and_is_answered_in_two_messages(playbook: Any) -> None:
    playbook << Begin(PEER, DialogueRequest(CONTEXT, (REFERENCE,)), (HEARD,))
    playbook >> TcBegin(1, OURS, THEIRS, CONTEXT, (REFERENCE,), (HEARD,))
    playbook.tcap.continue_(1, 0, user_information=(REFERENCE,))
    playbook >> Continue(FIRST, PEER, DialogueResponse(CONTEXT, user_information=(REFERENCE,)))
    playbook << Continue(PEER, FIRST) >> TcContinue(1, THEIRS)
    playbook.tcap.end(1, 0, components=(RESULT,))
    playbook >> End(PEER, None, (RESULT,))
    assert len(playbook.tcap) == 0


def test_the_first_answer_may_come_from_another_address(playbook: Any) -> None:
    elsewhere = SccpAddress.of_gt("447700900099", 6)
    sent: list[NUnitdata] = []
    tcap = Transactions(lambda unitdata, _: sent.append(unitdata), transaction_ids=iter([1]))
    tcap.begin(called=THEIRS, calling=OURS, now=0)
    answer = NUnitdata(OURS, elsewhere, encode_message(Continue(PEER, FIRST)))
    assert tcap.handle_unitdata(answer, 0) == [TcContinue(1, elsewhere, True)]
    tcap.end(1, 0)
    assert (sent[-1].called, sent[-1].calling) == (elsewhere, OURS)


def test_our_first_answer_may_come_from_another_address() -> None:
    elsewhere = SccpAddress.of_gt("38591000002", 8)
    sent: list[NUnitdata] = []
    tcap = Transactions(lambda unitdata, _: sent.append(unitdata), transaction_ids=iter([1]))
    tcap.handle_unitdata(NUnitdata(OURS, THEIRS, encode_message(Begin(PEER))), 0)
    tcap.continue_(1, 0, calling=elsewhere)
    assert (sent[-1].called, sent[-1].calling) == (THEIRS, elsewhere)


def test_refusal_names_the_context_that_is_supported(playbook: Any) -> None:
    playbook << Begin(PEER, REQUEST) >> TcBegin(1, OURS, THEIRS, CONTEXT)
    reason = AbortReason.APPLICATION_CONTEXT_NOT_SUPPORTED
    playbook.tcap.abort(1, 0, reason=reason, application_context=LOWER)
    diagnostic = Diagnostic.APPLICATION_CONTEXT_NAME_NOT_SUPPORTED
    refusal = DialogueResponse(LOWER, AssociateResult.REJECT_PERMANENT, diagnostic)
    playbook >> Abort(PEER, None, refusal)


@pytest.mark.parametrize(
    ("diagnostic", "reason"),
    [
        (Diagnostic.USER_NULL, AbortReason.DIALOGUE_REFUSED),
        (Diagnostic.USER_NO_REASON_GIVEN, AbortReason.DIALOGUE_REFUSED),
        (
            Diagnostic.APPLICATION_CONTEXT_NAME_NOT_SUPPORTED,
            AbortReason.APPLICATION_CONTEXT_NOT_SUPPORTED,
        ),
    ],
)
def test_being_refused(playbook: Any, diagnostic: int, reason: AbortReason) -> None:
    number = playbook.begin(application_context=CONTEXT)
    playbook >> Begin(FIRST, REQUEST)
    refusal = DialogueResponse(LOWER, AssociateResult.REJECT_PERMANENT, diagnostic, (REFERENCE,))
    playbook << Abort(FIRST, None, refusal)
    playbook >> TcUAbort(number, THEIRS, reason, LOWER, (REFERENCE,))


ABORTS = {
    "provider": (
        Abort(FIRST, PAbortCause.RESOURCE_LIMITATION),
        TcPAbort(1, PAbortCause.RESOURCE_LIMITATION, by_peer=True),
    ),
    "a cause of tomorrow": (Abort(FIRST, 9), TcPAbort(1, 9, by_peer=True)),
    "user": (
        Abort(FIRST, None, DialogueAbort(AbortSource.DIALOGUE_SERVICE_USER, (REFERENCE,))),
        TcUAbort(1, THEIRS, AbortReason.USER_SPECIFIC, None, (REFERENCE,)),
    ),
    "dialogue provider": (
        Abort(FIRST, None, ABNORMAL),
        TcPAbort(1, PAbortCause.ABNORMAL_DIALOGUE, by_peer=True),
    ),
    "nobody": (
        Abort(FIRST),
        TcUAbort(1, THEIRS, AbortReason.USER_SPECIFIC, portion=False),
    ),
    "no common dialogue portion": (
        Abort(
            FIRST,
            None,
            DialogueResponse(
                CONTEXT,
                AssociateResult.REJECT_PERMANENT,
                Diagnostic.NO_COMMON_DIALOGUE_PORTION,
            ),
        ),
        TcPAbort(1, PAbortCause.NO_COMMON_DIALOGUE_PORTION, by_peer=True),
    ),
    "a request": (
        Abort(FIRST, None, REQUEST),
        TcPAbort(1, PAbortCause.ABNORMAL_DIALOGUE, by_peer=False),
    ),
}


@pytest.mark.parametrize("who", ABORTS)
def test_being_aborted(playbook: Any, who: str) -> None:
    message, indication = ABORTS[who]
    playbook.begin(application_context=CONTEXT)
    playbook >> Begin(FIRST, REQUEST)
    playbook << message >> indication
    assert len(playbook.tcap) == 0


def test_a_refusal_comes_too_late_in_an_active_dialogue(playbook: Any) -> None:
    playbook.begin(application_context=CONTEXT)
    playbook >> Begin(FIRST, REQUEST)
    playbook << Continue(PEER, FIRST, RESPONSE) >> TcContinue(1, THEIRS, True, CONTEXT)
    playbook << Abort(FIRST, None, RESPONSE)
    playbook >> TcPAbort(1, PAbortCause.ABNORMAL_DIALOGUE, by_peer=False)


def test_aborting_what_was_not_answered_says_nothing(playbook: Any) -> None:
    number = playbook.begin(application_context=CONTEXT, components=(ASKED,))
    playbook >> Begin(FIRST, REQUEST, (HEARD,))
    playbook.tcap.abort(number, 0)
    assert len(playbook.tcap) == 0
    playbook << End(FIRST, RESPONSE, (RESULT,))


def test_aborting_an_active_dialogue(playbook: Any) -> None:
    playbook << Begin(PEER, REQUEST) >> TcBegin(1, OURS, THEIRS, CONTEXT)
    playbook.tcap.continue_(1, 0)
    playbook >> Continue(FIRST, PEER, RESPONSE)
    playbook.tcap.abort(1, 0, user_information=(REFERENCE,))
    portion = DialogueAbort(AbortSource.DIALOGUE_SERVICE_USER, (REFERENCE,))
    playbook >> Abort(PEER, None, portion)


def test_prearranged_end_says_nothing(playbook: Any) -> None:
    playbook << Begin(PEER, REQUEST) >> TcBegin(1, OURS, THEIRS, CONTEXT)
    playbook.tcap.end_prearranged(1)
    assert len(playbook.tcap) == 0


UNEXPECTED_PORTIONS = {
    "no acceptance": (CONTEXT, None),
    "a request": (CONTEXT, REQUEST),
    "a refusal": (CONTEXT, DialogueResponse(CONTEXT, AssociateResult.REJECT_PERMANENT)),
    "an acceptance of nothing": (None, RESPONSE),
}


@pytest.mark.parametrize("case", UNEXPECTED_PORTIONS)
def test_an_unexpected_portion_in_a_continue_aborts(playbook: Any, case: str) -> None:
    context, portion = UNEXPECTED_PORTIONS[case]
    number = playbook.begin(application_context=context)
    playbook.came.clear()
    playbook << Continue(PEER, FIRST, portion)
    playbook >> Abort(PEER, None, ABNORMAL)
    playbook >> TcPAbort(number, PAbortCause.ABNORMAL_DIALOGUE, by_peer=False)


@pytest.mark.parametrize("case", UNEXPECTED_PORTIONS)
def test_an_unexpected_portion_in_an_end_aborts_here(playbook: Any, case: str) -> None:
    context, portion = UNEXPECTED_PORTIONS[case]
    number = playbook.begin(application_context=context)
    playbook.came.clear()
    playbook << End(FIRST, portion)
    playbook >> TcPAbort(number, PAbortCause.ABNORMAL_DIALOGUE, by_peer=False)


def test_a_begin_with_an_undecodable_portion_is_aborted(playbook: Any) -> None:
    playbook << bytes.fromhex("6209 4802 7777 6b03 280100")
    playbook >> Abort(PEER, None, ABNORMAL)
    playbook << Begin(PEER, RESPONSE) >> Abort(PEER, None, ABNORMAL)


def test_a_begin_of_another_protocol_version_is_refused(playbook: Any) -> None:
    playbook << Begin(PEER, DialogueRequest(CONTEXT, protocol_version=b"\x06\x40"))
    diagnostic = Diagnostic.NO_COMMON_DIALOGUE_PORTION
    refusal = DialogueResponse(CONTEXT, AssociateResult.REJECT_PERMANENT, diagnostic)
    playbook >> Abort(PEER, None, refusal)
    playbook << Begin(PEER, DialogueRequest(CONTEXT, protocol_version=b"\x06\xc0"))
    playbook >> TcBegin(1, OURS, THEIRS, CONTEXT)
    playbook << Begin(PEER, DialogueRequest(CONTEXT, protocol_version=None))
    playbook >> TcBegin(2, OURS, THEIRS, CONTEXT)


def test_a_continue_to_nobody_is_aborted_and_the_rest_ignored(playbook: Any) -> None:
    unknown = PAbortCause.UNRECOGNIZED_TRANSACTION_ID
    playbook << Continue(PEER, FIRST) >> Abort(PEER, unknown)
    playbook << End(FIRST) << Abort(FIRST) << Abort(FIRST, 3) << Unidirectional(None, (HEARD,))


def test_a_transaction_id_is_the_same_octets_or_another(playbook: Any) -> None:
    playbook.begin()
    playbook >> Begin(FIRST)
    playbook << End(b"\x01") << End(b"\x00\x00\x01")
    assert len(playbook.tcap) == 1


def test_a_peer_that_was_told_nothing_cannot_go_on(playbook: Any) -> None:
    playbook << Begin(PEER) >> TcBegin(1, OURS, THEIRS)
    unknown = PAbortCause.UNRECOGNIZED_TRANSACTION_ID
    playbook << Continue(PEER, FIRST) >> Abort(PEER, unknown)
    playbook << End(FIRST) << Abort(FIRST)
    assert len(playbook.tcap) == 1


BROKEN = {
    "6304 4802 7777": PAbortCause.UNRECOGNIZED_MESSAGE_TYPE,
    "6206 4802 7777": PAbortCause.BADLY_FORMATTED_TRANSACTION_PORTION,
    "6206 4802 7777 6c05": PAbortCause.BADLY_FORMATTED_TRANSACTION_PORTION,
    "6204 4802 7777 00": PAbortCause.BADLY_FORMATTED_TRANSACTION_PORTION,
    "6206 4802 7777 4a00": PAbortCause.INCORRECT_TRANSACTION_PORTION,
    "6208 4802 7777 6c00 6c00": PAbortCause.INCORRECT_TRANSACTION_PORTION,
    "6504 4802 7777": PAbortCause.INCORRECT_TRANSACTION_PORTION,
    "650a 4802 7777 4904 00000009": PAbortCause.UNRECOGNIZED_TRANSACTION_ID,
    "650b 4802 7777 4905 0000000001": PAbortCause.INCORRECT_TRANSACTION_PORTION,
}


@pytest.mark.parametrize("octets", BROKEN)
def test_a_broken_transaction_portion_is_answered(playbook: Any, octets: str) -> None:
    playbook << bytes.fromhex(octets) >> Abort(PEER, BROKEN[octets])


@pytest.mark.parametrize(
    "octets", ["", "00", "62", "6200", "6202 4800", "6207 4805 0102030405", "6401", "ff" * 40]
)
def test_what_names_nobody_is_not_answered(playbook: Any, octets: str) -> None:
    playbook << bytes.fromhex(octets)


def test_a_broken_message_in_a_dialogue_ends_it(playbook: Any) -> None:
    number = playbook.begin()
    playbook >> Begin(FIRST)
    playbook << bytes.fromhex("650c 4802 7777 4904 00000001 4a00")
    playbook >> Abort(PEER, PAbortCause.INCORRECT_TRANSACTION_PORTION)
    playbook >> TcPAbort(number, PAbortCause.INCORRECT_TRANSACTION_PORTION, by_peer=False)


def test_invoke_timer(playbook: Any) -> None:
    number = playbook.begin(components=(ASKED,))
    playbook >> Begin(FIRST, None, (HEARD,))
    playbook.wait(14.9).wait(15.2) >> TcLCancel(number, 1)
    assert len(playbook.tcap) == 1
    playbook.tcap.end_prearranged(number)
    assert playbook.tcap.next_timer() is None


def test_an_answer_stops_the_invoke_timer(playbook: Any) -> None:
    number = playbook.begin(components=(ASKED,))
    playbook >> Begin(FIRST, None, (HEARD,))
    error = ReturnError(1, 27)
    playbook << Continue(PEER, FIRST, None, (error,))
    playbook >> TcContinue(number, THEIRS, True, components=(error,))
    playbook.wait(60)


def test_a_cancelled_operation_times_out_no_more(playbook: Any) -> None:
    number = playbook.begin(components=(ASKED,))
    playbook >> Begin(FIRST, None, (HEARD,))
    playbook.tcap.cancel(number, 1)
    playbook.wait(60)


def test_an_idle_dialogue_is_given_up(playbook: Any) -> None:
    playbook.begin()
    playbook >> Begin(FIRST)
    playbook << Begin(PEER) >> TcBegin(2, OURS, THEIRS)
    playbook.wait(121) >> Abort(PEER, PAbortCause.RESOURCE_LIMITATION)
    playbook >> TcPAbort(1, PAbortCause.IDLE, by_peer=False)
    playbook >> TcPAbort(2, PAbortCause.IDLE, by_peer=False)
    assert len(playbook.tcap) == 0


def test_messages_and_timers_keep_a_dialogue(playbook: Any) -> None:
    number = playbook.begin(components=(Invoke(1, 44, timeout=600),))
    playbook >> Begin(FIRST, None, (Invoke(1, 44),))
    playbook.wait(100) << Continue(PEER, FIRST) >> TcContinue(number, THEIRS, True)
    playbook.wait(601) >> TcLCancel(number, 1)
    playbook.wait(700)
    playbook.wait(730) >> Abort(PEER, PAbortCause.RESOURCE_LIMITATION)
    playbook >> TcPAbort(number, PAbortCause.IDLE, by_peer=False)


def test_peers_open_only_so_many_and_the_oldest_gives_way(small_playbook: Any) -> None:
    playbook = small_playbook
    playbook << Begin(b"1st") >> TcBegin(1, OURS, THEIRS)
    playbook << Begin(PEER) >> TcBegin(2, OURS, THEIRS)
    playbook << Begin(PEER) >> Abort(b"1st", PAbortCause.RESOURCE_LIMITATION)
    playbook >> TcPAbort(1, PAbortCause.IDLE, by_peer=False) >> TcBegin(3, OURS, THEIRS)
    playbook.begin()
    playbook >> Begin(b"\x00\x00\x00\x04")
    with pytest.raises(TooManyDialogues):
        playbook.begin()
    playbook.tcap.end_prearranged(2)
    playbook << Begin(PEER) >> TcBegin(5, OURS, THEIRS)


def test_peers_are_refused_where_our_own_dialogues_are_as_many_as_can_be(
    small_playbook: Any,
) -> None:
    playbook = small_playbook
    for number in (1, 2, 3):
        playbook.begin()
        playbook >> Begin(number.to_bytes(4, "big"))
    playbook << Begin(PEER) >> Abort(PEER, PAbortCause.RESOURCE_LIMITATION)


def test_a_source_of_ids_that_repeats_itself() -> None:
    sent: list[NUnitdata] = []
    tcap = Transactions(lambda unitdata, _: sent.append(unitdata), transaction_ids=repeat(1))
    assert tcap.begin(called=THEIRS, calling=OURS, now=0) == 1
    with pytest.raises(TooManyDialogues):
        tcap.begin(called=THEIRS, calling=OURS, now=0)
    assert tcap.handle_unitdata(NUnitdata(OURS, THEIRS, encode_message(Begin(PEER))), 0) == []
    assert sent[-1].data == encode_message(Abort(PEER, PAbortCause.RESOURCE_LIMITATION))


def test_a_message_that_came_back(playbook: Any) -> None:
    number = playbook.begin()
    playbook >> Begin(FIRST)
    back = encode_message(Begin(FIRST))
    assert playbook.tcap.handle_notice(NNotice(THEIRS, OURS, back, 1)) == [
        TcNotice(number, THEIRS, 1)
    ]
    assert playbook.tcap.handle_notice(NNotice(THEIRS, OURS, back[:6] + b"\x02", 1)) == []
    assert playbook.tcap.handle_notice(NNotice(THEIRS, OURS, b"", 1)) == []
    assert len(playbook.tcap) == 1


def test_what_our_user_may_not_do(playbook: Any) -> None:
    tcap = playbook.tcap
    with pytest.raises(LocalError):
        tcap.continue_(1, 0)
    with pytest.raises(LocalError):
        playbook.begin(user_information=(REFERENCE,))
    for invokes in ((ASKED, ASKED), (Invoke(128, 45),), (Invoke(-129, 45),)):
        with pytest.raises(LocalError):
            playbook.begin(components=invokes)
    number = playbook.begin(components=(ASKED,))
    playbook >> Begin(b"\x00\x00\x00\x04", None, (HEARD,))
    for request in (tcap.continue_, tcap.end):
        with pytest.raises(LocalError):
            request(number, 0)
    playbook << Continue(PEER, b"\x00\x00\x00\x04") >> TcContinue(number, THEIRS, True)
    with pytest.raises(LocalError):
        tcap.continue_(number, 0, components=(ASKED,))
    with pytest.raises(LocalError):
        tcap.continue_(number, 0, user_information=(REFERENCE,))
    assert len(tcap) == 1


def test_what_cannot_be_sent_leaves_nothing_behind() -> None:
    def refuse(_unitdata: NUnitdata, _now: float) -> None:
        raise ValueError("no such address")

    tcap = Transactions(refuse, transaction_ids=iter([1, 2]))
    with pytest.raises(ValueError, match="no such address"):
        tcap.begin(called=THEIRS, calling=OURS, now=0, components=(ASKED,))
    assert len(tcap) == 0
    assert tcap.next_timer() is None
    (begun,) = tcap.handle_unitdata(NUnitdata(OURS, THEIRS, encode_message(Begin(PEER))), 0)
    with pytest.raises(ValueError, match="no such address"):
        tcap.continue_(2, 0, components=(ASKED,))
    with pytest.raises(ValueError, match="no such address"):
        tcap.end(begun.dialogue, 0)
    assert len(tcap) == 0
    assert tcap.next_timer() is None
