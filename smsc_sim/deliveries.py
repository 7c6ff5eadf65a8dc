"""What an SMSC sends to ESMEs: kept until one is bound that takes it, and tried again."""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec

from smsc_sim.peers import Peer
from telecom.runtime.timers import Timers
from telecom.smpp.errors import LinkClosedError, LocalError
from telecom.smpp.pdus import AlertNotification, Pdu
from telecom.smpp.status import CommandStatus

PERMANENT: Final = frozenset(
    (
        CommandStatus.ESME_RX_P_APPN,
        CommandStatus.ESME_RX_R_APPN,
        CommandStatus.ESME_RINVCMDID,
        CommandStatus.ESME_RINVCMDLEN,
    )
)
"""Answers after which the same would not be taken another time, SMPP 3.4 5.1.3."""


class DeliveryLimits(msgspec.Struct, frozen=True):
    """How often something is sent, after how many seconds again, and how much is kept."""

    attempts: int = 5
    retry_after: float = 2.0
    kept: int = 10_000


class _Outgoing(msgspec.Struct, eq=False):
    pdu: Pdu
    attempts: int = 0


class _Account:
    """The receivers of an account, and what waits for one."""

    def __init__(self) -> None:
        self.receivers: list[Peer] = []
        self.waiting: deque[_Outgoing] = deque()
        self.turn = 0
        self.held: list[Pdu] = []
        self.hold = 0


class Deliveries:
    """Sends to the receivers of an account in turn."""

    def __init__(
        self, timers: Timers, *, clock: Callable[[], float], limits: DeliveryLimits
    ) -> None:
        self._timers = timers
        self._clock = clock
        self._limits = limits
        self._accounts: dict[str, _Account] = {}
        self._era = 0
        self.lost = 0
        """How many were given up: too many of them, or not taken however often."""

    def bound(self, peer: Peer) -> None:
        """Send what waits to a session that has bound as a receiver."""
        account = self._account(peer.system_id)
        account.receivers.append(peer)
        waiting, account.waiting = account.waiting, deque()
        for outgoing in waiting:
            self._send(account, outgoing)

    def unbound(self, peer: Peer) -> None:
        """Send nothing more to a session."""
        receivers = self._account(peer.system_id).receivers
        if peer in receivers:
            receivers.remove(peer)

    def clear(self) -> None:
        """Forget what waits and what was lost."""
        for account in self._accounts.values():
            account.waiting.clear()
            account.held.clear()
            account.hold += 1
            account.turn = 0
        self._era += 1
        self.lost = 0

    def receivers(self, account: str) -> int:
        """Return how many sessions of an account take something."""
        return len(self._account(account).receivers)

    def waiting(self, account: str) -> int:
        """Return how much waits for a receiver of an account."""
        return len(self._account(account).waiting)

    def send(self, account: str, pdu: Pdu) -> None:
        """Send a PDU to one of the account's receivers, now or once there is one."""
        self._send(self._account(account), _Outgoing(pdu))

    def send_reversed(self, account: str, pdu: Pdu, *, among: int, within: float) -> None:
        """Keep a PDU back until there are so many, or so many seconds long; the last goes first."""
        to = self._account(account)
        to.held.append(pdu)
        if len(to.held) >= among:
            self._let_go(to)
        elif len(to.held) == 1:
            self._timers.at(self._clock() + within, partial(self._hold_is_over, to, to.hold))

    def _hold_is_over(self, account: _Account, hold: int, _: float) -> None:
        if account.hold == hold:
            self._let_go(account)

    def _let_go(self, account: _Account) -> None:
        held, account.held = account.held, []
        account.hold += 1
        for pdu in reversed(held):
            self._send(account, _Outgoing(pdu))

    def _account(self, system_id: str) -> _Account:
        """Return an account; those that bind are configured, so they are few."""
        return self._accounts.setdefault(system_id, _Account())

    def _send(self, account: _Account, outgoing: _Outgoing) -> None:
        if not account.receivers:
            self._keep(account, outgoing)
            return
        account.turn += 1
        peer = account.receivers[account.turn % len(account.receivers)]
        outgoing.attempts += 1
        if isinstance(outgoing.pdu, AlertNotification):
            try:
                peer.notify(outgoing.pdu)
            except LocalError:  # the window is full, or the session no more what it was
                self._try_again(account, outgoing)
        else:
            answer = peer.request(outgoing.pdu)
            answer.add_done_callback(partial(self._answered, account, outgoing))

    def _keep(self, account: _Account, outgoing: _Outgoing) -> None:
        account.waiting.append(outgoing)
        if len(account.waiting) > self._limits.kept:
            account.waiting.popleft()
            self.lost += 1

    def _answered(
        self, account: _Account, outgoing: _Outgoing, answer: asyncio.Future[Pdu]
    ) -> None:
        error = answer.exception()
        if isinstance(error, LinkClosedError):  # nobody has refused it: for another, or a later one
            outgoing.attempts -= 1
            self._send(account, outgoing)
            return
        status = None if error is not None else answer.result().command_status
        if status in PERMANENT:
            self.lost += 1
        elif status != CommandStatus.ESME_ROK:
            self._try_again(account, outgoing)

    def _try_again(self, account: _Account, outgoing: _Outgoing) -> None:
        if outgoing.attempts >= self._limits.attempts:
            self.lost += 1
            return
        due = self._clock() + self._limits.retry_after
        self._timers.at(due, partial(self._send_again, account, outgoing, self._era))

    def _send_again(self, account: _Account, outgoing: _Outgoing, era: int, _: float) -> None:
        if era == self._era:
            self._send(account, outgoing)
