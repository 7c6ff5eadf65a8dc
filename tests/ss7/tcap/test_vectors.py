"""Every TCAP message of the vectors: its fields, and its octets again."""

import json
from pathlib import Path
from typing import Any

import pytest

from telecom.ss7.tcap import codec
from telecom.ss7.tcap.messages import (
    Abort,
    Begin,
    Continue,
    DialogueAbort,
    DialogueRequest,
    DialogueResponse,
    End,
    Message,
)
from telecom.ss7.tcap.primitives import Invoke, Reject, ReturnError, ReturnResultLast

VECTORS = {
    vector["name"]: vector
    for vector in json.loads(
        (Path(__file__).parents[2] / "vectors" / "ss7.json").read_text(encoding="utf-8")
    )
    if vector.get("tcap")
}
MESSAGES = {"begin": Begin, "continue": Continue, "end": End, "abort": Abort}
PDUS = {"AARQ": DialogueRequest, "AARE": DialogueResponse, "ABRT": DialogueAbort}
COMPONENTS = {
    "invoke": Invoke,
    "returnResult": ReturnResultLast,
    "returnError": ReturnError,
    "reject": Reject,
}
DIAGNOSTIC_SOURCES = {"dialogue-service-user": 0xA1, "dialogue-service-provider": 0xA2}
PROBLEM_KINDS = {"general": 0x80, "invoke": 0x81, "returnResult": 0x82, "returnError": 0x83}


def is_canonical(name: str) -> bool:
    return not name.endswith(("-longlen", "-indefinite"))


@pytest.mark.parametrize("name", VECTORS)
def test_decodes_to_the_given_fields(name: str) -> None:
    vector = VECTORS[name]
    expected = vector["decoded"]["tcap"]
    message = codec.decode_message(bytes.fromhex(vector["tcap"]))
    assert type(message) is MESSAGES[expected["tcap"]]
    for field in ("otid", "dtid"):
        if field in expected:
            assert getattr(message, field).hex() == expected[field]
    check_dialogue(message, expected.get("dialogue"))
    components = getattr(message, "components", ())
    assert len(components) == len(expected.get("components", ()))
    for component, fields in zip(components, expected.get("components", ()), strict=True):
        check_component(component, fields)
    assert getattr(message, "cause", None) == expected.get("p-abort")


def check_dialogue(message: Message, expected: dict[str, Any] | None) -> None:
    dialogue: Any = message.dialogue
    if expected is None:
        assert dialogue is None
        return
    assert type(dialogue) is PDUS[expected["pdu"]]
    if "acn" in expected:
        assert ".".join(map(str, dialogue.application_context)) == expected["acn"]
        assert (dialogue.protocol_version is not None) == ("protocol-version" in expected)
    if "result" in expected:
        assert dialogue.result == expected["result"]
        ((source, code),) = expected["diagnostic"].items()
        assert dialogue.diagnostic == DIAGNOSTIC_SOURCES[source] << 8 | code
    if "abort-source" in expected:
        assert dialogue.source == expected["abort-source"]
    assert len(dialogue.user_information) == len(expected.get("user-information", ()))
    for external in dialogue.user_information:
        assert external.direct_reference == (0, 4, 0, 0, 1, 1, 1, 1)


def check_component(component: Any, expected: dict[str, Any]) -> None:
    assert type(component) is COMPONENTS[expected["component"]]
    assert component.invoke_id == expected["invokeId"]
    if "problem" in expected:
        ((kind, code),) = expected["problem"].items()
        assert component.problem == PROBLEM_KINDS[kind] << 8 | code
        return
    if isinstance(component, ReturnError):
        assert component.error_code == expected["errorcode"]
    else:
        assert component.opcode == expected.get("opcode")
    has_parameter = bool(expected.keys() & {"argument", "result", "parameter"})
    assert (component.parameter is not None) == has_parameter


@pytest.mark.parametrize("name", [name for name in VECTORS if is_canonical(name)])
def test_encodes_the_same_octets(name: str) -> None:
    octets = bytes.fromhex(VECTORS[name]["tcap"])
    assert codec.encode_message(codec.decode_message(octets)) == octets


@pytest.mark.parametrize("name", [name for name in VECTORS if not is_canonical(name)])
def test_writes_definite_minimal_lengths_whatever_it_read(name: str) -> None:
    octets = bytes.fromhex(VECTORS[name]["tcap"])
    message = codec.decode_message(octets)
    encoded = codec.encode_message(message)
    assert len(encoded) < len(octets)
    assert codec.decode_message(encoded) == message
