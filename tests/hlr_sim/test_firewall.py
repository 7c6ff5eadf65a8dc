"""The receiving side's GT correlation: one verdict for every MT dialogue, refused if so set."""

import pytest

from telecom.ss7.map.errors import ErrorCode
from telecom.ss7.map.messages import AddressString, MtForwardSmArg, SmRpDa, SmRpOa
from telecom.ss7.sccp.address import SccpAddress

OTHER = "38591000002"
MSISDN = "447700900123"


@pytest.mark.parametrize(
    ("sri", "fsm", "verdict"),
    [
        ({}, {}, "match"),
        ({}, {"calling": OTHER, "centre": OTHER}, "sccp_mismatch"),
        ({}, {"calling": OTHER}, "sccp_mismatch"),
        ({}, {"centre": OTHER}, "map_mismatch"),
        ({"centre": OTHER}, {}, "sri_conflict"),
        ({}, {"calling": OTHER, "centre": "38591000003"}, "fsm_conflict"),
    ],
)
def test_four_comparisons(network, sri, fsm, verdict):
    assert network.fsm(network.sri(MSISDN, **sri), **fsm).error is None
    assert _counts(network) == {verdict: 1}


def test_one_routing_is_for_one_dialogue(network):
    answer = network.sri(MSISDN)
    network.fsm(answer)
    network.fsm(answer)
    assert _counts(network) == {"match": 1, "unsolicited": 1}


def test_a_routing_older_than_t1_is_expired(network):
    network.fsm(network.sri(MSISDN, 0.0), now=60.0)
    assert _counts(network) == {"expired": 1}


def test_the_answer_to_a_lookup_that_intends_no_delivery_authorises_none(network):
    answer = network.sri(MSISDN, not_intended=0)
    network.fsm(answer)
    assert answer.result.imsi == network.sri(MSISDN).result.imsi
    assert _counts(network) == {"unsolicited": 1}


def test_who_asks_for_the_network_alone_gets_dummies(network):
    result = network.sri("447700900903", not_intended=1).result
    assert result.imsi == "262900000000000"
    assert result.location_info_with_lmsi.network_node_number.digits == "4915559100"


def test_all_segments_of_one_dialogue_pass_with_the_first(network):
    network.fsm(network.sri(MSISDN), "long " * 100)
    assert _counts(network) == {"match": 1}
    assert network.texts(MSISDN) == ["long " * 100]


def test_another_subscriber_in_the_same_dialogue_is_judged_again(network):
    answer, other = network.sri(MSISDN), network.sri("447700900125", not_intended=0)
    dialogue = network.dialogue(SccpAddress.of_gt("4477009001", 8))
    for imsi in (answer.result.imsi, other.result.imsi):
        argument = MtForwardSmArg(
            sm_rp_da=SmRpDa(imsi=imsi),
            sm_rp_oa=SmRpOa(service_centre_address_oa=AddressString("38591000001")),
            sm_rp_ui=network.tpdus("hello")[0],
        )
        network.ask(dialogue, argument)
    assert _counts(network) == {"match": 1, "unsolicited": 1}


def test_what_follows_may_leave_its_addresses_out(network):
    answer = network.sri(MSISDN)
    dialogue = network.dialogue(SccpAddress.of_gt("4477009001", 8))
    full = (
        SmRpDa(imsi=answer.result.imsi),
        SmRpOa(service_centre_address_oa=AddressString("38591000001")),
    )
    for (destination, origin), tpdu in zip(
        (full, (SmRpDa(), SmRpOa())), network.tpdus("two segments " * 15), strict=True
    ):
        argument = MtForwardSmArg(sm_rp_da=destination, sm_rp_oa=origin, sm_rp_ui=tpdu)
        assert network.ask(dialogue, argument).error is None
    assert _counts(network) == {"match": 1}
    assert network.texts(MSISDN) == ["two segments " * 15]


def test_a_first_message_without_a_recipient_is_refused(network):
    dialogue = network.dialogue(SccpAddress.of_gt("4477009001", 8))
    argument = MtForwardSmArg(sm_rp_da=SmRpDa(), sm_rp_oa=SmRpOa(), sm_rp_ui=b"")
    assert network.ask(dialogue, argument).error == ErrorCode.UNEXPECTED_DATA_VALUE


def test_what_does_not_match_is_refused_when_so_configured(make_network):
    network = make_network(gt_correlation={"reject": True})
    answer = network.sri(MSISDN)
    refused = network.fsm(answer, calling=OTHER)
    assert refused.error == ErrorCode.SM_DELIVERY_FAILURE
    assert network.texts(MSISDN) == []
    assert network.fsm(answer).error is None
    assert [verdict for verdict, _ in network.lab.firewall.suspects] == ["sccp_mismatch"]


def test_the_sms_router_refuses_too(make_network):
    network = make_network(gt_correlation={"reject": True})
    answer = network.sri("447700900910")
    assert network.fsm(answer, centre=OTHER).error == ErrorCode.SM_DELIVERY_FAILURE
    assert network.fsm(answer).error is None


def _counts(network):
    return {verdict: count for verdict, count in network.lab.firewall.counts.items() if count}
