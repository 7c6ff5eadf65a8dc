"""Who may send what in which state of a session and which version, SMPP 5.0 2.3 and 2.4."""

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
from telecom.smpp.versions import InterfaceVersion


class Side(Enum):
    """The two ends of a session."""

    ESME = "ESME"
    SMSC = "SMSC"

    @property
    def peer(self) -> "Side":
        """The other end."""
        return Side.SMSC if self is Side.ESME else Side.ESME


class State(Enum):
    """SMPP 5.0 2.3; UNBOUND from the peer's unbind on, until it is answered."""

    OPEN = "open"
    OUTBOUND = "outbound"
    BOUND_TX = "transmitter"
    BOUND_RX = "receiver"
    BOUND_TRX = "transceiver"
    UNBOUND = "unbound"
    CLOSED = "closed"


OPEN, OUTBOUND, UNBOUND, CLOSED = State.OPEN, State.OUTBOUND, State.UNBOUND, State.CLOSED
TX, RX, TRX = BOUND = (State.BOUND_TX, State.BOUND_RX, State.BOUND_TRX)
ANY = (OPEN, OUTBOUND, *BOUND, UNBOUND)
V33, V34, V50 = InterfaceVersion
ESME, SMSC = (Side.ESME,), (Side.SMSC,)
EITHER = (Side.ESME, Side.SMSC)

OPERATIONS: Final[dict[type[Pdu], tuple[tuple[State, ...], tuple[Side, ...], InterfaceVersion]]] = {
    BindTransmitter: ((OPEN,), ESME, V33),
    BindReceiver: ((OPEN, OUTBOUND), ESME, V33),
    # of 3.4, but there are peers that bind so and call it 3.3; what they mean is plain
    BindTransceiver: ((OPEN, OUTBOUND), ESME, V33),
    Outbind: ((OPEN,), SMSC, V34),
    Unbind: (BOUND, EITHER, V33),
    SubmitSm: ((TX, TRX), ESME, V33),
    SubmitMulti: ((TX, TRX), ESME, V33),
    DataSm: (BOUND, EITHER, V34),
    DeliverSm: ((RX, TRX), SMSC, V33),
    QuerySm: ((TX, TRX), ESME, V33),
    CancelSm: ((TX, TRX), ESME, V33),
    ReplaceSm: ((TX, TRX), ESME, V33),
    BroadcastSm: ((TX, TRX), ESME, V50),
    QueryBroadcastSm: ((TX, TRX), ESME, V50),
    CancelBroadcastSm: ((TX, TRX), ESME, V50),
    # Both may come before the bind (5.0 2.4): a keep-alive, and "no such command" for a bind
    EnquireLink: (ANY, EITHER, V33),
    GenericNack: (ANY, EITHER, V33),
    AlertNotification: ((RX, TRX), SMSC, V34),
}
"""SMPP 3.4 table 2-1 and 5.0 2.4: in which states, by whom, and since which version.

A response goes the other way, in the same states; and after an unbind what was asked before it
may still be answered.
"""

TRANSITIONS: Final[dict[tuple[State, type[Pdu]], State]] = {
    (OPEN, Outbind): OUTBOUND,
    (OPEN, BindTransmitterResp): TX,
    **dict.fromkeys(((OPEN, BindReceiverResp), (OUTBOUND, BindReceiverResp)), RX),
    **dict.fromkeys(((OPEN, BindTransceiverResp), (OUTBOUND, BindTransceiverResp)), TRX),
    **dict.fromkeys([(state, Unbind) for state in BOUND], UNBOUND),
    **dict.fromkeys([(state, UnbindResp) for state in (*BOUND, UNBOUND)], CLOSED),
}
"""What a PDU makes of a state: outbind sent or received, unbind received, a good response either.

The side that unbinds stays bound until it is answered: what the peer has on its way still counts.
"""

KNOWN: Final = {
    version: frozenset(
        pdu.command_id for pdu, (_, _, since) in OPERATIONS.items() if since <= version
    )
    for version in InterfaceVersion
}
"""The command_ids of the requests that a version has; any other is ESME_RINVCMDID."""


def _sendable(state: State, side: Side, version: InterfaceVersion) -> frozenset[int]:
    found = set()
    for pdu, (states, by, since) in OPERATIONS.items():
        if since > version:
            continue
        if state in states and side in by:
            found.add(pdu.command_id)
        still = state is UNBOUND and not set(states).isdisjoint(BOUND)
        if (state in states or still) and side.peer in by:
            found.add(pdu.command_id | RESPONSE_BIT)
    return frozenset(found & PDUS.keys())


SENDABLE: Final = {
    (state, side, version): _sendable(state, side, version)
    for state in State
    for side in Side
    for version in InterfaceVersion
}
"""The command_ids that a side may send in a state of a session of a version."""
RECEIVABLE: Final = {
    (state, side, version): SENDABLE[state, side.peer, version] for state, side, version in SENDABLE
}
"""The command_ids that a side may be sent in a state of a session of a version."""
