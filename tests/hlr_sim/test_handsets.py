"""What arrives at a handset, and what it sends."""

from datetime import UTC, datetime

import pytest

from hlr_sim.handset import MESSAGES_PER_HANDSET, Handsets
from telecom.sms.address import Address
from telecom.sms.errors import SmsError
from telecom.sms.tpdu import SmsStatusReport, encode_tpdu
from telecom.ss7.map.errors import ErrorCode
from telecom.ss7.map.messages import AddressString, MtForwardSmArg, SmRpDa, SmRpOa
from telecom.ss7.sccp.address import SccpAddress

MSISDN = "447700900123"
EXTENSION = "^{}\\[~]|€\f"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "x" * 160,
        EXTENSION * 16,
        EXTENSION * 100,
        "Grüße 👋🏽 " * 60,
        "я" * 670,
    ],
)
def test_a_text_arrives_unchanged_whatever_its_length(network, text):
    network.fsm(network.sri(MSISDN), text)
    assert network.texts(MSISDN) == [text]


def test_segments_may_arrive_in_any_order(network):
    tpdus = network.tpdus("one two three " * 30)
    handsets = Handsets()
    whole = [handsets.receive(MSISDN, tpdu, "38591000001", 0.0) for tpdu in reversed(tpdus)]
    assert [message is not None for message in whole] == [False] * (len(tpdus) - 1) + [True]
    (message,) = handsets.received(MSISDN)
    assert (message.text, message.segments) == ("one two three " * 30, len(tpdus))


def test_octets_that_are_no_tpdu_are_answered_with_the_handset_s_report(network):
    imsi = network.sri(MSISDN).result.imsi
    dialogue = network.dialogue(SccpAddress.of_gt("4477009001", 8))
    argument = MtForwardSmArg(
        sm_rp_da=SmRpDa(imsi=imsi),
        sm_rp_oa=SmRpOa(service_centre_address_oa=AddressString("38591000001")),
        sm_rp_ui=b"\x04\x0b",
    )
    reply = network.ask(dialogue, argument)
    assert reply.error == ErrorCode.SM_DELIVERY_FAILURE
    assert reply.parameter.sm_enumerated_delivery_failure_cause == 1
    assert reply.parameter.diagnostic_info


def test_a_subscriber_is_unidentified_at_an_msc_where_it_is_not(network):
    answer = network.sri(MSISDN)
    dialogue = network.dialogue(SccpAddress.of_gt("62819000", 8))
    argument = MtForwardSmArg(
        sm_rp_da=SmRpDa(imsi=answer.result.imsi),
        sm_rp_oa=SmRpOa(service_centre_address_oa=AddressString("38591000001")),
        sm_rp_ui=network.tpdus("hello")[0],
    )
    assert network.ask(dialogue, argument).error == ErrorCode.UNIDENTIFIED_SUBSCRIBER


def test_a_correlation_id_is_of_nobody_after_t1(make_network):
    network = make_network(gt_correlation={"t1": 5})
    late = network.fsm(network.sri("447700900910", 0.0), now=5.0)
    assert late.error == ErrorCode.UNIDENTIFIED_SUBSCRIBER


def test_the_memory_is_bounded():
    handsets = Handsets(limit=2)
    address = Address("38591000100")
    for number in range(3):
        for _ in range(MESSAGES_PER_HANDSET + 1):
            handsets.send(str(number), address, "x", service_centre="1", segments=1, now=0.0)
    assert [len(handsets.sent(str(number))) for number in range(3)] == [0, 100, 100]
    handsets.clear("1")
    assert handsets.sent("1") == []


def test_a_long_message_leaves_segment_by_segment(network):
    lab = network.lab
    subscriber = lab.population.find(MSISDN)
    message = lab.mobile_originated.submit(
        subscriber, Address("38591000100"), "y" * 400, service_centre="38591000002", now=0.0
    )
    assert message.status == "sending"
    for sent in range(1, 4):
        assert len(network.submitted()) == sent
        network.begun[-1].done(None, 1.0)
    assert "".join(text for _, text in network.submitted()) == "y" * 400
    assert message.status == "sent"


def test_a_message_that_the_service_centre_refuses_is_failed(network):
    lab = network.lab
    subscriber = lab.population.find(MSISDN)
    message = lab.mobile_originated.submit(
        subscriber, Address("38591000100"), "hi", service_centre="38591000001", now=0.0
    )
    network.begun[-1].done("systemFailure", 1.0)
    assert (message.status, message.failure) == ("failed", "systemFailure")


def test_what_no_message_can_carry_is_refused(network):
    lab = network.lab
    with pytest.raises(SmsError):
        lab.mobile_originated.submit(
            lab.population.find(MSISDN),
            Address("38591000100"),
            "я" * 20_000,
            service_centre="38591000001",
            now=0.0,
        )
    assert network.begun == []


def test_a_status_report_is_taken_and_forgotten(network):
    report = SmsStatusReport(
        message_reference=1,
        recipient_address=Address("447700900123"),
        service_centre_time_stamp=datetime(2026, 11, 22, tzinfo=UTC),
        discharge_time=datetime(2026, 11, 22, tzinfo=UTC),
        status=0,
    )
    handsets = Handsets()
    assert handsets.receive(MSISDN, encode_tpdu(report), "38591000001", 0.0) is None
    assert handsets.received(MSISDN) == []


def test_one_who_went_away_after_the_routing_is_absent_at_the_msc(network):
    for version, error in ((1, 27), (2, 27), (3, 6)):
        answer = network.sri(MSISDN)
        lab = network.lab
        lab.recovery.change(lab.population.find(MSISDN), 0.0, absent=True, memory_full=False)
        assert network.fsm(answer, version=version).error == error
        lab.population.forget(MSISDN)


def test_a_correlation_id_of_one_ported_meanwhile_is_of_nobody(network):
    answer = network.sri("447700900910")
    lab = network.lab
    lab.population.port(lab.population.find("447700900910"), lab.network.operators[1])
    assert network.fsm(answer).error == ErrorCode.UNIDENTIFIED_SUBSCRIBER
