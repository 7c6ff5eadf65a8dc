"""Mobile-terminated messages from acceptance to their final state, in Redis.

A message is in its partition's hash for as long as it has no final state. Besides, it is in the
queue (a stream that the nodes take from as one consumer group) or in the deferred set.
"""

import hashlib
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import structlog
from redis.exceptions import RedisError

from telecom.store.keys import Keys, Partitions, Share, in_order
from telecom.store.lua import Call, Client, Script, octets, raise_first, round_trip
from telecom.store.node import incarnation_of
from telecom.store.outbox import OutboxBounds
from telecom.store.parameters import OutboxNumbers, blob_of, member_of
from telecom.store.records import (
    DECODE_MESSAGE,
    ENCODE,
    Deferral,
    Depth,
    EndedBounds,
    Final,
    Message,
    PendingFlag,
    Progress,
    Taken,
)
from telecom.store.streams import GROUP, Entry, Streams

RELEASED_AT_ONCE = 500
"""How many deferred messages of a partition one call makes due."""

_ACCEPT = Script("accept")
_SAVE = Script("save")
_TAKE = Script("take")
_DEFER = Script("defer", includes=["append"])
_RELEASE_DUE = Script("release_due", includes=["release"])
_WAKE = Script("wake", includes=["release", "members"])
_FINISH = Script("finish", includes=["append", "ended"])
_CLAIM = Script("claim", includes=["prune"])
_RENEW = Script("renew")
_FLAG = Script("flag")
_FLAGGED = Script("flagged", includes=["append"])

_BATCH_REMEMBERED = 3600
_CONSUMER_REMEMBERED = 3600_000
_FLAGS = 100
_FLAG_REMEMBERED = 7 * 86_400

_log = structlog.get_logger("telecom.store")


class MessageQueue:
    """The queue of all nodes on one Redis.

    Every method is one round trip for its whole batch (`take` is two) and raises
    `redis.exceptions.RedisError` when Redis fails; what it was to do may be asked for again.
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
        self._queues = Streams(redis, [keys.mt for keys in partitions.keys])
        self._cursors = ["0-0"] * partitions.count

    async def accept(self, messages: Sequence[Message], now: float) -> list[bool]:
        """Store and queue (or put off until `schedule_at`) messages that one node accepts.

        Those of a partition are accepted all or none; False for what is not. The same batch, or
        a message with the same id, is accepted once, however often it is sent. Raises only when
        nothing was accepted.
        """
        shares = self._partitions.share(messages, attrgetter("destination"))
        replies = await _ACCEPT.try_run(self._redis, [_accept(share, now) for share in shares])
        failures = [reply for reply in replies if isinstance(reply, RedisError)]
        if failures and len(failures) == len(replies):
            raise failures[0]
        for failure in failures:
            _log.error("partition_not_accepted", error=str(failure))
        accepted = [
            [not isinstance(reply, RedisError)] * len(share.items)
            for share, reply in zip(shares, replies, strict=True)
        ]
        return in_order(shares, accepted)

    async def take(self, node: str, *, count: int, block: float) -> list[Taken]:
        """Take about `count` messages at most; waits up to `block` seconds for the first.

        They are this node's until it defers or finishes them, or until another one claims them;
        `renew` what takes longer than the idle time of `claim`.
        """
        entries = await self._queues.take(node, count=count, block=block)
        return await self._fetch(entries) if entries else []

    async def _fetch(self, entries: Iterable[Entry]) -> list[Taken]:
        shares: dict[int, list[Entry]] = {}
        for entry in entries:
            shares.setdefault(entry.stream, []).append(entry)
        keys = self._partitions.keys
        calls = [
            Call(
                [keys[partition].messages, keys[partition].taken],
                [entry.fields[b"id"].decode() for entry in share],
            )
            for partition, share in shares.items()
        ]
        replies = await _TAKE.run(self._redis, calls)
        taken, finished = [], []
        for (partition, share), reply in zip(shares.items(), replies, strict=True):
            for entry, blob in zip(share, reply, strict=True):
                if blob is not None:
                    taken.append(Taken(DECODE_MESSAGE(blob), entry.id))
                else:
                    finished.append((keys[partition].mt, entry.id))
        await self._forget(finished)
        return taken

    async def _forget(self, entries: Sequence[tuple[str, str]]) -> None:
        """Remove entries whose message another node finished while it was queued again."""
        commands: list[Sequence[Any]] = []
        for queue, entry in entries:
            commands += [("XACK", queue, GROUP, entry), ("XDEL", queue, entry)]
        if commands:
            await round_trip(self._redis, commands)

    async def claim(self, node: str, *, idle: float, count: int = 100) -> list[Taken]:
        """Take over messages that nobody renewed for `idle` seconds: their node is dead.

        At most `count` a partition; the next call goes on behind them.
        """
        calls = [
            Call(
                [keys.mt, keys.messages, keys.taken],
                (node, int(idle * 1000), cursor, count, _CONSUMER_REMEMBERED),
            )
            for keys, cursor in zip(self._partitions.keys, self._cursors, strict=True)
        ]
        await self._queues.create_groups()
        taken = []
        for partition, reply in enumerate(await _CLAIM.run(self._redis, calls)):
            self._cursors[partition] = reply[0].decode()
            taken += [
                Taken(DECODE_MESSAGE(blob), entry.decode())
                for entry, blob in zip(reply[1::2], reply[2::2], strict=True)
            ]
        return taken

    async def renew(self, node: str, taken: Sequence[Taken]) -> list[bool]:
        """Say that the node is still at work on these; False for what it has lost."""
        shares = self._partitions.share(taken, attrgetter("message.destination"))
        calls = [
            Call([share.keys.mt], (node, [held.entry for held in share.items])) for share in shares
        ]
        renewed = in_order(shares, await _RENEW.run(self._redis, calls))
        return [flag == 1 for flag in renewed]

    async def save(self, progress: Sequence[Progress]) -> list[bool]:
        """Replace messages by what they have become, and record their billable events.

        False for a message that has been finished; its events are recorded all the same.
        """
        shares = self._partitions.share(progress, attrgetter("message.destination"))
        calls = [
            Call(
                [share.keys.messages, share.keys.events],
                [
                    (
                        step.message.id,
                        blob_of(step.message),
                        [octets(event) for event in step.events],
                    )
                    for step in share.items
                ],
            )
            for share in shares
        ]
        saved = in_order(shares, await _SAVE.run(self._redis, calls))
        return [flag == 1 for flag in saved]

    async def defer(self, deferrals: Sequence[Deferral], now: float) -> list[bool]:
        """Put taken messages off until they are due, or an alert comes for their number.

        False for what this node has lost; it stays as the other node has left it, and its sender
        is told nothing.
        """
        shares = self._partitions.share(deferrals, attrgetter("message.destination"))
        calls = [_defer(share, self._outbox.at(now)) for share in shares]
        deferred = in_order(shares, await _DEFER.run(self._redis, calls))
        return [flag == 1 for flag in deferred]

    async def release_due(self, now: float) -> int:
        """Queue the deferred messages that are due, up to 500 a partition; return how many."""
        calls = [Call(_put_off(keys), (now, RELEASED_AT_ONCE)) for keys in self._partitions.keys]
        return sum(await _RELEASE_DUE.run(self._redis, calls))

    async def flag(self, flags: Sequence[PendingFlag]) -> None:
        """Set delivery pending flags, up to 100 of a number; they are forgotten after a week."""
        shares = self._partitions.share(flags, attrgetter("number"))
        calls = [
            Call(
                [share.keys.flags(flag.number) for flag in share.items],
                (
                    _FLAGS,
                    _FLAG_REMEMBERED,
                    [(f"{flag.account}\0{flag.source}", octets(flag.body)) for flag in share.items],
                ),
            )
            for share in shares
        ]
        await _FLAG.run(self._redis, calls)

    async def wake(self, msisdn: str, now: float) -> int:
        """Queue the deferred messages for a number that can be reached again; return how many.

        Those that wait for their `schedule_at` go on waiting; who has set a flag is told. A round
        trip for every 500.
        """
        woken = await self._release(msisdn)
        await self._tell_flagged(msisdn, now)
        return woken

    async def _tell_flagged(self, msisdn: str, now: float) -> None:
        keys = self._partitions.keys[self._partitions.of(msisdn)]
        command = ("HGETALL", keys.flags(msisdn))
        (raised,) = raise_first(await round_trip(self._redis, [command]))
        if not raised:
            return
        outboxes = OutboxNumbers()
        flags = []
        for whom, body in raised.items():
            account, _, _ = whom.decode().partition("\0")
            flags.append((whom.decode(), octets(body), outboxes.of(account)))
        names = [keys.flags(msisdn), keys.outbox_ready, keys.outbox_dropped, *outboxes.keys(keys)]
        takes = (self._outbox.at(now), outboxes.accounts, flags)
        await _FLAGGED.run(self._redis, [Call(names, takes)])

    async def _release(self, msisdn: str) -> int:
        keys = self._partitions.keys[self._partitions.of(msisdn)]
        call = Call(_put_off(keys), (msisdn, RELEASED_AT_ONCE))
        woken = 0
        while True:
            (released,) = await _WAKE.run(self._redis, [call])
            woken += int(released)
            if released < RELEASED_AT_ONCE:
                return woken

    async def finish(self, finals: Sequence[Final], now: float) -> list[bool]:
        """Remove messages; hand their receipts to the outbox, their events to the ledger.

        False for a message that was finished before, by whichever node: nothing is handed over.
        """
        shares = self._partitions.share(finals, attrgetter("message.destination"))
        bounds = self._outbox.at(now), self._ended.at(now)
        calls = [_finish(share, *bounds) for share in shares]
        finished = in_order(shares, await _FINISH.run(self._redis, calls))
        return [flag == 1 for flag in finished]

    async def depth(self) -> Depth:
        """Count the messages of all partitions."""
        commands: list[Sequence[Any]] = []
        for keys in self._partitions.keys:
            commands += [("HLEN", keys.messages), ("XLEN", keys.mt), ("ZCARD", keys.deferred)]
        counts = raise_first(await round_trip(self._redis, commands))
        return Depth(sum(counts[0::3]), sum(counts[1::3]), sum(counts[2::3]))


def _put_off(keys: Keys) -> list[str]:
    return [keys.mt, keys.deferred, keys.waiting, keys.scheduled]


def _accept(share: Share[Message], now: float) -> Call:
    at_once, scheduled = [], []
    for message in share.items:
        if message.schedule_at is None or message.schedule_at <= now:
            at_once.append((message.id, blob_of(message)))
        else:
            member = member_of(message)
            scheduled.append((message.id, blob_of(message), member, message.schedule_at))
    ids = "".join([message.id for message in share.items])
    batch = hashlib.blake2b(ids.encode(), digest_size=12).hexdigest()
    keys = share.keys
    last = keys.accepted(incarnation_of(share.items[0].id))
    return Call(
        [keys.messages, keys.mt, keys.deferred, keys.scheduled, last],
        (batch, _BATCH_REMEMBERED, at_once, scheduled),
    )


def _defer(share: Share[Deferral], bounds: Sequence[int]) -> Call:
    keys = share.keys
    outboxes = OutboxNumbers()
    deferrals = []
    for deferral in share.items:
        message = deferral.message
        deferrals.append(
            (
                message.id,
                blob_of(message),
                member_of(message),
                deferral.taken.entry,
                deferral.due,
                outboxes.of(message.account),
                [octets(notice) for notice in deferral.notices],
            )
        )
    names = [keys.messages, keys.mt, keys.deferred, keys.waiting, keys.taken]
    names += [keys.outbox_ready, keys.outbox_dropped, *outboxes.keys(keys)]
    return Call(names, (bounds, outboxes.accounts, deferrals))


def _finish(share: Share[Final], bounds: Sequence[int], memory: Sequence[float]) -> Call:
    keys = share.keys
    outboxes = OutboxNumbers()
    finals = []
    for final in share.items:
        message = final.message
        outbox = outboxes.of(message.account)
        receipts = [octets(receipt) for receipt in final.receipts]
        events = [octets(event) for event in final.events]
        ended = octets(ENCODE(final.ended))
        member = member_of(message)
        finals.append((message.id, member, final.entry, outbox, receipts, events, ended))
    names = [keys.messages, keys.mt, keys.deferred, keys.waiting, keys.scheduled, keys.taken]
    names += [keys.events, keys.ended, keys.ended_before, keys.outbox_ready, keys.outbox_dropped]
    names += outboxes.keys(keys)
    return Call(names, (bounds, memory, outboxes.accounts, finals))
