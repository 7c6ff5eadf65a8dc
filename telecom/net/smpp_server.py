"""An SMPP server: it listens, lets bind whom its user lets, and hands over what they ask."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from ssl import SSLContext
from typing import Any, Final, TypeVar, cast

import msgspec
import structlog

from telecom.net.smpp_link import Address, LinkLimits, SmppLink, TcpCapture
from telecom.net.tasks import spawn
from telecom.smpp.errors import PduError
from telecom.smpp.pdus import (
    RESPONSES,
    Bind,
    BindReceiver,
    BindResp,
    BindTransmitter,
    DataSm,
    DataSmResp,
    Pdu,
    SubmitSm,
    SubmitSmResp,
)
from telecom.smpp.session import SessionLimits
from telecom.smpp.states import Side
from telecom.smpp.status import CommandStatus, status_name
from telecom.smpp.tlvs import SC_INTERFACE_VERSION

INTERFACE_VERSION: Final = 0x34
_BACKLOG: Final = 1024

Authenticate = Callable[[Bind, "ServerSession"], Awaitable["int | SessionTerms"]]
"""Decides about a bind: the command_status of its response, or on which terms it is accepted.

ESME_ROK is the server's own terms. The session tells where the ESME is (`peer`), whether it came
by TLS (`is_secure`) and which certificate it has shown (`client_certificate`).
"""

_log = structlog.get_logger("telecom.smpp")


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
    unanswered: int | None = None
    """How many of its requests may await ours."""
    enquire_link_timer: float | None = None
    inactivity_timer: float | None = None


class ServerSession(SmppLink):
    """An ESME's session; what the server's user sees of it begins when it is bound."""

    def __init__(self, server: "SmppServer") -> None:
        super().__init__(Side.SMSC, server.limits.link, clock=server.clock, capture=server.capture)
        self._server = server
        self._bind = Bind()
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
        """The version that the ESME speaks; below 0x34 it gets no optional parameters."""
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

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Join the server's sessions, unless there are too many."""
        super().connection_made(transport)
        self._server.connected(self)

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
        spawn(self._decide(bind), name=f"bind from {self.peer[0]}")

    async def _decide(self, bind: Bind) -> None:
        try:
            decision = await self._server.authenticate(bind, self)
        except Exception:  # noqa: BLE001 - the peer needs an answer all the same
            _log.exception("smpp_authentication_failed", peer=self.peer)
            decision = CommandStatus.ESME_RSYSERR
        if self.closed:
            return
        if isinstance(decision, SessionTerms):
            self.agree(decision)
        elif decision != CommandStatus.ESME_ROK:
            _log.warning("smpp_bind_refused", peer=self.peer, status=status_name(decision))
            self.reject(bind, decision)
            return
        versioned = bind.interface_version >= INTERFACE_VERSION
        response = cast("type[BindResp]", RESPONSES[bind.command_id])
        tlvs = (SC_INTERFACE_VERSION(INTERFACE_VERSION),) if versioned else ()
        self.respond(bind, response(self._server.system_id, tlvs=tlvs))
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
        self._listeners: list[asyncio.Server] = []
        self._connections: set[ServerSession] = set()
        self._unbound: dict[ServerSession, None] = {}
        self._sessions: set[ServerSession] = set()
        self._closing = False

    @property
    def sessions(self) -> Collection[ServerSession]:
        """The sessions that are bound."""
        return self._sessions

    @property
    def addresses(self) -> list[Address]:
        """Where it listens; the ports that were chosen, where port 0 was asked for."""
        sockets = [socket for listener in self._listeners for socket in listener.sockets]
        return [socket.getsockname()[:2] for socket in sockets]

    async def start(self, host: str, port: int, ssl: SSLContext | None = None) -> None:
        """Listen at an address, too; raises `OSError` when that cannot be had."""
        loop = asyncio.get_running_loop()
        timeout = self.limits.link.session.session_init_timer if ssl else None
        self._listeners.append(
            await loop.create_server(
                lambda: self._session(self),
                host,
                port,
                ssl=ssl,
                ssl_handshake_timeout=timeout,
                backlog=_BACKLOG,
            )
        )

    async def close(self, drain: float) -> None:
        """Stop: what ESMEs have asked is answered, then they are unbound, in `drain` seconds.

        What they ask meanwhile is rejected (ESME_RSYSERR).
        """
        self._closing = True
        for listener in self._listeners:
            listener.close()
        ending = []
        for connection in list(self._connections):
            if connection.bind_type is Bind:
                connection.close()
            else:
                ending.append(spawn(_finish(connection), name="unbind"))
        if ending:
            _, late = await asyncio.wait(ending, timeout=drain)
            for task in late:
                task.cancel()
        for connection in list(self._connections):
            connection.abort()

    # What its sessions tell

    def connected(self, session: ServerSession) -> None:
        """Take in a connection; another one, or it itself, gives way where it is too many."""
        self._connections.add(session)
        self._unbound[session] = None
        limits = self.limits
        if self._closing:
            session.close()
        elif (
            len(self._connections) > limits.connections
            or len(self._unbound) > limits.unbound_connections
        ):
            oldest = next(iter(self._unbound))
            del self._unbound[oldest]
            _log.warning("smpp_too_many_connections", closed=oldest.peer)
            oldest.close()

    def disconnected(self, session: ServerSession) -> None:
        """Forget a connection."""
        self._connections.discard(session)
        self._unbound.pop(session, None)

    def bound(self, session: ServerSession) -> None:
        """Take note of a session that has been bound."""
        self._unbound.pop(session, None)
        self._sessions.add(session)
        if self._on_bound is not None:
            self._on_bound(session)

    def unbound(self, session: ServerSession) -> None:
        """Take note of a session that is over."""
        self._sessions.discard(session)
        if self._on_unbound is not None:
            self._on_unbound(session)

    def requests_received(self, session: ServerSession, requests: list[Pdu]) -> None:
        """Hand over the requests of one read."""
        if not self._closing:
            self._on_requests(session, requests)
            return
        for request in requests:
            session.reject(request, CommandStatus.ESME_RSYSERR)


async def _finish(session: ServerSession) -> None:
    await session.answered()
    await session.unbind()


OnSubmit = Callable[[ServerSession, SubmitSm | DataSm], Awaitable[str | int]]
"""Takes a message: its message id, or the command_status to refuse it with."""


async def serve(
    on_submit: OnSubmit,
    *,
    authenticate: Authenticate,
    host: str = "127.0.0.1",
    port: int = 2775,
    system_id: str = "telecom",
    ssl: SSLContext | None = None,
    limits: ServerLimits | None = None,
    capture: TcpCapture | None = None,
) -> SmppServer:
    """Listen for ESMEs and call `on_submit` for each submit_sm and data_sm.

    It may raise `PduError` to refuse one; what else it raises is answered ESME_RSYSERR. Raises
    `OSError` when the address cannot be had.
    """

    def on_requests(session: ServerSession, requests: list[Pdu]) -> None:
        for request in requests:
            if isinstance(request, SubmitSm | DataSm):
                spawn(_submit(on_submit, session, request), name="submit")
            else:
                session.reject(request, CommandStatus.ESME_RINVCMDID)

    server = SmppServer(
        authenticate=authenticate,
        on_requests=on_requests,
        system_id=system_id,
        limits=limits,
        capture=capture,
    )
    await server.start(host, port, ssl)
    return server


async def _submit(on_submit: OnSubmit, session: ServerSession, request: SubmitSm | DataSm) -> None:
    try:
        answer = await on_submit(session, request)
    except PduError as error:
        answer = error.status
    except Exception:  # noqa: BLE001 - the peer needs an answer all the same
        _log.exception("smpp_submit_failed", system_id=session.system_id)
        answer = CommandStatus.ESME_RSYSERR
    if isinstance(answer, str):
        response = SubmitSmResp if isinstance(request, SubmitSm) else DataSmResp
        session.respond(request, response(answer.encode("latin-1")))
    else:
        session.reject(request, answer)
