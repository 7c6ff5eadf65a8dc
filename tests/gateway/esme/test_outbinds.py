"""Who calls an ESME that has something waiting, and when it is called again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from pydantic import SecretStr

from telecom.gateway.access.account import AccountOfFile, OutbindTarget
from telecom.gateway.access.accounts import Accounts
from telecom.gateway.clock import Clock
from telecom.gateway.esme import outbinds
from telecom.gateway.esme.outbinds import Outbinds
from telecom.net.back_off import BackOff
from telecom.smpp.errors import LinkClosedError
from telecom.store.binds import BindLeases
from telecom.store.lua import Client
from telecom.store.outbox import Outbox
from telecom.store.records import OutboxItem
from tests.gateway.network import Time
from tests.gateway.pipeline import PARTITIONS, eventually

TARGET = OutbindTarget(host="192.0.2.1")


class Session:
    """What comes of a call that succeeds."""

    def __init__(self, system_id: str) -> None:
        self.system_id = system_id


class Esme:
    """The ESME that is called: it counts the calls, and answers each as it is told."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.binds_as = "esme"
        self.error: Exception | None = LinkClosedError("not now")

    def caller(self, node: str) -> Callable[[OutbindTarget], Any]:
        async def call(target: OutbindTarget) -> Any:
            assert target == TARGET
            self.calls.append(node)
            await asyncio.sleep(0)
            if self.error is not None:
                raise self.error
            return Session(self.binds_as)

        return call


@pytest.fixture
def esme() -> Esme:
    return Esme()


@pytest.fixture
async def nodes(
    redis: Client, time: Time, esme: Esme, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[list[Outbinds]]:
    """Two nodes that look often, and call again soon."""
    monkeypatch.setattr(outbinds, "LOOK", 0.005)
    monkeypatch.setattr(outbinds, "_BACK_OFF", BackOff(first=0.02, longest=0.02))
    account = AccountOfFile(system_id="esme", password=SecretStr("esme"), outbind=TARGET)
    outbox = Outbox(redis, PARTITIONS)
    made = [
        Outbinds(
            Accounts([account]),
            esme.caller(name),
            outbox=outbox,
            leases=BindLeases(redis, node=name),
            clock=Clock(time.monotonic, time.wall),
        )
        for name in "ab"
    ]
    await outbox.put([OutboxItem("1", "esme", "447700900123", b"")], time.wall())
    yield made
    for node in made:
        await node.stop()
    await outbox.close()


@pytest.mark.parametrize(
    "error",
    [LinkClosedError("not now"), OSError(111, "refused"), UnicodeError("label too long")],
)
async def test_who_does_not_bind_is_called_again(
    nodes: list[Outbinds], esme: Esme, error: Exception
) -> None:
    esme.error = error
    nodes[0].start()
    await eventually(lambda: len(esme.calls) >= 3, expected=True)
    assert "esme" in nodes[0]._delays


async def test_one_node_at_a_time_calls(nodes: list[Outbinds], esme: Esme) -> None:
    esme.error = None
    for node in nodes:
        node.start()
    await eventually(lambda: len(esme.calls), 1)
    # the turn lasts, and nobody else has it
    await asyncio.gather(*[node._look() for node in nodes])
    assert len(esme.calls) == 1


async def test_who_binds_as_another_is_called_less_and_less(
    nodes: list[Outbinds], esme: Esme
) -> None:
    esme.error, esme.binds_as = None, "another"
    nodes[0].start()
    await eventually(lambda: "esme" in nodes[0]._delays, expected=True)


async def test_who_is_bound_at_another_node_is_not_called(
    nodes: list[Outbinds], esme: Esme, redis: Client, time: Time
) -> None:
    leases = BindLeases(redis, node="c")
    await leases.take(leases.lease("esme", receives=False), most=9, now=time.wall())
    await nodes[0]._look()
    await eventually(lambda: len(esme.calls), 1)
    await leases.take(leases.lease("esme", receives=True), most=9, now=time.wall())
    await redis.delete("{accounts}:outbind:esme")
    await nodes[1]._look()
    assert not nodes[1]._calling
    assert await leases.take_turn("esme", 1)


async def test_a_node_that_stops_calls_nobody(nodes: list[Outbinds], esme: Esme) -> None:
    nodes[0].start()
    await nodes[0].stop()
    await nodes[0]._look()
    assert esme.calls == []
