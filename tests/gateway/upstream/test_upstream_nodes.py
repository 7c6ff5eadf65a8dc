"""Nodes that die, stop, or lose Redis or a connection while an upstream has their messages."""

import asyncio
import random

import pytest

from telecom.smpp.pdus import DeliverSm
from telecom.smpp.status import CommandStatus
from telecom.smpp.tlvs import MESSAGE_PAYLOAD
from telecom.sms.receipt import MessageState
from tests.gateway.conftest import MakeNode, MakeValve
from tests.gateway.network import Time
from tests.gateway.pipeline import Node, Store, eventually
from tests.gateway.smsc import Smsc, Submitted
from tests.gateway.upstream_route import settings
from tests.gateway.valve import Valve

NUMBER = "88210555123"
MO = DeliverSm(source_addr=NUMBER.encode(), destination_addr=b"38591000100", short_message=b"hello")
ORPHANED = 0.2
"""Seconds after which what a node does not renew is another's."""

pytestmark = pytest.mark.usefixtures("quick")


class Pair:
    """Two nodes that are bound at the upstream; the second begins when the first has died."""

    def __init__(self, smsc: Smsc, valve: Valve, first: Node, second: Node) -> None:
        self.smsc = smsc
        self.valve = valve
        self.first = first
        self.second = second
        self.submitting = first.bind(receives=False)
        self.receiving = second.bind()

    async def first_dies(self) -> None:
        self.valve.shut()
        self.first.kill()
        self.second.start()
        await self.second.delivery.upstreams.tried()

    async def told_once(self, store: Store, message_id: str, segments: int = 1) -> None:
        """Wait for the receipt, and see that nothing is left and nothing was charged twice."""
        assert (await self.receiving.receipt(message_id)).stat is MessageState.DELIVRD
        await store.until(stored=0)
        charges = {f"sms-mt:{message_id}:{place}" for place in range(1, segments + 1)}
        assert set(await store.charges()) == charges
        assert len(self.receiving.receipts()) == 1


@pytest.fixture
async def pair(make_node: MakeNode, make_valve: MakeValve, smsc: Smsc) -> Pair:
    valve, url = await make_valve()
    there = {"settings": settings(smsc), "orphaned": ORPHANED}
    first = make_node(url, name="a", patient=False, **there)
    await first.delivery.upstreams.tried()
    return Pair(smsc, valve, first, make_node(name="b", starts=False, **there))


async def test_it_dies_before_the_response(pair: Pair, smsc: Smsc, store: Store) -> None:
    message_id = await pair.submitting.submits(NUMBER)
    await smsc.submit()
    await pair.first_dies()
    await (await smsc.submit()).accepts().delivers()  # the one corner where it goes out twice
    await pair.told_once(store, message_id)


async def test_it_dies_before_the_response_is_on_record(
    pair: Pair, smsc: Smsc, store: Store
) -> None:
    message_id = await pair.submitting.submits(NUMBER)
    recording = pair.valve.hold("upstream_accepted")
    lost = (await smsc.submit()).accepts()
    await recording.reached()
    await pair.first_dies()
    assert await lost.delivers() == 0
    await (await smsc.submit()).accepts().delivers()
    await pair.told_once(store, message_id)


async def test_it_dies_when_the_response_is_on_record(pair: Pair, smsc: Smsc, store: Store) -> None:
    message_id = await pair.submitting.submits(NUMBER)
    recording = pair.valve.hold("upstream_accepted", reply=True)
    submitted = (await smsc.submit()).accepts()
    await recording.reached()
    await pair.first_dies()
    await submitted.delivers()
    await pair.told_once(store, message_id)
    assert len(smsc.submits) == 1


async def test_it_dies_between_two_parts(pair: Pair, smsc: Smsc, store: Store) -> None:
    tlvs = (MESSAGE_PAYLOAD(b"a" * 153 + b"b" * 10),)
    message_id = await pair.submitting.submits(NUMBER, "", tlvs=tlvs)
    first = (await smsc.submit()).accepts()
    await smsc.submit()
    await pair.first_dies()
    second = (await smsc.submit()).accepts()
    assert second.text == "b" * 10
    await first.delivers()
    await second.delivers()
    await pair.told_once(store, message_id, segments=2)


async def test_it_dies_before_a_receipt_has_ended_the_message(
    pair: Pair, smsc: Smsc, store: Store
) -> None:
    message_id = await pair.submitting.submits(NUMBER)
    submitted = (await smsc.submit()).accepts()
    await store.until(stored=1, deferred=1)
    ending = pair.valve.hold("finish")
    receipt = asyncio.gather(submitted.delivers(), return_exceptions=True)
    await ending.reached()
    await pair.first_dies()
    (unanswered,) = await receipt
    assert isinstance(unanswered, Exception)
    assert await submitted.delivers() == 0  # at the second node
    await pair.told_once(store, message_id)


@pytest.mark.parametrize("is_early", [False, True])
async def test_the_receipt_comes_to_another_node(
    pair: Pair, smsc: Smsc, store: Store, *, is_early: bool
) -> None:
    pair.second.start()
    await smsc.is_bound(2)
    pair.second.delivery.upstreams.close()  # it sends nothing itself
    message_id = await pair.submitting.submits(NUMBER)
    submitted = await smsc.submit()
    if not is_early:
        submitted.accepts("A")
        await store.until(stored=1, deferred=1)
    assert await smsc.receipt("000a", NUMBER) == 0
    if is_early:
        submitted.accepts("A")
    await pair.told_once(store, message_id)
    (first, second) = (
        node.metric("telecom_messages_total", stage="from_upstream", result=result)
        for node, result in (
            (pair.first, "receipt"),
            (pair.second, "early receipt" if is_early else "receipt"),
        )
    )
    assert (first, second) == (0, 1)


async def test_a_receipt_that_redis_did_not_get_is_sent_again(
    pair: Pair, smsc: Smsc, store: Store
) -> None:
    receiving = pair.first.bind()
    message_id = await pair.submitting.submits(NUMBER)
    submitted = (await smsc.submit()).accepts()
    await store.until(stored=1, deferred=1)
    pair.valve.shut()
    assert await submitted.delivers() == CommandStatus.ESME_RX_T_APPN
    pair.valve.open()
    assert await submitted.delivers() == 0
    assert (await receiving.receipt(message_id)).stat is MessageState.DELIVRD


async def test_a_response_is_not_forgotten_while_redis_is_away(
    pair: Pair, smsc: Smsc, store: Store
) -> None:
    receiving = pair.first.bind()
    message_id = await pair.submitting.submits(NUMBER)
    submitted = await smsc.submit()
    pair.valve.shut()
    submitted.accepts()
    await asyncio.sleep(0.1)
    pair.valve.open()
    await store.until(stored=1, deferred=1)
    await submitted.delivers()
    await receiving.receipt(message_id)
    assert len(smsc.submits) == 1


async def test_what_waits_for_its_turn_waits_on_while_redis_is_away(
    pair: Pair, smsc: Smsc, store: Store
) -> None:
    sender = pair.first.delivery.upstreams._senders["smsc"]
    sender._pause_until = float("inf")
    await pair.submitting.submits(NUMBER)
    await eventually(lambda: pair.first.delivery.in_flight, 1)
    granting = pair.valve.hold("grant")
    sender._pause_until = 0.0
    await granting.reached()
    pair.valve.shut()
    pair.valve.open()
    await (await smsc.submit()).accepts().delivers()
    await store.until()


async def test_a_message_that_redis_stored_unheard_is_no_second_one(
    pair: Pair, smsc: Smsc, store: Store
) -> None:
    storing = pair.valve.hold("outbox_put", reply=True)
    first = asyncio.gather(smsc.deliver(MO))
    await storing.reached()
    pair.valve.shut()
    assert await first == [CommandStatus.ESME_RX_T_APPN]
    pair.valve.open()
    for _ in range(2):
        assert await smsc.deliver(MO) == 0
    esme = pair.first.bind()
    await esme.until(lambda: len(esme.messages()) == 2)
    assert len(await store.charges()) == 2


async def test_a_message_whose_acknowledgement_was_lost_is_no_second_one(
    pair: Pair, smsc: Smsc, store: Store
) -> None:
    storing = pair.valve.hold("outbox_put")
    first = asyncio.gather(smsc.deliver(MO), return_exceptions=True)
    await storing.reached()
    smsc.sessions[0].abort()
    (lost,) = await first
    assert isinstance(lost, Exception)
    storing.release()
    await pair.first.mobile_originated.drain()
    await smsc.is_bound()
    assert await smsc.deliver(MO) == 0
    esme = pair.first.bind()
    await esme.until(esme.messages)
    assert len(await store.charges()) == 1


async def test_a_node_that_stops_gives_back_what_it_has_not_sent(
    make_node: MakeNode, smsc: Smsc, store: Store
) -> None:
    first = make_node(name="a", settings=settings(smsc, window=1))
    up = first.bind(receives=False)
    for _ in range(3):
        await up.submits(NUMBER)
    submitted = await smsc.submit()
    await eventually(lambda: first.delivery.in_flight, 3)
    stopping = asyncio.gather(first.delivery.stop(grace=5))
    await store.until(stored=3, queued=1, deferred=2)
    submitted.accepts()
    await stopping
    await store.until(stored=3, deferred=3)
    assert len(smsc.submits) == 1
    second = make_node(name="b", settings=settings(smsc, window=1))
    esme = second.bind()
    await smsc.is_bound()
    await submitted.delivers()
    for _ in range(2):
        await (await smsc.submit()).accepts().delivers()
    await esme.until(lambda: len(esme.receipts()) == 3)


async def test_a_node_that_stops_begins_no_other_part(
    make_node: MakeNode, smsc: Smsc, store: Store
) -> None:
    node = make_node(settings=settings(smsc))
    await node.bind().submits(NUMBER, "", tlvs=(MESSAGE_PAYLOAD(b"a" * 200),))
    submitted = await smsc.submit()
    stopping = asyncio.gather(node.delivery.stop(grace=5))
    await asyncio.sleep(0)
    submitted.accepts()
    await stopping
    await store.until(stored=1, deferred=1)
    assert len(smsc.submits) == 1


async def test_a_node_that_stops_answers_what_it_has_taken_and_takes_no_more(
    pair: Pair, smsc: Smsc, store: Store
) -> None:
    message_id = await pair.submitting.submits(NUMBER)
    submitted = (await smsc.submit()).accepts()
    await store.until(stored=1, deferred=1)
    ending = pair.valve.hold("finish")
    receipt = asyncio.gather(submitted.delivers())
    await ending.reached()
    stopping = asyncio.gather(pair.first.delivery.stop(grace=0))
    await eventually(lambda: pair.first.delivery.upstreams._from_upstream._is_closed, True)
    assert await smsc.deliver(MO) == CommandStatus.ESME_RX_T_APPN
    ending.release()
    assert await receipt == [0]
    await stopping
    assert smsc.sessions == []
    pair.second.start()
    await pair.told_once(store, message_id)


async def test_a_node_that_stops_waits_for_no_upstream_that_says_nothing(
    make_node: MakeNode, smsc: Smsc
) -> None:
    node = make_node(settings=settings(smsc, response_timer=60))
    await smsc.is_bound()
    (session,) = smsc.sessions
    session._transport.pause_reading()
    async with asyncio.timeout(5):
        await node.delivery.stop(grace=0)
    assert node.delivery.upstreams.binds == {"smsc": (0, 1)}


async def test_what_its_rate_had_no_turn_for_when_the_upstream_went_waits_in_redis(
    make_node: MakeNode, valve: tuple[Valve, str], smsc: Smsc, store: Store
) -> None:
    link, url = valve
    node = make_node(url, settings=settings(smsc, rate=2))
    await smsc.is_bound()
    sender = node.delivery.upstreams._senders["smsc"]
    sender._pause_until = float("inf")
    up = node.bind()
    for _ in range(2):
        await up.submits(NUMBER)
    await eventually(lambda: node.delivery.in_flight, 2)
    granting = link.hold("grant")
    sender._pause_until = 0.0
    await granting.reached()
    await smsc.stop()
    await eventually(lambda: sender.is_bound, False)
    granting.release()
    await store.until(stored=2, deferred=2)


async def test_a_node_that_is_slow_to_send_lets_go_of_what_another_has_taken(
    pair: Pair, smsc: Smsc, store: Store, time: Time
) -> None:
    """It asks before it sends: nothing leaves that nobody has renewed."""
    sender = pair.first.delivery.upstreams._senders["smsc"]
    sender._pause_until = float("inf")
    message_id = await pair.submitting.submits(NUMBER)
    await store.until(stored=1, queued=1)
    await eventually(lambda: pair.first.delivery.in_flight, 1)
    pair.valve.shut()
    pair.second.start()
    await (await smsc.submit()).accepts().delivers()
    time.advance(ORPHANED)
    pair.valve.open()
    sender._pause_until = 0.0
    await eventually(lambda: pair.first.delivery.in_flight, 0)
    await pair.told_once(store, message_id)
    assert len(smsc.submits) == 1


class Moody:
    """An upstream that loses connections, throttles, and tells early, by chance."""

    def __init__(self, smsc: Smsc, chance: random.Random) -> None:
        self._smsc = smsc
        self._chance = chance
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        while True:
            task = asyncio.get_running_loop().create_task(self._answer(await self._smsc.submit()))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, submitted: Submitted) -> None:
        await asyncio.sleep(self._chance.random() * 0.02)
        mood = self._chance.random()
        if mood < 0.1:
            submitted.cuts()
            return
        if mood < 0.2:
            submitted.refuses(CommandStatus.ESME_RSYSERR)
            return
        message_id = f"{next(self._smsc.ids):x}"
        if mood < 0.4:
            await self._tell(message_id.upper(), submitted.number)
        submitted.accepts(message_id)
        if mood >= 0.4:
            await self._tell(f"000{message_id}", submitted.number)

    async def _tell(self, message_id: str, number: str) -> None:
        """Send a receipt until it is accepted."""
        while True:
            try:
                if await self._smsc.receipt(message_id, number) == 0:
                    return
            except Exception:  # noqa: BLE001 - nobody is bound, or the connection was lost
                await asyncio.sleep(0.02)


async def test_every_message_ends_once_whatever_happens(
    make_node: MakeNode, make_valve: MakeValve, smsc: Smsc, store: Store, time: Time
) -> None:
    chance = random.Random(3)
    there = {"settings": settings(smsc, window=5), "orphaned": ORPHANED, "patient": False}
    valves = [await make_valve() for _ in range(3)]
    nodes = [make_node(url, name=f"n{i}", **there) for i, (_, url) in enumerate(valves)]
    esme = make_node(name="front", starts=False, settings=settings(smsc)).bind()
    esme.node.to_esme.start()
    serving = asyncio.get_running_loop().create_task(Moody(smsc, chance).serve())
    ids = [await esme.submits(f"88210555{place:03}") for place in range(60)]
    for valve, _ in valves[:2]:
        valve.shut()
        await asyncio.sleep(0.02)
        valve.open()
    valves[2][0].shut()
    nodes[2].kill()
    for _ in range(400):
        if len(esme.receipts()) == len(ids):
            break
        time.advance(30)
        await asyncio.sleep(0.02)
    await store.until()
    serving.cancel()
    assert sorted(receipt.id for receipt in esme.receipts()) == sorted(ids)
    assert {receipt.stat for receipt in esme.receipts()} == {MessageState.DELIVRD}
    assert set(await store.charges()) == {f"sms-mt:{message_id}:1" for message_id in ids}
