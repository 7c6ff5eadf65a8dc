"""Billable events that no other record carries, on their way to the ledger."""

from collections.abc import Sequence
from operator import attrgetter

import msgspec
from redis.exceptions import RedisError

from telecom.store.keys import Partitions
from telecom.store.lua import Client, round_trip


class NumberedEvent(msgspec.Struct, frozen=True, gc=False):
    """An encoded billable event; the end user's `number` chooses its partition."""

    number: str
    event: bytes


class EventLog:
    """Appends to the streams that fill the ledger."""

    def __init__(self, redis: Client, partitions: Partitions) -> None:
        self._redis = redis
        self._partitions = partitions

    async def record(self, events: Sequence[NumberedEvent]) -> None:
        """Append events, in one round trip; one recorded twice is charged once, by its id.

        Raises `redis.exceptions.RedisError` when any of them may not have been recorded.
        """
        shares = self._partitions.share(events, attrgetter("number"))
        commands = [
            ("XADD", share.keys.events, "*", "event", item.event)
            for share in shares
            for item in share.items
        ]
        for reply in await round_trip(self._redis, commands):
            if isinstance(reply, RedisError):
                raise reply
