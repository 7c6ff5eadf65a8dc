"""The same stream of every partition, read as one."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from telecom.store.lua import Client, raise_first, round_trip

GROUP: Final = "gateway"
"""The consumer group of the nodes; the scripts name it too."""

NEW: Final = ">"
_POLL: Final = 0.01
_LONGEST_BLOCK: Final = 10.0


class Entry(NamedTuple):
    """An entry of the stream with the given index."""

    stream: int
    id: str
    fields: dict[bytes, bytes]


class Streams:
    """Streams of different slots, read together.

    One Redis waits for all of them in one call. A Redis Cluster takes one slot a call, so that
    there they are asked again and again, all in one round trip.
    """

    def __init__(self, redis: Client, names: Sequence[str]) -> None:
        self._redis = redis
        self._names = tuple(names)
        self._index = {name.encode(): index for index, name in enumerate(names)}

    async def create_groups(self) -> None:
        """Create the consumer group of each stream where there is none."""
        create = [("XGROUP", "CREATE", name, GROUP, "0", "MKSTREAM") for name in self._names]
        for reply in await round_trip(self._redis, create):
            if isinstance(reply, Exception) and "BUSYGROUP" not in str(reply):
                raise reply

    async def take(self, node: str, *, count: int, block: float) -> list[Entry]:
        """Have the node's consumer take new entries, about `count` at most.

        Waits up to `block` seconds (10 at most) for the first.
        """
        command = ("XREADGROUP", "GROUP", GROUP, node, "COUNT", -(-count // len(self._names)))
        try:
            return await self._read(command, [NEW] * len(self._names), block)
        except ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
        await self.create_groups()
        return await self._read(command, [NEW] * len(self._names), block)

    async def read(self, after: Sequence[str], *, block: float) -> list[Entry]:
        """Return the entries of each stream after the given ids; waits as `take` does."""
        return await self._read(("XREAD",), after, block)

    async def last_ids(self) -> list[str]:
        """Return the id of each stream's last entry."""
        commands = [("XREVRANGE", name, "+", "-", "COUNT", 1) for name in self._names]
        replies = raise_first(await round_trip(self._redis, commands))
        return [reply[0][0].decode() if reply else "0-0" for reply in replies]

    async def _read(
        self, command: tuple[Any, ...], after: Sequence[str], block: float
    ) -> list[Entry]:
        if isinstance(self._redis, Redis):
            wait = ("BLOCK", int(min(block, _LONGEST_BLOCK) * 1000)) if block > 0 else ()
            return await self._ask([(*command, *wait, "STREAMS", *self._names, *after)])
        commands = [
            (*command, "STREAMS", name, start)
            for name, start in zip(self._names, after, strict=True)
        ]
        loop = asyncio.get_running_loop()
        end = loop.time() + min(block, _LONGEST_BLOCK)
        while True:
            entries = await self._ask(commands)
            if entries or loop.time() >= end:
                return entries
            await asyncio.sleep(_POLL)

    async def _ask(self, commands: Sequence[tuple[Any, ...]]) -> list[Entry]:
        replies = raise_first(await round_trip(self._redis, commands))
        return [
            Entry(self._index[name], entry.decode(), fields)
            for reply in replies
            for name, entries in reply
            for entry, fields in entries
        ]
