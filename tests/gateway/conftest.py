"""Nodes of the gateway on a real Redis, joined in memory to a network that a test plays."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from telecom.router.gt_rule import Verdict
from telecom.store.embedded import EmbeddedRedis, connect
from telecom.store.lua import Client
from tests.gateway.esme import Esme
from tests.gateway.network import Network, Time
from tests.gateway.pipeline import Node, Store

MakeNode = Callable[..., Node]


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
async def make_node(
    redis: Client, redis_url: str, time: Time, network: Network
) -> AsyncIterator[MakeNode]:
    """Make nodes that serve until the end of the test."""
    nodes: list[Node] = []

    def make(url: str = redis_url, **options: object) -> Node:
        node = Node(url, time, network, **options)  # type: ignore[arg-type]
        nodes.append(node)
        node.start()
        return node

    yield make
    for node in nodes:
        await node.stop(grace=0)


@pytest.fixture
async def node(make_node: MakeNode) -> Node:
    return make_node()


@pytest.fixture
async def esme(node: Node) -> Esme:
    return node.bind()
