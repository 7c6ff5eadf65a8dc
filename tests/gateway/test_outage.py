"""Redis goes away and comes back, at every stage: nothing is lost, doubled, or charged twice."""

import asyncio
import itertools
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from telecom.gateway.delivery.attempt import Stage
from telecom.net.tasks import spawn
from telecom.smpp.status import CommandStatus
from telecom.smpp.tlvs import MESSAGE_PAYLOAD
from telecom.sms.receipt import MessageState
from telecom.store.embedded import EmbeddedRedis, connect
from tests.gateway.conftest import MakeNode
from tests.gateway.network import T1, Network, Time, serves
from tests.gateway.pipeline import Node, Store, eventually
from tests.gateway.scripted_esme import Esme
from tests.gateway.valve import Valve

NUMBER = "447700900123"

pytestmark = pytest.mark.usefixtures("quick")


class Outage:
    """A node, and the link to its Redis."""

    def __init__(self, valve: Valve, node: Node, esme: Esme) -> None:
        self.valve = valve
        self.node = node
        self.esme = esme

    async def lasts(self) -> None:
        """Let all that is asked of Redis fail for a while, then let it be back."""
        self.valve.shut()
        await asyncio.sleep(0.05)
        self.valve.open()


@pytest.fixture
async def outage(make_node: MakeNode, valve: tuple[Valve, str]) -> Outage:
    link, url = valve
    node = make_node(url, patient=False, orphaned=0.4)
    return Outage(link, node, node.bind())


async def is_told_once(esme: Esme, store: Store, message_id: str) -> None:
    """Wait for the receipt, and see that nothing is left and nothing was done twice."""
    receipt = await esme.receipt(message_id)
    assert receipt.stat is MessageState.DELIVRD
    await store.until(stored=0)
    assert set(await store.charges()) == {f"sms-mt:{message_id}:1"}
    assert len(esme.receipts()) == 1


async def test_what_cannot_be_stored_is_refused(
    outage: Outage, network: Network, store: Store
) -> None:
    network.automatic = serves
    outage.valve.shut()
    assert await outage.esme.status(NUMBER) == CommandStatus.ESME_RSYSERR
    outage.valve.open()
    assert await store.depth() == (0, 0, 0)
    await is_told_once(outage.esme, store, await outage.esme.submits(NUMBER))


async def test_before_the_message_is_taken(outage: Outage, network: Network, store: Store) -> None:
    network.automatic = serves
    message_id = await outage.esme.submits(NUMBER)
    await outage.lasts()
    await is_told_once(outage.esme, store, message_id)
    assert len(network.arrived) == 1


async def test_while_the_hlr_is_asked(outage: Outage, network: Network, store: Store) -> None:
    message_id = await outage.esme.submits(NUMBER)
    sri = await network.sri()
    outage.valve.shut()
    sri.routes_to()
    await asyncio.sleep(0.05)
    outage.valve.open()
    (await network.fsm()).returns()
    await is_told_once(outage.esme, store, message_id)
    assert [pair.verdict for pair in await store.evidence()] == ["match"]


@pytest.mark.parametrize("reply", [False, True], ids=["never asked", "never heard"])
async def test_without_a_verdict_nothing_leaves(
    outage: Outage, network: Network, store: Store, time: Time, *, reply: bool
) -> None:
    message_id = await outage.esme.submits(NUMBER)
    sri = await network.sri()
    judging = outage.valve.hold("authorise", reply=reply)
    sri.routes_to()
    await judging.reached()
    outage.valve.shut()
    await eventually(outage.node.stages, [Stage.SETTLED])
    outage.valve.open()
    await store.until(stored=1, deferred=1)
    assert network.waiting == []
    time.advance(30)
    (await network.sri()).routes_to()
    (await network.fsm()).returns()
    await is_told_once(outage.esme, store, message_id)


async def test_while_the_serving_node_is_asked(
    outage: Outage, network: Network, store: Store
) -> None:
    message_id = await outage.esme.submits(NUMBER)
    (await network.sri()).routes_to()
    fsm = await network.fsm()
    outage.valve.shut()
    fsm.returns()
    await asyncio.sleep(0.05)
    outage.valve.open()
    await is_told_once(outage.esme, store, message_id)
    assert len(network.arrived) == 1


@pytest.mark.parametrize("reply", [False, True], ids=["never asked", "never heard"])
async def test_while_the_end_is_recorded(
    outage: Outage, network: Network, store: Store, *, reply: bool
) -> None:
    message_id = await outage.esme.submits(NUMBER)
    outage.esme.unbinds()
    (await network.sri()).routes_to()
    finishing = outage.valve.hold("finish", reply=reply)
    (await network.fsm()).returns()
    await finishing.reached()
    await outage.lasts()
    await is_told_once(outage.node.bind(), store, message_id)
    assert len(network.arrived) == 1


@pytest.mark.parametrize("reply", [False, True], ids=["never asked", "never heard"])
async def test_while_a_failure_is_recorded(
    outage: Outage, network: Network, store: Store, time: Time, *, reply: bool
) -> None:
    message_id = await outage.esme.submits(NUMBER)
    deferring = outage.valve.hold("defer", reply=reply)
    (await network.sri()).fails(34)
    await deferring.reached()
    await outage.lasts()
    await store.until(stored=1, deferred=1)
    await eventually(lambda: outage.node.delivery.in_flight, 0)
    time.advance(30)
    (await network.sri()).routes_to()
    (await network.fsm()).returns()
    await is_told_once(outage.esme, store, message_id)


@pytest.mark.parametrize("reply", [False, True], ids=["never asked", "never heard"])
async def test_between_two_segments(
    outage: Outage, network: Network, store: Store, *, reply: bool
) -> None:
    tlvs = (MESSAGE_PAYLOAD(b"a" * 161),)
    message_id = await outage.esme.submits(NUMBER, "", tlvs=tlvs)
    (await network.sri()).routes_to()
    saving = outage.valve.hold("save", reply=reply)
    (await network.fsm()).returns(ends=False)
    await saving.reached()
    await outage.lasts()
    (await network.fsm()).returns()
    assert (await outage.esme.receipt(message_id)).delivered == 2
    assert set(await store.charges()) == {f"sms-mt:{message_id}:{place}" for place in (1, 2)}
    assert len(network.arrived) == 2


async def test_while_an_esme_takes_its_receipt(
    outage: Outage, network: Network, store: Store
) -> None:
    outage.esme.takes = False
    message_id = await outage.esme.submits(NUMBER)
    (await network.sri()).fails(1)
    await outage.esme.receipt(message_id)
    outage.valve.shut()
    outage.esme.unanswered.pop().answer()
    await asyncio.sleep(0.05)
    outage.valve.open()
    await eventually(lambda: outage.node.outbox.depth(["demo"]), {"demo": 0})
    assert len(outage.esme.receipts()) == 1


async def test_longer_than_the_message_is_valid(
    outage: Outage, network: Network, time: Time
) -> None:
    message_id = await outage.esme.submits(NUMBER, validity_period=b"000000000050000R")
    sri = await network.sri()
    outage.valve.shut()
    sri.routes_to()
    await asyncio.sleep(0.05)
    time.advance(51)
    outage.valve.open()
    assert (await outage.esme.receipt(message_id)).stat is MessageState.EXPIRED
    assert network.arrived == []


async def test_longer_than_an_authorisation_holds(
    outage: Outage, network: Network, store: Store, time: Time
) -> None:
    message_id = await outage.esme.submits(NUMBER)
    sri = await network.sri()
    outage.valve.shut()
    sri.routes_to()
    await asyncio.sleep(0.05)
    time.advance(T1)
    outage.valve.open()
    await store.until(stored=1, deferred=1)
    assert network.arrived == []
    time.advance(30)
    (await network.sri()).routes_to()
    (await network.fsm()).returns()
    await is_told_once(outage.esme, store, message_id)
    assert [pair.verdict for pair in await store.evidence()] == ["expired", "match"]


class Killed:
    """A Redis of a test's own, which can be killed; it comes back by itself."""

    def __init__(self, server: EmbeddedRedis) -> None:
        self._server = server
        self.url = server.url

    async def kill(self) -> None:
        pid = self._server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await eventually(lambda: self._server.pid != pid, True)


@pytest.fixture
async def killed() -> AsyncIterator[Killed]:
    async with EmbeddedRedis() as server:
        yield Killed(server)


async def test_a_redis_that_is_killed_again_and_again(
    killed: Killed, make_node: MakeNode, network: Network
) -> None:
    network.automatic = serves
    node = make_node(killed.url)
    esme = node.bind()
    client = connect(killed.url)
    store = Store(client)
    accepted: dict[str, str] = {}
    refused = set()
    numbers = itertools.count(1000)

    async def submit(text: str) -> None:
        response = await esme.send(esme.submit_sm(f"44770090{next(numbers)}", text))
        if response.command_status == 0:
            accepted[response.message_id.decode()] = text
        else:
            refused.add(text)

    for turn in range(3):
        submitting = [spawn(submit(f"{turn}.{place}"), name="submit") for place in range(40)]
        await asyncio.sleep(0.01 * turn)
        await killed.kill()
        await asyncio.gather(*submitting)
    await esme.until(lambda: len(esme.receipts()) >= len(accepted), timeout=15)
    await store.until(stored=0)
    receipts = Counter(receipt.id for receipt in esme.receipts())
    assert receipts == dict.fromkeys(accepted, 1)
    assert {receipt.stat for receipt in esme.receipts()} == {MessageState.DELIVRD}
    arrived = Counter(text for _, text in network.arrived if text not in refused)
    assert arrived == dict.fromkeys(accepted.values(), 1)
    assert set(await store.charges()) == {f"sms-mt:{message_id}:1" for message_id in accepted}
    await client.aclose()
