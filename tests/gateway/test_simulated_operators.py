"""Against the operators that `hlr_sim` plays: every magic number, while Redis comes and goes."""

import asyncio
import random
from collections import Counter

from hlr_sim.config import GtCorrelation, HlrSimConfig
from hlr_sim.node import Node as SimulatedNode
from telecom.gateway.config import Route
from telecom.runtime.operators import read_operators
from telecom.sms.receipt import MessageState
from telecom.ss7.map.primitives import MapIndication
from tests.gateway.conftest import MakeValve
from tests.gateway.network import GATEWAY, Network, Time, Wire
from tests.gateway.pipeline import CONFIGS, Node, Store, config

OPERATORS = CONFIGS / "operators.toml"
PREFIXES = {"Alba": "4477009", "Borea": "4915559", "Corvo": "62819"}
NUMBERS = [f"4477009{block}{ending}" for block in ("10", "20") for ending in range(900, 914)]
NUMBERS += [f"49155591{number}" for number in range(1000, 1020)]
UNDELIVERED = {"902", "905", "909"}
EXPIRED = {"907", "911"}


class SimulatedOperators(Network):
    """The lab's network in the place of the scripted one; its firewall lets only matches pass."""

    def __init__(self) -> None:
        super().__init__()
        self._node: SimulatedNode | None = None

    @property
    def node(self) -> SimulatedNode:
        assert self._node is not None
        return self._node

    def attach(self, wire: Wire) -> None:
        settings = HlrSimConfig(operators=OPERATORS, gt_correlation=GtCorrelation(reject=True))
        self._node = SimulatedNode(read_operators(OPERATORS), settings, wire.peer.map)

    def handle(self, wire: Wire, indications: list[MapIndication]) -> None:
        self.node.handle(indications, wire.time.now)

    def next_timer(self) -> float | None:
        return self._node.next_timer() if self._node else None

    def handle_timer(self, now: float) -> None:
        self.node.handle_timer(now)

    def copies(self, number: str) -> int:
        return len(self.node.lab.handsets.received(number))


def fate_of(number: str) -> MessageState:
    if number[-3:] in UNDELIVERED:
        return MessageState.UNDELIV
    return MessageState.EXPIRED if number[-3:] in EXPIRED else MessageState.DELIVRD


async def test_every_message_meets_its_fate_once(
    make_valve: MakeValve, store: Store, quick: None
) -> None:
    chance = random.Random(1)
    time, operators = Time(), SimulatedOperators()
    valve, url = await make_valve()
    settings = config(
        routes=[
            Route(name=name, prefixes=(prefix,), operator=name, calling_gt=GATEWAY)
            for name, prefix in PREFIXES.items()
        ],
        messages={"default_validity": 240},
    )
    node = Node(url, time, operators, settings=settings, patient=False, orphaned=0.3)
    operators.attach(node.wire)
    node.start()
    esme = node.bind()
    ids = {await esme.submits(number, f"to {number}"): number for number in NUMBERS}
    for _ in range(400):
        await asyncio.sleep(0.005)
        if chance.random() < 0.04:
            valve.shut()
            await asyncio.sleep(0.03)
            valve.open()
        if len(esme.receipts()) == len(ids):
            break
        time.advance(1)
    receipts = Counter(receipt.id for receipt in esme.receipts())
    assert receipts == dict.fromkeys(ids, 1)
    for receipt in esme.receipts():
        number = ids[receipt.id]
        assert (number, receipt.stat) == (number, fate_of(number))
        assert operators.copies(number) == (fate_of(number) is MessageState.DELIVRD)
    verdicts = operators.node.lab.firewall.counts
    assert {verdict for verdict, count in verdicts.items() if count} == {"match"}
    await store.until(stored=0)
    charged = {event.split(":")[1] for event in await store.charges() if "sms-mt" in event}
    delivered = {message_id for message_id, number in ids.items() if operators.copies(number)}
    assert delivered <= charged
    await node.stop(grace=0)
