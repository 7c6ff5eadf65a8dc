"""Outbind, SMPP 3.4 2.2.1: the server calls an ESME, which binds on that connection."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from telecom.net.smpp.server import ServerSession, SmppServer
from telecom.net.smpp.tls import client_context, server_context
from telecom.net.tasks import spawn
from telecom.smpp.errors import LinkClosedError, LocalError
from telecom.smpp.pdus import BindReceiver, BindReceiverResp, DeliverSmResp, Outbind
from telecom.smpp.status import CommandStatus as Status
from tests.net.smpp_peer import Peer
from tests.net.smpp_user import DELIVER, Start, User, encoded


class Esme:
    """Listens; `called` gives the connection that has come."""

    def __init__(self) -> None:
        self._connections: asyncio.Queue[Peer] = asyncio.Queue()
        self._peers: list[Peer] = []

    async def start(self, ssl: object = None) -> tuple[str, int]:
        self._server = await asyncio.start_server(self._come, "127.0.0.1", 0, ssl=ssl)  # type: ignore[arg-type]
        address: tuple[str, int] = self._server.sockets[0].getsockname()
        return address

    def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._peers.append(Peer(reader, writer))
        self._connections.put_nowait(self._peers[-1])

    async def called(self) -> Peer:
        async with asyncio.timeout(5):
            return await self._connections.get()

    async def close(self) -> None:
        self._server.close()
        for peer in self._peers:
            await peer.close()


@pytest.fixture
async def esme() -> AsyncIterator[Esme]:
    esme = Esme()
    yield esme
    await esme.close()


def call(server: SmppServer, address: tuple[str, int]) -> "asyncio.Task[ServerSession]":
    return spawn(server.outbind(*address, system_id="smsc", password="pw"), name="outbind")


async def test_the_esme_binds_and_is_served(start: Start, user: User, esme: Esme) -> None:
    server = await start()
    calling = call(server, await esme.start())
    peer = await esme.called()
    assert await peer.receive() == Outbind(b"smsc", b"pw", sequence_number=1)
    response = await peer.bind(BindReceiver(b"demo", b"demo"))
    assert isinstance(response, BindReceiverResp)
    session = await calling
    assert list(server.sessions) == [session]
    delivered = session.request(DELIVER)
    assert await peer.receive() == encoded(DELIVER, 2)
    peer.send(DeliverSmResp(), 2)
    assert (await delivered).command_status == Status.ESME_ROK
    await server.close(0)
    assert user.log == ["bound demo", "unbound demo"]


async def test_by_tls(start: Start, esme: Esme, certificate: tuple[Path, Path]) -> None:
    server = await start()
    address = await esme.start(server_context(*certificate))
    context = client_context(ca=certificate[0])
    calling = spawn(
        server.outbind(*address, system_id="smsc", password="pw", ssl=context), name="outbind"
    )
    peer = await esme.called()
    assert await peer.receive() == Outbind(b"smsc", b"pw", sequence_number=1)
    await peer.bind(BindReceiver(b"demo", b"demo"))
    assert (await calling).is_secure


async def test_an_esme_that_hangs_up(start: Start, esme: Esme) -> None:
    server = await start()
    calling = call(server, await esme.start())
    await (await esme.called()).close()
    with pytest.raises(LinkClosedError, match="the ESME has not bound"):
        await calling
    assert not server._connections


async def test_an_esme_that_does_not_bind_in_time(start: Start, esme: Esme) -> None:
    server = await start(session={"session_init_timer": 0.05})
    calling = call(server, await esme.start())
    with pytest.raises(LinkClosedError, match="the ESME has not bound"):
        await calling
    assert await (await esme.called()).receive() == Outbind(b"smsc", b"pw", sequence_number=1)


async def test_a_wrong_password_may_be_corrected(start: Start, esme: Esme) -> None:
    server = await start()
    calling = call(server, await esme.start())
    peer = await esme.called()
    await peer.receive()
    await peer.bind(BindReceiver(b"demo", b"wrong"))
    assert not calling.done()
    await peer.bind(BindReceiver(b"demo", b"demo"))
    assert (await calling).system_id == "demo"


async def test_nobody_listens(start: Start, esme: Esme) -> None:
    server = await start()
    address = await esme.start()
    await esme.close()
    with pytest.raises(ConnectionRefusedError):
        await call(server, address)
    assert not server._connections


async def test_an_esme_that_does_not_take_the_connection(
    start: Start, esme: Esme, certificate: tuple[Path, Path]
) -> None:
    server = await start(session={"session_init_timer": 0.05})
    address = await esme.start()  # it waits for octets, and never says hello
    context = client_context(ca=certificate[0])
    with pytest.raises(TimeoutError, match=f"{address[1]} has not taken the connection"):
        await server.outbind(*address, system_id="smsc", password="pw", ssl=context)


async def test_what_an_outbind_cannot_carry(start: Start, esme: Esme) -> None:
    server = await start()
    host, port = await esme.start()
    with pytest.raises(LocalError):
        await server.outbind(host, port, system_id="a" * 16, password="")
    assert await (await esme.called()).at_end()


async def test_a_server_that_closes_calls_nobody(start: Start, esme: Esme) -> None:
    server = await start()
    address = await esme.start()
    await server.close(0)
    with pytest.raises(LinkClosedError):
        await call(server, address)


async def test_outbound_connections_count(start: Start, esme: Esme) -> None:
    server = await start(unbound_connections=1)
    address = await esme.start()
    first = call(server, address)
    await (await esme.called()).receive()
    second = call(server, address)
    with pytest.raises(LinkClosedError):
        await first
    peer = await esme.called()
    await peer.receive()
    await peer.bind(BindReceiver(b"demo", b"demo"))
    assert (await second).bound


async def test_who_binds_as_the_call_is_given_up_is_told_of_to_the_end(
    start: Start, user: User, esme: Esme
) -> None:
    server = await start()

    async def given_up(*_: object) -> int:
        calling.cancel()
        return Status.ESME_ROK

    server.authenticate = given_up
    calling = call(server, await esme.start())
    peer = await esme.called()
    await peer.receive()
    peer.send(BindReceiver(b"demo", b"demo"), 1)
    with pytest.raises(asyncio.CancelledError):
        await calling
    await server.close(0)
    assert user.log == ["bound demo", "unbound demo"]
