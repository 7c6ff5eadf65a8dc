"""The capture file, read by tshark: nothing malformed, no expert item of any severity."""

import errno
import json
from pathlib import Path

import pytest

from telecom.net.capture import LARGEST_PART, MOST_FLOWS, Capture
from tests.oracles import tshark

VECTORS = Path(__file__).parents[1] / "vectors"
ESME, SMSC = ("127.0.0.1", 40001), ("127.0.0.1", 2775)
GATEWAY, HLR = ("127.0.0.1", 41001), ("127.0.0.1", 2905)
ENQUIRE_LINK = bytes.fromhex("00000010000000150000000000000001")
ENQUIRE_LINK_RESP = bytes.fromhex("00000010800000150000000000000001")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "capture.pcap"


def test_smpp_flows_both_ways(path: Path) -> None:
    capture = Capture(path, clock=lambda: 1_700_000_000.25)
    capture.tcp(ESME, SMSC, ENQUIRE_LINK * 3)
    capture.tcp(source=SMSC, destination=ESME, data=ENQUIRE_LINK_RESP * 3)
    capture.tcp(ESME, SMSC, (ENQUIRE_LINK * 2)[:20])
    capture.tcp(ESME, SMSC, (ENQUIRE_LINK * 2)[20:])
    capture.tcp(("::1", 40002), ("::1", 2776), ENQUIRE_LINK)
    capture.close()
    packets = tshark.read_capture(path, "-o", "tcp.check_checksum:TRUE")
    assert [packet.complaints for packet in packets] == [()] * 5
    assert [len(packet.fields.get("smpp.command_id", [])) for packet in packets] == [3, 3, 1, 1, 1]
    assert [packet.one("tcp.seq_raw") for packet in packets] == ["1", "1", "49", "69", "1"]
    assert [packet.one("tcp.ack_raw") for packet in packets] == ["1", "49", "49", "49", "1"]
    assert {packet.one("tcp.checksum.status") for packet in packets} == {"1"}
    assert packets[0].one("frame.time_epoch") == "1700000000.250000000"


def test_more_data_than_a_packet_holds(path: Path) -> None:
    capture = Capture(path)
    capture.tcp(ESME, SMSC, ENQUIRE_LINK * (2 * LARGEST_PART // 16))
    capture.tcp(SMSC, ESME, ENQUIRE_LINK_RESP)
    capture.close()
    packets = tshark.read_capture(path)
    assert [packet.complaints for packet in packets] == [()] * 3


def test_m3ua_is_framed_as_sctp(path: Path) -> None:
    vectors = json.loads((VECTORS / "ss7.json").read_text())[:8]
    capture = Capture(path)
    for number, vector in enumerate(vectors):
        capture.sctp(GATEWAY, HLR, bytes.fromhex(vector["m3ua"]), stream=1 + number % 2)
        capture.sctp(source=HLR, destination=GATEWAY, m3ua=bytes.fromhex("0100030300000008"))
    capture.sctp(("::1", 41001), ("::1", 2905), bytes.fromhex("010003030000000d0009000500"))
    capture.close()
    packets = tshark.read_capture(path, "-o", "sctp.checksum:CRC 32c")
    assert [packet.complaints for packet in packets] == [()] * 17
    assert {packet.one("sctp.checksum.status") for packet in packets} == {"1"}
    assert {packet.one("sctp.data_payload_proto_id") for packet in packets} == {"3"}
    assert [packet.one("sctp.data_tsn_raw") for packet in packets[:16:2]] == list("12345678")
    assert [packet.one("sctp.data_ssn") for packet in packets[:16:2]] == list("00112233")
    assert all("gsm_map" in packet.protocols for packet in packets[:16:2])


def test_what_cannot_be_framed_is_left_out(path: Path) -> None:
    capture = Capture(path)
    capture.sctp(GATEWAY, HLR, bytes(LARGEST_PART + 1))
    capture.tcp(("", 0), ("localhost", 1), b"x")
    capture.close()
    (packet,) = tshark.read_capture(path)
    assert packet.one("ip.src") == "0.0.0.0"


def test_flows_are_bounded(path: Path) -> None:
    capture = Capture(path)
    for port in range(MOST_FLOWS):
        capture.tcp(("127.0.0.1", port), SMSC, b"x")
    assert len(capture._flows) <= MOST_FLOWS
    capture.close()


def test_a_reader_sees_what_was_flushed_and_close_may_come_twice(path: Path) -> None:
    capture = Capture(path)
    capture.tcp(ESME, SMSC, ENQUIRE_LINK)
    capture.flush()
    size = path.stat().st_size
    assert size == 24 + 16 + 40 + 16
    capture.close()
    capture.close()
    capture.tcp(ESME, SMSC, ENQUIRE_LINK)
    assert path.stat().st_size == size


def test_a_full_disk_ends_the_capture_and_nothing_else(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = Capture(path)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(capture._writer, "write_packet", full)
    capture.tcp(ESME, SMSC, ENQUIRE_LINK)
    capture.tcp(ESME, SMSC, ENQUIRE_LINK)
    capture.close()


def test_a_file_that_cannot_be_made_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no-such-folder"):
        Capture(tmp_path / "no-such-folder" / "capture.pcap")
