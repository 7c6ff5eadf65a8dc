"""What is refused and how, and what is not answered at all: SMPP 3.4 4.3, 5.0 2.8.2."""

import pytest

from telecom.smpp.codec import decode, encode
from telecom.smpp.errors import LocalError
from telecom.smpp.events import LinkClosed, Responded, Unmatched
from telecom.smpp.pdus import (
    RESPONSES,
    AlertNotification,
    DeliverSm,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Outbind,
    Pdu,
    ReplaceSm,
    SubmitMulti,
    SubmitSm,
    SubmitSmResp,
)
from telecom.smpp.states import Side
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.versions import InterfaceVersion
from tests.smpp.conftest import Playbook, Received, Request, Send, Tell, bound_esme, bound_smsc

V33, V34, V50 = InterfaceVersion
SUBMIT = SubmitSm(short_message=b"hello")
UNKNOWN = "80010200"


def framed(command_id: str, body: bytes = b"", *, number: int = 5) -> bytes:
    rest = bytes.fromhex(command_id) + bytes(4) + number.to_bytes(4, "big") + body
    return (4 + len(rest)).to_bytes(4, "big") + rest


@pytest.mark.parametrize("side", [bound_smsc, bound_esme])
def test_a_response_that_nobody_knows_is_not_answered(side: type[Playbook]) -> None:
    playbook = side()
    playbook << Received(framed(UNKNOWN)) >> Tell(Unmatched)
    playbook << Received(EnquireLink(), 6) >> Send(EnquireLinkResp(), 6)
    playbook.done()


def test_nor_is_it_the_response_to_a_request_of_that_number() -> None:
    playbook = bound_esme() << Request(SUBMIT) >> Send(SUBMIT, 2)
    playbook << Received(framed(UNKNOWN, number=2)) >> Tell(Unmatched)
    playbook << Received(SubmitSmResp(b"1"), 2) >> Tell(Responded)
    playbook.done()


def test_not_even_before_a_bind() -> None:
    for side in Side:
        Playbook(side) << Received(framed(UNKNOWN)) >> Tell(Unmatched)
        Playbook(side) << Received(framed("80000004", b"1")) >> Tell(Unmatched)


@pytest.mark.parametrize("version", InterfaceVersion)
@pytest.mark.parametrize("pdu", [Outbind(), AlertNotification()])
def test_what_has_no_response_has_none_in_the_wrong_place(
    pdu: Pdu, version: InterfaceVersion
) -> None:
    bound_smsc(peer=version) << Received(pdu, 3) >> Tell(Unmatched)
    Playbook(Side.SMSC) << Received(pdu, 3) >> Tell(Unmatched)


def test_nor_when_it_is_broken() -> None:
    bound_esme() << Received(framed("00000102", b"1")) >> Tell(Unmatched)
    Playbook(Side.ESME) << Received(framed("0000000b", b"1")) >> Tell(Unmatched)


def test_a_response_without_end_is_not_answered_by_its_number() -> None:
    nack = GenericNack(command_status=Status.ESME_RINVCMDLEN)
    for command_id, number in (("80000004", 0), ("00000102", 0), ("00000004", 9)):
        header = b"\x7f\0\0\0" + framed(command_id, number=9)[4:]
        playbook = bound_smsc() << Received(header)
        playbook >> Send(nack, number) >> Tell(LinkClosed)


def test_nobody_can_answer_what_has_no_response() -> None:
    playbook = bound_esme() << Received(AlertNotification(), 4) >> Tell(AlertNotification)
    (alert,) = playbook.requests
    with pytest.raises(LocalError, match="to AlertNotification"):
        playbook.session.send_response(alert, GenericNack())
    with pytest.raises(LocalError, match="AlertNotification has no response"):
        playbook.session.reject(alert, Status.ESME_RSYSERR)
    assert (playbook.session.unanswered, playbook.session.data_to_send()) == (0, b"")


LONGEST = bytes(255)


@pytest.mark.parametrize("pdu", [SubmitSm, SubmitMulti, ReplaceSm])
def test_255_octets_of_short_message_are_for_50(pdu: type[Pdu]) -> None:
    long = pdu(short_message=LONGEST)  # type: ignore[call-arg]
    assert decode(encode(long)) == long
    bound_smsc(peer=V50) << Received(long, 2) >> Tell(pdu)
    wrong = RESPONSES[pdu.command_id](command_status=Status.ESME_RINVMSGLEN)
    for peer in (V33, V34):
        playbook = bound_smsc(peer=peer) << Received(long, 2) >> Send(wrong, 2)
        playbook << Received(pdu(short_message=LONGEST[1:]), 3) >> Tell(pdu)  # type: ignore[call-arg]


def test_255_octets_are_not_sent_before_50() -> None:
    long = DeliverSm(short_message=LONGEST)
    bound_smsc(peer=V50) << Request(long) >> Send(long, 1)
    for peer in (V33, V34):
        with pytest.raises(LocalError, match="255 octets of short_message"):
            bound_smsc(peer=peer).session.send_request(long, 0.0)


def test_the_body_of_an_error_is_ignored_where_it_means_nothing() -> None:
    playbook = bound_esme() << Request(SUBMIT) >> Send(SUBMIT, 2)
    octets = bytes.fromhex("00000012 80000004 00000058 00000002 3132")
    told = SubmitSmResp(command_status=Status.ESME_RTHROTTLED, sequence_number=2)
    playbook << Received(octets) >> Tell(Responded(SUBMIT, told))


def test_what_is_no_short_message_at_all_is_our_own_fault() -> None:
    playbook = bound_esme()
    for wrong in (None, 5, "hello"):
        with pytest.raises(LocalError):
            playbook.session.send_request(SubmitSm(short_message=wrong), 0.0)  # type: ignore[arg-type]
    assert playbook.session.window_free == playbook.session.limits.window
