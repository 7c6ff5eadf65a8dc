import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import smpplib.client
import smpplib.consts
import smpplib.exceptions

from telecom.net.smpp_link import LinkLimits
from telecom.net.smpp_server import ServerLimits, ServerSession, SessionTerms, SmppServer
from telecom.net.tasks import spawn
from telecom.smpp.codec import encode
from telecom.smpp.errors import LinkClosedError, LocalError, NoResponseError, PduError
from telecom.smpp.pdus import (
    Bind,
    BindReceiver,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Pdu,
    QuerySm,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from telecom.smpp.session import SessionLimits
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import SC_INTERFACE_VERSION
from tests.net.smpp_peer import Peer, until

SUBMIT = SubmitSm(destination_addr=b"447700900123", short_message=b"hello")
DELIVER = DeliverSm(source_addr=b"447700900123", short_message=b"hello")


class Recorder:
    """A capture that remembers which way what went."""

    def __init__(self) -> None:
        self.packets: list[tuple[int, bytes]] = []

    def tcp(self, *, source: tuple[str, int], destination: tuple[str, int], data: bytes) -> None:
        self.packets.append((destination[1], data))


class User:
    """The user of a server: accepts demo/demo, and answers every request with a message id."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.reads: list[list[Pdu]] = []
        self.hold = False
        self.capture = Recorder()

    async def authenticate(self, bind: Bind, session: ServerSession) -> int | SessionTerms:
        if bind.system_id == b"broken":
            raise RuntimeError("the account database is down")
        if bind.system_id == b"terms":
            return SessionTerms(window=1, unanswered=2)
        return Status.ESME_ROK if bind.password == b"demo" else Status.ESME_RINVPASWD

    def bound(self, session: ServerSession) -> None:
        self.log.append(f"bound {session.system_id}")

    def unbound(self, session: ServerSession) -> None:
        self.log.append(f"unbound {session.system_id}")

    def requests(self, session: ServerSession, requests: list[Pdu]) -> None:
        self.reads.append(requests)
        if not self.hold:
            self.answer(session, requests)

    def answer(self, session: ServerSession, requests: list[Pdu]) -> None:
        for request in requests:
            if isinstance(request, SubmitSm):
                session.respond(request, SubmitSmResp(b"%d" % request.sequence_number))
            else:
                session.reject(request, Status.ESME_RINVCMDID)


Start = Callable[..., Any]
Join = Callable[[SmppServer], Awaitable[Peer]]


@pytest.fixture
def user() -> User:
    return User()


@pytest.fixture
async def start(user: User) -> AsyncIterator[Start]:
    servers = []

    async def start(**limits: Any) -> SmppServer:
        session = limits.pop("session", {})
        link = {name: limits.pop(name) for name in LinkLimits.__struct_fields__ if name in limits}
        server = SmppServer(
            authenticate=user.authenticate,
            on_requests=user.requests,
            on_bound=user.bound,
            on_unbound=user.unbound,
            system_id="smsc",
            limits=ServerLimits(
                link=LinkLimits(session=SessionLimits(**session), **link), **limits
            ),
            capture=user.capture,
        )
        servers.append(server)
        await server.start("127.0.0.1", 0)
        return server

    yield start
    for server in servers:
        await server.close(0)


@pytest.fixture
async def join() -> AsyncIterator[Callable[[SmppServer], Awaitable[Peer]]]:
    peers = []

    async def join(server: SmppServer) -> Peer:
        peers.append(await Peer.to(server.addresses[0]))
        return peers[-1]

    yield join
    for peer in peers:
        await peer.close()


async def test_bind_submit_unbind(start: Start, join: Join, user: User) -> None:
    server = await start()
    peer = await join(server)
    assert await peer.bind() == BindTransceiverResp(
        b"smsc", sequence_number=1, tlvs=(SC_INTERFACE_VERSION(0x34),)
    )
    (session,) = server.sessions
    assert (session.system_id, session.bind_type) == ("demo", BindTransceiver)
    assert (session.receives, session.transmits, session.interface_version) == (True, True, 0x34)
    assert await peer.ask(SUBMIT, 2) == SubmitSmResp(b"2", sequence_number=2)
    assert await peer.ask(QuerySm(), 3) is not None
    assert await peer.ask(Unbind(), 4) == UnbindResp(sequence_number=4)
    assert await peer.at_end()
    await until(lambda: not server.sessions)
    assert user.log == ["bound demo", "unbound demo"]


async def test_an_old_esme_gets_no_parameters(start: Start, join: Join) -> None:
    server = await start()
    peer = await join(server)
    response = await peer.bind(BindTransmitter(b"demo", b"demo", interface_version=0x33))
    assert getattr(response, "tlvs", None) == ()
    (session,) = server.sessions
    assert (session.receives, session.transmits) == (False, True)


@pytest.mark.parametrize(
    ("bind", "status"),
    [
        (BindTransceiver(b"demo", b"wrong"), Status.ESME_RINVPASWD),
        (BindReceiver(b"broken", b"demo"), Status.ESME_RSYSERR),
    ],
)
async def test_a_refused_bind(
    start: Start, join: Join, user: User, bind: Bind, status: Status
) -> None:
    server = await start()
    peer = await join(server)
    response = await peer.bind(bind)
    assert getattr(response, "command_status", None) == status
    assert await peer.bind() is not None
    assert user.log == ["bound demo"]


async def test_submit_before_bind(start: Start, join: Join, user: User) -> None:
    server = await start()
    peer = await join(server)
    refused = SubmitSmResp(command_status=Status.ESME_RINVBNDSTS, sequence_number=1)
    assert await peer.ask(SUBMIT, 1) == refused
    assert user.reads == []


@pytest.mark.parametrize("octets", [b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\1\2", b"\xff" * 70])
async def test_octets_that_are_no_smpp(start: Start, join: Join, user: User, octets: bytes) -> None:
    server = await start()
    peer = await join(server)
    await peer.bind()
    peer.send(octets)
    assert await peer.receive() == GenericNack(command_status=Status.ESME_RINVCMDLEN)
    assert await peer.at_end()
    await until(lambda: user.log == ["bound demo", "unbound demo"])


async def test_responses_later_and_in_any_order(start: Start, join: Join, user: User) -> None:
    user.hold = True
    server = await start()
    peer = await join(server)
    await peer.bind()
    peer.send(encode(SUBMIT, 2) + encode(SUBMIT, 3))
    await until(lambda: sum(map(len, user.reads)) == 2)
    (session,) = server.sessions
    requests = [request for read in user.reads for request in read]
    packets = len(user.capture.packets)
    user.answer(session, requests[::-1])
    assert await peer.receive() == SubmitSmResp(b"3", sequence_number=3)
    assert await peer.receive() == SubmitSmResp(b"2", sequence_number=2)
    assert len(user.capture.packets) == packets + 1


async def test_500_pdus_are_answered_in_as_many_writes_as_reads(
    start: Start, join: Join, user: User
) -> None:
    server = await start()
    peer = await join(server)
    await peer.bind()
    user.capture.packets.clear()
    peer.send(b"".join(encode(SUBMIT, number) for number in range(2, 502)))
    for number in range(2, 502):
        assert await peer.receive() == SubmitSmResp(b"%d" % number, sequence_number=number)
    (port,) = {port for _, port in server.addresses}
    reads = [data for destination, data in user.capture.packets if destination == port]
    assert len(user.capture.packets) == 2 * len(reads)


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


def encoded(pdu: DeliverSm, sequence_number: int) -> Pdu:
    return DeliverSm(
        source_addr=pdu.source_addr,
        short_message=pdu.short_message,
        sequence_number=sequence_number,
    )


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


async def test_what_may_not_be_sent(start: Start, join: Join) -> None:
    server = await start()
    peer = await join(server)
    await peer.bind(BindTransmitter(b"demo", b"demo"))
    (session,) = server.sessions
    with pytest.raises(LocalError):
        await session.request(DELIVER)


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


async def test_enquire_link_goes_both_ways(start: Start, join: Join) -> None:
    server = await start(session={"enquire_link_timer": 0.02, "response_timer": 0.05})
    peer = await join(server)
    await peer.bind()
    assert await peer.receive() == EnquireLink(sequence_number=1)
    peer.send(EnquireLinkResp(), 1)
    assert await peer.receive() == EnquireLink(sequence_number=2)
    assert await peer.at_end()


async def test_a_user_that_fails_costs_only_the_session(
    start: Start, join: Join, user: User
) -> None:
    def fail(session: ServerSession, requests: list[Pdu]) -> None:
        raise RuntimeError("a bug")

    user.answer = fail  # type: ignore[method-assign]
    server = await start()
    first, second = await join(server), await join(server)
    await first.bind()
    await second.bind()
    first.send(SUBMIT, 2)
    assert await first.at_end()
    assert await second.ask(EnquireLink(), 2) == EnquireLinkResp(sequence_number=2)


async def test_close_answers_first_and_takes_no_more(start: Start, join: Join, user: User) -> None:
    user.hold = True
    server = await start()
    peer, waiting = await join(server), await join(server)
    await peer.bind()
    peer.send(SUBMIT, 2)
    await until(lambda: bool(user.reads))
    (session,) = server.sessions
    closing = spawn(server.close(5), name="close")
    assert await waiting.at_end()
    assert await peer.ask(SUBMIT, 3) == SubmitSmResp(
        command_status=Status.ESME_RSYSERR, sequence_number=3
    )
    user.answer(session, user.reads[0])
    assert await peer.receive() == SubmitSmResp(b"2", sequence_number=2)
    assert await peer.receive() == Unbind(sequence_number=1)
    peer.send(UnbindResp(), 1)
    assert await peer.at_end()
    await closing
    assert user.log == ["bound demo", "unbound demo"]


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


async def test_a_port_in_use(start: Start) -> None:
    server = await start()
    with pytest.raises(OSError, match="address already in use"):
        await server.start(*server.addresses[0])


def a_foreign_client(address: tuple[str, int], received: list[bytes]) -> list[bytes]:
    """Bind with smpplib, submit twice and wait for a deliver_sm."""
    client = smpplib.client.Client(*address, allow_unknown_opt_params=True, timeout=5)
    ids: list[bytes] = []

    def message_received(pdu: Any) -> int:
        received.append(pdu.short_message)
        return int(smpplib.consts.SMPP_ESME_ROK)

    client.set_message_sent_handler(lambda pdu: ids.append(pdu.message_id))
    client.set_message_received_handler(message_received)
    client.connect()
    client.bind_transceiver(system_id="demo", password="demo")
    for text in (b"one", b"two"):
        client.send_message(source_addr="1", destination_addr="447700900123", short_message=text)
    while len(ids) < 2 or not received:
        client.read_once()
    client.unbind()
    client.disconnect()
    return ids


async def test_smpplib(start: Start, user: User) -> None:
    server = await start()
    received: list[bytes] = []
    client = asyncio.to_thread(a_foreign_client, server.addresses[0], received)
    running = spawn(client, name="smpplib")
    await until(lambda: sum(map(len, user.reads)) == 2)
    (session,) = server.sessions
    assert (await session.request(DELIVER)).command_status == Status.ESME_ROK
    assert len(await running) == 2
    assert received == [b"hello"]
    submits = [request for read in user.reads for request in read]
    assert [getattr(submit, "short_message", b"") for submit in submits] == [b"one", b"two"]


def a_foreign_client_with_a_wrong_password(address: tuple[str, int]) -> None:
    client = smpplib.client.Client(*address, allow_unknown_opt_params=True, timeout=5)
    client.connect()
    try:
        client.bind_transmitter(system_id="demo", password="wrong")
    finally:
        client.disconnect()


async def test_smpplib_with_a_wrong_password(start: Start) -> None:
    server = await start()
    with pytest.raises(smpplib.exceptions.PDUError, match="Invalid Password"):
        await asyncio.to_thread(a_foreign_client_with_a_wrong_password, server.addresses[0])
