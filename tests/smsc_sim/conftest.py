"""The simulator in memory, and at real sockets."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from smsc_sim.config import SmscSimConfig
from smsc_sim.node import SmscSim
from smsc_sim.rules import Rule
from smsc_sim.smsc import Beginning
from telecom.smpp.pdus import Pdu
from tests.net.smpp_peer import Peer
from tests.smsc_sim.world import World, address_of

ACCOUNTS = [{"system_id": name, "password": name} for name in ("demo", "other")]


@pytest.fixture
def world() -> Callable[..., World]:
    def make(*rules: dict[str, Any], seed: int = 0, streams: Any = (), **more: Any) -> World:
        beginning = Beginning(
            rules=tuple(Rule.model_validate(rule) for rule in rules),
            streams=tuple(streams),
            distribution_lists={"friends": ("88210000001", "88210000911")},
            seed=seed,
            first_number=1_000_000_001,
        )
        return World(beginning, **more)

    return make


Start = Callable[..., Awaitable[SmscSim]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Return what starts a simulator with some rules, at free ports."""
    async with AsyncExitStack() as running:

        async def start(*rules: dict[str, Any], **more: Any) -> SmscSim:
            smpp = {"port": 0} | more.pop("smpp", {})
            settings = SmscSimConfig.model_validate(
                {"rules": rules, "accounts": ACCOUNTS, "smpp": smpp, "http": None, **more}
            )
            return await running.enter_async_context(SmscSim(settings))

        yield start


@pytest.fixture
async def connect() -> AsyncIterator[Callable[[SmscSim], Awaitable[Peer]]]:
    """Return what connects a raw peer to a simulator."""
    peers: list[Peer] = []

    async def connect(simulator: SmscSim) -> Peer:
        peers.append(await Peer.to(address_of(simulator)))
        return peers[-1]

    yield connect
    for peer in peers:
        await peer.close()


@pytest.fixture
def peer(start: Start, connect: Callable[[SmscSim], Awaitable[Peer]]) -> Callable[..., Any]:
    """Return what starts a simulator with some rules and binds a raw peer to it."""

    async def bound(*rules: dict[str, Any], bind: Pdu | None = None, **more: Any) -> Peer:
        peer = await connect(await start(*rules, **more))
        await peer.bind(bind)
        return peer

    return bound
