"""One bind at an upstream: made again, with growing pauses, for as long as the node serves."""

import asyncio
from collections.abc import Callable
from ssl import SSLContext
from typing import Final

import structlog

from telecom.gateway.outage import LAST_RECORDS, repeat, wait
from telecom.gateway.upstream.settings import Upstream
from telecom.net.back_off import BackOff
from telecom.net.smpp.client.esme import Esme, connect
from telecom.net.smpp.client.message import Delivery
from telecom.net.smpp.link import TcpCapture
from telecom.net.tasks import spawn
from telecom.smpp.errors import LinkClosedError, SmppError
from telecom.smpp.limits import SessionLimits
from telecom.smpp.pdus import Bind, BindReceiver, BindTransceiver, BindTransmitter, Pdu

BIND_TYPES: Final[dict[str, tuple[type[Bind], ...]]] = {
    "transceiver": (BindTransceiver,),
    "separate": (BindTransmitter, BindReceiver),
}
"""What is bound for each `bind_type` of an upstream."""

_PAUSES: Final = BackOff()
_MOST_AT_ONCE: Final = 10_000
"""Deliveries that one turn of the loop may bring; more than are read in one."""

_log = structlog.get_logger("telecom.gateway.upstream")


class UpstreamBind:
    """A bind of this node; `changed` hears when it comes or goes, `received` gets deliveries.

    Each connection is a client of its own that does not connect again: what is sent over it has
    its response, or the error that says it never will.
    """

    def __init__(
        self,
        settings: Upstream,
        bind_type: type[Bind],
        *,
        received: Callable[[Delivery], None],
        changed: Callable[[], None],
        ssl: SSLContext | None,
        capture: TcpCapture | None,
    ) -> None:
        self.under_way = 0
        """How many of our requests await their responses."""
        self.tried = asyncio.Event()
        """Set once the first attempt to bind has come to something."""
        self._settings = settings
        self._bind_type = bind_type
        self._received = received
        self._changed = changed
        self._capture = capture
        self._ssl = ssl
        self._esme: Esme | None = None
        self._pauses = _PAUSES.delays()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_bound(self) -> bool:
        """Whether it is bound at the moment."""
        return self._esme is not None and self._esme.is_bound

    @property
    def transmits(self) -> bool:
        """Whether messages may be sent over it, while it is bound."""
        return self._bind_type is not BindReceiver

    @property
    def room(self) -> int:
        """How many more messages it may be sent now."""
        if not self.is_bound or not self.transmits:
            return 0
        return max(0, self._settings.window - self.under_way)

    def start(self) -> None:
        """Begin to bind."""
        name = f"upstream {self._settings.name}"
        self._task = spawn(repeat(self._serve, name=name, until=self._stopping), name=name)

    async def stop(self) -> None:
        """Unbind, and bind no more."""
        self._stopping.set()
        if self._esme is not None:
            await self._esme.close()
        elif self._task is not None:
            self._task.cancel()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def send(self, pdu: Pdu) -> asyncio.Future[Pdu]:
        """Send a request; the future is as `telecom.net.smpp.link.SmppLink.request` has it.

        Raises `LinkClosedError` where nothing was sent.
        """
        if self._esme is None:
            raise LinkClosedError("not bound at the upstream")
        answered = await self._esme.send(pdu)
        self.under_way += 1
        answered.add_done_callback(self._answered)
        return answered

    def _answered(self, _: asyncio.Future[Pdu]) -> None:
        self.under_way -= 1

    async def _serve(self) -> None:
        """Bind, take what comes until that is over, and pause."""
        name = self._settings.name
        try:
            async with self._client() as esme:
                self._came(esme)
                async for delivery in esme.deliveries():
                    self._received(delivery)
        except (OSError, SmppError) as error:
            _log.warning("upstream_not_bound", upstream=name, error=str(error))
            self.tried.set()
        finally:
            if self._esme is not None:
                self._went()
        await wait(self._stopping, next(self._pauses))

    def _came(self, esme: Esme) -> None:
        self._esme = esme
        self.tried.set()
        self._pauses = _PAUSES.delays()
        _log.info("upstream_bound", upstream=self._settings.name, bind=self._bind_type.__name__)
        self._changed()

    def _went(self) -> None:
        self._esme = None
        _log.info("upstream_unbound", upstream=self._settings.name, bind=self._bind_type.__name__)
        self._changed()

    def _client(self) -> Esme:
        upstream = self._settings
        return connect(
            upstream.host,
            upstream.port,
            system_id=upstream.system_id,
            password=upstream.password.get_secret_value(),
            bind=self._bind_type,
            system_type=upstream.system_type,
            address_range=upstream.address_range,
            ssl=self._ssl,
            version=upstream.version.octet,
            window=upstream.window,
            join=False,
            max_deliveries=_MOST_AT_ONCE,
            closing=LAST_RECORDS,
            limits=SessionLimits(
                response_timer=upstream.response_timer,
                enquire_link_timer=upstream.enquire_link_timer,
            ),
            back_off=None,
            capture=self._capture,
        )
