"""Nodes that die, stop, or lose their Redis for long, and others that go on in their place."""

import asyncio

import pytest
from redis.exceptions import RedisError

from telecom.net.tasks import spawn
from telecom.smpp.pdus import CancelSm
from telecom.smpp.tlvs import MESSAGE_PAYLOAD
from telecom.sms.receipt import MessageState
from telecom.store.lua import Client, Script
from tests.gateway.conftest import MakeNode, MakeValve
from tests.gateway.network import Network, Time, serves
from tests.gateway.pipeline import Node, Store, config, eventually
from tests.gateway.scripted_esme import Esme
from tests.gateway.valve import Valve

NUMBER = "447700900123"
ORPHANED = 0.2
"""Seconds after which what a node does not renew is another's."""

pytestmark = pytest.mark.usefixtures("quick")


class Pair:
    """Two nodes on one Redis; the second, with which an ESME receives, is yet to start."""

    def __init__(self, valve: Valve, first: Node, second: Node) -> None:
        self.valve = valve
        self.first = first
        self.second = second
        self.submitting = first.bind(receives=False)
        self.receiving = second.bind()

    def first_dies(self) -> None:
        """Kill the first node, and have the second go on."""
        self.valve.shut()
        self.first.kill()
        self.second.start()


@pytest.fixture
async def pair(make_node: MakeNode, make_valve: MakeValve) -> Pair:
    valve, url = await make_valve()
    first = make_node(url, name="a", orphaned=ORPHANED, patient=False)
    return Pair(valve, first, make_node(name="b", orphaned=ORPHANED, starts=False))


async def is_told_once(esme: Esme, store: Store, message_id: str, segments: int = 1) -> None:
    """Wait for the receipt, and see that nothing is left and nothing was charged twice."""
    assert (await esme.receipt(message_id)).stat is MessageState.DELIVRD
    await store.until(stored=0)
    charges = {f"sms-mt:{message_id}:{place}" for place in range(1, segments + 1)}
    assert set(await store.charges()) == charges
    assert len(esme.receipts()) == 1


async def delivers(network: Network) -> None:
    (await network.sri()).routes_to()
    (await network.fsm()).returns()


async def test_it_dies_while_the_hlr_is_asked(pair: Pair, network: Network, store: Store) -> None:
    message_id = await pair.submitting.submits(NUMBER)
    await network.sri()
    pair.first_dies()
    await delivers(network)
    await is_told_once(pair.receiving, store, message_id)
    assert len(network.arrived) == 1


@pytest.mark.parametrize("reply", [False, True], ids=["before the gate", "behind the gate"])
async def test_it_dies_at_the_gate(
    pair: Pair, network: Network, store: Store, *, reply: bool
) -> None:
    message_id = await pair.submitting.submits(NUMBER)
    judging = pair.valve.hold("authorise", reply=reply)
    (await network.sri()).routes_to()
    await judging.reached()
    pair.first_dies()
    await delivers(network)
    await is_told_once(pair.receiving, store, message_id)
    assert len(network.arrived) == 1


async def test_it_dies_while_the_serving_node_is_asked(
    pair: Pair, network: Network, store: Store
) -> None:
    message_id = await pair.submitting.submits(NUMBER)
    (await network.sri()).routes_to()
    await network.fsm()
    pair.first_dies()
    await delivers(network)  # the one corner where a handset may get it twice
    await is_told_once(pair.receiving, store, message_id)


async def test_it_dies_between_two_segments(pair: Pair, network: Network, store: Store) -> None:
    tlvs = (MESSAGE_PAYLOAD(b"a" * 153 + b"b" * 10),)
    message_id = await pair.submitting.submits(NUMBER, "", tlvs=tlvs)
    (await network.sri()).routes_to()
    (await network.fsm()).returns(ends=False)
    await network.fsm()
    pair.first_dies()
    (await network.sri()).routes_to()
    fsm = await network.fsm()
    assert (fsm.text, fsm.argument.more_messages_to_send) == ("b" * 10, False)
    fsm.returns()
    await is_told_once(pair.receiving, store, message_id, segments=2)


async def test_it_dies_when_the_end_is_on_record(
    pair: Pair, network: Network, store: Store
) -> None:
    message_id = await pair.submitting.submits(NUMBER)
    (await network.sri()).routes_to()
    finishing = pair.valve.hold("finish", reply=True)
    (await network.fsm()).returns()
    await finishing.reached()
    pair.first_dies()
    await is_told_once(pair.receiving, store, message_id)
    assert len(network.arrived) == 1


async def test_it_dies_when_the_message_has_been_put_off(
    pair: Pair, network: Network, store: Store, time: Time
) -> None:
    message_id = await pair.submitting.submits(NUMBER)
    (await network.sri()).fails(34)
    await store.until(stored=1, deferred=1)
    pair.first_dies()
    time.advance(30)
    await delivers(network)
    await is_told_once(pair.receiving, store, message_id)


async def test_it_dies_before_an_esme_has_answered(
    pair: Pair, network: Network, store: Store
) -> None:
    receiving = pair.first.bind()
    receiving.takes = False
    message_id = await pair.submitting.submits(NUMBER)
    (await network.sri()).fails(1)
    await receiving.receipt(message_id)
    pair.first_dies()
    await pair.receiving.receipt(message_id)
    assert len(pair.receiving.receipts()) == 1


@pytest.mark.parametrize("reply", [False, True], ids=["not asked", "done"])
async def test_it_dies_while_it_cancels(
    pair: Pair, network: Network, store: Store, time: Time, *, reply: bool, redis: Client
) -> None:
    message_id = await pair.submitting.submits(NUMBER)
    (await network.sri()).fails(34)
    await store.until(stored=1, deferred=1)
    await redis.script_load(Script("withdraw", includes=["append", "ended", "withdrawal"]).source)
    withdrawing = pair.valve.hold("withdraw", reply=reply)
    cancel = CancelSm(message_id=message_id.encode(), source_addr=b"38591000100")
    pair.submitting.send(cancel)
    await withdrawing.reached()
    pair.first_dies()
    if reply:
        assert (await pair.receiving.receipt(message_id)).stat is MessageState.DELETED
    else:
        time.advance(30)
        await delivers(network)
        await is_told_once(pair.receiving, store, message_id)
    time.advance(200)
    await store.until(stored=0)
    assert len(pair.receiving.receipts()) == 1
    assert len(network.arrived) == (0 if reply else 1)


@pytest.mark.parametrize("reply", [False, True], ids=["not asked", "done"])
async def test_it_dies_while_it_puts_one_message_in_the_place_of_another(
    pair: Pair, network: Network, store: Store, time: Time, *, reply: bool
) -> None:
    later = {"schedule_delivery_time": b"000000000100000R"}
    old = await pair.submitting.submits(NUMBER, "old", **later)
    other = {"source_addr": b"38591000199", "replace_if_present_flag": 1}
    await pair.submitting.submits(NUMBER, receipt=0, **other)  # Redis knows the script now
    (await network.sri()).fails(1)
    await store.until(stored=1, deferred=1)
    replacing = pair.valve.hold("replace", reply=reply)
    request = pair.submitting.submit_sm(NUMBER, "new", replace_if_present_flag=1, **later)
    pair.submitting.send(request)
    await replacing.reached()
    pair.first_dies()
    await store.until(stored=1, deferred=1)
    time.advance(60)
    await delivers(network)
    await pair.receiving.until(lambda: len(pair.receiving.receipts()) == 1 + reply)
    assert (await pair.receiving.receipt(old)).stat is (
        MessageState.DELETED if reply else MessageState.DELIVRD
    )
    assert [text for _, text in network.arrived] == ["new" if reply else "old"]
    await store.until(stored=0)


async def test_what_is_under_way_for_long_is_nobody_elses(
    pair: Pair, network: Network, store: Store
) -> None:
    message_id = await pair.submitting.submits(NUMBER)
    (await network.sri()).routes_to()
    fsm = await network.fsm()
    pair.second.start()
    await asyncio.sleep(2 * ORPHANED)
    fsm.returns()
    await is_told_once(pair.receiving, store, message_id)
    assert network.waiting == []


async def test_a_node_that_was_given_up_lets_nothing_out(
    pair: Pair, network: Network, store: Store, time: Time
) -> None:
    message_id = await pair.submitting.submits(NUMBER)
    sri = await network.sri()
    pair.valve.shut()
    pair.second.start()
    (await network.sri()).routes_to()
    fsm = await network.fsm()
    time.advance(ORPHANED)
    pair.valve.open()
    sri.routes_to()
    await eventually(lambda: pair.first.delivery.in_flight, 0)
    fsm.returns()
    await is_told_once(pair.receiving, store, message_id)
    assert network.waiting == []
    assert len(network.arrived) == 1


async def test_right_after_an_outage_nobody_is_given_up(
    make_node: MakeNode, make_valve: MakeValve, pair: Pair, network: Network
) -> None:
    """The others could not renew what they hold; they get the time of one round to do so."""
    await pair.submitting.submits(NUMBER)
    await network.sri()
    pair.first.kill()
    pair.valve.shut()
    await asyncio.sleep(ORPHANED)
    valve, url = await make_valve()
    third = make_node(url, name="c", orphaned=ORPHANED, patient=False, starts=False)
    worker = third.delivery._worker
    valve.shut()
    with pytest.raises(RedisError):
        await worker._renew()
    valve.open()
    await worker._renew()
    assert third.delivery.in_flight == 0
    await worker._renew()
    assert third.delivery.in_flight == 1


async def test_two_nodes_share_the_work(
    make_node: MakeNode, network: Network, store: Store
) -> None:
    network.automatic = serves
    nodes = [make_node(name=name) for name in "ab"]
    esme = nodes[0].bind()
    ids = await asyncio.gather(*[esme.submits(f"44770090{n}", str(n)) for n in range(1000, 1200)])
    await esme.until(lambda: len(esme.receipts()) == 200)
    assert {receipt.id for receipt in esme.receipts()} == set(ids)
    assert len(set(network.arrived)) == len(network.arrived) == 200
    assert await store.charges() == {f"sms-mt:{message_id}:1": 1 for message_id in ids}


async def test_a_node_that_stops_gives_back_what_has_not_left(
    make_node: MakeNode, network: Network, store: Store
) -> None:
    first = make_node(name="a")
    esme = first.bind()
    message_id = await esme.submits(NUMBER)
    sri = await network.sri()
    await first.delivery.stop(grace=1)
    assert await store.depth() == (1, 0, 1)
    sri.routes_to()
    second = make_node(name="b")
    receiving = second.bind()
    await delivers(network)
    await is_told_once(receiving, store, message_id)
    assert len(network.arrived) == 1


async def test_a_node_that_stops_waits_for_what_has_left(
    node: Node, esme: Esme, network: Network, store: Store
) -> None:
    await esme.submits(NUMBER)
    (await network.sri()).routes_to()
    fsm = await network.fsm()
    stopping = spawn(node.delivery.stop(grace=5), name="stop")
    await asyncio.sleep(0.05)
    assert not stopping.done()
    fsm.returns()
    await stopping
    assert await store.depth() == (0, 0, 0)


async def test_a_node_that_stops_begins_nothing_behind_the_gate(
    make_node: MakeNode, valve: tuple[Valve, str], network: Network, store: Store
) -> None:
    link, url = valve
    node = make_node(url)
    esme = node.bind()
    await esme.submits(NUMBER)
    recording = link.hold("sri_sent")
    await network.sri()
    stopping = spawn(node.delivery.stop(grace=1), name="stop")
    await asyncio.sleep(0.01)
    recording.release()
    await stopping
    assert await store.depth() == (1, 0, 1)


async def test_a_full_node_gives_back_what_it_takes_at_last(
    make_node: MakeNode, network: Network, store: Store
) -> None:
    node = make_node(settings=config(limits={"in_flight": 1}))
    esme = node.bind()
    for _ in range(3):
        await esme.submits(NUMBER)
    await network.sri()
    await node.delivery.stop(grace=1)
    stored, queued, deferred = await store.depth()
    assert (stored, queued + deferred) == (3, 3)


async def test_a_node_stops_though_redis_is_away(
    make_node: MakeNode, valve: tuple[Valve, str], network: Network, store: Store
) -> None:
    link, url = valve
    node = make_node(url, patient=False)
    esme = node.bind()
    await esme.submits(NUMBER)
    (await network.sri()).routes_to()
    fsm = await network.fsm()
    link.shut()
    fsm.returns()
    async with asyncio.timeout(2.5):
        await node.stop(grace=0.2)
    node.is_killed = True  # and has no more to do
    assert await store.depth() == (1, 1, 0)
