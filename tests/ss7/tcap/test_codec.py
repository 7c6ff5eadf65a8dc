"""Literal octets of what the vectors have not, both ways; bad portions; octets of no kind."""

import json
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.ss7.ber import encode
from telecom.ss7.sccp.address import SccpAddress
from telecom.ss7.sccp.primitives import NNotice, NUnitdata
from telecom.ss7.tcap.codec import decode_message, encode_message, read_transaction_ids
from telecom.ss7.tcap.errors import TransactionPortionError
from telecom.ss7.tcap.messages import (
    Abort,
    AbortSource,
    Begin,
    Continue,
    DialogueAbort,
    DialogueRequest,
    DialogueResponse,
    End,
    Message,
    UndecodableComponent,
    UndecodableDialogue,
    Unidirectional,
    UnidirectionalDialogue,
)
from telecom.ss7.tcap.primitives import (
    External,
    Invoke,
    Problem,
    Reject,
    ReturnError,
    ReturnResultLast,
    ReturnResultNotLast,
)
from telecom.ss7.tcap.transactions import Transactions

CONTEXT = (0, 4, 0, 0, 1, 0, 19, 2)
MAP_DIALOGUE = (0, 4, 0, 0, 1, 1, 1, 1)

BADLY = Problem.BADLY_STRUCTURED_COMPONENT
MISTYPED = Problem.MISTYPED_COMPONENT

LITERALS: dict[str, Message] = {
    "6210 4801 07 6c0b a109 020101 80017f 02013b": Begin(
        b"\x07", None, (Invoke(1, 59, None, linked_id=127),)
    ),
    "6512 4801 07 4901 08 6c0a a708 0201ff 3003 02013c": Continue(
        b"\x07", b"\x08", None, (ReturnResultNotLast(-1, 60),)
    ),
    "6411 4901 08 6c0c a30a 020101 0203 00ffff 0500": End(
        b"\x08", None, (ReturnError(1, 65535, b"\x05\x00"),)
    ),
    "6413 4901 08 6c0e a10c 020101 0607 04000001001403": End(
        b"\x08", None, (Invoke(1, (0, 4, 0, 0, 1, 0, 20, 3)),)
    ),
    "6125 6b19 2817 0607 00118605010201 a00c 600a a108 0606 040000010013"
    " 6c08 a106 020101 02013d": Unidirectional(
        UnidirectionalDialogue((0, 4, 0, 0, 1, 0, 19), (), None), (Invoke(1, 61),)
    ),
    "670c 4904 00000001 4a04 7fffffff": Abort(b"\x00\x00\x00\x01", 0x7FFFFFFF),
    "6739 4901 08 6b34 2832 0607 00118605010101 a027 6425 800100 be20"
    " 280f 0607 04000001010101 8104 deadbeef 280d 0607 04000001010101 8202 0780": Abort(
        b"\x08",
        None,
        DialogueAbort(
            AbortSource.DIALOGUE_SERVICE_USER,
            (
                External(MAP_DIALOGUE, b"\xde\xad\xbe\xef", 0x81),
                External(MAP_DIALOGUE, b"\x07\x80", 0x82),
            ),
        ),
    ),
}


@pytest.mark.parametrize("octets", LITERALS)
def test_literals(octets: str) -> None:
    data = bytes.fromhex(octets)
    assert decode_message(data) == LITERALS[octets]
    assert encode_message(LITERALS[octets]) == data


def test_an_external_may_say_more_than_it_must() -> None:
    data = bytes.fromhex(
        "672f 4901 08 6b2a 2828 0607 00118605010101 a01d 641b 800101 be16"
        "2814 0607 04000001010101 020101 0702 6869 a002 0500"
    )
    information = (External(MAP_DIALOGUE, b"\x05\x00"),)
    dialogue = DialogueAbort(AbortSource.DIALOGUE_SERVICE_PROVIDER, information)
    assert decode_message(data) == Abort(b"\x08", None, dialogue)


def tlv(tag: int, *values: bytes | str) -> bytes:
    """Encode a value that consists of these, octets or hex."""
    return encode(tag, b"".join(bytes.fromhex(v) if isinstance(v, str) else v for v in values))


def dialogue_pdu(tag: int, *elements: bytes | str) -> bytes:
    return tlv(0x28, "060700118605010101", tlv(0xA0, tlv(tag, *elements)))


NAME = tlv(0xA1, "060704000001001302")
RESULT = "a203020100"
UNDECODABLE_PORTIONS = {
    "no tag": b"",
    "tag 0x5 found": tlv(0x05),
    "no tag and length at octet 0": tlv(0x28),
    "does not end": tlv(0x28, "0600"),
    "no tag and length at octet 9": tlv(0x28, "060700118605010101"),
    "one value": dialogue_pdu(0x64, "800100") + b"\x05\x00",
    "no direct reference": tlv(0x28, "020101", "a0026400"),
    "no encoding": tlv(0x28, "060700118605010101", "a4026400"),
    "single ASN.1 type": tlv(0x28, "060700118605010101", "81026400"),
    "element 0x80 is missing": dialogue_pdu(0x64),
    "tag 0x65": dialogue_pdu(0x65),
    "1, 2, 1), tag 0x64": tlv(0x28, "060700118605010201", "a0026400"),
    "an integer of 0": dialogue_pdu(0x64, "8000"),
    "element 0x80 comes too late": dialogue_pdu(0x64, "800100", "800100"),
    "an element of tag 0x5": dialogue_pdu(0x64, "800100", "be020500"),
    "an external has no": dialogue_pdu(0x64, "800100", "be0428020500"),
    "element 0xa1 is missing": dialogue_pdu(0x60, "80020780"),
    "tag 0x2 found": dialogue_pdu(0x60, "a103020101"),
    "element 0xa3 is missing": dialogue_pdu(0x61, NAME, RESULT),
    "octet 0": dialogue_pdu(0x61, NAME, RESULT, "a300"),
    "the diagnostic a403020100": dialogue_pdu(0x61, NAME, RESULT, "a305a403020100"),
    "the diagnostic a10402020100": dialogue_pdu(0x61, NAME, RESULT, "a306a10402020100"),
}


@pytest.mark.parametrize("reason", UNDECODABLE_PORTIONS)
def test_a_dialogue_portion_that_is_none_is_said_in_its_place(reason: str) -> None:
    portion = tlv(0x6B, UNDECODABLE_PORTIONS[reason])
    message: Any = decode_message(tlv(0x62, "480107", portion))
    assert message.otid == b"\x07"
    assert isinstance(message.dialogue, UndecodableDialogue)
    assert reason in message.dialogue.reason


@pytest.mark.parametrize(
    ("component", "expected"),
    [
        ("a105 020101 0a01", UndecodableComponent(0xA1, 1, BADLY)),
        ("a106 020101 0a0101", UndecodableComponent(0xA1, 1, MISTYPED)),
        ("a105 0500 020107", UndecodableComponent(0xA1, None, MISTYPED)),
        ("a205 0500 020107", UndecodableComponent(0xA2, None, MISTYPED)),
        ("a305 0500 020107", UndecodableComponent(0xA3, None, MISTYPED)),
        ("a303 020107", UndecodableComponent(0xA3, 7, MISTYPED)),
        ("a205 020107 3000", UndecodableComponent(0xA2, 7, MISTYPED)),
        ("a207 020107 3000 0500", UndecodableComponent(0xA2, 7, MISTYPED)),
        ("a406 020107 840100", UndecodableComponent(0xA4, 7, MISTYPED)),
        ("a406 020107 800200", UndecodableComponent(0xA4, 7, BADLY)),
        (
            "a207 020107 3002 0600",
            UndecodableComponent(0xA2, 7, BADLY),
        ),
        ("a406 020107 8301ff", Reject(7, 0x83FF)),
        ("a203 020107", ReturnResultLast(7)),
    ],
)
def test_components(component: str, expected: Any) -> None:
    octets = bytes.fromhex(component)
    value = b"\x49\x01\x07\x6c" + bytes((len(octets),)) + octets
    assert decode_message(b"\x64" + bytes((len(value),)) + value) == End(b"\x07", None, (expected,))


def test_transaction_ids_of_a_message_that_was_cut() -> None:
    whole = encode_message(
        Continue(b"\x01\x02\x03\x04", b"\x05", None, (Invoke(1, 45, b"0" * 90),))
    )
    assert read_transaction_ids(whole[:14]) == (b"\x01\x02\x03\x04", b"\x05")
    assert read_transaction_ids(whole[:10]) == (b"\x01\x02\x03\x04", None)
    assert read_transaction_ids(whole[:5]) == (None, None)


INVOKE_IDS = st.integers(-128, 127)
OIDS = st.tuples(st.integers(0, 2), st.integers(0, 39), st.integers(0, 2**40))
CODES = st.one_of(st.integers(-(2**31), 2**31), OIDS)
PARAMETERS = st.one_of(st.none(), st.binary(max_size=300).map(partial(encode, 0x04)))
EXTERNALS = st.builds(
    External,
    OIDS,
    st.binary(max_size=20),
    st.sampled_from([0xA0, 0x81, 0x82]),
)
INFORMATION = st.lists(EXTERNALS, max_size=2).map(tuple)
BITS = st.one_of(st.none(), st.binary(min_size=1, max_size=3))


COMPONENTS = st.lists(
    st.one_of(
        st.builds(Invoke, INVOKE_IDS, CODES, PARAMETERS, st.one_of(st.none(), INVOKE_IDS)),
        st.builds(ReturnResultLast, INVOKE_IDS, CODES, PARAMETERS),
        st.builds(ReturnResultNotLast, INVOKE_IDS),
        st.builds(ReturnError, INVOKE_IDS, CODES, PARAMETERS),
        st.builds(Reject, st.one_of(st.none(), INVOKE_IDS), st.integers(0x8000, 0x83FF)),
    ),
    max_size=4,
).map(tuple)
DIALOGUES = st.one_of(
    st.none(),
    st.builds(DialogueRequest, OIDS, INFORMATION, BITS),
    st.builds(UnidirectionalDialogue, OIDS, INFORMATION, BITS),
    st.builds(
        DialogueResponse,
        OIDS,
        st.integers(0, 1),
        st.integers(0xA100, 0xA27F),
        INFORMATION,
        BITS,
    ),
    st.builds(DialogueAbort, st.integers(0, 1), INFORMATION),
)
IDS = st.binary(min_size=1, max_size=4)
MESSAGES = st.one_of(
    st.builds(Unidirectional, DIALOGUES, COMPONENTS),
    st.builds(Begin, IDS, DIALOGUES, COMPONENTS),
    st.builds(Continue, IDS, IDS, DIALOGUES, COMPONENTS),
    st.builds(End, IDS, DIALOGUES, COMPONENTS),
    st.builds(Abort, IDS, st.one_of(st.none(), st.integers(0, 200)), DIALOGUES),
)


@settings(derandomize=True, max_examples=200, database=None)
@given(MESSAGES)
def test_what_is_written_is_read(message: Message) -> None:
    assert decode_message(encode_message(message)) == message


VECTORS = [
    bytes.fromhex(vector["tcap"])
    for vector in json.loads((Path(__file__).parents[2] / "vectors" / "ss7.json").read_text())
    if vector.get("tcap")
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Draw a vector with some octets overwritten, left out, put in, or cut off."""
    octets = bytearray(draw(st.sampled_from(VECTORS)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(octets)))
        replaced = draw(st.integers(0, 2))
        octets[at : at + replaced] = draw(st.binary(max_size=2))
    return bytes(octets[: draw(st.integers(0, len(octets)))] if draw(st.booleans()) else octets)


@settings(derandomize=True, max_examples=600, database=None)
@given(st.one_of(damaged(), st.binary(max_size=80)))
def test_any_octets_are_decoded_or_refused(octets: bytes) -> None:
    with suppress(TransactionPortionError):
        decode_message(octets)


OURS = SccpAddress.of_gt("38591000001", 8)
THEIRS = SccpAddress.of_gt("447700900000", 6)


@settings(derandomize=True, max_examples=150, database=None)
@given(st.lists(damaged(), min_size=1, max_size=8))
def test_the_engine_lives_through_any_octets(messages: list[bytes]) -> None:
    sent: list[NUnitdata] = []
    tcap = Transactions(lambda unitdata, _: sent.append(unitdata), transaction_ids=count(1))
    for octets in messages:
        tcap.begin(
            called=THEIRS,
            calling=OURS,
            now=0,
            application_context=(0, 4, 0, 0, 1, 0, 20, 3),
            components=(Invoke(1, 45, timeout=5),),
        )
        tcap.handle_unitdata(NUnitdata(OURS, THEIRS, octets), 0)
        tcap.handle_notice(NNotice(THEIRS, OURS, octets, 1))
    for unitdata in sent:
        decode_message(unitdata.data)
    for now in (6, 130, 260, 400):
        tcap.handle_timer(now)
    assert len(tcap) == 0
    assert tcap.next_timer() is None
