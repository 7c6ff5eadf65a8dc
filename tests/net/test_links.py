"""Links over TCP and UDP: what is alike, and what each does in its own way."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from telecom.net.capture import Capture
from telecom.net.links import link as links
from telecom.net.links import tcp, transports
from telecom.net.links.link import Address, Link, Url
from telecom.net.links.tap import Tap
from tests.oracles import tshark

BEAT = bytes.fromhex("0100030300000008")
MESSAGES = [(0, BEAT + bytes((number,))) for number in range(3)]


class Owner:
    """Remembers what it is told."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.data: list[bytes] = []
        self.reasons: list[str] = []
        self.writable_again = 0
        self.is_idle = False

    def received(self, data: bytes, stream: int | None) -> None:
        assert stream is None
        self.data.append(data)

    def writable(self) -> None:
        self.writable_again += 1

    def lost(self, reason: str) -> None:
        self.reasons.append(reason)


class Listening:
    """A listener and the owners of what it took."""

    def __init__(self) -> None:
        self.owners: list[Owner] = []
        self.connected: list[Owner] = []
        self.listener: Any = None

    async def start(self, transport: str) -> None:
        self.transport = transport
        self.listener = await transports.listen(Url(transport, "127.0.0.1", 0), self.own)

    def own(self, link: Link) -> Owner:
        self.owners.append(Owner(link))
        return self.owners[-1]

    async def connect(self) -> Owner:
        def own(link: Link) -> Owner:
            self.connected.append(Owner(link))
            return self.connected[-1]

        await transports.connect(Url(self.transport, *self.listener.address), own)
        return self.connected[-1]

    async def stop(self) -> None:
        self.listener.close()
        for owner in [*self.connected, *self.owners]:
            owner.link.close()
        everyone = [*self.connected, *self.owners]
        await until(lambda: all(len(owner.reasons) == 1 for owner in everyone))


@pytest.fixture
async def listening() -> AsyncIterator[Listening]:
    made = Listening()
    yield made
    await made.stop()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("tcp://127.0.0.1:2905", Url("tcp", "127.0.0.1", 2905)),
        ("sctp://[::1]:2905", Url("sctp", "::1", 2905)),
        ("udp://hlr.example:2905", Url("udp", "hlr.example", 2905)),
    ],
)
def test_urls(text: str, url: Url) -> None:
    assert Url.parse(text) == url


@pytest.mark.parametrize("text", ["", "127.0.0.1:2905", "tcp://", "tcp://x", "tcp://x:99999"])
def test_what_is_no_url_is_said_in_one_line(text: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        Url.parse(text)


def test_an_unknown_transport_is_said_in_one_line() -> None:
    with pytest.raises(ValueError, match="quic:// is none of tcp://, udp://, sctp://"):
        transports.check(Url("quic", "x", 1))


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_messages_go_both_ways_in_order(listening: Listening, transport: str) -> None:
    await listening.start(transport)
    near = await listening.connect()
    near.link.send(MESSAGES)
    await until(lambda: bool(listening.owners) and b"".join(listening.owners[0].data)[-1:] == b"\2")
    (far,) = listening.owners
    assert b"".join(far.data) == b"".join(octets for _, octets in MESSAGES)
    assert (far.link.peer, far.link.local) == (near.link.local, near.link.peer)
    far.link.send(MESSAGES)
    await until(lambda: b"".join(near.data) == b"".join(octets for _, octets in MESSAGES))
    pieces = 1 if transport == "tcp" else 3
    assert len(far.data) == len(near.data) == pieces


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_what_was_sent_before_closing_arrives(listening: Listening, transport: str) -> None:
    await listening.start(transport)
    near = await listening.connect()
    near.link.send(MESSAGES)
    near.link.close()
    near.link.close()
    await until(lambda: near.reasons == ["closed"])
    await until(lambda: bool(listening.owners) and b"".join(listening.owners[0].data)[-1:] == b"\2")
    near.link.send(MESSAGES)  # into the void


async def test_each_udp_peer_has_a_link(listening: Listening) -> None:
    await listening.start("udp")
    peers = [await listening.connect() for _ in range(3)]
    for peer in peers:
        peer.link.send(MESSAGES)
    await until(lambda: [len(owner.data) for owner in listening.owners] == [3, 3, 3])
    assert {owner.link.peer for owner in listening.owners} == {p.link.local for p in peers}
    (first,) = [o for o in listening.owners if o.link.peer == peers[0].link.local]
    first.link.close()
    assert first.reasons == ["closed"]
    peers[0].link.send(MESSAGES)
    await until(lambda: len(listening.owners) == 4 and len(listening.owners[3].data) == 3)


async def test_a_closed_udp_listener_takes_no_new_peer(listening: Listening) -> None:
    await listening.start("udp")
    known = await listening.connect()
    known.link.send(MESSAGES)
    await until(lambda: len(listening.owners) == 1)
    listening.listener.close()
    stranger = await listening.connect()
    stranger.link.send(MESSAGES)
    known.link.send(MESSAGES)
    await until(lambda: len(listening.owners[0].data) == 6)
    assert len(listening.owners) == 1


async def test_udp_to_nobody_is_lost_once(listening: Listening) -> None:
    await listening.start("udp")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = Url("udp", *unused.getsockname())
    owners: list[Owner] = []

    def own(link: Link) -> Owner:
        owners.append(Owner(link))
        return owners[0]

    link = await transports.connect(nobody, own)
    for _ in range(5):
        link.send(MESSAGES)
        await asyncio.sleep(0.01)
    await until(lambda: bool(owners[0].reasons))
    assert owners[0].reasons == ["[Errno 111] Connection refused"]


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_an_idle_link_gives_way(
    listening: Listening, monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    monkeypatch.setattr("telecom.net.links.link.MOST_LINKS", 2)
    await listening.start(transport)
    for count in (1, 2):
        (await listening.connect()).link.send(MESSAGES)
        await until(lambda count=count: len(listening.owners) == count)
    in_use, idle = listening.owners
    idle.is_idle = True
    (await listening.connect()).link.send(MESSAGES)
    await until(lambda: len(listening.owners) == 3 and len(listening.owners[2].data) > 0)
    await until(lambda: idle.reasons == ["closed"])
    assert in_use.reasons == []
    if transport == "tcp":
        await until(lambda: len(listening.connected[1].reasons) == 1)


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_links_are_bounded(
    listening: Listening, monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    monkeypatch.setattr("telecom.net.links.link.MOST_LINKS", 2)
    await listening.start(transport)
    for _ in range(3):
        (await listening.connect()).link.send(MESSAGES)
    await until(lambda: len(listening.owners) == 2)
    if transport == "tcp":
        await until(lambda: len(listening.connected[2].reasons) == 1)
        listening.connected[2].reasons[:] = ["aborted by the listener"]
    assert len(listening.owners) == 2


async def test_a_peer_that_does_not_read_makes_the_link_busy(listening: Listening) -> None:
    await listening.start("tcp")
    near = await listening.connect()
    await until(lambda: len(listening.owners) == 1)
    far = listening.owners[0].link
    assert isinstance(far, tcp.TcpLink)
    far._transport.pause_reading()
    block = [(0, bytes(100_000))]
    for _ in range(200):
        near.link.send(block)
        await asyncio.sleep(0)
        if near.link.is_busy:
            break
    assert near.link.is_busy
    far._transport.resume_reading()
    await until(lambda: near.writable_again == 1)
    assert not near.link.is_busy


class StillLink(Link):
    """A link that goes nowhere."""

    preserves_messages = False
    local: Address = ("127.0.0.1", 1)
    peer: Address = ("127.0.0.1", 2)

    def send(self, messages: Sequence[tuple[int, bytes]]) -> None: ...

    def close(self) -> None: ...


def test_a_tap_cuts_a_stream_into_messages(tmp_path: Path) -> None:
    capture = Capture(tmp_path / "capture.pcap")
    tap = Tap(capture, StillLink())
    for octet in BEAT * 2:
        tap.received(bytes((octet,)), None)
    tap.received(BEAT * 3 + b"GET / HTTP/1.1\r\n\r\n", None)
    tap.sent([(3, BEAT)])
    capture.close()
    packets = tshark.read_capture(tmp_path / "capture.pcap")
    assert [packet.fields["m3ua.message_type"] for packet in packets] == [["3"]] * 6
    assert [packet.one("sctp.srcport") for packet in packets] == ["2"] * 5 + ["1"]
    assert packets[5].one("sctp.data_sid") == "0x0003"


def test_plain_addresses() -> None:
    assert links.plain(("::1", 5, 0, 0)) == ("::1", 5)
    assert links.plain(None) == ("", 0)
