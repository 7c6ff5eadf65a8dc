"""Captures read back: what `Capture` writes, other file formats and link types, and damage."""

import io
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment
from scapy.layers.l2 import ARP, CookedLinux, CookedLinuxV2, Dot1Q, Ether, Loopback
from scapy.utils import PcapNgWriter

from telecom.net.capture import Capture
from telecom.net.capture_reader import (
    CapturedMessage,
    CaptureError,
    Protocol,
    flows,
    is_capture,
    read_messages,
)
from tests.net.capture_files import (
    BEAT,
    ESME,
    ESME_PORT,
    SMSC,
    SMSC_PORT,
    beat,
    data_chunk,
    enquire_link,
    messages,
    octets_in,
    pcap,
    sctp,
    tcp,
    udp,
)

VECTORS = Path(__file__).parents[1] / "vectors"
ETHERNET = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
SMPP_PACKET = IP(src=ESME, dst=SMSC) / TCP(sport=ESME_PORT, dport=SMSC_PORT) / enquire_link()


def smpp_vectors() -> list[bytes]:
    vectors = json.loads((VECTORS / "smpp.json").read_text())
    return [bytes.fromhex(vector["hex"]) for vector in vectors]


def m3ua_vectors() -> list[bytes]:
    vectors = json.loads((VECTORS / "ss7.json").read_text())
    return [bytes.fromhex(vector["m3ua"]) for vector in vectors]


def test_what_capture_writes_is_read_message_for_message(tmp_path: Path) -> None:
    path = tmp_path / "capture.pcap"
    esme, smsc = ("127.0.0.1", 40001), ("127.0.0.1", 2775)
    gateway, hlr = ("::1", 41001), ("::1", 2905)
    capture = Capture(path, clock=lambda: 1_700_000_000.25)
    written = []
    for octets in smpp_vectors():
        for ends in ((esme, smsc), (smsc, esme)):
            capture.tcp(*ends, octets)
            written.append(CapturedMessage(1_700_000_000.25, *ends, Protocol.SMPP, octets))
    for number, octets in enumerate(m3ua_vectors()):
        for ends in ((gateway, hlr), (hlr, gateway)):
            capture.sctp(*ends, octets, stream=number % 3)
            written.append(CapturedMessage(1_700_000_000.25, *ends, Protocol.M3UA, octets))
    capture.close()
    with path.open("rb") as file:
        assert is_capture(file.peek(4))
        assert list(read_messages(file)) == written


def test_messages_come_as_the_file_is_read() -> None:
    file = io.BytesIO(pcap([tcp(1, enquire_link(1)), tcp(17, enquire_link(2))]))
    found = read_messages(file)
    assert next(found).octets == enquire_link(1)
    assert file.tell() < len(file.getvalue())
    assert next(found).octets == enquire_link(2)
    assert list(found) == []


def test_pcapng(tmp_path: Path) -> None:
    path = tmp_path / "capture.pcapng"
    writer = PcapNgWriter(str(path))
    packet = ETHERNET / SMPP_PACKET
    packet.time = 1_700_000_000.125
    writer.write(packet)
    other = ETHERNET / IP(sctp(data_chunk(1, BEAT)))
    other.time = 1_700_000_001.5
    writer.write(other)
    writer.close()
    assert is_capture(path.read_bytes())
    smpp, m3ua = messages(path.read_bytes())
    assert smpp == CapturedMessage(
        1_700_000_000.125, (ESME, ESME_PORT), (SMSC, SMSC_PORT), Protocol.SMPP, enquire_link()
    )
    assert (m3ua.at, m3ua.protocol, m3ua.octets) == (1_700_000_001.5, Protocol.M3UA, BEAT)


def test_times_in_nanoseconds() -> None:
    (message,) = messages(pcap([tcp(1, enquire_link())], nano=True))
    assert message.at == pytest.approx(1_700_000_000.0000005, abs=1e-7)


@pytest.mark.parametrize(
    ("link_type", "packet"),
    [
        (1, bytes(ETHERNET / SMPP_PACKET) + b"\0" * 6),
        (1, ETHERNET / Dot1Q(vlan=5) / Dot1Q(vlan=6) / SMPP_PACKET),
        (0, Loopback() / SMPP_PACKET),
        (113, CookedLinux(proto=0x0800) / SMPP_PACKET),
        (276, CookedLinuxV2(proto=0x0800) / SMPP_PACKET),
        (228, SMPP_PACKET),
        (0x10000001, ETHERNET / SMPP_PACKET),
        (229, IPv6(src="2001:db8::1") / TCP(sport=1) / enquire_link()),
        (101, IPv6(src="2001:db8::1") / IPv6ExtHdrDestOpt() / TCP(sport=1) / enquire_link()),
    ],
)
def test_link_types(link_type: int, packet: Any) -> None:
    (message,) = messages(pcap([bytes(packet)], link_type=link_type))
    assert message.octets == enquire_link()


def test_a_packet_whose_length_the_network_adapter_fills_in() -> None:
    packet = IP(src=ESME, dst=SMSC, len=0) / TCP() / enquire_link()
    assert octets_in(bytes(packet)) == [enquire_link()]


@pytest.mark.parametrize(
    ("link_type", "packet"),
    [
        (1, ETHERNET / ARP()),
        (101, IP(flags="MF") / TCP() / enquire_link()),
        (101, IP(frag=2) / enquire_link()),
        (101, IPv6() / IPv6ExtHdrFragment(m=1) / TCP() / enquire_link()),
        (101, IP(proto=47) / enquire_link()),
        (101, b""),
        (101, b"\x45\0"),
        (101, b"\x60\0"),
        (101, bytes(SMPP_PACKET)[:25]),
        (101, b"\x20" + bytes(60)),
        (1, b"\2\0"),
    ],
)
def test_other_packets_are_passed_over(link_type: int, packet: Any) -> None:
    assert messages(pcap([bytes(packet)], link_type=link_type)) == []


def test_m3ua_over_udp_and_tcp_and_sctp_over_udp() -> None:
    found = messages(
        pcap(
            [
                udp(BEAT),
                udp(beat(b"a") + beat(b"b")),
                udp(b"\0" + BEAT),
                tcp(1, BEAT + beat(b"c")[:5], port=41002),
                tcp(14, beat(b"c")[5:], port=41002),
                udp(sctp(data_chunk(1, beat(b"d")))[20:], source=9899, destination=9899),
            ]
        )
    )
    beats = [beat(data) for data in (b"a", b"b", b"c", b"d")]
    assert [message.octets for message in found] == [BEAT, *beats[:2], BEAT, *beats[2:]]
    assert {message.protocol for message in found} == {Protocol.M3UA}
    assert found[0].source == (ESME, 41001)
    assert found[-1].source == (ESME, 41001)


def test_a_datagram_that_is_cut_has_what_there_is() -> None:
    assert octets_in(udp(BEAT + beat(b"abcd")[:10])) == [BEAT, beat(b"abcd")[:10]]


def test_the_flow_that_was_quiet_longest_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "MOST_FLOWS", 2)
    cut = enquire_link()[:12]
    assert octets_in(
        tcp(1, cut, port=1),
        tcp(1, enquire_link(), port=2),
        tcp(13, b"", port=1),
        tcp(1, enquire_link(3), port=3),
        tcp(17, enquire_link(4), port=2),
        tcp(33, enquire_link(5), port=2),
    ) == [enquire_link(), enquire_link(3), enquire_link(4), cut, enquire_link(5)]


def test_what_is_held_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "MOST_HELD", 20)
    cut = enquire_link()[:12]
    assert octets_in(tcp(1, cut, port=1), tcp(1, cut, port=2), tcp(13, b"", port=3)) == [cut, cut]


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", "No data"),
        (b"hello, world", "Not a supported"),
        (pcap([])[:20], "Not a supported"),
        (pcap([], link_type=105), None),
        (pcap([tcp(1)], link_type=105), "link type 105"),
        (bytes.fromhex("0a0d0d0a") + b"\xff" * 40, "Not a supported"),
        (struct.pack("<III", 0x0A0D0D0A, 0x7FFFFFFF, 0x1A2B3C4D) + b"\1\0" + bytes(90), "a block"),
    ],
)
def test_what_is_no_capture(octets: bytes, reason: str | None) -> None:
    if reason is None:
        assert messages(octets) == []
        return
    with pytest.raises(CaptureError, match=reason):
        messages(octets)


@pytest.mark.parametrize("left", [3, 30, 60, 72])
def test_a_capture_that_is_cut_gives_what_it_has_first(left: int) -> None:
    whole = pcap([tcp(1, enquire_link(1)), tcp(17, enquire_link(2))])
    found = read_messages(io.BytesIO(whole[: 24 + 72 + left - (left == 72)]))
    assert next(found).octets == enquire_link(1)
    rest = []
    with pytest.raises(CaptureError, match="ends within a packet"):
        rest += list(found)


def test_a_capture_that_ends_behind_a_packet_header() -> None:
    with pytest.raises(CaptureError, match="ends within a packet"):
        messages(pcap([tcp(1, enquire_link())])[: 24 + 16])


def test_a_damaged_pcapng_gives_what_it_has_first(tmp_path: Path) -> None:
    path = tmp_path / "capture.pcapng"
    writer = PcapNgWriter(str(path))
    for _ in range(2):
        writer.write(IP(tcp(1, enquire_link())))
    writer.close()
    octets = path.read_bytes()
    found = read_messages(io.BytesIO(octets[:-20]))
    assert next(found).octets == enquire_link()
    with pytest.raises(CaptureError, match="ends within a packet"):
        next(found)
