"""What every link has in common, whatever its transport."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from typing import Any, ClassVar, Final, Protocol
from urllib.parse import urlsplit

import msgspec

Address = tuple[str, int]
"""Host and port."""

MOST_LINKS: Final = 256
"""How many peers a listener takes at a time."""


class Url(msgspec.Struct, frozen=True):
    """Where a link leads to, or is listened for: `tcp://host:port`, `udp://`, `sctp://`."""

    transport: str
    host: str
    port: int

    @property
    def address(self) -> Address:
        """Host and port."""
        return self.host, self.port

    @classmethod
    def parse(cls, text: str) -> "Url":
        """Read a URL; raise `ValueError` in one line."""
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError as error:
            raise ValueError(f"{text}: {error}") from None
        if not parts.scheme or not parts.hostname or port is None:
            raise ValueError(f"{text}: tcp://, udp:// or sctp:// with host:port was expected")
        return cls(parts.scheme, parts.hostname, port)


class Owner(Protocol):
    """Who is told what comes over a link, from the loop."""

    @property
    def is_idle(self) -> bool:
        """Whether the link may give way to another: its peer has not made use of it yet."""
        ...

    def received(self, data: bytes, stream: int | None) -> None:
        """Take octets, or a whole message where the transport preserves them."""
        ...

    def writable(self) -> None:
        """Take note that the peer takes octets again."""
        ...

    def lost(self, reason: str) -> None:
        """Take note, once, that the link is gone, and of the reason in one line."""
        ...


class Link(ABC):
    """A connection to one peer; `is_busy` while the peer does not take what was sent.

    `streams` is how many outbound streams there are.
    """

    preserves_messages: ClassVar[bool]
    local: Address
    peer: Address
    streams: int = 1
    is_busy: bool = False

    @abstractmethod
    def send(self, messages: Sequence[tuple[int, bytes]]) -> None:
        """Send messages in order, each with its stream, in as few writes as it takes."""

    @property
    def is_idle(self) -> bool:
        """Whether its owner says that it may give way; one that we made to a peer never does."""
        return False

    @abstractmethod
    def close(self) -> None:
        """Send what was given, then end the link; `lost` follows."""


class Listener(Protocol):
    """Takes links until it is closed; the links stay."""

    address: Address

    def close(self) -> None:
        """Take no more links."""
        ...


def make_room(links: Collection[Link]) -> bool:
    """Close the oldest link that is idle, if there must be room; False where there is none.

    So who connects and then says nothing keeps nobody out.
    """
    if len(links) < MOST_LINKS:
        return True
    idle = next((link for link in links if link.is_idle), None)
    if idle is not None:
        idle.close()
    return len(links) < MOST_LINKS


MakeOwner = Callable[[Link], Owner]
"""Called once a link is there, to learn who is told of it."""


def plain(address: Any) -> Address:
    """Cut an address of the socket module down to host and port."""
    return (address[0], address[1]) if address else ("", 0)
