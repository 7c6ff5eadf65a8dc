"""Nodes of the gateway on a real Redis, joined in memory to a network that a test plays."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from telecom.gateway import outage
from telecom.gateway.upstream import bind, sender
from telecom.net.back_off import BackOff
from telecom.router.gt_rule import Verdict
from telecom.store import outbox
from telecom.store.embedded import EmbeddedRedis, connect
from telecom.store.lua import Client
from tests.gateway.network import Network, Time
from tests.gateway.pipeline import Node, Store
from tests.gateway.scripted_esme import Esme
from tests.gateway.smsc import Smsc
from tests.gateway.upstream_route import settings as upstream_settings
from tests.gateway.valve import Valve

MakeNode = Callable[..., Node]
MakeValve = Callable[[], Awaitable[tuple[Valve, str]]]


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A running Redis, shared by the tests; it outlives their event loops."""
    with asyncio.Runner() as runner:
        embedded = EmbeddedRedis()
        runner.run(embedded.start())
        yield embedded.url
        runner.run(embedded.stop())


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Client]:
    client = connect(redis_url)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
def store(redis: Client) -> Store:
    return Store(redis)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    """The operators; at the end no MT dialogue may have come without an SRI-SM of its own."""
    network = Network()
    yield network
    assert set(network.verdicts) <= {Verdict.MATCH}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have nodes ask a Redis, or an upstream, that was away again at once."""
    monkeypatch.setattr(bind, "_PAUSES", BackOff(0.02, 0.02))
    monkeypatch.setattr(sender, "_PAUSE", 0.02)
    monkeypatch.setattr(outage, "PAUSE", 0.02)
    monkeypatch.setattr(outbox, "_PAUSE", 0.02)
    monkeypatch.setattr(outbox, "_LOOK_AGAIN", 0.1)


@pytest.fixture
async def make_valve(redis_url: str, tmp_path: Path) -> AsyncIterator[MakeValve]:
    """Make valves between nodes and their Redis: each with the URL of its near end."""
    valves: list[Valve] = []

    async def make() -> tuple[Valve, str]:
        valve = Valve(redis_url)
        valves.append(valve)
        return valve, await valve.start(tmp_path / f"{len(valves)}.sock")

    yield make
    for valve in valves:
        valve.close()


@pytest.fixture
async def make_node(
    redis: Client, redis_url: str, time: Time, network: Network, make_valve: MakeValve
) -> AsyncIterator[MakeNode]:
    """Make nodes that serve until the end of the test."""
    nodes: list[Node] = []

    def make(url: str = redis_url, *, starts: bool = True, **options: object) -> Node:
        node = Node(url, time, network, **options)  # type: ignore[arg-type]
        nodes.append(node)
        if starts:
            node.start()
        return node

    yield make
    for node in nodes:
        await (node.bury() if node.is_killed else node.stop(grace=0))


@pytest.fixture
async def valve(make_valve: MakeValve) -> tuple[Valve, str]:
    return await make_valve()


@pytest.fixture
async def node(make_node: MakeNode) -> Node:
    return make_node()


@pytest.fixture
async def esme(node: Node) -> Esme:
    return node.bind()


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    """An upstream that the test plays."""
    smsc = Smsc()
    await smsc.start()
    yield smsc
    await smsc.stop()


@pytest.fixture
async def node_up(make_node: MakeNode, smsc: Smsc) -> Node:
    """A node that is bound at the upstream."""
    node = make_node(settings=upstream_settings(smsc))
    await node.delivery.upstreams.tried()
    return node


@pytest.fixture
async def up(node_up: Node) -> Esme:
    """An ESME of that node."""
    return node_up.bind()
