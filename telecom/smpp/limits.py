"""What is set for a session beforehand."""

from telecom.smpp.status import CommandStatus
from telecom.smpp.timers import TimerValues
from telecom.smpp.versions import InterfaceVersion


class SessionLimits(TimerValues, frozen=True):
    """The timers, what a peer may make grow, and the versions."""

    window: int = 100
    """How many requests of ours may await their responses."""
    peer_window: int | None = None
    """How many requests of the peer may await their responses; one more is not served."""
    over_window: int = CommandStatus.ESME_RTHROTTLED
    """What a request that is not served for being one too many is answered."""
    pipelined: int = 100
    """How many requests of the peer may await the response to its bind."""
    bind_attempts: int = 3
    max_pdu_length: int = 0x20000
    """Octets; a message_payload of 64K and all other parameters go into it."""
    version: InterfaceVersion = InterfaceVersion.V50
    """The highest version that we speak."""
    assumed_version: InterfaceVersion = InterfaceVersion.V33
    """What an SMSC speaks that does not tell: 3.3 by the letter of SMPP 3.4 5.3.2.25."""
