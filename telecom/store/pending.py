"""Messages that wait for their delivery, looked at and changed from outside: by id or by address.

What a node is at work on cannot be changed: that is decided in Redis, in the step that changes it,
so that no message is both delivered and withdrawn.
"""

from collections.abc import Iterable, Sequence
from operator import attrgetter, itemgetter
from typing import Any, Final

import msgspec

from telecom.store.keys import Keys, Partitions, Share, in_order
from telecom.store.lua import Call, Client, Script, octets, raise_first, round_trip
from telecom.store.outbox import OutboxBounds
from telecom.store.parameters import OutboxNumbers, blob_of, member_of
from telecom.store.records import (
    DECODE_ENDED,
    DECODE_MESSAGE,
    ENCODE,
    Amendment,
    EndedBounds,
    Look,
    Message,
    Stored,
    Withdrawal,
    address_key,
)

_WITHDRAWAL: Final = ("append", "ended", "withdrawal")
_LOOK: Final = Script("look")
_WITHDRAW: Final = Script("withdraw", includes=_WITHDRAWAL)
_AMEND: Final = Script("amend")
_FIND: Final = Script("find", includes=["pending"])
_REPLACE: Final = Script("replace", includes=["pending", *_WITHDRAWAL])

LOOKED_AT: Final = 1000
"""How many messages one call looks at, or changes: Redis serves nobody else meanwhile."""

Place = tuple[int, str]
"""Where a search goes on, see ``scripts/pending.lua``."""

START: Final[Place] = (1, "")

_DECODE_IDS: Final = msgspec.msgpack.Decoder(tuple[str, ...]).decode


class Replacement(msgspec.Struct, frozen=True, gc=False):
    """A new message in the place of those that were found with its addresses."""

    message: Message
    withdrawals: tuple[Withdrawal, ...]


class PendingMessages:
    """The messages of all nodes on one Redis.

    Every method is one round trip for its whole batch and raises `redis.exceptions.RedisError`
    when Redis fails; what it was to do may be asked for again.
    """

    def __init__(
        self,
        redis: Client,
        partitions: Partitions,
        *,
        outbox: OutboxBounds | None = None,
        ended: EndedBounds | None = None,
    ) -> None:
        self._redis = redis
        self._partitions = partitions
        self._outbox = outbox or OutboxBounds()
        self._ended = ended or EndedBounds()

    async def look(self, ids: Sequence[str]) -> list[Look]:
        """Return what each id stands for; any text may be asked for."""
        shares = self._by_id(ids)
        calls = [
            Call(
                [
                    *(share.keys.messages, share.keys.taken),
                    *(share.keys.ended, share.keys.ended_before),
                    *[share.keys.group(message_id) for _, message_id in share.items],
                ],
                [message_id for _, message_id in share.items],
            )
            for share in shares
        ]
        replies = await _LOOK.run(self._redis, calls)
        looks = {
            place: _look(found)
            for share, reply in zip(shares, replies, strict=True)
            for (place, _), found in zip(share.items, reply, strict=True)
        }
        return [looks.get(place, Look()) for place in range(len(ids))]

    def _by_id(self, ids: Sequence[str]) -> list[Share[tuple[int, str]]]:
        """Split ids, with their places, by the partition that they begin with."""
        shares: dict[int, Share[tuple[int, str]]] = {}
        for place, message_id in enumerate(ids):
            partition = self._partitions.of_id(message_id)
            if partition is not None:
                share = shares.setdefault(partition, Share(self._partitions.keys[partition]))
                share.items.append((place, message_id))
        return list(shares.values())

    async def withdraw(self, withdrawals: Sequence[Withdrawal], now: float) -> list[bool]:
        """End messages that wait, with their receipts.

        False for one that has ended, has changed since it was looked at, or is on its way.
        """
        number = attrgetter("stored.message.destination")
        shares = self._partitions.share(withdrawals, number, at_most=LOOKED_AT)
        calls = []
        for share in shares:
            outboxes = OutboxNumbers()
            ends = [_withdrawn(withdrawal, outboxes) for withdrawal in share.items]
            names = [*_keys_of_withdrawal(share.keys), *outboxes.keys(share.keys)]
            calls.append(Call(names, (*self._bounds(now), outboxes.accounts, ends)))
        withdrawn = in_order(shares, await _WITHDRAW.run(self._redis, calls))
        return [flag == 1 for flag in withdrawn]

    async def amend(self, amendments: Sequence[Amendment]) -> list[bool]:
        """Change messages that wait; False as `withdraw` has it."""
        number = attrgetter("message.destination")
        shares = self._partitions.share(amendments, number, at_most=LOOKED_AT)
        calls = [
            Call(_keys_of_withdrawal(share.keys)[:5], [_amended(change) for change in share.items])
            for share in shares
        ]
        amended = in_order(shares, await _AMEND.run(self._redis, calls))
        return [flag == 1 for flag in amended]

    async def find(
        self, destination: str, key: bytes, *, start: Place = START
    ) -> tuple[list[Stored], Place | None]:
        """Return messages for a number that wait and have this `records.address_key`.

        Some are looked at, the newest first; where to go on comes with what was found, None at
        the end.
        """
        keys = self._partitions.keys[self._partitions.of(destination)]
        takes = (destination, octets(key), start, LOOKED_AT)
        (((which, seen), found),) = await _FIND.run(self._redis, [Call(_searched(keys), takes)])
        return _stored(found), (which, seen.decode()) if which else None

    async def present(self, messages: Sequence[Message]) -> list[list[Stored]]:
        """Return for each message those that wait and have its addresses and service type.

        They are looked for among the newest that are put off for the number, or queued.
        """
        shares = self._partitions.share(messages, attrgetter("destination"))
        calls, places = [], []
        for share in shares:
            for place, message in zip(share.places, share.items, strict=True):
                takes = (message.destination, octets(_key(message)), START, LOOKED_AT)
                calls.append(Call(_searched(share.keys), takes))
                places.append(place)
        found = zip(places, await _FIND.run(self._redis, calls), strict=True)
        return [_stored(reply[1]) for _, reply in sorted(found, key=itemgetter(0))]

    async def replace(self, replacements: Sequence[Replacement], now: float) -> list[bool]:
        """Store each message in the place of those that `present` has found for it.

        False where others are there by now: nothing has happened then. Raises only when nothing
        was stored.
        """
        bounds = self._bounds(now)
        calls = [
            _replaced(replacement, self._keys_of(replacement.message), bounds, now)
            for replacement in replacements
        ]
        replies = await _REPLACE.try_run(self._redis, calls)
        if all(isinstance(reply, Exception) for reply in replies):
            raise_first(replies)
        return [reply == 1 for reply in replies]

    async def name_together(self, name: str, ids: Sequence[str], *, seconds: float) -> None:
        """Have an id stand for several messages, for so long."""
        partition = self._partitions.of_id(name)
        if partition is None:
            raise ValueError(f"{name} is no message id")
        key = self._partitions.keys[partition].group(name)
        command = ("SET", key, ENCODE(list(ids)), "PX", int(seconds * 1000))
        raise_first(await round_trip(self._redis, [command]))

    def _keys_of(self, message: Message) -> Keys:
        return self._partitions.keys[self._partitions.of(message.destination)]

    def _bounds(self, now: float) -> tuple[list[int], list[float]]:
        return self._outbox.at(now), self._ended.at(now)


def _key(message: Message) -> bytes:
    return address_key(message.account, message.source, message.destination, message.service_type)


def _look(found: Sequence[Any]) -> Look:
    blob, is_taken, ended, members = found
    return Look(
        stored=Stored(DECODE_MESSAGE(blob), blob) if blob else None,
        is_taken=is_taken == 1,
        ended=DECODE_ENDED(ended) if ended else None,
        members=_DECODE_IDS(members) if members else (),
    )


def _stored(found: Sequence[bytes]) -> list[Stored]:
    """Return the messages of ids and blobs, alternating."""
    return [Stored(DECODE_MESSAGE(blob), blob) for blob in found[1::2]]


def _keys_of_withdrawal(keys: Keys) -> list[str]:
    return [
        *(keys.messages, keys.taken, keys.deferred, keys.waiting, keys.scheduled),
        *(keys.ended, keys.ended_before, keys.outbox_ready, keys.outbox_dropped),
    ]


def _searched(keys: Keys) -> list[str]:
    return [keys.messages, keys.taken, keys.mt, keys.waiting, keys.scheduled]


def _withdrawn(withdrawal: Withdrawal, outboxes: OutboxNumbers) -> tuple[Any, ...]:
    message = withdrawal.stored.message
    return (
        message.id,
        octets(withdrawal.stored.blob),
        member_of(message),
        octets(ENCODE(withdrawal.ended)),
        outboxes.of(message.account),
        [octets(receipt) for receipt in withdrawal.receipts],
    )


def _amended(amendment: Amendment) -> tuple[Any, ...]:
    message = amendment.message
    return (
        message.id,
        octets(amendment.stored.blob),
        blob_of(message),
        member_of(message),
        (message.schedule_at or 0.0) if amendment.is_rescheduled else False,
        message.expires_at,
    )


def _replaced(replacement: Replacement, keys: Keys, bounds: Iterable[Any], now: float) -> Call:
    message = replacement.message
    outboxes = OutboxNumbers()
    ends = [_withdrawn(withdrawal, outboxes) for withdrawal in replacement.withdrawals]
    is_later = message.schedule_at is not None and message.schedule_at > now
    new = (message.id, blob_of(message), member_of(message), is_later and message.schedule_at)
    names = [*_keys_of_withdrawal(keys), keys.mt, *outboxes.keys(keys)]
    key = octets(_key(message))
    search = (message.destination, key, START, LOOKED_AT)
    return Call(names, (*search, *bounds, outboxes.accounts, ends, new))
