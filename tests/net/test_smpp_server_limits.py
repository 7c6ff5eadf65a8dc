"""What connections may cost before they are bound."""

import errno
import socket
from typing import Any

import pytest

from telecom.net import smpp_listener
from telecom.smpp.codec import encode
from telecom.smpp.pdus import (
    BindTransceiverResp,
    EnquireLink,
    EnquireLinkResp,
)
from telecom.smpp.status import CommandStatus as Status
from tests.net.smpp_peer import until
from tests.net.smpp_user import Join, Start


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


async def test_who_has_not_bound_must_read(start: Start, join: Join) -> None:
    server = await start()
    peer = await join(server)
    peer.writer.write(b"".join(encode(EnquireLink(), number) for number in range(1, 400_000)))
    await until(lambda: len(server._connections) == 1)
    await until(lambda: not server._connections)


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
