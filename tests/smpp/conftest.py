import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st

from telecom.smpp.fields import CountedOctets, CountedParts, CString, Field, Integer
from telecom.smpp.pdus import DECLARATIONS, PDUS, Pdu
from telecom.smpp.tlvs import Tlv

settings.register_profile("telecom", derandomize=True, max_examples=60, deadline=None)
settings.load_profile("telecom")

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "smpp.json").read_text())


def values(field: Field) -> st.SearchStrategy[Any]:
    """What a declared field can carry."""
    match field:
        case CString(size=size, fixed=fixed):
            octets = st.integers(1, 255)
            text = st.lists(octets, max_size=size - 1).map(bytes)
            whole = st.lists(octets, min_size=size - 1, max_size=size - 1).map(bytes)
            return st.one_of(st.just(b""), whole) if fixed else text
        case Integer(size=size):
            return st.integers(0, 256**size - 1)
        case CountedOctets(longest=longest):
            return st.binary(max_size=longest)
        case CountedParts(classes=classes):
            parts = st.one_of(*(instances(part) for part in classes.values()))
            return st.lists(parts, max_size=4).map(tuple)
    raise AssertionError(field)


def instances(cls: type, **more: Any) -> st.SearchStrategy[Any]:
    fields = {name: values(field) for name, field in DECLARATIONS[cls].items()}
    return st.builds(cls, **fields, **more)


tlvs = st.lists(st.builds(Tlv, st.integers(0, 0xFFFF), st.binary(max_size=20)), max_size=4).map(
    tuple
)


def pdus(*classes: type[Pdu]) -> st.SearchStrategy[Pdu]:
    header = {
        "sequence_number": st.integers(0, 0xFFFFFFFF),
        "command_status": st.sampled_from([0, 8, 0x401]),
        "tlvs": tlvs,
    }
    return st.one_of(*(instances(cls, **header) for cls in classes or PDUS.values()))


def vector(name: str) -> bytes:
    (found,) = (entry["hex"] for entry in VECTORS if entry["name"] == name)
    return bytes.fromhex(found)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "entry" in metafunc.fixturenames:
        entries = [entry for entry in VECTORS if "broadcast" not in entry["name"]]
        metafunc.parametrize("entry", entries, ids=[entry["name"] for entry in entries])
