"""A session fed with anything: it never raises, and it does not matter how the octets are cut."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.smpp.codec import Framer, decode, encode
from telecom.smpp.events import BindRequested
from telecom.smpp.pdus import PDUS, RESPONSES, Bind, Pdu
from telecom.smpp.session import Session
from telecom.smpp.states import Side, State
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.versions import InterfaceVersion
from tests.smpp.conftest import CELLS, pdus, playbook_in
from tests.smpp.mutations import mutated

Cell = tuple[State, Side, InterfaceVersion]
cells = st.sampled_from(CELLS)
commands = st.sampled_from(sorted(PDUS)).map(lambda command_id: command_id.to_bytes(4, "big"))
framed = st.tuples(commands, st.binary(max_size=60)).map(
    lambda pair: (len(pair[1]) + 8).to_bytes(4, "big") + pair[0] + pair[1]
)
pieces = st.one_of(pdus().map(encode), framed, st.binary(max_size=30))


def outcome(cell: Cell, octets: list[bytes]) -> tuple[Any, ...]:
    session = playbook_in(*cell).session
    for piece in filter(None, octets):
        session.receive_data(piece, 1.0)
    session.handle_timer(1.5)
    return session.events_received(), session.data_to_send(), session.state, session.next_timer()


@given(cells, st.lists(pieces, max_size=6))
@settings(max_examples=200)
def test_whole_and_one_octet_at_a_time(cell: Cell, octets: list[bytes]) -> None:
    stream = b"".join(octets)
    whole = outcome(cell, [stream])
    assert whole == outcome(cell, [stream[at : at + 1] for at in range(len(stream))])
    assert whole == outcome(cell, octets)


@pytest.mark.parametrize("cell", CELLS)
def test_a_stream_of_damaged_pdus(cell: Cell) -> None:
    session, asked = begun(cell)
    for number, frame in enumerate(mutated(CELLS.index(cell), 1500)):
        if session.closed:
            session, asked = begun(cell)
        session.receive_data(len(frame).to_bytes(4, "big") + frame[4:], number / 100)
        for event in session.events_received():
            if isinstance(event, BindRequested) and number % 2:
                session.reject(event.request, Status.ESME_RINVPASWD)
            elif isinstance(event, Pdu) and to_answer(event):
                asked.append(event)
        session.handle_timer(number / 100)
        answers = [decode(answer) for answer in Framer(1000).feed(session.data_to_send())]
        assert all(isinstance(answer, Pdu) for answer in answers)
        assert len(asked) <= 5
        if number % 20 == 0:
            for request in asked:
                if not session.closed:
                    session.reject(request, Status.ESME_RSYSERR)
            asked = []
            assert session.closed or session.unanswered == 0


def begun(cell: Cell) -> tuple[Session, list[Pdu]]:
    """A session, and what its user has still to answer."""
    playbook = playbook_in(*cell)
    playbook.session.peer_window = 5
    return playbook.session, [each for each in playbook.requests if to_answer(each)]


def to_answer(pdu: Pdu) -> bool:
    return pdu.command_id in RESPONSES and not isinstance(pdu, Bind)


@given(cells, st.lists(pdus(), max_size=8), st.floats(0, 200))
def test_everything_the_user_is_told_can_be_answered(
    cell: Cell, received: list[Pdu], now: float
) -> None:
    session = playbook_in(*cell).session
    for pdu in received:
        session.receive_data(encode(pdu), 0.0)
    for event in session.events_received():
        if isinstance(event, Pdu) and event.command_id | 0x80000000 in PDUS and not session.closed:
            session.reject(event, 0x401)
    session.handle_timer(now)
    if session.closed:
        assert session.next_timer() is None
