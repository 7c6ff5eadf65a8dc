"""The ASP's end as sequence charts: RFC 4666 4.3.4, 4.4, 4.5 and 4.6."""

from collections.abc import Callable
from time import process_time
from typing import Any

import pytest

from telecom.ss7.m3ua import messages as m
from telecom.ss7.m3ua.asp import AspAssociation
from telecom.ss7.m3ua.association import Timers
from telecom.ss7.m3ua.codec import encode
from telecom.ss7.m3ua.errors import ErrorCode
from telecom.ss7.m3ua.events import (
    AspStateChanged,
    AssociationLost,
    ErrorReceived,
    ErrorSent,
    Notified,
    RegistrationRefused,
)
from telecom.ss7.m3ua.parameters import PointCode, Status, TrafficMode, UserCause
from telecom.ss7.m3ua.states import ASP_TRANSITIONS, AspInput, AspState
from telecom.ss7.mtp import MtpPause, MtpResume, MtpStatus, MtpTransfer
from tests.ss7.m3ua.conftest import Playbook

Make = Callable[..., Playbook]
TRANSFER = MtpTransfer(1, 2, 3, 0, 0, 5, b"user data")
DATA = m.Data(protocol_data=TRANSFER)
DOWN = AspStateChanged(None, AspState.DOWN)
INACTIVE = AspStateChanged(None, AspState.INACTIVE)
ACTIVE = AspStateChanged(None, AspState.ACTIVE)
QUIET = Timers(heartbeat=None)


def test_goes_up_and_active_by_itself(asp: Make) -> None:
    chart = asp(routing_contexts=(101, 102), asp_identifier=7, traffic_mode=TrafficMode.LOADSHARE)
    chart >> m.AspUp(asp_identifier=7)
    chart << m.AspUpAck()
    chart >> AspStateChanged(101, AspState.INACTIVE) >> AspStateChanged(102, AspState.INACTIVE)
    chart >> m.AspActive(traffic_mode=2, routing_contexts=(101, 102))
    chart << m.Notify(status=Status(1, 2)) >> Notified(1, 2, ())
    chart << m.AspActiveAck(traffic_mode=2, routing_contexts=(101, 102))
    chart >> AspStateChanged(101, AspState.ACTIVE) >> AspStateChanged(102, AspState.ACTIVE)
    chart << m.Notify(status=Status(1, 3), routing_contexts=(101, 102))
    chart >> Notified(1, 3, (101, 102))
    chart.nothing_else()
    assert chart.association.state(102) is AspState.ACTIVE
    assert chart.association.state(103) is AspState.DOWN


def test_repeats_every_t_ack_what_is_not_acknowledged(asp: Make) -> None:
    chart = asp(timers=Timers(acknowledgement=2.0, heartbeat=None))
    chart >> m.AspUp()
    assert chart.association.next_timer() == 2.0
    chart << 1.9
    chart << 2.0 >> m.AspUp()
    chart << 4.0 >> m.AspUp()
    chart << m.AspUpAck() >> INACTIVE >> m.AspActive()
    chart << 6.0 >> m.AspActive()
    chart << m.AspActiveAck() >> ACTIVE
    assert chart.association.next_timer() is None
    chart << 100.0
    chart.nothing_else()


def test_asks_again_only_for_the_contexts_that_are_missing(asp: Make) -> None:
    chart = asp(routing_contexts=(101, 102)).after(m.AspUpAck())
    chart << m.AspActiveAck(routing_contexts=(101,)) >> AspStateChanged(101, AspState.ACTIVE)
    chart << 2.0 >> m.AspActive(routing_contexts=(102,))


def test_data_flows_both_ways_while_active(asp: Make) -> None:
    chart = asp(routing_contexts=(101,), network_appearance=8)
    assert not chart.association.transfer(TRANSFER, 0.0)
    chart.after(m.AspUpAck(), m.AspActiveAck(routing_contexts=(101,)))
    assert chart.association.transfer(TRANSFER, 0.0)
    chart >> m.Data(network_appearance=8, routing_contexts=(101,), protocol_data=TRANSFER)
    chart << m.Data(network_appearance=8, routing_contexts=(101,), protocol_data=TRANSFER)
    chart >> TRANSFER
    chart << DATA >> TRANSFER


def test_data_keeps_off_stream_0_and_keeps_its_stream_by_sls() -> None:
    association = AspAssociation()
    association.connected(0.0, streams=3, preserves_messages=True)
    for acknowledgement in (m.AspUpAck(), m.AspActiveAck()):
        association.receive_data(encode(acknowledgement), 0.0, stream=0)
    for sls in (0, 1, 2, 0):
        association.transfer(MtpTransfer(1, 2, 3, 0, 0, sls, b"x"), 0.0)
    assert [stream for stream, _ in association.data_to_send()] == [0, 0, 1, 2, 1, 1]


REFUSALS: list[tuple[m.Message, ErrorCode, dict[str, Any]]] = [
    (
        m.Data(routing_contexts=(9,), protocol_data=TRANSFER),
        ErrorCode.INVALID_ROUTING_CONTEXT,
        {"routing_contexts": (9,)},
    ),
    (
        m.Data(routing_contexts=(101, 102), protocol_data=TRANSFER),
        ErrorCode.INVALID_PARAMETER_VALUE,
        {},
    ),
    (DATA, ErrorCode.MISSING_PARAMETER, {}),
    (
        m.Data(network_appearance=9, routing_contexts=(101,), protocol_data=TRANSFER),
        ErrorCode.INVALID_NETWORK_APPEARANCE,
        {"network_appearance": 9},
    ),
    (m.AspUp(), ErrorCode.UNEXPECTED_MESSAGE, {}),
    (
        m.RegistrationResponse(
            results=(m.RegistrationResult(local_identifier=1, status=0, routing_context=1),)
        ),
        ErrorCode.UNEXPECTED_MESSAGE,
        {},
    ),
    (
        m.DestinationStateAudit(routing_contexts=(101,), affected=(PointCode(1),)),
        ErrorCode.UNEXPECTED_MESSAGE,
        {"routing_contexts": (101,)},
    ),
    (
        m.DestinationUnavailable(network_appearance=9, affected=(PointCode(1),)),
        ErrorCode.INVALID_NETWORK_APPEARANCE,
        {"network_appearance": 9},
    ),
    (
        m.AspActiveAck(routing_contexts=(101, 9)),
        ErrorCode.INVALID_ROUTING_CONTEXT,
        {"routing_contexts": (9,)},
    ),
]


@pytest.mark.parametrize(("message", "code", "named"), REFUSALS)
def test_what_cannot_be_taken_is_answered_with_err(
    asp: Make, message: m.Message, code: ErrorCode, named: dict[str, Any]
) -> None:
    chart = asp(routing_contexts=(101, 102), network_appearance=8)
    chart.after(m.AspUpAck(), m.AspActiveAck())
    chart << message >> m.Error(code=code, diagnostic=encode(message)[:40], **named)
    (event,) = chart.events
    assert isinstance(event, ErrorSent)
    assert event.code is code
    assert chart.association.is_active


def test_data_before_active_is_refused(asp: Make) -> None:
    chart = asp().after(m.AspUpAck())
    chart << DATA >> m.Error(code=ErrorCode.UNEXPECTED_MESSAGE, diagnostic=encode(DATA)[:40])
    assert [type(event) for event in chart.events] == [ErrorSent]


def test_an_error_is_never_answered_with_an_error(asp: Make) -> None:
    chart = asp().forget()
    chart << m.Error(code=0x0D, routing_contexts=(5,)) >> ErrorReceived(0x0D, (5,), None)
    chart << bytes.fromhex("0100000000000008")
    chart >> ErrorSent(ErrorCode.MISSING_PARAMETER, "ERROR_CODE is missing")
    chart.nothing_else()


def test_heartbeats_are_answered_whatever_they_carry(asp: Make) -> None:
    chart = asp().forget()
    chart << m.Heartbeat(data=b"any") >> m.HeartbeatAck(data=b"any")
    chart << m.Heartbeat() >> m.HeartbeatAck()


def test_a_silent_peer_is_given_up_after_two_heartbeats(asp: Make) -> None:
    chart = asp(timers=Timers(acknowledgement=1000.0, heartbeat=30.0))
    chart.after(m.AspUpAck(), m.AspActiveAck())
    chart << 30.0
    chart.collect()
    (beat,) = chart.sent
    chart.sent.clear()
    chart.now = 30.25
    chart << m.HeartbeatAck(data=beat.data)
    assert chart.association.round_trip == 0.25
    chart << 60.0
    chart.forget()
    chart << 90.0
    chart.forget()
    chart << 120.0 >> AssociationLost("the peer does not answer heartbeats") >> DOWN
    assert not chart.association.transfer(TRANSFER, 120.0)
    assert chart.association.next_timer() is None


def test_returns_after_an_unexpected_down_ack_but_not_in_a_loop(asp: Make) -> None:
    chart = asp(timers=QUIET).after(m.AspUpAck(), m.AspActiveAck())
    chart.now = 10.0
    chart << m.AspDownAck() >> DOWN
    chart << m.AspDownAck()
    assert chart.association.next_timer() == 12.0
    chart << 12.0 >> m.AspUp()
    chart << m.AspUpAck() >> INACTIVE >> m.AspActive()


def test_an_unexpected_up_ack_while_active_is_an_error_and_it_comes_back(asp: Make) -> None:
    chart = asp(timers=QUIET).after(m.AspUpAck(), m.AspActiveAck())
    chart << m.AspUpAck() >> INACTIVE
    chart >> m.Error(code=ErrorCode.UNEXPECTED_MESSAGE, diagnostic=encode(m.AspUpAck()))
    chart.forget()
    chart << 2.0 >> m.AspActive()


def test_an_unexpected_inactive_ack_is_followed_by_going_active_again(asp: Make) -> None:
    chart = asp(timers=QUIET).after(m.AspUpAck(), m.AspActiveAck())
    chart << m.AspInactiveAck() >> INACTIVE
    chart << 2.0 >> m.AspActive()


def test_acknowledgements_out_of_place_are_unexpected(asp: Make) -> None:
    for message in (m.AspActiveAck(), m.AspInactiveAck()):
        chart = asp().forget()
        chart << message
        chart >> m.Error(code=ErrorCode.UNEXPECTED_MESSAGE, diagnostic=encode(message))
        assert [type(event) for event in chart.events] == [ErrorSent]


def test_overridden_it_waits_until_the_as_needs_it(asp: Make) -> None:
    chart = asp(timers=QUIET, traffic_mode=TrafficMode.OVERRIDE)
    chart.after(m.AspUpAck(), m.AspActiveAck())
    chart << m.Notify(status=Status(2, 2)) >> Notified(2, 2, ()) >> INACTIVE
    assert chart.association.next_timer() is None
    chart << m.Notify(status=Status(1, 4)) >> Notified(1, 4, ())
    chart >> m.AspActive(traffic_mode=1)


def test_what_becomes_of_other_application_servers_is_only_told(asp: Make) -> None:
    chart = asp(routing_contexts=(101,)).after(m.AspUpAck(), m.AspActiveAck())
    chart << m.Notify(status=Status(2, 2), routing_contexts=(9,)) >> Notified(2, 2, (9,))
    chart.nothing_else()
    assert chart.association.is_active


def test_shuts_down_step_by_step(asp: Make) -> None:
    chart = asp(routing_contexts=(101,)).after(m.AspUpAck(), m.AspActiveAck())
    chart.association.shut_down(5.0)
    chart >> m.AspInactive(routing_contexts=(101,))
    chart << 7.0 >> m.AspInactive(routing_contexts=(101,))
    chart << m.AspInactiveAck(routing_contexts=(101,))
    chart >> AspStateChanged(101, AspState.INACTIVE) >> m.AspDown()
    chart << m.AspDownAck() >> AspStateChanged(101, AspState.DOWN)
    chart.nothing_else()


def test_network_management_becomes_mtp_indications(asp: Make) -> None:
    chart = asp().after(m.AspUpAck(), m.AspActiveAck())
    chart << m.DestinationUnavailable(affected=(PointCode(7), PointCode(9, 1)))
    chart >> MtpPause((7, 8, 9))
    chart << m.DestinationAvailable(affected=(PointCode(7),)) >> MtpResume((7,))
    chart << m.DestinationRestricted(affected=(PointCode(7),)) >> MtpResume((7,))
    chart << m.SignallingCongestion(affected=(PointCode(7),), congestion_level=2)
    chart >> MtpStatus((7,), congestion_level=2)
    chart << m.DestinationUserPartUnavailable(
        affected=(PointCode(7),), user_cause=UserCause(cause=1, user=3)
    )
    chart >> MtpStatus((7,), unavailable_user=3, unavailability_cause=1)


def test_masks_cannot_make_more_point_codes_than_a_network_has(asp: Make) -> None:
    chart = asp().after(m.AspUpAck(), m.AspActiveAck())
    everything = tuple(PointCode(number << 14, 255) for number in range(100))
    chart << m.DestinationUnavailable(affected=everything)
    chart.collect()
    assert len(chart.events.pop().affected) <= 2 << 14


def test_what_masks_say_again_costs_nothing(asp: Make) -> None:
    chart = asp().after(m.AspUpAck(), m.AspActiveAck())
    again = tuple(PointCode(number & 0x1FFF, 13) for number in range(16_000))  # a full message
    began = process_time()
    chart << m.DestinationUnavailable(affected=again)
    assert process_time() - began < 1  # each of them spelt out: several seconds
    chart >> MtpPause(tuple(range(0x2000)))


def test_registers_its_routing_keys_and_activates_what_it_gets(asp: Make) -> None:
    keys = tuple(
        m.RoutingKey(local_identifier=number, destinations=(PointCode(number),))
        for number in (1, 2, 3)
    )
    chart = asp(routing_keys=keys, timers=QUIET) >> m.AspUp()
    chart << m.AspUpAck() >> INACTIVE >> m.RegistrationRequest(routing_keys=keys)
    granted = m.RegistrationResult(local_identifier=1, status=0, routing_context=71)
    refused = m.RegistrationResult(local_identifier=2, status=7, routing_context=0)
    had = m.RegistrationResult(local_identifier=3, status=12, routing_context=73)
    chart << m.RegistrationResponse(results=(granted, refused, had))
    chart >> RegistrationRefused(2, 7) >> m.AspActive(routing_contexts=(71, 73))
    chart << m.AspActiveAck(routing_contexts=(71, 73))
    chart >> AspStateChanged(71, AspState.ACTIVE) >> AspStateChanged(73, AspState.ACTIVE)
    chart << m.AspDownAck()
    chart.forget()
    chart << 2.0 >> m.AspUp()
    chart << m.AspUpAck() >> INACTIVE >> m.RegistrationRequest(routing_keys=keys)
    unknown = m.RegistrationResult(local_identifier=9, status=0, routing_context=1)
    message = m.RegistrationResponse(results=(unknown,))
    chart << message
    chart >> m.Error(code=ErrorCode.INVALID_PARAMETER_VALUE, diagnostic=encode(message)[:40])


def test_with_no_routing_key_granted_it_stays_inactive(asp: Make) -> None:
    key = m.RoutingKey(local_identifier=1, destinations=(PointCode(1),))
    chart = asp(routing_keys=(key,), timers=QUIET).after(m.AspUpAck())
    refused = m.RegistrationResult(local_identifier=1, status=5, routing_context=0)
    chart << m.RegistrationResponse(results=(refused,)) >> RegistrationRefused(1, 5)
    chart.nothing_else()
    assert chart.association.next_timer() is None


def test_losing_the_link_ends_everything_and_connecting_begins_anew(asp: Make) -> None:
    chart = asp().after(m.AspUpAck(), m.AspActiveAck())
    chart.association.transfer(TRANSFER, 0.0)
    chart.association.receive_eof(1.0)
    chart >> DOWN
    chart << m.AspUpAck()
    chart.nothing_else()
    chart.association.connected(3.0)
    chart >> m.AspUp()


def test_a_full_queue_refuses(asp: Make) -> None:
    chart = asp(queue_limit=100).after(m.AspUpAck(), m.AspActiveAck())
    taken = [chart.association.transfer(TRANSFER, 0.0) for _ in range(4)]
    assert taken == [True, True, False, False]


@pytest.mark.parametrize("state", AspState)
@pytest.mark.parametrize("given", AspInput)
def test_table_of_figure_3(state: AspState, given: AspInput) -> None:
    """What the table leaves out is refused and changes nothing."""
    association = AspAssociation()
    association._states = {None: state}
    expected = ASP_TRANSITIONS.get((state, given))
    assert association._move(None, given) is (expected is not None)
    assert association.state() is (state if expected is None else expected)
