"""The operation matrix, SMPP 5.0 2.4: the tables themselves, and a session for every cell."""

import pytest

from telecom.smpp.codec import decode, encode
from telecom.smpp.errors import LocalError
from telecom.smpp.events import Unmatched
from telecom.smpp.pdus import (
    PDUS,
    RESPONSE_BIT,
    RESPONSES,
    AlertNotification,
    Bind,
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    BroadcastSm,
    BroadcastSmResp,
    DataSm,
    DataSmResp,
    DeliverSm,
    EnquireLink,
    GenericNack,
    Outbind,
    Pdu,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from telecom.smpp.states import BOUND, RECEIVABLE, SENDABLE, Side, State
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.versions import InterfaceVersion
from tests.smpp.conftest import CELLS, playbook_in

V33, V34, V50 = InterfaceVersion
OPEN, OUTBOUND, TX, RX, TRX, UNBOUND, CLOSED = State
ESME, SMSC = Side
SINCE_34 = {0x0B, 0x102, 0x103}
SINCE_50 = {0x111, 0x112, 0x113}


@pytest.mark.parametrize(
    ("state", "side", "version", "pdu", "allowed"),
    [
        (OPEN, ESME, V34, BindTransceiver, True),
        (OPEN, ESME, V33, BindTransceiver, True),
        (OPEN, SMSC, V34, BindTransceiver, False),
        (OPEN, SMSC, V34, Outbind, True),
        (OPEN, SMSC, V33, Outbind, False),
        (OUTBOUND, ESME, V34, BindReceiver, True),
        (OUTBOUND, ESME, V34, BindTransceiver, True),
        (OUTBOUND, ESME, V34, BindTransmitter, False),
        (OUTBOUND, SMSC, V34, Outbind, False),
        (TX, ESME, V33, SubmitSm, True),
        (RX, ESME, V33, SubmitSm, False),
        (TRX, SMSC, V34, SubmitSm, False),
        (TRX, SMSC, V34, SubmitSmResp, True),
        (TX, SMSC, V34, DeliverSm, False),
        (RX, SMSC, V33, DeliverSm, True),
        (RX, SMSC, V33, AlertNotification, False),
        (RX, SMSC, V34, AlertNotification, True),
        (RX, ESME, V34, DataSm, False),
        (RX, SMSC, V34, DataSm, True),
        (RX, ESME, V34, DataSmResp, True),
        (TX, ESME, V34, DataSm, True),
        (TX, SMSC, V50, DataSm, False),
        (TX, ESME, V50, DataSmResp, False),
        (TRX, ESME, V33, DataSm, False),
        (TX, ESME, V50, BroadcastSm, True),
        (TX, SMSC, V50, BroadcastSmResp, True),
        (TX, ESME, V34, BroadcastSm, False),
        (RX, ESME, V50, BroadcastSm, False),
        (UNBOUND, ESME, V34, SubmitSm, False),
        (UNBOUND, SMSC, V34, SubmitSmResp, True),
        (UNBOUND, ESME, V34, UnbindResp, True),
        (UNBOUND, ESME, V34, EnquireLink, True),
        (UNBOUND, ESME, V34, BindTransceiver, False),
        (CLOSED, ESME, V50, GenericNack, False),
    ],
)
def test_cells_as_in_the_specification(
    state: State, side: Side, version: InterfaceVersion, pdu: type[Pdu], allowed: bool
) -> None:
    assert (pdu.command_id in SENDABLE[state, side, version]) is allowed
    assert (pdu.command_id in RECEIVABLE[state, side.peer, version]) is allowed


def test_every_command_may_be_sent_by_somebody_some_time() -> None:
    sent = {version: set[int]() for version in InterfaceVersion}
    for (_, _, version), commands in SENDABLE.items():
        sent[version] |= commands
    since = {command_id for old in SINCE_34 for command_id in (old, old | RESPONSE_BIT)}
    new = {command_id for old in SINCE_50 for command_id in (old, old | RESPONSE_BIT)}
    assert sent[V50] == PDUS.keys()
    assert sent[V34] == PDUS.keys() - new
    assert sent[V33] == PDUS.keys() - new - since


@pytest.mark.parametrize(("state", "side", "version"), CELLS)
def test_what_is_not_in_the_table_is_refused(
    state: State, side: Side, version: InterfaceVersion
) -> None:
    for pdu in PDUS.values():
        session = playbook_in(state, side, version).session
        assert (session.state, session.version) == (state, version)
        received = pdu(sequence_number=9)
        session.receive_data(encode(received), 0.0)
        events, sent = session.events_received(), session.data_to_send()
        if pdu.command_id in RECEIVABLE[state, side, version]:
            assert not is_refusal(sent)
            continue
        assert session.state is state
        if pdu.command_id & RESPONSE_BIT or pdu in (Outbind, AlertNotification):
            assert (events, sent) == ([Unmatched(received)], b"")
        else:
            assert (events, sent) == ([], encode(refusal(state, side, version, pdu), 9))


def refusal(state: State, side: Side, version: InterfaceVersion, pdu: type[Pdu]) -> Pdu:
    known = {V33: set[int](), V34: SINCE_34, V50: SINCE_34 | SINCE_50}[version]
    if pdu.command_id in (SINCE_34 | SINCE_50) - known:
        return GenericNack(command_status=Status.ESME_RINVCMDID)
    second_bind = issubclass(pdu, Bind) and side is SMSC and state in BOUND
    status = Status.ESME_RALYBND if second_bind else Status.ESME_RINVBNDSTS
    return RESPONSES[pdu.command_id](command_status=status)


def is_refusal(sent: bytes) -> bool:
    pdu = decode(sent) if sent else None
    return isinstance(pdu, Pdu) and pdu.command_status != Status.ESME_ROK


@pytest.mark.parametrize(("state", "side", "version"), CELLS)
def test_what_is_not_in_the_table_is_not_sent(
    state: State, side: Side, version: InterfaceVersion
) -> None:
    for command_id, pdu in PDUS.items():
        session = playbook_in(state, side, version).session
        if command_id in SENDABLE[state, side, version] and not command_id & RESPONSE_BIT:
            session.send_request(pdu(), 0.0)
            assert decode(session.data_to_send()).command_id == command_id
        else:
            with pytest.raises(LocalError):
                session.send_request(pdu(), 0.0)
            assert session.data_to_send() == b""


@pytest.mark.parametrize(
    ("told", "version"),
    [(0x00, V33), (0x33, V33), (0x34, V34), (0x40, V34), (0x4F, V34), (0x50, V50), (0xFF, V50)],
)
def test_the_nearest_version_at_or_below(told: int, version: InterfaceVersion) -> None:
    assert InterfaceVersion.of(told) is version


def test_an_unbind_before_the_bind_is_refused() -> None:
    session = playbook_in(OPEN, SMSC, V34).session
    session.receive_data(encode(Unbind(), 1), 0.0)
    assert session.data_to_send() == encode(UnbindResp(command_status=Status.ESME_RINVBNDSTS), 1)
