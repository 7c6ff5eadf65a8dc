"""Every row of the lab's magic numbers, from the SRI-SM to the handset, without a wire."""

from typing import Any

import pytest

from hlr_sim.magic import MAGIC
from telecom.sms.address import Address
from telecom.ss7.map.enumerations import MwStatus, SmDeliveryOutcome
from telecom.ss7.map.errors import ErrorCode
from telecom.ss7.map.messages import MoForwardSmArg

ALBA, BOREA, CORVO = "23490", "26290", "51090"
RANGES = {"4477009": 12, "4915559": 12, "62819": 13}


def number(ending: str, prefix: str = "4477009") -> str:
    return prefix + ending.zfill(RANGES[prefix] - len(prefix))


def routing(reply: Any) -> tuple[str, str]:
    """Return the network that the IMSI is of, and the serving node's global title."""
    result = reply.result
    return result.imsi[:5], result.location_info_with_lmsi.network_node_number.digits


@pytest.mark.parametrize("prefix", RANGES)
def test_an_ordinary_number_is_reachable_at_home_and_gets_its_message(network, prefix):
    msisdn = number("123", prefix)
    answer = network.sri(msisdn)
    assert network.fsm(answer, "hello").error is None
    assert network.texts(msisdn) == ["hello"]
    assert routing(answer)[1].startswith(prefix)


def test_901_is_absent_until_it_comes_back_by_itself(network):
    msisdn = number("901")
    reply = network.sri(msisdn, 0.0)
    assert reply.error == ErrorCode.ABSENT_SUBSCRIBER_SM
    assert reply.parameter.absent_subscriber_diagnostic_sm == 1
    assert reply.inform.mw_status == MwStatus.MNRF_SET
    network.lab.timers.run(19.9)
    assert network.alerts() == []
    assert network.sri(msisdn, 19.9).error == ErrorCode.ABSENT_SUBSCRIBER_SM
    network.lab.timers.run(20.0)
    assert network.alerts() == [(msisdn, "38591000001")]
    answer = network.sri(msisdn, 20.1)
    assert network.fsm(answer, now=20.2).error is None
    assert network.texts(msisdn) == ["hello"]


@pytest.mark.parametrize("ending", ["901", "906"])
def test_who_came_back_is_gone_again_for_who_tries_the_number_next(network, ending):
    msisdn = number(ending)
    before = network.lab.population.find(msisdn)
    state = (before.absent, before.memory_full)
    for start in (0.0, 100.0):
        answer = network.sri(msisdn, start)
        if ending == "906":
            assert network.fsm(answer, now=start).error == ErrorCode.SM_DELIVERY_FAILURE
        network.lab.timers.run(start + 20.0)
        assert network.fsm(network.sri(msisdn, start + 20.1), now=start + 20.2).error is None
        network.lab.timers.run(start + 40.0)
        after = network.lab.population.find(msisdn)
        assert (after.absent, after.memory_full) == state


def test_who_was_told_to_be_reachable_stays_so(network):
    network.sri(number("901"), 0.0)
    network.lab.timers.run(20.0)
    network.lab.recovery.change(
        network.lab.population.find(number("901")), 21.0, absent=False, memory_full=False
    )
    network.lab.timers.run(60.0)
    assert not network.lab.population.find(number("901")).absent


@pytest.mark.parametrize(("version", "error"), [(1, 27), (2, 27), (3, 6)])
def test_the_error_for_absence_is_that_of_the_version(network, version, error):
    reply = network.sri(number("901"), version=version)
    assert reply.error == error
    assert (reply.inform is None) == (version == 1)


@pytest.mark.parametrize(
    ("ending", "error"),
    [
        ("902", ErrorCode.UNKNOWN_SUBSCRIBER),
        ("905", ErrorCode.CALL_BARRED),
        ("909", ErrorCode.TELESERVICE_NOT_PROVISIONED),
    ],
)
@pytest.mark.parametrize("prefix", RANGES)
def test_902_905_909_are_refused_by_the_hlr(network, ending, error, prefix):
    reply = network.sri(number(ending, prefix))
    assert (reply.error, reply.silent) == (error, False)


def test_a_number_of_no_range_or_of_another_length_is_unknown(network):
    hlr = "4477009100"
    assert network.sri("447700900", at=hlr).error == ErrorCode.UNKNOWN_SUBSCRIBER
    assert network.sri("385915555555", at=hlr).error == ErrorCode.UNKNOWN_SUBSCRIBER


@pytest.mark.parametrize(
    ("ending", "prefix", "home", "node"),
    [
        ("903", "4477009", BOREA, "4915559001"),
        ("903", "62819", ALBA, "4477009001"),
        ("904", "4477009", ALBA, "4915559000"),
        ("904", "62819", CORVO, "4477009000"),
        ("913", "4477009", BOREA, "62819001"),
    ],
)
def test_903_904_913_are_ported_and_roaming(network, ending, prefix, home, node):
    msisdn = number(ending, prefix)
    answer = network.sri(msisdn)
    assert routing(answer) == (home, node)
    assert network.fsm(answer).error is None
    assert network.texts(msisdn) == ["hello"]


def test_906_has_no_room_until_it_makes_some(network):
    msisdn = number("906")
    answer = network.sri(msisdn, 0.0)
    failed = network.fsm(answer, now=0.1)
    assert failed.error == ErrorCode.SM_DELIVERY_FAILURE
    assert failed.parameter.sm_enumerated_delivery_failure_cause == 0
    network.report(msisdn, SmDeliveryOutcome.MEMORY_CAPACITY_EXCEEDED, 0.2)
    again = network.sri(msisdn, 1.0)
    assert again.inform.mw_status == MwStatus.MCEF_SET
    network.lab.timers.run(20.1)
    assert network.alerts() == [(msisdn, "38591000001")]
    assert network.fsm(network.sri(msisdn, 20.2), now=20.3).error is None
    assert network.texts(msisdn) == ["hello"]


def test_906_reported_only_after_it_made_room_is_alerted_at_once(network):
    msisdn = number("906")
    network.fsm(network.sri(msisdn))
    network.lab.timers.run(20.0)
    network.report(msisdn, SmDeliveryOutcome.MEMORY_CAPACITY_EXCEEDED, 21.0)
    assert network.alerts() == [(msisdn, "38591000001")]


def test_907_gets_no_answer_from_its_hlr(network):
    assert network.sri(number("907")).silent
    assert network.report(number("907"), SmDeliveryOutcome.ABSENT_SUBSCRIBER).silent


def test_908_fails_every_first_time(network):
    msisdn = number("908")
    errors = [network.fsm(network.sri(msisdn)).error for _ in range(4)]
    assert errors == [ErrorCode.SYSTEM_FAILURE, None, ErrorCode.SYSTEM_FAILURE, None]
    assert network.texts(msisdn) == ["hello", "hello"]


def test_910_goes_through_the_sms_router_by_a_correlation_id(network):
    msisdn = number("910")
    first, second = network.sri(msisdn), network.sri(msisdn)
    assert routing(first) == (ALBA, "4477009300")
    assert first.result.imsi != second.result.imsi
    assert len(first.result.imsi) == 15
    assert network.lab.network.msisdn(first.result.imsi) is None
    assert network.fsm(first).error is None
    assert network.texts(msisdn) == ["hello"]


def test_911_gets_no_answer_from_its_msc(network):
    answer = network.sri(number("911"))
    assert answer.error is None
    assert network.fsm(answer).silent


def test_912_writes_back_to_the_service_centre_that_brought_the_message(network):
    msisdn = number("912")
    network.fsm(network.sri(msisdn), "hello")
    (outgoing,) = network.begun
    argument: Any = outgoing.argument
    assert isinstance(argument, MoForwardSmArg)
    assert outgoing.called.digits == "38591000001"
    assert argument.sm_rp_da.service_centre_address_da.digits == "38591000001"
    assert argument.sm_rp_oa.msisdn.digits == msisdn
    assert network.submitted() == [("38591000100", "re: hello")]


def test_912_does_not_write_back_to_a_name(network):
    answer = network.sri(number("912"))
    assert network.fsm(answer, originator=Address.alphanumeric("Alba")).error is None
    assert network.begun == []


def test_no_row_was_left_out():
    assert sorted(MAGIC) == [str(ending) for ending in range(901, 914)]
