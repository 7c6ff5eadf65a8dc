import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from telecom.store.keys import Partitions
from telecom.store.lua import Client, round_trip
from telecom.store.outbox import Outbox, OutboxBounds
from telecom.store.records import Delivery, OutboxItem
from telecom.store.streams import Entry, Streams

from .conftest import NOW, Cut

NUMBER = "447700900123"


@pytest.fixture
async def outbox(redis: Client, partitions: Partitions) -> AsyncIterator[Outbox]:
    outbox = Outbox(redis, partitions)
    yield outbox
    await outbox.close()


@pytest.fixture
async def other_node(second_redis: Client, partitions: Partitions) -> AsyncIterator[Outbox]:
    outbox = Outbox(second_redis, partitions)
    yield outbox
    await outbox.close()


def items(*bodies: str, account: str = "demo", number: str = NUMBER) -> list[OutboxItem]:
    return [
        OutboxItem(f"{account} {number} {body}", account, number, body.encode()) for body in bodies
    ]


def bodies(deliveries: list[Delivery]) -> list[str]:
    return [delivery.body.decode() for delivery in deliveries]


async def grow_idle(redis: Client, partitions: Partitions, taken: list[Delivery]) -> None:
    """Make it look as if these had been taken a minute ago."""
    for delivery in taken:
        name = partitions.keys[delivery.partition].outbox(delivery.account)
        (pending,) = await redis.xpending_range(name, "gateway", delivery.entry, delivery.entry, 1)
        await redis.xclaim(
            name, "gateway", pending["consumer"], 0, [delivery.entry], idle=60_000, justid=True
        )


async def test_what_is_put_is_taken_in_order_and_gone_once_acknowledged(outbox: Outbox) -> None:
    await outbox.put(items("1", "2"), NOW)
    await outbox.put(items("3"), NOW)
    taken = await outbox.take("a", {"demo": 10}, block=0)
    assert bodies(taken) == ["1", "2", "3"]
    assert await outbox.depth(["demo", "slow"]) == {"demo": 3, "slow": 0}
    await outbox.ack(taken)
    assert await outbox.depth(["demo"]) == {"demo": 0}
    assert await outbox.take("a", {"demo": 10}, block=0) == []


async def test_who_hears_no_more_says_why_and_listens_anew(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fault(*_: object, **__: object) -> list[Entry]:
        raise RuntimeError("a fault of our own")

    with monkeypatch.context() as faulty:
        faulty.setattr(Streams, "read", fault)
        await outbox.take("a", {"demo": 1}, block=0.01)
        with pytest.raises(RuntimeError, match="of our own"):
            await outbox.take("a", {"demo": 1}, block=0)
    taken, _ = await asyncio.gather(
        outbox.take("a", {"demo": 1}, block=5), outbox.put(items("1"), NOW)
    )
    assert bodies(taken) == ["1"]


async def test_an_account_gets_as_many_as_it_has_room_for(outbox: Outbox) -> None:
    await outbox.put(items(*map(str, range(5))), NOW)
    await outbox.put(items("else", account="slow"), NOW)
    assert bodies(await outbox.take("a", {"demo": 2, "slow": 0}, block=0)) == ["0", "1"]
    assert await outbox.take("a", {"demo": 0, "slow": 0}, block=0) == []
    assert bodies(await outbox.take("a", {"demo": 9, "slow": 1}, block=0)) == [
        "2", "3", "4", "else",
    ]  # fmt: skip


async def test_room_is_shared_by_partitions_and_none_of_them_starves(
    outbox: Outbox, partitions: Partitions
) -> None:
    numbers = [f"44770090{number:04}" for number in range(40)]
    assert len({partitions.of(number) for number in numbers}) == partitions.count
    await outbox.put([item for number in numbers for item in items(number, number=number)], NOW)
    taken: list[str] = []
    while some := await outbox.take("a", {"demo": 3}, block=0):
        assert len(some) <= 3
        taken += bodies(some)
    assert sorted(taken) == numbers


async def test_taking_waits_until_something_is_put_on_any_node(
    outbox: Outbox, other_node: Outbox
) -> None:
    waiting = asyncio.gather(outbox.take("a", {"demo": 1}, block=5))
    await asyncio.sleep(0.02)
    assert not waiting.done()
    await other_node.put(items("news"), NOW)
    ((delivery,),) = await asyncio.wait_for(waiting, 2)
    assert delivery.body == b"news"


async def test_waiting_ends_early_when_it_is_woken(outbox: Outbox) -> None:
    waiting = asyncio.gather(outbox.take("a", {"demo": 0}, block=60))
    await asyncio.sleep(0.02)
    await outbox.put(items("1"), NOW)
    await asyncio.sleep(0)
    outbox.wake()
    assert await asyncio.wait_for(waiting, 2) == [[]]
    assert bodies(await outbox.take("a", {"demo": 1}, block=1)) == ["1"]


async def test_cancelling_while_it_waits_loses_nothing(outbox: Outbox) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(outbox.take("a", {"demo": 1}, block=60), 0.02)
    await outbox.put(items("1"), NOW)
    assert bodies(await outbox.take("a", {"demo": 1}, block=1)) == ["1"]


async def test_an_account_that_binds_later_finds_what_was_put_before(outbox: Outbox) -> None:
    await outbox.take("a", {"other": 1}, block=0)
    await outbox.put(items("1"), NOW)
    assert await outbox.take("a", {"other": 1}, block=0) == []
    assert bodies(await outbox.take("a", {"other": 1, "demo": 1}, block=0)) == ["1"]


async def test_two_nodes_never_get_the_same(outbox: Outbox, other_node: Outbox) -> None:
    await outbox.put(items(*map(str, range(50))), NOW)
    shares = await asyncio.gather(
        *[
            node.take(name, {"demo": 30}, block=0)
            for node, name in ((outbox, "a"), (other_node, "b"))
        ]
    )
    assert sorted(body for share in shares for body in bodies(share)) == sorted(map(str, range(50)))


async def test_what_comes_back_keeps_its_place_on_whichever_node(
    outbox: Outbox, other_node: Outbox
) -> None:
    await outbox.put(items(*"12345"), NOW)
    taken = await outbox.take("a", {"demo": 4}, block=0)
    await outbox.ack(taken[:1])
    await outbox.give_back("a", taken[1:])
    assert bodies(await other_node.take("b", {"demo": 2}, block=1)) == ["2", "3"]
    assert bodies(await outbox.take("a", {"demo": 9}, block=1)) == ["4", "5"]


async def test_what_comes_back_wakes_those_who_wait(outbox: Outbox, other_node: Outbox) -> None:
    await outbox.put(items("1"), NOW)
    taken = await outbox.take("a", {"demo": 1}, block=0)
    waiting = asyncio.gather(other_node.take("b", {"demo": 1}, block=5))
    await asyncio.sleep(0.02)
    await outbox.give_back("a", taken)
    ((delivery,),) = await asyncio.wait_for(waiting, 2)
    assert delivery.body == b"1"


async def test_what_a_dead_node_took_is_recovered_for_the_living(
    redis: Client, partitions: Partitions, outbox: Outbox, other_node: Outbox
) -> None:
    await outbox.put(items(*"123"), NOW)
    taken = await outbox.take("dead", {"demo": 2}, block=0)
    assert await other_node.recover(["demo", "never bound"], idle=30) == 0
    await grow_idle(redis, partitions, taken)
    assert await other_node.recover(["demo"], idle=30) == 2
    assert bodies(await other_node.take("b", {"demo": 9}, block=1)) == ["1", "2", "3"]


async def test_a_node_that_lost_something_cannot_give_it_back_from_another(
    redis: Client, partitions: Partitions, outbox: Outbox, other_node: Outbox
) -> None:
    await outbox.put(items("1"), NOW)
    slow = await outbox.take("slow", {"demo": 1}, block=0)
    await grow_idle(redis, partitions, slow)
    await other_node.recover(["demo"], idle=30)
    claimed = await other_node.take("b", {"demo": 1}, block=1)
    assert [delivery.entry for delivery in claimed] == [delivery.entry for delivery in slow]
    await outbox.give_back("slow", slow)
    assert await outbox.take("slow", {"demo": 1}, block=0) == []
    await outbox.ack(slow)  # but what it says was delivered, was
    assert await outbox.depth(["demo"]) == {"demo": 0}


async def test_an_item_is_put_once_and_charged_once(
    redis: Client, partitions: Partitions, outbox: Outbox
) -> None:
    item = OutboxItem("mo 1", "demo", NUMBER, b"hello", events=(b"event",))
    assert await outbox.put([item, item], NOW) == [True, False]
    assert await outbox.put([item], NOW) == [False]
    assert bodies(await outbox.take("a", {"demo": 9}, block=0)) == ["hello"]
    assert await redis.xlen(partitions.keys[partitions.of(NUMBER)].events) == 1


async def test_a_reply_lost_after_the_put_makes_no_second_item(
    cut: tuple[Cut, Client], partitions: Partitions, outbox: Outbox
) -> None:
    link, client = cut
    behind = Outbox(client, partitions)
    await behind.put(items("1"), NOW)  # connected, and the script is known
    link.replies_to_lose = 1
    await behind.put(items("2", "3"), NOW)
    assert link.replies_to_lose == 0
    assert bodies(await outbox.take("a", {"demo": 9}, block=0)) == ["1", "2", "3"]


async def test_beyond_its_length_the_oldest_are_dropped_and_counted(
    redis: Client, partitions: Partitions
) -> None:
    outbox = Outbox(redis, partitions, bounds=OutboxBounds(length=3))
    await outbox.put(items("1", "2"), NOW)
    taken = await outbox.take("a", {"demo": 2}, block=0)
    await outbox.put(items("3", "4", "5"), NOW)
    assert await outbox.dropped() == 2
    await outbox.give_back("a", taken)
    assert bodies(await outbox.take("a", {"demo": 9}, block=1)) == ["3", "4", "5"]
    await outbox.close()


async def test_what_is_too_old_is_dropped_and_counted(
    redis: Client, partitions: Partitions, outbox: Outbox
) -> None:
    keys = partitions.keys[partitions.of(NUMBER)]
    await redis.xadd(keys.outbox("demo"), {"body": "of 1970"}, id="1000-1")
    await redis.xgroup_create(keys.outbox("demo"), "gateway", "0")
    await outbox.put(items("1"), NOW)
    assert await outbox.dropped() == 1
    assert bodies(await outbox.take("a", {"demo": 9}, block=0)) == ["1"]


async def test_a_node_whose_clock_is_years_ahead_drops_nothing(outbox: Outbox) -> None:
    await outbox.put(items("1"), NOW)
    await outbox.put(items("2"), NOW + 1e9)
    assert bodies(await outbox.take("a", {"demo": 9}, block=0)) == ["1", "2"]


async def test_an_outbox_that_nobody_reads_is_gone_after_its_age(
    redis: Client, partitions: Partitions
) -> None:
    outbox = Outbox(redis, partitions, bounds=OutboxBounds(max_age=60))
    await outbox.put(items("1"), NOW)
    name = partitions.keys[partitions.of(NUMBER)].outbox("demo")
    assert 55_000 < await redis.pttl(name) <= 60_000


async def test_consumers_that_hold_nothing_are_forgotten_in_time(
    redis: Client, partitions: Partitions, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telecom.store.outbox._CONSUMER_REMEMBERED", -1)
    await outbox.put(items("1"), NOW)
    await outbox.take("busy", {"demo": 1}, block=0)
    name = partitions.keys[partitions.of(NUMBER)].outbox("demo")
    await redis.xgroup_createconsumer(name, "gateway", "dead")
    await outbox.recover(["demo"], idle=30)
    consumers = await redis.xinfo_consumers(name, "gateway")
    assert [consumer["name"] for consumer in consumers] == [b"busy"]


async def test_it_hears_again_after_its_connection_broke(
    redis: Client, outbox: Outbox, other_node: Outbox
) -> None:
    await outbox.take("a", {"demo": 1}, block=0)
    await round_trip(redis, [["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]])
    waiting = asyncio.gather(outbox.take("a", {"demo": 1}, block=5))
    await asyncio.sleep(0.1)
    await other_node.put(items("1"), NOW)
    ((delivery,),) = await asyncio.wait_for(waiting, 4)
    assert delivery.body == b"1"


async def test_it_hears_again_after_redis_was_away_for_long(
    outbox: Outbox, other_node: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telecom.store.outbox._PAUSE", 0.0)
    read, failures = (
        Streams.read,
        iter([RedisConnectionError("away"), RedisConnectionError("away")]),
    )

    async def failing_at_first(streams: Streams, after: list[str], *, block: float) -> list[Entry]:
        if (failure := next(failures, None)) is not None:
            raise failure
        return await read(streams, after, block=block)

    monkeypatch.setattr(Streams, "read", failing_at_first)
    waiting = asyncio.gather(outbox.take("a", {"demo": 1}, block=5))
    await asyncio.sleep(0.02)
    await other_node.put(items("1"), NOW)
    ((delivery,),) = await asyncio.wait_for(waiting, 2)
    assert delivery.body == b"1"


async def test_a_fault_in_hearing_is_not_silent(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(streams: Streams, after: list[str], *, block: float) -> list[Entry]:
        raise ZeroDivisionError

    monkeypatch.setattr(Streams, "read", broken)
    await outbox.take("a", {"demo": 1}, block=0.01)
    with pytest.raises(ZeroDivisionError):
        await outbox.take("a", {"demo": 1}, block=0)


async def test_every_outbox_is_looked_into_now_and_then_whatever_was_heard(
    redis: Client, partitions: Partitions, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await outbox.take("a", {"demo": 1}, block=0)
    keys = partitions.keys[partitions.of(NUMBER)]
    await redis.xgroup_create(keys.outbox("demo"), "gateway", "0", mkstream=True)
    await redis.xadd(keys.outbox("demo"), {"body": "put without a bell"})
    assert await outbox.take("a", {"demo": 1}, block=0) == []
    monkeypatch.setattr("telecom.store.outbox._LOOK_AGAIN", 0.0)
    assert bodies(await outbox.take("a", {"demo": 1}, block=0)) == ["put without a bell"]
