"""What a capture's packets carry, put together again: SMPP and M3UA messages."""

import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

import msgspec

from telecom.net.capture_reader.flows import Flows
from telecom.net.capture_reader.framing import Framed, Framing, recognised
from telecom.net.capture_reader.messages import CapturedMessage, CaptureError, Protocol
from telecom.net.capture_reader.packets import IpPacket, ip_packets
from telecom.net.capture_reader.sctp import DataChunk, SctpFlow, data_chunks
from telecom.net.capture_reader.tcp import TcpFlow

_TCP: Final = 6
_UDP: Final = 17
_SCTP: Final = 132
_TCP_HEADER: Final = struct.Struct(">HHI4xBB")
_SYN: Final = 0x02
_UDP_HEADER: Final = struct.Struct(">HHH2x")
_SCTP_HEADER: Final = struct.Struct(">HHI4x")
_SCTP_IN_UDP: Final = 9899
"""RFC 6951 4.1."""


def read_messages(file: BinaryIO) -> Iterator[CapturedMessage]:
    """Yield the messages of a pcap or pcapng file as it is read, each once it is whole.

    Those are SMPP and M3UA over TCP (on any port, recognised by their headers), M3UA over SCTP
    and over UDP. What is still incomplete at the end comes last. Raises `CaptureError` where the
    file is no capture or cannot be read any further, after all that came before; and `OSError`.
    """
    transports = _Transports()
    damage = None
    try:
        for packet in ip_packets(file):
            yield from transports.packet(packet)
    except CaptureError as error:
        damage = error
    yield from transports.end()
    if damage is not None:
        raise damage


class _Transports:
    """The transport layer of everybody in the capture."""

    def __init__(self) -> None:
        self._tcp_flows = Flows(TcpFlow)
        self._sctp_flows = Flows(SctpFlow)
        self._handlers = {_TCP: self._tcp, _UDP: self._udp, _SCTP: self._sctp}

    def packet(self, packet: IpPacket) -> Iterator[CapturedMessage]:
        """Yield the messages that a packet makes whole; one cut within a header makes none."""
        handler = self._handlers.get(packet.protocol)
        if handler is None:
            return
        try:
            yield from handler(packet)
        except struct.error:
            return

    def end(self) -> Iterator[CapturedMessage]:
        """Yield what remained incomplete."""
        yield from self._tcp_flows.end()
        yield from self._sctp_flows.end()

    def _tcp(self, packet: IpPacket) -> Iterator[CapturedMessage]:
        payload = packet.payload
        source, destination, sequence, offset, flags = _TCP_HEADER.unpack_from(payload)
        ends = (packet.source, source), (packet.destination, destination)
        data, syn = payload[(offset >> 4) * 4 :], bool(flags & _SYN)

        def feed(flow: TcpFlow) -> Iterator[Framed]:
            return flow.segment(sequence, data, syn=syn)

        return self._tcp_flows.messages(ends, packet.at, ends, feed=feed)

    def _sctp(self, packet: IpPacket) -> Iterator[CapturedMessage]:
        source, destination, tag = _SCTP_HEADER.unpack_from(packet.payload)
        ends = (packet.source, source), (packet.destination, destination)
        # the peers of an association may have several addresses each, and change between them
        key = (source, destination, tag)
        for chunk in data_chunks(packet.payload):

            def feed(flow: SctpFlow, chunk: DataChunk = chunk) -> Iterator[Framed]:
                return flow.chunk(chunk)

            yield from self._sctp_flows.messages(key, packet.at, ends, feed=feed)

    def _udp(self, packet: IpPacket) -> Iterator[CapturedMessage]:
        source, destination, length = _UDP_HEADER.unpack_from(packet.payload)
        datagram = packet.payload[_UDP_HEADER.size : length]
        if _SCTP_IN_UDP in (source, destination):
            yield from self._sctp(msgspec.structs.replace(packet, payload=datagram))
        elif recognised(datagram) is Protocol.M3UA:
            ends = (packet.source, source), (packet.destination, destination)
            framing = Framing()
            for protocol, octets in (*framing.feed(datagram), *framing.end()):
                yield CapturedMessage(packet.at, *ends, protocol, octets)
