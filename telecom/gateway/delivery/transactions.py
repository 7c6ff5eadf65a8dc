"""Transaction mode: the response to a submit tells how the delivery went, SMPP 3.4 2.10.3."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

import structlog
from redis.exceptions import RedisError

from telecom.net.tasks import spawn
from telecom.router.failures import NETWORK_GSM, NO_MAP_ERROR
from telecom.smpp.status import CommandStatus
from telecom.smpp.tlvs import DELIVERY_FAILURE_REASON, NETWORK_ERROR_CODE, Tlv
from telecom.sms.receipt import MessageState
from telecom.store.pending import PendingMessages
from telecom.store.records import Ended

_PAUSE: Final = 0.1
_MOST: Final = 10_000
_PERMANENT: Final = 2
_TEMPORARY: Final = 3
_REASON: Final[Mapping[int, int]] = {MessageState.EXPIRED: _TEMPORARY}
"""delivery_failure_reason, SMPP 3.4 5.3.2.33; every other state is a permanent failure."""

Outcome = Callable[[int, tuple[Tlv, ...]], None]
"""Hears the command_status and the parameters of the response."""

_log = structlog.get_logger("telecom.gateway.delivery.transactions")


class Transactions:
    """Waits for the ends of messages, whichever node brings them about."""

    def __init__(self, pending: PendingMessages) -> None:
        self._pending = pending
        self._waiting: dict[str, Outcome] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def is_full(self) -> bool:
        """Whether no more can wait."""
        return len(self._waiting) >= _MOST

    def wait(self, message_id: str, outcome: Outcome) -> None:
        """Have `outcome` hear how a stored message ends."""
        self._waiting[message_id] = outcome
        if self._task is None:
            self._task = spawn(self._watch(), name="transactions")

    def give_up(self) -> None:
        """Answer what still waits: how it ends nobody is told any more."""
        waiting, self._waiting = self._waiting, {}
        for outcome in waiting.values():
            outcome(CommandStatus.ESME_RSYSERR, ())

    async def _watch(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(_PAUSE)
                try:
                    await self._look()
                except RedisError as error:
                    _log.warning("redis_down", error=str(error), retry_in=_PAUSE)
        finally:
            self._task = None

    async def _look(self) -> None:
        ids = list(self._waiting)
        for message_id, look in zip(ids, await self._pending.look(ids), strict=True):
            if look.stored is None and message_id in self._waiting:
                self._waiting.pop(message_id)(*_response(look.ended))


def _response(ended: Ended | None) -> tuple[int, tuple[Tlv, ...]]:
    if ended is None:
        return CommandStatus.ESME_RSYSERR, ()  # so much has ended since that it is forgotten
    if ended.state == MessageState.DELIVRD:
        return CommandStatus.ESME_ROK, ()
    tlvs = [DELIVERY_FAILURE_REASON(_REASON.get(ended.state, _PERMANENT))]
    if ended.error not in (0, NO_MAP_ERROR):
        tlvs.append(Tlv(NETWORK_ERROR_CODE.tag, bytes((NETWORK_GSM, 0, ended.error))))
    return CommandStatus.ESME_RDELIVERYFAILURE, tuple(tlvs)
