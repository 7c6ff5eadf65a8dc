from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecom.sms.alphabets import Alphabet, decode_gsm7, decode_ucs2
from telecom.sms.segmentation import Reassembler, capacity, message_key, split
from telecom.sms.user_data import (
    Concatenation,
    InformationElement,
    UserData,
    UserDataError,
    encode_user_data,
)
from tests.sms.conftest import GSM7 as GSM7_CHARACTERS

GSM7, OCTETS, UCS2 = Alphabet.GSM7, Alphabet.OCTETS, Alphabet.UCS2
PORTS = InformationElement(5, bytes.fromhex("0b8423f0"))
long_texts = st.one_of(
    st.text(alphabet=GSM7_CHARACTERS, min_size=100, max_size=600),
    st.text(alphabet=GSM7_CHARACTERS[-9:] + "a", min_size=100, max_size=400),
    st.text(alphabet="aя\U0001f600", min_size=60, max_size=300),
)


def sizes(message: str | UserData, *, wide: bool = False) -> list[int]:
    return [len(segment.payload) for segment in split(message, 7, wide=wide)]


@pytest.mark.parametrize(
    ("text", "wide", "expected"),
    [
        ("a" * 160, False, [160]),
        ("a" * 161, False, [153, 8]),
        ("a" * 161, True, [152, 9]),
        ("a" * 306, False, [153, 153]),
        ("я" * 70, False, [140]),
        ("я" * 71, False, [134, 8]),
        ("я" * 71, True, [132, 10]),
        ("", False, [0]),
        # an escape pair is not cut, nor is a surrogate pair
        ("a" * 152 + "€" * 5, False, [152, 10]),
        ("a" * 151 + "€" * 6, False, [153, 10]),
        ("€" * 81, False, [152, 10]),
        ("я" * 66 + "\U0001f600" * 3, False, [132, 12]),
        ("я" * 65 + "\U0001f600" * 3, False, [134, 8]),
        ("\U0001f600" * 36, False, [132, 12]),
    ],
)
def test_sizes_of_segments(text: str, wide: bool, expected: list[int]) -> None:
    assert sizes(text, wide=wide) == expected


def test_octets_are_cut_anywhere() -> None:
    assert sizes(UserData(OCTETS, bytes(140))) == [140]
    assert sizes(UserData(OCTETS, b"\x1b" * 141)) == [134, 7]
    assert sizes(UserData(OCTETS, b"\xd8" * 141), wide=True) == [133, 8]


def test_a_segment_says_its_place() -> None:
    first, second = split("a" * 161, 0x1FF)
    assert first.concatenation == Concatenation(0xFF, 2, 1)
    assert second.concatenation == Concatenation(0xFF, 2, 2)
    assert split("a" * 161, 0x1FF, wide=True)[1].concatenation == Concatenation(
        0x1FF, 2, 2, bits16=True
    )


def test_the_header_of_the_message_is_in_each_segment() -> None:
    whole = UserData(GSM7, b"a" * 200, (PORTS,))
    segments = split(whole, 1)
    assert [segment.header[1:] for segment in segments] == [(PORTS,), (PORTS,)]
    assert capacity(GSM7, segments[0].header) == 146
    assert [len(segment.payload) for segment in segments] == [146, 54]
    assert split(UserData(GSM7, b"a" * 152, (PORTS,)), 1) == [UserData(GSM7, b"a" * 152, (PORTS,))]


@pytest.mark.parametrize(
    "message",
    [
        "a" * (153 * 255 + 1),
        UserData(OCTETS, bytes(200), (InformationElement(0x70, bytes(129)),)),
        UserData(OCTETS, bytes(200), (Concatenation(1, 2, 1).element(),)),
    ],
)
def test_what_cannot_be_cut_up(message: str | UserData) -> None:
    with pytest.raises(UserDataError):
        split(message, 1)


def test_as_many_segments_as_there_can_be() -> None:
    segments = split("a" * 153 * 255, 1)
    assert len(segments) == 255
    assert segments[-1].concatenation == Concatenation(1, 255, 255)


@given(long_texts, st.booleans(), st.randoms(use_true_random=False))
def test_segments_fit_are_text_by_themselves_and_join_again(
    text: str, wide: bool, random: Random
) -> None:
    segments = split(text, 9, wide=wide)
    for segment in segments:
        encode_user_data(segment)
    assert "".join(segment.text for segment in segments) == text
    random.shuffle(segments)
    reassembler = Reassembler()
    joined = [reassembler.add("447700900123", segment, 0.0) for segment in segments]
    assert joined[:-1] == [None] * (len(segments) - 1)
    assert joined[-1] == UserData.of_text(text)
    assert len(reassembler) == 0


@given(st.binary(min_size=161, max_size=500).map(lambda octets: bytes(o & 0x7F for o in octets)))
def test_septets_of_any_kind_mean_the_same_in_segments(septets: bytes) -> None:
    segments = split(UserData(GSM7, septets), 1)
    assert b"".join(segment.payload for segment in segments) == septets
    assert "".join(decode_gsm7(segment.payload) for segment in segments) == decode_gsm7(septets)


@given(st.binary(min_size=141, max_size=500))
def test_ucs2_of_any_kind_is_cut_between_characters(octets: bytes) -> None:
    segments = split(UserData(UCS2, octets), 1)
    assert b"".join(segment.payload for segment in segments) == octets
    assert "".join(decode_ucs2(segment.payload) for segment in segments) == decode_ucs2(octets)


def parts(text: str, reference: int = 1) -> list[UserData]:
    return split(text.ljust(400, "."), reference)


class TestReassembler:
    def test_any_order(self) -> None:
        for order in permutations(parts("hello")):
            reassembler = Reassembler()
            results = [reassembler.add("a", part, 0.0) for part in order]
            assert [result is None for result in results] == [True, True, False]
            assert results[2] == UserData.of_text("hello".ljust(400, "."))

    def test_a_whole_message_passes(self) -> None:
        reassembler = Reassembler()
        whole = UserData.of_text("hello")
        assert reassembler.add("a", whole, 0.0) is whole
        assert len(reassembler) == 0

    def test_header_elements_stay_but_for_the_concatenation(self) -> None:
        whole = UserData(OCTETS, bytes(200), (PORTS,))
        reassembler = Reassembler()
        assert [reassembler.add("a", part, 0.0) for part in split(whole, 1)] == [None, whole]

    def test_senders_and_references_are_told_apart(self) -> None:
        reassembler = Reassembler()
        mixed = [("a", parts("one")), ("b", parts("two")), ("a", parts("three", reference=2))]
        for sequence in range(3):
            results = [reassembler.add(address, part[sequence], 0.0) for address, part in mixed]
        assert [result.text.rstrip(".") for result in results if result] == ["one", "two", "three"]

    def test_a_repeated_segment_changes_nothing(self) -> None:
        reassembler = Reassembler(max_segments=3)
        first, second, third = parts("hello")
        results = [reassembler.add("a", part, 0.0) for part in (first, first, first, second, third)]
        assert [result is None for result in results] == [True, True, True, True, False]

    def test_a_reference_in_use_again_begins_anew(self) -> None:
        reassembler = Reassembler()
        old, new = parts("old"), parts("new")
        results = [reassembler.add("a", part, 0.0) for part in (*old[:2], *new)]
        assert results[-1] == UserData.of_text("new".ljust(400, "."))
        assert reassembler.given_up == 1

    def test_age(self) -> None:
        reassembler = Reassembler(max_age=60.0)
        first, second, third = parts("hello")
        assert reassembler.add("a", first, 0.0) is None
        assert reassembler.add("a", second, 60.0) is None
        assert reassembler.add("a", third, 60.5) is None
        assert (len(reassembler), reassembler.given_up) == (1, 1)

    def test_who_gave_segments_is_told_when_they_are_forgotten(self) -> None:
        told: list[object] = []
        reassembler = Reassembler(max_age=60.0, max_messages=2, forgotten=told.append)
        keys = {}
        assert reassembler.next_timer() is None
        for now, address in enumerate("abc"):
            first = parts("hello")[0]
            reassembler.add(address, first, float(now))
            assert first.concatenation is not None
            keys[address] = message_key(address, first.concatenation)
        assert told == [keys["a"]]
        assert keys["a"] not in reassembler
        assert keys["b"] in reassembler
        assert reassembler.next_timer() == 61.0
        reassembler.handle_timer(61.0)
        assert told == [keys["a"], keys["b"]]
        assert reassembler.next_timer() == 62.0

    def test_messages_are_bounded(self) -> None:
        reassembler = Reassembler(max_messages=2)
        for address in "abc":
            reassembler.add(address, parts("hello")[0], 0.0)
        assert (len(reassembler), reassembler.given_up) == (2, 1)

    def test_segments_are_bounded(self) -> None:
        reassembler = Reassembler(max_segments=3)
        for address in "ab":
            for part in parts("hello")[:2]:
                reassembler.add(address, part, 0.0)
        assert (len(reassembler), reassembler.given_up) == (1, 1)

    def test_segments_in_two_alphabets_become_one_text(self) -> None:
        def part(sequence: int, text: str, alphabet: Alphabet) -> UserData:
            data = UserData.of_text(text, alphabet)
            header = (Concatenation(1, 2, sequence).element(),)
            return UserData(alphabet, data.payload, header)

        reassembler = Reassembler()
        assert reassembler.add("a", part(1, "Hello €", GSM7), 0.0) is None
        assert reassembler.add("a", part(2, " мир", UCS2), 0.0) == UserData.of_text("Hello € мир")
