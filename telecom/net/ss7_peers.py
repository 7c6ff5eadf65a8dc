"""Whom a node is linked to: the one gateway that it is an ASP of, or the ASPs it is gateway to.

Both keep associations on links, and tell the node what comes and goes.
"""

import asyncio
import contextlib
from collections.abc import Callable, Collection
from typing import Final, Protocol

import structlog

from telecom.net.back_off import BackOff
from telecom.net.capture import Capture
from telecom.net.links.link import Address, Link, Listener, Url
from telecom.net.links.tap import Tap
from telecom.net.links.transports import check, connect, listen
from telecom.net.tasks import spawn
from telecom.ss7.m3ua.asp import AspAssociation
from telecom.ss7.m3ua.association import Association
from telecom.ss7.m3ua.signalling_gateway import SignallingGateway

CONNECT_TIMEOUT: Final = 10.0
SHUT_DOWN_TIMEOUT: Final = 1.0
"""How long the gateway may take to let its ASP go, in seconds."""

_log = structlog.get_logger("telecom.ss7")


class Node(Protocol):
    """What an association's owner needs of its node."""

    capture: Capture | None
    now: Callable[[], float]

    def flush_soon(self) -> None:
        """Write what waits, at the end of this turn of the loop."""
        ...

    def received(self, association: Association, data: bytes, stream: int | None) -> None:
        """Take what came over an association."""
        ...

    def lost(self, association: Association) -> None:
        """Take note that an association's link is gone."""
        ...

    def attach(self, association: Association) -> None:
        """Take care of an association that a peer began."""
        ...


class Connection:
    """A link and the association on it; `over` is set once the link is gone."""

    def __init__(self, node: Node, link: Link, association: Association) -> None:
        self.link = link
        self.association = association
        self.over = asyncio.Event()
        self._node = node
        self._tap = Tap(node.capture, link) if node.capture else None
        _log.info("ss7_link_up", peer=link.peer, streams=link.streams)

    @property
    def is_idle(self) -> bool:
        """Whether the peer has not gone up."""
        return self.association.is_down

    def received(self, data: bytes, stream: int | None) -> None:
        """Take octets from the link."""
        if self._tap is not None:
            self._tap.received(data, stream)
        self._node.received(self.association, data, stream)

    def writable(self) -> None:
        """Write what waited for a busy link."""
        self._node.flush_soon()

    def lost(self, reason: str) -> None:
        """Take note that the link is gone."""
        _log.info("ss7_link_down", peer=self.link.peer, reason=reason)
        self.over.set()
        self._node.lost(self.association)

    def flush(self) -> None:
        """Write all that waits in one go, unless the link is busy; close it if it is no use."""
        if self.link.is_busy or self.over.is_set():
            return
        messages = self.association.data_to_send()
        if messages:
            if self._tap is not None:
                self._tap.sent(messages)
            self.link.send(messages)
        if not self.association.is_connected:
            self.link.close()


class Peers(Protocol):
    """Whom a node is linked to."""

    async def start(self, node: Node) -> Address:
        """Begin; return where the peers are, or where they find us."""
        ...

    def flush(self) -> None:
        """Write all that waits, to each peer in one go."""
        ...

    async def stop(self, node: Node) -> None:
        """Part from the peers in good order."""
        ...


class ItsGateway:
    """The signalling gateway that the node connects to as an ASP, again and again."""

    def __init__(
        self, mtp: AspAssociation, url: Url, *, back_off: BackOff, jitter: Callable[[], float]
    ) -> None:
        self.mtp = mtp
        self._url = url
        self._back_off = back_off
        self._jitter = jitter
        self._connection: Connection | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._was_active = False
        self._is_leaving = False
        self._left = asyncio.Event()

    async def start(self, node: Node) -> Address:
        """Begin to connect; raises `OSError` where this machine has no such transport."""
        check(self._url)
        self._connecting = spawn(self._stay_connected(node), name="ss7_stay_connected")
        return self._url.address

    async def _stay_connected(self, node: Node) -> None:
        delays = self._back_off.delays(self._jitter)
        while True:
            self._connection, self._was_active = None, False
            try:
                await self._connect(node)
            except OSError as error:  # a TimeoutError is one
                reason = str(error) or "no answer"
                _log.warning("ss7_connect_failed", address=self._url.address, reason=reason)
            if self._was_active:
                delays = self._back_off.delays(self._jitter)
            await asyncio.sleep(next(delays))

    async def _connect(self, node: Node) -> None:
        """Connect, and return at the end of the link; raises `OSError`."""

        def owner(link: Link) -> Connection:
            self.mtp.connected(
                node.now(), streams=link.streams, preserves_messages=link.preserves_messages
            )
            self._connection = Connection(node, link, self.mtp)
            node.flush_soon()
            return self._connection

        async with asyncio.timeout(CONNECT_TIMEOUT):
            await connect(self._url, owner)
        if self._connection is not None:
            await self._connection.over.wait()

    def flush(self) -> None:
        """Write all that waits."""
        if self._connection is not None:
            self._connection.flush()
        self._was_active = self._was_active or self.mtp.is_active
        if self._is_leaving and self.mtp.is_down:
            self._left.set()

    async def stop(self, node: Node) -> None:
        """Go inactive and down, if the gateway answers in time, and close the link."""
        if self._connecting is not None:
            self._connecting.cancel()
        if self._connection is None or self._connection.over.is_set():
            return
        self._is_leaving = True
        self.mtp.shut_down(node.now())
        node.flush_soon()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SHUT_DOWN_TIMEOUT):
                await self._left.wait()
        await _close([self._connection])


class ItsAsps:
    """The ASPs that connect to the node, which is their signalling gateway."""

    def __init__(self, mtp: SignallingGateway, url: Url) -> None:
        self.mtp = mtp
        self._url = url
        self._listener: Listener | None = None
        self._connections: set[Connection] = set()

    async def start(self, node: Node) -> Address:
        """Listen; raises `OSError`, as for a port in use."""

        def owner(link: Link) -> Connection:
            association = self.mtp.accept(
                node.now(), streams=link.streams, preserves_messages=link.preserves_messages
            )
            connection = Connection(node, link, association)
            self._connections.add(connection)
            node.attach(association)
            return connection

        self._listener = await listen(self._url, owner)
        return self._listener.address

    def flush(self) -> None:
        """Write all that waits, to each ASP in one go."""
        for connection in tuple(self._connections):
            connection.flush()
            if connection.over.is_set():
                self._connections.discard(connection)

    async def stop(self, node: Node) -> None:
        """Take no more ASPs, and close the links of those that are there."""
        if self._listener is not None:
            self._listener.close()
        node.flush_soon()
        await asyncio.sleep(0)  # what waits is written first
        await _close(self._connections)


async def _close(connections: Collection[Connection]) -> None:
    for connection in tuple(connections):
        connection.link.close()
    for connection in tuple(connections):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SHUT_DOWN_TIMEOUT):
                await connection.over.wait()
