"""Numbers, IMSIs and global titles of the lab, and where the MNP-SRF sends what is about them."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from hlr_sim.mnp_srf import Relay, decide, network_of_hlr
from hlr_sim.network import Network, NetworkError, NodeKind
from hlr_sim.subscribers import Population
from telecom.runtime.operators import read_operators

OPERATORS = read_operators(Path(__file__).parents[2] / "configs" / "operators.toml")
ALBA, BOREA, CORVO = OPERATORS
NETWORK = Network(OPERATORS)


@settings(max_examples=60, deadline=None)
@given(
    holder=st.sampled_from(OPERATORS),
    subscription=st.sampled_from(OPERATORS),
    number=st.integers(min_value=0, max_value=10**8 - 1),
)
def test_an_imsi_says_which_number_it_is_of(holder, subscription, number):
    prefix = holder.ranges[0]
    width = holder.number_length - len(prefix)
    msisdn = prefix + str(number % 10**width).zfill(width)
    imsi = NETWORK.imsi(msisdn, subscription)
    assert len(imsi) == 15
    assert imsi.startswith(subscription.mccmnc)
    assert NETWORK.msisdn(imsi) == msisdn


@pytest.mark.parametrize(
    "imsi", ["", "2349", "001010000000123", "234909000000123", "23490000000012x", "2349" * 4]
)
def test_other_imsis_are_of_nobody(imsi):
    assert NETWORK.msisdn(imsi) is None


def test_the_lab_s_example_of_a_serving_node():
    population = Population(NETWORK)
    subscriber = population.find("447700900904")
    assert subscriber is not None
    assert population.serving_msc(subscriber) == "4915559000"


def test_a_number_leads_to_the_mnp_srf_of_its_range():
    for gt, kind, operator in (
        ("447700900123", NodeKind.MNP_SRF, ALBA),
        ("4915559000", NodeKind.MSC, BOREA),
        ("62819300", NodeKind.SMS_ROUTER, CORVO),
        ("4477009100", NodeKind.HLR, ALBA),
    ):
        node = NETWORK.node(gt)
        assert node is not None
        assert (node.kind, node.operator) == (kind, operator)
    assert NETWORK.node("38591000001") is None


@pytest.mark.parametrize(
    ("own", "holder", "subscription", "relay"),
    [  # TS 23.066 annex B.3
        (ALBA, ALBA, BOREA, Relay.TO_SUBSCRIPTION_NETWORK),
        (ALBA, ALBA, ALBA, Relay.TO_HLR),
        (ALBA, ALBA, None, Relay.TO_HLR),
        (ALBA, BOREA, ALBA, Relay.TO_HLR),
        (ALBA, BOREA, CORVO, Relay.TO_SUBSCRIPTION_NETWORK),
        (ALBA, BOREA, BOREA, Relay.TO_SUBSCRIPTION_NETWORK),
        (ALBA, BOREA, None, Relay.TO_RANGE_HOLDER),
    ],
)
def test_the_relay_decisions(own, holder, subscription, relay):
    assert decide(own, holder=holder, subscription=subscription) is relay


def test_a_message_ends_at_the_hlr_with_the_subscription_wherever_it_began():
    for own, holder, subscription in itertools.product(OPERATORS, OPERATORS, (*OPERATORS, None)):
        found = network_of_hlr(own, holder=holder, subscription=subscription)
        assert found is (subscription or holder)


@pytest.mark.parametrize("own", OPERATORS)
def test_a_ported_number_is_answered_wherever_it_is_asked_for(network, own):
    for gt in (own.hlr, own.mnp_srf, own.sms_router):
        assert network.sri("447700900903", at=gt).result.imsi.startswith(BOREA.mccmnc)


@pytest.mark.parametrize(
    "operators",
    [
        [],
        [replace(ALBA, sms_router="")],
        [replace(ALBA, msc=())],
        [ALBA, replace(BOREA, hlr=ALBA.hlr)],
        [replace(ALBA, ranges=("44",), number_length=15)],
        [replace(ALBA, ranges=("447700900123",))],
    ],
)
def test_operators_that_cannot_make_a_network_are_refused(operators):
    with pytest.raises(NetworkError):
        Network(operators)


def test_nobody_is_kept_in_memory_until_touched_and_then_only_so_many():
    population = Population(NETWORK, limit=3)
    for number in range(10):
        subscriber = population.find(f"4477009{number:05}")
        assert subscriber is not None
        assert len(population) == 0 if number == 0 else len(population) <= 3
        subscriber.barred = True
        population.touch(subscriber)
    kept = [subscriber.msisdn for subscriber in population]
    assert kept == ["447700900007", "447700900008", "447700900009"]
    assert population.forget("447700900009")
    assert not population.forget("447700900009")


def test_porting_gives_another_imsi_and_the_old_one_is_of_nobody():
    population = Population(NETWORK)
    subscriber = population.find("447700900123")
    assert subscriber is not None
    old = subscriber.imsi
    population.port(subscriber, CORVO)
    assert population.find_imsi(old) is None
    assert population.find_imsi(subscriber.imsi) is subscriber
    assert subscriber.imsi.startswith(CORVO.mccmnc)
