"""The other way round: the SMSC connects and asks the ESME to bind, SMPP 3.4 2.2.1 and 4.1.7."""

import asyncio
import hmac
from typing import Final

import structlog

from telecom.net.smpp.client.link import EsmeLink, LinkSettings, LinkUser
from telecom.net.smpp.link import Address
from telecom.smpp.pdus import Outbind, Pdu

_MOST_CALLERS: Final = 16
"""Connections that have not been asked to bind; with one more the oldest has to go."""

_log = structlog.get_logger("telecom.smpp")


class OutbindListener:
    """Listens for an SMSC, and binds on the connection where it has said who it is.

    Who gives another system_id or password than `smsc` is not bound to.
    """

    def __init__(self, address: Address, smsc: Outbind, settings: LinkSettings) -> None:
        self.addresses = [address]
        self._smsc = smsc
        self._settings = settings
        self._listener: asyncio.Server | None = None
        self._callers: dict[EsmeLink, None] = {}
        self._asked: asyncio.Queue[EsmeLink] = asyncio.Queue()

    async def open(self, user: LinkUser) -> None:
        """Listen."""
        ((host, port),) = self.addresses
        self._listener = await asyncio.get_running_loop().create_server(
            lambda: _Caller(self, user, self._settings), host, port, ssl=self._settings.ssl
        )
        self.addresses = [each.getsockname()[:2] for each in self._listener.sockets]

    async def link(self, user: LinkUser) -> EsmeLink:  # noqa: ARG002 - each has it already
        """Wait to be asked, and bind."""
        while True:
            link = await self._asked.get()
            self._callers.pop(link, None)
            if not link.closed:
                await link.bind(self._settings.bind)
                return link

    def close(self) -> None:
        """Listen no more, and drop who has not been bound to."""
        if self._listener is not None:
            self._listener.close()
        for caller in list(self._callers):
            caller.close()

    def called(self, caller: EsmeLink) -> None:
        """Take note of a connection; with too many of them the oldest has to go."""
        self._callers[caller] = None
        if len(self._callers) > _MOST_CALLERS:
            next(iter(self._callers)).close()

    def over(self, caller: EsmeLink) -> None:
        """Forget a connection."""
        self._callers.pop(caller, None)

    def asked(self, caller: EsmeLink, outbind: Outbind) -> None:
        """Take an outbind; one that is not the SMSC's ends its connection."""
        known = hmac.compare_digest(outbind.system_id, self._smsc.system_id)
        if hmac.compare_digest(outbind.password, self._smsc.password) and known:
            self._asked.put_nowait(caller)
        else:
            _log.warning("smpp_outbind_refused", peer=caller.peer)
            caller.close()


class _Caller(EsmeLink):
    """A connection that the SMSC has opened."""

    def __init__(self, listener: OutbindListener, user: LinkUser, settings: LinkSettings) -> None:
        super().__init__(user, settings)
        self._listener = listener

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._listener.called(self)

    def _requests_received(self, requests: list[Pdu]) -> None:
        for request in requests:
            if isinstance(request, Outbind):
                self._listener.asked(self, request)
            else:
                super()._requests_received([request])

    def _no_more(self) -> None:
        self._listener.over(self)
        super()._no_more()
