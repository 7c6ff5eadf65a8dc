"""The simulator's node against a gateway: dialogues as they pass between two TCAPs."""

from typing import Any

import pytest

from telecom.sms.address import Address
from telecom.ss7.map import contexts as ac
from telecom.ss7.map.errors import ErrorCode
from telecom.ss7.map.messages import (
    AddressString,
    AlertServiceCentreArg,
    ForwardSmArg,
    InformServiceCentreArg,
    MoForwardSmArg,
    MtForwardSmArg,
    ReadyForSmArg,
    ReportSmDeliveryStatusArg,
    RoutingInfoForSmArg,
    SmRpDa,
    SmRpOa,
)
from telecom.ss7.map.primitives import (
    Aborted,
    Accepted,
    Closed,
    Delimited,
    Failed,
    Invoked,
    Opened,
    Refused,
    Rejected,
    Returned,
    TimedOut,
)
from telecom.ss7.sccp.primitives import NNotice, NUnitdata

GATEWAY = "38591000001"
MSISDN = "447700900123"


@pytest.fixture
def link(make_link: Any) -> Any:
    return make_link()


def sri(msisdn: str = MSISDN) -> RoutingInfoForSmArg:
    return RoutingInfoForSmArg(
        msisdn=AddressString(msisdn), sm_rp_pri=True, service_centre_address=AddressString(GATEWAY)
    )


def fsm(
    imsi: str | None, tpdu: bytes, *, more: bool = False, kind: type[Any] = MtForwardSmArg
) -> Any:
    centre = SmRpOa(service_centre_address_oa=AddressString(GATEWAY)) if imsi else SmRpOa()
    return kind(
        sm_rp_da=SmRpDa(imsi=imsi), sm_rp_oa=centre, sm_rp_ui=tpdu, more_messages_to_send=more
    )


def kinds(came: list[Any]) -> list[type[Any]]:
    return [type(indication) for indication in came]


def routing(link: Any, msisdn: str = MSISDN) -> tuple[str, str]:
    """Ask for the routing, and return IMSI and MSC."""
    link.open(ac.SHORT_MSG_GATEWAY_V3, sri(msisdn), msisdn, 6)
    (returned,) = link.take(Returned)
    node = returned.result.location_info_with_lmsi.network_node_number.digits
    return returned.result.imsi, node


def test_a_number_with_other_digits_is_of_nobody(link):
    link.open(ac.SHORT_MSG_GATEWAY_V3, sri("4477009*#abc"), MSISDN, 6)
    (failed,) = link.take(Failed)
    assert failed.code == ErrorCode.UNKNOWN_SUBSCRIBER


def test_a_fault_of_a_role_is_a_system_failure_for_the_peer(link, monkeypatch):
    def fault(*_: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as faulty:
        faulty.setattr(link.node.lab.population, "find", fault)
        link.open(ac.SHORT_MSG_GATEWAY_V3, sri(), MSISDN, 6)
        (failed,) = link.take(Failed)
        assert failed.code == ErrorCode.SYSTEM_FAILURE
    assert routing(link)[1] == "4477009001"
    assert link.is_quiet()


@pytest.mark.parametrize(
    "context", [ac.SHORT_MSG_GATEWAY_V1, ac.SHORT_MSG_GATEWAY_V2, ac.SHORT_MSG_GATEWAY_V3]
)
def test_routing_is_answered_in_the_version_asked_in(link, context):
    link.open(context, sri(), MSISDN, 6)
    accepted, returned, closed = link.take()
    assert kinds([accepted, returned, closed]) == [Accepted, Returned, Closed]
    assert accepted.context == context
    assert returned.result.imsi == "234900000000123"
    assert link.is_quiet()


@pytest.mark.parametrize("context", [ac.SHORT_MSG_GATEWAY_V2, ac.SHORT_MSG_GATEWAY_V3])
def test_absence_comes_with_the_reason_in_the_same_dialogue(link, context):
    link.open(context, sri("447700900901"), "447700900901", 6)
    came = link.take()
    assert kinds(came) == [Accepted, Invoked, Failed, Closed]
    assert isinstance(came[1].argument, InformServiceCentreArg)
    assert link.is_quiet()


@pytest.mark.parametrize(
    ("msisdn", "hlr"),
    [
        (MSISDN, "4477009100"),
        ("447700900902", "4477009100"),
        ("447700900903", "4915559100"),
        ("491555900913", "62819100"),
    ],
)
def test_the_answer_comes_from_the_title_of_the_hlr_that_gave_it(link, msisdn, hlr):
    link.open(ac.SHORT_MSG_GATEWAY_V3, sri(msisdn), msisdn, 6)
    assert link.take(Accepted)[0].responding.digits == hlr


def test_who_does_not_answer_leaves_nothing_behind(link):
    link.open(ac.SHORT_MSG_GATEWAY_V3, sri("447700900907"), "447700900907", 6)
    assert link.is_quiet()
    link.wait(60.0)
    assert kinds(link.take()) == [TimedOut]


def test_several_messages_pass_in_one_dialogue(make_network, link):
    imsi, msc = routing(link)
    first, *rest = make_network.tpdus("three segments " * 25)
    dialogue = link.open(ac.SHORT_MSG_MT_RELAY_V3, fsm(imsi, first, more=True), msc, 8)
    assert kinds(link.take()) == [Accepted, Returned, Delimited]
    for left, tpdu in zip((1, 0), rest, strict=True):
        link.gateway.map.invoke(dialogue, fsm(None, tpdu, more=bool(left)), link.now)
        link.gateway.map.delimit(dialogue, link.now)
        link.deliver()
        assert kinds(link.take()) == [Returned, Delimited if left else Closed]
    (message,) = link.node.lab.handsets.received(MSISDN)
    assert message.text == "three segments " * 25
    assert link.node.lab.firewall.counts["match"] == 1
    assert link.is_quiet()


def test_an_empty_begin_is_answered_and_the_message_follows(make_network, link):
    imsi, msc = routing(link)
    (tpdu,) = make_network.tpdus("hello")
    link.open(ac.SHORT_MSG_MT_RELAY_V3, fsm(imsi, tpdu), msc, 8, empty_begin=True)
    assert kinds(link.take()) == [Accepted, Returned, Closed]
    assert len(link.node.lab.handsets.received(MSISDN)) == 1
    assert link.is_quiet()


@pytest.mark.parametrize("context", [ac.SHORT_MSG_RELAY_V1, ac.SHORT_MSG_MT_RELAY_V2])
def test_forward_sm_of_the_older_versions(make_network, link, context):
    imsi, msc = routing(link)
    (tpdu,) = make_network.tpdus("hello")
    link.open(context, fsm(imsi, tpdu, kind=ForwardSmArg), msc, 8)
    assert kinds(link.take()) == [Accepted, Returned, Closed]
    assert link.node.lab.handsets.received(MSISDN)[0].text == "hello"


def test_report_and_ready_for_sm_are_served(link):
    report = ReportSmDeliveryStatusArg(
        msisdn=AddressString(MSISDN),
        service_centre_address=AddressString(GATEWAY),
        sm_delivery_outcome=1,
    )
    link.open(ac.SHORT_MSG_GATEWAY_V3, report, MSISDN, 6)
    assert kinds(link.take()) == [Accepted, Returned, Closed]
    ready = ReadyForSmArg(imsi="234900000000123", alert_reason=0)
    link.open(ac.MWD_MNGT_V3, ready, "4477009100", 6)
    came = link.take()
    assert kinds([one for one in came if one.reference]) == [Accepted, Returned, Closed]
    assert kinds([one for one in came if not one.reference]) == [Opened, Invoked, Delimited]


def test_an_operation_at_the_wrong_node_is_not_supported_there(make_network, link):
    (tpdu,) = make_network.tpdus("hello")
    link.open(ac.SHORT_MSG_MT_RELAY_V3, fsm("234900000000123", tpdu), "4477009100", 6)
    (failed,) = link.take(Failed)
    assert failed.code == ErrorCode.FACILITY_NOT_SUPPORTED
    assert link.is_quiet()


@pytest.mark.parametrize(("called", "ssn"), [("385910000077", 6), (MSISDN, 8), ("4477009000", 6)])
def test_a_dialogue_with_a_node_that_is_not_there_is_refused(link, called, ssn):
    link.open(ac.SHORT_MSG_GATEWAY_V3, sri(), called, ssn)
    assert kinds(link.take()) == [Refused]
    assert link.is_quiet()


def test_an_argument_that_is_none_is_rejected_and_the_dialogue_ends(link):
    link.open(ac.SHORT_MSG_GATEWAY_V3, sri(), MSISDN, 6)
    good = link.passed[0]
    bad = NUnitdata(good.called, good.calling, good.data.replace(b"\x80\x07\x91", b"\x9e\x07\x91"))
    assert bad != good
    link.take()
    for indication in link.network.tcap.handle_unitdata(bad, 0.0):
        link.node.handle(link.network.map.handle(indication, 0.0), 0.0)
    assert link.is_quiet()


def test_an_alert_is_taken_and_the_message_follows(link):
    msisdn = "447700900901"
    link.open(ac.SHORT_MSG_GATEWAY_V3, sri(msisdn), msisdn, 6)
    link.take()
    link.wait(20.0)
    opened, invoked, delimited = link.take()
    assert kinds([opened, invoked, delimited]) == [Opened, Invoked, Delimited]
    assert (opened.called.digits, opened.calling.digits) == (GATEWAY, "4477009100")
    assert opened.context == ac.SHORT_MSG_ALERT_V2
    assert invoked.argument == AlertServiceCentreArg(
        msisdn=AddressString(msisdn), service_centre_address=AddressString(GATEWAY)
    )
    link.gateway.map.result(opened.dialogue, invoked.invoke_id, None, link.now)
    link.gateway.map.close(opened.dialogue, link.now)
    link.deliver()
    assert link.is_quiet()
    link.wait(200.0)
    assert link.take(Opened) == []


def test_an_alert_without_an_answer_is_repeated(link):
    link.open(ac.SHORT_MSG_GATEWAY_V3, sri("447700900901"), "447700900901", 6)
    link.wait(200.0)
    assert len(link.take(Opened)) == 5
    assert link.is_quiet()


def test_an_alert_in_version_1_has_no_answer(make_link):
    link = make_link(contexts=ac.CONTEXTS - {ac.SHORT_MSG_ALERT_V2})
    link.open(ac.SHORT_MSG_GATEWAY_V3, sri("447700900901"), "447700900901", 6)
    link.wait(200.0)
    (opened,) = link.take(Opened)
    assert opened.context == ac.SHORT_MSG_ALERT_V1
    assert link.is_quiet()


@pytest.mark.parametrize(
    ("refused", "context"),
    [
        (set(), ac.SHORT_MSG_MO_RELAY_V3),
        ({ac.SHORT_MSG_MO_RELAY_V3}, ac.SHORT_MSG_MO_RELAY_V2),
        ({ac.SHORT_MSG_MO_RELAY_V3, ac.SHORT_MSG_MO_RELAY_V2}, ac.SHORT_MSG_RELAY_V1),
    ],
)
def test_a_reply_goes_to_the_service_centre_in_a_version_it_takes(
    make_network, make_link, refused, context
):
    link = make_link(contexts=ac.CONTEXTS - refused)
    imsi, msc = routing(link, "447700900912")
    (tpdu,) = make_network.tpdus("hello")
    link.open(ac.SHORT_MSG_MT_RELAY_V3, fsm(imsi, tpdu), msc, 8)
    came = [one for one in link.take() if one.reference is None]
    opened, invoked, _delimited = came
    assert opened.context == context
    assert isinstance(invoked.argument, MoForwardSmArg | ForwardSmArg)
    link.gateway.map.result(opened.dialogue, invoked.invoke_id, None, link.now)
    link.gateway.map.close(opened.dialogue, link.now)
    link.deliver()
    (sent,) = link.node.lab.handsets.sent("447700900912")
    assert (sent.status, sent.text) == ("sent", "re: hello")
    assert link.is_quiet()


def test_a_reply_that_is_refused_has_failed(make_network, link):
    imsi, msc = routing(link, "447700900912")
    (tpdu,) = make_network.tpdus("hello")
    link.open(ac.SHORT_MSG_MT_RELAY_V3, fsm(imsi, tpdu), msc, 8)
    invoked = next(one for one in link.take(Invoked) if one.reference is None)
    link.gateway.map.error(invoked.dialogue, invoked.invoke_id, ErrorCode.SYSTEM_FAILURE, link.now)
    link.gateway.map.close(invoked.dialogue, link.now)
    link.deliver()
    (sent,) = link.node.lab.handsets.sent("447700900912")
    assert sent.failure == "systemFailure"


def test_a_gateway_that_aborts_a_reply_or_leaves_it_open_has_not_taken_it(make_network, link):
    for end in (link.gateway.map.abort, link.gateway.map.delimit):
        imsi, msc = routing(link, "447700900912")
        link.open(ac.SHORT_MSG_MT_RELAY_V3, fsm(imsi, make_network.tpdus("x")[0]), msc, 8)
        invoked = next(one for one in link.take(Invoked) if one.reference is None)
        end(invoked.dialogue, link.now)
        link.deliver()
    failures = [sent.failure for sent in link.node.lab.handsets.sent("447700900912")]
    assert failures == ["aborted, user_specific", "no answer"]


def test_a_reply_that_no_version_takes_is_refused_or_rejected(make_network, make_link):
    link = make_link(contexts={ac.SHORT_MSG_GATEWAY_V3, ac.SHORT_MSG_MT_RELAY_V3})
    imsi, msc = routing(link, "447700900912")
    link.open(ac.SHORT_MSG_MT_RELAY_V3, fsm(imsi, make_network.tpdus("x")[0]), msc, 8)
    (sent,) = link.node.lab.handsets.sent("447700900912")
    assert sent.status == "failed"
    assert link.is_quiet()


def test_a_reply_that_is_rejected_has_failed(make_network, link):
    imsi, msc = routing(link, "447700900912")
    link.open(ac.SHORT_MSG_MT_RELAY_V3, fsm(imsi, make_network.tpdus("x")[0]), msc, 8)
    invoked = next(one for one in link.take(Invoked) if one.reference is None)
    link.gateway.map.reject(invoked.dialogue, invoked.invoke_id, link.now)
    link.gateway.map.close(invoked.dialogue, link.now)
    link.deliver()
    (sent,) = link.node.lab.handsets.sent("447700900912")
    assert sent.failure == "rejected, problem 0x8103"


def test_a_service_centre_that_cannot_be_reached_is_tried_again(link):
    link.open(ac.SHORT_MSG_GATEWAY_V3, sri("447700900901"), "447700900901", 6)
    link.take()
    link.node.handle_timer(20.0)
    _, alert = link.queue.pop()
    notice = NNotice(alert.called, alert.calling, alert.data, cause=1)
    for tc_indication in link.network.tcap.handle_notice(notice):
        link.node.handle(link.network.map.handle(tc_indication, 20.0), 20.0)
    assert link.is_quiet()
    link.wait(30.0)
    assert len(link.take(Opened)) == 1


def test_a_dialogue_that_cannot_begin_has_failed(link):
    lab = link.node.lab
    link.network.tcap._max_dialogues = 0
    message = lab.mobile_originated.submit(
        lab.population.find(MSISDN), Address("38591000100"), "hi", service_centre=GATEWAY, now=0.0
    )
    assert message.status == "failed"


class TestFaults:
    def faulty(self, make_link: Any, **row: Any) -> Any:
        link = make_link(faults={"rows": [{"target": "sendRoutingInfoForSM", **row}]})
        link.open(ac.SHORT_MSG_GATEWAY_V3, sri(), MSISDN, 6)
        return link

    def test_delay(self, make_link):
        link = self.faulty(make_link, delay=2.5)
        link.wait(2.4)
        assert link.take() == []
        link.wait(2.5)
        assert kinds(link.take()) == [Accepted, Returned, Closed]

    def test_error(self, make_link):
        link = self.faulty(make_link, error=34)
        (failed,) = link.take(Failed)
        assert failed.code == ErrorCode.SYSTEM_FAILURE

    def test_silence(self, make_link):
        link = self.faulty(make_link, silent=True)
        assert link.take() == []
        assert link.is_quiet()

    def test_others_are_not_hit(self, make_network, make_link):
        link = self.faulty(make_link, silent=True)
        (tpdu,) = make_network.tpdus("hello")
        link.open(ac.SHORT_MSG_MT_RELAY_V3, fsm("234900000000123", tpdu), "4477009001", 8)
        assert kinds(link.take()) == [Accepted, Returned, Closed]

    def test_a_dialogue_that_is_gone_meanwhile_gets_no_answer(self, make_link):
        link = self.faulty(make_link, delay=60)
        link.wait(30.0)
        (timed_out,) = link.take(TimedOut)
        link.gateway.map.abort(timed_out.dialogue, link.now)
        link.wait(300.0)
        assert link.take(Returned, Rejected, Aborted) == []
        assert link.is_quiet()
