"""From an account's outbox to its ESME: receipts and mobile-originated messages as deliver_sm.

An entry is in Redis until the ESME has acknowledged it; what it does not acknowledge comes
back to its place, for the next bind of the account on whichever node.
"""

import asyncio
from typing import Final

import msgspec
import structlog

from telecom.gateway.metrics import Metrics
from telecom.gateway.outage import LAST_RECORDS, at_most, cannot_fail, repeat, until_recorded, wait
from telecom.net.smpp.server import ServerSession
from telecom.net.tasks import spawn
from telecom.smpp import codec
from telecom.smpp.adaptation import adapted
from telecom.smpp.pdus import AlertNotification, DeliverSm, Pdu
from telecom.smpp.status import CommandStatus
from telecom.store.micro_batch import MicroBatch
from telecom.store.outbox import Outbox
from telecom.store.records import Delivery

_BATCH: Final = 256

_NOT_NOW: Final = frozenset(
    {
        CommandStatus.ESME_RSYSERR,
        CommandStatus.ESME_RMSGQFUL,
        CommandStatus.ESME_RTHROTTLED,
        CommandStatus.ESME_RX_T_APPN,
    }
)
"""Statuses after which the same deliver_sm is sent again, SMPP 3.4 5.1.3."""

_log = structlog.get_logger("telecom.gateway.esme.to_esme")


class OutboxPace(msgspec.Struct, frozen=True):
    """How often the outboxes are looked into, in seconds.

    `block` is the longest wait for news, `pause` how long an ESME that cannot take more is left
    alone, `orphaned` how long a dead node's entries wait until another may take them.
    """

    block: float = 5.0
    pause: float = 1.0
    orphaned: float = 20.0


class ToEsme:
    """Delivers the outboxes of the accounts that are bound to this node as receivers."""

    def __init__(
        self,
        outbox: Outbox,
        *,
        node: str,
        window: int,
        metrics: Metrics,
        pace: OutboxPace | None = None,
    ) -> None:
        self._outbox = outbox
        self._node = node
        self._window = window
        self._metrics = metrics
        self._pace = pace or OutboxPace()
        self._receivers: dict[str, list[ServerSession]] = {}
        self._under_way: dict[ServerSession, int] = {}
        self._bound = asyncio.Event()
        self._sent = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._paused: dict[str, asyncio.TimerHandle] = {}
        self._acks = MicroBatch(self._ack, _BATCH, failed=cannot_fail)
        self._returns = MicroBatch(self._give_back, _BATCH, failed=cannot_fail)
        self._stopping = asyncio.Event()
        self._is_outage = False
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to deliver."""
        steps = {"outbox": self._deliver_some, "outbox recovery": self._recover}
        self._tasks = [
            spawn(repeat(step, name=name, until=self._stopping), name=name)
            for name, step in steps.items()
        ]

    async def stop_taking(self) -> None:
        """Take no more from the outboxes, and wait a little for what has been sent.

        That comes before the sessions are unbound: an ESME answers nothing after its unbind_resp,
        and what it has not answered it gets again.
        """
        self._stopping.set()
        self._bound.set()
        self._outbox.wake()
        await at_most(LAST_RECORDS, self._tasks_ended)  # what they take at last is given back
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await wait(self._idle, LAST_RECORDS)

    async def _tasks_ended(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def stop(self) -> None:
        """Stop taking, and record what has been answered so far."""
        await self.stop_taking()
        for pause in self._paused.values():
            pause.cancel()
        await at_most(LAST_RECORDS, self._acks.drain, self._returns.drain)
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
            self._count_sent(-self._under_way.pop(session))
        if not sessions:
            self._receivers.pop(session.system_id, None)

    async def _deliver_some(self) -> None:
        if not self._receivers:
            self._bound.clear()
            await self._bound.wait()
        if self._stopping.is_set():
            return
        for delivery in await self._outbox.take(self._node, self._room(), block=self._pace.block):
            self._deliver(delivery)

    async def _recover(self) -> None:
        """Take over what dead nodes held, but for right after an outage of Redis.

        Then the nodes that live come first: they could not record what was answered meanwhile.
        """
        await wait(self._stopping, self._pace.orphaned / 2)
        if self._stopping.is_set():
            return
        after_outage, self._is_outage = self._is_outage, True
        accounts = [] if after_outage else list(self._receivers)
        await self._outbox.recover(accounts, idle=self._pace.orphaned)
        self._is_outage = False

    def _room(self) -> dict[str, int]:
        return {
            account: 0
            if account in self._paused
            else sum(self._free(session) for session in sessions)
            for account, sessions in self._receivers.items()
        }

    def _free(self, session: ServerSession) -> int:
        return max(0, self._window - self._under_way[session])

    def _deliver(self, delivery: Delivery) -> None:
        """Send one deliver_sm over the session of its account that has most room."""
        sessions = self._receivers.get(delivery.account)
        if not sessions or self._stopping.is_set():
            self._returns.add(delivery)
            return
        session = max(sessions, key=self._free)
        try:
            pdu = _decoded(delivery.body)
            adapted(pdu, session.version, None)  # or it would come back again and again
            if isinstance(pdu, AlertNotification):
                session.notify(pdu)
                self._acks.add(delivery)
                return
        except Exception:  # noqa: BLE001 - the entries behind it must be delivered
            _log.exception("outbox_entry_unusable", account=delivery.account, entry=delivery.entry)
            self._acks.add(delivery)
            return
        self._under_way[session] += 1
        self._count_sent(1)
        answered = session.request(pdu)
        answered.add_done_callback(lambda future: self._answered(session, delivery, future))

    def _answered(
        self, session: ServerSession, delivery: Delivery, answered: asyncio.Future[Pdu]
    ) -> None:
        is_bound = session in self._under_way
        if is_bound:
            self._under_way[session] -= 1
            self._count_sent(-1)
        status = _status(answered)
        self._metrics.count("outbox", "no answer" if status is None else _name_of(status))
        if status is None or status in _NOT_NOW:
            if is_bound:  # else it is the session that is over: another one may take it at once
                self._pause(delivery.account)
            self._returns.add(delivery)
        else:
            self._acks.add(delivery)
        self._outbox.wake()

    def _count_sent(self, more: int) -> None:
        self._sent += more
        if self._sent:
            self._idle.clear()
        else:
            self._idle.set()

    def _pause(self, account: str) -> None:
        if (before := self._paused.pop(account, None)) is not None:
            before.cancel()
        loop = asyncio.get_running_loop()
        self._paused[account] = loop.call_later(self._pace.pause, self._go_on, account)

    def _go_on(self, account: str) -> None:
        del self._paused[account]
        self._outbox.wake()

    async def _ack(self, deliveries: list[Delivery]) -> None:
        """Record what was answered, however long Redis takes: else it would be delivered again."""
        await until_recorded(lambda: self._outbox.ack(deliveries))

    async def _give_back(self, deliveries: list[Delivery]) -> None:
        await until_recorded(lambda: self._outbox.give_back(self._node, deliveries))


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


def _decoded(body: bytes) -> DeliverSm | AlertNotification:
    pdu = codec.decode(body)
    if not isinstance(pdu, DeliverSm | AlertNotification):
        raise TypeError("the outbox holds encoded deliver_sm and alert_notification")
    return pdu
