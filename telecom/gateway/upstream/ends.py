"""How messages end that an upstream has: by the receipts of all their parts, or by time."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from telecom.gateway.clock import Clock
from telecom.gateway.delivery.settlement import Settlement
from telecom.gateway.outage import cannot_fail, until_recorded
from telecom.router.failures import Failure, FailureClass
from telecom.sms.receipt import MessageState
from telecom.store.micro_batch import MicroBatch
from telecom.store.records import Message, Taken
from telecom.store.upstream import Told, UpstreamMessages

_BATCH: Final = 256
_MINUTE: Final = 60.0
"""A done date is as exact as that, SMPP 3.4 appendix B."""
_NOT_TOLD_WHY: Final = 424
_WITHOUT_RECEIPT: Final = Failure(FailureClass.PERMANENT, 425, "no receipt from the upstream")


class Waiting(msgspec.Struct, frozen=True):
    """A message that may be told of; `then` is called once what is known is on record.

    `parts` is what the receipts of its parts say, None where they are to be looked up.
    """

    upstream: str
    taken: Taken
    then: Callable[[], None] | None = None
    parts: Sequence[Told | None] | None = None


class UpstreamEnds:
    """Ends messages; `without_receipt` is for each upstream how those end it never tells of."""

    def __init__(
        self,
        store: UpstreamMessages,
        settlement: Settlement,
        *,
        without_receipt: dict[str, MessageState],
        clock: Clock,
    ) -> None:
        self._store = store
        self._settlement = settlement
        self._without_receipt = without_receipt
        self._clock = clock
        self._overdue = MicroBatch(self._end_overdue, _BATCH, failed=cannot_fail)
        self._ended = MicroBatch(self._forget, _BATCH, failed=cannot_fail)

    async def end_if_told(self, waiting: Sequence[Waiting]) -> None:
        """End those of which all parts have been told; raises `RedisError`."""
        for item, parts in zip(waiting, await self._parts(waiting), strict=True):
            if None not in parts and item.taken.message.is_upstream:
                self._end(item, parts)
            elif item.then is not None:
                item.then()

    def overdue(self, taken: Taken, upstream: str) -> None:
        """End a message whose time is over, by what is known of it."""
        self._overdue.add(Waiting(upstream, taken))

    async def drain(self) -> None:
        """Wait until what is overdue has been handed on, and what has ended is forgotten soon."""
        await self._overdue.drain()
        await self._ended.drain()

    async def _end_overdue(self, waiting: list[Waiting]) -> None:
        looked_up = await until_recorded(lambda: self._parts(waiting))
        for item, parts in zip(waiting, looked_up, strict=True):
            self._end(item, parts)

    async def _parts(self, waiting: Sequence[Waiting]) -> list[Sequence[Told | None]]:
        unknown = [item for item in waiting if item.parts is None]
        looked_up = iter(
            await self._store.parts([(item.upstream, item.taken.message) for item in unknown])
        )
        return [next(looked_up) if item.parts is None else item.parts for item in waiting]

    def _end(self, item: Waiting, parts: Sequence[Told | None]) -> None:
        message = item.taken.message
        told = [part for part in parts if part is not None]
        delivered = sum(part.state is MessageState.DELIVRD for part in told)
        failed = next((part for part in told if part.state is not MessageState.DELIVRD), None)
        if failed is not None:
            state, failure = failed.state, _failure(failed)
        elif delivered == len(message.segments):
            state, failure = MessageState.DELIVRD, None
        else:
            state = self._without_receipt.get(item.upstream, MessageState.UNKNOWN)
            failure = _WITHOUT_RECEIPT
        become = msgspec.structs.replace(message, segments_done=delivered)
        self._settlement.upstream_ended(
            Taken(become, item.taken.entry),
            state,
            failure,
            done_at=_done_at(message, told, now=self._clock.wall()),
            then=lambda: self._recorded(item),
        )

    def _recorded(self, item: Waiting) -> None:
        self._ended.add((item.upstream, item.taken.message))
        if item.then is not None:
            item.then()

    async def _forget(self, ended: list[tuple[str, Message]]) -> None:
        await until_recorded(lambda: self._store.ended(ended))


def _failure(told: Told) -> Failure:
    if not told.error:
        return Failure(FailureClass.PERMANENT, _NOT_TOLD_WHY, "not delivered by the upstream")
    return Failure(FailureClass.PERMANENT, told.error, "told by the upstream", network=told.network)


def _done_at(message: Message, told: Sequence[Told], *, now: float) -> float | None:
    """Return the last done date that can be true; peers write local times as if they were UTC."""
    done_at = max((part.done_at for part in told), default=0.0)
    if not message.accepted_at - _MINUTE < done_at <= now:
        return None
    return max(done_at, message.accepted_at)
