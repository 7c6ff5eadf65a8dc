"""Messages that leave over another SMSC: what it is sent, what its answers and receipts come to."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from telecom.gateway.access.account import Account
from telecom.gateway.lookups import LookupRefused
from telecom.gateway.upstream import from_upstream, sender
from telecom.gateway.upstream.settings import Upstream, UpstreamTls
from telecom.net.smpp.tls import self_signed, server_context
from telecom.router.times import parse_time
from telecom.runtime.errors import ConfigError
from telecom.smpp.pdus import (
    BindReceiver,
    BindTransmitter,
    CancelSm,
    DataSm,
    DeliverSm,
    QuerySm,
    ReplaceSm,
)
from telecom.smpp.short_message import user_data_of
from telecom.smpp.status import CommandStatus
from telecom.smpp.tlvs import (
    MESSAGE_PAYLOAD,
    NETWORK_ERROR_CODE,
    USER_MESSAGE_REFERENCE,
)
from telecom.sms.receipt import MessageState
from tests.gateway.conftest import MakeNode
from tests.gateway.network import Time
from tests.gateway.pipeline import Node, Store, eventually
from tests.gateway.scripted_esme import Esme
from tests.gateway.smsc import Smsc
from tests.gateway.upstream_route import settings

pytestmark = pytest.mark.usefixtures("quick")

NUMBER = "88210555123"
OWNED = b"38591000100"


async def test_a_message_goes_there_and_its_receipt_comes_back(
    smsc: Smsc, up: Esme, store: Store
) -> None:
    message_id = await up.submits(NUMBER, "hello there", priority_flag=1, esm_class=0x80)
    submitted = (await smsc.submit()).accepts()
    assert submitted.text == "hello there"
    pdu = submitted.pdu
    assert (pdu.source_addr, pdu.destination_addr) == (OWNED, NUMBER.encode())
    assert (pdu.dest_addr_ton, pdu.priority_flag, pdu.registered_delivery) == (1, 1, 1)
    assert pdu.esm_class == 0x80
    assert parse_time(pdu.validity_period.decode(), 0) == 3600
    await store.until(stored=1, deferred=1)
    assert await store.charges() == {f"sms-mt:{message_id}:1": 1}
    assert await submitted.delivers() == 0
    receipt = await up.receipt(message_id)
    assert (receipt.stat, receipt.err, receipt.delivered) == (MessageState.DELIVRD, "000", 1)
    await store.until()
    assert sum((await store.charges()).values()) == 1
    await eventually(store.remembered, [600])


@pytest.mark.parametrize(
    ("told", "err"),
    [
        ({"state": "UNDELIV", "err": "011"}, "011"),
        ({"state": "REJECTD"}, "424"),
        ({"state": "EXPIRED", "err": "x1"}, "424"),
        ({"state": "DELETED", "err": "1234567"}, "999"),
        ({"state": "UNKNOWN", "err": "5", "network_error": (3, 27)}, "027"),
    ],
)
async def test_how_it_ended_is_told_as_the_upstream_told_it(
    smsc: Smsc, up: Esme, store: Store, told: dict[str, Any], err: str
) -> None:
    message_id = await up.submits(NUMBER)
    await (await smsc.submit()).accepts().delivers(**told)
    receipt = await up.receipt(message_id)
    assert (receipt.stat.name, receipt.err) == (told["state"], err)
    network_error = NETWORK_ERROR_CODE.of(up.receipt_pdu(message_id))
    assert network_error is not None
    assert network_error.error_code == int(err)
    assert network_error.network_type == told.get("network_error", (8, 0))[0]
    await store.until()


@pytest.mark.parametrize(("after", "is_told"), [(60, True), (-3600, False), (3600, False)])
async def test_when_it_was_done_is_told_unless_that_cannot_be(
    smsc: Smsc, up: Esme, time: Time, *, after: float, is_told: bool
) -> None:
    accepted = time.wall()
    message_id = await up.submits(NUMBER)
    submitted = (await smsc.submit()).accepts()
    time.advance(600)
    await submitted.delivers(done=datetime.fromtimestamp(accepted + after, UTC))
    done = (await up.receipt(message_id)).done_date
    assert done is not None
    expected = after if is_told else 600
    assert done.timestamp() == (accepted + expected) // 60 * 60


async def test_without_a_wish_for_receipts_the_state_is_known_all_the_same(
    smsc: Smsc, up: Esme, store: Store
) -> None:
    await up.submits(NUMBER, receipt=0)
    submitted = (await smsc.submit()).accepts()
    assert submitted.pdu.registered_delivery == 1
    await submitted.delivers()
    await store.until()
    assert up.delivered == []


async def test_intermediate_notifications_pass_if_asked_for(
    smsc: Smsc, up: Esme, store: Store
) -> None:
    message_id = await up.submits(NUMBER, receipt=0x11)
    submitted = (await smsc.submit()).accepts()
    assert submitted.pdu.registered_delivery == 0x11
    await store.until(stored=1, deferred=1)
    for _ in range(2):
        assert await submitted.delivers("ENROUTE", err="007") == 0
    assert await submitted.delivers("UNDELIV", esm_class=0x20) == 0
    await submitted.delivers()
    await up.until(lambda: len(up.delivered) == 3)
    assert [pdu.esm_class for pdu in up.delivered] == [0x20, 0x20, 0x04]
    assert message_id.encode() in up.delivered[0].short_message


async def test_a_long_message_goes_part_by_part_and_ends_with_its_last(
    smsc: Smsc, up: Esme, store: Store
) -> None:
    text = "a" * 153 + "b" * 153 + "c" * 10
    message_id = await up.submits(NUMBER, "", tlvs=(MESSAGE_PAYLOAD(text.encode()),))
    parts = [(await smsc.submit()).accepts() for _ in range(3)]
    assert [part.text[0] for part in parts] == ["a", "b", "c"]
    places = [user_data_of(part.pdu).concatenation for part in parts]
    assert [(place.sequence, place.total) for place in places if place] == [(1, 3), (2, 3), (3, 3)]
    await store.until(stored=1, deferred=1)
    await parts[2].delivers()
    await parts[0].delivers()
    assert up.delivered == []
    await parts[1].delivers()
    receipt = await up.receipt(message_id)
    assert (receipt.stat, receipt.submitted, receipt.delivered) == (MessageState.DELIVRD, 3, 3)
    assert set(await store.charges()) == {f"sms-mt:{message_id}:{place}" for place in (1, 2, 3)}


async def test_one_part_that_fails_fails_the_message(smsc: Smsc, up: Esme, store: Store) -> None:
    tlvs = (MESSAGE_PAYLOAD(b"a" * 200),)
    message_id = await up.submits(NUMBER, "", tlvs=tlvs)
    first = (await smsc.submit()).accepts()
    await first.delivers("UNDELIV", err="012")  # before the next one is sent, perhaps
    await (await smsc.submit()).accepts().delivers()
    receipt = await up.receipt(message_id)
    assert (receipt.stat, receipt.err, receipt.delivered) == (MessageState.UNDELIV, "012", 1)
    await store.until()


async def test_what_it_has_accepted_is_not_sent_again_when_the_next_part_fails(
    smsc: Smsc, up: Esme, store: Store, time: Time
) -> None:
    await up.submits(NUMBER, "", tlvs=(MESSAGE_PAYLOAD(b"a" * 153 + b"b" * 10),))
    (await smsc.submit()).accepts()
    (await smsc.submit()).refuses(CommandStatus.ESME_RSYSERR)
    await store.until(stored=1, deferred=1)
    time.advance(30)
    assert (await smsc.submit()).accepts().text == "b" * 10
    await store.until(stored=1, deferred=1)
    assert len(smsc.submits) == 3


async def test_what_it_has_accepted_a_part_of_has_no_other_text(
    smsc: Smsc, up: Esme, store: Store, time: Time
) -> None:
    text = MESSAGE_PAYLOAD(b"a" * 153 + b"b" * 10)
    message_id = await up.submits(NUMBER, "", tlvs=(text,))
    (await smsc.submit()).accepts()
    (await smsc.submit()).refuses(CommandStatus.ESME_RSYSERR)
    await store.until(stored=1, deferred=1)
    replace = ReplaceSm(message_id=message_id.encode(), source_addr=OWNED, short_message=b"other")
    assert (await up.asks(replace)).command_status == CommandStatus.ESME_RREPLACEFAIL
    time.advance(30)
    assert (await smsc.submit()).accepts().text == "b" * 10


@pytest.mark.parametrize("status", [0x08, 0x14, 0x58, 0x64])
async def test_what_passes_is_tried_again(
    smsc: Smsc, up: Esme, store: Store, time: Time, status: int
) -> None:
    message_id = await up.submits(NUMBER)
    (await smsc.submit()).refuses(status)
    await store.until(stored=1, deferred=1)
    assert await store.charges() == {}
    time.advance(30)
    await (await smsc.submit()).accepts().delivers()
    assert (await up.receipt(message_id)).stat is MessageState.DELIVRD
    assert len(await store.charges()) == 1


@pytest.mark.parametrize("status", [0x0B, 0x0A, 0x45, 0x411])
async def test_what_does_not_pass_fails_at_once_and_costs_nothing(
    smsc: Smsc, up: Esme, store: Store, status: int
) -> None:
    message_id = await up.submits(NUMBER)
    (await smsc.submit()).refuses(status)
    receipt = await up.receipt(message_id)
    assert (receipt.stat, receipt.err) == (MessageState.UNDELIV, f"{min(600 + status, 999)}")
    assert await store.charges() == {}


async def test_it_expires_while_the_upstream_takes_nothing(
    smsc: Smsc, up: Esme, time: Time
) -> None:
    message_id = await up.submits(NUMBER, validity_period=b"000000000020000R")
    (await smsc.submit()).refuses(CommandStatus.ESME_RMSGQFUL)
    receipt = await up.receipt(message_id)
    assert (receipt.stat, receipt.err) == (MessageState.EXPIRED, "620")


@pytest.mark.parametrize("policy", ["UNKNOWN", "EXPIRED"])
async def test_a_receipt_that_never_comes(
    smsc: Smsc, make_node: MakeNode, store: Store, time: Time, policy: str
) -> None:
    up = make_node(settings=settings(smsc, without_receipt=policy, receipt_grace=100)).bind()
    first = await up.submits(NUMBER, validity_period=b"000000005900000R")
    last = await up.submits(NUMBER)
    for _ in range(2):
        (await smsc.submit()).accepts()
    await store.until(stored=2, deferred=2)
    time.advance(3540 + 100)  # beyond the validity of both
    receipt = await up.receipt(first)
    assert (receipt.stat.name, receipt.err) == (policy, "425")
    await store.until(stored=1, deferred=1)
    time.advance(60)
    await up.receipt(last)
    await store.until()


async def test_it_expires_while_it_waits_for_its_turn(
    smsc: Smsc, up: Esme, store: Store, time: Time
) -> None:
    await up.submits(NUMBER)
    (await smsc.submit()).refuses(CommandStatus.ESME_RTHROTTLED)
    await store.until(stored=1, deferred=1)
    message_id = await up.submits(NUMBER, validity_period=b"000000000005000R")
    await eventually(lambda: up.node.delivery.in_flight, 1)
    time.advance(6)
    assert (await up.receipt(message_id)).stat is MessageState.EXPIRED
    assert len(smsc.submits) == 1


async def test_what_is_known_of_some_parts_counts_when_the_others_are_never_told(
    smsc: Smsc, up: Esme, store: Store, time: Time
) -> None:
    message_id = await up.submits(NUMBER, "", tlvs=(MESSAGE_PAYLOAD(b"a" * 200),))
    first, _ = [(await smsc.submit()).accepts() for _ in range(2)]
    await store.until(stored=1, deferred=1)
    await first.delivers("UNDELIV", err="012")
    time.advance(3600 + 600)
    receipt = await up.receipt(message_id)
    assert (receipt.stat, receipt.err) == (MessageState.UNDELIV, "012")


async def test_a_receipt_that_comes_again_or_late_changes_nothing(
    smsc: Smsc, up: Esme, store: Store
) -> None:
    message_id = await up.submits(NUMBER)
    submitted = (await smsc.submit()).accepts()
    await submitted.delivers()
    await up.receipt(message_id)
    for _ in range(2):
        assert await submitted.delivers("UNDELIV") == 0
    mark = await up.submits(NUMBER)
    await (await smsc.submit()).accepts().delivers()
    await up.receipt(mark)
    assert len(up.receipts()) == 2


async def test_receipts_overtake_responses(smsc: Smsc, up: Esme, store: Store) -> None:
    message_id = await up.submits(NUMBER)
    submitted = await smsc.submit()
    assert await smsc.receipt("00C0FFEE", NUMBER) == 0
    submitted.accepts("c0ffee")
    assert (await up.receipt(message_id)).stat is MessageState.DELIVRD
    await store.until()


async def test_all_receipts_of_a_long_message_overtake_the_last_response(
    smsc: Smsc, up: Esme, store: Store
) -> None:
    message_id = await up.submits(NUMBER, "", tlvs=(MESSAGE_PAYLOAD(b"a" * 200),))
    await (await smsc.submit()).accepts("1").delivers()
    last = await smsc.submit()
    assert await smsc.receipt("2", NUMBER) == 0
    last.accepts("2")
    receipt = await up.receipt(message_id)
    assert (receipt.stat, receipt.delivered) == (MessageState.DELIVRD, 2)
    await store.until()


async def test_receipts_with_their_addresses_swapped_or_signed(
    smsc: Smsc, up: Esme, node_up: Node
) -> None:
    for source in (OWNED.decode(), f"+{NUMBER}", f"00{NUMBER}"):
        message_id = await up.submits(NUMBER)
        submitted = (await smsc.submit()).accepts()
        pdu = _receipt_of(submitted.id, source)
        assert await smsc.deliver(pdu) == 0
        await up.receipt(message_id)


def _receipt_of(message_id: str, source: str) -> DeliverSm:
    return DeliverSm(
        source_addr=source.encode(),
        destination_addr=NUMBER.encode() if source == OWNED.decode() else OWNED,
        esm_class=4,
        short_message=f"id:{message_id} stat:DELIVRD".encode(),
    )


async def test_what_only_looks_like_a_receipt_is_no_message(
    smsc: Smsc, up: Esme, node_up: Node, store: Store
) -> None:
    pdu = DeliverSm(source_addr=b"88210", destination_addr=OWNED, esm_class=4, short_message=b"?")
    assert await smsc.deliver(pdu) == 0
    long = DeliverSm(esm_class=4, short_message=b"id:" + b"1" * 100, source_addr=b"1")
    assert await smsc.deliver(long) == 0
    labels = {"stage": "from_upstream", "result": "receipt not understood"}
    assert node_up.metric("telecom_messages_total", **labels) == 2
    assert await store.charges() == {}


# Messages of end users


async def test_a_message_of_an_end_user_goes_to_the_owner_of_the_number(
    smsc: Smsc, up: Esme, node_up: Node, store: Store
) -> None:
    pdu = DeliverSm(
        source_addr_ton=1,
        source_addr=NUMBER.encode(),
        destination_addr=OWNED,
        esm_class=0x40,
        data_coding=0x03,
        short_message=b"\x05\x00\x03\x07\x02\x01" + b"caf\xe9",
        tlvs=(USER_MESSAGE_REFERENCE(9),),
    )
    assert await smsc.deliver(pdu) == 0
    await up.until(up.messages)
    (message,) = up.messages()
    assert (message.short_message, message.data_coding, message.esm_class) == (
        pdu.short_message,
        0x03,
        0x40,
    )
    assert USER_MESSAGE_REFERENCE.of(message) == 9
    (charge,) = await store.charges()
    assert charge.startswith("sms-mo:")


async def test_a_data_sm_is_delivered_as_a_deliver_sm(smsc: Smsc, up: Esme) -> None:
    pdu = DataSm(
        source_addr=NUMBER.encode(),
        destination_addr=OWNED,
        tlvs=(MESSAGE_PAYLOAD(b"hello"),),
    )
    assert await smsc.deliver(pdu) == 0
    await up.until(up.messages)
    assert user_data_of(up.messages()[0]).text == "hello"


async def test_a_number_that_nobody_owns(smsc: Smsc, up: Esme, store: Store) -> None:
    pdu = DeliverSm(source_addr=NUMBER.encode(), destination_addr=b"38591000999")
    assert await smsc.deliver(pdu) == CommandStatus.ESME_RX_R_APPN
    assert await store.charges() == {}


async def test_a_fault_of_our_own_is_answered_and_ends_nothing_else(
    smsc: Smsc, up: Esme, monkeypatch: pytest.MonkeyPatch
) -> None:
    pdu = DeliverSm(source_addr=NUMBER.encode(), destination_addr=OWNED, short_message=b"hello")
    with monkeypatch.context() as broken:
        broken.setattr(from_upstream, "_deliver_sm", lambda _: 1 / 0)
        assert await smsc.deliver(pdu) == CommandStatus.ESME_RX_P_APPN
    assert await smsc.deliver(pdu) == 0


async def test_what_cannot_be_sent_holds_up_nothing(
    smsc: Smsc, up: Esme, store: Store, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(sender, "submit_sm", lambda *_, **__: 1 / 0)
        await up.submits(NUMBER)
        await store.until(stored=1, deferred=1)
    await up.submits(NUMBER, "the next")
    assert (await smsc.submit()).accepts().text == "the next"
    time.advance(30)
    (await smsc.submit()).accepts()


# Binds


async def test_a_transmitter_and_a_receiver(smsc: Smsc, make_node: MakeNode) -> None:
    up = make_node(settings=settings(smsc, bind_type="separate", version="3.3", binds=2)).bind()
    await smsc.is_bound(4)
    kinds = [session.bind_type for session in smsc.sessions]
    assert (kinds.count(BindTransmitter), kinds.count(BindReceiver)) == (2, 2)
    assert {session.interface_version for session in smsc.sessions} == {0x33}
    message_id = await up.submits(NUMBER)
    await (await smsc.submit()).accepts().delivers()
    assert (await up.receipt(message_id)).stat is MessageState.DELIVRD


def test_smpp_3_3_has_no_transceiver() -> None:
    with pytest.raises(ValueError, match="separate"):
        Upstream(name="a", host="b", system_id="c", password="d", version="3.3")


async def test_an_upstream_that_is_not_there(
    smsc: Smsc, make_node: MakeNode, store: Store, time: Time
) -> None:
    await smsc.stop()
    node = make_node(settings=settings(smsc))
    up = node.bind()
    message_id = await up.submits(NUMBER)
    await store.until(stored=1, deferred=1)
    await smsc.start()
    await smsc.is_bound()
    await eventually(lambda: node.metric("telecom_upstream_binds", upstream="smsc"), 1)
    time.advance(30)
    await (await smsc.submit()).accepts().delivers()
    receipt = await up.receipt(message_id)
    assert (receipt.stat, receipt.err) == (MessageState.DELIVRD, "000")


async def test_a_connection_that_is_lost_before_the_response(
    smsc: Smsc, up: Esme, store: Store, time: Time
) -> None:
    message_id = await up.submits(NUMBER)
    (await smsc.submit()).cuts()
    await store.until(stored=1, deferred=1)
    await smsc.is_bound()
    time.advance(30)
    await (await smsc.submit()).accepts().delivers()
    assert (await up.receipt(message_id)).stat is MessageState.DELIVRD


async def test_what_may_not_be_sent_twice_ends_unknown(
    smsc: Smsc, make_node: MakeNode, store: Store
) -> None:
    up = make_node(settings=settings(smsc, retry_unanswered=False)).bind()
    message_id = await up.submits(NUMBER)
    (await smsc.submit()).cuts()
    receipt = await up.receipt(message_id)
    assert (receipt.stat, receipt.err) == (MessageState.UNKNOWN, "421")
    assert len(smsc.submits) == 1


async def test_no_response_in_time(
    smsc: Smsc, make_node: MakeNode, store: Store, time: Time
) -> None:
    up = make_node(settings=settings(smsc, response_timer=0.05)).bind()
    await up.submits(NUMBER)
    await smsc.submit()
    await store.until(stored=1, deferred=1)
    time.advance(30)
    await smsc.submit()


# How much at once


async def test_no_more_than_the_window_is_under_way(
    smsc: Smsc, make_node: MakeNode, store: Store
) -> None:
    up = make_node(settings=settings(smsc, window=3, rate=1000)).bind()
    for _ in range(8):
        await up.submits(NUMBER)
    first = [await smsc.submit() for _ in range(3)]
    await store.until(stored=8, queued=8)
    assert len(smsc.submits) == 3
    for submitted in first:
        submitted.accepts()
    for _ in range(5):
        (await smsc.submit()).accepts()
    await store.until(stored=8, deferred=8)


async def test_the_rate_is_that_of_all_nodes_together(
    smsc: Smsc, make_node: MakeNode, store: Store, time: Time
) -> None:
    quick = settings(smsc, rate=20)
    nodes = [make_node(settings=quick, name=name) for name in "ab"]
    up = nodes[0].bind()
    await smsc.is_bound(2)
    for _ in range(12):
        await up.submits(NUMBER)
    for _ in range(2):  # a tenth of a second's
        await smsc.submit()
    assert len(smsc.submits) == 2
    time.advance(0.1)
    for _ in range(2):
        await smsc.submit()
    assert len(smsc.submits) == 4


async def test_what_there_is_no_room_for_waits_in_redis_and_holds_up_nobody(
    smsc: Smsc, make_node: MakeNode, store: Store, network: Any
) -> None:
    node = make_node(settings=settings(smsc, window=1, rate=2))
    up = node.bind()
    for _ in range(10):
        await up.submits(NUMBER)
    await smsc.submit()
    await store.until(stored=10, queued=3, deferred=7)
    message_id = await up.submits("447700900123")
    (await network.sri()).routes_to()
    (await network.fsm()).returns()
    await up.receipt(message_id)


async def test_after_throttling_nothing_is_sent_for_a_while(
    smsc: Smsc, up: Esme, store: Store, time: Time
) -> None:
    await up.submits(NUMBER)
    (await smsc.submit()).refuses(CommandStatus.ESME_RTHROTTLED)
    await store.until(stored=1, deferred=1)
    await up.submits(NUMBER)
    await store.until(stored=2, queued=1, deferred=1)
    assert len(smsc.submits) == 1
    time.advance(1)
    (await smsc.submit()).accepts()


# What its sender may ask and do meanwhile


async def test_what_an_upstream_has_can_be_queried_but_not_cancelled(
    smsc: Smsc, up: Esme, store: Store
) -> None:
    message_id = await up.submits(NUMBER)
    submitted = (await smsc.submit()).accepts()
    await store.until(stored=1, deferred=1)
    names: dict[str, Any] = {"message_id": message_id.encode(), "source_addr": OWNED}
    query = await up.send(QuerySm(sequence_number=100, **names))
    assert query.message_state == MessageState.ENROUTE
    cancel = await up.send(CancelSm(sequence_number=101, **names))
    assert cancel.command_status == CommandStatus.ESME_RCANCELFAIL
    replace = await up.send(ReplaceSm(sequence_number=102, short_message=b"no", **names))
    assert replace.command_status == CommandStatus.ESME_RREPLACEFAIL
    await submitted.delivers()
    assert (await up.receipt(message_id)).stat is MessageState.DELIVRD


async def test_a_lookup_has_no_route_there(node_up: Node) -> None:
    with pytest.raises(LookupRefused, match="no number of a known operator"):
        await node_up.lookups.query(Account(system_id="demo"), NUMBER)


async def test_over_tls(smsc: Smsc, make_node: MakeNode, tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    await smsc.stop()
    await smsc.start(server_context(certificate, key))
    up = make_node(settings=settings(smsc, tls={"ca": certificate})).bind()
    await smsc.is_bound()
    assert smsc.sessions[0].is_secure
    message_id = await up.submits(NUMBER)
    await (await smsc.submit()).accepts().delivers()
    await up.receipt(message_id)


@pytest.mark.parametrize("tls", [{"ca": "nowhere.pem"}, {"certificate": "nowhere.pem"}])
async def test_tls_files_that_are_not_there_are_told_at_once(
    smsc: Smsc, make_node: MakeNode, tls: dict[str, str]
) -> None:
    with pytest.raises(ConfigError, match=r"upstreams.smsc.tls: .*nowhere.pem"):
        make_node(settings=settings(smsc, tls=tls))


def test_a_key_is_of_a_certificate() -> None:
    with pytest.raises(ValueError, match="of a certificate"):
        UpstreamTls(key=Path("key.pem"))
