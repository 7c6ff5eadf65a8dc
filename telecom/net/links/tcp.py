"""M3UA over TCP: the length in each common header says where a message ends."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar, Final, cast

from telecom.net.links.link import Link, MakeOwner, Owner, Url, make_room, plain

OUT_BUFFER: Final = 1 << 20
"""Octets that the peer has not taken yet; above, the link is busy."""


class TcpLink(asyncio.Protocol, Link):
    """One TCP connection."""

    preserves_messages: ClassVar[bool] = False

    def __init__(self, make_owner: MakeOwner, among: "dict[TcpLink, None]") -> None:
        self._make_owner = make_owner
        self._among = among
        self._owner: Owner | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless there are too many already."""
        self._transport = cast("asyncio.Transport", transport)
        if not make_room(self._among):
            self._transport.abort()
            return
        self._among[self] = None
        self._transport.set_write_buffer_limits(high=OUT_BUFFER)
        self.local = plain(transport.get_extra_info("sockname"))
        self.peer = plain(transport.get_extra_info("peername"))
        self._owner = self._make_owner(self)

    def data_received(self, data: bytes) -> None:
        """Pass on what was read."""
        if self._owner is not None:
            self._owner.received(data, None)

    def pause_writing(self) -> None:
        """Become busy."""
        self.is_busy = True

    def resume_writing(self) -> None:
        """Be free again."""
        self.is_busy = False
        if self._owner is not None:
            self._owner.writable()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._among.pop(self, None)
        owner, self._owner = self._owner, None
        if owner is not None:
            owner.lost(str(exc) if exc else "closed")

    def send(self, messages: Sequence[tuple[int, bytes]]) -> None:
        """Send messages in one write."""
        if not self._transport.is_closing():
            self._transport.write(b"".join([octets for _, octets in messages]))

    @property
    def is_idle(self) -> bool:
        """Whether its owner says that it may give way."""
        return self._owner is not None and self._owner.is_idle

    def close(self) -> None:
        """Send what was given, then end."""
        self._among.pop(self, None)
        self._transport.close()


class TcpListener:
    """Takes TCP connections."""

    def __init__(self, server: asyncio.Server) -> None:
        self._server = server
        self.address = plain(server.sockets[0].getsockname())

    def close(self) -> None:
        """Take no more links."""
        self._server.close()


async def connect(url: Url, make_owner: MakeOwner) -> Link:
    """Connect; raises `OSError`."""
    loop = asyncio.get_running_loop()
    _, link = await loop.create_connection(lambda: TcpLink(make_owner, {}), *url.address)
    return link


async def listen(url: Url, make_owner: MakeOwner) -> TcpListener:
    """Listen; raises `OSError`, as for a port in use."""
    loop = asyncio.get_running_loop()
    among: dict[TcpLink, None] = {}
    server = await loop.create_server(lambda: TcpLink(make_owner, among), *url.address)
    return TcpListener(server)
