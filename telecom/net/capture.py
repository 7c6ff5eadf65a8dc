"""A capture file of what went over the wire, for Wireshark: SMPP in TCP, M3UA in SCTP.

M3UA is framed as SCTP whatever carried it, because no dissector looks for it elsewhere.
"""

import contextlib
import struct
import time
import zlib
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any, Final

import structlog

Address = tuple[str, int]
"""Host and port."""

RAW_IP: Final = 101
"""LINKTYPE_RAW: packets begin with their IP header."""

MOST_FLOWS: Final = 10_000
"""How many directions between two addresses are remembered; the oldest is forgotten first."""

LARGEST_PART: Final = 60_000
"""Octets of data in a packet, so that its length fits the IP header."""

M3UA_PAYLOAD_PROTOCOL: Final = 3
"""RFC 4666 1.4.4: the payload protocol identifier of M3UA."""

_TCP: Final = 6
_SCTP: Final = 132
_U32: Final = 0xFFFFFFFF
_IPV4: Final = struct.Struct(">BBHHHBBH")
_IPV6: Final = struct.Struct(">IHBB")
_TCP_HEADER: Final = struct.Struct(">HHIIBBHHH")
_PUSH_ACK: Final = 0x18
_WINDOW: Final = 0xFFFF
_SCTP_HEADER: Final = struct.Struct(">HHI")
_DATA_CHUNK: Final = struct.Struct(">BBHIHHI")
_WHOLE_MESSAGE: Final = 0x03

_log = structlog.get_logger("telecom.capture")


def _parse(host: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:  # a name, or a link that was never there
        return IPv4Address(0)


class _Flow:
    """One direction between two addresses: its IP addresses, and where its numbering is."""

    def __init__(self, source: Address, destination: Address, protocol: int) -> None:
        ends = _parse(source[0]), _parse(destination[0])
        self.ports = source[1], destination[1]
        self.protocol = protocol
        self.addresses = b"".join(end.packed for end in ends)
        self.is_ipv6 = isinstance(ends[0], IPv6Address)
        # no INIT was seen, so any number does that tells the flows apart
        self.verification_tag = zlib.crc32(self.addresses + struct.pack(">HH", *self.ports)) or 1
        self.sequence = 1
        self.streams: dict[int, int] = {}

    def advance(self, count: int) -> int:
        """Return the sequence number of what comes next, and count it."""
        sequence = self.sequence
        self.sequence = (sequence + count) & _U32
        return sequence

    def next_in_stream(self, stream: int) -> int:
        """Return the stream sequence number of the next message (RFC 9260 3.3.1)."""
        number = self.streams.get(stream, 0)
        self.streams[stream] = (number + 1) & 0xFFFF
        return number


class Capture:
    """Writes a pcap file; raises `OSError` where it cannot be made, and never afterwards.

    A disk that fills up ends the capture, not the service. `clock` gives seconds since the epoch.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        # scapy takes half a second to load: only who captures waits for it
        from scapy.layers.sctp import crc32c  # noqa: PLC0415
        from scapy.utils import RawPcapWriter, checksum  # noqa: PLC0415

        self._crc32c: Callable[[bytes], int] = crc32c
        self._checksum: Callable[[bytes], int] = checksum
        self._writer: Any = RawPcapWriter(str(path), linktype=RAW_IP)
        self._writer.write_header(None)
        self._clock = clock
        self._flows: dict[tuple[Address, Address, int], _Flow] = {}
        self._packets = 0

    def tcp(self, source: Address, destination: Address, data: bytes) -> None:
        """Add octets of a TCP stream, in the order in which they were sent."""
        flow = self._flow(source, destination, _TCP)
        reverse = self._flow(destination, source, _TCP)
        for start in range(0, len(data), LARGEST_PART):
            part = data[start : start + LARGEST_PART]
            numbers = (flow.advance(len(part)), reverse.sequence)
            header = _TCP_HEADER.pack(*flow.ports, *numbers, 0x50, _PUSH_ACK, _WINDOW, 0, 0)
            segment = header + part
            pseudo_header = flow.addresses + struct.pack(">II", len(segment), _TCP)
            checksum = self._checksum(pseudo_header + segment).to_bytes(2, "big")
            self._write(flow, segment[:16] + checksum + segment[18:])

    def sctp(self, source: Address, destination: Address, m3ua: bytes, stream: int = 0) -> None:
        """Add an M3UA message as a DATA chunk of its stream."""
        if len(m3ua) > LARGEST_PART:
            return
        flow = self._flow(source, destination, _SCTP)
        chunk = _DATA_CHUNK.pack(
            0,
            _WHOLE_MESSAGE,
            _DATA_CHUNK.size + len(m3ua),
            flow.advance(1),
            stream,
            flow.next_in_stream(stream),
            M3UA_PAYLOAD_PROTOCOL,
        )
        body = chunk + m3ua + bytes(-len(m3ua) % 4)
        header = _SCTP_HEADER.pack(*flow.ports, flow.verification_tag)
        checksum = self._crc32c(header + bytes(4) + body).to_bytes(4, "big")
        self._write(flow, header + checksum + body)

    def flush(self) -> None:
        """Let a reader of the file see everything so far."""
        self._guarded("flush")

    def close(self) -> None:
        """End the file; what comes later is left out."""
        self._guarded("close")
        self._writer = None

    def _flow(self, source: Address, destination: Address, protocol: int) -> _Flow:
        key = (source, destination, protocol)
        flow = self._flows.get(key)
        if flow is None:
            if len(self._flows) >= MOST_FLOWS:
                del self._flows[next(iter(self._flows))]
            flow = self._flows[key] = _Flow(source, destination, protocol)
        return flow

    def _write(self, flow: _Flow, payload: bytes) -> None:
        self._packets += 1
        if flow.is_ipv6:
            header = _IPV6.pack(0x60000000, len(payload), flow.protocol, 64)
        else:
            header = self._ipv4_header(flow, len(payload))
        now = self._clock()
        seconds = int(now)
        microseconds = int((now - seconds) * 1_000_000)
        packet = header + flow.addresses + payload
        self._guarded("write_packet", packet, sec=seconds, usec=microseconds)

    def _ipv4_header(self, flow: _Flow, length: int) -> bytes:
        identification = self._packets & 0xFFFF
        values = (0x45, 0, 20 + length, identification, 0x4000, 64, flow.protocol)
        checksum = self._checksum(_IPV4.pack(*values, 0) + flow.addresses)
        return _IPV4.pack(*values, checksum)

    def _guarded(self, action: str, *arguments: Any, **options: Any) -> None:
        if self._writer is None:
            return
        try:
            getattr(self._writer, action)(*arguments, **options)
        except OSError as error:
            _log.error("capture_ended", reason=str(error))
            writer, self._writer = self._writer, None
            with contextlib.suppress(OSError):
                writer.close()
