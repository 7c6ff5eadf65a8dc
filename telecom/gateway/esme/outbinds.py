"""Outbind: an ESME that is not bound is asked to, while something waits for it (SMPP 3.4 2.2.1).

One node at a time calls an ESME; one that does not bind is called again after longer and longer.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

import structlog
from redis.exceptions import RedisError

from telecom.gateway.access.account import OutbindTarget
from telecom.gateway.access.accounts import Accounts
from telecom.gateway.clock import Clock
from telecom.gateway.outage import repeat, wait
from telecom.net.back_off import BackOff
from telecom.net.smpp.server import ServerSession
from telecom.net.tasks import spawn
from telecom.smpp.errors import SmppError
from telecom.store.binds import BindLeases
from telecom.store.outbox import Outbox

LOOK: Final = 1.0
"""Seconds between two looks for accounts that have something waiting and nobody bound."""
_BACK_OFF: Final = BackOff(first=2.0, longest=120.0)
_LONGEST_CALL: Final = 30.0
"""Seconds from the call to the bind; meanwhile no other node calls."""

Call = Callable[[OutbindTarget], Awaitable[ServerSession]]
"""Calls an ESME and returns its session once it is bound; raises `OSError`, `SmppError`."""

_log = structlog.get_logger("telecom.gateway.esme.outbinds")


class Outbinds:
    """Looks for accounts whose ESME has to be called, and calls it."""

    def __init__(
        self, accounts: Accounts, call: Call, *, outbox: Outbox, leases: BindLeases, clock: Clock
    ) -> None:
        self._accounts = accounts
        self._call = call
        self._outbox = outbox
        self._leases = leases
        self._clock = clock
        self._delays: dict[str, Iterator[float]] = {}
        self._calling: dict[str, asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        step = repeat(self._look, name="outbinds", until=self._stopping)
        self._looking = spawn(step, name="outbinds")

    async def stop(self) -> None:
        """Call nobody any more."""
        self._stopping.set()
        tasks = [task for task in (self._looking, *self._calling.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self) -> None:
        await wait(self._stopping, LOOK)
        targets = {
            account.system_id: account.outbind
            for account in self._accounts
            if account.outbind is not None and account.active
        }
        for gone in self._delays.keys() - targets.keys():
            del self._delays[gone]
        if not targets or self._stopping.is_set():
            return
        depths = await self._outbox.depth(targets)
        waiting = [name for name, depth in depths.items() if depth and name not in self._calling]
        bound = await self._leases.count(waiting, self._clock.wall())
        for system_id in waiting:
            if not bound[system_id].receiving:
                await self._ask(system_id, targets[system_id])

    async def _ask(self, system_id: str, target: OutbindTarget) -> None:
        if await self._leases.take_turn(system_id, _LONGEST_CALL):
            name = f"outbind to {system_id}"
            self._calling[system_id] = spawn(self._ask_to_bind(system_id, target), name=name)

    async def _ask_to_bind(self, system_id: str, target: OutbindTarget) -> None:
        try:
            why = await self._try_call(system_id, target)
            if not why:
                self._delays.pop(system_id, None)
                return
            delay = next(self._delays.setdefault(system_id, _BACK_OFF.delays()))
            _log.warning("outbind_failed", system_id=system_id, error=why, retry_in=delay)
            with contextlib.suppress(RedisError):
                await self._leases.keep_turn(system_id, delay)
        finally:
            del self._calling[system_id]

    async def _try_call(self, system_id: str, target: OutbindTarget) -> str:
        """Call an ESME; return what went wrong, nothing if it has bound."""
        try:
            session = await self._call(target)
        except (OSError, SmppError, ValueError) as error:  # ValueError: a name that can be no host
            return getattr(error, "strerror", None) or str(error) or type(error).__name__
        return "" if session.system_id == system_id else f"it has bound as {session.system_id}"
