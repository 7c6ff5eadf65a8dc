"""What a submit asks for besides: messaging modes, notifications, default messages, flags."""

from typing import Any

import pytest

from telecom.gateway.config import DefaultMessage
from telecom.smpp.pdus import DataSmResp, DeliverSm, QuerySm, SubmitSmResp
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import (
    DELIVERY_FAILURE_REASON,
    DESTINATION_PORT,
    MESSAGE_PAYLOAD,
    MESSAGE_STATE,
    NETWORK_ERROR_CODE,
    RECEIPTED_MESSAGE_ID,
    SOURCE_PORT,
    USER_MESSAGE_REFERENCE,
    NetworkErrorCode,
)
from telecom.sms.receipt import MessageState, parse
from tests.gateway.conftest import MakeNode
from tests.gateway.network import Network, Time
from tests.gateway.pipeline import Node, Store, config
from tests.gateway.scripted_esme import Esme
from tests.gateway.valve import Valve

NUMBER = "447700900123"
DATAGRAM, TRANSACTION = 0x01, 0x02
IN_A_MINUTE = b"000000000100000R"
NOTIFICATION = 0x20

REFUSED: dict[str, tuple[int, dict[str, Any]]] = {
    "a receipt": (Status.ESME_RINVESMCLASS, {"esm_class": 0x04}),
    "a reserved message type": (Status.ESME_RINVESMCLASS, {"esm_class": 0x3C}),
    "a priority too high": (Status.ESME_RINVPRTFLG, {"priority_flag": 4}),
    "reserved bits of registered_delivery": (Status.ESME_RINVREGDLVFLG, {"receipt": 0x20}),
    "a reserved replace_if_present_flag": (
        Status.ESME_RINVREPFLAG,
        {"replace_if_present_flag": 2},
    ),
    "no such default message": (Status.ESME_RINVDFTMSGID, {"sm_default_msg_id": 1}),
}


@pytest.mark.parametrize(("status", "fields"), REFUSED.values(), ids=REFUSED)
async def test_what_no_field_may_say(
    esme: Esme, store: Store, *, status: int, fields: dict[str, Any]
) -> None:
    assert await esme.status(NUMBER, **fields) == status
    assert await store.depth() == (0, 0, 0)


@pytest.mark.parametrize("esm_class", [0x08, 0x10, 0x03], ids=["ack", "manual ack", "stored"])
@pytest.mark.parametrize("registered", [0x05, 0x09, 0x0D])
async def test_acknowledgements_of_users_are_messages_like_others(
    esme: Esme, network: Network, *, esm_class: int, registered: int
) -> None:
    """GSM has no such acknowledgements: none is asked for, and none is made up."""
    message_id = await esme.submits(NUMBER, esm_class=esm_class, receipt=registered)
    (await network.sri()).routes_to()
    (await network.fsm()).returns()
    await esme.receipt(message_id)
    assert len(esme.delivered) == 1


async def test_a_reply_path_reaches_the_handset(esme: Esme, network: Network) -> None:
    for esm_class in (0x00, 0x80):
        await esme.submits(NUMBER, esm_class=esm_class)
        (await network.sri()).routes_to()
        fsm = await network.fsm()
        assert fsm.deliver.reply_path == bool(esm_class)
        fsm.returns()


async def test_a_default_message_goes_before_the_text(
    make_node: MakeNode, network: Network
) -> None:
    messages = [DefaultMessage(id=7, text="Grüße aus Zagreb"), DefaultMessage(id=254, text="да")]
    esme = make_node(settings=config(default_messages=messages)).bind()
    for number, text in ((7, "Grüße aus Zagreb"), (254, "да")):
        await esme.submits(NUMBER, "", sm_default_msg_id=number)
        (await network.sri()).routes_to()
        fsm = await network.fsm()
        assert fsm.text == text
        fsm.returns()
    assert await esme.status(NUMBER, sm_default_msg_id=8) == Status.ESME_RINVDFTMSGID


@pytest.mark.parametrize("mode", [DATAGRAM, TRANSACTION])
async def test_in_these_modes_nothing_is_tried_again_or_told_later(
    esme: Esme, network: Network, store: Store, *, mode: int
) -> None:
    request = esme.submit_sm(NUMBER, esm_class=mode, schedule_delivery_time=IN_A_MINUTE)
    response = esme.send(request)
    (await network.sri()).fails(34)
    await store.until(stored=0)
    assert (await response).command_status in {Status.ESME_ROK, Status.ESME_RDELIVERYFAILURE}
    assert esme.delivered == []


async def test_a_datagram_is_answered_before_it_is_sent_and_can_be_asked_about(
    esme: Esme, network: Network, store: Store
) -> None:
    message_id = await esme.submits(NUMBER, esm_class=DATAGRAM)
    (await network.sri()).fails(6)
    await store.until(stored=0)
    query = QuerySm(message_id=message_id.encode(), source_addr=b"38591000100")
    response = await esme.asks(query)
    assert (response.message_state, response.error_code) == (MessageState.UNDELIV, 6)


async def test_a_transaction_is_answered_when_the_handset_has_the_message(
    esme: Esme, network: Network
) -> None:
    tlvs = (MESSAGE_PAYLOAD(b"hello"),)
    answers = [
        esme.send(esme.submit_sm(NUMBER, esm_class=TRANSACTION)),
        esme.send(esme.data_sm(NUMBER, esm_class=TRANSACTION, tlvs=tlvs)),
    ]
    for _ in answers:
        (await network.sri()).routes_to()
    fsms = [await network.fsm() for _ in answers]
    assert not any(answer.done() for answer in answers)
    for fsm in fsms:
        fsm.returns()
    submit_sm_resp, data_sm_resp = [await answer for answer in answers]
    assert isinstance(submit_sm_resp, SubmitSmResp)
    assert isinstance(data_sm_resp, DataSmResp)
    assert submit_sm_resp.command_status == data_sm_resp.command_status == Status.ESME_ROK
    assert submit_sm_resp.message_id
    assert data_sm_resp.message_id


@pytest.mark.parametrize(
    ("error", "told"),
    [(1, NetworkErrorCode(network_type=3, error_code=1)), (None, None)],
    ids=["unknown subscriber", "no answer"],
)
async def test_a_transaction_that_fails_says_why(
    esme: Esme, network: Network, time: Time, *, error: int | None, told: NetworkErrorCode | None
) -> None:
    answer = esme.send(esme.submit_sm(NUMBER, esm_class=TRANSACTION))
    sri = await network.sri()
    if error is None:
        time.advance(16)
    else:
        sri.fails(error)
    response = await answer
    assert response.command_status == Status.ESME_RDELIVERYFAILURE
    assert DELIVERY_FAILURE_REASON.of(response) == 2
    assert NETWORK_ERROR_CODE.of(response) == told


async def test_a_transaction_ends_though_another_node_delivers(
    make_node: MakeNode, network: Network
) -> None:
    front = make_node(name="front", starts=False)
    esme = front.bind()
    answer = esme.send(esme.submit_sm(NUMBER, esm_class=TRANSACTION))
    make_node(name="worker")
    (await network.sri()).routes_to()
    (await network.fsm()).returns()
    assert (await answer).command_status == Status.ESME_ROK


async def test_a_node_that_stops_gives_up_what_it_has_no_outcome_of(
    node: Node, esme: Esme, network: Network
) -> None:
    answer = esme.send(esme.submit_sm(NUMBER, esm_class=TRANSACTION))
    await network.sri()
    await node.messaging.drain()
    assert (await answer).command_status == Status.ESME_RSYSERR


async def test_a_transaction_outlives_an_outage(
    make_node: MakeNode, valve: tuple[Valve, str], network: Network, quick: None
) -> None:
    link, url = valve
    esme = make_node(url, patient=False).bind()
    answer = esme.send(esme.submit_sm(NUMBER, esm_class=TRANSACTION))
    (await network.sri()).routes_to()
    fsm = await network.fsm()
    link.shut()
    fsm.returns()
    link.open()
    assert (await answer).command_status == Status.ESME_ROK


def notifications(esme: Esme) -> list[DeliverSm]:
    return [pdu for pdu in esme.delivered if pdu.esm_class == NOTIFICATION]


async def test_a_notification_comes_with_each_new_reason_to_wait(
    esme: Esme, network: Network, store: Store, time: Time
) -> None:
    message_id = await esme.submits(NUMBER, receipt=0x11)
    for error in (34, 34, 51):
        (await network.sri()).fails(error)
        await store.until(stored=1, deferred=1)
        time.advance(120)
    (await network.sri()).routes_to()
    (await network.fsm()).returns()
    assert (await esme.receipt(message_id)).stat is MessageState.DELIVRD
    await esme.until(lambda: len(esme.delivered) == 3)
    first, second = notifications(esme)
    told = parse(first.short_message)
    assert (told.id, told.stat, told.err) == (message_id, MessageState.ENROUTE, "034")
    assert RECEIPTED_MESSAGE_ID.of(first) == message_id.encode()
    assert MESSAGE_STATE.of(first) == MessageState.ENROUTE
    assert NETWORK_ERROR_CODE.of(first) == NetworkErrorCode(network_type=3, error_code=34)
    assert parse(second.short_message).err == "051"


async def test_nobody_is_notified_who_did_not_ask(
    esme: Esme, network: Network, store: Store
) -> None:
    await esme.submits(NUMBER, receipt=0x01)
    (await network.sri()).fails(34)
    await store.until(stored=1, deferred=1)
    assert esme.delivered == []


async def test_a_failure_of_our_own_has_no_map_error(
    esme: Esme, network: Network, store: Store, time: Time
) -> None:
    await esme.submits(NUMBER, receipt=0x11)
    await network.sri()
    time.advance(16)
    await esme.until(lambda: len(esme.delivered) == 1)
    code = NETWORK_ERROR_CODE.of(esme.delivered[0])
    assert code == NetworkErrorCode(network_type=8, error_code=400)


async def test_receipts_repeat_the_reference_and_the_ports_the_other_way(
    esme: Esme, network: Network
) -> None:
    tlvs = (SOURCE_PORT(1000), DESTINATION_PORT(2948), USER_MESSAGE_REFERENCE(5))
    message_id = await esme.submits(NUMBER, tlvs=tlvs)
    (await network.sri()).fails(1)
    await esme.receipt(message_id)
    (pdu,) = esme.delivered
    assert SOURCE_PORT.of(pdu) == 2948
    assert DESTINATION_PORT.of(pdu) == 1000
    assert USER_MESSAGE_REFERENCE.of(pdu) == 5
