"""Nodes that come, go and lose their Redis at random: every message ends once, whatever happens."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable

import pytest

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


def later(
    loop: asyncio.AbstractEventLoop, seconds: float, act: Callable[[Asked], None], asked: Asked
) -> None:
    loop.call_later(seconds, act, asked)
