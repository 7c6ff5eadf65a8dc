"""What the peers of an SMPP server may have: all of them together, and each."""

import msgspec

from telecom.net.smpp.link import LinkLimits


class ServerLimits(msgspec.Struct, frozen=True):
    """What the peers of a server may make grow.

    Of the connections that are not bound the oldest gives way to one that is too many: who comes
    to bind does so at once, and a flood of those who don't keeps nobody out.
    """

    link: LinkLimits = LinkLimits()
    connections: int = 10_000
    unbound_connections: int = 1_000


class SessionTerms(msgspec.Struct, frozen=True):
    """What one ESME may have: `LinkLimits` and `SessionLimits` of its own.

    None is what the server has. `authenticate` returns them, and `ServerSession.agree` changes
    them at any time.
    """

    window: int | None = None
    """How many requests of ours, deliver_sm for one, may await its responses."""
    peer_window: int | None = None
    """How many of its requests may await ours; one more is answered ESME_RTHROTTLED."""
    unanswered: int | None = None
    """How many of its requests may await ours before nothing more is read from it."""
    enquire_link_timer: float | None = None
    inactivity_timer: float | None = None
