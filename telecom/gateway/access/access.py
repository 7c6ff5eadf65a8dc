"""Who may come in, over SMPP and HTTP: accounts as they are now, their passwords, their binds."""

from contextlib import AsyncExitStack

from telecom.gateway.access.account_changes import AccountChanges
from telecom.gateway.access.accounts import Accounts
from telecom.gateway.access.authentication import Authentication
from telecom.gateway.access.binds import Binds
from telecom.gateway.access.lockout import Lockout, LockoutRule
from telecom.gateway.clock import Clock
from telecom.gateway.config import GatewayConfig
from telecom.gateway.metrics import Metrics
from telecom.store.accounts import StoredAccounts
from telecom.store.binds import BindLeases
from telecom.store.lua import Client


class Access:
    """The accounts of a node, and what tells them from others; `start` it to hear of changes."""

    def __init__(self, config: GatewayConfig, *, metrics: Metrics, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock
        self.accounts = Accounts(
            config.accounts, default_owner=config.mo_default_account, limits=config.messages
        )
        rule = LockoutRule(**config.lockout.model_dump(exclude={"exempt"}))
        lockout = Lockout(rule, exempt=config.lockout.exempt)
        self.authentication = Authentication(self.accounts, lockout, metrics=metrics, clock=clock)

    async def start(self, redis: Client, *, node: str, running: AsyncExitStack) -> None:
        """Begin to hear of changes to accounts, and to count who is bound; `running` ends it.

        Raises `redis.exceptions.RedisError`.
        """
        running.callback(self.accounts.passwords.close)
        self.changes = AccountChanges(self.accounts, StoredAccounts(redis))
        await self.changes.start()
        running.push_async_callback(self.changes.stop)
        self.leases = BindLeases(redis, node=node)
        self.binds = Binds(
            self.accounts,
            self.authentication,
            self.leases,
            metrics=self._metrics,
            clock=self._clock,
        )
        self.binds.start()
        running.push_async_callback(self.binds.stop)
