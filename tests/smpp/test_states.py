"""The operation matrix, SMPP 3.4 table 2-1: the tables themselves, and a session for every cell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecom.smpp.codec import decode, encode
from telecom.smpp.errors import LocalError
from telecom.smpp.events import Unmatched
from telecom.smpp.pdus import (
    PDUS,
    RESPONSE_BIT,
    RESPONSES,
    Bind,
    BindTransceiver,
    DataSm,
    DeliverSm,
    GenericNack,
    Pdu,
    SubmitSm,
    SubmitSmResp,
)
from telecom.smpp.states import RECEIVABLE, SENDABLE, Side, State
from telecom.smpp.status import CommandStatus as Status
from tests.smpp.conftest import PLAYBOOKS, pdus

CELLS = [(state, side) for state in State if state is not State.CLOSED for side in Side]


@pytest.mark.parametrize(
    ("state", "side", "pdu", "allowed"),
    [
        (State.OPEN, Side.ESME, BindTransceiver, True),
        (State.OPEN, Side.SMSC, BindTransceiver, False),
        (State.BOUND_TX, Side.ESME, SubmitSm, True),
        (State.BOUND_RX, Side.ESME, SubmitSm, False),
        (State.BOUND_TRX, Side.SMSC, SubmitSm, False),
        (State.BOUND_TRX, Side.SMSC, SubmitSmResp, True),
        (State.BOUND_TX, Side.SMSC, DeliverSm, False),
        (State.BOUND_RX, Side.SMSC, DeliverSm, True),
        (State.BOUND_RX, Side.ESME, DataSm, True),
        (State.CLOSED, Side.ESME, GenericNack, False),
    ],
)
def test_cells_as_in_the_specification(
    state: State, side: Side, pdu: type[Pdu], allowed: bool
) -> None:
    assert (pdu.command_id in SENDABLE[state, side]) is allowed
    assert (pdu.command_id in RECEIVABLE[state, side.peer]) is allowed


def test_every_command_may_be_sent_by_somebody_some_time() -> None:
    assert frozenset[int]().union(*SENDABLE.values()) == PDUS.keys()


@given(st.sampled_from(CELLS), pdus())
def test_what_is_not_in_the_table_is_refused(cell: tuple[State, Side], pdu: Pdu) -> None:
    state, side = cell
    session = PLAYBOOKS[state][side]().session
    assert session.state is state
    session.receive_data(encode(pdu), 0.0)
    events, sent = session.events_received(), session.data_to_send()
    if pdu.command_id in RECEIVABLE[state, side]:
        assert not is_refusal(sent)
        return
    assert session.state is state
    if pdu.command_id & RESPONSE_BIT:
        assert events == [Unmatched(pdu)]
        assert sent == b""
        return
    second_bind = isinstance(pdu, Bind) and side is Side.SMSC
    status = Status.ESME_RALYBND if second_bind else Status.ESME_RINVBNDSTS
    refusal = RESPONSES.get(pdu.command_id, GenericNack)(command_status=status)
    assert (events, sent) == ([], encode(refusal, pdu.sequence_number))


def is_refusal(sent: bytes) -> bool:
    pdu = decode(sent) if sent else None
    return isinstance(pdu, Pdu) and pdu.command_status != Status.ESME_ROK


@given(st.sampled_from(CELLS), st.sampled_from(sorted(PDUS)))
def test_what_is_not_in_the_table_is_not_sent(cell: tuple[State, Side], command_id: int) -> None:
    state, side = cell
    session = PLAYBOOKS[state][side]().session
    if command_id in SENDABLE[state, side] and not command_id & RESPONSE_BIT:
        session.send_request(PDUS[command_id](), 0.0)
        assert decode(session.data_to_send()).command_id == command_id
    else:
        with pytest.raises(LocalError):
            session.send_request(PDUS[command_id](), 0.0)
        assert session.data_to_send() == b""
