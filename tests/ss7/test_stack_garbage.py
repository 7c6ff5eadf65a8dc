"""Garbage at every layer: that layer answers for itself, and the node lives."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.ss7.m3ua import codec as m3ua
from telecom.ss7.m3ua import messages as m
from telecom.ss7.m3ua.errors import ErrorCode
from telecom.ss7.m3ua.events import AssociationLost, ErrorSent
from telecom.ss7.map.contexts import SHORT_MSG_GATEWAY_V3
from telecom.ss7.map.messages import (
    AddressString,
    LocationInfoWithLmsi,
    RoutingInfoForSmArg,
    RoutingInfoForSmRes,
)
from telecom.ss7.map.primitives import Delimited, Invoked, Rejected, Returned
from telecom.ss7.mtp import MtpTransfer
from telecom.ss7.sccp import codec as sccp
from telecom.ss7.sccp.address import GlobalTitle, SccpAddress
from telecom.ss7.sccp.messages import Unitdata, UnitdataService
from telecom.ss7.sccp.primitives import ReturnCause
from telecom.ss7.tcap.codec import decode_message, encode_message
from telecom.ss7.tcap.messages import Abort, Begin, Continue, DialogueRequest, End
from telecom.ss7.tcap.primitives import Component, Invoke, PAbortCause, Problem, Reject

GATEWAY = SccpAddress.of_gt("38591000001", 8)
HLR = SccpAddress.of_gt("447700900000", 6)
CENTRE = AddressString("38591000001")
QUESTION = RoutingInfoForSmArg(
    msisdn=AddressString("447700900123"), sm_rp_pri=True, service_centre_address=CENTRE
)
ANSWER = RoutingInfoForSmRes(
    imsi="234900000000123",
    location_info_with_lmsi=LocationInfoWithLmsi(network_node_number=AddressString("491555900000")),
)
PEER = b"\x77\x77"


class Attacker:
    """Speaks to the operator in the gateway's place, at the layer of its choice."""

    def __init__(self, network: Any) -> None:
        self.network = network

    def m3ua(self, octets: bytes) -> list[m.Message]:
        """Send octets over the association; returns the messages that come back."""
        self.network.give(self.network.operator, octets)
        end = self.network.operator
        while (due := end.stack.next_timer()) is not None and due <= self.network.now:
            end.said += end.stack.handle_timer(self.network.now)
        return [m3ua.decode(octets) for _, octets in end.association.data_to_send()]

    def sccp(self, octets: bytes) -> list[Any]:
        """Send an SCCP message in DATA; returns the SCCP messages that come back."""
        transfer = MtpTransfer(1, 2, 3, 2, 0, 5, octets)
        data = m.Data(routing_contexts=(100,), protocol_data=transfer)
        answers: Any = self.m3ua(m3ua.encode(data))
        return [sccp.decode(answer.protocol_data.data) for answer in answers]

    def tcap(self, octets: bytes, calling: SccpAddress = GATEWAY) -> list[Any]:
        """Send a TCAP message in UDT; returns the TCAP messages that come back."""
        answers = self.sccp(sccp.encode(Unitdata(0x80, HLR, calling, octets)))
        return [decode_message(answer.data) for answer in answers]

    def invoke(self, *components: Component) -> list[Any]:
        """Begin a dialogue for routing information with these components."""
        request = DialogueRequest(SHORT_MSG_GATEWAY_V3.oid)
        return self.tcap(encode_message(Begin(PEER, request, components)))


@pytest.fixture
def attacker(network: Any) -> Attacker:
    return Attacker(network)


def lives(network: Any) -> None:
    """A question is answered as ever."""
    network.gateway.take()
    network.operator.take()
    network.gateway.map.open(
        SHORT_MSG_GATEWAY_V3, called=HLR, calling=GATEWAY, now=network.now, invoke=QUESTION
    )
    network.pump()
    (invoked,) = [said for said in network.operator.take() if isinstance(said, Invoked)]
    network.operator.map.result(invoked.dialogue, invoked.invoke_id, ANSWER, network.now)
    network.operator.map.close(invoked.dialogue, network.now)
    network.pump()
    _, returned, _ = network.gateway.take()
    assert isinstance(returned, Returned)
    assert returned.result == ANSWER


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        ("01000b09 00000008", ErrorCode.UNSUPPORTED_MESSAGE_CLASS),
        ("01000309 00000008", ErrorCode.UNSUPPORTED_MESSAGE_TYPE),
        ("01000101 00000008", ErrorCode.MISSING_PARAMETER),
        ("01000101 0000000c 02100044", ErrorCode.PARAMETER_FIELD_ERROR),
        (
            "01000101 00000020 0006000800000063 02100010 0000000100000002 03020005",
            ErrorCode.INVALID_ROUTING_CONTEXT,
        ),
    ],
)
def test_bad_m3ua_messages(attacker: Attacker, octets: str, code: ErrorCode) -> None:
    (error,) = attacker.m3ua(bytes.fromhex(octets))
    assert isinstance(error, m.Error)
    assert error.code == code
    ((_, event),) = attacker.network.operator.stack.events_received()
    assert isinstance(event, ErrorSent)
    lives(attacker.network)


def test_octets_that_are_not_m3ua_end_the_link(attacker: Attacker) -> None:
    (error,) = attacker.m3ua(b"GET / HTTP/1.1\r\nHost: example\r\n\r\n")
    assert error.code == ErrorCode.INVALID_VERSION
    events = [event for _, event in attacker.network.operator.stack.events_received()]
    assert any(isinstance(event, AssociationLost) for event in events)
    attacker.network.cut()
    attacker.network.connect()
    lives(attacker.network)


@pytest.mark.parametrize("octets", ["", "ff", "09", "0980030e190b12", "09800303030000", "11" * 60])
def test_bad_sccp_messages_are_discarded(attacker: Attacker, octets: str) -> None:
    assert attacker.sccp(bytes.fromhex(octets)) == []
    lives(attacker.network)


@pytest.mark.parametrize(
    ("called", "cause"),
    [
        (SccpAddress.of_gt("447700900000", 200), ReturnCause.UNEQUIPPED_USER),
        (SccpAddress.of_gt("62811", 6), ReturnCause.NO_TRANSLATION_FOR_ADDRESS),
    ],
)
def test_sccp_messages_for_nobody_come_back(
    attacker: Attacker, called: SccpAddress, cause: ReturnCause
) -> None:
    answer = attacker.sccp(sccp.encode(Unitdata(0x80, called, GATEWAY, b"hello")))
    assert answer == [UnitdataService(cause, GATEWAY, called, b"hello")]
    lives(attacker.network)


@pytest.mark.parametrize(
    ("octets", "answer"),
    [
        ("", []),
        ("62", []),
        ("6304 48027777", [Abort(PEER, PAbortCause.UNRECOGNIZED_MESSAGE_TYPE)]),
        ("6206 48027777 6c09", [Abort(PEER, PAbortCause.BADLY_FORMATTED_TRANSACTION_PORTION)]),
        ("6206 48027777 4b00", [Abort(PEER, PAbortCause.INCORRECT_TRANSACTION_PORTION)]),
        ("6507 48027777 490108", [Abort(PEER, PAbortCause.UNRECOGNIZED_TRANSACTION_ID)]),
        ("6403 490108", []),
    ],
)
def test_bad_tcap_messages(attacker: Attacker, octets: str, answer: list[Abort]) -> None:
    assert attacker.tcap(bytes.fromhex(octets)) == answer
    lives(attacker.network)


@pytest.mark.parametrize(
    ("component", "problem"),
    [
        (Invoke(1, 45), Problem.MISTYPED_PARAMETER),
        (Invoke(1, 45, b"\x30\x00"), Problem.MISTYPED_PARAMETER),
        (Invoke(1, 45, b"\x30\x02\x80\x7f"), Problem.MISTYPED_PARAMETER),
        (Invoke(1, 99, b"\x30\x00"), Problem.UNRECOGNIZED_OPERATION),
        (Invoke(1, (1, 2, 3), b"\x30\x00"), Problem.UNRECOGNIZED_OPERATION),
        (Invoke(1, 45, b"\x30\x00", linked_id=5), Problem.UNRECOGNIZED_LINKED_ID),
    ],
)
def test_bad_map_operations_are_rejected(
    attacker: Attacker, component: Invoke, problem: Problem
) -> None:
    operator = attacker.network.operator
    assert attacker.invoke(component) == []
    opened, rejected, _ = operator.take()
    assert isinstance(rejected, Rejected)
    assert rejected.problem == problem
    operator.map.close(opened.dialogue, 0)
    (end,) = [
        decode_message(sccp.decode(m3ua.decode(octets).protocol_data.data).data)  # type: ignore[union-attr]
        for _, octets in operator.association.data_to_send()
    ]
    assert isinstance(end, End)
    assert end.components == (Reject(1, problem),)
    lives(attacker.network)


def test_a_calling_address_that_cannot_be_written_back(attacker: Attacker) -> None:
    """SCCP adds the point code that the answer must go to, which may be more than fits."""
    calling = SccpAddress(gt=GlobalTitle("1" * 54), ssn=8, route_on_gt=False)
    answer = attacker.tcap(encode_message(Continue(PEER, b"\x01")), calling)
    assert answer in ([], [Abort(PEER, PAbortCause.UNRECOGNIZED_TRANSACTION_ID)])
    lives(attacker.network)


VECTORS = [
    vector
    for vector in json.loads((Path(__file__).parents[1] / "vectors" / "ss7.json").read_text())
    if vector.get("tcap")
]


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """Draw a layer, and a message for it that some octets are overwritten in."""
    vector = draw(st.sampled_from(VECTORS))
    layer = draw(st.sampled_from(["m3ua", "sccp", "tcap"]))
    octets = bytearray.fromhex(vector[layer])
    for _ in range(draw(st.integers(0, 4))):
        header = 8 if layer == "m3ua" else 0  # or the link would be cut
        octets[draw(st.integers(header, len(octets) - 1))] = draw(st.integers(0, 255))
    return layer, bytes(octets)


@settings(derandomize=True, max_examples=150, database=None, deadline=None)
@given(st.lists(damaged(), min_size=1, max_size=6), st.booleans())
def test_a_node_lives_through_damaged_messages(
    new_network: Any, messages: list[tuple[str, bytes]], answers: bool
) -> None:
    network = new_network()
    attacker = Attacker(network)
    for layer, octets in messages:
        if layer == "m3ua":
            attacker.m3ua(octets)
        elif layer == "sccp":
            attacker.sccp(octets)
        else:
            attacker.tcap(octets)
    for said in network.operator.take():
        if isinstance(said, Delimited) and answers:
            network.operator.map.close(said.dialogue, network.now)
    network.operator.association.data_to_send()
    lives(network)
    for now in (130, 260, 1000):
        network.operator.stack.handle_timer(now)
    assert len(network.operator.map) == len(network.operator.stack.tcap) == 0
