"""Nodes that come, go and lose their Redis at random: every message ends once, whatever happens."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable

import pytest

from telecom.smpp.pdus import CancelSm, ReplaceSm
from telecom.smpp.status import CommandStatus
from telecom.sms.receipt import MessageState
from tests.gateway.conftest import MakeNode, MakeValve
from tests.gateway.network import Asked, Network, serves
from tests.gateway.pipeline import Node, Store, eventually
from tests.gateway.valve import Valve

MESSAGES = 80
ORPHANED = 0.3


class Fleet:
    """Two nodes at a time, each behind a valve of its own."""

    def __init__(self, make_node: MakeNode, make_valve: MakeValve) -> None:
        self._make_node = make_node
        self._make_valve = make_valve
        self.nodes: list[tuple[Valve, Node]] = []
        self.retired: list[Node] = []

    async def add(self) -> Node:
        valve, url = await self._make_valve()
        name = f"n{len(self.nodes) + len(self.retired)}"
        node = self._make_node(url, name=name, orphaned=ORPHANED, patient=False)
        self.nodes.append((valve, node))
        return node

    async def replace(self, which: int) -> None:
        valve, node = self.nodes.pop(which)
        valve.shut()
        node.kill()
        self.retired.append(node)
        await self.add()


@pytest.mark.parametrize("deadly", [False, True], ids=["outages", "deaths"])
async def test_every_message_ends_once(
    make_node: MakeNode,
    make_valve: MakeValve,
    network: Network,
    store: Store,
    *,
    deadly: bool,
    quick: None,
) -> None:
    chance = random.Random(1)
    loop = asyncio.get_running_loop()
    network.automatic = lambda asked: later(loop, chance.random() * 0.03, serves, asked)
    fleet = Fleet(make_node, make_valve)
    await fleet.add()
    await fleet.add()
    front = make_node(name="front", starts=False)
    front.to_esme.start()
    esme = front.bind()
    ids = set()
    for number in range(MESSAGES):
        ids.add(await esme.submits(f"44770090{1000 + number}", str(number)))
        if deadly and chance.random() < 0.1:
            await fleet.replace(chance.randrange(2))
        if chance.random() < 0.1:
            valve, _ = fleet.nodes[chance.randrange(2)]
            valve.shut()
            loop.call_later(chance.random() * (2 if deadly else 0.3) * ORPHANED, valve.open)
        await asyncio.sleep(chance.random() * 0.01)

    def told() -> int:
        front.time.advance(1)  # what has been put off comes due
        return len(esme.receipts())

    await eventually(told, len(ids), timeout=20)
    assert {receipt.id for receipt in esme.receipts()} == ids
    assert {receipt.stat for receipt in esme.receipts()} == {MessageState.DELIVRD}
    await store.until(stored=0)
    assert set(await store.charges()) == {f"sms-mt:{message_id}:1" for message_id in ids}
    copies = Counter(text for _, text in network.arrived)
    assert len(copies) == MESSAGES
    if not deadly:  # else the one corner where a handset may get it twice
        assert set(copies.values()) == {1}


@pytest.mark.parametrize("deadly", [False, True], ids=["outages", "deaths"])
async def test_what_is_cancelled_is_not_delivered_and_the_other_way_round(
    make_node: MakeNode,
    make_valve: MakeValve,
    network: Network,
    store: Store,
    *,
    deadly: bool,
    quick: None,
) -> None:
    chance = random.Random(2)
    loop = asyncio.get_running_loop()
    failed: set[str] = set()

    def fails_first(asked: Asked) -> None:
        msisdn = getattr(asked.argument, "msisdn", None)
        if msisdn is None or msisdn.digits in failed or chance.random() < 0.5:
            serves(asked)
        else:
            failed.add(msisdn.digits)
            asked.fails(34)

    network.automatic = lambda asked: later(loop, chance.random() * 0.02, fails_first, asked)
    fleet = Fleet(make_node, make_valve)
    await fleet.add()
    await fleet.add()
    front_valve, front_url = await make_valve()
    front = make_node(front_url, name="front", starts=False, orphaned=ORPHANED, patient=False)
    front.to_esme.start()
    esme = front.bind()
    said: set[tuple[str, int]] = set()
    texts: dict[str, str] = {}
    for number in range(MESSAGES):
        message_id = await esme.submits(f"44770090{1000 + number}", str(number))
        texts[message_id] = str(number)
        await asyncio.sleep(chance.random() * 0.01)
        if chance.random() < 0.1:
            front_valve.shut()
            front_valve.open()
        wanted = chance.choice(list(texts))
        cancel = CancelSm(message_id=wanted.encode(), source_addr=b"38591000100")
        status = (await esme.asks(cancel)).command_status
        said.add((wanted, status))
        if deadly and chance.random() < 0.1:
            await fleet.replace(chance.randrange(2))
        front.time.advance(1)
    cancelled = {message_id for message_id, status in said if status == CommandStatus.ESME_ROK}
    unheard = {message_id for message_id, status in said if status == CommandStatus.ESME_RSYSERR}
    assert len(cancelled) > 5

    def told() -> int:
        front.time.advance(1)
        return len({receipt.id for receipt in esme.receipts()})

    await eventually(told, len(texts), timeout=20)
    ends = {receipt.id: receipt.stat for receipt in esme.receipts()}
    assert ends.keys() == texts.keys()
    deleted = {message_id for message_id, state in ends.items() if state is MessageState.DELETED}
    assert cancelled <= deleted <= cancelled | unheard
    arrived = {text for _, text in network.arrived}
    if not deadly:  # else a node that died may have sent what another has put off since
        assert arrived == {texts[message_id] for message_id in texts.keys() - deleted}
    await store.until(stored=0)


async def test_the_text_that_arrives_is_the_last_that_was_answered_ok(
    make_node: MakeNode, make_valve: MakeValve, network: Network, store: Store, *, quick: None
) -> None:
    chance = random.Random(3)
    loop = asyncio.get_running_loop()

    def fails_often(asked: Asked) -> None:
        if hasattr(asked.argument, "msisdn") and chance.random() < 0.5:
            asked.fails(34)
        else:
            serves(asked)

    network.automatic = lambda asked: later(loop, chance.random() * 0.02, fails_often, asked)
    fleet = Fleet(make_node, make_valve)
    await fleet.add()
    await fleet.add()
    front_valve, front_url = await make_valve()
    front = make_node(front_url, name="front", starts=False, orphaned=ORPHANED, patient=False)
    front.to_esme.start()
    esme = front.bind()
    possible: dict[str, set[str]] = {}
    replaced = 0
    for number in range(MESSAGES):
        message_id = await esme.submits(f"44770090{1000 + number}", f"{number}")
        possible[message_id] = {f"{number}"}
        await asyncio.sleep(chance.random() * 0.01)
        if chance.random() < 0.1:
            front_valve.shut()
            front_valve.open()
        wanted, text = chance.choice(list(possible)[-10:]), f"{number} instead"
        replace = ReplaceSm(
            message_id=wanted.encode(),
            source_addr=b"38591000100",
            short_message=text.encode(),
            registered_delivery=1,
        )
        status = (await esme.asks(replace)).command_status
        if status == CommandStatus.ESME_ROK:
            possible[wanted] = {text}
            replaced += 1
        elif status == CommandStatus.ESME_RSYSERR:
            possible[wanted].add(text)
        front.time.advance(1)
    assert replaced > 5

    def told() -> int:
        front.time.advance(1)
        return len({receipt.id for receipt in esme.receipts()})

    await eventually(told, len(possible), timeout=20)
    assert {receipt.stat for receipt in esme.receipts()} == {MessageState.DELIVRD}
    arrived = Counter(text for _, text in network.arrived)
    assert set(arrived.values()) == {1}
    assert len(arrived) == len(possible)
    assert all(len(texts & arrived.keys()) == 1 for texts in possible.values())
    await store.until(stored=0)


def later(
    loop: asyncio.AbstractEventLoop, seconds: float, act: Callable[[Asked], None], asked: Asked
) -> None:
    loop.call_later(seconds, act, asked)
