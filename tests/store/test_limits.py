import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telecom.store.limits import Bucket, Demand, RateLimits
from telecom.store.lua import Client

from .conftest import NOW

ACCOUNT = Bucket("account:demo", rate=10, size=5)
ROUTE = Bucket("route:alba", rate=100, size=3)
NODE = Bucket("node:1", rate=1000, size=1000)


@pytest.fixture
def limits(redis: Client) -> RateLimits:
    return RateLimits(redis)


async def test_a_bucket_gives_its_size_at_once_and_then_its_rate(limits: RateLimits) -> None:
    demand = [Demand((ACCOUNT,), 100)]
    assert await limits.grant(demand, NOW) == [5]
    assert await limits.grant(demand, NOW) == [0]
    assert await limits.grant(demand, NOW + 0.1) == [1]
    assert await limits.grant(demand, NOW + 0.35) == [2]
    assert await limits.grant(demand, NOW + 0.40) == [1]
    assert await limits.grant(demand, NOW + 60) == [5]


async def test_a_message_takes_from_all_of_its_buckets_or_from_none(limits: RateLimits) -> None:
    assert await limits.grant([Demand((ACCOUNT, ROUTE, NODE), 4)], NOW) == [3]
    # the route is empty: nothing was taken from the account for the fourth
    assert await limits.grant([Demand((ACCOUNT, NODE), 4)], NOW) == [2]


async def test_within_a_batch_the_first_comes_first(limits: RateLimits) -> None:
    other = Bucket("account:other", rate=10, size=5)
    demands = [Demand((ACCOUNT, ROUTE), 2), Demand((other, ROUTE), 2), Demand((ACCOUNT,), 9)]
    assert await limits.grant(demands, NOW) == [2, 1, 3]


async def test_nodes_share_buckets(redis: Client, second_redis: Client) -> None:
    demand = [Demand((ACCOUNT,), 4)]
    granted = await asyncio.gather(
        *[RateLimits(client).grant(demand, NOW) for client in (redis, second_redis, redis)]
    )
    assert sum(count for (count,) in granted) == 5


async def test_a_rate_of_zero_gives_nothing_ever(limits: RateLimits) -> None:
    closed = Bucket("account:closed", rate=0, size=10)
    assert await limits.grant([Demand((closed, NODE), 1)], NOW) == [0]
    assert await limits.grant([Demand((closed,), 1)], NOW + 1e6) == [0]


async def test_no_bucket_is_no_limit_and_no_demand_no_call(limits: RateLimits) -> None:
    assert await limits.grant([Demand((), 7)], NOW) == [7]
    assert await limits.grant([], NOW) == []


async def test_a_clock_that_is_behind_gives_nothing_twice(limits: RateLimits) -> None:
    demand = [Demand((ACCOUNT,), 5)]
    assert await limits.grant(demand, NOW) == [5]
    assert await limits.grant(demand, NOW - 30) == [0]
    assert await limits.grant(demand, NOW) == [0]


async def test_a_full_bucket_leaves_nothing_behind(redis: Client, limits: RateLimits) -> None:
    await limits.grant([Demand((ACCOUNT,), 5)], NOW)
    assert 0 < await redis.pttl("{limits}:account:demo") <= 1500
    await limits.grant([Demand((ROUTE,), 0)], NOW)
    assert not await redis.exists("{limits}:route:alba")


@settings(
    max_examples=30,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    rate=st.sampled_from([0.5, 5, 1000, 100_000]),
    size=st.sampled_from([1, 7, 1000, 100_000]),
    asked=st.lists(
        st.tuples(st.sampled_from([0.0, 1e-5, 0.01, 0.1, 3.0]), st.integers(1, 2000)), max_size=20
    ),
)
async def test_never_more_than_size_and_rate_and_never_less_when_asked_for(
    redis: Client, limits: RateLimits, rate: float, size: int, asked: list[tuple[float, int]]
) -> None:
    await redis.flushall()
    bucket, now, tokens = Bucket("b", rate, size), NOW, float(size)
    for after, count in asked:
        tokens = min(size, tokens + (now + after - now) * rate)
        now += after
        (granted,) = await limits.grant([Demand((bucket,), count)], now)
        assert min(count, int(tokens - 0.1)) <= granted <= min(count, tokens + 0.1)
        tokens -= granted
