"""20,000 hostile connections at a live server: nothing escapes, nothing grows, the honest go on."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Final

import msgspec
import pytest

from benchmarks.processes import usage_of
from telecom.net.smpp.tls import client_context
from telecom.net.tasks import spawn
from telecom.runtime.children import Child
from telecom.smpp.codec import encode
from telecom.smpp.pdus import BindTransceiver, BindTransceiverResp, SubmitSmResp
from telecom.smpp.status import CommandStatus
from tests.hostile.attacks import AT_PLAIN, AT_TLS, BIND, ENQUIRIES, SUBMIT, Connection, Table
from tests.net.smpp_peer import Peer

CONNECTIONS: Final = 20_000
MOST_GROWTH: Final = 20 << 20
MOST_TAKEN: Final = 64 << 20
"""More octets than the kernel keeps in all buffers between two ends."""
_WARM_UP: Final = 5
"""Waves after which the server has the memory that its work takes."""
_AT_ONCE: Final = 10


class Server(msgspec.Struct):
    """A live server: the ports of its listeners, and how to come to the second one."""

    child: Child
    plain: int
    secure: int
    context: ssl.SSLContext

    @property
    def memory(self) -> int:
        return usage_of(self.child.pid).resident


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    child = await Child.start("server", ["tests.hostile.live_server", str(tmp_path)])
    context = client_context(ca=tmp_path / "smpp.crt")
    yield Server(child, child.ready["plain"], child.ready["secure"], context)
    await child.stop()


class Honest:
    """An ESME that does nothing wrong: all its messages have to be accepted."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._last = 1

    @classmethod
    async def bound(cls, port: int, context: ssl.SSLContext | None = None) -> "Honest":
        peer = await Peer.to(("127.0.0.1", port), context)
        response = await peer.bind(BindTransceiver(b"honest", b"secret"))
        assert isinstance(response, BindTransceiverResp)
        assert response.command_status == CommandStatus.ESME_ROK
        return cls(peer)

    async def submit(self) -> None:
        numbers = range(self._last + 1, self._last + 1 + _AT_ONCE)
        self._peer.send(b"".join(encode(SUBMIT, number) for number in numbers))
        for number in numbers:
            expected = SubmitSmResp(b"%d" % number, sequence_number=number)
            assert await self._peer.receive() == expected
        self._last += _AT_ONCE

    async def submit_until(self, end: asyncio.Event) -> int:
        """Return how many messages there were."""
        while not end.is_set():
            await self.submit()
            await asyncio.sleep(0)
        await self._peer.close()
        return self._last

    async def submit_and_leave(self) -> None:
        await self.submit()
        await self._peer.close()


async def wave(server: Server, random: Random) -> int:
    """Let every attack go on at the same time; return how many connections there were.

    While they are open, those come who mean well.
    """
    tables: tuple[tuple[int, Table], ...] = ((server.plain, AT_PLAIN), (server.secure, AT_TLS))
    attacks = [
        (port, attack) for port, table in tables for attack in table for _ in range(table[attack])
    ]
    random.shuffle(attacks)
    connections = [Connection(port) for port, _ in attacks]
    going_on = [
        attack(connection, random)
        for connection, (_, attack) in zip(connections, attacks, strict=True)
    ]
    while going_on:
        going_on = [attack for attack in going_on if next(attack, going_on) is None]
        await asyncio.sleep(0)
    await (await Honest.bound(server.plain)).submit_and_leave()
    await (await Honest.bound(server.secure, server.context)).submit_and_leave()
    for connection in connections:
        connection.reset()
    return len(connections)


async def ended_well(server: Server, capfd: pytest.CaptureFixture[str]) -> bool:
    """Stop the server: no error was logged, no exception reached the loop, nothing was left."""
    status = await server.child.stop(grace=20)
    return (status, capfd.readouterr().err) == (0, "")


@pytest.mark.timeout(300)
async def test_20_000_connections(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    end = asyncio.Event()
    esmes = [await Honest.bound(server.plain), await Honest.bound(server.secure, server.context)]
    serving = [spawn(honest.submit_until(end), name="honest") for honest in esmes]
    random = Random(20_000)
    done, memory = 0, []
    while done < CONNECTIONS:
        done += await wave(server, random)
        memory.append(server.memory)
        assert not any(task.done() for task in serving)
    end.set()
    assert min(await asyncio.gather(*serving)) > len(memory)
    assert max(memory[_WARM_UP:]) - memory[_WARM_UP] < MOST_GROWTH
    assert await ended_well(server, capfd)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("secure", [False, True])
async def test_who_floods_and_never_reads(
    server: Server, capfd: pytest.CaptureFixture[str], secure: bool
) -> None:
    """More than the kernel keeps: what is over waits with the peer, and not in the server."""
    honest = await Honest.bound(server.plain)
    before = server.memory
    if secure:
        flood = Connection(server.secure, takes=4096, context=server.context)
    else:
        flood = Connection(server.plain, takes=4096)
    flood.send(BIND)
    taken = turns_without = 0
    while turns_without < 50:
        octets = flood.send(ENQUIRIES)
        taken += octets
        turns_without = 0 if octets else turns_without + 1
        assert taken < MOST_TAKEN
        await honest.submit()  # the server is there, and has had time for the flood
    assert server.memory - before < MOST_GROWTH
    flood.reset()
    await honest.submit_and_leave()
    assert await ended_well(server, capfd)
