"""The run ends whatever the peer does: hang, close, flood, talk nonsense, not be there."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from telecom.conformance.results import Verdict
from telecom.smpp.codec import encode
from telecom.smpp.pdus import BindTransceiverResp, EnquireLink
from tests.conformance.raw_smsc import ended
from tests.conformance.runs import names, run_against_smsc

Hostile = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

SOME = (
    "bind.transceiver",
    "framing.garbage.http",
    "enquire_link.transceiver",
    "submit_sm.text.one",
)
"""What needs a bind, and what needs none."""


async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.read(4096):
        pass


async def closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)


async def floods(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    octets = encode(EnquireLink(), 1) * 1000
    while True:
        writer.write(octets)
        await writer.drain()


async def floods_with_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A PDU that never ends."""
    writer.write(b"\0\0\xff\xff")
    while True:
        writer.write(b"\0" * 4096)
        await writer.drain()


async def talks_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.read(4096):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


async def answers_everything_with_a_bind(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    while data := await reader.read(4096):
        number = int.from_bytes(data[12:16], "big")
        writer.write(encode(BindTransceiverResp(b"x"), number))


@pytest.mark.parametrize(
    "hostile",
    [hangs, closes, floods, floods_with_one, talks_nonsense, answers_everything_with_a_bind],
)
async def test_the_run_ends(hostile: Hostile) -> None:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await hostile(reader, writer)
        await ended(writer)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    report = await run_against_smsc(port, *SOME, timeout=0.1)
    server.close()
    assert len(report.results) == len(SOME)
    assert names(report, Verdict.ERROR) == set()
    assert not report.passed


async def test_nobody_is_there() -> None:
    server = await asyncio.start_server(hangs, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    report = await run_against_smsc(port, *SOME, timeout=0.1)
    assert not report.passed
    assert names(report, Verdict.PASS, Verdict.ERROR) == set()
