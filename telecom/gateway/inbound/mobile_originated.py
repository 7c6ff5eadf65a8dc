"""Messages from end users on their way to the account that owns the number they are sent to."""

from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from telecom.charging.catalogue import SMS_MO
from telecom.charging.events import sms_mo
from telecom.gateway.access.accounts import Accounts
from telecom.gateway.clock import Clock
from telecom.gateway.metrics import Metrics
from telecom.numbering.operators import Directory
from telecom.store.keys import Partitions
from telecom.store.micro_batch import MicroBatch
from telecom.store.node import MessageIds
from telecom.store.outbox import Outbox
from telecom.store.records import ENCODE, OutboxItem

_BATCH: Final = 256
_MOST_UNSURE: Final = 10_000
_UNSURE_FOR: Final = 3600.0
"""Seconds in which a message may be the repetition of one that its sender has no answer to."""

_log = structlog.get_logger("telecom.gateway.inbound.mobile_originated")


class Received(msgspec.Struct, frozen=True):
    """A message of the end user `number` to `destination`; `body` is its encoded deliver_sm.

    `identity` is what a repetition of it shares with it; with `reject_duplicates` one is not
    delivered, else only one of a message whose sender had no answer. `operator` is whom it came
    from if the number does not say so.
    """

    number: str
    destination: str
    body: bytes
    identity: str
    reject_duplicates: bool = False
    operator: str = ""


class _Pending(msgspec.Struct, frozen=True):
    """A message on its way into Redis, and how to answer its sender."""

    identity: str
    item: OutboxItem
    answer: Callable[[bool], bool]


class MobileOriginated:
    """Puts messages into the outboxes of the accounts that they are for, each charged once."""

    def __init__(
        self,
        accounts: Accounts,
        *,
        outbox: Outbox,
        partitions: Partitions,
        ids: MessageIds,
        directory: Directory,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._accounts = accounts
        self._outbox = outbox
        self._partitions = partitions
        self._ids = ids
        self._directory = directory
        self._metrics = metrics
        self._clock = clock
        self._unsure: dict[str, tuple[float, str]] = {}
        self._messages = MicroBatch(self._store, _BATCH, failed=self._not_stored)

    def take(self, received: Received, answer: Callable[[bool], bool]) -> bool:
        """Take a message; False where nobody owns its destination.

        `answer` is told whether it is in Redis, and returns whether its sender could be told so.
        """
        owner = self._accounts.owner_of(received.destination)
        if owner is None:
            return False
        message_id = self._ids.next(self._partitions.of(received.number))
        holder = self._directory.by_msisdn(received.number)
        event = sms_mo(
            message_id,
            account=owner,
            operator=holder.name if holder else received.operator,
            number=received.number,
            at=self._clock.wall(),
        )
        identity = received.identity
        item = OutboxItem(
            id=identity if received.reject_duplicates else self._id_of(identity) or message_id,
            account=owner,
            number=received.number,
            body=received.body,
            events=(ENCODE(event),),
        )
        self._messages.add(_Pending(identity, item, answer))
        return True

    async def drain(self) -> None:
        """Wait until everything taken has been answered."""
        await self._messages.drain()

    async def _store(self, received: list[_Pending]) -> None:
        put = await self._outbox.put([message.item for message in received], self._clock.wall())
        self._metrics.billable_events.labels(SMS_MO).inc(sum(put))
        self._metrics.count("mobile_originated", "accepted", len(received))
        for message in received:
            if not message.answer(True):
                self._remember(message)

    def _not_stored(self, received: list[_Pending], error: Exception) -> None:
        _log.error("mo_not_stored", count=len(received), error=str(error))
        self._metrics.count("mobile_originated", "not_stored", len(received))
        for message in received:
            self._remember(message)
            message.answer(False)

    def _remember(self, message: _Pending) -> None:
        """Keep the id of what Redis may have unknown to its sender: it may come again."""
        while len(self._unsure) >= _MOST_UNSURE:
            del self._unsure[next(iter(self._unsure))]
        self._unsure[message.identity] = (self._clock.monotonic() + _UNSURE_FOR, message.item.id)

    def _id_of(self, identity: str) -> str | None:
        """Return the id of a message that this one may be the repetition of."""
        until, message_id = self._unsure.pop(identity, (0.0, ""))
        return message_id if until > self._clock.monotonic() else None
