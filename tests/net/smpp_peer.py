"""A raw SMPP peer for tests: it sends any octets and reads PDUs one by one."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from ssl import SSLContext

from telecom.smpp.codec import Undecodable, decode, encode
from telecom.smpp.pdus import BindTransceiver, Pdu

PATIENCE = 30.0
"""Seconds after which what a test waits for will not come, however busy the machine is."""


class Peer:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    @classmethod
    async def to(cls, address: tuple[str, int], ssl: SSLContext | None = None) -> "Peer":
        return cls(*await asyncio.open_connection(*address, ssl=ssl))

    def send(self, pdu: Pdu | bytes, sequence_number: int = 0) -> None:
        self.writer.write(pdu if isinstance(pdu, bytes) else encode(pdu, sequence_number))

    async def receive(self) -> Pdu | Undecodable:
        async with asyncio.timeout(PATIENCE):
            length = await self._reader.readexactly(4)
            frame = length + await self._reader.readexactly(int.from_bytes(length, "big") - 4)
        return decode(frame)

    async def ask(self, pdu: Pdu, sequence_number: int) -> Pdu | Undecodable:
        self.send(pdu, sequence_number)
        return await self.receive()

    async def bind(self, pdu: Pdu | None = None) -> Pdu | Undecodable:
        return await self.ask(pdu or BindTransceiver(b"demo", b"demo"), 1)

    async def at_end(self) -> bool:
        async with asyncio.timeout(PATIENCE):
            try:
                return await self._reader.read(1) == b""
            except ConnectionError:
                return True

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until something is so."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.001)
