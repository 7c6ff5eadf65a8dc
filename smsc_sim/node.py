"""The simulated SMSC as a running program: sockets, one timer, the control API."""

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from ssl import SSLContext
from typing import Final, cast

from smsc_sim.accounts import Accounts
from smsc_sim.actions import Response
from smsc_sim.api import make_api
from smsc_sim.config import HttpListener, SmscSimConfig, TlsListener
from smsc_sim.control import Control
from smsc_sim.draws import drawn
from smsc_sim.ring import PduRing
from smsc_sim.session import ScriptedSession
from smsc_sim.smsc import Smsc
from telecom.net.smpp.link import LinkLimits
from telecom.net.smpp.server import ServerSession, SmppServer
from telecom.net.smpp.terms import ServerLimits
from telecom.net.smpp.tls import self_signed, server_context
from telecom.runtime.daemon import Daemon
from telecom.runtime.errors import ConfigError
from telecom.runtime.http import HttpServer
from telecom.runtime.service import taking_port
from telecom.runtime.timers import Action, Timers
from telecom.smpp.pdus import Bind, Pdu
from telecom.smpp.status import CommandStatus

_DRAIN: Final = 1.0


class LoopTimers(Timers):
    """Timers that the loop runs when they are due."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self._handle: asyncio.TimerHandle | None = None
        self._due_at = 0.0

    def at(self, due: float, action: Action) -> None:
        """Have `action` run at `due`; of two that are due together the first set runs first."""
        super().at(due, action)
        self._arm()

    def stop(self) -> None:
        """Run nothing any more."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _arm(self) -> None:
        due = self.next_at()
        if due is None or (self._handle is not None and self._due_at <= due):
            return
        self.stop()
        self._due_at = due
        delay = max(0.0, due - self._clock())
        self._handle = asyncio.get_running_loop().call_later(delay, self._due)

    def _due(self) -> None:
        self._handle = None
        try:
            self.run(self._clock())
        finally:
            self._arm()


class SmscSim(Daemon):
    """A simulated SMSC; `control` changes it while it runs, as its HTTP API does."""

    def __init__(self, config: SmscSimConfig) -> None:
        super().__init__()
        self._config = config
        # wall time at the start, and from there the loop's, which never goes back
        self._offset = time.time() - time.monotonic()
        self._timers = LoopTimers(self.now)
        self._ring = PduRing(config.limits.pdus, clock=self.now)
        self._accounts = Accounts(config.accounts)
        self.smsc = Smsc(
            config.beginning(), self._timers, clock=self.now, limits=config.limits.smsc_limits()
        )
        link = LinkLimits(session=config.smpp.session_limits())
        self._server = SmppServer(
            authenticate=self._authenticate,
            on_requests=self._requested,
            on_bound=self._bound,
            on_unbound=self._unbound,
            system_id=config.smpp.system_id,
            limits=ServerLimits(link=link),
            session=lambda server: ScriptedSession(server, self._ring),
        )
        self.control = Control(self.smsc, self._server, self._accounts, self._ring, clock=self.now)

    def now(self) -> float:
        """Return the time, in seconds since 1970."""
        return time.monotonic() + self._offset

    async def _start(self) -> None:
        smpp = self._config.smpp
        self.running.callback(self._timers.stop)
        self.running.push_async_callback(self._server.close, drain=_DRAIN)
        self.addresses["SMPP (SMSC simulator)"] = await self._listen(smpp.port)
        if smpp.tls is not None:
            address = await self._listen(smpp.tls.port, self._context(smpp.tls))
            self.addresses["SMPP by TLS (SMSC simulator)"] = address
        if self._config.http is not None:
            await self._start_http(self._config.http)
        self.smsc.begin()

    async def _listen(self, port: int, ssl: SSLContext | None = None) -> str:
        host = self._config.smpp.host
        async with taking_port("the SMSC simulator", host, port):
            await self._server.start(host, port, ssl)
        host, port = self._server.addresses[-1]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def _context(self, tls: TlsListener) -> SSLContext:
        """Return the TLS context; a certificate that it makes lasts as long as the simulator."""
        certificate, key = tls.certificate, tls.key or tls.certificate
        try:
            if certificate is None or key is None:
                folder = self.running.enter_context(tempfile.TemporaryDirectory())
                certificate, key = self_signed(Path(folder))
            return server_context(certificate, key)
        except OSError as error:
            raise ConfigError(f"smpp.tls: {error}") from None

    async def _start_http(self, listener: HttpListener) -> None:
        server = HttpServer(make_api(self.control))
        await server.start(listener.host, listener.port, what="the SMSC simulator's control API")
        self.running.push_async_callback(server.stop)
        self.addresses["SMSC simulator's control API"] = server.url

    async def _authenticate(self, bind: Bind, session: ServerSession) -> CommandStatus | int:
        """Decide about a bind as the rules say; what they let through needs the password."""
        account = bind.system_id.decode("latin-1")
        action = self.smsc.decide(_scripted(session), bind, account)
        delay = drawn(action.delay, self.smsc.rules.random_for(action, account))
        if delay:
            await asyncio.sleep(delay)
        if action.status != CommandStatus.ESME_ROK:
            return action.status
        if action.response is Response.GENERIC_NACK:
            return CommandStatus.ESME_RBINDFAIL
        if not self._accounts.may_bind(bind):
            return CommandStatus.ESME_RINVPASWD
        return CommandStatus.ESME_ROK

    def _bound(self, session: ServerSession) -> None:
        if session.receives:
            self.smsc.deliveries.bound(_scripted(session))

    def _unbound(self, session: ServerSession) -> None:
        if session.receives:
            self.smsc.deliveries.unbound(_scripted(session))

    def _requested(self, session: ServerSession, requests: list[Pdu]) -> None:
        scripted = _scripted(session)
        for request in requests:
            scripted.in_hand += 1
            self.smsc.requested(scripted, request)


def _scripted(session: ServerSession) -> ScriptedSession:
    """Return the session as what it is: the server was told to make no other."""
    return cast("ScriptedSession", session)
