"""What a run is told about the peer under test."""

from enum import StrEnum
from ssl import SSLContext

import msgspec

from telecom.smpp.versions import InterfaceVersion


class Role(StrEnum):
    """What we are: the other one is under test."""

    ESME = "esme"
    SMSC = "smsc"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the peer is and what it knows; times are in seconds.

    `destination` is a number that messages are delivered to, `failing` one that they never reach,
    `replying` one whose user answers each message; empty is "there is none". `outbind_port` is
    where we listen for an SMSC that does outbind; `patience` how long a receipt, a message of a
    user or the next connection of an ESME may take.
    """

    host: str
    port: int
    system_id: str
    password: str
    system_type: str = ""
    source: str = ""
    destination: str = ""
    failing: str = ""
    replying: str = ""
    version: InterfaceVersion = InterfaceVersion.V34
    timeout: float = 2.0
    quiet: float = 1.0
    """How long nothing has to come for a peer to have said nothing."""
    patience: float = 10.0
    slow: float = 0.0
    """How long a timer of the peer may run until a case gives up on it; 0: no such cases."""
    outbind_port: int | None = None
    tls: SSLContext | None = None
