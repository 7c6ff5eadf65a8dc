"""What its owner may do to a message that waits, found by its id: SMPP 3.4 4.9 and 4.10.

A message that a node is at work on, or an upstream has, cannot be changed: the answer is that it
failed. So no message is delivered that was said to be cancelled.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final, Generic, TypeVar

import structlog

from telecom.gateway.metrics import Metrics
from telecom.gateway.stored.owned_messages import Asked, Found, OwnedMessages
from telecom.net.smpp.server import ServerSession
from telecom.smpp.errors import PduError
from telecom.smpp.pdus import CancelSm, Pdu, ReplaceSm
from telecom.smpp.status import CommandStatus
from telecom.store.micro_batch import MicroBatch
from telecom.store.records import Stored

_BATCH: Final = 256
_TRIES: Final = 3
"""How often a message may change between the look at it and what is done about it."""

RequestT = TypeVar("RequestT", CancelSm, ReplaceSm)
ChangeT = TypeVar("ChangeT")

_log = structlog.get_logger("telecom.gateway.stored.changes")


class _Change(Generic[RequestT, ChangeT]):
    """A request, and what it comes to for each of its messages."""

    __slots__ = ("asked", "wanted")

    def __init__(self, asked: Asked[RequestT], wanted: Sequence[ChangeT]) -> None:
        self.asked: Asked[RequestT] = asked
        self.wanted = wanted


class Changes(ABC, Generic[RequestT, ChangeT]):
    """Takes requests of one kind; each is answered when Redis has decided.

    One about a submit_multi succeeds if any of its messages could be changed.
    """

    def __init__(
        self, owned: OwnedMessages, *, name: str, failed: CommandStatus, metrics: Metrics
    ) -> None:
        self._owned = owned
        self._name = name
        self._failed = failed
        self._metrics = metrics
        self._batch: MicroBatch[Asked[RequestT]] = MicroBatch(
            self._change, _BATCH, failed=self._not_changed
        )

    def take(self, session: ServerSession, request: RequestT) -> None:
        """Change what the request names, if it still waits; then answer."""
        self._batch.add(Asked(session, request))

    async def drain(self) -> None:
        """Wait until everything taken has been answered."""
        await self._batch.drain()

    @abstractmethod
    def _make(self, asked: Asked[RequestT], stored: Stored) -> ChangeT:
        """Return what is to become of a message; raises `PduError`."""

    @abstractmethod
    async def _apply(self, changes: Sequence[ChangeT]) -> list[bool]:
        """Make changes; False for what has changed otherwise."""

    @abstractmethod
    def _response(self) -> Pdu:
        """Return the response that it has been done."""

    async def _change(self, asked: list[Asked[RequestT]]) -> None:
        for _ in range(_TRIES):
            found = await self._owned.find(asked)
            judged = [self._judge(it, their) for it, their in zip(asked, found, strict=True)]
            changes = [change for change in judged if change is not None]
            outcomes = iter(await self._apply([it for each in changes for it in each.wanted]))
            asked = []
            for change in changes:
                done = [next(outcomes) for _ in change.wanted]
                if any(done):
                    self.answer(change.asked)
                else:
                    asked.append(change.asked)
            if not asked:
                return
        for it in asked:
            self.refuse(it, self._failed)

    def _judge(self, asked: Asked[RequestT], found: Found) -> _Change[RequestT, ChangeT] | None:
        """Return what a request comes to; one that comes to nothing is refused at once."""
        free = [look.stored for look in found.looks if look.stored and not look.is_taken]
        if not found.looks:
            self.refuse(asked, CommandStatus.ESME_RINVMSGID)
        elif not (free and found.is_source_right):
            self.refuse(asked, self._failed)
        else:
            try:
                return _Change(asked, [self._make(asked, stored) for stored in free])
            except PduError as error:
                self.refuse(asked, error.status)
        return None

    def answer(self, asked: Asked[RequestT]) -> None:
        """Answer that it has been done."""
        self._metrics.count(self._name, "done")
        asked.session.respond(asked.request, self._response())

    def refuse(self, asked: Asked[RequestT], status: int) -> None:
        """Answer that it has not been done."""
        self._metrics.count(self._name, CommandStatus(status).name)
        asked.session.reject(asked.request, status)

    def _not_changed(self, asked: list[Asked[RequestT]], error: Exception) -> None:
        _log.error("not_changed", what=self._name, count=len(asked), error=str(error))
        for it in asked:
            self.refuse(it, CommandStatus.ESME_RSYSERR)
