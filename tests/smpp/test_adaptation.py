"""What peers of each version are sent."""

import pytest

from telecom.smpp.adaptation import adapted
from telecom.smpp.errors import LocalError
from telecom.smpp.events import Responded
from telecom.smpp.limits import SessionLimits
from telecom.smpp.pdus import (
    AlertNotification,
    BindTransceiver,
    BindTransceiverResp,
    BroadcastSm,
    DataSm,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Pdu,
    SubmitMulti,
    SubmitSm,
    SubmitSmResp,
)
from telecom.smpp.states import Side
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import (
    CONGESTION_STATE,
    MESSAGE_PAYLOAD,
    RECEIPTED_MESSAGE_ID,
    SC_INTERFACE_VERSION,
    Tlv,
)
from telecom.smpp.versions import InterfaceVersion
from tests.smpp.conftest import (
    Answer,
    Playbook,
    Received,
    Request,
    Send,
    Tell,
    bound_esme,
    bound_smsc,
)

V33, V34, V50 = InterfaceVersion
RECEIPT = DeliverSm(short_message=b"id:1", tlvs=(RECEIPTED_MESSAGE_ID(b"1"),))
SUBMIT = SubmitSm(short_message=b"hello")
BUSY = CONGESTION_STATE(90)


def test_a_peer_of_33_gets_no_parameters() -> None:
    plain = DeliverSm(short_message=b"id:1")
    bound_smsc(peer=V33) << Request(RECEIPT) >> Send(plain, 1)
    bound_smsc(peer=V34) << Request(RECEIPT) >> Send(RECEIPT, 1)
    bind = BindTransceiver(interface_version=0x33)
    response = BindTransceiverResp(b"smsc", tlvs=(SC_INTERFACE_VERSION(0x50),))
    playbook = Playbook(Side.SMSC) << Received(bind, 1) >> Tell(object)
    playbook << Answer(response) >> Send(BindTransceiverResp(b"smsc"), 1)


def test_an_smsc_that_tells_no_version_gets_no_parameters() -> None:
    with_tlv = SubmitSm(short_message=b"hello", tlvs=(Tlv(0x0204, b"\0\7"),))
    playbook = Playbook(Side.ESME) << Request(BindTransceiver()) >> Send(BindTransceiver(), 1)
    playbook << Received(BindTransceiverResp(), 1) >> Tell(Responded)
    playbook << Request(with_tlv) >> Send(SUBMIT, 2)


@pytest.mark.parametrize("pdu", [DeliverSm, SubmitSm, SubmitMulti])
def test_a_payload_is_a_short_message_for_a_peer_of_33(pdu: type[Pdu]) -> None:
    long, longer = bytes(range(254)), bytes(255)
    payload = pdu(tlvs=(MESSAGE_PAYLOAD(long), Tlv(0x0204, b"\0\7")))
    assert adapted(payload, V33, None) == pdu(short_message=long)  # type: ignore[call-arg]
    with pytest.raises(LocalError, match="255 octets to a peer of SMPP 3.3"):
        adapted(pdu(tlvs=(MESSAGE_PAYLOAD(longer),)), V33, None)


@pytest.mark.parametrize("pdu", [DataSm(), AlertNotification(), BroadcastSm()])
def test_nothing_is_sent_that_the_peer_does_not_know(pdu: Pdu) -> None:
    for side in (bound_smsc, bound_esme):
        with pytest.raises(LocalError):
            side(peer=V33).session.send_request(pdu, 0.0)


def test_what_is_above_the_version_of_a_session_is_no_command() -> None:
    unknown = GenericNack(command_status=Status.ESME_RINVCMDID)
    bound_smsc(peer=V34) << Received(BroadcastSm(), 5) >> Send(unknown, 5)
    bound_smsc(peer=V33) << Received(DataSm(), 5) >> Send(unknown, 5)
    bound_smsc(peer=V50) << Received(BroadcastSm(), 5) >> Tell(BroadcastSm)


def test_parameters_of_a_peer_of_33_are_read_all_the_same() -> None:
    told = SubmitSm(tlvs=(MESSAGE_PAYLOAD(b"hello"),), sequence_number=2)
    bound_smsc(peer=V33) << Received(told, 2) >> Tell(told)


def test_congestion_is_told_in_every_response_to_a_peer_of_50() -> None:
    playbook = bound_smsc(peer=V50)
    playbook.session.congestion = 90
    (
        playbook
        << Received(SUBMIT, 2)
        >> Tell(SubmitSm)
        << Answer(SubmitSmResp(b"id"))
        >> Send(SubmitSmResp(b"id", tlvs=(BUSY,)), 2)
        << Received(EnquireLink(), 3)
        >> Send(EnquireLinkResp(tlvs=(BUSY,)), 3)
        << Request(RECEIPT)
        >> Send(RECEIPT, 1)
    ).done()
    playbook.session.congestion = None
    playbook << Received(EnquireLink(), 4) >> Send(EnquireLinkResp(), 4)
    for wrong in (-1, 101, 256):
        with pytest.raises(LocalError, match="congestion_state"):
            playbook.session.congestion = wrong


def test_congestion_is_not_told_twice_nor_in_a_nack_nor_before_50() -> None:
    told = SubmitSmResp(b"id", tlvs=(CONGESTION_STATE(10),))
    assert adapted(told, V50, BUSY) == told
    assert adapted(GenericNack(), V50, BUSY) == GenericNack()
    assert adapted(SubmitSmResp(b"id"), V34, BUSY) == SubmitSmResp(b"id")
    playbook = Playbook(Side.SMSC)
    playbook.session.congestion = 90
    playbook << Received(EnquireLink(), 1) >> Send(EnquireLinkResp(), 1)


def test_congestion_of_the_peer() -> None:
    playbook = bound_esme(peer=V50)
    assert playbook.session.peer_congestion is None
    for number, (tlvs, heard) in enumerate(
        [
            ((BUSY,), 90),
            ((), 90),
            ((Tlv(BUSY.tag, b""),), 90),
            ((CONGESTION_STATE(0),), 0),
            ((CONGESTION_STATE(101),), 0),
        ],
        2,
    ):
        playbook << Request(SUBMIT) >> Send(SUBMIT, number)
        playbook << Received(SubmitSmResp(b"id", tlvs=tlvs), number) >> Tell(Responded)
        assert playbook.session.peer_congestion == heard


def test_the_window_of_the_peer() -> None:
    throttled = SubmitSmResp(command_status=Status.ESME_RTHROTTLED)
    playbook = bound_smsc(peer_window=2)
    long = SubmitSm(tlvs=(MESSAGE_PAYLOAD(bytes(60_000)),))
    playbook << Received(SUBMIT, 2) >> Tell(SubmitSm) << Received(long, 3) >> Tell(SubmitSm)
    playbook << Received(SUBMIT, 4) >> Send(throttled, 4)
    playbook << Received(EnquireLink(), 5) >> Send(EnquireLinkResp(), 5)
    playbook << Answer(SubmitSmResp(b"a")) >> Send(SubmitSmResp(b"a"), 2)
    playbook << Received(SUBMIT, 6) >> Tell(SubmitSm) << Received(SUBMIT, 7) >> Send(throttled, 7)
    playbook.session.peer_window = 3
    playbook << Received(SUBMIT, 8) >> Tell(SubmitSm)
    playbook.done()


def test_the_window_of_the_peer_has_the_answer_that_is_set() -> None:
    full = DeliverSmResp(command_status=Status.ESME_RMSGQFUL)
    playbook = bound_esme(peer_window=1, over_window=Status.ESME_RMSGQFUL)
    playbook << Received(DeliverSm(), 1) >> Tell(DeliverSm)
    playbook << Received(DeliverSm(), 2) >> Send(full, 2)


def test_other_limits_leave_the_version_that_was_agreed_on() -> None:
    playbook = bound_smsc(peer=V50)
    playbook.session.limit(SessionLimits(version=V34))
    playbook.session.congestion = 90
    assert playbook.session.version is V50
    playbook << Received(EnquireLink(), 3) >> Send(EnquireLinkResp(tlvs=(BUSY,)), 3)
