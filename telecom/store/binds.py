"""Who is bound, over all nodes: each bind has a lease that its node renews.

Those of a node that died end by themselves, `LEASE` seconds later.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from telecom.store.lua import Call, Client, Script, raise_first, round_trip

LEASE: Final = 15.0
"""Seconds; a node renews what it holds three times as often."""

_TAKE: Final = Script("bind_take")
_RENEW: Final = Script("bind_renew")
_NAMES: Final = Script("bind_names")
_RECEIVES: Final = "rx"
_TRANSMITS: Final = "tx"


class Lease(msgspec.Struct, frozen=True):
    """One bind of an account, as it is known to all nodes."""

    system_id: str
    name: str


class BindCount(msgspec.Struct, frozen=True):
    """How many sessions an account has, and how many of them receive."""

    all: int
    receiving: int


class BindLeases:
    """The leases of one node; `node` is a name that no other one has.

    What is asked of it is asked of Redis in the same order. Methods raise
    `redis.exceptions.RedisError`; `now` is in seconds since the epoch.
    """

    def __init__(self, redis: Client, *, node: str) -> None:
        self._redis = redis
        self._node = node
        self._number = 0
        self._in_order = asyncio.Lock()

    def lease(self, system_id: str, *, receives: bool) -> Lease:
        """Make the lease of a bind, which counts once it is taken or renewed."""
        self._number += 1
        kind = _RECEIVES if receives else _TRANSMITS
        return Lease(system_id, f"{kind}:{self._node}:{self._number}")

    async def take(self, lease: Lease, *, most: int, now: float) -> bool:
        """Count a bind in; tell whether there is room, where the account may have `most`."""
        takes = (lease.name, _ms(now), _ms(now + LEASE), most)
        async with self._in_order:
            (taken,) = await _TAKE.run(self._redis, [Call([_key(lease.system_id)], takes)])
        return bool(taken)

    async def release(self, leases: Iterable[Lease]) -> None:
        """Count binds out."""
        async with self._in_order:
            gone = [("ZREM", _key(lease.system_id), lease.name) for lease in leases]
            raise_first(await round_trip(self._redis, gone))

    async def renew(self, leases: Iterable[Lease], now: float) -> None:
        """Have all leases of this node last for another `LEASE` from now."""
        async with self._in_order:
            held: dict[str, list[str]] = {}
            for lease in leases:
                held.setdefault(lease.system_id, []).append(lease.name)
            if not held:
                return
            takes = (_ms(now), _ms(now + LEASE), list(held.values()))
            await _RENEW.run(self._redis, [Call([_key(name) for name in held], takes)])

    async def count(self, system_ids: Iterable[str], now: float) -> Mapping[str, BindCount]:
        """Count the binds of accounts on all nodes."""
        return {
            system_id: BindCount(len(names), sum(name.startswith(_RECEIVES) for name in names))
            for system_id, names in (await self._names(system_ids, now)).items()
        }

    async def surplus(self, system_id: str, *, most: int, now: float) -> frozenset[str]:
        """Return the names of the leases that are too many: every node is told the same."""
        names = (await self._names([system_id], now))[system_id]
        return frozenset(sorted(names)[most:])

    async def _names(self, system_ids: Iterable[str], now: float) -> dict[str, list[str]]:
        accounts = list(system_ids)
        if not accounts:
            return {}
        keys = [_key(system_id) for system_id in accounts]
        (replies,) = await _NAMES.run(self._redis, [Call(keys, _ms(now))])
        return {
            system_id: [name.decode() for name in names]
            for system_id, names in zip(accounts, replies, strict=True)
        }

    async def take_turn(self, system_id: str, seconds: float) -> bool:
        """Tell whether it is this node that may ask an ESME to bind, for so many seconds."""
        taken = await self._redis.set(_turn_key(system_id), self._node, nx=True, px=_ms(seconds))
        return bool(taken)

    async def keep_turn(self, system_id: str, seconds: float) -> None:
        """Have nobody ask the ESME whose turn is ours for so many seconds from now."""
        await self._redis.set(_turn_key(system_id), self._node, px=_ms(seconds))


def _turn_key(system_id: str) -> str:
    return f"{{accounts}}:outbind:{system_id}"


def _key(system_id: str) -> str:
    return f"{{accounts}}:binds:{system_id}"


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
