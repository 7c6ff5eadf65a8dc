"""Messages of several segments, and serving nodes that take no more than a version or a segment."""

from telecom.smpp.tlvs import MESSAGE_PAYLOAD
from telecom.sms.alphabets import encode_gsm7
from telecom.sms.receipt import MessageState
from telecom.ss7.map.contexts import (
    SHORT_MSG_MT_RELAY_V2,
    SHORT_MSG_MT_RELAY_V3,
)
from tests.gateway.network import MSC, Network, Time
from tests.gateway.pipeline import Node, Store
from tests.gateway.scripted_esme import Esme

NUMBER = "447700900123"
THREE_SEGMENTS = "0123456789" * 40


async def submits_long(esme: Esme, text: str = THREE_SEGMENTS, **fields: object) -> str:
    payload = (MESSAGE_PAYLOAD(encode_gsm7(text)),)
    return await esme.submits(NUMBER, "", tlvs=payload, **fields)


def charges_of(message_id: str, count: int = 3) -> set[str]:
    return {f"sms-mt:{message_id}:{segment}" for segment in range(1, count + 1)}


async def test_one_dialogue_carries_all_of_a_message(
    node: Node, esme: Esme, network: Network, store: Store
) -> None:
    message_id = await submits_long(esme)
    (await network.sri()).routes_to()
    segments = []
    for more in (True, True, False):
        fsm = await network.fsm()
        assert fsm.argument.more_messages_to_send is fsm.deliver.more_messages_to_send is more
        segments.append(fsm)
        fsm.returns(ends=not more)
    assert len({fsm.dialogue for fsm in segments}) == 1
    assert "".join(fsm.text for fsm in segments) == THREE_SEGMENTS
    receipt = await esme.receipt(message_id)
    assert (receipt.stat, receipt.submitted, receipt.delivered) == (MessageState.DELIVRD, 3, 3)
    assert await store.charges() == dict.fromkeys(charges_of(message_id), 1)
    assert len(node.map) == 0


async def test_what_has_arrived_is_not_sent_again(
    esme: Esme, network: Network, store: Store, time: Time
) -> None:
    message_id = await submits_long(esme)
    (await network.sri()).routes_to()
    (await network.fsm()).returns(ends=False)
    (await network.fsm()).fails(34)
    await store.until(stored=1, deferred=1)
    time.advance(30)
    (await network.sri()).routes_to()
    (await network.fsm()).returns(ends=False)
    (await network.fsm()).returns()
    await esme.receipt(message_id)
    places = [int(text[:1] or 0) for _, text in network.arrived]
    assert len(places) == 4
    assert network.arrived[1] == network.arrived[2]
    assert set(await store.charges()) == charges_of(message_id)


async def test_a_node_that_takes_one_segment_a_dialogue_gets_a_dialogue_for_each(
    esme: Esme, network: Network, store: Store
) -> None:
    message_id = await submits_long(esme)
    for _ in range(3):
        (await network.sri()).routes_to()
        (await network.fsm()).returns()  # and ends the dialogue, whatever was to follow
    receipt = await esme.receipt(message_id)
    assert (receipt.stat, receipt.delivered) == (MessageState.DELIVRD, 3)
    assert "".join(text for _, text in network.arrived) == THREE_SEGMENTS
    assert len(network.verdicts) == 3
    assert await store.charges() == dict.fromkeys(charges_of(message_id), 1)


async def test_the_charge_of_a_segment_that_never_went_out_is_none(
    esme: Esme, network: Network, store: Store, time: Time
) -> None:
    message_id = await submits_long(esme, validity_period=b"000000000010000R")
    (await network.sri()).routes_to()
    (await network.fsm()).returns()
    await network.sri()
    time.advance(11)
    receipt = await esme.receipt(message_id)
    assert (receipt.stat, receipt.delivered) == (MessageState.EXPIRED, 1)
    assert await store.charges() == {f"sms-mt:{message_id}:1": 1}


async def test_an_abort_on_the_heels_of_a_result_loses_neither(
    esme: Esme, network: Network, store: Store, time: Time
) -> None:
    message_id = await submits_long(esme)
    (await network.sri()).routes_to()
    fsm = await network.fsm()
    fsm.returns(ends=False)
    fsm.aborts()  # before the node can have recorded the segment
    await store.until(stored=1, deferred=1)
    time.advance(30)
    (await network.sri()).routes_to()
    (await network.fsm()).returns(ends=False)
    (await network.fsm()).returns()
    receipt = await esme.receipt(message_id)
    assert receipt.delivered == 3
    assert len(network.arrived) == 3
    assert await store.charges() == dict.fromkeys(charges_of(message_id), 1)


async def test_the_next_version_down_has_an_sri_of_its_own(
    node: Node, esme: Esme, network: Network, store: Store
) -> None:
    network.speaks_not(node.wire, SHORT_MSG_MT_RELAY_V3)
    message_id = await submits_long(esme)
    (await network.sri()).routes_to()
    (await network.sri()).routes_to()
    versions = []
    for more in (True, True, False):
        fsm = await network.fsm()
        versions.append(fsm.version)
        fsm.returns(ends=not more)
    assert versions == [2, 2, 2]
    await esme.receipt(message_id)
    assert set(await store.charges()) == charges_of(message_id)
    following = await esme.submits(NUMBER)  # the node is known by now
    (await network.sri()).routes_to()
    (await network.fsm()).returns()
    await esme.receipt(following)


async def test_the_version_that_a_node_offers_is_taken_at_once(
    node: Node, esme: Esme, network: Network
) -> None:
    network.speaks_not(node.wire, SHORT_MSG_MT_RELAY_V3, SHORT_MSG_MT_RELAY_V2)
    message_id = await esme.submits(NUMBER)
    (await network.sri()).routes_to()
    (await network.sri()).routes_to()
    fsm = await network.fsm()
    assert fsm.version == 1
    fsm.returns()
    await esme.receipt(message_id)


async def test_a_node_that_offers_what_it_refuses_is_asked_once_in_each_version(
    esme: Esme, network: Network
) -> None:
    message_id = await esme.submits(NUMBER)
    versions = []
    for _ in range(2):
        (await network.sri()).routes_to()
        fsm = await network.fsm()
        versions.append(fsm.version)
        fsm.refuses(alternative=SHORT_MSG_MT_RELAY_V3)  # which version 2 cannot say
    assert versions == [3, 2]
    assert (await esme.receipt(message_id)).err == "412"


async def test_a_segment_that_comes_back_undelivered_ends_the_dialogue(
    node: Node, esme: Esme, network: Network, store: Store, time: Time
) -> None:
    message_id = await submits_long(esme)
    (await network.sri()).routes_to()
    fsm = await network.fsm()
    network.unreachable = {MSC: 2}
    fsm.returns(ends=False)
    await store.until(stored=1, deferred=1)
    network.unreachable = {}
    time.advance(30)
    (await network.sri()).routes_to()
    (await network.fsm()).returns(ends=False)
    (await network.fsm()).returns()
    await esme.receipt(message_id)
    assert len(node.map) == 0
    assert len(network.arrived) == 3
