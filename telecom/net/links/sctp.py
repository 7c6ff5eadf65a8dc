"""M3UA over the kernel's SCTP, one socket an association: RFC 4666 1.4.4, RFC 6458 3."""

import asyncio
import errno
import socket
import struct
from collections import deque
from collections.abc import Callable, Sequence
from typing import ClassVar, Final

import structlog

from telecom.net.links.link import Link, MakeOwner, Owner, Url, make_room, plain

M3UA_PAYLOAD_PROTOCOL: Final = 3
"""RFC 4666 1.4.4."""

OUTBOUND_STREAMS: Final = 17
"""Stream 0 for management, and one for each SLS (RFC 4666 1.4.7)."""

LARGEST_MESSAGE: Final = 65_536
MOST_QUEUED: Final = 10_000
"""Messages that wait for the kernel; above, the link is busy."""

MOST_PARTS: Final = 64
"""How often a message may come in parts; the kernel hands over less than a read at a time."""

ACCEPT_AGAIN: Final = 1.0
"""Seconds until the next attempt to accept after one that failed."""

READS_A_TURN: Final = 256

# RFC 6458 5.3.4, 5.3.5, 8.1 and 8.2, as Linux numbers them
_IPPROTO_SCTP: Final = 132
_INITMSG: Final = 2
_NODELAY: Final = 3
_STATUS: Final = 14
_RECVRCVINFO: Final = 32
_SNDINFO: Final = 2
_RCVINFO: Final = 3
_MSG_NOTIFICATION: Final = 0x8000
_SNDINFO_STRUCT: Final = struct.Struct("=HHIIi")
_RCVINFO_STRUCT: Final = struct.Struct("=HHHxxIIIIi")
_INITMSG_STRUCT: Final = struct.Struct("=HHHH")
_STATUS_HEAD: Final = struct.Struct("=iiIHHHH")

_log = structlog.get_logger("telecom.links")

Ancillary = list[tuple[int, int, bytes]]


def send_info(stream: int) -> Ancillary:
    """Return the ancillary data (SCTP_SNDINFO) of a message: its stream, and that it is M3UA."""
    protocol = socket.htonl(M3UA_PAYLOAD_PROTOCOL)
    info = _SNDINFO_STRUCT.pack(stream, 0, protocol, 0, 0)
    return [(_IPPROTO_SCTP, _SNDINFO, info)]


def stream_of(ancillary: Ancillary) -> int:
    """Return the stream that a message came on, out of SCTP_RCVINFO; 0 where there is none."""
    for level, kind, data in ancillary:
        if (level, kind) == (_IPPROTO_SCTP, _RCVINFO) and len(data) >= _RCVINFO_STRUCT.size:
            stream: int = _RCVINFO_STRUCT.unpack_from(data)[0]
            return stream
    return 0


def outbound_streams(status: bytes) -> int:
    """Return how many outbound streams were agreed on, out of SCTP_STATUS."""
    streams: int = _STATUS_HEAD.unpack_from(status)[6]
    return max(streams, 1)


def make_socket(family: int) -> socket.socket:
    """Make a one-to-one style socket; raise `OSError` where the kernel has no SCTP."""
    try:
        made = socket.socket(family, socket.SOCK_STREAM, _IPPROTO_SCTP)
    except OSError as error:
        if error.errno != errno.EPROTONOSUPPORT:
            raise
        reason = "this kernel has no SCTP: load its sctp module, or use tcp:// or udp://"
        raise OSError(errno.EPROTONOSUPPORT, reason) from None
    made.setblocking(False)
    made.setsockopt(_IPPROTO_SCTP, _NODELAY, 1)  # else each DATA waits 200 ms for a SACK
    made.setsockopt(_IPPROTO_SCTP, _RECVRCVINFO, 1)
    initial = _INITMSG_STRUCT.pack(OUTBOUND_STREAMS, 0xFFFF, 0, 0)
    made.setsockopt(_IPPROTO_SCTP, _INITMSG, initial)
    return made


class SctpLink(Link):
    """One SCTP association."""

    preserves_messages: ClassVar[bool] = True

    def __init__(
        self,
        connected: socket.socket,
        make_owner: MakeOwner,
        ended: Callable[["SctpLink"], None] = lambda _: None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = connected
        self._ended = ended
        self._queue: deque[tuple[int, bytes]] = deque()
        self._partial: list[bytes] = []
        self._is_open = True
        self._is_closing = False
        self.local = plain(connected.getsockname())
        self.peer = plain(connected.getpeername())
        self.streams = outbound_streams(connected.getsockopt(_IPPROTO_SCTP, _STATUS, 256))
        self._loop.add_reader(connected, self._readable)
        self._owner: Owner = make_owner(self)

    def _readable(self) -> None:
        for _ in range(READS_A_TURN):
            if not self._is_open:
                return
            try:
                self._read()
            except BlockingIOError:
                return
            except OSError as error:
                self._end(str(error))

    def _read(self) -> None:
        data, ancillary, flags, _ = self._socket.recvmsg(LARGEST_MESSAGE, 256)
        if not data:
            self._end("closed by the peer")
        elif flags & _MSG_NOTIFICATION:
            return
        elif not flags & socket.MSG_EOR or self._partial:
            self._read_part(data, stream_of(ancillary), whole=bool(flags & socket.MSG_EOR))
        else:
            self._owner.received(data, stream_of(ancillary))

    def _read_part(self, data: bytes, stream: int, *, whole: bool) -> None:
        self._partial.append(data)
        if len(self._partial) > MOST_PARTS:
            self._end("a message that does not end")
        elif whole:
            message, self._partial = b"".join(self._partial), []
            self._owner.received(message, stream)

    def send(self, messages: Sequence[tuple[int, bytes]]) -> None:
        """Send messages, a write each: that is how SCTP learns their bounds and streams."""
        if self._is_open and not self._is_closing:
            waiting = bool(self._queue)
            self._queue.extend(messages)
            self.is_busy = len(self._queue) > MOST_QUEUED
            if not waiting:
                self._write()

    def _write(self) -> None:
        try:
            while self._queue:
                stream, octets = self._queue[0]
                self._socket.sendmsg([octets], send_info(stream))
                self._queue.popleft()
        except BlockingIOError:
            self._loop.add_writer(self._socket, self._writable)
        except OSError as error:
            self._end(str(error))
        else:
            if self._is_closing:
                self._end("closed")

    def _writable(self) -> None:
        self._loop.remove_writer(self._socket)
        self._write()
        if self.is_busy and not self._queue:
            self.is_busy = False
            self._owner.writable()

    @property
    def is_idle(self) -> bool:
        """Whether its owner says that it may give way."""
        return self._owner.is_idle

    def close(self) -> None:
        """Send what was given, then shut the association down."""
        self._is_closing = True
        if self._is_open and not self._queue:
            self._end("closed")

    def _end(self, reason: str) -> None:
        if not self._is_open:
            return
        self._is_open = False
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        self._ended(self)
        self._owner.lost(reason)


class SctpListener:
    """Takes SCTP associations."""

    def __init__(self, listening: socket.socket, make_owner: MakeOwner) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = listening
        self._make_owner = make_owner
        self._links: dict[SctpLink, None] = {}
        self.address = plain(listening.getsockname())
        self._loop.add_reader(listening, self._acceptable)

    def _acceptable(self) -> None:
        try:
            accepted, _ = self._socket.accept()
        except (BlockingIOError, ConnectionAbortedError):  # gone before it was taken
            return
        except OSError as error:  # as with no file descriptor left: asyncio waits as well
            _log.warning("sctp_accept_failed", reason=str(error))
            self._loop.remove_reader(self._socket)
            self._loop.call_later(ACCEPT_AGAIN, self._accept_again)
            return
        if not make_room(self._links):
            accepted.close()
            return
        accepted.setblocking(False)
        self._links[SctpLink(accepted, self._make_owner, self._ended)] = None

    def _ended(self, link: SctpLink) -> None:
        self._links.pop(link, None)

    def _accept_again(self) -> None:
        if self._socket.fileno() >= 0:
            self._loop.add_reader(self._socket, self._acceptable)

    def close(self) -> None:
        """Take no more links."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._socket.close()


async def _resolve(url: Url) -> tuple[int, tuple[str, int]]:
    """Resolve as TCP would: resolvers know SCTP of few names."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
    family, _, _, _, address = found[0]
    return family, (str(address[0]), int(address[1]))


async def connect(url: Url, make_owner: MakeOwner) -> Link:
    """Connect; raises `OSError`."""
    family, address = await _resolve(url)
    connecting = make_socket(family)
    try:
        await asyncio.get_running_loop().sock_connect(connecting, address)
        return SctpLink(connecting, make_owner)
    except BaseException:
        connecting.close()
        raise


async def listen(url: Url, make_owner: MakeOwner) -> SctpListener:
    """Listen; raises `OSError`, as for a port in use."""
    family, address = await _resolve(url)
    listening = make_socket(family)
    try:
        listening.bind(address)
        listening.listen()
    except OSError:
        listening.close()
        raise
    return SctpListener(listening, make_owner)
