"""Who is bound to this node: admitted, counted over all nodes, held to the account's terms."""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
import structlog
from redis.exceptions import RedisError

from telecom.gateway.access.account import BIND_TYPES, Account, Version
from telecom.gateway.access.accounts import Accounts
from telecom.gateway.access.authentication import Authentication
from telecom.gateway.access.bind_rules import STATUSES, Refusal, refusal_of
from telecom.gateway.clock import Clock
from telecom.gateway.metrics import Metrics
from telecom.gateway.outage import at_most, repeat, wait
from telecom.net.smpp.server import ServerSession
from telecom.net.smpp.terms import SessionTerms
from telecom.net.tasks import spawn
from telecom.smpp.pdus import Bind, BindTransmitter
from telecom.smpp.versions import InterfaceVersion
from telecom.store.binds import LEASE, BindCount, BindLeases, Lease
from telecom.store.micro_batch import MicroBatch

_PATIENCE: Final = 1.0
"""Seconds that a bind waits for Redis to count it."""
_LAST_WORDS: Final = 20.0
"""Seconds that a session which has to end gets for its answers and the unbind."""

_BATCH: Final = 256

_log = structlog.get_logger("telecom.gateway.access.binds")


class _Admission(msgspec.Struct, frozen=True):
    """A bind that was let in, and what it is counted by."""

    bind: Bind
    lease: Lease


class Binds:
    """Decides about binds, and ends sessions whose account may no longer have them."""

    def __init__(
        self,
        accounts: Accounts,
        authentication: Authentication,
        leases: BindLeases,
        *,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._accounts = accounts
        self._authentication = authentication
        self._leases = leases
        self._metrics = metrics
        self._clock = clock
        self._admitted: dict[ServerSession, _Admission] = {}
        self._bound: dict[str, dict[ServerSession, _Admission]] = {}
        self._releases = MicroBatch(leases.release, _BATCH, failed=_not_released)
        self._stopping = asyncio.Event()
        self._renewing: asyncio.Task[None] | None = None
        accounts.watch(self._accounts_changed)

    def start(self) -> None:
        """Begin to renew the leases of what is bound."""
        step = repeat(self._renew, name="bind leases", until=self._stopping)
        self._renewing = spawn(step, name="bind leases")

    async def stop(self) -> None:
        """Renew no more, and give back what is left."""
        self._stopping.set()
        if self._renewing is not None:
            await self._renewing
        for admission in self._admitted.values():  # the server closed before they were bound
            self._releases.add(admission.lease)
        await at_most(_PATIENCE, self._releases.drain)

    async def authenticate(self, bind: Bind, session: ServerSession) -> int | SessionTerms:
        """Decide about a bind, SMPP 3.4 4.1: see `bind_rules` for what it is answered."""
        system_id = bind.system_id.decode("latin-1")
        account = await self._authentication.check(
            system_id, bind.password, host=session.peer[0], interface="smpp"
        )
        if isinstance(account, Refusal):
            return STATUSES[account]
        refusal = refusal_of(account, bind, session) or await self._admit(account, bind, session)
        if refusal is None:
            return _terms_of(account)
        self._authentication.refused(refusal, system_id, host=session.peer[0], interface="smpp")
        return STATUSES[refusal]

    async def count(self, system_ids: Iterable[str]) -> Mapping[str, BindCount]:
        """Count the sessions of accounts on all nodes; raises `redis.exceptions.RedisError`."""
        return await self._leases.count(system_ids, self._clock.wall())

    def bound(self, session: ServerSession) -> None:
        """Take note of a session that has been bound."""
        admission = self._admitted.pop(session)
        self._bound.setdefault(session.system_id, {})[session] = admission
        self._metrics.binds.labels(*_labels(session, admission.bind)).inc()
        self._hold_to_account(session, admission.bind)  # which may have changed meanwhile

    def unbound(self, session: ServerSession) -> None:
        """Take note of a session that is over."""
        sessions = self._bound[session.system_id]
        admission = sessions.pop(session)
        if not sessions:
            del self._bound[session.system_id]
        self._metrics.binds.labels(*_labels(session, admission.bind)).dec()
        self._releases.add(admission.lease)

    async def _admit(self, account: Account, bind: Bind, session: ServerSession) -> Refusal | None:
        """Count a bind in; what is admitted is bound in the same turn of the loop.

        While Redis is away this node counts its own alone, and tells Redis when it is back.
        """
        lease = self._leases.lease(
            account.system_id, receives=not isinstance(bind, BindTransmitter)
        )
        try:
            async with asyncio.timeout(_PATIENCE):
                has_room = await self._leases.take(
                    lease, most=account.max_binds, now=self._clock.wall()
                )
        except (RedisError, TimeoutError):
            has_room = len(self._bound.get(account.system_id, ())) < account.max_binds
        if not has_room:
            return Refusal.TOO_MANY_BINDS
        if session.closed:
            self._releases.add(lease)
            return Refusal.GONE
        self._admitted[session] = _Admission(bind, lease)
        return None

    def _accounts_changed(self, system_ids: frozenset[str]) -> None:
        for system_id in system_ids:
            for session, admission in list(self._bound.get(system_id, {}).items()):
                self._hold_to_account(session, admission.bind)
            if system_id in self._bound and self._accounts.get(system_id) is not None:
                spawn(self._end_surplus(self._accounts[system_id]), name="surplus binds")

    def _hold_to_account(self, session: ServerSession, bind: Bind) -> None:
        """Give a session its account's terms, or end it if it could not bind so any more."""
        account = self._accounts.get(session.system_id)
        refusal = refusal_of(account, bind, session) if account else Refusal.INACTIVE
        if account is None or refusal is not None:
            self._unbind(session, refusal or Refusal.INACTIVE)
        else:
            session.agree(_terms_of(account))

    async def _end_surplus(self, account: Account) -> None:
        """End the sessions of this node that are too many since the account may have fewer."""
        system_id = account.system_id
        try:
            surplus = await self._leases.surplus(
                system_id, most=account.max_binds, now=self._clock.wall()
            )
        except RedisError as error:
            _log.warning("binds_not_counted", system_id=system_id, error=str(error))
            return
        for session, admission in list(self._bound.get(system_id, {}).items()):
            if admission.lease.name in surplus:
                self._unbind(session, Refusal.TOO_MANY_BINDS)

    def _unbind(self, session: ServerSession, why: Refusal) -> None:
        _log.warning("unbinding", system_id=session.system_id, reason=why.value)
        spawn(_end(session), name="unbind")

    def _held(self) -> list[Lease]:
        return [
            admission.lease for sessions in self._bound.values() for admission in sessions.values()
        ]

    async def _renew(self) -> None:
        await wait(self._stopping, LEASE / 3)
        if not self._stopping.is_set():
            await self._leases.renew(self._held(), self._clock.wall())


def _not_released(leases: list[Lease], error: Exception) -> None:
    _log.warning("leases_not_released", count=len(leases), error=str(error))  # they end themselves


def _terms_of(account: Account) -> SessionTerms:
    return SessionTerms(
        unanswered=account.window,
        enquire_link_timer=account.enquire_link_timer,
        inactivity_timer=account.inactivity_timer,
    )


def _labels(session: ServerSession, bind: Bind) -> tuple[str, str, str]:
    version = Version[InterfaceVersion.of(bind.interface_version).name]
    return session.system_id, BIND_TYPES[type(bind)].value, version.value


async def _end(session: ServerSession) -> None:
    """Answer what a session has asked and unbind it; one that does not answer is dropped."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LAST_WORDS):
            await session.answered()
            await session.unbind()
    session.abort()
