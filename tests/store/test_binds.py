import asyncio

import pytest

from telecom.store.binds import LEASE, BindCount, BindLeases, Lease
from telecom.store.lua import Client

from .conftest import NOW


@pytest.fixture
def first(redis: Client) -> BindLeases:
    return BindLeases(redis, node="a-1")


@pytest.fixture
def second(second_redis: Client) -> BindLeases:
    return BindLeases(second_redis, node="b-1")


async def take(
    binds: BindLeases, most: int = 2, now: float = NOW, *, name: str = "demo", receives: bool = True
) -> Lease | None:
    lease = binds.lease(name, receives=receives)
    return lease if await binds.take(lease, most=most, now=now) else None


async def test_the_binds_of_all_nodes_count(first: BindLeases, second: BindLeases) -> None:
    taken = [await take(first), await take(second), await take(first), await take(second)]
    assert [lease is not None for lease in taken] == [True, True, False, False]
    assert await take(second, 1, name="other")
    assert taken[0] is not None
    await first.release([taken[0]])
    assert await take(second)


async def test_a_flood_at_two_nodes_gets_no_more_than_there_is(
    first: BindLeases, second: BindLeases
) -> None:
    taken = await asyncio.gather(*[take(binds, 7) for binds in (first, second) * 10])
    assert sum(lease is not None for lease in taken) == 7


async def test_the_binds_of_a_node_that_died_end_by_themselves(
    first: BindLeases, second: BindLeases
) -> None:
    held = [await take(first), await take(first)]
    assert await take(second, now=NOW + LEASE - 0.001) is None
    await first.renew([lease for lease in held if lease], NOW + LEASE - 1)
    assert await take(second, now=NOW + LEASE + 1) is None
    assert await take(second, now=NOW + 2 * LEASE - 1)


async def test_renewing_brings_back_what_redis_has_lost(
    first: BindLeases, second: BindLeases, redis: Client
) -> None:
    lease = await take(first, 1)
    assert lease
    await redis.flushall()
    await first.renew([lease], NOW)
    assert await take(second, 1) is None
    await first.renew([], NOW)


async def test_binds_are_counted(first: BindLeases, second: BindLeases) -> None:
    await take(first)
    await take(second, receives=False)
    counted = await first.count(["demo", "other"], NOW)
    assert counted == {"demo": BindCount(2, 1), "other": BindCount(0, 0)}
    assert await first.count(["demo"], NOW + LEASE) == {"demo": BindCount(0, 0)}
    assert await first.count([], NOW) == {}


async def test_both_nodes_are_told_the_same_surplus(first: BindLeases, second: BindLeases) -> None:
    leases = [await take(binds, 9) for binds in (first, second, first, second)]
    names = {lease.name for lease in leases if lease}
    for binds in (first, second):
        assert await binds.surplus("demo", most=4, now=NOW) == frozenset()
        assert await binds.surplus("demo", most=0, now=NOW) == names
    surplus = [await binds.surplus("demo", most=3, now=NOW) for binds in (first, second)]
    assert len(surplus[0]) == 1
    assert surplus[0] == surplus[1]


async def test_one_node_has_the_turn(first: BindLeases, second: BindLeases, redis: Client) -> None:
    assert await first.take_turn("demo", 60)
    assert not await second.take_turn("demo", 60)
    assert await second.take_turn("other", 60)
    await first.keep_turn("demo", 5)
    assert 0 < await redis.pttl("{accounts}:outbind:demo") <= 5000
    await redis.delete("{accounts}:outbind:demo")
    assert await second.take_turn("demo", 60)
