"""The store on a real Redis Cluster of three masters: no call crosses slots."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from telecom.router.gt_rule import Verdict
from telecom.sms.receipt import MessageState
from telecom.store.accounts import AccountNews, StoredAccounts
from telecom.store.binds import BindCount, BindLeases
from telecom.store.embedded import connect
from telecom.store.gt_gate import GtGate
from telecom.store.keys import Partitions
from telecom.store.limits import Bucket, Demand, RateLimits
from telecom.store.lua import Client
from telecom.store.messages import MessageQueue
from telecom.store.node import next_incarnation
from telecom.store.outbox import Outbox
from telecom.store.pending import PendingMessages, Replacement
from telecom.store.records import (
    Amendment,
    Deferral,
    Depth,
    Ended,
    FsmRequest,
    OutboxItem,
    PendingFlag,
    Progress,
    SriAnswered,
    SriSent,
    Taken,
    Withdrawal,
)
from telecom.store.upstream import Accepted, Found, Told, UpstreamMessages, UpstreamReceipt

from .conftest import NOW, MakeMessage, final

SLOTS = 16384
SHARES = [0, 5461, 10922, SLOTS]
GT = "38591000001"


def free_port() -> int:
    """Return a port whose cluster bus port, 10000 higher, is free as well."""
    while True:
        with socket.socket() as one, socket.socket() as bus:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
            with contextlib.suppress(OSError, OverflowError):
                bus.bind(("127.0.0.1", port + 10_000))
                return port


async def run_master(server: Path, port: int, directory: Path) -> asyncio.subprocess.Process:
    directory.mkdir()
    options = {
        "port": port, "bind": "127.0.0.1", "dir": directory, "save": "", "appendonly": "no",
        "cluster-enabled": "yes", "cluster-node-timeout": 2000, "logfile": directory / "log",
    }  # fmt: skip
    arguments = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    return await asyncio.create_subprocess_exec(server, *arguments)


async def until_answered(client: Redis) -> None:
    while True:
        with contextlib.suppress(RedisConnectionError):
            await client.ping()
            return
        await asyncio.sleep(0.01)


async def join(ports: list[int]) -> None:
    """Give each master its share of the slots, and wait until all know that all is well."""
    async with contextlib.AsyncExitStack() as clients, asyncio.timeout(15):
        masters = [await clients.enter_async_context(Redis(port=port)) for port in ports]
        for epoch, (first, end) in enumerate(pairwise(SHARES), start=1):
            master = masters[epoch - 1]
            await until_answered(master)
            await master.execute_command("CLUSTER", "SET-CONFIG-EPOCH", epoch)
            await master.execute_command("CLUSTER", "ADDSLOTS", *range(first, end))
            await master.execute_command("CLUSTER", "MEET", "127.0.0.1", ports[0])
        while not all([await knows_all(master) for master in masters]):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def knows_all(master: Redis) -> bool:
    state = await master.execute_command("CLUSTER", "INFO")
    slots = await master.execute_command("CLUSTER", "SLOTS")
    return b"cluster_state:ok" in state and len(slots) == len(SHARES) - 1


@pytest.fixture(scope="module")
def cluster_url(any_server: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    ports = [free_port() for _ in SHARES[1:]]
    folder = tmp_path_factory.mktemp("cluster")
    with asyncio.Runner() as runner:
        masters = [runner.run(run_master(any_server, port, folder / str(port))) for port in ports]
        try:
            runner.run(join(ports))
            yield f"redis+cluster://127.0.0.1:{ports[0]}"
        finally:
            for master in masters:
                master.kill()
                runner.run(master.wait())


@pytest.fixture
async def cluster(cluster_url: str) -> AsyncIterator[Client]:
    client = connect(cluster_url)
    await client.flushall(target_nodes="primaries")  # type: ignore[call-arg]
    yield client
    await client.aclose()


@pytest.fixture
def partitions() -> Partitions:
    return Partitions(16)


async def take_all(queue: MessageQueue) -> list[Taken]:
    taken: list[Taken] = []
    while some := await queue.take("a", count=64, block=0):
        taken += some
    return taken


async def test_messages_live_their_whole_life(
    cluster: Client, partitions: Partitions, message: MakeMessage
) -> None:
    queue = MessageQueue(cluster, partitions)
    sent = [message(f"44770090{number:04}") for number in range(64)]
    assert len({partitions.of(item.destination) for item in sent}) == 16
    assert await queue.accept(sent, NOW) == [True] * 64
    assert await queue.accept(sent, NOW) == [True] * 64
    taken = await take_all(queue)
    assert {held.message for held in taken} == set(sent)
    assert await queue.renew("a", taken) == [True] * 64
    assert await queue.save([Progress(held, held.message) for held in taken]) == [True] * 64
    assert (
        await queue.defer([Deferral(held, held.message, NOW + 5) for held in taken], NOW)
        == [True] * 64
    )
    assert await queue.wake(sent[0].destination, NOW) == 1
    assert await queue.release_due(NOW + 5) == 63
    again = await take_all(queue)
    assert await queue.claim("b", idle=30) == []
    finals = [final(held.message, held.entry, (b"receipt",), (b"event",)) for held in again]
    assert await queue.finish(finals, NOW) == [True] * 64
    assert await queue.depth() == Depth(0, 0, 0)
    outbox = Outbox(cluster, partitions)
    received = await outbox.take("a", {"demo": 100}, block=0)
    assert [delivery.body for delivery in received] == [b"receipt"] * 64
    await outbox.give_back("a", received[:32])
    await outbox.ack(received[32:])
    await outbox.ack(await outbox.take("a", {"demo": 100}, block=5))
    assert await outbox.depth(["demo"]) == {"demo": 0}
    assert await outbox.recover(["demo"], idle=30) == 0
    await outbox.close()


async def test_waiting_works_without_blocking_on_one_slot(
    cluster: Client, partitions: Partitions, message: MakeMessage
) -> None:
    queue, outbox = MessageQueue(cluster, partitions), Outbox(cluster, partitions)
    both = asyncio.gather(
        queue.take("a", count=10, block=5), outbox.take("a", {"demo": 1}, block=5)
    )
    await asyncio.sleep(0.05)
    await queue.accept([message()], NOW)
    await outbox.put([OutboxItem("mo", "demo", "447700900777", b"hello")], NOW)
    taken, received = await asyncio.wait_for(both, 4)
    assert len(taken) == len(received) == 1
    await outbox.close()


async def test_the_gt_gate_and_the_limits_hold(cluster: Client, partitions: Partitions) -> None:
    gate = GtGate(cluster, partitions, t1=30)
    numbers = [f"44770090{number:04}" for number in range(64)]
    await gate.sri_sent([SriSent(n, n, "Alba", GT, GT, "447", "1", NOW) for n in numbers])
    answers = [SriAnswered(n, n, "234900000000001", "4477009", NOW) for n in numbers]
    assert await gate.sri_answered(answers) == [True] * 64
    fsms = [
        FsmRequest(n, n, "234900000000001", "4477009", GT, GT, "447", "2", NOW, "m")
        for n in numbers
    ]
    verdicts = await asyncio.gather(gate.authorise(fsms), gate.authorise(fsms))
    for pair in zip(*verdicts, strict=True):
        assert sorted(pair) == [Verdict.MATCH, Verdict.UNSOLICITED]
    demand = Demand((Bucket("account:demo", 10, 5), Bucket("route:alba", 10, 3)), 9)
    assert await RateLimits(cluster).grant([demand], NOW) == [3]
    assert await next_incarnation(cluster, NOW) >= NOW


async def test_accounts_and_binds_are_known_to_all_nodes(cluster: Client) -> None:
    accounts = StoredAccounts(cluster)
    await accounts.write("demo", b"{}", version=0)
    assert await accounts.since(0) == AccountNews(1, {"demo": b"{}"}, is_everything=True)
    binds = BindLeases(cluster, node="a")
    leases = [binds.lease(name, receives=True) for name in ("demo", "other")]
    assert all([await binds.take(lease, most=1, now=NOW) for lease in leases])
    await binds.renew(leases, NOW)
    counted = await binds.count(["demo", "other"], NOW)
    assert counted == {"demo": BindCount(1, 1), "other": BindCount(1, 1)}
    await binds.release(leases)
    assert await binds.take_turn("demo", 1)


async def test_receipts_of_upstreams_find_their_messages(
    cluster: Client, partitions: Partitions, message: MakeMessage
) -> None:
    queue, upstream = MessageQueue(cluster, partitions), UpstreamMessages(cluster, partitions)
    await queue.accept([message(f"88210555{number:03}") for number in range(32)], NOW)
    taken = await take_all(queue)
    parts = [
        Accepted("up", held, replace(held.message, upstream_ids=(held.message.id,)), NOW + 9)
        for held in taken
    ]
    assert await upstream.accepted(parts, NOW) == [None] * 32
    told = Told(MessageState.DELIVRD)
    receipts = [
        UpstreamReceipt("up", part.message.destination, part.message.id, told, is_final=True)
        for part in parts
    ]
    assert await upstream.told(receipts, NOW) == [Found(part.message, told) for part in parts]
    assert await upstream.parts([("up", parts[0].message)]) == [[told]]
    await upstream.ended([("up", part.message) for part in parts])


async def test_messages_that_wait_are_seen_and_changed(
    cluster: Client, partitions: Partitions, message: MakeMessage
) -> None:
    queue, pending = MessageQueue(cluster, partitions), PendingMessages(cluster, partitions)
    sent = [message(f"44770090{number:04}") for number in range(48)]
    await queue.accept(sent, NOW)
    looks = await pending.look([each.id for each in sent])
    stored = [look.stored for look in looks if look.stored is not None]
    assert [each.message for each in stored] == sent
    changed = [replace(each, registered_delivery=1) for each in sent[:16]]
    amendments = [
        Amendment(was, now, is_rescheduled=False)
        for was, now in zip(stored[:16], changed, strict=True)
    ]
    assert await pending.amend(amendments) == [True] * 16
    deletions = [
        Withdrawal(each, Ended.of(each.message, 4, error=0, at=NOW), (b"deleted",))
        for each in stored[16:32]
    ]
    assert await pending.withdraw(deletions, NOW) == [True] * 16
    new = [message(each.destination) for each in sent[32:]]
    present = await pending.present(new)
    replacements = [
        Replacement(
            it, tuple(Withdrawal(was, Ended.of(was.message, 4, error=0, at=NOW)) for was in them)
        )
        for it, them in zip(new, present, strict=True)
    ]
    assert await pending.replace(replacements, NOW) == [True] * 16
    await pending.name_together(new[0].id, [each.id for each in new], seconds=60)
    await queue.flag([PendingFlag(each.destination, "demo", "", b"back") for each in sent])
    assert {held.message.id for held in await take_all(queue)} == {
        each.id for each in (*sent[:16], *new)
    }
