"""replace_if_present_flag: a message in the place of those that wait, SMPP 3.4 5.2.18."""

from collections.abc import Sequence
from typing import Final

import msgspec
import structlog
from redis.exceptions import RedisError

from telecom.gateway.clock import Clock
from telecom.gateway.delivery.receipts import Receipts
from telecom.sms.receipt import MessageState
from telecom.store.pending import PendingMessages, Replacement
from telecom.store.records import Ended, Message, Stored, Withdrawal

_TRIES: Final = 10
"""How often others may be quicker with messages for the same number before one is given up."""

_log = structlog.get_logger("telecom.gateway.submission.replacing")


class _Waiting(msgspec.Struct):
    """A message that is to be stored; `place` is its place among all of them."""

    place: int
    message: Message
    tries: int = 0


class Replacements:
    """Stores messages in the place of those of the same account, addresses and service type.

    These end as DELETED, with the receipt that they asked for.
    """

    def __init__(self, pending: PendingMessages, receipts: Receipts, *, clock: Clock) -> None:
        self._pending = pending
        self._receipts = receipts
        self._clock = clock

    async def store(self, messages: Sequence[Message]) -> list[bool]:
        """Store messages one after the other where they have the same addresses.

        False for what is not stored; raises `redis.exceptions.RedisError` where nothing is.
        """
        stored = [False] * len(messages)
        waiting = [_Waiting(place, message) for place, message in enumerate(messages)]
        while waiting:
            first = {_addresses(item.message): item for item in reversed(waiting)}
            try:
                done = await self._store(list(first.values()))
            except RedisError as error:
                if not any(stored):
                    raise
                _log.error("not_replaced", count=stored.count(False), error=str(error))
                break
            for item in done:
                stored[item.place] = True
            waiting = [it for it in waiting if not stored[it.place] and it.tries < _TRIES]
        return stored

    async def _store(self, waiting: Sequence[_Waiting]) -> list[_Waiting]:
        now = self._clock.wall()
        found = await self._pending.present([item.message for item in waiting])
        replacements = [
            Replacement(item.message, tuple(self.deletion(it, now) for it in present))
            for item, present in zip(waiting, found, strict=True)
        ]
        done = await self._pending.replace(replacements, now)
        for item in waiting:
            item.tries += 1
        return [item for item, is_done in zip(waiting, done, strict=True) if is_done]

    def deletion(self, stored: Stored, now: float) -> Withdrawal:
        """Return how a message ends that its sender wants no more."""
        message, state = stored.message, MessageState.DELETED
        receipts = self._receipts.of_end(message, state, now=now)
        return Withdrawal(stored, Ended.of(message, state, error=0, at=now), receipts)


def _addresses(message: Message) -> tuple[str, object, str, str]:
    return message.account, message.source, message.destination, message.service_type
