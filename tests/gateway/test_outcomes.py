"""How a message ends: one chart for each outcome of SRI-SM and MT-ForwardSM."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from telecom.smpp.tlv_structures import NetworkErrorCode
from telecom.smpp.tlvs import MESSAGE_STATE, NETWORK_ERROR_CODE, USER_MESSAGE_REFERENCE
from telecom.sms.receipt import MessageState
from telecom.ss7.map.contexts import SHORT_MSG_ALERT_V1, SHORT_MSG_ALERT_V2
from telecom.ss7.map.enumerations import MwStatus, SmDeliveryOutcome
from telecom.ss7.map.error_parameters import AbsentSubscriberSmParam, SmDeliveryFailureCause
from telecom.ss7.map.messages import (
    AddressString,
    AlertServiceCentreArg,
    InformServiceCentreArg,
    ReportSmDeliveryStatusArg,
)
from telecom.ss7.sccp.primitives import ReturnCause
from tests.gateway.conftest import MakeNode
from tests.gateway.network import GATEWAY, MSC, Asked, Network, Time, imsi_of
from tests.gateway.pipeline import Node, Store, config, eventually
from tests.gateway.scripted_esme import Esme

NUMBER = "447700900123"
OTHER_NUMBER = "447700900124"
FORTY_SECONDS = b"000000000040000R"
ALERT = AlertServiceCentreArg(
    msisdn=AddressString(NUMBER), service_centre_address=AddressString(GATEWAY)
)
MEMORY_FULL = SmDeliveryFailureCause(sm_enumerated_delivery_failure_cause=0)


async def test_delivered(esme: Esme, network: Network, store: Store) -> None:
    message_id = await esme.submits(NUMBER, "hello")
    sri = await network.sri()
    assert (sri.called, sri.calling, sri.argument.msisdn.digits) == (NUMBER, GATEWAY, NUMBER)
    assert sri.argument.service_centre_address.digits == GATEWAY
    sri.routes_to(MSC)
    fsm = await network.fsm()
    assert (fsm.called, fsm.calling, fsm.text) == (MSC, GATEWAY, "hello")
    assert fsm.argument.sm_rp_da.imsi == imsi_of(NUMBER)
    fsm.returns()
    receipt = await esme.receipt(message_id)
    assert (receipt.stat, receipt.err, receipt.delivered) == (MessageState.DELIVRD, "000", 1)
    assert await store.charges() == {f"sms-mt:{message_id}:1": 1}
    await store.until(stored=0)


class Failing(NamedTuple):
    """How an operation fails, and what the receipt says when no attempt is left."""

    how: Callable[[Asked], None]
    state: MessageState
    error: int


def error(code: int, parameter: object = None) -> Callable[[Asked], None]:
    return lambda asked: asked.fails(code, parameter)


PERMANENT_AT_THE_HLR = {
    "unknownSubscriber": Failing(error(1), MessageState.UNDELIV, 1),
    "teleserviceNotProvisioned": Failing(error(11), MessageState.UNDELIV, 11),
    "callBarred": Failing(error(13), MessageState.UNDELIV, 13),
    "refused": Failing(Asked.refuses, MessageState.UNDELIV, 402),
    "rejected": Failing(Asked.rejects, MessageState.UNDELIV, 403),
}
TEMPORARY_AT_THE_HLR = {
    "systemFailure": Failing(error(34), MessageState.EXPIRED, 34),
    "an error that nobody knows": Failing(error(99), MessageState.EXPIRED, 99),
    "aborted": Failing(Asked.aborts, MessageState.EXPIRED, 401),
    "ended without an answer": Failing(Asked.ends, MessageState.EXPIRED, 401),
}
PERMANENT_AT_THE_MSC = {
    "illegalSubscriber": Failing(error(9), MessageState.UNDELIV, 9),
    "equipmentProtocolError": Failing(
        error(32, SmDeliveryFailureCause(sm_enumerated_delivery_failure_cause=1)),
        MessageState.UNDELIV,
        321,
    ),
    "refused": Failing(Asked.refuses, MessageState.UNDELIV, 412),
    "rejected": Failing(Asked.rejects, MessageState.UNDELIV, 413),
}
TEMPORARY_AT_THE_MSC = {
    "systemFailure": Failing(error(34), MessageState.EXPIRED, 34),
    "sc-Congestion": Failing(
        error(32, SmDeliveryFailureCause(sm_enumerated_delivery_failure_cause=4)),
        MessageState.EXPIRED,
        324,
    ),
    "aborted": Failing(Asked.aborts, MessageState.EXPIRED, 411),
    "ended without an answer": Failing(Asked.ends, MessageState.EXPIRED, 411),
}


@pytest.mark.parametrize("failing", PERMANENT_AT_THE_HLR.values(), ids=PERMANENT_AT_THE_HLR)
async def test_the_hlr_will_never_route_it(
    esme: Esme, network: Network, store: Store, failing: Failing
) -> None:
    message_id = await esme.submits(NUMBER)
    failing.how(await network.sri())
    receipt = await esme.receipt(message_id)
    assert (receipt.stat, int(receipt.err)) == (failing.state, failing.error)
    assert await store.charges() == {}
    await store.until(stored=0)


@pytest.mark.parametrize("failing", TEMPORARY_AT_THE_HLR.values(), ids=TEMPORARY_AT_THE_HLR)
async def test_the_hlr_may_route_it_later(
    esme: Esme, network: Network, store: Store, time: Time, failing: Failing
) -> None:
    message_id = await esme.submits(NUMBER, validity_period=FORTY_SECONDS)
    failing.how(await network.sri())
    await store.until(stored=1, deferred=1)
    time.advance(30)
    failing.how(await network.sri())
    receipt = await esme.receipt(message_id)
    assert (receipt.stat, int(receipt.err)) == (failing.state, failing.error)
    assert await store.charges() == {}


@pytest.mark.parametrize("failing", PERMANENT_AT_THE_MSC.values(), ids=PERMANENT_AT_THE_MSC)
async def test_the_serving_node_will_never_deliver_it(
    esme: Esme, network: Network, store: Store, failing: Failing
) -> None:
    message_id = await esme.submits(NUMBER)
    (await network.sri()).routes_to()
    failing.how(await network.fsm())
    receipt = await esme.receipt(message_id)
    assert (receipt.stat, int(receipt.err)) == (failing.state, failing.error)
    assert await store.charges() == {f"sms-mt:{message_id}:1": 1}
    await store.until(stored=0)


@pytest.mark.parametrize("failing", TEMPORARY_AT_THE_MSC.values(), ids=TEMPORARY_AT_THE_MSC)
async def test_the_serving_node_delivers_it_later(
    esme: Esme, network: Network, store: Store, time: Time, failing: Failing
) -> None:
    message_id = await esme.submits(NUMBER)
    (await network.sri()).routes_to()
    failing.how(await network.fsm())
    await store.until(stored=1, deferred=1)
    time.advance(30)
    (await network.sri()).routes_to()
    (await network.fsm()).returns()
    assert (await esme.receipt(message_id)).stat is MessageState.DELIVRD
    assert set(await store.charges()) == {f"sms-mt:{message_id}:1"}


async def test_the_hlr_never_answers(esme: Esme, network: Network, time: Time) -> None:
    message_id = await esme.submits(NUMBER, validity_period=FORTY_SECONDS)
    await network.sri()
    time.advance(15.2)  # now less is left than the next attempt would wait
    receipt = await esme.receipt(message_id)
    assert (receipt.stat, receipt.err) == (MessageState.EXPIRED, "400")


async def test_an_sri_waits_no_longer_than_the_message_is_valid(
    esme: Esme, network: Network, time: Time
) -> None:
    message_id = await esme.submits(NUMBER, validity_period=b"000000000005000R")
    await network.sri()
    time.advance(5.2)
    receipt = await esme.receipt(message_id)
    assert (receipt.stat, receipt.err) == (MessageState.EXPIRED, "400")


async def test_the_serving_node_never_answers(
    esme: Esme, network: Network, store: Store, time: Time
) -> None:
    message_id = await esme.submits(NUMBER)
    (await network.sri()).routes_to()
    await network.fsm()
    time.advance(20.2)
    await store.until(stored=1, deferred=1)
    time.advance(30)
    (await network.sri()).routes_to()
    (await network.fsm()).returns()
    assert (await esme.receipt(message_id)).stat is MessageState.DELIVRD


async def test_a_title_that_leads_nowhere(
    esme: Esme, network: Network, store: Store, time: Time
) -> None:
    network.unreachable = {NUMBER: ReturnCause.NO_TRANSLATION_FOR_ADDRESS}
    message_id = await esme.submits(NUMBER)
    await store.until(stored=1, deferred=1)
    network.unreachable = {MSC: ReturnCause.SEGMENTATION_NOT_SUPPORTED}
    time.advance(30)
    (await network.sri()).routes_to(MSC)
    receipt = await esme.receipt(message_id)
    assert (receipt.stat, receipt.err) == (MessageState.UNDELIV, "513")


async def test_what_cannot_leave_for_want_of_a_link_is_no_attempt(
    esme: Esme, network: Network, store: Store, time: Time
) -> None:
    network.unreachable = {NUMBER: ReturnCause.MTP_FAILURE}
    message_id = await esme.submits(NUMBER)
    for _ in range(5):  # the delay does not grow
        await store.until(stored=1, deferred=1)
        time.advance(30)
        await store.until(stored=1, deferred=1)
    network.unreachable = {}
    time.advance(30)
    (await network.sri()).routes_to()
    (await network.fsm()).returns()
    await esme.receipt(message_id)


async def test_more_dialogues_than_there_may_be(
    make_node: MakeNode, network: Network, store: Store, time: Time
) -> None:
    esme = make_node(max_dialogues=1).bind()
    first, second = await esme.submits(NUMBER), await esme.submits(OTHER_NUMBER)
    sri = await network.sri()
    await store.until(stored=2, queued=1, deferred=1)
    sri.fails(1)
    await esme.receipt(first)
    time.advance(30)
    (await network.sri()).fails(1)
    await esme.receipt(second)


async def test_absent_until_the_alert(
    node: Node, esme: Esme, network: Network, store: Store
) -> None:
    message_id = await esme.submits(NUMBER)
    (await network.sri()).fails(6, AbsentSubscriberSmParam(absent_subscriber_diagnostic_sm=1))
    await store.until(stored=1, deferred=1)
    alert = network.begins(node.wire, SHORT_MSG_ALERT_V2, ALERT)
    (await network.sri()).routes_to()
    await eventually(alert.kinds, ["Accepted", "Returned", "Closed"])
    (await network.fsm()).returns()
    assert (await esme.receipt(message_id)).stat is MessageState.DELIVRD


async def test_an_alert_in_version_1(
    node: Node, esme: Esme, network: Network, store: Store
) -> None:
    message_id = await esme.submits(NUMBER)
    (await network.sri()).fails(6)
    await store.until(stored=1, deferred=1)
    network.begins(node.wire, SHORT_MSG_ALERT_V1, ALERT)
    (await network.sri()).routes_to()
    (await network.fsm()).returns()
    assert (await esme.receipt(message_id)).stat is MessageState.DELIVRD


async def test_absent_at_the_serving_node_is_reported(
    node: Node, esme: Esme, network: Network, store: Store
) -> None:
    message_id = await esme.submits(NUMBER)
    (await network.sri()).routes_to()
    (await network.fsm()).fails(6, AbsentSubscriberSmParam(absent_subscriber_diagnostic_sm=1))
    report = await network.asked(ReportSmDeliveryStatusArg)
    assert (report.called, report.calling) == (NUMBER, GATEWAY)
    assert report.argument.sm_delivery_outcome == SmDeliveryOutcome.ABSENT_SUBSCRIBER
    assert report.argument.absent_subscriber_diagnostic_sm == 1
    assert await store.depth() == (1, 0, 1)  # before the report, so that its alert finds it
    report.returns()
    network.begins(node.wire, SHORT_MSG_ALERT_V2, ALERT)
    (await network.sri()).routes_to()
    (await network.fsm()).returns()
    await esme.receipt(message_id)


async def test_a_full_memory_is_reported_and_its_end_as_well(
    node: Node, esme: Esme, network: Network
) -> None:
    message_id = await esme.submits(NUMBER)
    (await network.sri()).routes_to()
    (await network.fsm()).fails(32, MEMORY_FULL)
    report = await network.asked(ReportSmDeliveryStatusArg)
    assert report.argument.sm_delivery_outcome == SmDeliveryOutcome.MEMORY_CAPACITY_EXCEEDED
    report.returns()
    network.begins(node.wire, SHORT_MSG_ALERT_V2, ALERT)
    flags = InformServiceCentreArg(mw_status=MwStatus.MCEF_SET)
    (await network.sri()).routes_to(inform=flags)
    (await network.fsm()).returns()
    report = await network.asked(ReportSmDeliveryStatusArg)
    assert report.argument.sm_delivery_outcome == SmDeliveryOutcome.SUCCESSFUL_TRANSFER
    report.fails(34)
    assert (await esme.receipt(message_id)).stat is MessageState.DELIVRD


async def test_what_no_handset_takes_in_time_expires_with_the_last_error(
    esme: Esme, network: Network, store: Store, time: Time
) -> None:
    message_id = await esme.submits(NUMBER, validity_period=FORTY_SECONDS)
    (await network.sri()).fails(6)
    await store.until(stored=1, deferred=1)
    assert esme.receipts() == []
    time.advance(40)
    receipt = await esme.receipt(message_id)
    assert (receipt.stat, receipt.err) == (MessageState.EXPIRED, "006")
    assert network.waiting == []


async def test_what_waits_in_the_queue_for_too_long_expires(
    make_node: MakeNode, network: Network, store: Store, time: Time
) -> None:
    settings = config(limits={"in_flight": 1})
    esme = make_node(settings=settings).bind()
    await esme.submits(NUMBER)
    sri = await network.sri()
    late = await esme.submits(OTHER_NUMBER, validity_period=b"000000000005000R")
    time.advance(6)
    sri.fails(1)
    receipt = await esme.receipt(late)
    assert (receipt.stat, receipt.err) == (MessageState.EXPIRED, "000")


async def test_what_is_scheduled_leaves_then_and_not_for_an_alert(
    node: Node, esme: Esme, network: Network, store: Store, time: Time
) -> None:
    await esme.submits(NUMBER, schedule_delivery_time=FORTY_SECONDS)
    await store.until(stored=1, deferred=1)
    alert = network.begins(node.wire, SHORT_MSG_ALERT_V2, ALERT)
    await eventually(alert.kinds, ["Accepted", "Returned", "Closed"])
    time.advance(39)
    await store.until(stored=1, deferred=1)
    time.advance(1)
    (await network.sri()).fails(1)
    await store.until(stored=0)


@pytest.mark.parametrize(
    ("asked", "told_if_delivered", "told_if_not"),
    [(0x00, 0, 0), (0x01, 1, 1), (0x02, 0, 1), (0x03, 1, 0), (0x10, 0, 0), (0x11, 1, 1)],
)
async def test_a_receipt_is_told_to_who_asked_for_it(
    esme: Esme, network: Network, *, asked: int, told_if_delivered: int, told_if_not: int
) -> None:
    delivered = await esme.submits(NUMBER, receipt=asked)
    (await network.sri()).routes_to()
    (await network.fsm()).returns()
    not_delivered = await esme.submits(NUMBER, receipt=asked)
    (await network.sri()).fails(1)
    mark = await esme.submits(NUMBER)  # its receipt comes after those that may come
    (await network.sri()).fails(1)
    await esme.receipt(mark)
    assert len(esme.receipts(delivered)) == told_if_delivered
    assert len(esme.receipts(not_delivered)) == told_if_not


async def test_a_receipt_says_which_message_it_is_about(esme: Esme, network: Network) -> None:
    references = (USER_MESSAGE_REFERENCE(0x1234),)
    message_id = await esme.submits(
        NUMBER, "hällo".encode("latin-1"), data_coding=3, tlvs=references
    )
    (await network.sri()).fails(1)
    receipt = await esme.receipt(message_id)
    assert receipt.text == "h?llo"
    pdu = esme.receipt_pdu(message_id)
    assert USER_MESSAGE_REFERENCE.of(pdu) == 0x1234
    assert MESSAGE_STATE.of(pdu) == MessageState.UNDELIV
    assert NETWORK_ERROR_CODE.of(pdu) == NetworkErrorCode(network_type=3, error_code=1)
    assert (pdu.source_addr, pdu.destination_addr) == (NUMBER.encode(), b"38591000100")


async def test_an_answer_that_names_no_node_is_none(esme: Esme, network: Network) -> None:
    message_id = await esme.submits(NUMBER)
    (await network.sri()).routes_to("")
    assert (await esme.receipt(message_id)).err == "403"


async def test_what_the_hlr_asks_for_besides_does_not_hide_its_answer(
    esme: Esme, network: Network
) -> None:
    message_id = await esme.submits(NUMBER)
    sri = await network.sri()
    sri.asks_what_nobody_serves()
    sri.routes_to()
    (await network.fsm()).returns()
    assert (await esme.receipt(message_id)).stat is MessageState.DELIVRD


async def test_a_dialogue_that_the_hlr_leaves_open_is_closed(
    node: Node, esme: Esme, network: Network
) -> None:
    message_id = await esme.submits(NUMBER)
    (await network.sri()).fails(1, ends=False)
    await esme.receipt(message_id)
    assert len(node.map) == 0


async def test_peers_cannot_make_the_metrics_grow(node: Node) -> None:
    for number in range(1000):
        node.metrics.count("routing", f"MAP error {number}")
    assert node.metric("telecom_messages_total", stage="routing", result="other") == 700
