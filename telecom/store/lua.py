"""Lua scripts in Redis: one call for each slot, all calls of a batch in one round trip."""

import hashlib
from collections.abc import Iterable, Sequence
from importlib import resources
from typing import Any, NamedTuple, TypeAlias

import msgspec
from redis.asyncio import Redis, RedisCluster
from redis.exceptions import NoScriptError

from telecom.store.records import ENCODE

Client: TypeAlias = Redis | RedisCluster
"""One Redis, or a Redis Cluster: the store works the same on both."""


def octets(value: bytes) -> msgspec.Raw:
    """Return octets as msgpack's str 32: the msgpack in Redis has no bin format."""
    return msgspec.Raw(b"\xdb" + len(value).to_bytes(4, "big") + value)


class Call(NamedTuple):
    """One run of a script: its KEYS, all of one slot, and what it takes, sent as msgpack.

    Octets in it go through `octets`.
    """

    keys: Sequence[str]
    takes: Any


class Script:
    """A script of ``telecom/store/scripts``, called by its SHA-1; `includes` come before it."""

    def __init__(self, name: str, *, includes: Sequence[str] = ()) -> None:
        folder = resources.files("telecom.store") / "scripts"
        files = [folder / f"{part}.lua" for part in (*includes, name)]
        self.source = "\n".join(file.read_text(encoding="utf-8") for file in files)
        self.sha = hashlib.sha1(self.source.encode(), usedforsecurity=False).hexdigest()

    async def run(self, redis: Client, calls: Sequence[Call]) -> list[Any]:
        """Run the script once for each call and return the replies; raises the first error."""
        return raise_first(await self.try_run(redis, calls))

    async def try_run(self, redis: Client, calls: Sequence[Call]) -> list[Any]:
        """Run the script once for each call; a call that failed has its exception as reply.

        A Redis that does not know the script (it was restarted) is told it. Raises
        `redis.exceptions.RedisError` when no call came through.
        """
        replies = await round_trip(redis, [_command("EVALSHA", self.sha, call) for call in calls])
        unknown = [i for i, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if unknown:
            again = [_command("EVAL", self.source, calls[i]) for i in unknown]
            for i, reply in zip(unknown, await round_trip(redis, again), strict=True):
                replies[i] = reply
        return replies


def _command(name: str, script: str, call: Call) -> tuple[Any, ...]:
    return (name, script, len(call.keys), *call.keys, ENCODE(call.takes))


async def round_trip(redis: Client, commands: Iterable[Sequence[Any]]) -> list[Any]:
    """Send commands, each of one slot, at once; one that failed has its exception as reply."""
    pipeline = redis.pipeline(transaction=False)
    for command in commands:
        pipeline.execute_command(*command)
    replies: list[Any] = await pipeline.execute(raise_on_error=False)
    return replies


def raise_first(replies: list[Any]) -> list[Any]:
    """Return the replies; raises the first that is an exception."""
    for reply in replies:
        if isinstance(reply, Exception):
            raise reply
    return replies
