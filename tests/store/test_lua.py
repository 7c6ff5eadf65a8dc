import asyncio
from pathlib import Path

import msgspec
import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from telecom.store.embedded import EmbeddedRedis, connect
from telecom.store.lua import Call, Client, Script, octets
from telecom.store.node import MessageIds, next_incarnation

INCARNATE = Script("incarnate")


async def test_a_redis_that_forgot_the_script_is_told_it_again(redis: Client) -> None:
    for _ in range(2):
        await redis.script_flush()
        replies = await INCARNATE.run(redis, [Call(["a"], 7), Call(["a"], 7), Call(["b"], 3)])
        assert replies[1] == replies[0] + 1
    assert await redis.script_exists(INCARNATE.sha) == [True]


async def test_a_call_that_fails_leaves_the_others_alone(redis: Client) -> None:
    await redis.set("text", "no number")
    replies = await INCARNATE.try_run(redis, [Call(["text"], 1), Call(["a"], 5)])
    assert isinstance(replies[0], ResponseError)
    assert replies[1] == 5
    with pytest.raises(ResponseError):
        await INCARNATE.run(redis, [Call(["text"], 1)])


async def test_no_call_is_no_round_trip() -> None:
    assert await INCARNATE.run(connect("unix:///nowhere.sock"), []) == []


@pytest.mark.parametrize("size", [0, 1, 31, 255, 70_000])
async def test_octets_come_through_the_msgpack_of_redis_unchanged(redis: Client, size: int) -> None:
    value = bytes(range(256)) * (size // 256) + bytes(range(size % 256))
    packed = msgspec.msgpack.encode([octets(value)])
    reply = redis.eval("return cmsgpack.unpack(ARGV[1])[1]", 0, packed)  # type: ignore[arg-type]
    assert await reply == value  # type: ignore[misc]


async def test_scripts_and_clients_outlive_a_restart_of_redis(server: Path, tmp_path: Path) -> None:
    first = EmbeddedRedis(tmp_path / "data", binary=server)
    await first.start()
    # a symbolic link stands for an address that stays the same
    address = tmp_path / "redis.sock"
    address.symlink_to(first.url.removeprefix("unix://"))
    client = connect(f"unix://{address}")
    before = await next_incarnation(client, 100.0)
    await first.stop()
    under_way = asyncio.gather(next_incarnation(client, 100.0))
    second = EmbeddedRedis(tmp_path / "data", binary=server)
    await second.start()
    address.unlink()
    address.symlink_to(second.url.removeprefix("unix://"))
    assert await under_way == [before + 1]
    await client.aclose()
    await second.stop()


async def test_a_redis_that_stays_away_is_an_error(tmp_path: Path) -> None:
    client = Redis(unix_socket_path=f"{tmp_path}/nothing.sock", retry=Retry(NoBackoff(), 1))
    with pytest.raises(RedisError):
        await next_incarnation(client, 1.0)
    await client.aclose()


async def test_incarnations_never_repeat_even_after_redis_lost_its_data(redis: Client) -> None:
    first = await next_incarnation(redis, 1_800_000_000.9)
    assert first == 1_800_000_000
    assert await next_incarnation(redis, 1_800_000_000.9) == first + 1
    assert await next_incarnation(redis, 1_700_000_000.0) == first + 2
    await redis.flushall()
    assert await next_incarnation(redis, 1_800_000_900.0) == 1_800_000_900


def test_message_ids_name_their_partition_and_count_on() -> None:
    ids = MessageIds(0x6B49D200)
    assert ids.next(0x0A) == "0a6b49d2000000000001"
    assert ids.next(0xFF) == "ff6b49d2000000000002"
