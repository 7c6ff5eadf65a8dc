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
SENDING, RECEIVING, NEVER = (TX, TRX), (RX, TRX), ()
V33, V34, V50 = InterfaceVersion

States = tuple[State, ...]

OPERATIONS: Final[dict[type[Pdu], tuple[States, States, InterfaceVersion]]] = {
    BindTransmitter: ((OPEN,), NEVER, V33),
    BindReceiver: ((OPEN, OUTBOUND), NEVER, V33),
    # of 3.4, but there are peers that bind so and call it 3.3; what they mean is plain
    BindTransceiver: ((OPEN, OUTBOUND), NEVER, V33),
    Outbind: (NEVER, (OPEN,), V34),
    Unbind: (BOUND, BOUND, V33),
    SubmitSm: (SENDING, NEVER, V33),
    SubmitMulti: (SENDING, NEVER, V33),
    DataSm: (SENDING, RECEIVING, V34),
    DeliverSm: (NEVER, RECEIVING, V33),
    QuerySm: (SENDING, NEVER, V33),
    CancelSm: (SENDING, NEVER, V33),
    ReplaceSm: (SENDING, NEVER, V33),
    BroadcastSm: (SENDING, NEVER, V50),
    QueryBroadcastSm: (SENDING, NEVER, V50),
    CancelBroadcastSm: (SENDING, NEVER, V50),
    # Both may come before the bind (5.0 2.4): a keep-alive, and "no such command" for a bind
    EnquireLink: (ANY, ANY, V33),
    GenericNack: (ANY, ANY, V33),
    AlertNotification: (NEVER, RECEIVING, V34),
}
"""SMPP 3.4 table 2-1 and 5.0 2.4: in which states the ESME may ask it, in which the SMSC, and
since which version.

A response goes the other way, in the same states; and after an unbind what was asked before it
may still be answered.
"""

TRANSITIONS: Final[dict[tuple[State, type[Pdu]], State]] = {
    (OPEN, Outbind): OUTBOUND,
    (OPEN, BindTransmitterResp): TX,
    **dict.fromkeys(((OPEN, BindReceiverResp), (OUTBOUND, BindReceiverResp)), RX),
    **dict.fromkeys(((OPEN, BindTransceiverResp), (OUTBOUND, BindTransceiverResp)), TRX),
    **dict.fromkeys([(state, Unbind) for state in BOUND], UNBOUND),
    **dict.fromkeys([(state, UnbindResp) for state in BOUND], CLOSED),
}
"""What a PDU makes of a state: outbind sent or received, unbind received, a response either.

The response to a bind has to be a good one; to unbind any is, even none that means anything. The
side that unbinds stays bound until it is answered: what the peer has on its way still counts. When
both unbind, the session is over once each has answered.
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
    for pdu, (*by_side, since) in OPERATIONS.items():
        asks = dict(zip(Side, by_side, strict=True))
        if since > version:
            continue
        if state in asks[side]:
            found.add(pdu.command_id)
        answers = asks[side.peer]
        if state in answers or (state is UNBOUND and not set(answers).isdisjoint(BOUND)):
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
