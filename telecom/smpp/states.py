"""Who may send what in which state of a session, SMPP 3.4 2.2 and 2.3, as tables."""

from enum import Enum
from typing import Final

from telecom.smpp.pdus import (
    PDUS,
    RESPONSE_BIT,
    AlertNotification,
    BindReceiver,
    BindReceiverResp,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    BindTransmitterResp,
    BroadcastSm,
    CancelBroadcastSm,
    CancelSm,
    DataSm,
    DeliverSm,
    EnquireLink,
    GenericNack,
    Outbind,
    Pdu,
    QueryBroadcastSm,
    QuerySm,
    ReplaceSm,
    SubmitMulti,
    SubmitSm,
    Unbind,
    UnbindResp,
)


class Side(Enum):
    """The two ends of a session."""

    ESME = "ESME"
    SMSC = "SMSC"

    @property
    def peer(self) -> "Side":
        """The other end."""
        return Side.SMSC if self is Side.ESME else Side.ESME


class State(Enum):
    """SMPP 3.4 2.2."""

    OPEN = "open"
    BOUND_TX = "transmitter"
    BOUND_RX = "receiver"
    BOUND_TRX = "transceiver"
    CLOSED = "closed"


OPEN, TX, RX, TRX = State.OPEN, State.BOUND_TX, State.BOUND_RX, State.BOUND_TRX
ESME, SMSC = (Side.ESME,), (Side.SMSC,)
EITHER = (Side.ESME, Side.SMSC)

OPERATIONS: Final[dict[type[Pdu], tuple[tuple[State, ...], tuple[Side, ...]]]] = {
    BindTransmitter: ((OPEN,), ESME),
    BindReceiver: ((OPEN,), ESME),
    BindTransceiver: ((OPEN,), ESME),
    Outbind: ((OPEN,), SMSC),
    Unbind: ((TX, RX, TRX), EITHER),
    SubmitSm: ((TX, TRX), ESME),
    SubmitMulti: ((TX, TRX), ESME),
    DataSm: ((TX, RX, TRX), EITHER),
    DeliverSm: ((RX, TRX), SMSC),
    QuerySm: ((TX, TRX), ESME),
    CancelSm: ((TX, TRX), ESME),
    ReplaceSm: ((TX, TRX), ESME),
    BroadcastSm: ((TX, TRX), ESME),
    QueryBroadcastSm: ((TX, TRX), ESME),
    CancelBroadcastSm: ((TX, TRX), ESME),
    # Both may come before the bind (5.0 2.4): a keep-alive, and "no such command" for a bind
    EnquireLink: ((OPEN, TX, RX, TRX), EITHER),
    GenericNack: ((OPEN, TX, RX, TRX), EITHER),
    AlertNotification: ((RX, TRX), SMSC),
}
"""SMPP 3.4 table 2-1: in which states, and by whom; a response goes the other way."""

TRANSITIONS: Final[dict[tuple[State, type[Pdu]], State]] = {
    (OPEN, BindTransmitterResp): TX,
    (OPEN, BindReceiverResp): RX,
    (OPEN, BindTransceiverResp): TRX,
    (TX, UnbindResp): State.CLOSED,
    (RX, UnbindResp): State.CLOSED,
    (TRX, UnbindResp): State.CLOSED,
}
"""What a response with ESME_ROK makes of a state, sent by one side and received by the other."""


def _sendable(state: State, side: Side) -> frozenset[int]:
    rows = [(pdu.command_id, by) for pdu, (states, by) in OPERATIONS.items() if state in states]
    requests = {command_id for command_id, by in rows if side in by}
    responses = {command_id | RESPONSE_BIT for command_id, by in rows if side.peer in by}
    return frozenset((requests | responses) & PDUS.keys())


SENDABLE: Final = {(state, side): _sendable(state, side) for state in State for side in Side}
"""The command_ids that a side may send in a state."""
RECEIVABLE: Final = {(state, side): SENDABLE[state, side.peer] for state in State for side in Side}
"""The command_ids that a side may be sent in a state."""
