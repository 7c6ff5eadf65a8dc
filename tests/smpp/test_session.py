"""Sequence charts of a session, SMPP 3.4 2."""

import msgspec
import pytest

from telecom.smpp.codec import encode
from telecom.smpp.errors import LocalError, WindowFullError
from telecom.smpp.events import (
    BadResponse,
    BindRequested,
    Cause,
    LinkClosed,
    Responded,
    Unanswered,
    Unbinding,
    Unmatched,
)
from telecom.smpp.limits import SessionLimits
from telecom.smpp.long_requests import LONG_REQUEST
from telecom.smpp.pdus import (
    AlertNotification,
    BindReceiver,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    BindTransmitterResp,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Outbind,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from telecom.smpp.states import Side, State
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import MESSAGE_PAYLOAD, Tlv
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

BIND = BindTransceiver(system_id=b"esme", password=b"secret")
SUBMIT = SubmitSm(destination_addr=b"447700900123", short_message=b"hello")
DELIVER = DeliverSm(source_addr=b"447700900123", short_message=b"hello")


def test_bind_submit_unbind() -> None:
    playbook = Playbook(Side.SMSC)
    (
        playbook
        << Received(BIND, 1)
        >> Tell(BindRequested)
        << Answer(BindTransceiverResp(b"smsc"))
        >> Send(BindTransceiverResp(b"smsc"), 1)
        << Received(SUBMIT, 2)
        >> Tell(SubmitSm)
        << Answer(SubmitSmResp(b"id"))
        >> Send(SubmitSmResp(b"id"), 2)
        << Received(Unbind(), 3)
        >> Send(UnbindResp(), 3)
        >> Tell(Unbinding())
        >> Tell(LinkClosed(Cause.UNBOUND))
    ).done()
    assert playbook.session.state is State.CLOSED


def test_the_esme_binds_submits_and_unbinds() -> None:
    playbook = Playbook(Side.ESME)
    (
        playbook
        << Request(BIND)
        >> Send(BIND, 1)
        << Received(BindTransceiverResp(b"smsc"), 1)
        >> Tell(Responded(BIND, BindTransceiverResp(b"smsc", sequence_number=1)))
        << Request(SUBMIT)
        >> Send(SUBMIT, 2)
        << Received(SubmitSmResp(b"id"), 2)
        >> Tell(Responded(SUBMIT, SubmitSmResp(b"id", sequence_number=2)))
        << Request(Unbind())
        >> Send(Unbind(), 3)
        << Received(UnbindResp(), 3)
        >> Tell(Responded)
        >> Tell(LinkClosed(Cause.UNBOUND))
    ).done()
    assert playbook.session.bind == BIND


def test_deliver_sm_in_the_same_read_as_the_bind_response() -> None:
    coalesced = encode(BindTransceiverResp(b"smsc"), 1) + encode(DELIVER, 7)
    (
        Playbook(Side.ESME)
        << Request(BIND)
        >> Send(BIND, 1)
        << Received(coalesced)
        >> Tell(Responded)
        >> Tell(DeliverSm)
        << Answer(DeliverSmResp())
        >> Send(DeliverSmResp(), 7)
    ).done()


def test_responses_in_another_order() -> None:
    playbook = bound_smsc()
    playbook << Received(encode(SUBMIT, 2) + encode(SUBMIT, 3)) >> Tell(SubmitSm) >> Tell(SubmitSm)
    playbook.requests.reverse()
    (
        playbook
        << Answer(SubmitSmResp(b"b"))
        >> Send(SubmitSmResp(b"b"), 3)
        << Answer(SubmitSmResp(b"a"))
        >> Send(SubmitSmResp(b"a"), 2)
    ).done()


def test_submit_before_bind() -> None:
    wrong = SubmitSmResp(command_status=Status.ESME_RINVBNDSTS)
    playbook = Playbook(Side.SMSC)
    playbook << Received(SUBMIT, 5) >> Send(wrong, 5)
    playbook.done()


def test_a_second_bind() -> None:
    again = BindTransmitterResp(command_status=Status.ESME_RALYBND)
    bound_smsc() << Received(BindTransmitter(), 5) >> Send(again, 5)
    pending = Playbook(Side.SMSC)
    pending << Received(BIND, 1) >> Tell(BindRequested) << Received(BindTransmitter(), 2)
    pending >> Send(again, 2)


def test_a_refused_bind_may_be_tried_again_but_not_for_ever() -> None:
    refusal = BindTransceiverResp(command_status=Status.ESME_RINVPASWD)
    playbook = Playbook(Side.SMSC, bind_attempts=2)
    playbook << Received(BIND, 1) >> Tell(BindRequested) << Answer(refusal) >> Send(refusal, 1)
    playbook << Received(BIND, 2) >> Tell(BindRequested) << Answer(refusal) >> Send(refusal, 2)
    playbook >> Tell(LinkClosed(Cause.BIND_REFUSED))
    playbook.done()


def test_the_esme_hears_that_its_bind_is_refused() -> None:
    refusal = BindTransceiverResp(command_status=Status.ESME_RINVPASWD)
    playbook = Playbook(Side.ESME) << Request(BIND) >> Send(BIND, 1)
    playbook << Received(refusal, 1) >> Tell(Responded)
    assert playbook.session.state is State.OPEN
    playbook << Request(BIND) >> Send(BIND, 2) << Received(GenericNack(command_status=3), 2)
    playbook >> Tell(Responded)


@pytest.mark.parametrize(
    ("octets", "sequence_number"),
    [
        (b"\0\0\0\x0f", 0),
        (b"GET / HTTP/1.1\r\n\r\n", 0),
        (bytes.fromhex("00020001 00000004 00000000 00000007"), 7),
    ],
)
def test_octets_that_are_no_smpp(octets: bytes, sequence_number: int) -> None:
    playbook = bound_smsc() << Received(octets)
    playbook >> Send(GenericNack(command_status=Status.ESME_RINVCMDLEN), sequence_number)
    playbook >> Tell(LinkClosed) << Received(BIND) << At(1000.0)
    playbook.done()


def test_an_unknown_command() -> None:
    nack = GenericNack(command_status=Status.ESME_RINVCMDID)
    bound_smsc() << Received(bytes.fromhex("000000100000fffe0000000000000009")) >> Send(nack, 9)


def test_a_bad_body() -> None:
    octets = encode(SUBMIT, 4)[:-3]
    octets = len(octets).to_bytes(4, "big") + octets[4:]
    bad = SubmitSmResp(command_status=Status.ESME_RINVMSGLEN)
    bound_smsc() << Received(octets) >> Send(bad, 4)
    unbound = SubmitSmResp(command_status=Status.ESME_RINVBNDSTS)
    Playbook(Side.SMSC) << Received(octets) >> Send(unbound, 4)


def test_a_bad_body_of_a_response() -> None:
    playbook = bound_esme() << Request(SUBMIT) >> Send(SUBMIT, 2)
    playbook << Received(bytes.fromhex("00000012 80000004 00000000 00000002 3132"))
    playbook >> Tell(BadResponse)
    playbook << Received(bytes.fromhex("00000012 80000004 00000000 00000002 3132"))
    playbook >> Tell(Unmatched)


def test_what_has_no_response() -> None:
    bound_esme() << Received(AlertNotification(), 1) >> Tell(AlertNotification)
    Playbook(Side.ESME) << Received(Outbind(), 1) >> Tell(Outbind)
    outbind = Playbook(Side.SMSC) << Request(Outbind()) >> Send(Outbind(), 1)
    assert outbind.session.window_free == outbind.session.limits.window


def test_a_response_to_nothing_or_to_something_else() -> None:
    playbook = bound_esme()
    playbook << Received(SubmitSmResp(b"1"), 2) >> Tell(Unmatched)
    playbook << Request(SUBMIT) >> Send(SUBMIT, 2)
    playbook << Received(EnquireLinkResp(), 2) >> Tell(Unmatched)
    playbook << Received(GenericNack(command_status=8), 0) >> Tell(Unmatched)
    playbook << Received(DeliverSmResp(), 2) >> Tell(Unmatched)
    playbook << Received(SubmitSmResp(b"1"), 2) >> Tell(Responded)
    playbook.done()


def test_enquire_link_is_answered_in_any_state() -> None:
    Playbook(Side.SMSC) << Received(EnquireLink(), 3) >> Send(EnquireLinkResp(), 3)
    bound_esme() << Received(EnquireLink(), 3) >> Send(EnquireLinkResp(), 3)


def test_session_init_timer() -> None:
    for side in Side:
        playbook = Playbook(side, session_init_timer=5.0) << At(4.9) << At(5.0)
        playbook >> Tell(LinkClosed(Cause.SESSION_INIT))
    outbound = Playbook(Side.SMSC, session_init_timer=5.0) << Request(Outbind())
    outbound >> Send(Outbind(), 1) << At(5.0) >> Tell(LinkClosed(Cause.SESSION_INIT))
    bound = bound_smsc(session_init_timer=5.0, enquire_link_timer=None) << At(99.0)
    assert bound.session.next_timer() is None


def test_enquire_link_timer() -> None:
    playbook = bound_smsc(enquire_link_timer=30.0, response_timer=10.0)
    (
        playbook
        << At(20.0)
        << Received(EnquireLink(), 2)
        >> Send(EnquireLinkResp(), 2)
        << At(49.0)
        << At(50.0)
        >> Send(EnquireLink(), 1)
        << At(51.0)
        << Received(EnquireLinkResp(), 1)
        << At(81.0)
        >> Send(EnquireLink(), 2)
        << At(91.0)
        >> Tell(LinkClosed(Cause.NO_RESPONSE, "EnquireLink"))
    ).done()


def test_inactivity_timer() -> None:
    limits = {"enquire_link_timer": None, "inactivity_timer": 60.0, "response_timer": 10.0}
    playbook = bound_smsc(**limits)
    (
        playbook
        << At(30.0)
        << Received(SUBMIT, 2)
        >> Tell(SubmitSm)
        << Answer(SubmitSmResp(b"1"))
        >> Send(SubmitSmResp(b"1"), 2)
        << At(89.0)
        << Received(EnquireLink(), 3)
        >> Send(EnquireLinkResp(), 3)
        << At(90.0)
        >> Send(Unbind(), 1)
    ).done()


def test_what_is_under_way_is_activity() -> None:
    limits = {"enquire_link_timer": 4.0, "inactivity_timer": 4.0, "response_timer": 10.0}
    playbook = bound_smsc(**limits) << Received(SUBMIT, 2) >> Tell(SubmitSm)
    playbook << At(4.0) >> Send(EnquireLink(), 1) << Received(EnquireLinkResp(), 1) << At(6.0)
    playbook << Answer(SubmitSmResp(b"1")) >> Send(SubmitSmResp(b"1"), 2)
    playbook << At(8.0) >> Send(EnquireLink(), 2) >> Send(Unbind(), 3)
    playbook = bound_smsc(**limits) << Request(DELIVER) >> Send(DELIVER, 1) << At(4.0)
    playbook >> Send(EnquireLink(), 2) << Received(EnquireLinkResp(), 2)
    playbook << Received(DeliverSmResp(), 1) >> Tell(Responded) << At(8.0)
    playbook >> Send(EnquireLink(), 3) >> Send(Unbind(), 4)


def test_what_has_no_response_is_activity_and_enquire_link_is_none() -> None:
    limits = {"enquire_link_timer": None, "inactivity_timer": 5.0, "response_timer": 10.0}
    alert = AlertNotification()
    playbook = bound_smsc(**limits) << At(4.0) << Request(alert) >> Send(alert, 1) << At(8.0)
    playbook << Request(EnquireLink()) >> Send(EnquireLink(), 2)
    playbook << Received(EnquireLinkResp(), 2) >> Tell(Responded)
    playbook << At(9.0) >> Send(Unbind(), 3)


def test_response_timer() -> None:
    playbook = bound_esme(enquire_link_timer=None, response_timer=10.0)
    (
        playbook
        << Request(SUBMIT)
        >> Send(SUBMIT, 2)
        << At(4.0)
        << Request(BIND_FREE)
        >> Send(BIND_FREE, 3)
    )
    (
        playbook
        << At(10.0)
        >> Tell(Unanswered(SUBMIT, 2))
        << Received(SubmitSmResp(b"1"), 2)
        >> Tell(Unmatched)
        << At(13.9)
        << Received(SubmitSmResp(b"2"), 3)
        >> Tell(Responded)
        << At(50.0)
    ).done()


BIND_FREE = SubmitSm(destination_addr=b"447700900124")


def test_a_bind_without_an_answer() -> None:
    playbook = Playbook(Side.ESME, session_init_timer=None, response_timer=5.0)
    playbook << Request(BIND) >> Send(BIND, 1) << At(5.0)
    playbook >> Tell(LinkClosed(Cause.NO_RESPONSE, "BindTransceiver"))


def test_window() -> None:
    playbook = bound_esme(window=2)
    playbook << Request(SUBMIT) >> Send(SUBMIT, 2) << Request(SUBMIT) >> Send(SUBMIT, 3)
    with pytest.raises(WindowFullError):
        playbook.session.send_request(SUBMIT, 0.0)
    assert (playbook.session.window_free, playbook.session.data_to_send()) == (0, b"")
    playbook << Received(SubmitSmResp(b"1"), 3) >> Tell(Responded)
    playbook << Request(SUBMIT) >> Send(SUBMIT, 4)
    playbook << Request(Unbind()) >> Send(Unbind(), 5)
    assert playbook.session.window_free == 0


def test_other_limits_hold_at_once() -> None:
    playbook = bound_smsc(enquire_link_timer=30.0)
    playbook.session.limit(SessionLimits(enquire_link_timer=5.0, window=1, peer_window=1))
    throttled = SubmitSmResp(command_status=Status.ESME_RTHROTTLED)
    playbook << Received(SUBMIT, 2) >> Tell(SubmitSm) << Received(SUBMIT, 3) >> Send(throttled, 3)
    playbook << At(5.0) >> Send(EnquireLink(), 1)
    with pytest.raises(WindowFullError):
        playbook.session.send_request(DELIVER, 5.0)


def test_end_of_the_connection() -> None:
    playbook = bound_smsc() << Eof() >> Tell(LinkClosed(Cause.PEER_CLOSED)) << Eof() << At(99.0)
    playbook.done()
    playbook.session.close()
    assert playbook.session.events_received() == []


def test_our_own_user_breaks_a_rule() -> None:
    playbook = bound_esme()
    with pytest.raises(LocalError, match="DeliverSm by the ESME, transceiver"):
        playbook.session.send_request(DELIVER, 0.0)
    with pytest.raises(LocalError):
        playbook.session.send_request(SubmitSmResp(), 0.0)
    with pytest.raises(LocalError, match="SubmitSmResp to DeliverSm"):
        playbook.session.send_response(DELIVER, SubmitSmResp())
    receiver = Playbook(Side.ESME)
    receiver << Request(BindReceiver()) >> Send(BindReceiver(), 1)
    with pytest.raises(LocalError):
        receiver.session.send_request(SUBMIT, 0.0)


def test_reject() -> None:
    playbook = bound_smsc() << Received(SUBMIT, 2) >> Tell(SubmitSm)
    playbook.session.reject(playbook.requests[0], Status.ESME_RTHROTTLED)
    throttled = SubmitSmResp(command_status=Status.ESME_RTHROTTLED)
    assert playbook.session.data_to_send() == encode(throttled, 2)
    assert playbook.session.unanswered == 0


def test_sequence_numbers_begin_anew_and_pass_over_those_in_use() -> None:
    playbook = bound_esme()
    playbook << Request(SUBMIT) >> Send(SUBMIT, 2)
    playbook.session._window._last = 0x7FFFFFFE
    playbook << Request(SUBMIT) >> Send(SUBMIT, 0x7FFFFFFF) << Request(SUBMIT) >> Send(SUBMIT, 1)
    playbook << Request(SUBMIT) >> Send(SUBMIT, 3)
    playbook.done()


def test_a_long_request_counts_as_several_until_it_is_answered() -> None:
    playbook = bound_smsc()
    long = SubmitSm(tlvs=(MESSAGE_PAYLOAD(bytes(60_000)),))
    playbook << Received(SUBMIT, 2) >> Tell(SubmitSm) << Received(long, 3) >> Tell(SubmitSm)
    assert playbook.session.unanswered == 2 + 60_000 // LONG_REQUEST
    short_one, long_one = playbook.requests[-2:]
    playbook.session.send_response(long_one, SubmitSmResp(b"id"))
    assert playbook.session.unanswered == 1
    playbook.session.reject(short_one, Status.ESME_RSYSERR)
    assert playbook.session.unanswered == 0


def test_many_parameters_count_as_much_as_they_take_however_short_they_are() -> None:
    playbook = bound_smsc()
    many = SubmitSm(tlvs=(Tlv(0x1400, b""),) * 200)
    playbook << Received(many, 2) >> Tell(SubmitSm)
    assert playbook.session.unanswered > 10
    playbook << Answer(SubmitSmResp(b"1")) >> Send(SubmitSmResp(b"1"), 2)
    assert playbook.session.unanswered == 0


def test_long_requests_of_one_number_leave_nothing_behind() -> None:
    playbook = bound_smsc()
    long = SubmitSm(tlvs=(MESSAGE_PAYLOAD(bytes(5000)),))
    for _ in range(3):
        playbook << Received(long, 2) >> Tell(SubmitSm)
    for request in (playbook.requests[0], playbook.requests[2], playbook.requests[1]):
        playbook.session.send_response(msgspec.structs.replace(request), SubmitSmResp(b"1"))
    assert playbook.session.unanswered == 0
    playbook.session.peer_window = 1
    playbook.session.data_to_send()
    playbook << Received(long, 2) >> Tell(SubmitSm)
