"""M3UA over UDP: a message a datagram, and an association for every peer that sends one.

UDP says neither that a peer is there nor that it is gone: that is what heartbeats are for.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final

import asyncio_dgram

from telecom.net.links.link import Address, Link, MakeOwner, Url, make_room, plain
from telecom.net.tasks import spawn

MOST_QUEUED: Final = 10_000
"""Datagrams that wait for the socket; the oldest make room, as they would in the network."""


class _Socket:
    """A bound or connected socket: datagrams out through a queue, datagrams in by a callback."""

    def __init__(
        self,
        stream: Any,
        received: Callable[[bytes, Address], None],
        ended: Callable[[str], None],
    ) -> None:
        self._stream = stream
        self._received = received
        self._ended = ended
        self._queue: deque[tuple[Any, ...]] = deque(maxlen=MOST_QUEUED)
        self._filled = asyncio.Event()
        self._closing = False
        self.local = plain(stream.sockname)
        self._reading = spawn(self._read(), name="udp_read")
        spawn(self._write(), name="udp_write")

    def send(self, messages: Sequence[tuple[int, bytes]], *destination: Address) -> None:
        """Send messages; the destination is left out where the socket is connected."""
        self._queue.extend((octets, *destination) for _, octets in messages)
        self._filled.set()

    def close(self) -> None:
        """Send what is queued, then close."""
        self._closing = True
        self._filled.set()

    async def _write(self) -> None:
        while self._queue or not self._closing:
            await self._filled.wait()
            self._filled.clear()
            await self._drain()
        self._reading.cancel()
        self._stream.close()
        self._ended("closed")

    async def _drain(self) -> None:
        while self._queue:
            try:
                await self._stream.send(*self._queue.popleft())
            except asyncio_dgram.TransportClosed:
                self._closing = True
            except OSError as error:
                self._ended(str(error))

    async def _read(self) -> None:
        while True:
            try:
                datagram, source = await self._stream.recv()
            except asyncio_dgram.TransportClosed:
                return
            except OSError as error:  # an ICMP error that a datagram of ours met
                self._ended(str(error))
            else:
                self._received(datagram, plain(source))


class UdpClientLink(Link):
    """A socket that is connected to its one peer."""

    preserves_messages: ClassVar[bool] = True

    def __init__(self, stream: Any, make_owner: MakeOwner) -> None:
        self.peer = plain(stream.peername)
        self.local = plain(stream.sockname)
        self._socket = _Socket(stream, self._received, self._ended)
        self._is_lost = False
        self._owner = make_owner(self)

    def _received(self, datagram: bytes, _source: Address) -> None:
        if not self._is_lost:
            self._owner.received(datagram, None)

    def _ended(self, reason: str) -> None:
        if not self._is_lost:
            self._is_lost = True
            self._socket.close()
            self._owner.lost(reason)

    def send(self, messages: Sequence[tuple[int, bytes]]) -> None:
        """Send messages, a datagram each."""
        self._socket.send(messages)

    def close(self) -> None:
        """Send what was given, then end."""
        self._socket.close()


class UdpPeerLink(Link):
    """One of the peers of a listener."""

    preserves_messages: ClassVar[bool] = True

    def __init__(self, listener: "UdpListener", peer: Address, make_owner: MakeOwner) -> None:
        self.peer = peer
        self.local = listener.address
        self._listener = listener
        self.owner = make_owner(self)

    def send(self, messages: Sequence[tuple[int, bytes]]) -> None:
        """Send messages, a datagram each."""
        self._listener.send(messages, self.peer)

    @property
    def is_idle(self) -> bool:
        """Whether its owner says that it may give way."""
        return self.owner.is_idle

    def close(self) -> None:
        """End; a datagram from the same peer begins another link."""
        if self._listener.forget(self):
            self.owner.lost("closed")


class UdpListener:
    """Takes a link for every address that a datagram comes from."""

    def __init__(self, stream: Any, make_owner: MakeOwner) -> None:
        self._make_owner = make_owner
        self._links: dict[Address, UdpPeerLink] = {}
        self._is_open = True
        self._socket = _Socket(stream, self._received, lambda _reason: None)
        self.address = self._socket.local

    def _received(self, datagram: bytes, source: Address) -> None:
        link = self._links.get(source)
        if link is None:
            if not self._is_open or not make_room(self._links.values()):
                return
            link = self._links[source] = UdpPeerLink(self, source, self._make_owner)
        link.owner.received(datagram, None)

    def send(self, messages: Sequence[tuple[int, bytes]], destination: Address) -> None:
        """Send messages to one of the peers."""
        self._socket.send(messages, destination)

    def forget(self, link: UdpPeerLink) -> bool:
        """Take a link out; False if it was out already."""
        if self._links.get(link.peer) is not link:
            return False
        del self._links[link.peer]
        self._close_if_done()
        return True

    def close(self) -> None:
        """Take no more links; the socket closes with the last of them."""
        self._is_open = False
        self._close_if_done()

    def _close_if_done(self) -> None:
        if not self._is_open and not self._links:
            self._socket.close()


async def connect(url: Url, make_owner: MakeOwner) -> Link:
    """Make a socket for one peer, which may or may not be there; raises `OSError`."""
    return UdpClientLink(await asyncio_dgram.connect(url.address), make_owner)


async def listen(url: Url, make_owner: MakeOwner) -> UdpListener:
    """Listen; raises `OSError`, as for a port in use."""
    return UdpListener(await asyncio_dgram.bind(url.address), make_owner)
