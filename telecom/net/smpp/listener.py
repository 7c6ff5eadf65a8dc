"""Accepting SMPP connections, one a turn of the loop, so that those that are bound have theirs."""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Final

import structlog

from telecom.net.smpp.link import Address

_BACKLOG: Final = 1024
_PAUSE: Final = 0.1
"""Before the next attempt to accept where the process may open no more files, seconds."""

_log = structlog.get_logger("telecom.smpp")


class Listener:
    """The sockets of one address; each connection that comes is handed to `arrived` as it is."""

    def __init__(self, arrived: Callable[[socket.socket, Address], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._arrived = arrived
        self._sockets: list[socket.socket] = []
        self._pauses: dict[socket.socket, asyncio.TimerHandle] = {}
        self.addresses: list[Address] = []
        """Where it listens, or has listened."""

    async def open(self, host: str, port: int) -> None:
        """Listen at every address that the host has; raises `OSError` when one cannot be had."""
        found = await self._loop.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        try:
            for family, *_, address in dict.fromkeys(found):
                listening = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
                listening.setblocking(False)
                self._sockets.append(listening)
        except OSError:
            self.close()
            raise
        for listening in self._sockets:
            self.addresses.append(listening.getsockname()[:2])
            self._loop.add_reader(listening, self._accept, listening)

    def close(self) -> None:
        """Refuse whoever comes from now on."""
        for pause in self._pauses.values():
            pause.cancel()
        for listening in self._sockets:
            self._loop.remove_reader(listening)
            listening.close()
        self._sockets.clear()

    def _accept(self, listening: socket.socket) -> None:
        try:
            connection, address = listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionError):  # it has gone again already
            return
        except OSError as error:
            _log.error("smpp_cannot_accept", reason=error.strerror)
            self._loop.remove_reader(listening)
            self._pauses[listening] = self._loop.call_later(_PAUSE, self._go_on, listening)
            return
        connection.setblocking(False)
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._arrived(connection, address[:2])

    def _go_on(self, listening: socket.socket) -> None:
        self._loop.add_reader(listening, self._accept, listening)
