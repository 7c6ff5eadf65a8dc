"""One direction of an SCTP association: DATA chunks to M3UA messages, RFC 9260 3.3.1 and 6.9."""

import struct
from collections.abc import Iterator
from typing import Final

import msgspec

from telecom.net.capture_reader.framing import Framed, recognised
from telecom.net.capture_reader.messages import Protocol

MOST_FRAGMENTED: Final = 256 * 1024
"""Octets of fragments that wait for others; with more, what there is has to do."""

MOST_SEEN: Final = 4096
"""How many TSNs are remembered, to know a retransmission."""

_COMMON_HEADER: Final = struct.Struct(">HHII")
_CHUNK_HEADER: Final = struct.Struct(">BBH")
_DATA_CHUNK: Final = struct.Struct(">BBHIHHI")
_DATA: Final = 0
_ENDS: Final = 0x01
_BEGINS: Final = 0x02
_OVERHEAD: Final = 128
"""What a waiting fragment costs beside its octets."""
_U32: Final = 1 << 32
_M3UA: Final = 3
_PERHAPS_M3UA: Final = (0, int.from_bytes(_M3UA.to_bytes(4, "big"), "little"))
"""Payload protocol identifiers of peers that give none, or forget the network's byte order."""


class DataChunk(msgspec.Struct, frozen=True, gc=False):
    """A DATA chunk, RFC 9260 3.3.1."""

    tsn: int
    begins: bool
    ends: bool
    payload_protocol: int
    data: bytes


def data_chunks(packet: bytes) -> Iterator[DataChunk]:
    """Yield the DATA chunks of a packet, the last perhaps cut; raises `struct.error`."""
    offset = _COMMON_HEADER.size
    while offset < len(packet):
        kind, flags, length = _CHUNK_HEADER.unpack_from(packet, offset)
        if length < _CHUNK_HEADER.size:
            return
        if kind == _DATA:
            tsn, _, _, payload_protocol = _DATA_CHUNK.unpack_from(packet, offset)[3:]
            data = packet[offset + _DATA_CHUNK.size : offset + length]
            begins, ends = bool(flags & _BEGINS), bool(flags & _ENDS)
            yield DataChunk(tsn, begins, ends, payload_protocol, data)
        offset += length + (-length & 3)


class SctpFlow:
    """Yields M3UA messages as chunks come, whatever their order and however often."""

    def __init__(self) -> None:
        self._fragments: dict[int, DataChunk] = {}
        self._seen: dict[int, None] = {}
        self.held = 0

    def chunk(self, chunk: DataChunk) -> Iterator[Framed]:
        """Take a DATA chunk."""
        if chunk.tsn in self._seen:
            return
        self._seen[chunk.tsn] = None
        if len(self._seen) > MOST_SEEN:
            del self._seen[next(iter(self._seen))]
        self._fragments[chunk.tsn] = chunk
        self.held += len(chunk.data) + _OVERHEAD
        first, last = self._reach(chunk.tsn, -1), self._reach(chunk.tsn, 1)
        if self._fragments[first].begins and self._fragments[last].ends:
            yield from self._join(first, last)
        elif self.held > MOST_FRAGMENTED:
            yield from self.flush()

    def flush(self) -> Iterator[Framed]:
        """Yield what waits for fragments that will not come."""
        while self._fragments:
            tsn = next(iter(self._fragments))
            yield from self._join(self._reach(tsn, -1), self._reach(tsn, 1))

    def _reach(self, tsn: int, step: int) -> int:
        """Return the furthest fragment of the same message, up to the first that is missing."""
        while True:
            earlier, later = sorted((0, step))
            end = self._fragments.get((tsn + earlier) % _U32)
            beginning = self._fragments.get((tsn + later) % _U32)
            if end is None or beginning is None or end.ends or beginning.begins:
                return tsn
            tsn = (tsn + step) % _U32

    def _join(self, first: int, last: int) -> Iterator[Framed]:
        count = (last - first) % _U32 + 1
        chunks = [self._fragments.pop((first + number) % _U32) for number in range(count)]
        data = b"".join([chunk.data for chunk in chunks])
        self.held -= len(data) + _OVERHEAD * count
        said = chunks[0].payload_protocol
        if said == _M3UA or (said in _PERHAPS_M3UA and recognised(data) is Protocol.M3UA):
            yield Protocol.M3UA, data
