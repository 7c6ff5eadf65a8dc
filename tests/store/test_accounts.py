import asyncio

import pytest

from telecom.store.accounts import (
    AccountNews,
    ConflictError,
    StoredAccounts,
    TooManyAccountsError,
)
from telecom.store.lua import Client


@pytest.fixture
def accounts(redis: Client) -> StoredAccounts:
    return StoredAccounts(redis)


async def test_of_none_there_is_no_news(accounts: StoredAccounts) -> None:
    assert await accounts.since(0) == AccountNews(0, {}, is_everything=True)


async def test_another_node_reads_what_was_written_since_it_looked(
    accounts: StoredAccounts, second_redis: Client
) -> None:
    other = StoredAccounts(second_redis)
    await accounts.write("demo", b'{"rate": 1}\xff', version=0)
    await accounts.write("slow", b"{}", version=1)
    first = await other.since(0)
    assert first == AccountNews(2, {"demo": b'{"rate": 1}\xff', "slow": b"{}"}, is_everything=True)
    await accounts.write("slow", None, version=2)
    assert await other.since(2) == AccountNews(3, {"slow": None})
    assert await other.since(3) == AccountNews(3, {})


async def test_who_writes_must_know_the_last_version(
    accounts: StoredAccounts, second_redis: Client
) -> None:
    writes = [
        StoredAccounts(client).write(name, b"{}", version=0)
        for name, client in (("a", second_redis), ("b", accounts._redis))
    ]
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(ConflictError) == 1
    assert len((await accounts.since(0)).records) == 1


@pytest.mark.parametrize("record", [b"{}", None], ids=["stored", "forgotten"])
async def test_the_same_again_is_no_conflict(
    accounts: StoredAccounts, record: bytes | None
) -> None:
    await accounts.write("demo", b"before", version=0)
    for _ in range(2):
        await accounts.write("demo", record, version=1)
    assert await accounts.since(1) == AccountNews(2, {"demo": record})
    with pytest.raises(ConflictError):
        await accounts.write("demo", b"another", version=1)
    with pytest.raises(ConflictError):
        await accounts.write("other", record, version=1)


async def test_there_are_so_many_at_most(redis: Client) -> None:
    accounts = StoredAccounts(redis, most=1)
    await accounts.write("a", b"1", version=0)
    await accounts.write("a", b"2", version=1)
    with pytest.raises(TooManyAccountsError):
        await accounts.write("b", b"1", version=2)
    await accounts.write("a", None, version=2)
    await accounts.write("b", b"1", version=3)


async def test_a_redis_that_lost_its_data_tells_everything(
    accounts: StoredAccounts, redis: Client
) -> None:
    await accounts.write("a", b"1", version=0)
    await accounts.write("b", b"1", version=1)
    await redis.flushall()
    assert await accounts.since(2) == AccountNews(0, {}, is_everything=True)
    await accounts.write("c", b"1", version=0)
    assert await accounts.since(2) == AccountNews(1, {"c": b"1"}, is_everything=True)
