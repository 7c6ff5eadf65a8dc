"""Drain: what the server holds is answered, new work refused, every ESME unbound."""

import asyncio

import pytest

from telecom.net.tasks import spawn
from telecom.smpp.codec import encode
from telecom.smpp.pdus import (
    BindTransceiver,
    BindTransceiverResp,
    EnquireLink,
    EnquireLinkResp,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import CONGESTION_STATE
from tests.net.smpp_peer import Peer, until
from tests.net.smpp_user import SUBMIT, Join, Start, User


async def test_close_answers_first_and_takes_no_more(start: Start, join: Join, user: User) -> None:
    user.hold = True
    server = await start()
    (address,) = server.addresses
    peer = await join(server)
    await peer.bind()
    peer.send(SUBMIT, 2)
    await until(lambda: bool(user.reads))
    (session,) = server.sessions
    closing = spawn(server.close(5), name="close")
    assert await peer.ask(SUBMIT, 3) == SubmitSmResp(
        command_status=Status.ESME_RSYSERR, sequence_number=3
    )
    with pytest.raises(ConnectionRefusedError):
        await Peer.to(address)
    user.answer(session, user.reads[0])
    assert await peer.receive() == SubmitSmResp(b"2", sequence_number=2)
    assert await peer.receive() == Unbind(sequence_number=1)
    assert await peer.ask(SUBMIT, 4) == SubmitSmResp(
        command_status=Status.ESME_RSYSERR, sequence_number=4
    )
    peer.send(UnbindResp(), 1)
    assert await peer.at_end()
    await closing
    assert user.log == ["bound demo", "unbound demo"]
    assert len(user.reads) == 1


async def test_close_refuses_who_comes_to_bind(start: Start, join: Join, user: User) -> None:
    user.hold = True
    server = await start()
    peer, late, idle = await join(server), await join(server), await join(server)
    await peer.bind()
    peer.send(SUBMIT, 2)
    await until(lambda: bool(user.reads) and len(server._connections) == 3)
    (session,) = server.sessions
    closing = spawn(server.close(5), name="close")
    await until(lambda: server.closing)
    assert await late.bind() == BindTransceiverResp(
        command_status=Status.ESME_RBINDFAIL, sequence_number=1
    )
    assert await late.at_end()
    user.answer(session, user.reads[0])
    assert await peer.receive() == SubmitSmResp(b"2", sequence_number=2)
    assert await peer.receive() == Unbind(sequence_number=1)
    peer.send(UnbindResp(), 1)
    await closing
    assert await idle.at_end()
    assert user.log == ["bound demo", "unbound demo"]


async def test_close_tells_of_congestion(start: Start, join: Join, user: User) -> None:
    user.hold = True
    server = await start()
    peer = await join(server)
    await peer.bind(BindTransceiver(b"demo", b"demo", interface_version=0x50))
    peer.send(SUBMIT, 2)
    await until(lambda: bool(user.reads))
    closing = spawn(server.close(5), name="close")
    await until(lambda: server.closing)
    assert await peer.ask(EnquireLink(), 3) == EnquireLinkResp(
        sequence_number=3, tlvs=(CONGESTION_STATE(100),)
    )
    await peer.close()
    await closing


async def test_close_answers_also_who_is_unbinding(start: Start, join: Join, user: User) -> None:
    user.hold = True
    server = await start()
    peer = await join(server)
    await peer.bind()
    (session,) = server.sessions
    peer.send(encode(SUBMIT, 2) + encode(Unbind(), 3))
    await until(lambda: user.log == ["bound demo", "unbound demo"])
    closing = spawn(server.close(5), name="close")
    await asyncio.sleep(0)
    user.answer(session, user.reads[0])
    assert await peer.receive() == SubmitSmResp(b"2", sequence_number=2)
    assert await peer.receive() == UnbindResp(sequence_number=3)
    assert await peer.at_end()
    await closing


async def test_close_does_not_wait_for_ever(start: Start, join: Join, user: User) -> None:
    server = await start()
    peer = await join(server)
    await peer.bind()
    await server.close(0.05)
    assert await peer.receive() == Unbind(sequence_number=1)
    assert await peer.at_end()
    await until(lambda: user.log == ["bound demo", "unbound demo"])
