"""Damaged captures: each gives messages, and at its end perhaps a `CaptureError`; nothing else."""

import io
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from scapy.layers.inet import IP
from scapy.layers.l2 import Ether
from scapy.utils import PcapNgWriter

from telecom.net.capture_reader import CapturedMessage, CaptureError, read_messages
from tests.net.capture_files import (
    BEAT,
    beat,
    data_chunk,
    enquire_link,
    fragments,
    pcap,
    sack,
    sctp,
    submit_sm,
    tcp,
    udp,
)

ROUNDS = 400
MESSAGES = 8
ETHERNET = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
STREAM = submit_sm() + enquire_link()
PACKETS = [
    tcp(1, STREAM[:60]),
    tcp(61, STREAM[60:]),
    tcp(1, BEAT + beat(b"x"), port=2),
    udp(BEAT),
    sctp(sack(), data_chunk(1, BEAT), data_chunk(2, beat(b"y"))),
    *map(sctp, fragments(3, beat(b"long")[:9], beat(b"long")[9:])),
]


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    path = tmp_path_factory.mktemp("captures") / "capture.pcapng"
    frames = [ETHERNET / IP(packet) for packet in PACKETS]
    writer = PcapNgWriter(str(path))
    for frame in frames:
        writer.write(frame)
    writer.close()
    return [pcap(PACKETS), pcap(map(bytes, frames), link_type=1), path.read_bytes()]


def damaged(octets: bytes, seed: int) -> bytes:
    chance = random.Random(seed)
    mutable = bytearray(octets)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(mutable))
        match chance.randrange(4):
            case 0:
                mutable[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
            case 1:
                del mutable[at : at + chance.randint(1, 8)]
            case 2:
                mutable[at:at] = chance.randbytes(chance.randint(1, 8))
            case 3:
                mutable[at : at + 4] = chance.randbytes(4)
    return bytes(mutable[: chance.randint(0, len(mutable) * 3)])


def messages_of(octets: bytes) -> Iterator[CapturedMessage]:
    try:
        yield from read_messages(io.BytesIO(octets))
    except CaptureError as error:
        assert str(error)  # noqa: PT017  either outcome is right


@pytest.mark.parametrize("number", range(3))
def test_damaged_captures(captures: list[bytes], number: int) -> None:
    assert len(list(messages_of(captures[number]))) == MESSAGES
    found = [len(list(messages_of(damaged(captures[number], seed)))) for seed in range(ROUNDS)]
    assert MESSAGES in found
    assert 0 in found


def test_noise_behind_a_magic_number(captures: list[bytes]) -> None:
    for seed in range(ROUNDS):
        noise = random.Random(seed).randbytes(200)
        for capture in captures:
            list(messages_of(capture[:4] + noise))


def test_the_file_is_left_open(tmp_path: Path) -> None:
    path = tmp_path / "no-capture"
    path.write_bytes(b"nothing of the kind")
    with path.open("rb") as file:
        with pytest.raises(CaptureError):
            list(read_messages(file))
        assert not file.closed
