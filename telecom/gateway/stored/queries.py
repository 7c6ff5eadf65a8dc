"""query_sm: how a message is doing, or how it ended, SMPP 3.4 4.8."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import structlog

from telecom.gateway.clock import Clock
from telecom.gateway.delivery.settlement import last_failure
from telecom.gateway.metrics import Metrics
from telecom.gateway.stored.owned_messages import Asked, OwnedMessages
from telecom.net.smpp.server import ServerSession
from telecom.router.times import absolute_time
from telecom.smpp.pdus import QuerySm, QuerySmResp
from telecom.smpp.status import CommandStatus
from telecom.smpp.versions import InterfaceVersion
from telecom.sms.receipt import MessageState
from telecom.store.micro_batch import MicroBatch
from telecom.store.records import Ended, Look, Message

_BATCH: Final = 256
_SCHEDULED: Final = 0
"""message_state of what is not due yet, SMPP 5.0 4.7.15; for 3.4 that is ENROUTE."""
_WORST_FIRST: Final = (
    MessageState.UNDELIV,
    MessageState.REJECTD,
    MessageState.EXPIRED,
    MessageState.UNKNOWN,
    MessageState.DELETED,
    MessageState.DELIVRD,
)
"""The final states, for one id that stands for several messages."""

_log = structlog.get_logger("telecom.gateway.stored.queries")


class Queries:
    """Answers query_sm; all of one turn of the loop by one look at each partition."""

    def __init__(self, owned: OwnedMessages, *, metrics: Metrics, clock: Clock) -> None:
        self._owned = owned
        self._metrics = metrics
        self._clock = clock
        self._batch = MicroBatch(self._answer, _BATCH, failed=self._not_answered)

    def take(self, session: ServerSession, request: QuerySm) -> None:
        """Answer a request when Redis has been asked."""
        self._batch.add(Asked(session, request))

    async def drain(self) -> None:
        """Wait until everything taken has been answered."""
        await self._batch.drain()

    async def _answer(self, asked: list[Asked[QuerySm]]) -> None:
        found = await self._owned.find(asked)
        now = self._clock.wall()
        for it, their in zip(asked, found, strict=True):
            if not their.looks:
                self._refuse(it, CommandStatus.ESME_RINVMSGID)
            elif not their.is_source_right:
                self._refuse(it, CommandStatus.ESME_RQUERYFAIL)
            else:
                self._metrics.count("query", "answered")
                is_v50 = it.session.version >= InterfaceVersion.V50
                response = _response(it.request, their.looks, now=now, is_v50=is_v50)
                it.session.respond(it.request, response)

    def _refuse(self, asked: Asked[QuerySm], status: CommandStatus) -> None:
        self._metrics.count("query", status.name)
        asked.session.reject(asked.request, status)

    def _not_answered(self, asked: list[Asked[QuerySm]], error: Exception) -> None:
        _log.error("not_queried", count=len(asked), error=str(error))
        for it in asked:
            self._refuse(it, CommandStatus.ESME_RSYSERR)


def _response(request: QuerySm, looks: Sequence[Look], *, now: float, is_v50: bool) -> QuerySmResp:
    """Return the response, SMPP 3.4 4.8.2; several messages are as far as the last one of them."""
    pending = [look.stored.message for look in looks if look.stored is not None]
    if pending:
        later = is_v50 and all(_is_scheduled(message, now) for message in pending)
        failure = last_failure(pending[0])
        return QuerySmResp(
            message_id=request.message_id,
            message_state=_SCHEDULED if later else MessageState.ENROUTE,
            error_code=failure.error_code if failure else 0,
        )
    ends = [look.ended for look in looks if look.ended is not None]
    worst = min(ends, key=_badness)
    at = datetime.fromtimestamp(max(ended.at for ended in ends), UTC)
    return QuerySmResp(
        message_id=request.message_id,
        final_date=absolute_time(at).encode(),
        message_state=worst.state,
        error_code=worst.error,
    )


def _badness(ended: Ended) -> int:
    return _WORST_FIRST.index(ended.state)


def _is_scheduled(message: Message, now: float) -> bool:
    return message.schedule_at is not None and message.schedule_at > now and not message.attempts
