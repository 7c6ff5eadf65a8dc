"""Who somebody is, over SMPP and HTTP alike: name, password, and how often both were wrong."""

from typing import Final, Literal

import structlog

from telecom.gateway.access.account import Account
from telecom.gateway.access.accounts import Accounts
from telecom.gateway.access.bind_rules import Refusal
from telecom.gateway.access.lockout import Lockout, site_of
from telecom.gateway.access.turns import TooManyWaiting
from telecom.gateway.clock import Clock
from telecom.gateway.metrics import Metrics

Interface = Literal["smpp", "http"]

_LONGEST_NAME: Final = 15
"""SMPP 3.4 5.2.1; HTTP clients may send longer ones, which are nobody's."""

_log = structlog.get_logger("telecom.gateway.access.authentication")


class Authentication:
    """Tells accounts by their passwords, and refuses who has failed too often."""

    def __init__(
        self, accounts: Accounts, lockout: Lockout, *, metrics: Metrics, clock: Clock
    ) -> None:
        self._accounts = accounts
        self._lockout = lockout
        self._metrics = metrics
        self._clock = clock

    async def check(
        self, system_id: str, password: bytes, *, host: str, interface: Interface
    ) -> Account | Refusal:
        """Return whose name and password these are, sent from an address; no secret is logged."""
        system_id = system_id[: _LONGEST_NAME + 1]
        found = await self._look_up(system_id, password, host)
        if isinstance(found, Refusal):
            self.refused(found, system_id, host=host, interface=interface)
            if found is Refusal.CREDENTIALS:
                self._failed(system_id, host, interface)
        return found

    async def _look_up(self, system_id: str, password: bytes, host: str) -> Account | Refusal:
        if self._lockout.is_locked(system_id, host, self._clock.monotonic()):
            return Refusal.LOCKED_OUT
        try:
            account = await self._accounts.authenticate(system_id, password, origin=site_of(host))
        except TooManyWaiting:
            return Refusal.BUSY
        if account is None:
            return Refusal.CREDENTIALS
        # it may have been tried with many passwords at once, and too many have failed meanwhile
        if self._lockout.is_locked(system_id, host, self._clock.monotonic()):
            return Refusal.LOCKED_OUT
        self._lockout.succeeded(system_id, host)
        return account

    def refused(self, refusal: Refusal, system_id: str, *, host: str, interface: Interface) -> None:
        """Count and log that somebody is refused, and why."""
        self._metrics.refusals.labels(interface, refusal.value).inc()
        _log.warning(
            "refused", reason=refusal.value, system_id=system_id, peer=host, interface=interface
        )

    def _failed(self, system_id: str, host: str, interface: Interface) -> None:
        seconds = self._lockout.failed(system_id, host, self._clock.monotonic())
        if seconds:
            self._metrics.lockouts.labels(interface).inc()
            _log.warning(
                "locked_out", system_id=system_id, peer=host, interface=interface, seconds=seconds
            )
