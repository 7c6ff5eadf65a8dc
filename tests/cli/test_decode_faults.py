"""What cannot be decoded is shown where it is, with its octets; passwords never are."""

import json
import random
from pathlib import Path

import pytest

from telecom.cli.decode import _plain
from telecom.cli.dissection.dissector import Dissector
from telecom.cli.dissection.layers import Layer
from telecom.cli.dissection.tree import Branch
from telecom.smpp import codec
from telecom.smpp.pdus import (
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    DeliverSm,
    Outbind,
    Pdu,
    SubmitMulti,
    SubmitSm,
)
from telecom.smpp.tlvs import Tlv

VECTORS = Path(__file__).parents[1] / "vectors"
SS7 = {vector["name"]: vector for vector in json.loads((VECTORS / "ss7.json").read_text())}
SRI = bytes.fromhex(SS7["sri-sm-v3-begin"]["tcap"])
MT = bytes.fromhex(SS7["mt-fsm-v3-begin-7bit"]["tcap"])
PASSWORD = b"secret08"
ROUNDS = 1500


def faults(octets: bytes, layer: Layer | None = None) -> list[Branch]:
    tree = Dissector().dissect(octets, layer)
    assert tree.has_fault
    return [row for _, row in tree.rows() if row.faulty]


def printed(tree: Branch) -> str:
    return "\n".join(_plain(guides, branch) for guides, branch in tree.rows())


@pytest.mark.parametrize(
    ("octets", "layer", "name", "shown"),
    [
        ("0000001000000015", Layer.SMPP, "SMPP enquire_link", "0000001000000015"),
        ("00000010", Layer.SMPP, "SMPP PDU", "00000010"),
        ("010001", Layer.M3UA, "M3UA", "010001"),
        ("0100010100000008", None, "M3UA", "0100010100000008"),
        ("09ff", None, "SCCP", "09ff"),
        ("6204480131", Layer.TCAP, "TCAP", "6204480131"),
        (SRI.hex()[:-2], None, "TCAP", SRI.hex()[:-2]),
        ("03", Layer.TPDU, "TPDU", "03"),
        ("deadbeef", None, "message", "deadbeef"),
    ],
)
def test_every_layer(octets: str, layer: Layer | None, name: str, shown: str) -> None:
    (fault,) = faults(bytes.fromhex(octets), layer)
    assert fault.name == name
    assert fault.value
    assert [(row.name, row.value) for row in fault.branches] == [("octets", shown)]


@pytest.mark.parametrize(
    ("whole", "broken", "name", "shown"),
    [
        ("a109060704000001001403", "a109090704000001001403", "dialogue portion", "281c06"),
        ("02010102012d", "02010108012d", "Component", "a11d"),
        ("8007916407214365f7", "8f07916407214365f7", "RoutingInfoForSmArg", "3015"),
    ],
)
def test_parts_of_a_tcap_message(whole: str, broken: str, name: str, shown: str) -> None:
    octets = SRI.hex().replace(whole, broken)
    assert octets != SRI.hex()
    (fault,) = faults(bytes.fromhex(octets))
    assert fault.name == name
    assert str(fault.branches[0].value).startswith(shown)


def test_a_tpdu_in_an_operation() -> None:
    octets = MT.hex().replace("040b916407896745f3", "04ff916407896745f3")
    (fault,) = faults(bytes.fromhex(octets))
    assert fault.name == "TPDU"
    assert str(fault.branches[0].value).startswith("04ff91")


def test_text_that_is_none() -> None:
    octets = SubmitSm(short_message=b"\xe9t\xe9")
    (fault,) = faults(codec.encode(octets))
    assert fault.name == "user data"


def test_tlvs() -> None:
    tlvs = (Tlv(0x0204, b"\1"), Tlv(0x0204, b"\0\1"), Tlv(0x1401, b"\xff"), Tlv(0x001E, b"id\0"))
    pdu = codec.encode(DeliverSm(tlvs=tlvs))
    (fault,) = faults(pdu)
    assert (fault.name, fault.branches[0].value) == ("user_message_reference", "01")
    rows = [(row.name, row.value) for _, row in Dissector().dissect(pdu).rows()]
    assert ("user_message_reference", 1) in rows
    assert ("tlv 0x1401", "ff") in rows
    assert ("receipted_message_id", "id") in rows


def test_the_text_of_a_submit_multi_and_other_charsets() -> None:
    multi = codec.encode(SubmitMulti(data_coding=8, short_message=b"\0h\0i"))
    latin = codec.encode(SubmitSm(data_coding=3, short_message=b"\xe9", esm_class=0x03))
    flash = codec.encode(SubmitSm(data_coding=0xF5, short_message=b"\xe9"))
    trees = [Dissector().dissect(octets) for octets in (multi, latin, flash)]
    said = [{row.name: row for _, row in tree.rows()} for tree in trees]
    assert said[0]["text"].value == "hi"
    assert said[1]["text"].value == "é"
    assert said[1]["data_coding"].meaning == "another charset"
    assert said[1]["esm_class"].meaning == "store and forward"
    assert said[2]["data_coding"].meaning == "OCTETS, class 1"
    assert said[2]["octets"].value == "e9"


@pytest.mark.parametrize("kind", [BindReceiver, BindTransmitter, BindTransceiver, Outbind])
def test_passwords_are_never_shown(kind: type[Pdu]) -> None:
    whole = codec.encode(kind(system_id=b"esme", password=PASSWORD))  # type: ignore[call-arg]
    unterminated = whole.replace(PASSWORD + b"\0", PASSWORD + b"9")
    enquire_link = bytes.fromhex("00000010000000150000000000000001")
    swallowed = (16 + len(whole)).to_bytes(4, "big") + enquire_link[4:] + whole
    shown = [
        Dissector().dissect(octets, layer)
        for octets in (whole, whole[:-3], whole + b"\0", unterminated, swallowed, whole[:25])
        for layer in (None, Layer.SMPP)
    ]
    assert not shown[0].has_fault
    assert all(tree.has_fault for tree in shown[2:])
    for tree in shown:
        text = printed(tree) + json.dumps(tree.as_json())
        assert "(not shown)" in text
        for part in (PASSWORD, PASSWORD[:4]):
            assert part.decode() not in text
            assert part.hex() not in text


def test_octets_that_hold_no_password_are_shown() -> None:
    octets = codec.encode(SubmitSm(sequence_number=1))[:-1]
    (fault,) = faults(octets, Layer.SMPP)
    assert fault.branches[0].value == octets.hex()


def messages() -> list[tuple[Layer, bytes]]:
    found = [
        (Layer(layer), bytes.fromhex(vector[layer]))
        for vector in SS7.values()
        for layer in ("m3ua", "sccp", "tcap")
        if layer in vector
    ]
    for file, layer in (("smpp.json", Layer.SMPP), ("tpdu.json", Layer.TPDU)):
        vectors = json.loads((VECTORS / file).read_text())
        found += [(layer, bytes.fromhex(vector["hex"])) for vector in vectors]
    return found


def damaged(octets: bytes, chance: random.Random) -> bytes:
    mutable = bytearray(octets)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(mutable) + 1)
        match chance.randrange(4):
            case 0:
                mutable[at : at + 1] = bytes((chance.choice((0, 1, 0x7F, 0x80, 0xFF)),))
            case 1:
                del mutable[at : at + chance.randint(1, 4)]
            case 2:
                mutable[at:at] = chance.randbytes(chance.randint(1, 4))
            case 3:
                mutable[at : at + 1] = chance.randbytes(1)
    return bytes(mutable[: chance.randint(1, 3 * len(octets))]) or b"\0"


def test_damaged_messages_are_trees_all_the_same() -> None:
    chance = random.Random(1)
    dissector = Dissector()
    whole = messages()
    found = set()
    for number in range(ROUNDS):
        layer, octets = chance.choice(whole)
        octets = damaged(octets, chance)
        tree = dissector.dissect(octets, layer if number % 2 else None, at=number)
        assert printed(tree).isprintable() or "\n" in printed(tree)
        json.dumps(tree.as_json())
        found.add(tree.has_fault)
    assert found == {True, False}


def test_noise_is_a_tree_all_the_same() -> None:
    chance = random.Random(2)
    for _ in range(ROUNDS):
        octets = chance.randbytes(chance.randint(1, 60))
        for layer in (None, *Layer):
            printed(Dissector().dissect(octets, layer)).encode()
