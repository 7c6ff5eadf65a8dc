"""An SMPP server: it listens, lets bind whom its user lets, and hands over what they ask."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Collection
from ssl import SSLContext
from typing import Any, Final, TypeVar, cast

import msgspec
import structlog

from telecom.net.smpp.link import LINGER, Address, LinkLimits, SmppLink, TcpCapture
from telecom.net.smpp.listener import Listener
from telecom.net.smpp.terms import ServerLimits, SessionTerms
from telecom.net.tasks import spawn
from telecom.smpp.errors import LinkClosedError
from telecom.smpp.limits import SessionLimits
from telecom.smpp.pdus import (
    RESPONSES,
    Bind,
    BindReceiver,
    BindResp,
    BindTransmitter,
    Outbind,
    Pdu,
)
from telecom.smpp.states import Side
from telecom.smpp.status import CommandStatus, status_name
from telecom.smpp.tlvs import SC_INTERFACE_VERSION

_UNBOUND_OCTETS: Final = 1 << 14
"""What a peer may say before its bind; what follows a bind has to wait for its response."""

Authenticate = Callable[[Bind, "ServerSession"], Awaitable[int | SessionTerms]]
"""Decides about a bind: the command_status of its response, or on which terms it is accepted.

ESME_ROK is the server's own terms. The session tells where the ESME is (`peer`), whether it came
by TLS (`is_secure`) and which certificate it has shown (`client_certificate`).
"""

_CONGESTED: Final = 100
"""SMPP 5.0 4.8.4.18: send no more."""

_log = structlog.get_logger("telecom.smpp")


class ServerSession(SmppLink):
    """An ESME's session; what the server's user sees of it begins when it is bound."""

    def __init__(self, server: "SmppServer") -> None:
        super().__init__(Side.SMSC, server.limits.link, clock=server.clock, capture=server.capture)
        self._server = server
        self._bind = Bind()
        self._arrival: asyncio.Task[None] | None = None
        self._deciding = False
        self._unbound_octets = 0
        self.bound = False

    @property
    def system_id(self) -> str:
        """Who has bound."""
        return self._bind.system_id.decode("latin-1")

    @property
    def bind_type(self) -> type[Bind]:
        """How: the class of the bind request; `Bind` itself before it has bound."""
        return type(self._bind)

    @property
    def interface_version(self) -> int:
        """What the ESME has said that it speaks; `version` is what both do."""
        return self._bind.interface_version

    @property
    def receives(self) -> bool:
        """Whether deliver_sm may be sent to it."""
        return not isinstance(self._bind, BindTransmitter)

    @property
    def transmits(self) -> bool:
        """Whether it may submit."""
        return not isinstance(self._bind, BindReceiver)

    @property
    def is_secure(self) -> bool:
        """Whether it came by TLS."""
        return self._transport.get_extra_info("ssl_object") is not None

    @property
    def client_certificate(self) -> dict[str, Any] | None:
        """The certificate that the ESME has shown and the listener's CA has signed.

        As `ssl.SSLSocket.getpeercert` gives it; `smpp_tls.common_name` tells whose it is.
        """
        return self._transport.get_extra_info("peercert") or None

    def agree(self, terms: SessionTerms) -> None:
        """Go on with other terms, from now."""
        ours = self._server.limits.link
        self.limit(_with(ours, terms, session=_with(ours.session, terms)))

    def arrive(self, connection: socket.socket, peer: Address, ssl: SSLContext | None) -> None:
        """Take a connection that has been accepted, by TLS once its handshake is done."""
        self.peer = peer
        self._arrival = spawn(self._take(connection, ssl), name=f"connection of {peer[0]}")
        self._arrival.add_done_callback(lambda _: self._arrived(connection))
        self._server.connected(self)

    async def _take(self, connection: socket.socket, ssl: SSLContext | None) -> None:
        timeout = self._limits.session.session_init_timer if ssl else None
        try:
            await self._loop.connect_accepted_socket(
                lambda: self, connection, ssl=ssl, ssl_handshake_timeout=timeout
            )
        except OSError as error:
            _log.debug("smpp_connection_failed", peer=self.peer, reason=str(error))

    def _arrived(self, connection: socket.socket) -> None:
        """Leave the server's sessions, if it has not come to `connection_made`."""
        if self._arrival is not None:
            connection.close()
            self.lost.set_result(None)
            self._server.disconnected(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; the session init timer runs since the connection was accepted."""
        super().connection_made(transport)
        if self._arrival is None:  # it is we who called
            self._server.connected(self)
        self._arrival = None

    def close(self) -> None:
        """End the session without a word to the peer."""
        if self._arrival is not None:
            self._arrival.cancel()
        else:
            super().close()

    def abort(self) -> None:
        """Drop the connection at once."""
        if self._arrival is not None:
            self._arrival.cancel()
        else:
            super().abort()

    def data_received(self, data: bytes) -> None:
        """Take all PDUs of a read; who does not bind may not make us keep or do much for it."""
        super().data_received(data)
        if self.bind_type is Bind:
            self._unbound_octets += len(data)
            self._end_talk()

    def _end_talk(self) -> None:
        if self._unbound_octets > _UNBOUND_OCTETS and not self._deciding:
            _log.warning("smpp_peer_does_not_bind", peer=self.peer)
            self.abort()

    def _may_read(self) -> bool:
        return super()._may_read() and not self._deciding

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave the server's sessions."""
        super().connection_lost(exc)
        self._server.disconnected(self)

    def _requests_received(self, requests: list[Pdu]) -> None:
        try:
            self._server.requests_received(self, requests)
        except Exception:  # noqa: BLE001 - whose fault it is, the other sessions go on
            # Which of them have been answered is unknown: only a new session can be right again
            _log.exception("smpp_requests_failed", system_id=self.system_id)
            self.close()

    def _bind_requested(self, bind: Bind) -> None:
        self._deciding = True
        spawn(self._decide(bind), name=f"bind from {self.peer[0]}")

    async def _decide(self, bind: Bind) -> None:
        try:
            decision = await self._server.authenticate(bind, self)
        except Exception:  # noqa: BLE001 - the peer needs an answer all the same
            _log.exception("smpp_authentication_failed", peer=self.peer)
            decision = CommandStatus.ESME_RSYSERR
        self._deciding = False
        if self.closed:
            return
        if self._server.closing:
            self.reject(bind, CommandStatus.ESME_RBINDFAIL)
            self.close()
            return
        if isinstance(decision, SessionTerms):
            self.agree(decision)
        elif decision != CommandStatus.ESME_ROK:
            _log.warning("smpp_bind_refused", peer=self.peer, status=status_name(decision))
            self.reject(bind, decision)
            self._end_talk()
            return
        response = cast("type[BindResp]", RESPONSES[bind.command_id])
        highest = SC_INTERFACE_VERSION(self._limits.session.version)
        self.respond(bind, response(self._server.system_id, tlvs=(highest,)))
        self._bind = bind
        self.bound = True
        self._server.bound(self)

    def _no_more(self) -> None:
        if self.bound:
            self.bound = False
            self._server.unbound(self)


_Limits = TypeVar("_Limits", LinkLimits, SessionLimits)


def _with(limits: _Limits, terms: SessionTerms, **more: Any) -> _Limits:
    """Put in what the terms have of these limits."""
    given = {
        name: value for name, value in msgspec.structs.asdict(terms).items() if value is not None
    }
    own = {name: value for name, value in given.items() if name in limits.__struct_fields__}
    return msgspec.structs.replace(limits, **own, **more)


class SmppServer:
    """Listens for ESMEs, at one address or several.

    `on_requests` is called once a read with all requests of that read, and answers each of them,
    then or later, by `ServerSession.respond` or `reject`; `on_bound` and `on_unbound` once a
    session. All are called in the loop, and none may block it. `session` makes the session of a
    connection.
    """

    def __init__(
        self,
        *,
        authenticate: Authenticate,
        on_requests: Callable[[ServerSession, list[Pdu]], None],
        on_bound: Callable[[ServerSession], None] | None = None,
        on_unbound: Callable[[ServerSession], None] | None = None,
        system_id: str = "telecom",
        limits: ServerLimits | None = None,
        clock: Callable[[], float] | None = None,
        capture: TcpCapture | None = None,
        session: Callable[["SmppServer"], ServerSession] = ServerSession,
    ) -> None:
        self.authenticate = authenticate
        self.system_id = system_id.encode("latin-1")
        self.limits = limits or ServerLimits()
        self.clock = clock
        self.capture = capture
        self._session = session
        self._on_requests = on_requests
        self._on_bound = on_bound
        self._on_unbound = on_unbound
        self._listeners: list[Listener] = []
        self._connections: set[ServerSession] = set()
        self._unbound: dict[ServerSession, None] = {}
        self._sessions: set[ServerSession] = set()
        self._called: dict[ServerSession, asyncio.Future[None]] = {}
        self.closing = False
        """Whether it takes nothing more."""

    @property
    def sessions(self) -> Collection[ServerSession]:
        """The sessions that are bound."""
        return self._sessions

    @property
    def addresses(self) -> list[Address]:
        """Where it listens; the ports that were chosen, where port 0 was asked for."""
        return [address for listener in self._listeners for address in listener.addresses]

    async def start(
        self, host: str, port: int, ssl: SSLContext | Callable[[], SSLContext] | None = None
    ) -> None:
        """Listen at an address, too; raises `OSError` when that cannot be had.

        `ssl` may be asked for the context of each connection: certificates are renewed.
        """

        def arrived(connection: socket.socket, peer: Address) -> None:
            self._session(self).arrive(connection, peer, ssl() if callable(ssl) else ssl)

        listener = Listener(arrived)
        await listener.open(host, port)
        self._listeners.append(listener)

    async def outbind(
        self, host: str, port: int, *, system_id: str, password: str, ssl: SSLContext | None = None
    ) -> ServerSession:
        """Call an ESME that listens, SMPP 3.4 2.2.1: it binds, and is served as any other.

        `system_id` and `password` are what we tell it of ourselves. Returns the session when it is
        bound, for which it has the session init timer's time. Raises `OSError` when there is no
        connection, `LinkClosedError` when the ESME does not bind.
        """
        outbind = Outbind(system_id.encode("latin-1"), password.encode("latin-1"))
        session = self._session(self)
        called = self._called[session] = asyncio.get_running_loop().create_future()
        try:
            transport = await self._connected_to(host, port, session, ssl)
            try:
                if not session.closed:
                    session.notify(outbind)
                await called
            except BaseException:
                transport.abort()
                raise
        finally:
            del self._called[session]
        return session

    async def _connected_to(
        self, host: str, port: int, session: ServerSession, ssl: SSLContext | None
    ) -> asyncio.Transport:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.limits.link.session.session_init_timer):
                transport, _ = await loop.create_connection(lambda: session, host, port, ssl=ssl)
        except TimeoutError:
            raise TimeoutError(f"{host}:{port} has not taken the connection") from None
        return transport

    async def close(self, drain: float) -> None:
        """Stop: what ESMEs have asked is answered, then they are unbound, in `drain` seconds.

        What they ask meanwhile is rejected (ESME_RSYSERR, SMPP 5.0 4.7.6: all or part of the MC is
        unavailable), and so are new binds (ESME_RBINDFAIL); who speaks 5.0 is told of congestion.
        """
        self.closing = True
        for listener in self._listeners:
            listener.close()
        bound = [session for session in self._connections if session.bind_type is not Bind]
        for session in bound:
            session.congestion = _CONGESTED
        if bound:
            ending = [spawn(_finish(session), name="unbind") for session in bound]
            _, late = await asyncio.wait(ending, timeout=drain)
            for task in late:
                task.cancel()
        for connection in list(self._connections):
            connection.abort()
        if self._connections:
            await asyncio.wait([rest.lost for rest in self._connections], timeout=LINGER)

    # What its sessions tell

    def connected(self, session: ServerSession) -> None:
        """Take in a connection; another one, or it itself, gives way where it is too many."""
        self._connections.add(session)
        self._unbound[session] = None
        limits = self.limits
        if self.closing:
            session.abort()
        elif (
            len(self._connections) > limits.connections
            or len(self._unbound) > limits.unbound_connections
        ):
            oldest = next(iter(self._unbound))
            del self._unbound[oldest]
            _log.warning("smpp_too_many_connections", closed=oldest.peer)
            oldest.abort()

    def disconnected(self, session: ServerSession) -> None:
        """Forget a connection."""
        self._connections.discard(session)
        self._unbound.pop(session, None)
        if (called := self._called.get(session)) is not None and not called.done():
            called.set_exception(LinkClosedError("the ESME has not bound"))

    def bound(self, session: ServerSession) -> None:
        """Take note of a session that has been bound."""
        self._unbound.pop(session, None)
        self._sessions.add(session)
        if (called := self._called.get(session)) is not None and not called.done():
            called.set_result(None)
        if self._on_bound is not None:
            self._on_bound(session)

    def unbound(self, session: ServerSession) -> None:
        """Take note of a session that is over."""
        self._sessions.discard(session)
        if self._on_unbound is not None:
            self._on_unbound(session)

    def requests_received(self, session: ServerSession, requests: list[Pdu]) -> None:
        """Hand over the requests of one read."""
        if not self.closing:
            self._on_requests(session, requests)
            return
        for request in requests:
            session.reject(request, CommandStatus.ESME_RSYSERR)


async def _finish(session: ServerSession) -> None:
    await session.answered()
    await session.unbind()
