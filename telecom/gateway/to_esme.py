"""From an account's outbox to its ESME: receipts and mobile-originated messages as deliver_sm.

An entry is in Redis until the ESME has acknowledged it; what it does not acknowledge comes
back to its place, for the next bind of the account on whichever node.
"""

import asyncio
from typing import Final

import msgspec
import structlog
from redis.exceptions import RedisError

from telecom.gateway.clock import Clock
from telecom.gateway.metrics import Metrics
from telecom.net.smpp_server import ServerSession
from telecom.net.tasks import spawn
from telecom.smpp import codec
from telecom.smpp.pdus import DeliverSm, Pdu
from telecom.smpp.status import CommandStatus
from telecom.store.micro_batch import MicroBatch
from telecom.store.outbox import Outbox
from telecom.store.records import Delivery

_BATCH: Final = 256
_BLOCK: Final = 5.0
_PAUSE: Final = 1.0
"""How long an ESME that cannot take more at the moment is left alone, seconds."""
_ORPHANED: Final = 60.0
"""How long a dead node's entries wait until another may take them, seconds."""
_FIRST_VERSION_WITH_TLVS: Final = 0x34

_NOT_NOW: Final = frozenset(
    {
        CommandStatus.ESME_RSYSERR,
        CommandStatus.ESME_RMSGQFUL,
        CommandStatus.ESME_RTHROTTLED,
        CommandStatus.ESME_RX_T_APPN,
    }
)
"""Statuses after which the same deliver_sm is sent again, SMPP 3.4 5.1.3."""

_log = structlog.get_logger("telecom.gateway.to_esme")


class ToEsme:
    """Delivers the outboxes of the accounts that are bound to this node as receivers."""

    def __init__(
        self, outbox: Outbox, *, node: str, window: int, metrics: Metrics, clock: Clock
    ) -> None:
        self._outbox = outbox
        self._node = node
        self._window = window
        self._metrics = metrics
        self._clock = clock
        self._receivers: dict[str, list[ServerSession]] = {}
        self._under_way: dict[ServerSession, int] = {}
        self._paused_until: dict[str, float] = {}
        self._bound = asyncio.Event()
        self._acks = MicroBatch(self._outbox.ack, _BATCH, failed=self._not_recorded)
        self._returns = MicroBatch(self._give_back, _BATCH, failed=self._not_recorded)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to deliver."""
        self._tasks = [
            spawn(self._deliver_all(), name="outbox"),
            spawn(self._recover(), name="outbox recovery"),
        ]

    async def stop(self) -> None:
        """Take no more from the outboxes, and record what has been answered so far."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._acks.drain()
        await self._returns.drain()
        await self._outbox.close()

    def bound(self, session: ServerSession) -> None:
        """Deliver to a session that has just been bound, if it is a receiver."""
        if session.receives:
            self._receivers.setdefault(session.system_id, []).append(session)
            self._under_way[session] = 0
            self._bound.set()
            self._outbox.wake()

    def unbound(self, session: ServerSession) -> None:
        """Deliver no more to a session that is gone."""
        sessions = self._receivers.get(session.system_id, [])
        if session in sessions:
            sessions.remove(session)
            del self._under_way[session]
        if not sessions:
            self._receivers.pop(session.system_id, None)

    async def _deliver_all(self) -> None:
        while True:
            if not self._receivers:
                self._bound.clear()
                await self._bound.wait()
            try:
                taken = await self._outbox.take(self._node, self._room(), block=_BLOCK)
            except RedisError as error:
                _log.warning("redis_down", error=str(error), retry_in=_PAUSE)
                await asyncio.sleep(_PAUSE)
                continue
            for delivery in taken:
                self._deliver(delivery)

    async def _recover(self) -> None:
        while True:
            await asyncio.sleep(_ORPHANED / 2)
            try:
                await self._outbox.recover(list(self._receivers), idle=_ORPHANED)
            except RedisError as error:
                _log.warning("redis_down", error=str(error), retry_in=_ORPHANED / 2)

    def _room(self) -> dict[str, int]:
        now = self._clock.monotonic()
        return {
            account: 0
            if self._paused_until.get(account, 0) > now
            else sum(self._free(session) for session in sessions)
            for account, sessions in self._receivers.items()
        }

    def _free(self, session: ServerSession) -> int:
        return max(0, self._window - self._under_way[session])

    def _deliver(self, delivery: Delivery) -> None:
        """Send one deliver_sm over the session of its account that has most room."""
        sessions = self._receivers.get(delivery.account)
        if not sessions:
            self._returns.add(delivery)
            return
        session = max(sessions, key=self._free)
        self._under_way[session] += 1
        answered = session.request(_deliver_sm(delivery.body, session.interface_version))
        answered.add_done_callback(lambda future: self._answered(session, delivery, future))

    def _answered(
        self, session: ServerSession, delivery: Delivery, answered: asyncio.Future[Pdu]
    ) -> None:
        if session in self._under_way:
            self._under_way[session] -= 1
        status = _status(answered)
        self._count(status)
        if status is None or status in _NOT_NOW:
            self._pause(delivery.account)
            self._returns.add(delivery)
        else:
            self._acks.add(delivery)
        self._outbox.wake()

    def _pause(self, account: str) -> None:
        self._paused_until[account] = self._clock.monotonic() + _PAUSE
        asyncio.get_running_loop().call_later(_PAUSE, self._outbox.wake)

    def _count(self, status: int | None) -> None:
        name = "no answer" if status is None else _name_of(status)
        self._metrics.messages.labels("outbox", name).inc()

    async def _give_back(self, deliveries: list[Delivery]) -> None:
        await self._outbox.give_back(self._node, deliveries)

    def _not_recorded(self, deliveries: list[Delivery], error: Exception) -> None:
        """Leave what Redis did not hear of to `recover`: it comes again rather than be lost."""
        _log.warning("outbox_not_recorded", count=len(deliveries), error=str(error))


def _name_of(status: int) -> str:
    """Return a command_status by its name, or as a number where it has none."""
    try:
        return CommandStatus(status).name
    except ValueError:
        return f"{status:#010x}"


def _status(answered: asyncio.Future[Pdu]) -> int | None:
    """Return the command_status that came, None where none came."""
    if answered.cancelled() or answered.exception() is not None:
        return None
    return answered.result().command_status


def _deliver_sm(body: bytes, interface_version: int) -> DeliverSm:
    """Return the stored deliver_sm as this peer may get it: before 3.4 there are no TLVs."""
    pdu = codec.decode(body)
    if not isinstance(pdu, DeliverSm):
        raise TypeError("the outbox holds encoded deliver_sm")
    if interface_version < _FIRST_VERSION_WITH_TLVS and pdu.tlvs:
        return msgspec.structs.replace(pdu, tlvs=())
    return pdu
