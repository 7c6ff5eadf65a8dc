"""Framing, streams, and both ends of an association joined in memory."""

import random
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.ss7.m3ua import messages as m
from telecom.ss7.m3ua.application_server import ApplicationServer
from telecom.ss7.m3ua.asp import AspAssociation
from telecom.ss7.m3ua.association import Association
from telecom.ss7.m3ua.codec import decode, encode
from telecom.ss7.m3ua.errors import ErrorCode
from telecom.ss7.m3ua.events import AssociationLost, ErrorSent
from telecom.ss7.m3ua.parameters import PointCode, Status
from telecom.ss7.m3ua.signalling_gateway import SignallingGateway
from telecom.ss7.mtp import MtpTransfer
from tests.ss7.m3ua.conftest import Playbook

Make = Callable[..., Playbook]
TRANSFER = MtpTransfer(1, 2, 3, 0, 0, 5, b"user data")
DATA = m.Data(protocol_data=TRANSFER)


def test_octets_may_come_one_at_a_time_or_all_at_once(asp: Make) -> None:
    octets = b"".join(map(encode, [m.AspUpAck(), m.AspActiveAck(), *[DATA] * 500]))
    for size in (len(octets), 1, 7):
        chart = asp()
        for start in range(0, len(octets), size):
            chart.association.receive_data(octets[start : start + size], 0.0)
        chart.collect()
        assert [event for event in chart.events if event == TRANSFER] == [TRANSFER] * 500


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", ErrorCode.INVALID_VERSION),
        (bytes.fromhex("0100030400000007"), ErrorCode.PROTOCOL_ERROR),
        (bytes.fromhex("01000304ffffffff"), ErrorCode.PROTOCOL_ERROR),
    ],
)
def test_a_stream_that_cannot_be_framed_is_answered_and_lost(
    asp: Make, octets: bytes, code: ErrorCode
) -> None:
    chart = asp().forget()
    chart << encode(m.Heartbeat()) + octets >> m.HeartbeatAck()
    chart >> m.Error(code=code, diagnostic=octets[:40])
    sent, lost = chart.events
    assert isinstance(sent, ErrorSent)
    assert isinstance(lost, AssociationLost)
    chart.events.clear()
    chart << m.Heartbeat()
    chart.nothing_else()


def test_a_bad_message_in_good_framing_does_not_hurt_the_next(asp: Make) -> None:
    chart = asp().forget()
    bad = bytes.fromhex("010063630000000c00000000")
    chart << bad + encode(m.Heartbeat())
    chart >> m.Error(code=ErrorCode.UNSUPPORTED_MESSAGE_CLASS, diagnostic=bad)
    chart >> m.HeartbeatAck()
    chart.events.clear()


def test_whole_messages_are_judged_alone(asp: Make) -> None:
    chart = asp()
    chart.association.connected(0.0, preserves_messages=True)
    chart.forget()
    for octets, code in (
        (b"", ErrorCode.PROTOCOL_ERROR),
        (bytes.fromhex("0200030300000008"), ErrorCode.INVALID_VERSION),
        (bytes.fromhex("0100030300000009"), ErrorCode.PROTOCOL_ERROR),
        (encode(m.Heartbeat()) * 2, ErrorCode.PROTOCOL_ERROR),
    ):
        chart << octets >> m.Error(code=code, diagnostic=octets)
        chart.events.clear()
    chart << m.Heartbeat() >> m.HeartbeatAck()


def test_messages_on_a_stream_where_they_must_not_be() -> None:
    association = AspAssociation()
    association.connected(0.0, streams=4, preserves_messages=True)
    association.data_to_send()
    notify = encode(m.Notify(status=Status(1, 3)))
    for octets, stream in ((encode(DATA), 0), (notify, 2)):
        association.receive_data(octets, 0.0, stream=stream)
        ((_, sent),) = association.data_to_send()
        assert decode(sent) == m.Error(
            code=ErrorCode.INVALID_STREAM_IDENTIFIER, diagnostic=octets[:40]
        )


def test_with_one_stream_data_may_use_it() -> None:
    association = AspAssociation()
    association.connected(0.0, streams=1, preserves_messages=True)
    for message in (m.AspUpAck(), m.AspActiveAck(), DATA):
        association.receive_data(encode(message), 0.0, stream=0)
    assert TRANSFER in association.events_received()


class Joined:
    """An ASP and an SGP in memory: a link that can drop, delay and cut."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.gateway = SignallingGateway([ApplicationServer(7, 2)], point_codes=(1,))
        self.asp = AspAssociation(routing_contexts=(7,))
        self.now = 0.0
        self.connect()

    def connect(self) -> None:
        self.sgp = self.gateway.accept(self.now, preserves_messages=True)
        self.asp.connected(self.now, preserves_messages=True)

    def cut(self) -> None:
        self.asp.receive_eof(self.now)
        self.sgp.receive_eof(self.now)

    def exchange(self, loss: float) -> None:
        for sender, receiver in ((self.asp, self.sgp), (self.sgp, self.asp)):
            for stream, octets in sender.data_to_send():
                if self.random.random() >= loss:
                    receiver.receive_data(octets, self.now, stream=stream)

    def run(self, seconds: float, *, loss: float) -> None:
        for _ in range(int(seconds * 10)):
            self.now += 0.1
            for engine in (self.asp, self.sgp, self.gateway):
                engine.handle_timer(self.now)
            self.exchange(loss)


@pytest.mark.parametrize("seed", range(10))
def test_both_ends_agree_again_whatever_the_link_lost(seed: int) -> None:
    link = Joined(seed)
    link.run(20, loss=0.6)
    link.cut()
    link.connect()
    link.run(5, loss=0.9)
    link.run(10, loss=0)
    assert link.asp.is_active
    assert link.sgp.is_active
    assert link.gateway.is_active
    assert link.gateway.transfer(TRANSFER, link.now)
    link.asp.events_received()
    link.exchange(0)
    assert TRANSFER in link.asp.events_received()


def test_a_dead_link_is_noticed_by_both_ends() -> None:
    link = Joined(0)
    link.run(1, loss=0)
    link.run(100, loss=1)
    for end in (link.asp, link.sgp):
        assert not end.is_active
        assert any(isinstance(event, AssociationLost) for event in end.events_received())


def test_a_gateway_that_began_anew_behind_the_same_address_is_found_out() -> None:
    link = Joined(0)
    link.run(1, loss=0)
    link.gateway = SignallingGateway([ApplicationServer(7, 2)], point_codes=(1,))
    link.sgp = link.gateway.accept(link.now, preserves_messages=True)
    link.run(5, loss=0)
    assert link.asp.is_active
    assert not link.gateway.is_active
    link.asp.transfer(TRANSFER, link.now)
    link.run(5, loss=0)
    assert link.asp.is_active
    assert link.gateway.is_active


def every_end() -> Iterator[Association]:
    yield AspAssociation()
    yield AspAssociation(
        routing_contexts=(7, 8),
        routing_keys=(m.RoutingKey(local_identifier=1, destinations=(PointCode(2),)),),
    )
    yield SignallingGateway([ApplicationServer(7, 2)]).accept(0.0)
    yield SignallingGateway([ApplicationServer(None, None)]).accept(0.0)


MESSAGES = [
    m.AspUp(),
    m.AspUpAck(),
    m.AspDown(),
    m.AspDownAck(),
    m.AspActive(routing_contexts=(7,)),
    m.AspActiveAck(),
    m.AspInactive(),
    m.AspInactiveAck(routing_contexts=(7,)),
    m.Heartbeat(data=b"x"),
    m.Notify(status=Status(2, 2)),
    m.Notify(status=Status(1, 4), routing_contexts=(7,)),
    m.Error(code=6),
    m.DestinationStateAudit(affected=(PointCode(5, 200),)),
    m.DestinationUnavailable(affected=(PointCode(5, 200),)),
    m.RegistrationResponse(
        results=(m.RegistrationResult(local_identifier=1, status=0, routing_context=9),)
    ),
    m.RegistrationRequest(
        routing_keys=(m.RoutingKey(local_identifier=1, destinations=(PointCode(2),)),)
    ),
    DATA,
]


@settings(max_examples=150, derandomize=True, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(MESSAGES).map(encode),
            st.binary(max_size=40),
            st.binary(max_size=30).map(
                lambda body: b"\1\0\3\1" + (8 + len(body)).to_bytes(4, "big") + body
            ),
            st.floats(0, 100),
        ),
        max_size=30,
    )
)
def test_nothing_that_a_peer_sends_raises_or_grows(steps: list[bytes | float]) -> None:
    for number, end in enumerate(every_end()):
        end.connected(0.0, preserves_messages=bool(number % 2))
        now = 0.0
        for step in steps:
            if isinstance(step, float):
                now += step
                end.handle_timer(now)
            else:
                end.receive_data(step, now)
        for _, octets in end.data_to_send():
            decode(octets)
        assert len(end._incoming) <= 70_000
        assert len(end._accepted) <= 64
