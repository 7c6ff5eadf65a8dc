"""TCP put together again: order, retransmissions, losses, and which octets are a protocol."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.net.capture_reader import tcp as tcp_reader
from telecom.net.capture_reader.framing import LONGEST_MESSAGE, Framing, recognised
from tests.net.capture_files import BEAT, beat, enquire_link, octets_in, submit_sm, tcp

PDUS = [submit_sm(1), enquire_link(2), submit_sm(3, b"x" * 100), enquire_link(4)]
STREAM = b"".join(PDUS)


def cut(stream: bytes, size: int) -> list[tuple[int, bytes]]:
    return [(start, stream[start : start + size]) for start in range(0, len(stream), size)]


@pytest.mark.parametrize("size", [1, 3, 16, 17, 50, 1000])
def test_segments_of_any_size(size: int) -> None:
    assert octets_in(*(tcp(1 + at, data) for at, data in cut(STREAM, size))) == PDUS


def test_a_flow_whose_sequence_numbers_wrap() -> None:
    first = (1 << 32) - 40
    frames = [tcp(first + at, data) for at, data in cut(STREAM, 30)]
    frames[1], frames[2] = frames[2], frames[1]
    assert octets_in(tcp(first - 1, flags="S"), *frames) == PDUS


def test_retransmissions_and_overlaps() -> None:
    assert (
        octets_in(
            tcp(1, STREAM[:20]),
            tcp(1, STREAM[:20]),
            tcp(11, STREAM[10:70]),
            tcp(61, STREAM[60:65]),
            tcp(70, b"\0"),  # a keep-alive repeats the last octet
            tcp(51, STREAM[50:]),
            tcp(1, STREAM),
        )
        == PDUS
    )


@given(st.randoms(use_true_random=False), st.integers(1, 40))
@settings(max_examples=60, derandomize=True, deadline=None)
def test_segments_in_any_order(shuffler: random.Random, size: int) -> None:
    segments = cut(STREAM, size)
    segments += shuffler.choices(segments, k=5)
    shuffler.shuffle(segments)
    frames = [tcp(1001 + at, data) for at, data in segments]
    assert octets_in(tcp(1000, flags="S"), *frames) == PDUS


def test_both_directions_and_many_connections_are_flows_of_their_own() -> None:
    frames = [tcp(1 + at, data, port=port) for at, data in cut(STREAM, 9) for port in (1, 2, 3)]
    assert sorted(octets_in(*frames)) == sorted(PDUS * 3)


def test_a_lost_segment_costs_the_message_that_it_is_of() -> None:
    first, second, third = submit_sm(1), submit_sm(2), submit_sm(3)
    stream = first + second + third
    lost = len(first) + 20
    assert octets_in(
        tcp(1, stream[:lost]),
        tcp(1 + lost + 10, stream[lost + 10 :]),
    ) == [first, second[:20], third]


def test_a_lost_segment_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp_reader, "MOST_AHEAD", 3 * (128 + 16))
    frames = [tcp(1 + 16 * number, enquire_link(number)) for number in (0, 2, 3, 4, 5)]
    found = octets_in(*frames, tcp(1 + 16, enquire_link(1)))
    assert found == [enquire_link(number) for number in (0, 2, 3, 4, 5)]


def test_a_new_connection_on_the_same_ports() -> None:
    assert octets_in(
        tcp(1, enquire_link(1) + enquire_link(2)[:5]),
        tcp(70_000, flags="S"),
        tcp(70_001, enquire_link(3)),
    ) == [enquire_link(1), enquire_link(2)[:5], enquire_link(3)]


def test_a_capture_that_begins_within_a_message() -> None:
    assert octets_in(tcp(1, STREAM[7:])) == PDUS[1:]


def test_other_protocols_are_passed_over() -> None:
    other = random.Random(4).randbytes(5000)
    assert octets_in(tcp(1, b"GET / HTTP/1.1\r\n\r\n"), tcp(19, other)) == []
    assert octets_in(tcp(1, other + enquire_link())) == [enquire_link()]


def test_what_is_no_message_among_messages_is_shown() -> None:
    assert octets_in(tcp(1, enquire_link(1) + b"HTTP/1.0 400" + enquire_link(2))) == [
        enquire_link(1),
        b"HTTP/1.0 400",
        enquire_link(2),
    ]
    assert octets_in(tcp(1, BEAT + b"no version 1" + BEAT)) == [BEAT, b"no version 1", BEAT]
    assert octets_in(tcp(1, BEAT), tcp(9, b"nothing of it"), tcp(22, BEAT)) == [
        BEAT,
        b"nothing of it",
        BEAT,
    ]


def test_a_command_that_is_unknown_is_a_message_on_a_link_that_is_known() -> None:
    unknown = enquire_link().replace(b"\x15", b"\x77")
    assert octets_in(tcp(1, unknown)) == []
    assert octets_in(tcp(1, enquire_link() + unknown)) == [enquire_link(), unknown]


@pytest.mark.parametrize(
    ("octets", "protocol"),
    [
        (enquire_link(), "smpp"),
        (submit_sm(), "smpp"),
        (bytes.fromhex("00000010 80000004 00000058 00000001"), "smpp"),
        (bytes.fromhex("0001ffff 00000005 00000000 00000001"), "smpp"),
        (bytes.fromhex("0000000f 00000015 00000000 00000001"), None),
        (bytes.fromhex("00020000 00000015 00000000 00000001"), None),
        (bytes.fromhex("00000010 00000015 00000001 00000001"), None),
        (bytes.fromhex("00000010 00000016 00000000 00000001"), None),
        (BEAT, "m3ua"),
        (beat(b"data"), "m3ua"),
        (bytes.fromhex("0100030700000008"), None),
        (bytes.fromhex("0100030300000007"), None),
        (bytes.fromhex("0200030300000008"), None),
        (b"", None),
    ],
)
def test_a_header_is_recognised(octets: bytes, protocol: str | None) -> None:
    assert recognised(octets) == protocol


def test_framing_holds_no_more_than_a_message() -> None:
    framing = Framing()
    for _ in range(100):
        assert list(framing.feed(bytes(1000))) == []
        assert framing.held < 16
    longest = LONGEST_MESSAGE.to_bytes(4, "big") + enquire_link()[4:]
    assert list(framing.feed(longest)) == []
    assert [len(octets) for _, octets in framing.feed(bytes(LONGEST_MESSAGE))] == [
        LONGEST_MESSAGE,
        16,
    ]
    assert framing.held < 16
