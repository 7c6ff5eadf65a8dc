"""Captures made in memory: packets by scapy, files by hand."""

import io
import struct
from collections.abc import Iterable
from typing import Any

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.sctp import SCTP, SCTPChunkData, SCTPChunkSACK

from telecom.net.capture_reader import CapturedMessage, read_messages

RAW_IP = 101
ESME, SMSC = "192.0.2.1", "192.0.2.2"
ESME_PORT, SMSC_PORT = 40001, 7777
BEAT = bytes.fromhex("0100030300000008")


def enquire_link(sequence_number: int = 1) -> bytes:
    return struct.pack(">IIII", 16, 0x15, 0, sequence_number)


def submit_sm(sequence_number: int = 1, text: bytes = b"hello") -> bytes:
    body = b"\0\1\1111\0\1\1222\0\0\0\0\0\0\0\0\0\0" + bytes((len(text),)) + text
    return struct.pack(">IIII", 16 + len(body), 4, 0, sequence_number) + body


def beat(data: bytes) -> bytes:
    value = struct.pack(">HH", 9, 4 + len(data)) + data + bytes(-len(data) % 4)
    return b"\1\0\3\3" + struct.pack(">I", 8 + len(value)) + value


def tcp(sequence: int, data: bytes = b"", *, flags: str = "PA", port: int = ESME_PORT) -> bytes:
    header = TCP(sport=port, dport=SMSC_PORT, seq=sequence % (1 << 32), flags=flags)
    return bytes(IP(src=ESME, dst=SMSC) / header / data)


def udp(data: bytes, *, source: int = 41001, destination: int = 2905) -> bytes:
    return bytes(IP(src=ESME, dst=SMSC) / UDP(sport=source, dport=destination) / data)


def data_chunk(
    tsn: int, data: bytes, *, begins: bool = True, ends: bool = True, ppid: int = 3
) -> Any:
    return SCTPChunkData(
        tsn=tsn, stream_id=1, stream_seq=0, proto_id=ppid, beginning=begins, ending=ends, data=data
    )


def fragments(first_tsn: int, *parts: bytes) -> list[Any]:
    last = len(parts) - 1
    return [
        data_chunk(first_tsn + number, part, begins=not number, ends=number == last)
        for number, part in enumerate(parts)
    ]


def sctp(*chunks: Any, tag: int = 7, source: str = ESME) -> bytes:
    packet = IP(src=source, dst=SMSC) / SCTP(sport=41001, dport=2905, tag=tag)
    for chunk in chunks:
        packet /= chunk
    return bytes(packet)


def sack() -> Any:
    return SCTPChunkSACK(cumul_tsn_ack=1, a_rwnd=1000)


def pcap(frames: Iterable[bytes], *, link_type: int = RAW_IP, nano: bool = False) -> bytes:
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    octets = struct.pack("<IHHiIII", magic, 2, 4, 0, 0, 262144, link_type)
    for number, frame in enumerate(frames):
        octets += struct.pack("<IIII", 1_700_000_000 + number, 500, len(frame), len(frame)) + frame
    return octets


def messages(octets: bytes) -> list[CapturedMessage]:
    return list(read_messages(io.BytesIO(octets)))


def octets_in(*frames: bytes) -> list[bytes]:
    """Read the messages of a capture of IP packets."""
    return [message.octets for message in messages(pcap(frames))]
