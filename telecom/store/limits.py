"""Rate limits of accounts, routes and the whole node: token buckets in Redis."""

from collections.abc import Sequence
from typing import Final

import msgspec

from telecom.store.lua import Call, Client, Script

_GRANT: Final = Script("grant")
_SLOT: Final = "{limits}"
"""All buckets are in one slot: one message asks several of them, all or none."""


class Bucket(msgspec.Struct, frozen=True, gc=False):
    """A limit: `rate` tokens a second (0 for none at all), at most `size` of them at once.

    Nodes that name the same bucket, such as ``account:demo``, share it, at one rate and size.
    """

    name: str
    rate: float
    size: float

    @classmethod
    def of(cls, name: str, rate: float) -> "Bucket":
        """Return a bucket that holds what it gets in a second, one token at least."""
        return cls(name, rate, max(1.0, rate))


class Demand(msgspec.Struct, frozen=True, gc=False):
    """`count` tokens, each of them wanted from all of `buckets`."""

    buckets: tuple[Bucket, ...]
    count: int


class RateLimits:
    """Token buckets, filled by the time that is passed in and shared by all nodes."""

    def __init__(self, redis: Client) -> None:
        self._redis = redis

    async def grant(self, demands: Sequence[Demand], now: float) -> list[int]:
        """Return how many of its tokens each demand gets, first come first served.

        `now` is in seconds since the epoch on every node. One round trip for the batch; raises
        `redis.exceptions.RedisError`.
        """
        places: dict[Bucket, int] = {}
        wanted = [
            (demand.count, [places.setdefault(b, len(places) + 1) for b in demand.buckets])
            for demand in demands
        ]
        keys = [f"{_SLOT}:{bucket.name}" for bucket in places]
        shapes = [(bucket.rate, bucket.size) for bucket in places]
        (granted,) = await _GRANT.run(self._redis, [Call(keys, (now, shapes, wanted))])
        return [int(count) for count in granted]
