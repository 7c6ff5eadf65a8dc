"""A tap on a link: every M3UA message that passes goes into a capture file, whole."""

from collections.abc import Iterable
from typing import Final

from telecom.net.capture import Capture
from telecom.net.links.link import Link
from telecom.ss7.m3ua.codec import HEADER, LONGEST_MESSAGE

_LENGTH_AT: Final = slice(4, 8)


class Tap:
    """Cuts what comes in into messages, where the transport does not."""

    def __init__(self, capture: Capture, link: Link) -> None:
        self._capture = capture
        self._link = link
        self._incoming = b""

    def sent(self, messages: Iterable[tuple[int, bytes]]) -> None:
        """Take messages that are sent, each with its stream."""
        for stream, octets in messages:
            self._capture.sctp(self._link.local, self._link.peer, octets, stream)

    def received(self, data: bytes, stream: int | None) -> None:
        """Take what was received; what cannot be cut any more is left out."""
        if self._link.preserves_messages:
            self._capture.sctp(self._link.peer, self._link.local, data, stream or 0)
            return
        data, self._incoming = self._incoming + data, b""
        while len(data) >= HEADER.size:
            length = int.from_bytes(data[_LENGTH_AT], "big")
            if not HEADER.size <= length <= LONGEST_MESSAGE:
                return
            if len(data) < length:
                break
            self._capture.sctp(self._link.peer, self._link.local, data[:length])
            data = data[length:]
        self._incoming = data
