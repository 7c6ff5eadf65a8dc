"""What connections may cost before they are bound."""

import asyncio
import errno
import socket
from typing import Any

import pytest

from telecom.net.smpp import listener as smpp_listener
from telecom.net.smpp.server import ServerSession
from telecom.smpp.codec import encode
from telecom.smpp.pdus import (
    Bind,
    BindTransceiver,
    BindTransceiverResp,
    EnquireLink,
    EnquireLinkResp,
    SubmitSm,
    SubmitSmResp,
)
from telecom.smpp.status import CommandStatus as Status
from tests.net.smpp_peer import until
from tests.net.smpp_user import Join, Start, User


async def test_unauthenticated_time_is_limited(start: Start, join: Join) -> None:
    server = await start(session={"session_init_timer": 0.05})
    peer = await join(server)
    assert await peer.at_end()


async def test_connections_are_limited(start: Start, join: Join) -> None:
    server = await start(connections=2)
    first, second = await join(server), await join(server)
    await first.bind()
    await second.bind()
    refused = await join(server)
    assert await refused.at_end()
    await second.close()
    await until(lambda: len(server._connections) == 1)
    again = await join(server)
    assert await again.bind() is not None


async def test_who_does_not_bind_gives_way(start: Start, join: Join) -> None:
    server = await start(unbound_connections=2)
    oldest, younger = await join(server), await join(server)
    await until(lambda: len(server._connections) == 2)
    comes_to_bind = await join(server)
    assert await oldest.at_end()
    response = await comes_to_bind.bind()
    assert isinstance(response, BindTransceiverResp)
    assert response.command_status == Status.ESME_ROK
    assert await younger.ask(EnquireLink(), 1) == EnquireLinkResp(sequence_number=1)


async def test_a_flood_of_connections_keeps_nobody_out(start: Start, join: Join) -> None:
    server = await start(connections=20, unbound_connections=10)
    bound = await join(server)
    await bound.bind()
    flood = [await join(server) for _ in range(50)]
    response = await (await join(server)).bind()
    assert isinstance(response, BindTransceiverResp)
    assert response.command_status == Status.ESME_ROK
    assert await bound.ask(EnquireLink(), 2) == EnquireLinkResp(sequence_number=2)
    assert all([await peer.at_end() for peer in flood[:40]])


async def test_who_does_not_bind_may_not_say_much(start: Start, join: Join) -> None:
    server = await start()
    peer = await join(server)
    peer.send(encode(EnquireLink(), 1) * 1000)
    assert await peer.receive() == EnquireLinkResp(sequence_number=1)
    peer.send(encode(EnquireLink(), 2) * 100)
    await until(lambda: not server._connections)


async def test_a_bind_that_is_refused_is_no_licence(start: Start, join: Join) -> None:
    server = await start()
    peer = await join(server)
    wrong = encode(BindTransceiver(b"demo", b"wrong"), 1)
    peer.send(wrong + b"\0\1\xff\xff" + bytes(1 << 15))
    await until(lambda: len(server._connections) == 1)
    await until(lambda: not server._connections)


async def test_what_follows_a_bind_waits_for_its_response(
    start: Start, join: Join, user: User
) -> None:
    async def authenticate(bind: Bind, session: ServerSession) -> int:
        await decided
        return Status.ESME_ROK

    decided: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    user.authenticate = authenticate  # type: ignore[method-assign]
    server = await start()
    peer = await join(server)
    peer.send(BindTransceiver(), 1)
    await until(lambda: len(server._connections) == 1)
    (session,) = server._connections
    await until(lambda: not session.is_reading)
    long = SubmitSm(short_message=bytes(200))
    peer.send(b"".join(encode(long, number) for number in range(2, 1002)))
    decided.set_result(None)
    for response in (BindTransceiverResp, *[SubmitSmResp] * 1000):
        answer = await peer.receive()
        assert isinstance(answer, response)
        assert answer.command_status == Status.ESME_ROK


async def test_no_more_files(
    start: Start, join: Join, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(smpp_listener, "_PAUSE", 0.01)
    failures = iter([OSError(errno.EMFILE, "Too many open files"), ConnectionAbortedError()])
    accept = socket.socket.accept

    def fail_first(listening: socket.socket) -> tuple[socket.socket, Any]:
        for failure in failures:
            raise failure
        return accept(listening)

    monkeypatch.setattr(socket.socket, "accept", fail_first)
    server = await start()
    response = await (await join(server)).bind()
    assert isinstance(response, BindTransceiverResp)
