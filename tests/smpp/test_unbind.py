"""Sequence charts of the end of a session: SMPP 3.4 4.2, 5.0 2.3.5."""

from typing import Any

import pytest

from telecom.smpp.codec import encode
from telecom.smpp.errors import LocalError
from telecom.smpp.events import (
    BadResponse,
    BindRequested,
    Cause,
    LinkClosed,
    Responded,
    Unbinding,
)
from telecom.smpp.pdus import (
    BindTransceiver,
    BindTransceiverResp,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Pdu,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from telecom.smpp.states import Side, State
from telecom.smpp.status import CommandStatus as Status
from tests.smpp.conftest import (
    Answer,
    At,
    Eof,
    Playbook,
    Received,
    Request,
    Send,
    Tell,
    bound_esme,
    bound_smsc,
)

SUBMIT = SubmitSm(destination_addr=b"447700900123", short_message=b"hello")
DELIVER = DeliverSm(source_addr=b"447700900123", short_message=b"hello")
ENDS = LinkClosed(Cause.UNBOUND)


def unbinding(**limits: Any) -> Playbook:
    """A session of an SMSC that has unbound."""
    return bound_smsc(**limits) << Request(Unbind()) >> Send(Unbind(), 1)


def test_unbind_waits_for_what_is_unanswered() -> None:
    refused = SubmitSmResp(command_status=Status.ESME_RINVBNDSTS)
    playbook = bound_smsc() << Received(SUBMIT, 2) >> Tell(SubmitSm)
    (
        playbook
        << Received(Unbind(), 3)
        >> Tell(Unbinding())
        << Received(SUBMIT, 4)
        >> Send(refused, 4)
        << Answer(SubmitSmResp(b"1"))
        >> Send(SubmitSmResp(b"1"), 2)
        >> Send(UnbindResp(), 3)
        >> Tell(ENDS)
    ).done()


def test_unbind_does_not_wait_for_ever() -> None:
    playbook = bound_smsc(response_timer=10.0) << Received(SUBMIT, 2) >> Tell(SubmitSm)
    playbook << Received(Unbind(), 3) >> Tell(Unbinding()) << At(10.0)
    playbook >> Send(UnbindResp(), 3) >> Tell(ENDS)
    with pytest.raises(LocalError):
        playbook.session.send_response(SUBMIT, SubmitSmResp(b"1"))


def test_nothing_new_is_sent_to_a_peer_that_unbinds() -> None:
    playbook = bound_smsc() << Received(SUBMIT, 2) >> Tell(SubmitSm)
    playbook << Received(Unbind(), 3) >> Tell(Unbinding())
    with pytest.raises(LocalError):
        playbook.session.send_request(DELIVER, 0.0)


def test_who_has_unbound_asks_nothing_more_but_answers() -> None:
    playbook = unbinding()
    for pdu in (DELIVER, Unbind()):
        with pytest.raises(LocalError):
            playbook.session.send_request(pdu, 0.0)
    playbook << Received(SUBMIT, 2) >> Tell(SubmitSm)
    playbook << Answer(SubmitSmResp(b"1")) >> Send(SubmitSmResp(b"1"), 2)
    playbook << Received(EnquireLink(), 3) >> Send(EnquireLinkResp(), 3)
    playbook << Received(UnbindResp(), 1) >> Tell(Responded) >> Tell(ENDS)
    playbook.done()


def test_what_was_asked_before_our_unbind_is_still_answered() -> None:
    playbook = bound_smsc() << Request(DELIVER) >> Send(DELIVER, 1)
    playbook << Request(Unbind()) >> Send(Unbind(), 2)
    playbook << Received(DeliverSmResp(), 1) >> Tell(Responded)
    playbook << Received(UnbindResp(), 2) >> Tell(Responded) >> Tell(ENDS)
    playbook.done()


@pytest.mark.parametrize(
    "answer",
    [
        UnbindResp(command_status=Status.ESME_RSYSERR),
        UnbindResp(command_status=Status.ESME_RINVBNDSTS),
        GenericNack(command_status=Status.ESME_RINVCMDID),
    ],
)
def test_whatever_the_peer_answers_to_unbind_is_the_end(answer: Pdu) -> None:
    unbinding() << Received(answer, 1) >> Tell(Responded) >> Tell(ENDS)


def test_nonsense_in_answer_to_unbind_is_the_end_too() -> None:
    broken = bytes.fromhex("00000011 80000006 00000000 00000001 ff")
    unbinding() << Received(broken) >> Tell(BadResponse) >> Tell(ENDS)


def test_both_unbind_at_once() -> None:
    for side, peer in ((bound_smsc, 7), (bound_esme, 7)):
        playbook = side()
        number = playbook.session.send_request(Unbind(), 0.0)
        assert playbook.session.data_to_send() == encode(Unbind(), number)
        playbook << Received(Unbind(), peer) >> Send(UnbindResp(), peer)
        playbook >> Tell(Unbinding()) >> Tell(ENDS) << Received(UnbindResp(), number)
        playbook.done()


def test_both_unbind_at_once_and_one_has_still_to_answer() -> None:
    playbook = bound_smsc() << Received(SUBMIT, 2) >> Tell(SubmitSm)
    (
        playbook
        << Request(Unbind())
        >> Send(Unbind(), 1)
        << Received(encode(Unbind(), 3) + encode(UnbindResp(), 1))
        >> Tell(Unbinding())
        >> Tell(Responded)
        << Answer(SubmitSmResp(b"1"))
        >> Send(SubmitSmResp(b"1"), 2)
        >> Send(UnbindResp(), 3)
        >> Tell(ENDS)
    ).done()


def test_a_peer_that_closes_in_place_of_an_answer() -> None:
    unbinding() << Eof() >> Tell(LinkClosed(Cause.PEER_CLOSED))


def test_unbind_without_an_answer() -> None:
    playbook = bound_esme(response_timer=5.0) << Request(Unbind()) >> Send(Unbind(), 2) << At(5.0)
    playbook >> Tell(LinkClosed(Cause.NO_RESPONSE, "Unbind"))


def test_inactivity_unbinds_once() -> None:
    limits = {"enquire_link_timer": None, "inactivity_timer": 4.0, "response_timer": 10.0}
    playbook = bound_smsc(**limits) << At(4.0) >> Send(Unbind(), 1) << At(13.9)
    playbook << At(14.0) >> Tell(LinkClosed(Cause.NO_RESPONSE, "Unbind"))
    playbook.done()


def test_no_enquire_link_after_our_unbind() -> None:
    playbook = unbinding(enquire_link_timer=3.0, response_timer=10.0) << At(9.9)
    assert playbook.session.next_timer() == 10.0


def test_nothing_is_said_after_unbind_resp() -> None:
    bind = BindTransceiver(interface_version=0x34)
    hurried = encode(bind, 1) + encode(Unbind(), 2) + encode(SUBMIT, 3) + encode(SUBMIT, 4)
    playbook = Playbook(Side.SMSC) << Received(hurried) >> Tell(BindRequested)
    playbook << Answer(BindTransceiverResp(b"smsc")) >> Send(BindTransceiverResp(b"smsc"), 1)
    playbook >> Send(UnbindResp(), 2) >> Tell(Unbinding()) >> Tell(ENDS)
    assert playbook.session.state is State.CLOSED
    playbook.done()
