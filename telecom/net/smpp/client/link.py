"""The connections of a client, one after the other, each an `EsmeLink`."""

import asyncio
from collections.abc import Sequence
from ssl import SSLContext
from typing import Final, Protocol

import msgspec
import structlog

from telecom.net.smpp.link import Address, LinkLimits, SmppLink, TcpCapture
from telecom.smpp.errors import RefusedError, SmppError
from telecom.smpp.pdus import Bind, Pdu
from telecom.smpp.states import Side
from telecom.smpp.status import CommandStatus

_CONGESTED: Final = ((90, 1.0), (100, 0.5))
"""What part of the window is used below a congestion_state, SMPP 5.0 4.8.4.18.

From 90 on the SMSC nears congestion, so half of it; at 100, the most there is, one request at a
time. With fewer under way fewer a second go out, and what the SMSC says next decides anew.
"""

_log = structlog.get_logger("telecom.smpp")


def usable_window(window: int, congestion: int) -> int:
    """Return how many requests may be under way with an SMSC so congested."""
    for below, part in _CONGESTED:
        if congestion < below:
            return max(1, int(window * part))
    return 1


class LinkUser(Protocol):
    """Whom a link tells what happens."""

    def requests_received(self, link: "EsmeLink", requests: list[Pdu]) -> None:
        """Take requests of the SMSC."""

    def link_over(self, link: "EsmeLink") -> None:
        """Take note, once or twice, that a link takes nothing more."""

    def turn_taken(self, link: "EsmeLink") -> None:
        """Go on with what waits for room."""


class LinkSettings(msgspec.Struct, frozen=True):
    """What every connection of a client has."""

    bind: Bind
    limits: LinkLimits = LinkLimits()
    ssl: SSLContext | None = None
    capture: TcpCapture | None = None


class EsmeLink(SmppLink):
    """One connection of a client."""

    def __init__(self, user: LinkUser, settings: LinkSettings) -> None:
        super().__init__(Side.ESME, settings.limits, capture=settings.capture)
        self._user = user

    @property
    def room(self) -> int:
        """How many more requests may be sent now; fewer while the SMSC is congested."""
        session = self._session
        free = session.window_free
        if session.peer_congestion is None:
            return free
        window = session.limits.window
        return free - window + usable_window(window, session.peer_congestion)

    async def bind(self, request: Bind) -> None:
        """Bind, or close the connection; raises `RefusedError`, and what `request` may raise."""
        try:
            response = await self.request(request)
        except BaseException:
            self.close()
            raise
        if response.command_status != CommandStatus.ESME_ROK:
            self.close()
            raise RefusedError("the bind", response.command_status)

    def _requests_received(self, requests: list[Pdu]) -> None:
        self._user.requests_received(self, requests)

    def _no_more(self) -> None:
        self._user.link_over(self)

    def _turn_taken(self) -> None:
        self._user.turn_taken(self)


class Links(Protocol):
    """Where a client has its connections from."""

    @property
    def addresses(self) -> Sequence[Address]:
        """Where it connects to, or listens."""

    async def open(self, user: LinkUser) -> None:
        """Begin; raises `OSError` if an address cannot be had."""

    async def link(self, user: LinkUser) -> EsmeLink:
        """Return the next one, bound.

        Raises `OSError` when there is nobody, `RefusedError` for a refused bind, and
        `LinkClosedError` when the SMSC goes away.
        """

    def close(self) -> None:
        """Take no more."""


class Dialler:
    """Connects to an SMSC, at the first of its addresses where it can bind."""

    def __init__(self, addresses: Sequence[Address], settings: LinkSettings) -> None:
        self.addresses = addresses
        self._settings = settings

    async def open(self, user: LinkUser) -> None:
        """Nothing has to be."""

    async def link(self, user: LinkUser) -> EsmeLink:
        """Return a connection that is bound; raises what the last address had."""
        *others, last = self.addresses
        for address in others:
            try:
                return await self._dial(user, address)
            except (OSError, SmppError) as error:
                _log.warning("smpp_next_address", address=address, error=str(error))
        return await self._dial(user, last)

    def close(self) -> None:
        """Nothing has to be."""

    async def _dial(self, user: LinkUser, address: Address) -> EsmeLink:
        host, port = address
        seconds = self._settings.limits.session.session_init_timer
        try:
            async with asyncio.timeout(seconds):
                _, link = await asyncio.get_running_loop().create_connection(
                    lambda: EsmeLink(user, self._settings), host, port, ssl=self._settings.ssl
                )
        except TimeoutError:
            raise TimeoutError(f"{host}:{port} did not answer within {seconds} s") from None
        await link.bind(self._settings.bind)
        return link
