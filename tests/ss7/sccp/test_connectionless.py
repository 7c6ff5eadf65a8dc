"""SCCP connectionless control as sequence charts between two nodes and an MTP in memory."""

from collections.abc import Iterable
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.ss7.mtp import MtpPause, MtpResume, MtpStatus, MtpTransfer
from telecom.ss7.sccp.address import GlobalTitle, SccpAddress
from telecom.ss7.sccp.address_codec import encode_address
from telecom.ss7.sccp.codec import decode, encode
from telecom.ss7.sccp.connectionless import Connectionless
from telecom.ss7.sccp.messages import (
    ExtendedUnitdata,
    ExtendedUnitdataService,
    Segmentation,
    Unitdata,
    UnitdataService,
)
from telecom.ss7.sccp.primitives import NNotice, NUnitdata, ReturnCause, SccpIndication
from telecom.ss7.sccp.routing import Routing, Translation
from telecom.ss7.sccp.segmentation import Reassembler

OWN, PEER, THIRD = 2, 1, 3
HERE = SccpAddress.of_gt("38591000001", 8)
THERE = SccpAddress.of_gt("447700900123", 6)
ELSEWHERE = SccpAddress.of_gt("62811", 6)
REQUEST = NUnitdata(THERE, HERE, b"hello")


class Node:
    """A node at point code 2 with GT 38591, whose MTP is a list; 4477 is at point code 1."""

    def __init__(self, **options: Any) -> None:
        self.sent: list[MtpTransfer] = []
        self.accepting = True
        routing = options.pop("routing", None) or Routing(
            OWN,
            local=("38591",),
            routes=[("4477", Translation(PEER)), ("628", Translation(THIRD))],
        )
        self.sccp = Connectionless(
            self._transfer,
            point_code=OWN,
            network_indicator=2,
            routing=routing,
            subsystems=(8,),
            local_references=count(0x0A0B0C),
            **options,
        )

    def _transfer(self, transfer: MtpTransfer, now: float) -> bool:
        if self.accepting:
            self.sent.append(transfer)
        return self.accepting

    def request(self, request: NUnitdata = REQUEST, now: float = 0.0) -> list[Any]:
        """Send, and return the messages sent."""
        self.sccp.unitdata(request, now)
        return self.messages()

    def messages(self) -> list[Any]:
        sent, self.sent = self.sent, []
        return [decode(transfer.data) for transfer in sent]

    def receive(self, message: Any, now: float = 0.0, **label: int) -> list[SccpIndication]:
        transfer = MtpTransfer(
            opc=label.get("opc", PEER),
            dpc=OWN,
            si=label.get("si", 3),
            ni=2,
            mp=0,
            sls=label.get("sls", 5),
            data=message if isinstance(message, bytes) else encode(message),
        )
        return self.sccp.handle_transfer(transfer, now)


@pytest.fixture
def node() -> Node:
    return Node()


def unitdata(called: SccpAddress = HERE, calling: SccpAddress = THERE, flags: int = 0x80) -> Any:
    return Unitdata(flags, called, calling, b"hello")


def extended(
    data: bytes = b"hello", segmentation: Segmentation | None = None, **changes: Any
) -> ExtendedUnitdata:
    fields = {"protocol_class": 0x81, "hop_counter": 15, "called": HERE, "calling": THERE}
    return ExtendedUnitdata(**{**fields, **changes}, data=data, segmentation=segmentation)


def test_a_request_becomes_udt_where_its_gt_leads(node: Node) -> None:
    node.sccp.unitdata(REQUEST, 0.0)
    (transfer,) = node.sent
    assert (transfer.opc, transfer.dpc, transfer.si, transfer.ni) == (OWN, PEER, 3, 2)
    assert node.messages() == [Unitdata(0x80, THERE, HERE, b"hello")]


def test_class_0_spreads_over_sls_and_class_1_keeps_one(node: Node) -> None:
    for sequence in (None, None, 21, 21):
        node.sccp.unitdata(NUnitdata(THERE, HERE, b"x", sequence=sequence), 0.0)
    assert [transfer.sls for transfer in node.sent] == [0, 1, 5, 5]
    assert [message.protocol_class for message in node.messages()] == [0x80, 0x80, 0x81, 0x81]


def test_a_point_code_in_the_address_needs_no_translation(node: Node) -> None:
    address = SccpAddress(ssn=6, pc=77, route_on_gt=False)
    node.sccp.unitdata(NUnitdata(address, HERE, b"x"), 0.0)
    assert node.sent[0].dpc == 77


def test_a_translation_may_write_another_ssn() -> None:
    node = Node(routing=Routing(OWN, routes=[("", Translation(PEER, ssn=149))]))
    assert node.request() == [Unitdata(0x80, SccpAddress.of_gt(THERE.digits, 149), HERE, b"hello")]


@pytest.mark.parametrize(
    ("called", "cause"),
    [
        (SccpAddress.of_gt("999", 6), ReturnCause.NO_TRANSLATION_FOR_ADDRESS),
        (SccpAddress(ssn=6, route_on_gt=False), ReturnCause.NO_TRANSLATION_FOR_SUCH_ADDRESS),
        (SccpAddress.of_gt("38591000002", 6), ReturnCause.UNEQUIPPED_USER),
    ],
)
def test_what_cannot_be_sent_comes_back_as_a_notice(
    node: Node, called: SccpAddress, cause: ReturnCause
) -> None:
    request = NUnitdata(called, HERE, b"hello")
    assert node.request(request, now=3.0) == []
    assert node.sccp.next_timer() == 3.0
    assert node.sccp.handle_timer(3.0) == [NNotice(called, HERE, b"hello", cause)]
    assert node.sccp.next_timer() is None
    node.request(NUnitdata(called, HERE, b"hello", return_on_error=False))
    assert node.sccp.handle_timer(3.0) == []


def test_what_mtp_does_not_take_comes_back(node: Node) -> None:
    node.accepting = False
    for data in (b"hello", bytes(1000)):
        node.request(NUnitdata(THERE, HERE, data))
        (notice,) = node.sccp.handle_timer(0.0)
        assert isinstance(notice, NNotice)
        assert notice.cause == ReturnCause.MTP_FAILURE


def test_a_paused_point_code_is_not_sent_to(node: Node) -> None:
    node.sccp.handle_mtp(MtpPause((PEER, 99)), 0.0)
    node.sccp.handle_mtp(MtpStatus((THIRD,), congestion_level=1), 0.0)
    assert node.request() == []
    (notice,) = node.sccp.handle_timer(0.0)
    assert isinstance(notice, NNotice)
    assert notice.cause == ReturnCause.MTP_FAILURE
    node.sccp.handle_mtp(MtpResume((PEER,)), 0.0)
    assert len(node.request()) == 1


def test_a_request_for_the_node_itself_stays_in_it(node: Node) -> None:
    request = NUnitdata(SccpAddress.of_gt("38591000002", 8), HERE, b"hello")
    assert node.request(request) == []
    assert node.sccp.handle_timer(0.0) == [request]


def test_udt_becomes_an_indication(node: Node) -> None:
    assert node.receive(unitdata()) == [NUnitdata(HERE, THERE, b"hello")]
    assert node.receive(unitdata(flags=1), sls=9) == [
        NUnitdata(HERE, THERE, b"hello", return_on_error=False, sequence=9)
    ]
    assert node.receive(extended(protocol_class=0)) == [
        NUnitdata(HERE, THERE, b"hello", return_on_error=False)
    ]


def test_a_calling_address_without_gt_or_pc_is_where_the_message_came_from(node: Node) -> None:
    calling = SccpAddress(ssn=6, route_on_gt=False)
    (indication,) = node.receive(unitdata(calling=calling), opc=44)
    assert indication.calling == SccpAddress(ssn=6, pc=44, route_on_gt=False)


@pytest.mark.parametrize(
    ("called", "cause"),
    [
        (SccpAddress.of_gt("38591000001", 6), ReturnCause.UNEQUIPPED_USER),
        (SccpAddress(gt=GlobalTitle("38591000001")), ReturnCause.UNEQUIPPED_USER),
        (SccpAddress(ssn=6, route_on_gt=False), ReturnCause.UNEQUIPPED_USER),
        (SccpAddress.of_gt("4477", 6), ReturnCause.NO_TRANSLATION_FOR_ADDRESS),
        (SccpAddress.of_gt("999", 8), ReturnCause.NO_TRANSLATION_FOR_ADDRESS),
        (SccpAddress(gt=GlobalTitle("")), ReturnCause.NO_TRANSLATION_FOR_SUCH_ADDRESS),
    ],
)
def test_what_is_not_for_us_is_returned_if_it_asks_for_that(
    node: Node, called: SccpAddress, cause: ReturnCause
) -> None:
    assert node.receive(unitdata(called), opc=44) == []
    assert node.sent[0].dpc == 44
    assert node.messages() == [UnitdataService(cause, THERE, called, b"hello")]
    segmentation = Segmentation(True, False, 1, 5)
    assert node.receive(extended(called=called, segmentation=segmentation)) == []
    assert node.messages() == [
        ExtendedUnitdataService(cause, 15, THERE, called, b"hello", segmentation)
    ]
    assert node.receive(unitdata(called, flags=0)) == []
    assert node.messages() == []
    assert node.sccp.discarded[cause.name] == 3


def test_with_no_titles_of_its_own_a_node_takes_what_comes() -> None:
    node = Node(routing=Routing(OWN, routes=[("", Translation(PEER))]))
    called = SccpAddress.of_gt("999", 8)
    assert node.receive(unitdata(called)) == [NUnitdata(called, THERE, b"hello")]


def test_a_returned_message_becomes_a_notice_with_the_addresses_we_used(node: Node) -> None:
    notice = NNotice(THERE, HERE, b"hello", ReturnCause.SUBSYSTEM_FAILURE)
    assert node.receive(UnitdataService(3, HERE, THERE, b"hello")) == [notice]
    assert node.receive(ExtendedUnitdataService(3, 9, HERE, THERE, b"hello")) == [notice]
    first, second = Segmentation(True, False, 1, 5), Segmentation(False, False, 0, 5)
    assert node.receive(ExtendedUnitdataService(3, 9, HERE, THERE, b"hello", first)) == [notice]
    assert node.receive(ExtendedUnitdataService(3, 9, HERE, THERE, b"hello", second)) == []
    assert node.receive(UnitdataService(3, ELSEWHERE, THERE, b"hello")) == []
    assert node.messages() == []


def test_garbage_is_counted_and_forgotten(node: Node) -> None:
    assert node.receive(b"\xff" * 20) == []
    assert node.receive(b"") == []
    assert node.receive(unitdata(), si=5) == []
    assert node.sccp.discarded == {"undecodable": 2, "not SCCP": 1}
    assert node.sent == []


def test_what_only_fits_in_the_order_of_the_peer_is_dropped() -> None:
    node = Node()
    called = encode_address(SccpAddress.of_gt("999", 8))
    calling = encode_address(THERE)
    segmentation = bytes.fromhex("1004c100000500")
    before_data = called + calling + segmentation
    pointers = (4, 3 + len(called), 2 + len(before_data), 1 + len(called) + len(calling))
    message = bytes((0x11, 0x81, 15, *pointers)) + before_data + b"\xff" + bytes(255)
    assert isinstance(decode(message), ExtendedUnitdata)
    assert node.receive(message) == []
    assert node.sent == []
    assert node.sccp.discarded["not returnable"] == 1
    relay = Node(relays=True, routing=Routing(OWN, local=("1",), routes=[("9", Translation(9))]))
    assert relay.receive(message) == []
    assert relay.sccp.discarded["ERROR_IN_LOCAL_PROCESSING"] == 1


def test_a_relay_passes_on_and_counts_hops() -> None:
    node = Node(relays=True)
    assert node.receive(unitdata(ELSEWHERE), sls=7) == []
    assert (node.sent[0].opc, node.sent[0].dpc, node.sent[0].sls) == (OWN, THIRD, 7)
    assert node.messages() == [unitdata(ELSEWHERE)]
    node.receive(extended(called=ELSEWHERE, hop_counter=2))
    assert node.messages() == [extended(called=ELSEWHERE, hop_counter=1)]
    node.receive(extended(called=ELSEWHERE, hop_counter=1))
    (returned,) = node.messages()
    assert returned.return_cause == ReturnCause.HOP_COUNTER_VIOLATION
    node.receive(UnitdataService(3, ELSEWHERE, THERE, b"hello"))
    assert node.messages() == [UnitdataService(3, ELSEWHERE, THERE, b"hello")]
    node.accepting = False
    node.receive(unitdata(ELSEWHERE))
    assert node.sccp.discarded["MTP_FAILURE"] == 1


def segments_of(data: bytes, **options: Any) -> list[ExtendedUnitdata]:
    return Node().request(NUnitdata(THERE, HERE, data, **options))


@pytest.mark.parametrize(
    ("length", "messages"), [(238, 1), (239, 2), (2 * 229, 2), (2 * 229 + 1, 3)]
)
def test_what_does_not_fit_one_message_is_segmented(length: int, messages: int) -> None:
    sent = Node()
    sent.sccp.unitdata(NUnitdata(THERE, HERE, bytes(length)), 0.0)
    assert len(sent.sent) == messages
    assert all(len(transfer.data) <= 268 for transfer in sent.sent)
    assert len({transfer.sls for transfer in sent.sent}) == 1


def test_segments_count_down_and_share_a_reference() -> None:
    segments = segments_of(bytes(600))
    assert [segment.segmentation for segment in segments] == [
        Segmentation(True, False, 2, 0x0A0B0C),
        Segmentation(False, False, 1, 0x0A0B0C),
        Segmentation(False, False, 0, 0x0A0B0C),
    ]
    assert {segment.protocol_class for segment in segments} == {0x81}
    (first, *_) = segments_of(bytes(600), sequence=4)
    assert first.segmentation == Segmentation(True, True, 2, 0x0A0B0C)


def test_more_than_sixteen_segments_are_not_sent(node: Node) -> None:
    assert len(node.request(NUnitdata(THERE, HERE, bytes(16 * 229)))) == 16
    request = NUnitdata(THERE, HERE, bytes(16 * 229 + 1))
    assert node.request(request) == []
    (notice,) = node.sccp.handle_timer(0.0)
    assert isinstance(notice, NNotice)
    assert notice.cause == ReturnCause.SEGMENTATION_FAILURE


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.integers(1, 16 * 229), st.integers(100, 400))
def test_segments_are_put_together_again(length: int, longest_message: int) -> None:
    data = bytes(index & 0xFF for index in range(length))
    sender = Node(longest_message=longest_message)
    receiver = Node(routing=Routing(PEER))
    receiver.sccp._subsystems = frozenset((6,))
    sent = sender.request(NUnitdata(THERE, HERE, data))
    received = [indication for message in sent for indication in receiver.receive(message)]
    if sent:
        assert [indication.data for indication in received] == [data]
    else:
        assert length > 16 * (longest_message - 39)


def parts(*remaining: int, reference: int = 5, calling: SccpAddress = THERE) -> Iterable[Any]:
    for number, left in enumerate(remaining):
        segmentation = Segmentation(number == 0, False, left, reference)
        yield extended(bytes((left,)), segmentation, calling=calling)


def test_segments_of_several_messages_may_be_mixed(node: Node) -> None:
    other = SccpAddress.of_gt("4477", 6)
    streams = [
        [*parts(2, 1, 0)],
        [*parts(2, 1, 0, reference=6)],
        [*parts(2, 1, 0, calling=other)],
    ]
    received = [
        indication
        for together in zip(*streams, strict=True)
        for message in together
        for indication in node.receive(message)
    ]
    assert [indication.data for indication in received] == [b"\2\1\0"] * 3
    assert node.sccp.next_timer() is None


@pytest.mark.parametrize("remaining", [(3, 1), (2, 2), (1, 1), (2, 0)])
def test_a_segment_out_of_order_ends_it(node: Node, remaining: tuple[int, ...]) -> None:
    for message in parts(*remaining):
        assert node.receive(message) == []
    (returned,) = node.messages()
    assert returned.return_cause == ReturnCause.ERROR_IN_MESSAGE_TRANSPORT
    assert returned.data == bytes((remaining[0],))
    assert node.sccp.next_timer() is None


def test_a_segment_without_its_first_is_returned(node: Node) -> None:
    assert node.receive(extended(b"x", Segmentation(False, False, 0, 5))) == []
    (returned,) = node.messages()
    assert returned.return_cause == ReturnCause.ERROR_IN_MESSAGE_TRANSPORT


def test_a_first_segment_again_begins_anew(node: Node) -> None:
    (first, _) = parts(1, 0)
    node.receive(first)
    received = [indication for message in parts(1, 0) for indication in node.receive(message)]
    assert [indication.data for indication in received] == [b"\1\0"]


def test_a_lone_first_segment_is_whole(node: Node) -> None:
    (indication,) = node.receive(extended(b"x", Segmentation(True, False, 0, 5)))
    assert indication.data == b"x"


def test_reassembly_has_a_time_limit() -> None:
    node = Node(reassembler=Reassembler(lifetime=10.0))
    (first, last) = parts(1, 0)
    node.receive(first, now=5.0, opc=44)
    assert node.sccp.next_timer() == 15.0
    assert node.sccp.handle_timer(14.9) == []
    assert node.sent == []
    assert node.sccp.handle_timer(15.0) == []
    assert node.sent[0].dpc == 44
    (returned,) = node.messages()
    assert returned.return_cause == ReturnCause.ERROR_IN_MESSAGE_TRANSPORT
    assert node.receive(last, now=15.1) == []


def test_reassembly_is_bounded() -> None:
    node = Node(reassembler=Reassembler(limit=3))
    for reference in range(4):
        (first, _) = parts(1, 0, reference=reference)
        node.receive(first)
    (returned,) = node.messages()
    assert returned.return_cause == ReturnCause.DESTINATION_CANNOT_REASSEMBLE


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.data())
def test_nothing_that_a_peer_sends_raises(data: st.DataObject) -> None:
    node = Node(relays=data.draw(st.booleans()))
    for step in range(data.draw(st.integers(1, 5))):
        message = data.draw(st.sampled_from([unitdata(), unitdata(ELSEWHERE), *parts(1, 0)]))
        octets = bytearray(encode(message))
        for _ in range(data.draw(st.integers(0, 3))):
            octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
        for indication in node.receive(bytes(octets), now=float(step)):
            if isinstance(indication, NUnitdata):  # an answer is always possible
                answer = NUnitdata(indication.calling, indication.called, b"x" * 300)
                node.sccp.unitdata(answer, float(step))
    node.sccp.handle_timer(100.0)
    assert node.sccp.next_timer() is None


def test_answers_may_go_to_the_point_code_that_asked() -> None:
    node = Node(routing=Routing(OWN, routes=[("", Translation(PEER))], answers_origin=True))
    (asked,) = node.receive(unitdata(), opc=44)
    assert asked.calling == SccpAddress(THERE.gt, 6, pc=44)
    node.sccp.unitdata(NUnitdata(asked.calling, asked.called, b"answer"), 0.0)
    assert node.sent[0].dpc == 44
    assert node.messages() == [Unitdata(0x80, THERE, HERE, b"answer")]
