"""The SMPP side of a node: its listeners, outbinds, and how it drains."""

from collections.abc import Callable
from pathlib import Path
from ssl import SSLContext
from typing import Final

from telecom.gateway.access.account import OutbindTarget
from telecom.gateway.clock import Clock
from telecom.gateway.config import GatewayConfig
from telecom.gateway.esme.certificate import Certificate
from telecom.gateway.esme.esmes import Esmes
from telecom.gateway.esme.outbinds import Call, Outbinds
from telecom.gateway.esme.to_esme import ToEsme
from telecom.gateway.http.health import Health
from telecom.net.capture import Capture
from telecom.net.smpp.link import LinkLimits
from telecom.net.smpp.server import ServerSession, SmppServer
from telecom.net.smpp.terms import ServerLimits
from telecom.net.smpp.tls import client_context
from telecom.runtime.service import taking_port
from telecom.smpp.limits import SessionLimits

PLAIN: Final = "SMPP (gateway)"
TLS: Final = "SMPP over TLS (gateway)"


class SmppService:
    """Serves ESMEs as `esmes` has it; `base` is the folder that the paths of files start from.

    `outbinds` makes what looks for ESMEs to be called, of how to call one.
    """

    def __init__(
        self,
        config: GatewayConfig,
        esmes: Esmes,
        to_esme: ToEsme,
        *,
        outbinds: Callable[[Call], Outbinds],
        health: Health,
        capture: Capture | None,
        base: Path,
        data: Path,
        clock: Clock,
    ) -> None:
        self._listener = config.smpp
        self._to_esme = to_esme
        self._outbinds = outbinds(self.call)
        self._health = health
        self._base = base
        self._data = data
        self._clock = clock
        self._server = SmppServer(
            authenticate=esmes.authenticate,
            on_requests=esmes.requests,
            on_bound=esmes.bound,
            on_unbound=esmes.unbound,
            system_id=config.smpp.system_id,
            limits=_server_limits(config),
            capture=capture,
        )

    async def start(self) -> dict[str, str]:
        """Listen; return the addresses by what is there.

        Raises `ConnectionFailed` for a port that cannot be had, `ConfigError` for a certificate.
        """
        addresses = {PLAIN: await self._listen("SMPP", self._listener.port)}
        if (tls := self._listener.tls) is not None:
            certificate = Certificate(tls, base=self._base, data=self._data, clock=self._clock)
            addresses[TLS] = await self._listen("SMPP over TLS", tls.port, certificate.context)
        self._outbinds.start()
        return addresses

    async def drain(self, seconds: float) -> None:
        """Take no more, answer what has been asked, then unbind; the node is not ready from now.

        Sessions that take longer are dropped. What is asked meanwhile is answered ESME_RSYSERR,
        a bind ESME_RBINDFAIL.
        """
        self._health.is_draining = True
        await self._outbinds.stop()
        await self._to_esme.stop_taking()
        await self._server.close(drain=seconds)

    async def call(self, target: OutbindTarget) -> ServerSession:
        """Ask an ESME to bind; raises `OSError`, and `SmppError` when it does not."""
        return await self._server.outbind(
            target.host,
            target.port,
            system_id=target.system_id or self._listener.system_id,
            password=target.password.get_secret_value(),
            ssl=client_context() if target.tls else None,
        )

    async def _listen(
        self, what: str, port: int, context: Callable[[], SSLContext] | None = None
    ) -> str:
        before, host = len(self._server.addresses), self._listener.host
        async with taking_port(what, host, port):
            await self._server.start(host, port, context)
        host, port = self._server.addresses[before]
        return f"{host}:{port}"


def _server_limits(config: GatewayConfig) -> ServerLimits:
    # the window is the outbox's, so that nothing which it has given waits for another response
    session = SessionLimits(window=config.outbox.window)
    return ServerLimits(link=LinkLimits(session=session), connections=config.smpp.max_connections)
