"""What is to be delivered to accounts: receipts and mobile-originated messages, in Redis.

An account has an outbox in each partition, a stream. Its order is kept; what a node takes and
cannot deliver comes back to its place, for whichever node the account is bound to next.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Final

import msgspec
import structlog
from redis.exceptions import RedisError

from telecom.store.keys import Partitions, Share, in_order
from telecom.store.lua import Call, Client, Script, octets, raise_first, round_trip
from telecom.store.records import Delivery, OutboxItem
from telecom.store.streams import Streams

_PUT: Final = Script("outbox_put", includes=["append"])
_TAKE: Final = Script("outbox_take")
_ACK: Final = Script("outbox_ack")
_RETURN: Final = Script("outbox_return")
_RECOVER: Final = Script("outbox_recover", includes=["prune"])

_ITEM_REMEMBERED: Final = 86_400
_CONSUMER_REMEMBERED: Final = 3600_000
_LOOK_AGAIN: Final = 5.0
"""Seconds until every outbox is looked into, whatever was heard."""

_PAUSE: Final = 0.5

_log = structlog.get_logger("telecom.store")


class OutboxBounds(msgspec.Struct, frozen=True, gc=False):
    """How much an account's outbox may hold in one partition, and for how many seconds.

    Beyond either the oldest entries are dropped (`Outbox.dropped` counts them).
    """

    length: int = 100_000
    max_age: float = 172_800

    def at(self, now: float) -> list[int]:
        """Return the bounds as the scripts want them: length, age in ms, time in ms."""
        return [self.length, int(self.max_age * 1000), int(now * 1000)]


class Outbox:
    """The outboxes of all accounts, as one node sees them.

    Every method is one round trip for its whole batch and raises
    `redis.exceptions.RedisError` when Redis fails. `close` it at the end.
    """

    def __init__(
        self, redis: Client, partitions: Partitions, *, bounds: OutboxBounds | None = None
    ) -> None:
        self._redis = redis
        self._partitions = partitions
        self._bounds = bounds or OutboxBounds()
        self._ready = Streams(redis, [keys.outbox_ready for keys in partitions.keys])
        self._listener: asyncio.Task[None] | None = None
        self._rung = asyncio.Event()
        self._unread: dict[str, dict[int, None]] = {}
        self._looked = 0.0

    async def put(self, items: Sequence[OutboxItem], now: float) -> list[bool]:
        """Put items into outboxes and record their billable events; False for a repeated id."""
        shares = self._partitions.share(items, attrgetter("number"))
        bounds = self._bounds.at(now)
        replies = await _PUT.run(self._redis, [_put(share, bounds) for share in shares])
        return [flag == 1 for flag in in_order(shares, replies)]

    async def take(self, node: str, room: Mapping[str, int], *, block: float) -> list[Delivery]:
        """Take what the accounts bound to this node may get, each as many as it has room for.

        For an account and a number it comes in order, what came back first. Waits up to `block`
        seconds for something to come, or for `wake`; cancelling it meanwhile loses nothing. An
        account in `room` with 0 is bound, but its window is full. One call at a time.
        """
        await self._listen()
        self._notice(room)
        self._rung.clear()
        taken = await self._collect(node, room)
        if taken or block <= 0:
            return taken
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(block):
                await self._rung.wait()
        return await self._collect(node, room)

    def wake(self) -> None:
        """End the waiting of `take`, so that it can be called with other accounts or more room."""
        self._rung.set()

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Remove what has been delivered."""
        calls = [
            Call(
                [self._partitions.keys[partition].outbox(item.account) for item in items],
                [item.entry for item in items],
            )
            for partition, items in _by_partition(deliveries).items()
        ]
        await _ACK.run(self._redis, calls)

    async def give_back(self, node: str, deliveries: Sequence[Delivery]) -> None:
        """Return what this node has taken and could not deliver to its place in the outbox."""
        calls = []
        for partition, items in _by_partition(deliveries).items():
            keys = self._partitions.keys[partition]
            names = [keys.outbox_ready, *[keys.outbox(item.account) for item in items]]
            calls.append(Call(names, (node, [(item.account, item.entry) for item in items])))
        await _RETURN.run(self._redis, calls)

    async def recover(self, accounts: Iterable[str], *, idle: float) -> int:
        """Return to the outboxes what nodes took `idle` seconds ago and have said nothing of.

        `idle` is longer than a live node waits for a response. Returns how many entries wait to
        be taken again.
        """
        names = list(accounts)
        calls = [
            Call(
                [keys.outbox_ready, *[keys.outbox(name) for name in names]],
                (int(idle * 1000), _CONSUMER_REMEMBERED, names),
            )
            for keys in self._partitions.keys
        ]
        return sum(await _RECOVER.run(self._redis, calls))

    async def depth(self, accounts: Iterable[str]) -> dict[str, int]:
        """Return how many entries each account's outboxes hold."""
        names = list(accounts)
        commands = [("XLEN", keys.outbox(name)) for name in names for keys in self._partitions.keys]
        lengths = raise_first(await round_trip(self._redis, commands))
        count = self._partitions.count
        return {name: sum(lengths[i * count : (i + 1) * count]) for i, name in enumerate(names)}

    async def dropped(self) -> int:
        """Return how many entries outboxes have ever lost to their bounds."""
        commands = [("GET", keys.outbox_dropped) for keys in self._partitions.keys]
        counts = raise_first(await round_trip(self._redis, commands))
        return sum(int(count) for count in counts if count)

    async def close(self) -> None:
        """Listen no longer."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.wait([self._listener])
            self._listener = None

    async def _listen(self) -> None:
        if self._listener is None:
            # from here on, and then look once: nothing can fall between
            heard = await self._ready.last_ids()
            self._listener = asyncio.get_running_loop().create_task(self._hear(heard))
        elif self._listener.done():
            ended, self._listener = self._listener, None  # the next call listens anew
            ended.result()

    async def _hear(self, heard: list[str]) -> None:
        while True:
            try:
                entries = await self._ready.read(heard, block=10)
            except (RedisError, OSError) as error:
                _log.warning("outbox_not_heard", error=str(error))
                await asyncio.sleep(_PAUSE)
                continue
            for entry in entries:
                heard[entry.stream] = entry.id
                unread = self._unread.get(entry.fields[b"account"].decode())
                if unread is not None:
                    unread[entry.stream] = None
            if entries:
                self._rung.set()

    def _notice(self, accounts: Iterable[str]) -> None:
        now = asyncio.get_running_loop().time()
        everywhere = range(self._partitions.count)
        look_again = now - self._looked >= _LOOK_AGAIN
        if look_again:
            self._looked = now
        self._unread = {
            account: dict.fromkeys(everywhere)
            if look_again or account not in self._unread
            else self._unread[account]
            for account in accounts
        }

    async def _collect(self, node: str, room: Mapping[str, int]) -> list[Delivery]:
        """Take until there is no room left, or nothing unread for those who have some."""
        left = dict(room)
        taken = []
        while asked := self._ask_for(left):
            for delivery in await self._take_from(node, asked):
                left[delivery.account] -= 1
                taken.append(delivery)
        return taken

    async def _take_from(
        self, node: str, asked: Mapping[int, Sequence[tuple[str, int]]]
    ) -> list[Delivery]:
        calls = []
        for partition, wanted in asked.items():
            keys = self._partitions.keys[partition]
            names = [keys.outbox(account) for account, _ in wanted]
            calls.append(Call(names, (node, [count for _, count in wanted])))
        taken = []
        replies = await _TAKE.run(self._redis, calls)
        for (partition, wanted), reply in zip(asked.items(), replies, strict=True):
            for (account, count), entries in zip(wanted, reply, strict=True):
                if len(entries) == 2 * count:
                    self._unread[account][partition] = None  # there may be more
                taken += [
                    Delivery(account, partition, entry.decode(), body)
                    for entry, body in zip(entries[::2], entries[1::2], strict=True)
                ]
        return taken

    def _ask_for(self, room: Mapping[str, int]) -> dict[int, list[tuple[str, int]]]:
        """Spread each account's room over the partitions where it may have something unread.

        They are no longer unread then: what comes after the script has run rings again.
        """
        asked: dict[int, list[tuple[str, int]]] = {}
        for account, free in room.items():
            unread = self._unread[account]
            share, rest = divmod(max(free, 0), max(len(unread), 1))
            for place, partition in enumerate(list(unread)[: max(free, 0)]):
                del unread[partition]
                count = share + (place < rest)
                asked.setdefault(partition, []).append((account, count))
        return asked


def _put(share: Share[OutboxItem], bounds: Sequence[int]) -> Call:
    keys = share.keys
    names = [keys.events, keys.outbox_ready, keys.outbox_dropped]
    for item in share.items:
        names += (keys.outbox(item.account), keys.outbox_put(item.id))
    items = [
        (item.account, octets(item.body), [octets(event) for event in item.events])
        for item in share.items
    ]
    return Call(names, (bounds, _ITEM_REMEMBERED, items))


def _by_partition(deliveries: Iterable[Delivery]) -> dict[int, list[Delivery]]:
    shares: dict[int, list[Delivery]] = {}
    for delivery in deliveries:
        shares.setdefault(delivery.partition, []).append(delivery)
    return shares
