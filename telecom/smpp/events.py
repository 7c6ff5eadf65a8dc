"""What a session tells its user; a request of the peer for the user is told as the PDU itself."""

from enum import Enum

import msgspec

from telecom.smpp.codec import Undecodable
from telecom.smpp.pdus import Bind, Pdu


class Cause(Enum):
    """Why a link is, or has to be, closed."""

    UNBOUND = "unbound in good order"
    PEER_CLOSED = "the peer closed the connection"
    LOCAL = "closed by us"
    FRAMING = "the peer's octets are no SMPP"
    SESSION_INIT = "no bind in time"
    BIND_REFUSED = "too many binds refused"
    NO_RESPONSE = "no response to enquire_link, bind or unbind in time"


class BindRequested(msgspec.Struct, frozen=True):
    """The peer wants to bind; `Session.send_response` decides."""

    request: Bind


class Responded(msgspec.Struct, frozen=True):
    """A request of ours has its response, or a generic_nack in its place."""

    request: Pdu
    response: Pdu


class BadResponse(msgspec.Struct, frozen=True):
    """A request of ours has a response that means nothing."""

    request: Pdu
    response: Undecodable


class Unanswered(msgspec.Struct, frozen=True):
    """A request of ours had no response in the time of the response timer."""

    request: Pdu
    sequence_number: int


class Unmatched(msgspec.Struct, frozen=True):
    """What is of no use and not answered.

    A response to nothing that we asked, or too late; or an outbind or alert_notification where it
    may not be, or that means nothing.
    """

    response: Pdu | Undecodable


class Unbinding(msgspec.Struct, frozen=True):
    """The peer unbinds; what it has asked may still be answered, nothing more be asked."""


class LinkClosed(msgspec.Struct, frozen=True):
    """The session is over: send what is left, then close the connection."""

    cause: Cause
    detail: str = ""


Event = (
    Pdu | BindRequested | Responded | BadResponse | Unanswered | Unmatched | Unbinding | LinkClosed
)
