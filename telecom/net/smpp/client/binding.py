"""Staying bound: a client's link is followed by another one when it is lost."""

import asyncio
from collections.abc import Callable, Iterator
from itertools import chain

import structlog

from telecom.net.back_off import BackOff
from telecom.net.smpp.client.gate import Gate
from telecom.net.smpp.client.link import EsmeLink, Links
from telecom.net.tasks import spawn
from telecom.smpp.errors import SmppError
from telecom.smpp.pdus import Pdu

_log = structlog.get_logger("telecom.smpp")


class StandingBinding:
    """Keeps a client bound from `open` to `close`; `gate` lets its requests out.

    Without a back-off it is over when the link is. `received` takes what the SMSC asks, `ended`
    is called once when it is over.
    """

    def __init__(
        self,
        links: Links,
        gate: Gate,
        *,
        back_off: BackOff | None,
        received: Callable[[EsmeLink, list[Pdu]], None],
        ended: Callable[[], None],
    ) -> None:
        self.links = links
        self.gate = gate
        self.link: EsmeLink | None = None
        self._back_off = back_off
        self._received = received
        self._ended = ended
        self._bound = asyncio.Event()
        self._over = False
        self._keeper: asyncio.Task[None] | None = None

    @property
    def is_bound(self) -> bool:
        """Whether it is bound at the moment."""
        return self._bound.is_set() and not self._over

    async def bound(self) -> bool:
        """Wait until it is bound; False if it is over."""
        await self._bound.wait()
        return not self._over

    async def open(self, *, wait: bool) -> None:
        """Begin; with `wait` the first attempt to bind is made here, and raises what it has."""
        await self.links.open(self)
        try:
            if wait:
                await self._connect()
        except BaseException:
            self.links.close()
            raise
        self._keeper = spawn(self._keep(), name=f"SMPP client of {self.links.addresses[0][0]}")

    async def close(self, seconds: float) -> None:
        """Unbind in good order if that can be done in so many seconds."""
        self.links.close()
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        if self.link is not None and not self.link.closed:
            _, late = await asyncio.wait(
                [spawn(self.link.unbind(), name="unbind")], timeout=seconds
            )
            for task in late:
                task.cancel()
                self.link.abort()
        self._end()

    # What its links tell

    def requests_received(self, link: EsmeLink, requests: list[Pdu]) -> None:
        """Hand over what the SMSC asks."""
        self._received(link, requests)

    def link_over(self, link: EsmeLink) -> None:
        """Take note that a link takes nothing more."""
        if link is self.link and not self._over:
            self._bound.clear()
            self.gate.shut()

    def turn_taken(self, link: EsmeLink) -> None:
        """Go on with what waits for room."""
        if link is self.link:
            self.gate.go_on()

    # One link after the other

    async def _connect(self) -> None:
        link = await self.links.link(self)
        self.link = link
        if not link.closed:
            self._bound.set()
            self.gate.open(link)

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        back_off = self._back_off or BackOff()
        delays = back_off.delays()
        try:
            if self.link is None:
                await self._connect_at_last(chain((0.0,), delays))
            while self.link is not None:
                since = loop.time()
                await asyncio.shield(self.link.lost)
                if self._back_off is None:
                    return
                if loop.time() - since > back_off.longest:  # else the SMSC binds and hangs up
                    delays = back_off.delays()
                await self._connect_at_last(delays)
        finally:
            self._end()

    async def _connect_at_last(self, delays: Iterator[float]) -> None:
        """Connect, however often that has to be tried."""
        for delay in delays:
            await asyncio.sleep(delay)
            try:
                await self._connect()
            except (OSError, SmppError) as error:  # TimeoutError is an OSError
                where = self.links.addresses[0]
                _log.warning("smpp_connection_failed", address=where, error=str(error))
            else:
                return

    def _end(self) -> None:
        if not self._over:
            self._over = True
            self._bound.set()  # who waits for it must see that it is over
            self.gate.end()
            self._ended()
