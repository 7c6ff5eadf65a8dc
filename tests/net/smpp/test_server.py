"""Binds, requests and responses of a server."""

import pytest

from telecom.net.smpp.server import ServerSession
from telecom.smpp.codec import encode
from telecom.smpp.errors import LocalError
from telecom.smpp.pdus import (
    Bind,
    BindReceiver,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Pdu,
    QuerySm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import SC_INTERFACE_VERSION
from telecom.smpp.versions import InterfaceVersion
from tests.net.smpp_peer import Peer, until
from tests.net.smpp_user import DELIVER, SUBMIT, Join, Start, User


async def test_bind_submit_unbind(start: Start, join: Join, user: User) -> None:
    server = await start()
    peer = await join(server)
    assert await peer.bind() == BindTransceiverResp(
        b"smsc", sequence_number=1, tlvs=(SC_INTERFACE_VERSION(0x50),)
    )
    (session,) = server.sessions
    assert (session.system_id, session.bind_type) == ("demo", BindTransceiver)
    assert (session.receives, session.transmits) == (True, True)
    assert session.interface_version == session.version == InterfaceVersion.V34
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


async def test_what_may_not_be_sent(start: Start, join: Join) -> None:
    server = await start()
    peer = await join(server)
    await peer.bind(BindTransmitter(b"demo", b"demo"))
    (session,) = server.sessions
    with pytest.raises(LocalError):
        await session.request(DELIVER)


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


async def test_every_address_of_a_host(start: Start) -> None:
    server = await start()
    await server.start("localhost", 0)
    assert all(port for _, port in server.addresses)
    for address in server.addresses:
        peer = await Peer.to(address)
        assert isinstance(await peer.bind(), BindTransceiverResp)
        await peer.close()


async def test_a_port_in_use(start: Start) -> None:
    server = await start()
    with pytest.raises(OSError, match="Address already in use"):
        await server.start(*server.addresses[0])
