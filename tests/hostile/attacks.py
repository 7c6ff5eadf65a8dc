"""What hostile peers do: each attack is one connection's, and yields where it lets others go on."""

import contextlib
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from random import Random
from typing import Final

from telecom.smpp.codec import encode
from telecom.smpp.pdus import (
    BindReceiver,
    BindTransceiver,
    DeliverSmResp,
    EnquireLink,
    QuerySm,
    SubmitSm,
    Unbind,
)

_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER of no time: closing sends a RST, and no port stays in TIME_WAIT."""
BIND: Final = encode(BindTransceiver(b"flood", b"secret"), 1)
SUBMIT: Final = SubmitSm(destination_addr=b"447700900123", short_message=b"hello")
SUBMITS: Final = b"".join(encode(SUBMIT, number) for number in range(2, 102))
ENQUIRIES: Final = b"".join(encode(EnquireLink(), number) for number in range(1, 1001))


class Connection:
    """A socket that never waits, and does not care what becomes of what it sends."""

    def __init__(
        self, port: int, *, takes: int | None = None, context: ssl.SSLContext | None = None
    ) -> None:
        """Connect, by TLS with a context; `takes` is how many octets the kernel keeps for us."""
        self._socket = socket.socket()
        if takes is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, takes)
        self._socket.settimeout(30)
        self._socket.connect(("127.0.0.1", port))
        if context is not None:
            self._socket = context.wrap_socket(self._socket, server_hostname="localhost")
        self._socket.setblocking(False)

    def send(self, octets: bytes) -> int:
        """Return how many octets went out; none when the peer takes no more, or is gone."""
        with contextlib.suppress(OSError):
            return self._socket.send(octets)
        return 0

    def read(self) -> bytes:
        """Return what has come; nothing at the end, too."""
        with contextlib.suppress(OSError):
            return self._socket.recv(1 << 16)
        return b""

    def end(self) -> None:
        """Send no more, and go on to listen."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        with contextlib.suppress(OSError):  # it may have closed already
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.close()

    def close(self) -> None:
        self._socket.close()


Attack = Callable[[Connection, Random], Iterator[None]]
Table = dict[Attack, int]
"""How many connections of a wave do what."""


def leaves(peer: Connection, _: Random) -> Iterator[None]:
    peer.reset()
    yield


def hangs_up(peer: Connection, _: Random) -> Iterator[None]:
    peer.close()
    yield


def says_nothing(peer: Connection, _: Random) -> Iterator[None]:
    yield


def is_half_open(peer: Connection, _: Random) -> Iterator[None]:
    peer.end()
    yield


def sends_octet_by_octet(peer: Connection, random: Random) -> Iterator[None]:
    for octet in BIND[: random.randrange(2, len(BIND))]:
        peer.send(bytes((octet,)))
        yield


def promises_much(peer: Connection, random: Random) -> Iterator[None]:
    """Tell a length, over the limit or the most there may be, and keep it nearly."""
    length = random.choice((0xFFFFFFFF, 0x7FFFFFFF, 0x20001, 0x20000, 0x20000))
    peer.send(struct.pack(">IIII", length, random.choice((4, 9, 0x80000004)), 0, 1))
    yield
    for _time in range(4):
        peer.send(bytes(random.randrange(0x7FFF)))
        yield


def has_no_length(peer: Connection, random: Random) -> Iterator[None]:
    peer.send(struct.pack(">IIII", random.randrange(16), 4, 0, 1))
    yield


def speaks_another_protocol(peer: Connection, random: Random) -> Iterator[None]:
    greetings = (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"EHLO x\r\n", b"\x16\x03\x01\x02\x00\x01")
    peer.send(random.choice((*greetings, random.randbytes(200))))
    yield


def damages(peer: Connection, random: Random) -> Iterator[None]:
    """Send what would be right but for some octets."""
    octets = bytearray(BIND * random.randrange(2) + SUBMITS[:1000])
    for _time in range(random.randrange(1, 20)):
        octets[random.randrange(len(octets))] = random.randrange(256)
    for start in range(0, len(octets), 333):
        peer.send(bytes(octets[start : start + 333]))
        yield


def guesses_passwords(peer: Connection, random: Random) -> Iterator[None]:
    for number in range(1, 6):
        peer.send(encode(BindTransceiver(b"honest", random.randbytes(4).hex().encode()), number))
        yield


def binds_at_once_many_times(peer: Connection, _: Random) -> Iterator[None]:
    peer.send(BIND * 50)
    yield


def binds_and_leaves(peer: Connection, _: Random) -> Iterator[None]:
    peer.send(BIND)
    yield
    yield
    peer.reset()


def unbinds_and_goes_on(peer: Connection, _: Random) -> Iterator[None]:
    peer.send(BIND + encode(Unbind(), 2) + SUBMITS)
    yield


def submits_before_it_binds(peer: Connection, _: Random) -> Iterator[None]:
    peer.send(SUBMITS + BIND)
    yield


def pipelines_behind_its_bind(peer: Connection, _: Random) -> Iterator[None]:
    peer.send(BIND + SUBMITS * 5)
    yield


def never_reads(peer: Connection, _: Random) -> Iterator[None]:
    peer.send(BIND)
    for _time in range(3):
        peer.send(SUBMITS + ENQUIRIES)
        yield


def never_reads_nor_binds(peer: Connection, _: Random) -> Iterator[None]:
    for _time in range(3):
        peer.send(ENQUIRIES)
        yield


def never_answers(peer: Connection, _: Random) -> Iterator[None]:
    peer.send(encode(BindReceiver(b"receiver", b"secret"), 1))
    yield
    yield


def answers_what_was_not_asked(peer: Connection, random: Random) -> Iterator[None]:
    peer.send(encode(BindReceiver(b"receiver", b"secret"), 1))
    yield
    for _time in range(50):
        peer.send(encode(DeliverSmResp(), random.randrange(1, 1 << 31)))
    yield


def submits_and_reads(peer: Connection, _: Random) -> Iterator[None]:
    """Do nothing wrong, but much of it."""
    peer.send(BIND)
    for _time in range(5):
        peer.send(SUBMITS)
        yield
        peer.read()


def asks_what_is_not_there(peer: Connection, random: Random) -> Iterator[None]:
    peer.send(BIND + encode(QuerySm(), 2))
    yield
    for number in range(3, 50):
        command_id = random.choice((6, 0x111, 0x80000000, 0x10021, 0xFFFFFFFF))
        peer.send(struct.pack(">IIII", 16, command_id, 0, number))
    yield


def speaks_no_tls(peer: Connection, random: Random) -> Iterator[None]:
    peer.send(random.choice((BIND, b"GET / HTTP/1.1\r\n\r\n", random.randbytes(300))))
    yield


def damages_its_hello(peer: Connection, random: Random) -> Iterator[None]:
    hello = bytearray(HELLO)
    for _time in range(random.randrange(4)):
        hello[random.randrange(len(hello))] = random.randrange(256)
    for start in range(0, len(hello), 100):
        peer.send(bytes(hello[start : start + 100]))
        yield
    peer.send(random.randbytes(100))
    yield


def stops_after_its_hello(peer: Connection, random: Random) -> Iterator[None]:
    peer.send(HELLO[: random.choice((5, 50, len(HELLO)))])
    yield


def _hello() -> bytes:
    """Make what a TLS client says first, RFC 8446 4.1.2."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    sent = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), sent, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return sent.read()


HELLO: Final = _hello()

AT_PLAIN: Final[Table] = {
    leaves: 10,
    hangs_up: 6,
    says_nothing: 30,
    is_half_open: 10,
    sends_octet_by_octet: 20,
    promises_much: 12,
    has_no_length: 8,
    speaks_another_protocol: 12,
    damages: 14,
    guesses_passwords: 10,
    binds_at_once_many_times: 4,
    binds_and_leaves: 10,
    unbinds_and_goes_on: 2,
    submits_before_it_binds: 2,
    pipelines_behind_its_bind: 2,
    never_reads: 1,
    never_reads_nor_binds: 1,
    never_answers: 6,
    answers_what_was_not_asked: 4,
    submits_and_reads: 2,
    asks_what_is_not_there: 4,
}
AT_TLS: Final[Table] = {
    leaves: 4,
    says_nothing: 8,
    is_half_open: 2,
    speaks_no_tls: 6,
    damages_its_hello: 6,
    stops_after_its_hello: 4,
}
