"""The memory of the SMSC: query, cancel, replace, submit_multi, data_sm, broadcasts, times."""

from typing import Any

import pytest

from telecom.smpp.pdus import (
    BroadcastSm,
    CancelBroadcastSm,
    CancelSm,
    DataSm,
    DeliverSm,
    DistributionList,
    EnquireLink,
    QueryBroadcastSm,
    QuerySm,
    ReplaceSm,
    SmeAddress,
    SubmitMulti,
    SubmitSm,
    UnsuccessSme,
)
from telecom.smpp.receipts import receipt_of
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import (
    BROADCAST_AREA_IDENTIFIER,
    BROADCAST_AREA_SUCCESS,
    BROADCAST_CONTENT_TYPE,
    BROADCAST_FREQUENCY_INTERVAL,
    BROADCAST_REP_NUM,
    MESSAGE_PAYLOAD,
    MESSAGE_STATE,
    QOS_TIME_TO_LIVE,
    Tlv,
)
from telecom.smpp.versions import InterfaceVersion
from telecom.sms.receipt import MessageState, parse

LATER = {"action": {"receipt": {"delay": 100}}}
IN_A_MINUTE = b"000000000100000R"
IN_AN_HOUR = b"000000010000000R"
AREA = Tlv(BROADCAST_AREA_IDENTIFIER.tag, b"\x00Paris")
AREA_2 = Tlv(BROADCAST_AREA_IDENTIFIER.tag, b"\x00Lyon")
HOW = (
    Tlv(BROADCAST_CONTENT_TYPE.tag, b"\x00\x00\x10"),
    BROADCAST_REP_NUM(3),
    Tlv(BROADCAST_FREQUENCY_INTERVAL.tag, b"\x09\x00\x05"),
)


def query(message_id: bytes, source: bytes = b"123") -> QuerySm:
    return QuerySm(message_id=message_id, source_addr=source)


async def test_query_tells_how_far_a_message_is(world):
    lab = world()
    session = lab.session()
    message_id = session.submit().message_id
    pending = session.ask(query(message_id))
    assert (pending.message_id, pending.message_state) == (message_id, MessageState.ENROUTE)
    assert (pending.final_date, pending.error_code) == (b"", 0)
    lab.pass_time(1)
    done = session.ask(query(message_id))
    assert (done.message_state, done.final_date) == (MessageState.DELIVRD, b"270115080000100+")


async def test_query_of_what_failed_has_an_error(world):
    lab = world({"action": {"receipt": {"state": "UNDELIV"}}})
    session = lab.session()
    message_id = session.submit().message_id
    lab.pass_time(1)
    failed = session.ask(query(message_id))
    assert (failed.message_state, failed.error_code) == (MessageState.UNDELIV, 1)


async def test_only_the_owner_has_a_message(world):
    lab = world(LATER)
    session, other = lab.session(), lab.session("other")
    message_id = session.submit().message_id
    for pdu in (query(message_id), ReplaceSm(message_id, 0, 0, b"123"), cancel(message_id)):
        assert other.ask(pdu).command_status == Status.ESME_RINVMSGID
    assert session.ask(query(message_id, b"9")).command_status == Status.ESME_RQUERYFAIL
    assert session.ask(query(b"77")).command_status == Status.ESME_RINVMSGID
    assert session.ask(query(message_id)).command_status == Status.ESME_ROK


def cancel(message_id: bytes = b"", to: bytes = b"", **fields: Any) -> CancelSm:
    return CancelSm(message_id=message_id, source_addr=b"123", destination_addr=to, **fields)


async def test_a_message_can_be_cancelled_while_it_is_under_way(world):
    lab = world(LATER)
    session = lab.session()
    message_id = session.submit().message_id
    assert session.ask(cancel(message_id)).command_status == Status.ESME_ROK
    (pdu,) = session.news()
    assert receipt_of(pdu).stat is MessageState.DELETED
    assert session.ask(query(message_id)).message_state == MessageState.DELETED
    assert session.ask(cancel(message_id)).command_status == Status.ESME_RCANCELFAIL
    lab.pass_time(1000)
    assert session.news() == []


async def test_without_an_id_all_to_a_destination_are_cancelled(world):
    lab = world(LATER)
    session = lab.session()
    one, two = session.submit("1").message_id, session.submit("1").message_id
    with_type = session.submit("1", service_type=b"USSD").message_id
    elsewhere = session.submit("2").message_id
    assert session.ask(cancel(to=b"1", service_type=b"USSD")).command_status == Status.ESME_ROK
    assert session.ask(query(with_type)).message_state == MessageState.DELETED
    assert session.ask(query(one)).message_state == MessageState.ENROUTE
    assert session.ask(cancel(to=b"1")).command_status == Status.ESME_ROK
    states = [session.ask(query(each)).message_state for each in (one, two, elsewhere)]
    assert states == [MessageState.DELETED, MessageState.DELETED, MessageState.ENROUTE]
    assert session.ask(cancel(to=b"1")).command_status == Status.ESME_RCANCELFAIL


async def test_replace_changes_text_times_and_receipt(world):
    lab = world(LATER)
    session = lab.session()
    message_id = session.submit(tlvs=(MESSAGE_PAYLOAD(b"old"),), short_message=b"").message_id
    replacement = ReplaceSm(
        message_id, 0, 0, b"123", validity_period=IN_A_MINUTE, short_message=b"new text"
    )
    assert session.ask(replacement).command_status == Status.ESME_ROK
    (message,) = lab.smsc.messages.find(message_id.decode())
    assert message.request.short_message == b"new text"
    assert message.request.tlvs == ()
    lab.pass_time(61)
    assert session.ask(query(message_id)).message_state == MessageState.EXPIRED
    assert session.news() == []  # the replacement asks for no receipt
    assert session.ask(replacement).command_status == Status.ESME_RREPLACEFAIL


async def test_replace_if_present_takes_the_place_of_what_is_under_way(world):
    lab = world(LATER)
    session = lab.session()
    first = session.submit("1", short_message=b"one").message_id
    second = session.submit("1", short_message=b"two", replace_if_present_flag=1).message_id
    other = session.submit("2", short_message=b"two", replace_if_present_flag=1).message_id
    assert second == first
    assert other != first
    (message,) = lab.smsc.messages.find(first.decode())
    assert message.request.short_message == b"two"
    lab.pass_time(200)
    assert [receipt_of(pdu).id.encode() for pdu in session.news()] == [first, other]
    assert session.submit("1", replace_if_present_flag=1).message_id not in {first, other}


async def test_schedule_and_validity_are_honoured(world):
    lab = world()
    session = lab.session()
    message_id = session.submit(schedule_delivery_time=IN_A_MINUTE).message_id
    lab.pass_time(59)
    assert session.ask(query(message_id)).message_state == MessageState.ENROUTE
    session.version = InterfaceVersion.V50
    assert session.ask(query(message_id)).message_state == 0
    lab.pass_time(2)
    assert session.ask(query(message_id)).message_state == MessageState.DELIVRD


@pytest.mark.parametrize("state", ["DELIVRD", "none"])
async def test_what_takes_longer_than_its_validity_expires(world, state):
    lab = world({"action": {"receipt": {"delay": 100, "state": state}}})
    session = lab.session()
    session.submit(validity_period=IN_A_MINUTE)
    session.submit(validity_period=b"270115080100000+")
    lab.smsc.requested(
        session,
        DataSm(
            source_addr=b"123",
            destination_addr=b"1",
            registered_delivery=1,
            tlvs=(QOS_TIME_TO_LIVE(60),),
        ),
    )
    lab.pass_time(59)
    assert session.news() == []
    lab.pass_time(1)
    assert [receipt_of(pdu).stat.name for pdu in session.news()] == ["EXPIRED"] * 3


@pytest.mark.parametrize(
    ("field", "status"),
    [
        ({"schedule_delivery_time": b"0" * 15 + b"X"}, Status.ESME_RINVSCHED),
        ({"schedule_delivery_time": b"2613010000000000"}, Status.ESME_RINVSCHED),
        ({"validity_period": b"x" * 16}, Status.ESME_RINVEXPIRY),
        ({"validity_period": b"200101000000000+"}, Status.ESME_RINVEXPIRY),
        ({"validity_period": b"000000000000000R"}, Status.ESME_RINVEXPIRY),
    ],
)
async def test_times_that_are_none(world, field, status):
    session = world().session()
    assert session.submit(**field).command_status == status


async def test_data_sm_is_a_message_too(world):
    lab = world()
    session = lab.session()
    asked = DataSm(source_addr=b"123", destination_addr=b"44", registered_delivery=1)
    answer = session.ask(asked)
    lab.pass_time(1)
    (pdu,) = session.news()
    assert receipt_of(pdu).id.encode() == answer.message_id
    broken = DataSm(destination_addr=b"44", tlvs=(Tlv(QOS_TIME_TO_LIVE.tag, b"\x01"),))
    assert session.ask(broken).command_status == Status.ESME_RINVPARLEN


def multi(*destinations: SmeAddress | DistributionList) -> SubmitMulti:
    return SubmitMulti(
        source_addr=b"123",
        dest_addresses=destinations,
        registered_delivery=1,
        short_message=b"hello",
    )


async def test_submit_multi_fails_for_those_that_a_rule_refuses(world):
    lab = world({"match": {"destination": {"ending": "911"}}, "action": {"status": 0x14}})
    session = lab.session()
    friends = DistributionList(b"friends")
    answer = session.ask(multi(SmeAddress(1, 1, b"44"), SmeAddress(1, 1, b"45911"), friends))
    assert answer.command_status == Status.ESME_ROK
    assert answer.unsuccess_smes == (
        UnsuccessSme(1, 1, b"45911", 0x14),
        UnsuccessSme(1, 1, b"88210000911", 0x14),
    )
    lab.pass_time(1)
    news = session.news()
    assert [pdu.source_addr for pdu in news] == [b"44", b"88210000001"]
    assert {receipt_of(pdu).id.encode() for pdu in news} == {answer.message_id}
    assert session.ask(query(answer.message_id)).message_state == MessageState.DELIVRD


async def test_all_of_a_submit_multi_is_cancelled_at_once(world):
    lab = world(LATER)
    session = lab.session()
    answer = session.ask(multi(SmeAddress(1, 1, b"44"), SmeAddress(1, 1, b"45")))
    assert session.ask(cancel(answer.message_id)).command_status == Status.ESME_ROK
    assert [receipt_of(pdu).stat.name for pdu in session.news()] == ["DELETED", "DELETED"]


async def test_a_submit_multi_as_a_whole_may_be_refused(world):
    session = world({"action": {"status": "ESME_RTHROTTLED"}}).session()
    assert session.ask(multi(SmeAddress(1, 1, b"44"))).command_status == Status.ESME_RTHROTTLED
    session = world().session()
    nobody = multi(DistributionList(b"foes"))
    assert session.ask(nobody).command_status == Status.ESME_RINVDLNAME


async def test_each_destination_of_a_submit_multi_counts_once(world):
    lab = world({"match": {"destination": {"prefix": ""}, "nth": [2]}, "action": {"status": 8}})
    session = lab.session()
    answer = session.ask(multi(*(SmeAddress(1, 1, b"%d" % each) for each in (1, 2, 3))))
    assert [each.destination_addr for each in answer.unsuccess_smes] == [b"2"]


async def test_broadcasts_are_queried_and_cancelled(world):
    lab = world(LATER)
    session = lab.session()
    asked = BroadcastSm(source_addr=b"123", tlvs=(AREA, AREA_2, *HOW))
    message_id = session.ask(asked).message_id
    pending = session.ask(QueryBroadcastSm(message_id, 0, 0, b"123"))
    assert (pending.message_id, MESSAGE_STATE.of(pending)) == (message_id, MessageState.ENROUTE)
    assert [tlv for tlv in pending.tlvs if tlv.tag == AREA.tag] == [AREA, AREA_2]
    assert BROADCAST_AREA_SUCCESS.of(pending) == 0
    lab.pass_time(200)
    done = session.ask(QueryBroadcastSm(message_id, 0, 0, b"123"))
    assert (MESSAGE_STATE.of(done), BROADCAST_AREA_SUCCESS.of(done)) == (MessageState.DELIVRD, 100)
    another = session.ask(asked).message_id
    gone = CancelBroadcastSm(message_id=another, source_addr=b"123")
    assert session.ask(gone).command_status == Status.ESME_ROK
    assert session.ask(gone).command_status == Status.ESME_RBCASTCANCELFAIL
    state = MESSAGE_STATE.of(session.ask(QueryBroadcastSm(another, 0, 0, b"123")))
    assert state == MessageState.DELETED
    assert session.news() == []


async def test_broadcasts_and_messages_are_apart(world):
    lab = world(LATER)
    session = lab.session()
    message_id = session.submit("+447700900123", dest_addr_ton=1).message_id
    area = session.ask(BroadcastSm(source_addr=b"123", tlvs=(AREA, *HOW))).message_id
    other = session.ask(
        BroadcastSm(source_addr=b"123", replace_if_present_flag=1, tlvs=(AREA_2, *HOW))
    ).message_id
    assert other == area
    for pdu in (QueryBroadcastSm(message_id, 0, 0, b"123"), query(area), cancel(area)):
        assert session.ask(pdu).command_status == Status.ESME_RINVMSGID
    assert session.ask(CancelBroadcastSm(source_addr=b"123")).command_status == Status.ESME_ROK
    assert session.ask(query(message_id)).message_state == MessageState.ENROUTE


@pytest.mark.parametrize("missing", [0, 1, 2, 3])
async def test_a_broadcast_needs_its_parameters(world, missing):
    session = world().session()
    tlvs = tuple(tlv for place, tlv in enumerate((AREA, *HOW)) if place != missing)
    answer = session.ask(BroadcastSm(source_addr=b"123", tlvs=tlvs))
    assert answer.command_status == Status.ESME_RMISSINGOPTPARAM


async def test_an_area_of_no_format(world):
    asked = BroadcastSm(tlvs=(Tlv(AREA.tag, b"\x03Paris"), *HOW))
    assert world().session().ask(asked).command_status == Status.ESME_RINVBCASTAREAFMT


@pytest.mark.parametrize(
    ("destination", "fields", "status"),
    [
        ("", {}, Status.ESME_RINVDSTADR),
        ("+", {}, Status.ESME_RINVDSTADR),
        ("letters", {"dest_addr_ton": 1}, Status.ESME_RINVDSTADR),
        ("letters", {"dest_addr_ton": 5}, Status.ESME_ROK),
        ("1", {"priority_flag": 4}, Status.ESME_ROK),
        ("1", {"priority_flag": 5}, Status.ESME_RINVPRTFLG),
        ("1", {"tlvs": (MESSAGE_PAYLOAD(b"x"),)}, Status.ESME_ROPTPARNOTALLWD),
        ("1", {"esm_class": 0x40}, Status.ESME_RINVESMCLASS),
        ("1", {"esm_class": 0x40, "short_message": b"\x05\x00\x03"}, Status.ESME_RINVESMCLASS),
        ("1", {"esm_class": 0x40, "short_message": b"\x05\x00\x03\x01\x02\x01x"}, 0),
        ("1", {"data_coding": 0, "short_message": b"\xe9"}, Status.ESME_ROK),
    ],
)
async def test_what_no_message_may_be(world, destination, fields, status):
    session = world().session()
    assert session.submit(destination, **fields).command_status == status


async def test_a_submit_multi_without_a_good_destination(world):
    session = world().session()
    assert session.ask(multi()).command_status == Status.ESME_RINVNUMDESTS
    answer = session.ask(multi(SmeAddress(1, 1, b""), SmeAddress(1, 1, b"44")))
    assert answer.unsuccess_smes == (UnsuccessSme(1, 1, b"", Status.ESME_RINVDSTADR),)
    high = SubmitMulti(dest_addresses=(SmeAddress(1, 1, b"44"),), priority_flag=200)
    assert session.ask(high).command_status == Status.ESME_RINVPRTFLG


async def test_a_peer_of_3_3_has_ids_that_it_has_room_for(world):
    lab = world(
        {"match": {"nth": [2]}, "action": {"message_id": {"width": 12}}},
        {"action": {"receipt": {"delay": 0}}},
    )
    session = lab.session()
    session.version = InterfaceVersion.V33
    ids = [session.submit().message_id for _ in range(2)]
    assert ids == [b"3b9aca01", b"001000000002"]
    lab.pass_time(0)
    assert parse(session.news()[0].short_message).id == "3b9aca01"


async def test_what_it_does_not_serve_is_refused(world):
    session = world().session()
    assert session.ask(DeliverSm()).command_status == Status.ESME_RINVCMDID
    assert session.ask(EnquireLink()).command_status == Status.ESME_ROK


async def test_the_oldest_messages_are_forgotten(world):
    lab = world(LATER, messages=3)
    session = lab.session()
    ids = [session.submit(str(number)).message_id for number in range(5)]
    found = [session.ask(query(each)).command_status for each in ids]
    assert found == [Status.ESME_RINVMSGID] * 2 + [Status.ESME_ROK] * 3
    assert len(lab.smsc.messages) == 3


async def test_too_much_to_do_is_a_full_queue(world):
    lab = world(LATER, timers=3)
    session = lab.session()
    statuses = [session.submit().command_status for _ in range(4)]
    assert statuses == [0, 0, 0, Status.ESME_RMSGQFUL]
    assert session.ask(EnquireLink()).command_status == Status.ESME_ROK


async def test_delayed_answers_are_for_sessions_that_are_still_there(world):
    lab = world({"action": {"delay": 1}})
    session = lab.session()
    lab.smsc.requested(session, SubmitSm(destination_addr=b"1"))
    assert session.answers == []
    lab.pass_time(1)
    assert len(session.answers) == 1
    lab.smsc.requested(session, SubmitSm(destination_addr=b"1"))
    session.closed = True
    lab.pass_time(1)
    assert len(session.answers) == 1
    assert len(lab.smsc.messages) == 1


async def test_reset_begins_again(world):
    rule = {"match": {"probability": 0.5}, "action": {"status": 8}}
    lab = world(rule, LATER)
    session = lab.session()

    def traffic() -> list[Any]:
        return [session.submit(str(number)) for number in range(20)]

    before = traffic()
    lab.smsc.rules.set([])
    lab.smsc.reset()
    assert len(lab.smsc.messages) == 0
    lab.pass_time(1000)
    assert session.news() == []
    assert traffic() == before
    lab.smsc.reset(seed=5)
    assert [each.command_status for each in traffic()] != [each.command_status for each in before]
