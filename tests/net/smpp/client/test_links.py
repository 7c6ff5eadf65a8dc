"""Links that are lost, several addresses, versions, congestion."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import repeat
from typing import Any

import pytest

import telecom
from telecom.net.back_off import BackOff
from telecom.smpp import tlvs
from telecom.smpp.codec import encode
from telecom.smpp.errors import LinkClosedError, LocalError, RefusedError
from telecom.smpp.limits import SessionLimits
from telecom.smpp.pdus import (
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    DeliverSm,
    SubmitSm,
    SubmitSmResp,
)
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.versions import InterfaceVersion
from tests.net.smpp_peer import Peer, until
from tests.net.smsc import Smsc, running_smsc

QUICK = BackOff(first=0.01, longest=0.02)
V33, V34, V50 = InterfaceVersion


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    async with running_smsc() as smsc:
        yield smsc


def nobody() -> tuple[str, int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host, port = free.getsockname()
        return host, port


async def test_what_was_not_sent_goes_over_the_next_link(smsc: Smsc) -> None:
    smsc.answers[SubmitSm] = lambda _: None
    async with smsc.client(window=2, back_off=QUICK) as esme:
        loop = asyncio.get_running_loop()
        texts = [f"message {number}" for number in range(5)]
        tasks = [loop.create_task(esme.submit("447700900123", text)) for text in texts]
        await until(lambda: len(smsc.requests) == 2)
        smsc.answers[SubmitSm] = smsc.number
        smsc.session.abort()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes[:2]] == [LinkClosedError] * 2
        assert "whether what was sent has been done is unknown" in str(outcomes[0])
        assert [getattr(outcome, "message_id", None) for outcome in outcomes[2:]] == [
            "id3",
            "id4",
            "id5",
        ]
    received = [request.short_message.decode() for request in smsc.requests]
    assert sorted(received) == texts


async def test_a_part_that_waits_when_the_client_is_closed(smsc: Smsc) -> None:
    smsc.answers[SubmitSm] = lambda _: None
    async with smsc.client(window=1) as esme:
        loop = asyncio.get_running_loop()
        long = loop.create_task(esme.submit("447700900123", "x" * 400))
        await until(lambda: len(smsc.requests) == 1)
        smsc.session.abort()
    with pytest.raises(LinkClosedError, match="nothing was sent"):
        await long  # its second part was not
    with pytest.raises(LinkClosedError):
        await esme.bound()


async def test_a_submit_that_is_cancelled_makes_room_once_it_is_answered(smsc: Smsc) -> None:
    held: list[SubmitSm] = []
    smsc.answers[SubmitSm] = held.append
    async with smsc.client(window=1) as esme:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(esme.submit("1", "one"), 0.02)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(esme.submit("1", "two"), 0.02)
        assert len(held) == 1  # the window is the SMSC's: its answer is still to come
        smsc.answers[SubmitSm] = smsc.number
        smsc.session.respond(held[0], SubmitSmResp(b"late"))
        assert (await esme.submit("1", "three")).message_id == "id2"


async def test_the_next_address_when_the_first_has_nobody(smsc: Smsc) -> None:
    async with telecom.connect(
        *nobody(), others=[nobody(), smsc.address], system_id="demo", password="demo"
    ) as esme:
        assert (await esme.submit("1", "one")).message_id == "id1"
    with pytest.raises(ConnectionError):
        async with telecom.connect(*nobody(), others=[nobody()], system_id="demo"):
            pass


async def test_another_address_takes_over(smsc: Smsc) -> None:
    async with running_smsc() as first:
        options: dict[str, Any] = {"system_id": "demo", "password": "demo", "back_off": QUICK}
        async with telecom.connect(*first.address, others=[smsc.address], **options) as esme:
            await esme.submit("1", "one")
            await first.server.close(1)
            await esme.submit("1", "two")
        assert (len(first.requests), len(smsc.requests)) == (1, 1)


class Counted:
    """A back-off that counts how often it begins anew."""

    longest = 1000.0

    def __init__(self) -> None:
        self.begun = 0

    def delays(self) -> Iterator[float]:
        self.begun += 1
        return repeat(0.001)


async def test_an_smsc_that_binds_and_hangs_up_is_called_ever_less_often(smsc: Smsc) -> None:
    back_off: Any = Counted()
    async with smsc.client(back_off=back_off):
        for binds in range(1, 5):
            await until(lambda binds=binds: len(smsc.binds) == binds and smsc.server.sessions)  # type: ignore[misc]
            smsc.session.abort()
            await until(lambda: not smsc.server.sessions)
        await until(lambda: len(smsc.binds) == 5)
    assert back_off.begun == 1
    back_off.longest = 0.0
    async with smsc.client(back_off=back_off):
        smsc.session.abort()
        await until(lambda: len(smsc.binds) == 7)
    assert back_off.begun == 3


async def test_without_waiting_for_the_first_bind() -> None:
    address = nobody()
    options: dict[str, Any] = {"system_id": "demo", "password": "demo", "back_off": QUICK}
    async with telecom.connect(*address, wait=False, **options) as esme:
        assert not esme.is_bound
        assert esme.version is None
        assert esme.congestion is None
        sent = asyncio.get_running_loop().create_task(esme.submit("1", "one"))
        await asyncio.sleep(0.02)
        smsc = Smsc()
        await smsc.server.start(*address)
        await esme.bound()
        assert (await sent).message_id == "id1"
    await smsc.server.close(1)


async def test_a_client_that_never_bound_can_be_closed() -> None:
    async with telecom.connect(*nobody(), system_id="demo", wait=False) as esme:
        pass
    with pytest.raises(LinkClosedError):
        await esme.submit("1", "one")


async def silent(peer: Peer) -> None:
    await peer.receive()
    assert await peer.at_end()


async def test_an_smsc_that_says_nothing() -> None:
    limits = SessionLimits(response_timer=0.02)
    async with raw_smsc(silent) as address:
        with pytest.raises(LinkClosedError, match="no response to"):
            async with telecom.connect(*address, system_id="demo", limits=limits):
                pass


async def test_an_smsc_that_does_not_answer_the_unbind() -> None:
    async def serve(peer: Peer) -> None:
        await quiet()(peer)
        assert await peer.at_end()

    async with raw_smsc(serve) as address:
        limits = SessionLimits(response_timer=0.02)
        async with telecom.connect(*address, system_id="demo", limits=limits) as esme:
            assert esme.is_bound
        assert not esme.is_bound


# Versions


@pytest.mark.parametrize(
    ("ours", "theirs", "spoken"),
    [(V34, V50, V34), (V50, V50, V50), (V50, V34, V34), (V34, V33, V33)],
)
async def test_both_speak_what_both_know(
    ours: InterfaceVersion, theirs: InterfaceVersion, spoken: InterfaceVersion
) -> None:
    async with running_smsc(version=theirs) as smsc, smsc.client(version=ours) as esme:
        assert esme.version is spoken
        assert smsc.binds[0].interface_version == ours


async def test_an_smsc_of_3_3_gets_no_parameters() -> None:
    options: dict[str, Any] = {"version": V33, "bind": BindTransmitter}
    async with running_smsc() as smsc, smsc.client(**options) as esme:
        await esme.submit("1", "hello", tlvs=(tlvs.SOURCE_PORT(5),))
        with pytest.raises(LocalError, match="by 'udh', or assume SMPP 3.4"):
            await esme.submit("1", "x" * 200, long="sar")
        with pytest.raises(LocalError, match=r"3\.3"):
            await esme.submit("1", "x" * 300, long="payload")
    assert [request.tlvs for request in smsc.requests] == [()]


def test_3_3_has_no_transceiver() -> None:
    with pytest.raises(LocalError, match="no transceiver"):
        telecom.connect("", system_id="demo", version=V33)


@pytest.mark.parametrize(("options", "spoken"), [({}, V33), ({"assumed_version": V34}, V34)])
async def test_an_smsc_that_does_not_tell_its_version(
    options: dict[str, Any], spoken: InterfaceVersion
) -> None:
    async with raw_smsc(quiet()) as address:
        esme = telecom.connect(*address, system_id="demo", **options)
        async with esme:
            assert esme.version is spoken


@asynccontextmanager
async def raw_smsc(serve: Callable[[Peer], Awaitable[object]]) -> AsyncIterator[tuple[str, int]]:
    """Run an SMSC for one connection, which ends where `serve` does."""
    done = asyncio.Event()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        await serve(peer)
        await peer.close()
        done.set()

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield host, port
        await done.wait()


def quiet(*then: DeliverSm) -> Callable[[Peer], Awaitable[None]]:
    """Answer a bind without a version, send something at once, and hang up at an unbind."""

    async def serve(peer: Peer) -> None:
        bind = await peer.receive()
        assert isinstance(bind, BindTransceiver)
        pdus = [BindTransceiverResp(b"smsc", sequence_number=bind.sequence_number), *then]
        peer.send(b"".join(encode(pdu) for pdu in pdus))
        await peer.receive()

    return serve


async def test_what_comes_right_behind_the_bind_response_is_not_lost() -> None:
    behind = [DeliverSm(short_message=b"one"), DeliverSm(short_message=b"two", sequence_number=2)]
    async with raw_smsc(quiet(*behind)) as address:
        esme = telecom.connect(*address, system_id="demo")
        async with esme:
            assert [(await esme.delivery(5)).text for _ in behind] == ["one", "two"]


# Congestion


async def test_a_congested_smsc_gets_one_at_a_time(smsc: Smsc) -> None:
    async with smsc.client(version=V50, window=4) as esme:
        await esme.submit("1", "one")
        assert esme.congestion is None
        smsc.answers[SubmitSm] = lambda _: SubmitSmResp(b"", tlvs=(tlvs.CONGESTION_STATE(100),))
        await esme.submit("1", "two")
        assert esme.congestion == 100
        smsc.answers[SubmitSm] = lambda _: None
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(esme.submit("1", "x")) for _ in range(3)]
        await until(lambda: len(smsc.requests) == 3)
        await asyncio.sleep(0.02)
        assert len(smsc.requests) == 3
        smsc.answers[SubmitSm] = smsc.number
        relieved = SubmitSmResp(b"", tlvs=(tlvs.CONGESTION_STATE(0),))
        smsc.session.respond(smsc.requests[2], relieved)
        await asyncio.gather(*tasks)
        assert esme.congestion == 0


async def test_what_the_rate_holds_back_goes_out_later(smsc: Smsc) -> None:
    async with smsc.client(rate=200.0) as esme:
        sent = await asyncio.gather(*(esme.submit("1", "x") for _ in range(14)))
    assert len({each.message_id for each in sent}) == 14


# What is wrong from the start


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"system_id": "Банк"}, "system_id is of Latin letters"),
        ({"system_id": "a" * 16}, "system_id"),
        ({"system_id": "a", "password": "much-too-long"}, "password"),
        ({"system_id": "a", "long": "pigeon"}, "'udh', 'sar' or 'payload'"),
        ({"system_id": "a", "rate": 0}, "a rate of 0"),
    ],
)
def test_what_cannot_be_bound_with(options: dict[str, Any], said: str) -> None:
    with pytest.raises(LocalError, match=said) as error:
        telecom.connect("127.0.0.1", **options)
    assert "much-too-long" not in str(error.value)


async def test_numbers_and_texts_that_smpp_cannot_carry(smsc: Smsc) -> None:
    async with smsc.client() as esme:
        for destination, message in (("☃", "hello"), ("447700900123", "\ud800")):
            with pytest.raises(LocalError):
                await esme.submit(destination, message)
        with pytest.raises(LocalError, match="destination_addr"):
            await esme.submit("1" * 30, "hello")
        smsc.answers[SubmitSm] = lambda _: Status.ESME_RTHROTTLED
        with pytest.raises(RefusedError, match="submit_sm was refused: ESME_RTHROTTLED"):
            await esme.submit("1", "hello")
    assert len(smsc.requests) == 1
