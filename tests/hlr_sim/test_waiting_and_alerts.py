"""Messages waiting data, the return of subscribers, and alerts that fail."""

import pytest

from hlr_sim.mwd import MAX_SERVICE_CENTRES, MessageWaitingData
from telecom.ss7.map.enumerations import AlertReason, MwStatus, SmDeliveryOutcome
from telecom.ss7.map.errors import ErrorCode
from telecom.ss7.map.messages import (
    AddressString,
    NoteSubscriberPresentArg,
    ReadyForSmArg,
    ReportSmDeliveryStatusArg,
)
from telecom.ss7.sccp.address import SccpAddress

MSISDN = "447700900901"
FIRST, SECOND = "38591000001", "38591000002"


def test_every_service_centre_that_found_it_absent_is_alerted_once(network):
    for centre in (FIRST, SECOND, FIRST):
        network.sri(MSISDN, 0.0, centre=centre)
    network.lab.timers.run(20.0)
    assert network.alerts() == [(MSISDN, FIRST), (MSISDN, SECOND)]
    network.lab.timers.run(1000.0)
    assert len(network.alerts()) == 2


def test_a_question_without_delivery_in_mind_waits_for_nothing(network):
    assert network.sri(MSISDN, not_intended=0).inform is None
    network.lab.timers.run(20.0)
    assert network.alerts() == []


def test_a_full_list_is_said_in_the_report_and_in_the_status(network):
    for number in range(MAX_SERVICE_CENTRES):
        network.sri(MSISDN, centre=f"38592{number:06}")
    full = network.report(MSISDN, SmDeliveryOutcome.ABSENT_SUBSCRIBER, centre=FIRST)
    assert full.error == ErrorCode.MESSAGE_WAITING_LIST_FULL
    status = network.sri(MSISDN, centre=FIRST).inform.mw_status
    assert status == MwStatus.SC_ADDRESS_NOT_INCLUDED | MwStatus.MNRF_SET


def test_a_successful_transfer_alerts_the_others(network):
    network.report("447700900123", SmDeliveryOutcome.ABSENT_SUBSCRIBER, centre=FIRST)
    network.report("447700900123", SmDeliveryOutcome.ABSENT_SUBSCRIBER, centre=SECOND)
    network.report("447700900123", SmDeliveryOutcome.SUCCESSFUL_TRANSFER, centre=FIRST)
    assert network.alerts() == [("447700900123", SECOND)]


def test_an_alert_that_fails_is_repeated_and_then_given_up(make_network):
    network = make_network(alerts={"interval": 10, "attempts": 3})
    network.sri(MSISDN)
    network.lab.timers.run(20.0)
    for attempt in range(3):
        network.begun[-1].done("no answer", 25.0 + attempt * 10)
        network.lab.timers.run(34.9 + attempt * 10)
        assert len(network.alerts()) == attempt + 1
        network.lab.timers.run(35.0 + attempt * 10)
    assert len(network.alerts()) == 3


def test_an_alert_that_is_taken_is_not_repeated(network):
    network.sri(MSISDN)
    network.lab.timers.run(20.0)
    network.begun[-1].done(None, 20.1)
    network.lab.timers.run(1000.0)
    assert len(network.alerts()) == 1


@pytest.mark.parametrize(
    ("reason", "alerts"), [(AlertReason.MS_PRESENT, 0), (AlertReason.MEMORY_AVAILABLE, 1)]
)
def test_one_with_a_full_memory_must_have_room_and_not_just_be_there(network, reason, alerts):
    network.report("447700900123", SmDeliveryOutcome.MEMORY_CAPACITY_EXCEEDED)
    imsi = network.sri("447700900123").result.imsi
    argument = ReadyForSmArg(imsi=imsi, alert_reason=reason)
    reply = network.ask(network.dialogue(SccpAddress.of_gt("4477009100", 6)), argument)
    assert reply.error is None
    assert len(network.alerts()) == alerts


def test_version_1_notes_a_subscriber_present_without_an_answer(network):
    network.report("447700900123", SmDeliveryOutcome.ABSENT_SUBSCRIBER)
    imsi = network.sri("447700900123").result.imsi
    dialogue = network.dialogue(SccpAddress.of_gt("4477009100", 6), version=1)
    assert network.ask(dialogue, NoteSubscriberPresentArg(imsi=imsi)).silent
    assert len(network.alerts()) == 1


def test_ready_for_sm_of_an_imsi_of_nobody_is_unknown(network):
    argument = ReadyForSmArg(imsi="001010123456789", alert_reason=0)
    reply = network.ask(network.dialogue(SccpAddress.of_gt("4477009100", 6)), argument)
    assert reply.error == ErrorCode.UNKNOWN_SUBSCRIBER


def test_version_1_is_told_in_the_result_that_messages_wait(network):
    network.report("447700900123", SmDeliveryOutcome.MEMORY_CAPACITY_EXCEEDED)
    assert network.sri("447700900123", version=1).result.mwd_set is True
    assert network.sri("447700900123", version=1, centre=SECOND).result.mwd_set is False
    assert network.sri("447700900124", version=1).result.mwd_set is None


def test_flags_and_list_are_released_together():
    waiting = MessageWaitingData()
    assert waiting.add(FIRST)
    waiting.mobile_not_reachable = waiting.memory_capacity_exceeded = True
    assert waiting.present() == []
    assert waiting.status(FIRST) == MwStatus.MCEF_SET
    assert waiting.memory_available() == [FIRST]
    assert waiting.status(FIRST) == MwStatus.SC_ADDRESS_NOT_INCLUDED


@pytest.mark.parametrize("msisdn", ["447700900902", "385915555555"])
def test_a_report_about_nobody_is_answered_so(network, msisdn):
    dialogue = network.dialogue(SccpAddress.of_gt("4477009100", 6))
    argument = ReportSmDeliveryStatusArg(
        msisdn=AddressString(msisdn),
        service_centre_address=AddressString(FIRST),
        sm_delivery_outcome=SmDeliveryOutcome.ABSENT_SUBSCRIBER,
    )
    assert network.ask(dialogue, argument).error == ErrorCode.UNKNOWN_SUBSCRIBER


def test_a_success_that_nobody_waited_for_is_not_kept(network):
    network.report("447700900123", SmDeliveryOutcome.SUCCESSFUL_TRANSFER)
    assert len(network.lab.population) == 0


def test_only_so_many_alerts_are_under_way(network, monkeypatch):
    monkeypatch.setattr("hlr_sim.alerts.MAX_PENDING", 1)
    for centre in (FIRST, SECOND):
        network.sri(MSISDN, centre=centre)
    network.lab.timers.run(20.0)
    assert network.alerts() == [(MSISDN, FIRST)]
