"""Flow control: what is written, read, held back, and asked of the ESME."""

import asyncio
from typing import Any

import pytest

from telecom.net.smpp.server import ServerSession, SmppServer
from telecom.net.smpp.terms import SessionTerms
from telecom.smpp.codec import encode
from telecom.smpp.errors import LinkClosedError, LocalError, NoResponseError, PduError
from telecom.smpp.pdus import (
    BindTransceiver,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    SubmitSmResp,
    Unbind,
)
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import CONGESTION_STATE
from tests.net.smpp_peer import until
from tests.net.smpp_user import DELIVER, SUBMIT, Join, Start, User, encoded


class Wire(asyncio.Transport):
    """A transport that remembers what is done with it."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.reading = True
        self.open = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high = high

    def write(self, data: Any) -> None:
        self.writes.append(data)

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return not self.open

    def close(self) -> None:
        self.open = False

    def abort(self) -> None:
        self.open = False


async def on_a_wire(server: SmppServer) -> tuple[ServerSession, Wire]:
    session, wire = ServerSession(server), Wire()
    session.connection_made(wire)
    session.data_received(encode(BindTransceiver(b"demo", b"demo"), 1))
    await until(lambda: bool(server.sessions) and bool(wire.writes))
    wire.writes.clear()
    return session, wire


async def test_500_pdus_in_one_read_are_one_call_and_one_write(start: Start, user: User) -> None:
    session, wire = await on_a_wire(await start())
    session.data_received(b"".join(encode(SUBMIT, number) for number in range(2, 502)))
    assert [len(read) for read in user.reads] == [500]
    responses = [
        encode(SubmitSmResp(b"%d" % number, sequence_number=number)) for number in range(2, 502)
    ]
    assert wire.writes == [b"".join(responses)]
    await asyncio.sleep(0)
    assert len(wire.writes) == 1
    session.connection_lost(None)


async def test_a_peer_that_does_not_read_is_not_read(start: Start) -> None:
    session, wire = await on_a_wire(await start(out_buffer=1000))
    assert wire.high == 1000
    session.pause_writing()
    assert not wire.reading
    session.data_received(encode(SUBMIT, 2))
    assert not wire.reading
    session.resume_writing()
    assert wire.reading
    session.connection_lost(None)


async def test_requests_without_answers_are_not_piled_up(start: Start, user: User) -> None:
    user.hold = True
    session, wire = await on_a_wire(await start(unanswered=10))
    session.data_received(b"".join(encode(SUBMIT, number) for number in range(2, 13)))
    assert not wire.reading
    (requests,) = user.reads
    user.answer(session, requests[:5])
    await asyncio.sleep(0)
    assert not wire.reading
    user.answer(session, requests[5:7])
    await asyncio.sleep(0)
    assert wire.reading
    session.connection_lost(None)


async def test_a_slow_reader_over_a_real_socket(start: Start, join: Join, user: User) -> None:
    server = await start(out_buffer=4096)
    peer = await join(server)
    await peer.bind()
    (session,) = server.sessions
    batch = b"".join(encode(EnquireLink(), number) for number in range(2, 2002))
    for _ in range(1000):
        peer.writer.write(batch)
        if not session.is_reading:
            break
        await asyncio.sleep(0)
    assert not session.is_reading
    assert await peer.receive() == EnquireLinkResp(sequence_number=2)
    session.abort()


async def test_deliver_sm_and_its_window(start: Start, join: Join) -> None:
    server = await start(session={"window": 1}, queued=1)
    peer = await join(server)
    await peer.bind()
    (session,) = server.sessions
    first, second, third = (session.request(DELIVER) for _ in range(3))
    with pytest.raises(LocalError):
        await third
    assert await peer.receive() == encoded(DELIVER, 1)
    peer.send(DeliverSmResp(), 1)
    assert await first == DeliverSmResp(sequence_number=1)
    assert await peer.receive() == encoded(DELIVER, 2)
    peer.send(DeliverSmResp(command_status=Status.ESME_RX_T_APPN), 2)
    assert (await second).command_status == Status.ESME_RX_T_APPN


async def test_terms_of_one_esme(start: Start, join: Join, user: User) -> None:
    user.hold = True
    server = await start()
    peer = await join(server)
    await peer.bind(BindTransceiver(b"terms"))
    (session,) = server.sessions
    delivered = [session.request(DELIVER) for _ in range(2)]
    assert await peer.receive() == encoded(DELIVER, 1)
    session.agree(SessionTerms(window=2, unanswered=2))
    assert await peer.receive() == encoded(DELIVER, 2)
    peer.send(b"".join(encode(SUBMIT, number) for number in range(2, 5)))
    await until(lambda: not session.is_reading)
    session.agree(SessionTerms())
    await until(lambda: session.is_reading)
    assert sum(map(len, user.reads)) == 3
    peer.send(encode(DeliverSmResp(), 1) + encode(DeliverSmResp(), 2))
    await asyncio.gather(*delivered)


async def test_a_window_of_the_peers_own(start: Start, join: Join, user: User) -> None:
    user.hold = True
    server = await start()
    peer = await join(server)
    await peer.bind(BindTransceiver(b"terms"))
    (session,) = server.sessions
    peer.send(b"".join(encode(SUBMIT, number) for number in range(2, 6)))
    throttled = SubmitSmResp(command_status=Status.ESME_RTHROTTLED, sequence_number=5)
    assert await peer.receive() == throttled
    session.agree(SessionTerms(peer_window=4))
    peer.send(encode(SUBMIT, 6) + encode(SUBMIT, 7))
    assert await peer.receive() == SubmitSmResp(
        command_status=Status.ESME_RTHROTTLED, sequence_number=7
    )
    assert sum(map(len, user.reads)) == 4


async def test_timers_of_one_esme(start: Start, join: Join) -> None:
    server = await start()
    peer = await join(server)
    await peer.bind()
    (session,) = server.sessions
    session.agree(SessionTerms(enquire_link_timer=0.01))
    assert await peer.receive() == EnquireLink(sequence_number=1)
    peer.send(EnquireLinkResp(), 1)
    session.agree(SessionTerms(inactivity_timer=0.01))
    assert await peer.receive() == Unbind(sequence_number=2)


async def test_congestion_is_told_and_heard(start: Start, join: Join) -> None:
    server = await start()
    peer = await join(server)
    await peer.bind(BindTransceiver(b"demo", b"demo", interface_version=0x50))
    (session,) = server.sessions
    session.congestion = 85
    assert await peer.ask(SUBMIT, 2) == SubmitSmResp(
        b"2", sequence_number=2, tlvs=(CONGESTION_STATE(85),)
    )
    delivered = session.request(DELIVER)
    await peer.receive()
    peer.send(DeliverSmResp(tlvs=(CONGESTION_STATE(90),)), 1)
    await delivered
    assert (session.congestion, session.peer_congestion) == (85, 90)
    with pytest.raises(LocalError):
        session.congestion = 256


async def test_deliver_sm_whose_answer_is_bad_or_never_comes(start: Start, join: Join) -> None:
    server = await start(session={"window": 2, "response_timer": 0.05})
    peer = await join(server)
    await peer.bind()
    (session,) = server.sessions
    bad, unanswered, dropped = (session.request(DELIVER) for _ in range(3))
    dropped.cancel()
    peer.send(bytes.fromhex("00000012 80000005 00000000 00000001 3132"))
    with pytest.raises(PduError):
        await bad
    with pytest.raises(NoResponseError):
        await unanswered
    assert await peer.receive() == encoded(DELIVER, 1)
    assert await peer.receive() == encoded(DELIVER, 2)
    peer.send(DeliverSmResp(), 2)
    lost = session.request(DELIVER)
    await peer.close()
    with pytest.raises(LinkClosedError):
        await lost
    with pytest.raises(LinkClosedError):
        await session.request(DELIVER)
    session.respond(SUBMIT, SubmitSmResp())
    session.reject(SUBMIT, Status.ESME_RSYSERR)


async def test_enquire_link_goes_both_ways(start: Start, join: Join) -> None:
    server = await start(session={"enquire_link_timer": 0.02, "response_timer": 0.05})
    peer = await join(server)
    await peer.bind()
    assert await peer.receive() == EnquireLink(sequence_number=1)
    peer.send(EnquireLinkResp(), 1)
    assert await peer.receive() == EnquireLink(sequence_number=2)
    assert await peer.at_end()
