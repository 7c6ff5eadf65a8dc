"""Octets of a stream to messages: SMPP and M3UA are recognised by their headers, on any port."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from telecom.net.capture_reader.messages import Protocol
from telecom.smpp.pdus import PDUS, RESPONSE_BIT
from telecom.ss7.m3ua.messages import MESSAGES

LONGEST_MESSAGE: Final = 0x1FFFF
"""More than a PDU with the longest message_payload, or an M3UA message, needs."""

Framed = tuple[Protocol, bytes]

_HEADER_LENGTH: Final = 8
"""Both protocols say how long a message is within so many octets."""
_SMPP_SHORTEST: Final = 16
_M3UA_VERSION: Final = 1
_MOST_OF_A_HEADER: Final = 11
"""An octet less than tells the one protocol from the other, and both from anything else."""


def _any_of(prefixes: Iterable[bytes]) -> bytes:
    return b"(?:" + b"|".join(map(re.escape, sorted(prefixes))) + b")"


def _ids(*, response: int) -> bytes:
    return _any_of(each.to_bytes(4, "big") for each in PDUS if each & RESPONSE_BIT == response)


# a length of 16 (SMPP 3.4 3.2) or 8 (RFC 4666 3.1) to LONGEST_MESSAGE; the command_status of a
# request is 0, and that of a response has two octets at most
_HEADER: Final = re.compile(
    rb"(?P<smpp>\0(?:\x01..|\0[\x01-\xff].|\0\0[\x10-\xff])"
    rb"(?:" + _ids(response=0) + rb"\0{4}|" + _ids(response=RESPONSE_BIT) + rb"\0\0..))"
    rb"|(?P<m3ua>\x01\0"
    + _any_of(map(bytes, MESSAGES))
    + rb"\0(?:\x01..|\0[\x01-\xff].|\0\0[\x08-\xff]))",
    re.DOTALL,
)


def recognised(octets: bytes) -> Protocol | None:
    """Return the protocol of which octets begin with a valid header, None where there is none."""
    match = _HEADER.match(octets)
    return Protocol(match.lastgroup or "") if match else None


class Framing:
    """Cuts one direction of a stream into messages, from the first valid header on.

    What comes before that is passed over. What is no message after others were has the octets up
    to the next valid header, so that no octet of a stream that was recognised goes unseen.
    """

    def __init__(self) -> None:
        self._protocol = Protocol.SMPP
        self._in_step = False
        self._pending = bytearray()

    @property
    def held(self) -> int:
        """How many octets wait for others."""
        return len(self._pending)

    def feed(self, data: bytes) -> Iterator[Framed]:
        """Take the next octets; yield each message that is whole now."""
        self._pending += data
        while self._in_step or self._recognise():
            length = self._length()
            if len(self._pending) < (length or _HEADER_LENGTH):
                return
            yield self._take(length or self._up_to_next_header())

    def end(self) -> Iterator[Framed]:
        """Yield what waits for octets that will not come, and look for a header again."""
        if self._in_step and self._pending:
            yield self._take(len(self._pending))
        self._pending.clear()
        self._in_step = False

    def _recognise(self) -> bool:
        match = _HEADER.search(self._pending)
        if match is None:
            del self._pending[:-_MOST_OF_A_HEADER]
            return False
        self._protocol = Protocol(match.lastgroup or "")
        self._in_step = True
        del self._pending[: match.start()]
        return True

    def _length(self) -> int:
        """Return how long the message is that begins here; 0 where none does, or not yet."""
        pending = self._pending
        if len(pending) < _HEADER_LENGTH:
            return 0
        if self._protocol is Protocol.SMPP:
            length, shortest = int.from_bytes(pending[:4], "big"), _SMPP_SHORTEST
        else:
            length, shortest = int.from_bytes(pending[4:8], "big"), _HEADER_LENGTH
            if pending[0] != _M3UA_VERSION:
                return 0
        return length if shortest <= length <= LONGEST_MESSAGE else 0

    def _up_to_next_header(self) -> int:
        self._in_step = False
        match = _HEADER.search(self._pending, 1)
        return match.start() if match else len(self._pending)

    def _take(self, count: int) -> Framed:
        octets = bytes(self._pending[:count])
        del self._pending[:count]
        return self._protocol, octets
