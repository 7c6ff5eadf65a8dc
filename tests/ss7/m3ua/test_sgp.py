"""The SGP's end, its gateway and its application servers as sequence charts."""

from collections.abc import Callable
from typing import Any

import pytest

from telecom.ss7.m3ua import messages as m
from telecom.ss7.m3ua.application_server import LONGEST_QUEUE, ApplicationServer
from telecom.ss7.m3ua.association import Timers
from telecom.ss7.m3ua.codec import encode
from telecom.ss7.m3ua.errors import ErrorCode
from telecom.ss7.m3ua.events import AspStateChanged, ErrorSent
from telecom.ss7.m3ua.parameters import PointCode, Status, TrafficMode
from telecom.ss7.m3ua.signalling_gateway import SignallingGateway
from telecom.ss7.m3ua.states import (
    AS_TRANSITIONS,
    SGP_TRANSITIONS,
    AsInput,
    AspState,
    AsState,
    SgpInput,
)
from telecom.ss7.mtp import MtpPause, MtpResume, MtpStatus, MtpTransfer
from tests.ss7.m3ua.conftest import Playbook

Make = Callable[..., Playbook]
MakeGateway = Callable[..., SignallingGateway]
TO_ASP = MtpTransfer(1, 2, 3, 0, 0, 5, b"user data")
TO_US = MtpTransfer(2, 1, 3, 0, 0, 5, b"user data")
DATA = m.Data(routing_contexts=(7,), protocol_data=TO_US)
ASPAC = m.AspActive(routing_contexts=(7,))
AS_INACTIVE = m.Notify(status=Status(1, 2), routing_contexts=(7,))
AS_ACTIVE = m.Notify(status=Status(1, 3), routing_contexts=(7,))
AS_PENDING = m.Notify(status=Status(1, 4), routing_contexts=(7,))
DOWN = AspStateChanged(7, AspState.DOWN)
INACTIVE = AspStateChanged(7, AspState.INACTIVE)
ACTIVE = AspStateChanged(7, AspState.ACTIVE)


def test_brings_an_asp_up_and_active_and_notifies(sgp: Make) -> None:
    chart = sgp()
    chart << m.AspUp(asp_identifier=1) >> m.AspUpAck() >> AS_INACTIVE >> INACTIVE
    chart << m.AspActive(traffic_mode=2, routing_contexts=(7,))
    chart >> m.AspActiveAck(traffic_mode=2, routing_contexts=(7,)) >> AS_ACTIVE >> ACTIVE
    chart << DATA >> TO_US
    assert chart.association.transfer(TO_ASP, 0.0)
    chart >> m.Data(routing_contexts=(7,), protocol_data=TO_ASP)
    chart << m.AspInactive() >> m.AspInactiveAck() >> AS_PENDING >> INACTIVE
    chart << m.AspDown() >> m.AspDownAck() >> DOWN
    chart.nothing_else()


def test_repeated_requests_are_acknowledged_again(sgp: Make) -> None:
    chart = sgp().after(m.AspUp())
    chart << m.AspUp() >> m.AspUpAck()
    chart.after(ASPAC)
    chart << ASPAC >> m.AspActiveAck(routing_contexts=(7,))
    chart.after(m.AspInactive())
    chart << m.AspInactive() >> m.AspInactiveAck()
    chart.after(m.AspDown())
    chart << m.AspDown() >> m.AspDownAck()
    chart.nothing_else()


def test_up_while_active_is_acknowledged_and_an_error(sgp: Make) -> None:
    chart = sgp().after(m.AspUp(), ASPAC)
    chart << m.AspUp() >> m.AspUpAck() >> AS_PENDING
    chart >> m.Error(code=ErrorCode.UNEXPECTED_MESSAGE, diagnostic=encode(m.AspUp()))
    chart >> INACTIVE


AUDIT = m.DestinationStateAudit(affected=(PointCode(1),))
REGISTRATION = m.RegistrationRequest(
    routing_keys=(m.RoutingKey(local_identifier=1, destinations=(PointCode(2),)),)
)


@pytest.mark.parametrize("message", [ASPAC, m.AspInactive(), DATA, AUDIT, REGISTRATION])
def test_nothing_before_aspup_is_expected(sgp: Make, message: m.Message) -> None:
    chart = sgp()
    chart << message
    chart.collect()
    (error,) = chart.sent
    assert isinstance(error, m.Error)
    assert error.code == ErrorCode.UNEXPECTED_MESSAGE
    assert error.routing_contexts == getattr(message, "routing_contexts", ())


@pytest.mark.parametrize(
    ("message", "code", "named"),
    [
        (
            m.AspActive(routing_contexts=(7, 8, 9)),
            ErrorCode.INVALID_ROUTING_CONTEXT,
            {"routing_contexts": (8, 9)},
        ),
        (m.AspActive(traffic_mode=1), ErrorCode.UNSUPPORTED_TRAFFIC_MODE_TYPE, {}),
        (m.AspActive(traffic_mode=4), ErrorCode.UNSUPPORTED_TRAFFIC_MODE_TYPE, {}),
        (m.AspUpAck(), ErrorCode.UNEXPECTED_MESSAGE, {}),
        (DATA, ErrorCode.UNEXPECTED_MESSAGE, {"routing_contexts": (7,)}),
    ],
)
def test_what_cannot_be_taken_is_answered_with_err(
    sgp: Make, message: m.Message, code: ErrorCode, named: dict[str, Any]
) -> None:
    chart = sgp().after(m.AspUp())
    chart << message >> m.Error(code=code, diagnostic=encode(message)[:40], **named)
    assert [type(event) for event in chart.events] == [ErrorSent]
    assert chart.association.state(7) is AspState.INACTIVE


def test_an_identifier_may_be_required(sgp: Make) -> None:
    chart = sgp(requires_identifier=True)
    chart << m.AspUp()
    chart >> m.Error(code=ErrorCode.ASP_IDENTIFIER_REQUIRED, diagnostic=encode(m.AspUp()))
    chart.forget()
    chart << m.AspUp(asp_identifier=3) >> m.AspUpAck()


def test_no_application_server_without_routing_context(sgp: Make) -> None:
    chart = sgp(ApplicationServer(None, None))
    chart << m.AspUp() >> m.AspUpAck() >> m.Notify(status=Status(1, 2))
    chart.forget()
    chart << m.AspActive() >> m.AspActiveAck() >> m.Notify(status=Status(1, 3))
    chart.forget()
    chart << m.Data(protocol_data=TO_US) >> TO_US


def test_audit_is_answered_by_what_can_be_reached(sgp: Make) -> None:
    chart = sgp().after(m.AspUp(), ASPAC)
    affected = (PointCode(1), PointCode(2), PointCode(3), PointCode(4, 2), PointCode(3, 1))
    chart << m.DestinationStateAudit(routing_contexts=(7,), affected=affected)
    chart >> m.DestinationUnavailable(
        routing_contexts=(7,), affected=(PointCode(3), PointCode(4, 2))
    )
    chart >> m.DestinationAvailable(
        routing_contexts=(7,), affected=(PointCode(1), PointCode(2), PointCode(3, 1))
    )


def test_congestion_reported_by_an_asp(sgp: Make) -> None:
    chart = sgp().after(m.AspUp(), ASPAC)
    chart << m.SignallingCongestion(affected=(PointCode(2),), congestion_level=1)
    chart >> MtpStatus((2,), congestion_level=1)


@pytest.mark.parametrize(
    ("key", "status", "context"),
    [
        ({"destinations": (PointCode(2),)}, 0, 7),
        ({"destinations": (PointCode(2),), "service_indicators": ((3,),)}, 0, 7),
        ({"destinations": (PointCode(3),)}, 7, 0),
        ({"destinations": (PointCode(2), PointCode(3))}, 9, 0),
        ({"destinations": (PointCode(2),), "service_indicators": ((5,),)}, 9, 0),
        (
            {"destinations": (PointCode(2),), "originating_point_codes": ((PointCode(1),),)},
            9,
            0,
        ),
        ({"destinations": (PointCode(2),), "traffic_mode": 3}, 10, 0),
    ],
)
def test_registration_grants_what_is_provisioned(
    sgp: Make, key: dict[str, Any], status: int, context: int
) -> None:
    chart = sgp().after(m.AspUp())
    chart << m.RegistrationRequest(routing_keys=(m.RoutingKey(local_identifier=5, **key),))
    result = m.RegistrationResult(local_identifier=5, status=status, routing_context=context)
    chart >> m.RegistrationResponse(results=(result,))


def test_deregistration(sgp: Make) -> None:
    def answer(context: int, status: int) -> m.Message:
        result = m.DeregistrationResult(routing_context=context, status=status)
        return m.DeregistrationResponse(results=(result,))

    chart = sgp().after(m.AspUp())
    chart << m.DeregistrationRequest(routing_contexts=(7,)) >> answer(7, 0)
    chart << m.DeregistrationRequest(routing_contexts=(8,)) >> answer(8, 2)
    chart.after(ASPAC)
    chart << m.DeregistrationRequest(routing_contexts=(7,)) >> answer(7, 5)


def two_asps(gateway: SignallingGateway) -> tuple[Playbook, Playbook]:
    first, second = Playbook(gateway.accept(0.0)), Playbook(gateway.accept(0.0))
    for chart in (first, second):
        chart.after(m.AspUp(), ASPAC)
    first.forget()
    gateway.events_received()
    return first, second


def numbered(sls: int) -> MtpTransfer:
    return MtpTransfer(1, 2, 3, 0, 0, sls, b"x")


def test_loadshare_keeps_the_order_of_an_sls(gateway: MakeGateway) -> None:
    node = gateway()
    first, second = two_asps(node)
    for sls in (0, 1, 2, 3):
        assert node.transfer(numbered(sls), 0.0)
    for chart, expected in ((first, [0, 2]), (second, [1, 3])):
        chart.collect()
        assert [sent.protocol_data.sls for sent in chart.sent] == expected


def test_broadcast_sends_to_every_active_asp(gateway: MakeGateway) -> None:
    node = gateway(ApplicationServer(7, 2, traffic_mode=TrafficMode.BROADCAST))
    first, second = two_asps(node)
    node.transfer(TO_ASP, 0.0)
    for chart in (first, second):
        chart >> m.Data(routing_contexts=(7,), protocol_data=TO_ASP)


def test_override_gives_all_to_the_last_asp(gateway: MakeGateway) -> None:
    node = gateway(ApplicationServer(7, 2, traffic_mode=TrafficMode.OVERRIDE))
    first, second = Playbook(node.accept(0.0)), Playbook(node.accept(0.0))
    first.after(m.AspUp(), ASPAC)
    second << m.AspUp() >> m.AspUpAck() >> AS_ACTIVE >> INACTIVE
    second << ASPAC >> m.AspActiveAck(routing_contexts=(7,)) >> ACTIVE
    first >> m.Notify(status=Status(2, 2), routing_contexts=(7,)) >> INACTIVE
    node.transfer(TO_ASP, 0.0)
    second >> m.Data(routing_contexts=(7,), protocol_data=TO_ASP)
    first.nothing_else()
    second.nothing_else()


def test_traffic_goes_by_destination_and_the_rest_to_the_as_without_one(
    gateway: MakeGateway,
) -> None:
    node = gateway(ApplicationServer(7, 2), ApplicationServer(8, None))
    chart = Playbook(node.accept(0.0)).after(m.AspUp(), m.AspActive())
    node.transfer(TO_ASP, 0.0)
    chart >> m.Data(routing_contexts=(7,), protocol_data=TO_ASP)
    elsewhere = MtpTransfer(1, 99, 3, 0, 0, 0, b"")
    node.transfer(elsewhere, 0.0)
    chart >> m.Data(routing_contexts=(8,), protocol_data=elsewhere)
    assert not gateway().transfer(elsewhere, 0.0)


def test_pending_keeps_messages_for_the_next_asp(gateway: MakeGateway) -> None:
    node = gateway(ApplicationServer(7, 2, recovery=2.0))
    first, second = two_asps(node)
    second.after(m.AspInactive())
    first.association.receive_eof(10.0)
    second >> AS_PENDING
    assert node.transfer(TO_ASP, 10.5)
    second.nothing_else()
    second << ASPAC >> m.AspActiveAck(routing_contexts=(7,))
    second >> m.Data(routing_contexts=(7,), protocol_data=TO_ASP) >> AS_ACTIVE >> ACTIVE
    assert node.next_timer() is None


def test_pending_ends_with_t_r_and_what_waited_is_gone(gateway: MakeGateway) -> None:
    node = gateway(ApplicationServer(7, 2, recovery=2.0))
    first, second = two_asps(node)
    second.after(m.AspInactive())
    first.association.receive_eof(10.0)
    second.forget()
    for _ in range(LONGEST_QUEUE):
        assert node.transfer(TO_ASP, 10.5)
    assert not node.transfer(TO_ASP, 10.5)
    assert node.next_timer() == 12.0
    node.handle_timer(11.9)
    second.nothing_else()
    node.handle_timer(12.0)
    second >> AS_INACTIVE
    assert not node.transfer(TO_ASP, 12.5)
    second << ASPAC >> m.AspActiveAck(routing_contexts=(7,)) >> AS_ACTIVE >> ACTIVE
    second.nothing_else()


def test_users_hear_when_the_as_comes_and_goes(gateway: MakeGateway) -> None:
    node = gateway(ApplicationServer(7, 2, recovery=2.0))
    chart = Playbook(node.accept(0.0)).after(m.AspUp())
    node.events_received()
    assert not node.is_active
    chart.after(ASPAC)
    assert node.is_active
    assert node.events_received() == [MtpResume((2,))]
    chart.association.receive_eof(5.0)
    assert node.events_received() == []
    node.handle_timer(7.0)
    assert node.events_received() == [MtpPause((2,))]


def test_the_gateways_options_reach_each_association(gateway: MakeGateway) -> None:
    node = gateway(timers=Timers(heartbeat=None))
    assert node.accept(0.0).next_timer() is None


@pytest.mark.parametrize("state", AspState)
@pytest.mark.parametrize("given", SgpInput)
def test_table_of_figure_3(gateway: MakeGateway, state: AspState, given: SgpInput) -> None:
    association = gateway().accept(0.0)
    association._states = {7: state}
    expected = SGP_TRANSITIONS.get((state, given))
    assert association._move(7, given) is (expected is not None)
    assert association.state(7) is (state if expected is None else expected)


@pytest.mark.parametrize("state", AsState)
@pytest.mark.parametrize("given", AsInput)
def test_table_of_figure_4(state: AsState, given: AsInput) -> None:
    server = ApplicationServer(7, 2)
    server.state = state
    expected = AS_TRANSITIONS.get((state, given))
    assert server._move(given, 0.0) is (expected is not None)
    assert server.state is (state if expected is None else expected)
    assert (server.next_timer() is not None) is (expected is AsState.PENDING)
