"""Sequence charts of what comes before a session is bound: outbind, and requests that hurry."""

import pytest

from telecom.smpp.codec import encode
from telecom.smpp.errors import LocalError
from telecom.smpp.events import BindRequested, Cause, LinkClosed, Responded, Unbinding, Unmatched
from telecom.smpp.long_requests import LONG_REQUEST
from telecom.smpp.pdus import (
    BindReceiver,
    BindReceiverResp,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    BindTransmitterResp,
    BroadcastSm,
    DeliverSm,
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
from telecom.smpp.tlvs import MESSAGE_PAYLOAD, SC_INTERFACE_VERSION, Tlv
from telecom.smpp.versions import InterfaceVersion
from tests.smpp.conftest import Answer, Playbook, Received, Request, Send, Tell

BIND = BindTransceiver(system_id=b"esme", password=b"secret")
BOUND = BindTransceiverResp(b"smsc")
REFUSED = BindTransceiverResp(command_status=Status.ESME_RBINDFAIL)
SUBMIT = SubmitSm(destination_addr=b"447700900123", short_message=b"hello")
TOO_EARLY = SubmitSmResp(command_status=Status.ESME_RINVBNDSTS)
THROTTLED = SubmitSmResp(command_status=Status.ESME_RTHROTTLED)


def test_what_comes_with_the_bind_is_served_once_it_is_accepted() -> None:
    coalesced = encode(BIND, 1) + encode(SUBMIT, 2) + encode(EnquireLink(), 3) + encode(SUBMIT, 4)
    (
        Playbook(Side.SMSC)
        << Received(coalesced)
        >> Send(EnquireLinkResp(), 3)
        >> Tell(BindRequested)
        << Answer(BOUND)
        >> Send(BOUND, 1)
        >> Tell(SubmitSm)
        >> Tell(SubmitSm)
        << Answer(SubmitSmResp(b"a"))
        >> Send(SubmitSmResp(b"a"), 2)
        << Answer(SubmitSmResp(b"b"))
        >> Send(SubmitSmResp(b"b"), 4)
    ).done()


def test_what_comes_with_a_bind_that_is_refused_is_refused() -> None:
    playbook = Playbook(Side.SMSC, bind_attempts=1)
    playbook << Received(encode(BIND, 1) + encode(SUBMIT, 2)) >> Tell(BindRequested)
    playbook << Answer(REFUSED) >> Send(REFUSED, 1) >> Send(TOO_EARLY, 2)
    playbook >> Tell(LinkClosed(Cause.BIND_REFUSED))
    playbook.done()


def test_a_whole_session_in_one_read() -> None:
    playbook = Playbook(Side.SMSC)
    playbook << Received(encode(BIND, 1) + encode(SUBMIT, 2) + encode(Unbind(), 3))
    playbook >> Tell(BindRequested)
    playbook << Answer(BOUND) >> Send(BOUND, 1) >> Tell(SubmitSm) >> Tell(Unbinding())
    playbook << Answer(SubmitSmResp(b"a")) >> Send(SubmitSmResp(b"a"), 2) >> Send(UnbindResp(), 3)
    playbook >> Tell(LinkClosed(Cause.UNBOUND))
    playbook.done()


def test_not_for_a_receiver() -> None:
    bind, response = BindReceiver(), BindReceiverResp()
    playbook = Playbook(Side.SMSC) << Received(encode(bind, 1) + encode(SUBMIT, 2))
    playbook >> Tell(BindRequested) << Answer(response) >> Send(response, 1) >> Send(TOO_EARLY, 2)
    playbook.done()


def test_no_more_waits_than_is_allowed() -> None:
    playbook = Playbook(Side.SMSC, pipelined=2) << Received(BIND, 1) >> Tell(BindRequested)
    playbook << Received(SUBMIT, 2) << Received(SUBMIT, 3)
    playbook << Received(SUBMIT, 4) >> Send(THROTTLED, 4)
    long = SubmitSm(tlvs=(MESSAGE_PAYLOAD(bytes(2 * LONG_REQUEST)),))
    playbook = Playbook(Side.SMSC, pipelined=2) << Received(BIND, 1) >> Tell(BindRequested)
    playbook << Received(long, 2) >> Send(THROTTLED, 2)
    playbook.done()


def test_what_would_be_wrong_then_too_is_refused_at_once() -> None:
    playbook = Playbook(Side.SMSC) << Received(BIND, 1) >> Tell(BindRequested)
    again = BindTransmitterResp(command_status=Status.ESME_RALYBND)
    unknown = GenericNack(command_status=Status.ESME_RINVCMDID)
    playbook << Received(BindTransmitter(), 2) >> Send(again, 2)
    playbook << Received(BroadcastSm(), 3) >> Send(unknown, 3)
    playbook << Received(bytes.fromhex("000000100000fffe0000000000000004")) >> Send(unknown, 4)
    playbook.done()


def test_the_esme_waits_for_the_response_to_its_bind() -> None:
    playbook = Playbook(Side.ESME) << Request(BIND) >> Send(BIND, 1)
    with pytest.raises(LocalError, match="SubmitSm by the ESME, open"):
        playbook.session.send_request(SUBMIT, 0.0)


def test_outbind_at_the_smsc() -> None:
    outbind, bind = Outbind(b"smsc", b"secret"), BindReceiver(interface_version=0x50)
    response = BindReceiverResp(b"smsc", tlvs=(SC_INTERFACE_VERSION(0x50),))
    playbook = Playbook(Side.SMSC) << Request(outbind) >> Send(outbind, 1)
    assert playbook.session.state is State.OUTBOUND
    playbook << Received(bind, 1) >> Tell(BindRequested) << Answer(response) >> Send(response, 1)
    assert playbook.session.state is State.BOUND_RX
    playbook << Request(DeliverSm()) >> Send(DeliverSm(), 2)
    playbook.done()


def test_outbind_at_the_esme() -> None:
    bind, response = BindTransceiver(), BindTransceiverResp(b"smsc")
    playbook = Playbook(Side.ESME) << Received(Outbind(b"smsc"), 1) >> Tell(Outbind)
    assert playbook.session.state is State.OUTBOUND
    playbook << Request(bind) >> Send(bind, 1) << Received(response, 1) >> Tell(Responded)
    assert playbook.session.state is State.BOUND_TRX
    playbook.done()


def test_a_transmitter_answers_no_outbind() -> None:
    wrong = BindTransmitterResp(command_status=Status.ESME_RINVBNDSTS)
    playbook = Playbook(Side.SMSC) << Request(Outbind()) >> Send(Outbind(), 1)
    playbook << Received(BindTransmitter(), 1) >> Send(wrong, 1)


def test_a_second_outbind_is_not_answered() -> None:
    playbook = Playbook(Side.ESME) << Received(Outbind(), 1) >> Tell(Outbind)
    playbook << Received(Outbind(), 2) >> Tell(Unmatched)


@pytest.mark.parametrize(
    ("own", "told", "version"),
    [(0x50, 0x50, 0x50), (0x50, 0x34, 0x34), (0x34, 0x50, 0x34), (0x50, 0x00, 0x33)],
)
def test_version_at_the_smsc(own: int, told: int, version: int) -> None:
    bind = BindTransceiver(interface_version=told)
    playbook = Playbook(Side.SMSC, version=InterfaceVersion(own))
    assert playbook.session.version == own
    playbook << Received(bind, 1) >> Tell(BindRequested)
    assert playbook.session.version == version
    playbook << Answer(REFUSED) >> Send(REFUSED, 1)
    assert playbook.session.version == own
    playbook << Received(bind, 2) >> Tell(BindRequested) << Answer(BOUND) >> Send(BOUND, 2)
    assert playbook.session.version == version


@pytest.mark.parametrize(
    ("own", "asked", "told", "assumed", "version"),
    [
        (0x50, 0x50, b"\x50", 0x33, 0x50),
        (0x50, 0x50, b"\x34", 0x33, 0x34),
        (0x50, 0x34, b"\x50", 0x33, 0x34),
        (0x34, 0x50, b"\x50", 0x33, 0x34),
        (0x50, 0x34, None, 0x33, 0x33),
        (0x50, 0x34, None, 0x34, 0x34),
        (0x50, 0x34, b"", 0x34, 0x34),
    ],
)
def test_version_at_the_esme(
    own: int, asked: int, told: bytes | None, assumed: int, version: int
) -> None:
    limits = {"version": InterfaceVersion(own), "assumed_version": InterfaceVersion(assumed)}
    bind = BindTransceiver(interface_version=asked)
    tlvs = () if told is None else (Tlv(SC_INTERFACE_VERSION.tag, told),)
    playbook = Playbook(Side.ESME, **limits) << Request(bind) >> Send(bind, 1)
    playbook << Received(BindTransceiverResp(tlvs=tlvs), 1) >> Tell(Responded)
    assert playbook.session.version == version
