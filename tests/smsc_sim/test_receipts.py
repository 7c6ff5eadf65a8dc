"""What becomes of messages, and what is told about it, at times that are numbers."""

from typing import Any

import pytest

from smsc_sim.deliveries import DeliveryLimits
from telecom.smpp.pdus import AlertNotification, DataSm, DeliverSm
from telecom.smpp.receipts import receipt_of
from telecom.smpp.short_message import user_data_of
from telecom.smpp.status import CommandStatus
from telecom.smpp.tlv_structures import NetworkErrorCode
from telecom.smpp.tlvs import (
    MESSAGE_PAYLOAD,
    MESSAGE_STATE,
    NETWORK_ERROR_CODE,
    RECEIPTED_MESSAGE_ID,
    USER_MESSAGE_REFERENCE,
)
from telecom.sms.receipt import MessageState, parse
from tests.smsc_sim.world import EPOCH, a_submit

FIRST = b"1000000001"
STATES = ("DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD")


def receipt(**plan: Any) -> dict[str, Any]:
    return {"action": {"receipt": plan}}


async def test_without_a_rule_it_is_accepted_and_delivered(world):
    lab = world()
    session = lab.session()
    answer = session.submit("447700900123", source_addr=b"999")
    assert (answer.command_status, answer.message_id) == (0, FIRST)
    assert session.news() == []
    lab.pass_time(0.1)
    (pdu,) = session.news()
    assert (pdu.source_addr, pdu.destination_addr) == (b"447700900123", b"999")
    assert pdu.esm_class == 0x04
    told = parse(pdu.short_message)
    assert (told.id, told.stat, told.err, told.text) == ("1000000001", 2, "000", "hello")
    assert (told.submitted, told.delivered) == (1, 1)
    assert told.done_date.timestamp() == EPOCH
    assert (RECEIPTED_MESSAGE_ID.of(pdu), MESSAGE_STATE.of(pdu)) == (FIRST, 2)
    lab.pass_time(1000)
    assert session.news() == []


@pytest.mark.parametrize("state", STATES)
async def test_a_receipt_of_every_final_state(world, state):
    lab = world(receipt(state=state, delay=3))
    session = lab.session()
    session.submit()
    lab.pass_time(2.9)
    assert session.news() == []
    lab.pass_time(0.1)
    (pdu,) = session.news()
    assert receipt_of(pdu).stat is MessageState[state]
    assert parse(pdu.short_message).err == ("000" if state == "DELIVRD" else "001")


@pytest.mark.parametrize(
    ("registered_delivery", "state", "comes"),
    [
        (0, "DELIVRD", False),
        (1, "DELIVRD", True),
        (1, "UNDELIV", True),
        (2, "DELIVRD", False),
        (2, "UNDELIV", True),
        (3, "DELIVRD", True),
        (3, "UNDELIV", False),
    ],
)
async def test_receipts_come_as_registered_delivery_asks(world, registered_delivery, state, comes):
    lab = world(receipt(state=state))
    session = lab.session()
    session.submit(registered_delivery=registered_delivery)
    lab.pass_time(1)
    assert len(session.news()) == comes


async def test_one_that_nobody_asked_for_comes_where_the_rule_says_so(world):
    lab = world(receipt(unasked=True))
    session = lab.session()
    session.submit(registered_delivery=0)
    lab.pass_time(1)
    assert len(session.news()) == 1


@pytest.mark.parametrize(("asks", "count"), [(0x10, 2), (0x11, 3), (0x01, 1)])
async def test_notifications_on_the_way(world, asks, count):
    notifications = [{"state": "ENROUTE", "delay": 1}, {"state": "ACCEPTD", "delay": 2}]
    lab = world(receipt(delay=3, intermediate=notifications))
    session = lab.session()
    session.submit(registered_delivery=asks)
    lab.pass_time(5)
    news = session.news()
    assert len(news) == count
    if asks & 0x10:
        assert [pdu.esm_class for pdu in news[:2]] == [0x20, 0x20]
        assert [receipt_of(pdu).stat.name for pdu in news[:2]] == ["ENROUTE", "ACCEPTD"]


async def test_the_acknowledgements_of_the_sme(world):
    lab = world()
    session = lab.session()
    session.submit(registered_delivery=0x0C)
    lab.pass_time(1)
    assert [pdu.esm_class for pdu in session.news()] == [0x08, 0x10]


async def test_no_state_is_never_told(world):
    lab = world(receipt(state="none"))
    session = lab.session()
    session.submit()
    lab.pass_time(1e6)
    assert session.news() == []


@pytest.mark.parametrize("times", [0, 1, 3])
async def test_a_receipt_comes_as_often_as_the_rule_says(world, times):
    lab = world(receipt(times=times))
    session = lab.session()
    session.submit()
    lab.pass_time(1)
    assert len(session.news()) == times


async def test_the_id_in_a_receipt_may_have_another_form(world):
    lab = world(receipt(message_id={"form": "hex", "width": 12}))
    session = lab.session()
    assert session.submit().message_id == FIRST
    lab.pass_time(1)
    (pdu,) = session.news()
    assert receipt_of(pdu).id == "00003b9aca01"
    assert RECEIPTED_MESSAGE_ID.of(pdu) == b"00003b9aca01"


async def test_a_receipt_as_data_sm(world):
    lab = world(receipt(pdu="data_sm"))
    session = lab.session()
    session.submit()
    lab.pass_time(1)
    (pdu,) = session.news()
    assert isinstance(pdu, DataSm)
    assert parse(MESSAGE_PAYLOAD.of(pdu)).stat is MessageState.DELIVRD
    assert receipt_of(pdu).id == FIRST.decode()


async def test_text_alone_and_parameters_alone(world):
    lab = world(
        {"match": {"nth": [1]}, "action": {"receipt": {"tlvs": False}}},
        {"action": {"receipt": {"text": False}}},
    )
    session = lab.session()
    session.submit()
    session.submit()
    lab.pass_time(1)
    text, parameters = session.news()
    assert (text.tlvs, parse(text.short_message).id) == ((), "1000000001")
    assert (parameters.short_message, receipt_of(parameters).id) == (b"", "1000000002")


async def test_a_template_takes_the_place_of_appendix_b(world):
    lab = world(receipt(template="$stat;$id;$err;$done_date;$colour", err="0A7", state="UNDELIV"))
    session = lab.session()
    session.submit()
    lab.pass_time(1)
    assert session.news()[0].short_message == b"UNDELIV;1000000001;0A7;2701150800;$colour"


async def test_the_error_of_the_network_and_the_reference_of_the_user(world):
    lab = world(receipt(state="UNDELIV", network_error={"network_type": 3, "code": 13}))
    session = lab.session()
    session.submit(tlvs=(USER_MESSAGE_REFERENCE(77),))
    lab.pass_time(1)
    (pdu,) = session.news()
    assert NETWORK_ERROR_CODE.of(pdu) == NetworkErrorCode(3, 13)
    assert USER_MESSAGE_REFERENCE.of(pdu) == 77


async def test_receipts_out_of_order(world):
    lab = world(receipt(reverse=3, reverse_within=10))
    session = lab.session()
    for _ in range(5):
        session.submit()
    lab.pass_time(1)
    assert [receipt_of(pdu).id[-1] for pdu in session.news()] == ["3", "2", "1"]
    lab.pass_time(10)
    assert [receipt_of(pdu).id[-1] for pdu in session.news()] == ["5", "4"]


async def test_random_delays_are_the_same_with_the_same_seed(world):
    def order(seed: int) -> list[str]:
        lab = world(receipt(delay={"at_least": 0, "at_most": 10}), seed=seed)
        session = lab.session()
        for _ in range(10):
            session.submit()
        lab.pass_time(10)
        return [receipt_of(pdu).id for pdu in session.news()]

    assert order(1) == order(1)
    assert order(1) != sorted(order(1))
    assert order(1) != order(2)


async def test_delayed_answers_draw_as_if_they_came_at_once(world):
    """What is drawn for a message does not depend on when others are answered."""

    def receipts(first_delay: float) -> float:
        lab = world(
            {"match": {"nth": [1]}, "action": {"delay": first_delay}, "goes_on": True},
            receipt(delay={"mean": 5}),
        )
        session = lab.session()
        lab.smsc.requested(session, a_submit("1"))
        lab.smsc.requested(session, a_submit("2"))
        when = []
        for tick in range(20_000):
            lab.pass_time(0.01)
            when += [tick for pdu in session.news() if pdu.source_addr == b"2"]
        return when[0]

    assert receipts(0) == receipts(3)


async def test_a_number_that_replies_and_one_that_is_there_again(world):
    lab = world({"action": {"reply": {"text": "re: $text $n", "delay": 1}, "alert": {"delay": 2}}})
    session = lab.session()
    session.submit("447700900917", registered_delivery=0, dest_addr_ton=1)
    lab.pass_time(3)
    reply, alert = session.news()
    assert (reply.source_addr, reply.destination_addr) == (b"447700900917", b"123")
    assert user_data_of(reply).text == "re: hello $n"
    assert isinstance(alert, AlertNotification)
    assert (alert.source_addr, alert.esme_addr, alert.source_addr_ton) == (
        b"447700900917",
        b"123",
        1,
    )


@pytest.mark.parametrize("data_coding", [0, 4, 8])
async def test_whatever_a_peer_sends_a_reply_does_no_harm(world, data_coding):
    lab = world({"action": {"reply": {}}})
    session = lab.session()
    session.submit(
        "44\xe9",
        source_addr=b"\xff" * 20,
        source_addr_ton=255,
        short_message=b"\xd8\x00" * 100,
        data_coding=data_coding,
    )
    lab.smsc.requested(session, DataSm(source_addr=b"1" * 64, destination_addr=b"2" * 64))
    lab.pass_time(3)
    assert len(session.news()) >= 3


# Deliveries


async def test_what_nobody_takes_waits_for_a_receiver(world):
    lab = world()
    sender = lab.session(receives=False)
    sender.submit()
    lab.pass_time(1)
    assert lab.smsc.deliveries.waiting("demo") == 1
    other = lab.session("other")
    receiver = lab.session()
    assert (len(receiver.news()), other.news(), sender.news()) == (1, [], [])


async def test_of_what_waits_the_oldest_is_lost(world):
    lab = world(deliveries=DeliveryLimits(kept=3))
    sender = lab.session(receives=False)
    for _ in range(5):
        sender.submit()
    lab.pass_time(1)
    receiver = lab.session()
    assert [receipt_of(pdu).id[-1] for pdu in receiver.news()] == ["3", "4", "5"]
    assert lab.smsc.deliveries.lost == 2


async def test_receivers_take_turns(world):
    lab = world()
    one, two = lab.session(), lab.session()
    for _ in range(4):
        one.submit()
    lab.pass_time(1)
    assert (len(one.news()), len(two.news())) == (2, 2)
    lab.smsc.deliveries.unbound(two)
    one.submit()
    lab.pass_time(1)
    assert (len(one.news()), len(two.news())) == (1, 0)


@pytest.mark.parametrize(
    ("status", "attempts"),
    [
        (CommandStatus.ESME_ROK, 1),
        (CommandStatus.ESME_RX_T_APPN, 3),
        (CommandStatus.ESME_RTHROTTLED, 3),
        (CommandStatus.ESME_RX_P_APPN, 1),
        (CommandStatus.ESME_RX_R_APPN, 1),
    ],
)
async def test_what_is_not_taken_for_the_time_being_is_sent_again(world, status, attempts):
    lab = world(deliveries=DeliveryLimits(attempts=3, retry_after=2))
    session = lab.session()
    session.answers_with = status
    session.submit()
    await lab.settle(20)
    assert len(session.news()) == attempts
    assert lab.smsc.deliveries.lost == (status != CommandStatus.ESME_ROK)


async def test_an_alert_that_finds_no_room_is_sent_again(world):
    lab = world({"action": {"alert": {"delay": 0}}}, deliveries=DeliveryLimits(attempts=3))
    session = lab.session()
    session.window_is_full = True
    session.submit(registered_delivery=0)
    lab.pass_time(3)
    session.window_is_full = False
    assert session.news() == []
    lab.pass_time(3)
    assert len(session.news()) == 1
    session.window_is_full = True
    session.submit(registered_delivery=0)
    lab.pass_time(100)
    assert (session.news(), lab.smsc.deliveries.lost) == ([], 1)


async def test_what_a_session_leaves_unanswered_goes_to_another(world):
    lab = world()
    one = lab.session()
    one.submit()
    one.hangs_up = True
    lab.pass_time(1)
    lab.smsc.deliveries.unbound(one)
    two = lab.session()
    await lab.settle(0)
    assert (len(one.news()), len(two.news())) == (1, 1)


async def test_a_receipt_in_place_of_a_response_that_never_comes(world):
    lab = world({"action": {"response": "never"}})
    session = lab.session()
    session.submit()
    assert session.scripts[0].response == "never"
    lab.pass_time(1)
    assert isinstance(session.news()[0], DeliverSm)
