"""From Redis to the ledger: billable events and evidence, in batches, whichever node is there.

An entry is removed from its stream once the ledger has it on disk. A crash between the two
repeats the insert, which changes nothing: the ledger knows events and pairs by their ids.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import msgspec
import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from telecom.charging.events import BillableEvent
from telecom.store.keys import Keys, Partitions
from telecom.store.ledger import Ledger
from telecom.store.lua import Call, Client, Script
from telecom.store.records import Evidence

_TAKE: Final = Script("ledger_take")
_DONE: Final = Script("ledger_done")
_PUT_ASIDE: Final = Script("ledger_put_aside")

_POLL: Final = 0.1
_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 10.0
_LEAVE_OTHERS: Final = -1

_decode_event = msgspec.msgpack.Decoder(BillableEvent).decode
_log = structlog.get_logger("telecom.ledger")


class _Batch(NamedTuple):
    """What was taken from one stream: records by entry, and entries that are none."""

    keys: Keys
    stream: str
    records: dict[str, Any]
    unusable: list[str]


class LedgerFeed:
    """Moves what the nodes append to `{pNN}:events` and `{pNN}:evidence` into the ledger.

    Several may run at once; `consumer` is the name of this one, the same after a restart. Each
    takes at most `batch` entries of a stream at a time, and takes over what another has not
    finished within `claim_after` seconds. `recorded` hears how many events and pairs were new.
    """

    def __init__(
        self,
        redis: Client,
        partitions: Partitions,
        ledger: Ledger,
        *,
        consumer: str,
        batch: int = 500,
        claim_after: float = 30.0,
        recorded: Callable[[int, int], None] | None = None,
    ) -> None:
        self._redis = redis
        self._partitions = partitions
        self._ledger = ledger
        self._consumer = consumer
        self._batch = batch
        self._claim_after = claim_after
        self._claim_at = 0.0
        self._recorded = recorded
        self._taken: list[_Batch] = []
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Move entries until `stop`; wait and try again whenever Redis or the database fails."""
        pause = _FIRST_PAUSE
        while not self._stopping.is_set():
            try:
                moved = await self.step()
            except Exception as error:  # noqa: BLE001 - what is charged must get there in the end
                reason = str(error).partition("\n")[0]
                expected = isinstance(error, RedisError | SQLAlchemyError)
                _log.error(
                    "ledger_feed_failed", error=reason, again_in=pause, exc_info=not expected
                )
                await self._wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                pause = _FIRST_PAUSE
                if moved < self._batch:  # a batch costs the same, however little there is in it
                    await self._wait(_POLL)

    def stop(self) -> None:
        """Have `run` return after the batch under way."""
        self._stopping.set()

    async def drain(self) -> None:
        """Move all that is there; raises `RedisError` or `SQLAlchemyError` where that fails."""
        while await self.step():
            pass

    async def step(self) -> int:
        """Move one batch and return how many entries it had; raises as `drain` does.

        What could not be moved is kept for the next step.
        """
        if not self._taken:
            self._taken = await self._take()
        if not self._taken:
            return 0
        events, pairs = await asyncio.to_thread(self._write, self._taken)
        if self._recorded is not None:
            self._recorded(events, pairs)
        await self._remove(self._taken)
        moved = sum(len(batch.records) + len(batch.unusable) for batch in self._taken)
        self._taken = []
        return moved

    async def _take(self) -> list[_Batch]:
        now = asyncio.get_running_loop().time()
        claims = now >= self._claim_at
        idle = int(self._claim_after * 1000) if claims else _LEAVE_OTHERS
        arguments = [self._consumer, self._batch, idle]
        calls = [Call([keys.events, keys.evidence], arguments) for keys in self._partitions.keys]
        replies = await _TAKE.run(self._redis, calls)
        longest = max(len(entries) for streams in replies for entries in streams)
        if claims and longest < self._batch:  # else there may be more to take over
            self._claim_at = now + self._claim_after / 2
        return [
            _read(keys, stream, entries)
            for keys, streams in zip(self._partitions.keys, replies, strict=True)
            for stream, entries in zip((keys.events, keys.evidence), streams, strict=True)
            if entries
        ]

    def _write(self, batches: Sequence[_Batch]) -> tuple[int, int]:
        """Insert everything, and return how many events and pairs were new; runs in a thread."""
        events: list[BillableEvent] = []
        evidence: dict[int, dict[str, Evidence]] = {}
        for keys, stream, records, _ in batches:
            if stream == keys.events:
                events += records.values()
            else:
                named = {f"{keys.partition:02x}:{entry}": pair for entry, pair in records.items()}
                evidence[keys.partition] = named
        return self._ledger.insert(events, evidence)

    async def _remove(self, batches: Sequence[_Batch]) -> None:
        done = [Call([batch.stream], list(batch.records)) for batch in batches if batch.records]
        await _DONE.run(self._redis, done)
        aside = [batch for batch in batches if batch.unusable]
        for batch in aside:
            _log.error("ledger_entries_unusable", stream=batch.stream, entries=batch.unusable)
        calls = [Call([batch.stream, unusable(batch.keys)], batch.unusable) for batch in aside]
        await _PUT_ASIDE.run(self._redis, calls)

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return


def unusable(keys: Keys) -> str:
    """Return the stream of entries that were no records, with where they came from."""
    return f"{keys.tag}:unusable"


def _read(keys: Keys, stream: str, entries: Sequence[Any]) -> _Batch:
    batch = _Batch(keys, stream, {}, [])
    decode = _event if stream == keys.events else Evidence.of_entry
    for entry, flat in entries:
        try:
            fields = dict(zip(flat[::2], flat[1::2], strict=True))
            batch.records[entry.decode()] = decode(fields)
        except (KeyError, UnicodeDecodeError, msgspec.MsgspecError):
            batch.unusable.append(entry.decode())
    return batch


def _event(fields: dict[bytes, bytes]) -> BillableEvent:
    return _decode_event(fields[b"event"])
