"""SCCP messages, both ways, against literal octets, the vectors and an independent dissector."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.ss7.sccp.address import GlobalTitle, SccpAddress
from telecom.ss7.sccp.codec import decode, encode
from telecom.ss7.sccp.errors import LocalError, MessageError
from telecom.ss7.sccp.messages import (
    MESSAGES,
    ExtendedUnitdata,
    ExtendedUnitdataService,
    Message,
    Segmentation,
    Unitdata,
    UnitdataService,
)
from tests.oracles import tshark

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "ss7.json").read_text())
HLR = SccpAddress(ssn=6, route_on_gt=False)
MSC = SccpAddress(ssn=8, route_on_gt=False)

LITERALS: list[tuple[str, Message]] = [
    ("09 80 03 05 07 02 42 06 02 42 08 01 ff", Unitdata(0x80, HLR, MSC, b"\xff")),
    ("0a 04 03 05 07 02 42 08 02 42 06 01 ff", UnitdataService(4, MSC, HLR, b"\xff")),
    (
        "11 81 0f 04 06 08 09 02 42 06 02 42 08 01 ff 10 04 c2 0a 0b 0c 12 01 05 00",
        ExtendedUnitdata(
            0x81, 15, HLR, MSC, b"\xff", Segmentation(True, True, 2, 0x0A0B0C), importance=5
        ),
    ),
    ("11 00 0f 04 06 08 00 02 42 06 02 42 08 00", ExtendedUnitdata(0, 15, HLR, MSC, b"")),
    (
        "12 01 0f 04 06 08 00 02 42 06 02 42 08 01 ff",
        ExtendedUnitdataService(1, 15, HLR, MSC, b"\xff"),
    ),
]


@pytest.mark.parametrize(("octets", "message"), LITERALS)
def test_literal_octets_both_ways(octets: str, message: Message) -> None:
    assert encode(message).hex(" ") == octets
    assert decode(bytes.fromhex(octets)) == message


def test_every_message_has_a_literal() -> None:
    assert {type(message) for _, message in LITERALS} == set(MESSAGES.values())


def address_of(fields: dict[str, Any]) -> SccpAddress:
    gt = None
    if fields["gti"]:
        parts = (fields.get(name) for name in ("tt", "np", "nai"))
        gt = GlobalTitle(fields["gt"], fields["gti"], *parts)
    route_on_gt = fields["route"] == "gt"
    return SccpAddress(gt, fields.get("ssn"), fields.get("pc"), route_on_gt)


def message_of(fields: dict[str, Any], data: bytes) -> Message:
    called, calling = address_of(fields["called"]), address_of(fields["calling"])
    if fields["sccp"] == "UDTS":
        return UnitdataService(fields["cause"], called, calling, data)
    protocol_class = fields["class"] | (0x80 if fields["return_on_error"] else 0)
    if fields["sccp"] == "UDT":
        return Unitdata(protocol_class, called, calling, data)
    segment = fields["segmentation"]
    segmentation = Segmentation(
        bool(segment["first"]), bool(segment["class"]), segment["remaining"], segment["ref"]
    )
    return ExtendedUnitdata(protocol_class, fields["hop"], called, calling, data, segmentation)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vectors_both_ways(vector: dict[str, Any]) -> None:
    fields = vector["decoded"]["sccp"]
    data = bytes.fromhex(fields.get("data") or vector["tcap"])
    octets = bytes.fromhex(vector["sccp"])
    assert decode(octets) == message_of(fields, data)
    assert encode(message_of(fields, data)) == octets


TITLES = [
    GlobalTitle("12345", 1, None, None, 4),
    GlobalTitle("123456", 2, 9, None, None),
    GlobalTitle("12345", 3, 9, 7, None),
    GlobalTitle("46701234567"),
    GlobalTitle("64701234", np=7),
]


def test_tshark_reads_every_message_and_every_address() -> None:
    messages = [message for _, message in LITERALS if message.data]
    messages += [
        Unitdata(0x81, SccpAddress(gt=gt, ssn=6, pc=pc), SccpAddress(gt=gt, ssn=8), b"\xff")
        for gt in TITLES
        for pc in (None, 2057)
    ]
    dissections = tshark.dissect([encode(message) for message in messages], "sccp")
    for message, read in zip(messages, dissections, strict=True):
        complaints = [c for c in read.complaints if "TCAP" not in c and "BER" not in c]
        assert complaints == [], message
        assert int(read.one("sccp.called.ssn")) == message.called.ssn
        assert read.fields.get("sccp.called.digits", [""])[0] == message.called.digits
        assert read.fields.get("sccp.calling.digits", [""])[0] == message.calling.digits
        if message.called.pc is not None:
            assert int(read.one("sccp.called.pc")) == message.called.pc
    segmented = dissections[2]
    assert segmented.one("sccp.segmentation.remaining") == "0x02"
    assert segmented.one("sccp.importance") == "0x05"


@pytest.mark.parametrize(
    "octets",
    [
        "",
        "01",
        "09",
        "09 80 03 05",
        "09 80 ff 05 07 02 42 06 02 42 08 01 ff",
        "09 80 03 05 07 02 42 06 02 42 08 02 ff",
        "09 80 03 05 07 02 42 06 02 01 08 01 ff",
        "11 81 0f 04 06 08 09 02 42 06 02 42 08 01 ff 10 05 c2 0a 0b 0c 0d 00",
        "11 81 0f 04 06 08 09 02 42 06 02 42 08 01 ff 10 05 c2 0a 0b 0c",
        "11 81 0f 04 06 08 09 02 42 06 02 42 08 01 ff 12 02 01 02 00",
    ],
)
def test_what_cannot_be_read_is_the_peers_error(octets: str) -> None:
    with pytest.raises(MessageError):
        decode(bytes.fromhex(octets))


def test_optional_parameters_that_are_unknown_are_passed_over() -> None:
    octets = bytes.fromhex("11 00 0f 04 06 08 09 02 42 06 02 42 08 01 ff 99 02 01 02 12 01 05 00")
    assert decode(octets) == ExtendedUnitdata(0, 15, HLR, MSC, b"\xff", importance=5)


def test_parameters_may_lie_in_any_order() -> None:
    octets = bytes.fromhex("09 80 05 07 01 01 ff 02 42 06 02 42 08")
    assert decode(octets) == Unitdata(0x80, HLR, MSC, b"\xff")


def test_what_does_not_fit_is_the_callers_fault() -> None:
    with pytest.raises(LocalError):
        encode(Unitdata(0, HLR, MSC, bytes(256)))
    with pytest.raises(LocalError):
        encode(Unitdata(256, HLR, MSC, b""))
    with pytest.raises(LocalError):
        encode(ExtendedUnitdata(1, 15, HLR, MSC, b"", Segmentation(True, True, 0, 1 << 24)))
    with pytest.raises(LocalError):  # the optional part would lie further than a pointer reaches
        encode(ExtendedUnitdata(1, 15, HLR, MSC, bytes(255), Segmentation(True, True, 0, 1)))


@settings(max_examples=400, derandomize=True, deadline=None)
@given(st.sampled_from(LITERALS), st.data())
def test_damaged_messages_decode_or_raise_message_error(
    literal: tuple[str, Message], data: st.DataObject
) -> None:
    octets = bytearray.fromhex(literal[0])
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        message = decode(bytes(octets[: data.draw(st.integers(0, len(octets)))]))
    except MessageError:
        return
    assert decode(encode(message)) == message
