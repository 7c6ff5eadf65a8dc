"""Messages put together at random, against pycrate's TCAP: the same octets, read the same."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.ss7.tcap.codec import decode_message, encode_message
from telecom.ss7.tcap.messages import (
    Abort,
    AbortSource,
    AssociateResult,
    Begin,
    Continue,
    Diagnostic,
    DialogueAbort,
    DialogueRequest,
    DialogueResponse,
    End,
    Message,
)
from telecom.ss7.tcap.primitives import Component, Invoke, PAbortCause, Problem, Reject

pycrate_tcap = pytest.importorskip("pycrate_asn1dir.TCAP_MAPv2v3")
PEER = pycrate_tcap.TCAP_MAP_Messages.TCAP_MAP_Message

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "ss7.json").read_text())
DIALOGUE_AS = (0, 0, 17, 773, 1, 1, 1)
PROBLEMS = {0x80: "general", 0x81: "invoke", 0x82: "returnResult", 0x83: "returnError"}
SOURCES = {0xA1: "dialogue-service-user", 0xA2: "dialogue-service-provider"}

Pair = tuple[Any, Any]
"""A value of ours, and the same of pycrate's."""


def read_as_pycrate(octets: bytes) -> Any:
    PEER.from_ber(octets)
    return PEER.get_val()


def harvest() -> tuple[list[Pair], list[Pair]]:
    """Collect the components and the user information of the vectors, as both sides see them."""
    components: list[Pair] = []
    information: list[Pair] = [((), None)]
    for vector in VECTORS:
        if not vector.get("tcap") or vector["name"].endswith(("-longlen", "-indefinite")):
            continue
        octets = bytes.fromhex(vector["tcap"])
        ours: Any = decode_message(octets)
        _, theirs = read_as_pycrate(octets)
        if PEER.to_ber() != octets:
            continue  # arguments of old versions, which pycrate reads as the newest
        components += zip(
            getattr(ours, "components", ()), theirs.get("components", []), strict=True
        )
        portion = theirs.get("dialoguePortion")
        pdu = portion["encoding"][1][1][1] if portion else {}
        if "user-information" in pdu:
            information.append((ours.dialogue.user_information, pdu["user-information"]))
    return components, information


COMPONENTS, INFORMATION = harvest()
INVOKE_IDS = st.integers(-128, 127)
TRANSACTION_IDS = st.binary(min_size=1, max_size=4)
CONTEXTS = st.tuples(*map(st.just, (0, 4, 0, 0, 1, 0)), st.integers(1, 200), st.integers(1, 4))
VERSIONS = st.sampled_from([(b"\x07\x80", (1, 1)), (None, None)])


@st.composite
def component_pairs(draw: st.DrawFn) -> tuple[Component, Any]:
    """Draw a component of the vectors with another invoke id, or a reject."""
    invoke_id = draw(INVOKE_IDS)
    if draw(st.integers(0, 5)) == 0:
        problem = draw(st.sampled_from(Problem))
        theirs = {"invokeId": ("present", invoke_id)}
        theirs["problem"] = (PROBLEMS[problem >> 8], problem & 0xFF)
        return Reject(invoke_id, problem), ("basicROS", ("reject", theirs))
    ours, (_, (kind, fields)) = draw(st.sampled_from(COMPONENTS))
    fields = fields | {"invokeId": ("present", invoke_id)}
    ours = msgspec.structs.replace(ours, invoke_id=invoke_id)
    if isinstance(ours, Invoke) and draw(st.booleans()):
        linked_id = draw(INVOKE_IDS)
        ours = msgspec.structs.replace(ours, linked_id=linked_id)
        fields["linkedId"] = ("present", linked_id)
    return ours, ("basicROS", (kind, fields))


def pdu_pair(ours: Any, kind: str, **theirs: Any) -> Pair:
    """Pair a dialogue PDU with pycrate's whole portion, without the elements that are not there."""
    fields = {name.replace("_", "-"): value for name, value in theirs.items() if value is not None}
    encoding = ("single-ASN1-type", ("DialoguePDU", (kind, fields)))
    return ours, {"direct-reference": DIALOGUE_AS, "encoding": encoding}


@st.composite
def requests(draw: st.DrawFn) -> Pair:
    context, (version, bits) = draw(CONTEXTS), draw(VERSIONS)
    information, theirs = draw(st.sampled_from(INFORMATION))
    return pdu_pair(
        DialogueRequest(context, information, version),
        "dialogueRequest",
        protocol_version=bits,
        application_context_name=context,
        user_information=theirs,
    )


@st.composite
def responses(draw: st.DrawFn) -> Pair:
    context, (version, bits) = draw(CONTEXTS), draw(VERSIONS)
    information, theirs = draw(st.sampled_from(INFORMATION))
    result, diagnostic = draw(st.sampled_from(AssociateResult)), draw(st.sampled_from(Diagnostic))
    return pdu_pair(
        DialogueResponse(context, result, diagnostic, information, version),
        "dialogueResponse",
        protocol_version=bits,
        application_context_name=context,
        result=int(result),
        result_source_diagnostic=(SOURCES[diagnostic >> 8], diagnostic & 0xFF),
        user_information=theirs,
    )


@st.composite
def aborts(draw: st.DrawFn) -> Pair:
    source = draw(st.sampled_from(AbortSource))
    information, theirs = draw(st.sampled_from(INFORMATION))
    return pdu_pair(
        DialogueAbort(source, information),
        "dialogueAbort",
        abort_source=int(source),
        user_information=theirs,
    )


@st.composite
def message_pairs(draw: st.DrawFn) -> tuple[Message, Any]:
    """Draw a message of any type."""
    otid, dtid = draw(TRANSACTION_IDS), draw(TRANSACTION_IDS)
    kind = draw(st.sampled_from(["begin", "continue", "end", "abort"]))
    if kind == "abort":
        return draw(abort_pairs(dtid))
    portions = requests() if kind == "begin" else responses()
    dialogue, their_dialogue = draw(st.one_of(st.just((None, None)), portions))
    pairs = draw(st.lists(component_pairs(), max_size=3))
    components = tuple(ours for ours, _ in pairs)
    theirs: dict[str, Any] = {}
    if kind != "end":
        theirs["otid"] = otid
    if kind != "begin":
        theirs["dtid"] = dtid
    if their_dialogue:
        theirs["dialoguePortion"] = their_dialogue
    if pairs:
        theirs["components"] = [component for _, component in pairs]
    ours: dict[str, Message] = {
        "begin": Begin(otid, dialogue, components),
        "continue": Continue(otid, dtid, dialogue, components),
        "end": End(dtid, dialogue, components),
    }
    return ours[kind], (kind, theirs)


@st.composite
def abort_pairs(draw: st.DrawFn, dtid: bytes) -> tuple[Abort, Any]:
    cause = draw(st.sampled_from([None, *[cause for cause in PAbortCause if cause < 5]]))
    if cause is not None:
        theirs = {"dtid": dtid, "reason": ("p-abortCause", int(cause))}
        return Abort(dtid, cause), ("abort", theirs)
    dialogue, their_dialogue = draw(st.one_of(aborts(), responses()))
    theirs = {"dtid": dtid, "reason": ("u-abortCause", their_dialogue)}
    return Abort(dtid, None, dialogue), ("abort", theirs)


@settings(derandomize=True, max_examples=300, database=None, deadline=None)
@given(message_pairs())
def test_agrees_with_pycrate(pair: tuple[Message, Any]) -> None:
    ours, theirs = pair
    octets = encode_message(ours)
    assert read_as_pycrate(octets) == theirs
    PEER.set_val(theirs)
    assert PEER.to_ber() == octets
    assert decode_message(octets) == ours
