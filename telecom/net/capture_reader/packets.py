"""A capture file to what its IP packets carry: scapy reads the file, this the headers in it."""

import logging
import struct
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, BinaryIO, Final

import msgspec

from telecom.net.capture_reader.messages import CaptureError

LONGEST_BLOCK: Final = 16 * 1024 * 1024
"""Octets of a block of a pcapng file; scapy keeps one at a time."""

_ETHERTYPES: Final = (b"\x08\x00", b"\x86\xdd")
"""IPv4 and IPv6."""
_VLAN_TAGS: Final = (b"\x81\x00", b"\x88\xa8", b"\x91\x00")
_LINK_HEADERS: Final[dict[int, tuple[int, int | None]]] = {
    0: (4, None),  # BSD loopback
    1: (14, 12),  # Ethernet
    12: (0, None),  # raw IP, as some systems number it
    14: (0, None),
    101: (0, None),  # raw IP
    108: (4, None),  # OpenBSD loopback
    113: (16, 14),  # Linux "any", version 1
    228: (0, None),  # IPv4
    229: (0, None),  # IPv6
    276: (20, 0),  # Linux "any", version 2
}
"""By link type (tcpdump.org/linktypes.html): the header's length, and where its EtherType is."""

_IPV4: Final = struct.Struct(">BxHxxHxB2x4s4s")
_IPV4_VERSION: Final = 4
_IPV6: Final = struct.Struct(">4xHBx16s16s")
_IPV6_VERSION: Final = 6
_FRAGMENT: Final = 0x3FFF
"""More fragments, and the fragment offset, RFC 791 3.1."""
_EXTENSION_HEADERS: Final = (0, 43, 60)
"""Hop-by-hop options, routing, destination options: RFC 8200 4.1."""


class IpPacket(msgspec.Struct, frozen=True, gc=False):
    """What an IP packet carries: `protocol` is IANA's number of it; `at` in seconds."""

    at: float
    source: str
    destination: str
    protocol: int
    payload: bytes


class _Source:
    """A file as scapy reads it; knows afterwards whether it ended where a capture may."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._misses = 0

    @property
    def is_whole(self) -> bool:
        """Whether the end was met once, and by a read that got nothing at all."""
        return self._misses == 1

    def read(self, count: int) -> bytes:
        """Read octets for scapy."""
        if count > LONGEST_BLOCK:
            raise CaptureError(f"a block of {count} octets")
        octets = self._file.read(count)
        if len(octets) < count:
            self._misses += 1 if not octets else 2
        return octets

    def close(self) -> None:
        """Leave the file to who opened it."""


def ip_packets(file: BinaryIO) -> Iterator[IpPacket]:
    """Yield the IP packets of a pcap or pcapng file as it is read; others are passed over.

    Raises `CaptureError` when the file is none, has a link type that is not known here, or ends
    within a packet; and `OSError`. Fragments of IP packets are passed over, too.
    """
    source = _Source(file)
    for at, link_type, frame in _frames(source):
        packet = _ip_packet(at, link_type, frame)
        if packet is not None:
            yield packet
    if not source.is_whole:
        raise CaptureError("it ends within a packet, or is damaged there")


def _frames(source: Any) -> Iterator[tuple[float, int, bytes]]:
    """Yield time, link type and octets of each packet."""
    # scapy takes long to load: only who reads a capture waits for it
    from scapy.error import Scapy_Exception, log_runtime  # noqa: PLC0415
    from scapy.utils import RawPcapReader  # noqa: PLC0415

    level = log_runtime.level
    log_runtime.setLevel(logging.CRITICAL)  # what it says there, `_Source` finds out
    try:
        reader = RawPcapReader(source)
        for frame, said in reader:
            link_type = getattr(said, "linktype", None)  # of its interface, in a pcapng file
            yield _seconds(reader, said), reader.linktype if link_type is None else link_type, frame
    except (Scapy_Exception, struct.error, EOFError) as error:
        raise CaptureError(str(error) or "its header is damaged") from None
    finally:
        log_runtime.setLevel(level)


def _seconds(reader: Any, said: Any) -> float:
    """Return the time of a packet; 0 where a pcapng file gives none."""
    if hasattr(said, "tsresol"):
        return float(((said.tshigh or 0) << 32 | (said.tslow or 0)) / said.tsresol)
    return float(said.sec + said.usec / (1e9 if reader.nano else 1e6))


def _ip_packet(at: float, link_type: int, frame: bytes) -> IpPacket | None:
    link = _LINK_HEADERS.get(link_type & 0xFFFF)
    if link is None:
        raise CaptureError(f"link type {link_type} is none of those that carry IP here")
    start, ethertype_at = link
    if ethertype_at is not None:
        ethertype = frame[ethertype_at : ethertype_at + 2]
        while ethertype in _VLAN_TAGS:
            ethertype = frame[start + 2 : start + 4]
            start += 4
        if ethertype not in _ETHERTYPES:
            return None
    try:
        version = frame[start] >> 4
        if version == _IPV4_VERSION:
            return _ipv4(at, frame, start)
        return _ipv6(at, frame, start) if version == _IPV6_VERSION else None
    except (IndexError, struct.error):  # cut, by a capture of the first octets of each packet
        return None


def _ipv4(at: float, frame: bytes, start: int) -> IpPacket | None:
    first, length, fragment, protocol, source, destination = _IPV4.unpack_from(frame, start)
    if fragment & _FRAGMENT:
        return None
    stop = start + length if length else len(frame)  # 0: the network adapter cuts it up
    payload = frame[start + (first & 0x0F) * 4 : stop]
    return IpPacket(at, _text(source), _text(destination), protocol, payload)


def _ipv6(at: float, frame: bytes, start: int) -> IpPacket:
    length, protocol, source, destination = _IPV6.unpack_from(frame, start)
    start += 40
    stop = start + length if length else len(frame)
    while protocol in _EXTENSION_HEADERS:
        protocol, start = frame[start], start + (frame[start + 1] + 1) * 8
    return IpPacket(at, _text(source), _text(destination), protocol, frame[start:stop])


@lru_cache(maxsize=4096)
def _text(address: bytes) -> str:
    return str(ip_address(address))
