"""Two sessions joined by a link that delays and may be cut: each request comes to one end."""

from collections import deque

from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.smpp.errors import LocalError
from telecom.smpp.events import (
    BindRequested,
    Cause,
    LinkClosed,
    Responded,
    Unanswered,
    Unmatched,
)
from telecom.smpp.limits import SessionLimits
from telecom.smpp.pdus import (
    RESPONSES,
    BindTransceiver,
    BindTransceiverResp,
    DataSm,
    DeliverSm,
    EnquireLink,
    Pdu,
    QuerySm,
    SubmitSm,
    Unbind,
)
from telecom.smpp.session import Session
from telecom.smpp.states import Side
from telecom.smpp.tlvs import SC_INTERFACE_VERSION, Tlv

REQUESTS = {
    Side.ESME: (SubmitSm(short_message=b"a"), DataSm(tlvs=(Tlv(0x424, bytes(3000)),)), QuerySm()),
    Side.SMSC: (DeliverSm(short_message=b"b"), DataSm()),
}
LIMITS = SessionLimits(
    window=4, response_timer=5.0, enquire_link_timer=3.0, session_init_timer=None
)


class End:
    """One end, with what is on its way to it and what its user has not answered."""

    def __init__(self, side: Side) -> None:
        self.session = Session(side, LIMITS, now=0.0)
        self.arriving: deque[bytes] = deque()
        self.unanswered: list[Pdu] = []
        self.asked: list[int] = []
        self.ended: list[int] = []
        self.too_late: set[int] = set()
        self.causes: list[Cause] = []

    def ask(self, pdu: Pdu, now: float) -> None:
        try:
            self.asked.append(self.session.send_request(pdu, now))
        except LocalError:
            return

    def answer(self, which: int) -> None:
        if self.unanswered and not self.session.closed:
            request = self.unanswered.pop(which % len(self.unanswered))
            self.session.send_response(request, RESPONSES[request.command_id]())

    def take_notice(self) -> None:
        for event in self.session.events_received():
            if isinstance(event, Unmatched):
                assert event.response.sequence_number in self.too_late
            elif isinstance(event, BindRequested):
                tlvs = (SC_INTERFACE_VERSION(0x50),)
                self.session.send_response(event.request, BindTransceiverResp(tlvs=tlvs))
            elif isinstance(event, Pdu):
                self.unanswered.append(event)
            elif isinstance(event, Responded):
                assert event.response.command_status == 0
                self.ended.append(event.response.sequence_number)
            elif isinstance(event, Unanswered):
                self.ended.append(event.sequence_number)
                self.too_late.add(event.sequence_number)
            elif isinstance(event, LinkClosed):
                self.causes.append(event.cause)


class Link:
    """Both ends, at one time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.ends = [End(side) for side in Side]

    def exchange(self, number: int, octets: int) -> None:
        """Let some of what is on its way arrive at one end."""
        end = self.ends[number]
        while end.arriving and octets > 0:
            piece = end.arriving.popleft()
            end.session.receive_data(piece[:octets], self.now)
            if piece[octets:]:
                end.arriving.appendleft(piece[octets:])
            octets -= len(piece)
        self.settle()

    def settle(self) -> None:
        for end, other in (self.ends, self.ends[::-1]):
            end.take_notice()
            if data := end.session.data_to_send():
                other.arriving.append(data)

    def run(self, what: str, number: int, value: int) -> None:
        end = self.ends[number]
        if what == "ask":
            choice = REQUESTS[end.session.side]
            end.ask(choice[value % len(choice)], self.now)
        elif what == "probe":
            end.ask(EnquireLink(), self.now)
        elif what == "answer":
            end.answer(value)
        elif what == "wait":
            self.now += value / 100
            for each in self.ends:
                each.session.handle_timer(self.now)
        elif what == "unbind":
            end.ask(Unbind(), self.now)
        else:
            self.exchange(number, value * 20)
        self.settle()

    def rest(self) -> None:
        """Let all arrive and all be answered."""
        for _ in range(20):
            for number, end in enumerate(self.ends):
                self.exchange(number, 1 << 20)
                while end.unanswered and not end.session.closed:
                    end.answer(0)
                self.settle()


words = st.sampled_from(["ask", "ask", "exchange", "exchange", "answer", "wait", "probe"])
steps = st.lists(st.tuples(words, st.integers(0, 1), st.integers(1, 200)), max_size=40)


def joined(steps: list[tuple[str, int, int]]) -> Link:
    link = Link()
    link.ends[0].ask(BindTransceiver(interface_version=0x50), 0.0)
    link.rest()
    for step in steps:
        link.run(*step)
    return link


@given(steps)
@settings(max_examples=150)
def test_each_request_has_one_end(steps: list[tuple[str, int, int]]) -> None:
    link = joined(steps)
    link.rest()
    for end in link.ends:
        if not any(each.session.closed for each in link.ends):
            assert sorted(end.ended) == end.asked
            assert end.session.unanswered == 0
            assert end.session.window_free == LIMITS.window
        assert len(set(end.ended)) == len(end.ended)
        assert set(end.ended) <= set(end.asked)


@given(steps, st.sampled_from([(0,), (1,), (0, 1)]))
@settings(max_examples=150)
def test_unbind_ends_both_in_good_order(
    steps: list[tuple[str, int, int]], who: tuple[int, ...]
) -> None:
    link = joined([step for step in steps if step[0] != "wait"])
    for number in who:
        link.run("unbind", number, 0)
    link.rest()
    for end in link.ends:
        assert end.causes == [Cause.UNBOUND]
