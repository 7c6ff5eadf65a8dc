"""SCTP put together again: DATA chunks, fragments, retransmissions, and what else is in packets."""

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.sctp import SCTPChunkInit

from telecom.net.capture_reader import sctp as sctp_reader
from tests.net.capture_files import BEAT, beat, data_chunk, fragments, octets_in, sack, sctp

LONG = beat(bytes(range(200)))
PARTS = [LONG[start : start + 70] for start in range(0, len(LONG), 70)]


def test_several_chunks_in_a_packet() -> None:
    packet = sctp(
        sack(), data_chunk(1, beat(b"a")), data_chunk(2, beat(b"bc")), data_chunk(3, BEAT)
    )
    assert octets_in(packet) == [beat(b"a"), beat(b"bc"), BEAT]


def test_a_packet_without_data() -> None:
    assert octets_in(sctp(SCTPChunkInit(init_tag=1, init_tsn=1), tag=0), sctp(sack())) == []


def test_fragments_in_packets_of_their_own() -> None:
    chunks = [data_chunk(1, BEAT), *fragments(2, *PARTS), data_chunk(2 + len(PARTS), BEAT)]
    assert octets_in(*map(sctp, chunks)) == [BEAT, LONG, BEAT]


@given(st.randoms(use_true_random=False), st.sampled_from([1, (1 << 32) - 3]))
@settings(max_examples=60, derandomize=True, deadline=None)
def test_fragments_in_any_order(shuffler: random.Random, first: int) -> None:
    other = beat(b"other" * 20)
    chunks = [
        *fragments(first, *PARTS),
        *fragments(first + len(PARTS), other[:50], other[50:]),
    ]
    for chunk in chunks:
        chunk.tsn %= 1 << 32
    chunks += shuffler.choices(chunks, k=3)
    shuffler.shuffle(chunks)
    assert sorted(octets_in(*map(sctp, chunks))) == sorted([LONG, other])


def test_a_retransmission_is_no_second_message() -> None:
    chunk = data_chunk(1, BEAT)
    assert octets_in(sctp(chunk), sctp(chunk, source="192.0.2.77"), sctp(chunk)) == [BEAT]


def test_a_new_association_begins_anew() -> None:
    chunk = data_chunk(1, BEAT)
    assert octets_in(sctp(chunk, tag=1), sctp(chunk, tag=2)) == [BEAT, BEAT]


def test_only_the_last_tsns_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sctp_reader, "MOST_SEEN", 2)
    frames = [sctp(data_chunk(tsn, BEAT)) for tsn in (1, 2, 2, 3, 1)]
    assert len(octets_in(*frames)) == 4


def test_a_lost_fragment_leaves_the_others() -> None:
    chunks = fragments(1, *PARTS)
    del chunks[1]
    assert octets_in(*map(sctp, chunks), sctp(data_chunk(9, BEAT))) == [
        BEAT,
        PARTS[0],
        b"".join(PARTS[2:]),
    ]


def test_fragments_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sctp_reader, "MOST_FRAGMENTED", 400)
    flow = sctp_reader.SctpFlow()
    held = []
    for tsn in range(0, 40, 2):
        list(flow.chunk(sctp_reader.DataChunk(tsn, False, False, 3, b"x" * 10)))
        held.append(flow.held)
    assert max(held) <= 400


@pytest.mark.parametrize(
    ("ppid", "data", "count"),
    [(3, b"no M3UA", 1), (0, BEAT, 1), (0x03000000, BEAT, 1), (0, b"no M3UA", 0), (46, BEAT, 0)],
)
def test_payload_protocols(ppid: int, data: bytes, count: int) -> None:
    assert octets_in(sctp(data_chunk(1, data, ppid=ppid))) == [data] * count


def test_chunks_that_make_no_sense_end_the_packet() -> None:
    packet = bytearray(sctp(data_chunk(1, BEAT), data_chunk(2, BEAT)))
    second = 20 + 12 + 24
    packet[second + 2 : second + 4] = struct.pack(">H", 3)
    assert octets_in(bytes(packet)) == [BEAT]
    assert octets_in(sctp(data_chunk(1, BEAT))[:-10]) == []
    assert octets_in(sctp()[:25]) == []
