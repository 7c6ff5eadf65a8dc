"""Links over the kernel's SCTP: the ancillary data by itself, the rest where the kernel has it."""

import asyncio
import errno
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from telecom.net.links import sctp, transports
from telecom.net.links.link import Link, Url
from tests.oracles.kernel import with_sctp

URL = Url("sctp", "127.0.0.1", 0)
HEARTBEAT = bytes.fromhex("0100030300000008")


class Owner:
    def __init__(self, link: Link) -> None:
        self.link = link
        self.messages: list[tuple[bytes, int | None]] = []
        self.reasons: list[str] = []
        self.writable_again = 0
        self.is_idle = False

    def received(self, data: bytes, stream: int | None) -> None:
        self.messages.append((data, stream))

    def writable(self) -> None:
        self.writable_again += 1

    def lost(self, reason: str) -> None:
        self.reasons.append(reason)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


@pytest.mark.skipif(sys.byteorder == "big", reason="the literals are little-endian")
def test_ancillary_data_as_the_kernel_has_it() -> None:
    # struct sctp_sndinfo: sid, flags, ppid in network order, context, association
    info = bytes.fromhex("0500 0000 00000003 00000000 00000000")
    assert sctp.send_info(5) == [(132, 2, info)]
    # struct sctp_rcvinfo: sid, ssn, flags, padding, ppid, tsn, cumtsn, context, association
    info = bytes.fromhex("0700 0100 0000 0000 00000003 01000000 00000000 00000000 01000000")
    assert sctp.stream_of([(1, 1, b"other"), (132, 3, info)]) == 7
    assert sctp.stream_of([(132, 3, info[:10])]) == 0
    assert sctp.stream_of([]) == 0
    # the head of struct sctp_status: association, state, window, unacked, pending, in, out
    status = struct.pack("=iiIHHHH", 1, 4, 100_000, 0, 0, 65535, 17) + bytes(160)
    assert sctp.outbound_streams(status) == 17
    assert sctp.outbound_streams(bytes(200)) == 1


def test_a_kernel_without_sctp_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> socket.socket:
        raise OSError(errno.EPROTONOSUPPORT, "Protocol not supported")

    monkeypatch.setattr(socket, "socket", refuse)
    with pytest.raises(OSError, match=r"this kernel has no SCTP: .*use tcp:// or udp://$"):
        transports.check(URL)


class StandIn:
    """A socket that keeps message bounds, as SCTP's would; its streams are in the first octet."""

    def __init__(self, real: socket.socket) -> None:
        self.real = real
        self.streams: list[int] = []
        self.part = 65_536

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def getsockname(self) -> tuple[str, int]:
        return "127.0.0.1", 1

    getpeername = getsockname

    def getsockopt(self, *_: int) -> bytes:
        return struct.pack("=iiIHHHH", 1, 4, 100_000, 0, 0, 17, 17)

    def sendmsg(self, buffers: list[bytes], ancillary: Any) -> int:
        sent = self.real.sendmsg(buffers)
        self.streams.append(struct.unpack_from("=H", ancillary[0][2])[0])
        return sent

    def recvmsg(self, size: int, ancillary_size: int) -> Any:
        data, _, _, _ = self.real.recvmsg(size)
        if data[:1] == b"n":
            return data, [], 0x8000, None
        flags = 0 if data[:1] == b"p" else socket.MSG_EOR
        info = struct.pack("=HHHxxIIIIi", 9, 0, 0, 0, 0, 0, 0, 0)
        return data, [(132, 3, info)], flags, None


class Pair:
    """A link on a stand-in, and the bare socket at its other end."""

    def __init__(self) -> None:
        near, self.far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        near.setblocking(False)
        self.far.setblocking(False)
        self.socket: Any = StandIn(near)
        owners: list[Owner] = []

        def own(link: Link) -> Owner:
            owners.append(Owner(link))
            return owners[0]

        self.link = sctp.SctpLink(self.socket, own)
        self.owner = owners[0]


async def test_messages_keep_their_bounds_and_streams() -> None:
    pair = Pair()
    with closing(pair.far):
        assert pair.link.streams == 17
        pair.link.send([(1, b"one"), (5, b"two")])
        assert [pair.far.recv(100), pair.far.recv(100)] == [b"one", b"two"]
        assert pair.socket.streams == [1, 5]
        for message in (b"three", b"notification", b"part ", b"part ", b"end", b"four"):
            pair.far.send(message)
        await until(lambda: len(pair.owner.messages) == 3)
        assert pair.owner.messages == [(b"three", 9), (b"part part end", 9), (b"four", 9)]
    await until(lambda: pair.owner.reasons == ["closed by the peer"])
    pair.link.send([(0, b"into the void")])
    pair.link.close()
    assert pair.owner.reasons == ["closed by the peer"]


async def test_a_message_that_does_not_end_is_given_up() -> None:
    pair = Pair()
    with closing(pair.far):
        for _ in range(sctp.MOST_PARTS + 1):
            pair.far.send(b"part")
        await until(lambda: pair.owner.reasons == ["a message that does not end"])


async def test_a_peer_that_does_not_read_makes_the_link_busy() -> None:
    pair = Pair()
    with closing(pair.far):
        pair.link.send([(1, b"x")] * (sctp.MOST_QUEUED + 5000))
        assert pair.link.is_busy
        received = 0
        while received < sctp.MOST_QUEUED + 5000:
            try:
                received += len(pair.far.recv(10))
            except BlockingIOError:
                await asyncio.sleep(0)
        assert pair.owner.writable_again == 1
        assert not pair.link.is_busy
        pair.link.send([(1, b"y")] * 1000)
        pair.link.close()
        received = 0
        async with asyncio.timeout(5):
            while not pair.owner.reasons or received < 1000:
                try:
                    received += len(pair.far.recv(10))
                except BlockingIOError:
                    await asyncio.sleep(0)
    assert pair.owner.reasons == ["closed"]


async def test_an_error_of_the_kernel_ends_the_link() -> None:
    pair = Pair()
    pair.far.close()
    pair.link.send([(1, b"x")])
    await until(lambda: bool(pair.owner.reasons))
    assert len(pair.owner.reasons) == 1


@with_sctp
async def test_real_associations_on_loopback() -> None:
    owners: list[Owner] = []

    def own(link: Link) -> Owner:
        owners.append(Owner(link))
        return owners[-1]

    listener = await transports.listen(URL, own)
    near = await transports.connect(Url("sctp", *listener.address), own)
    await until(lambda: len(owners) == 2)
    (far,) = [owner for owner in owners if owner.link is not near]
    (ours,) = [owner for owner in owners if owner.link is near]
    assert near.streams == far.link.streams == sctp.OUTBOUND_STREAMS
    near.send([(stream, HEARTBEAT) for stream in range(17)])
    await until(lambda: len(far.messages) == 17)
    assert sorted(far.messages, key=lambda m: m[1] or 0) == [(HEARTBEAT, s) for s in range(17)]
    far.link.send([(3, bytes(5000))])
    await until(lambda: ours.messages == [(bytes(5000), 3)])
    near.close()
    await until(lambda: bool(far.reasons))
    listener.close()


@with_sctp
async def test_nobody_there_and_a_port_in_use() -> None:
    listener = await transports.listen(URL, Owner)
    with pytest.raises(OSError, match="in use"):
        await transports.listen(Url("sctp", *listener.address), Owner)
    listener.close()
    with pytest.raises(ConnectionRefusedError):
        await transports.connect(Url("sctp", *listener.address), Owner)
