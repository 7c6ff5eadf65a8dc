"""Every vector as a tree: without a fault, and with what the vector says in it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from telecom.cli.dissection.dissector import Dissector
from telecom.cli.dissection.layers import Layer
from telecom.cli.dissection.tree import Branch
from telecom.smpp.codec import encode
from telecom.smpp.pdus import DataSm

VECTORS = Path(__file__).parents[1] / "vectors"
SS7 = {vector["name"]: vector for vector in json.loads((VECTORS / "ss7.json").read_text())}
SMPP = {vector["name"]: vector for vector in json.loads((VECTORS / "smpp.json").read_text())}
TLVS = json.loads((VECTORS / "smpp_tlvs.json").read_text())
TPDUS = {vector["name"]: vector for vector in json.loads((VECTORS / "tpdu.json").read_text())}

LAYERS = [
    (name, layer)
    for name, vector in SS7.items()
    for layer in ("m3ua", "sccp", "tcap")
    if layer in vector
]


def words(tree: Branch) -> set[str]:
    return {f"{row.value}" for _, row in tree.rows()} | {row.name for _, row in tree.rows()}


def expected(fields: Any) -> Iterator[str]:
    """Go through what must be read in the tree: numbers, names of operations, digits."""
    for name, value in fields.items():
        if name in {"digits", "otid", "dtid", "acn", "gt", "opc", "dpc", "cause"}:
            yield str(value)
        elif isinstance(value, dict):
            yield from expected(value)
        elif isinstance(value, list):
            for item in value:
                yield from expected(item) if isinstance(item, dict) else ()


@pytest.mark.parametrize(("name", "layer"), LAYERS)
def test_ss7(name: str, layer: str) -> None:
    tree = Dissector().dissect(bytes.fromhex(SS7[name][layer]))
    assert not tree.has_fault
    assert tree.name.startswith(layer.upper())
    layers = {"m3ua": ("m3ua", "sccp", "tcap"), "sccp": ("sccp", "tcap"), "tcap": ("tcap",)}[layer]
    if name.startswith("ussd-"):  # operations that are not those of short messages
        return
    decoded = SS7[name]["decoded"]
    said = {word for each in layers for word in expected(decoded.get(each) or {})}
    assert said <= words(tree)
    names = " ".join(row.name.lower() for _, row in tree.rows())
    for component in (decoded.get("tcap") or {}).get("components", ()):
        assert (component.get("op") or component.get("error") or "").lower() in names


@pytest.mark.parametrize("name", SMPP)
def test_smpp(name: str) -> None:
    tree = Dissector().dissect(bytes.fromhex(SMPP[name]["hex"]))
    assert not tree.has_fault
    assert tree.name.removeprefix("SMPP ") in {name.partition("-")[0], "bind_transceiver_resp"}
    fields = SMPP[name]["fields"]
    for field in ("smpp.source_addr", "smpp.destination_addr", "smpp.message_id", "smpp.system_id"):
        assert set(fields.get(field, ())) <= words(tree)


@pytest.mark.parametrize("entry", TLVS, ids=[entry["name"] for entry in TLVS])
def test_parameters_of_smpp(entry: dict[str, Any]) -> None:
    frame = encode(DataSm()) + bytes.fromhex(entry["hex"])
    tree = Dissector().dissect(len(frame).to_bytes(4, "big") + frame[4:])
    assert not tree.has_fault
    (shown,) = [branch for branch in tree.branches if branch.name == entry["name"]]
    if isinstance(entry["value"], dict):
        assert [branch.name for branch in shown.branches] == list(entry["value"])
    elif isinstance(entry["value"], int):
        assert shown.value == entry["value"]


@pytest.mark.parametrize(
    ("name", "octets", "meaning"),
    [
        ("congestion_state", "0428000100", "idle"),
        ("congestion_state", "0428000132", "high load"),
        ("congestion_state", "0428000164", "congested"),
        ("congestion_state", "04280001ff", None),
        ("broadcast_error_status", "0607000400000109", "ESME_RINVBCASTAREAFMT"),
        ("broadcast_error_status", "0607000400000401", None),
    ],
)
def test_what_a_parameter_means(name: str, octets: str, meaning: str | None) -> None:
    frame = encode(DataSm()) + bytes.fromhex(octets)
    tree = Dissector().dissect(len(frame).to_bytes(4, "big") + frame[4:])
    (shown,) = [branch for branch in tree.branches if branch.name == name]
    assert shown.meaning == meaning


@pytest.mark.parametrize("name", TPDUS)
def test_tpdus(name: str) -> None:
    vector = TPDUS[name]
    tree = Dissector().dissect(bytes.fromhex(vector["hex"]), Layer.TPDU)
    assert not tree.has_fault
    assert tree.name == f"TPDU SMS-{vector['tpdu']['tpdu']}"
    text = vector["tpdu"].get("ud")
    assert text is None or {str(text.get("hex") if isinstance(text, dict) else text)} <= words(tree)


@pytest.mark.parametrize("name", TPDUS)
def test_tpdus_are_known_without_being_told(name: str) -> None:
    octets = bytes.fromhex(TPDUS[name]["hex"])
    assert Dissector().dissect(octets) == Dissector().dissect(octets, Layer.TPDU)
