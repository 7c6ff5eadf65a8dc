"""Accounts made, changed and deleted while the gateway serves: on this node, or heard of.

What is written goes to Redis first; every node looks there twice a second, so that a change
reaches all of them within a second and outlives them. A change to an account that the
configuration file has goes before the file, its password too, until it is deleted.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec
import structlog
from pydantic import SecretStr

from telecom.gateway.access.account import Account, fields_of
from telecom.gateway.access.accounts import Accounts, StoredAccount
from telecom.gateway.outage import repeat, wait
from telecom.net.tasks import spawn
from telecom.store.accounts import ConflictError, StoredAccounts, TooManyAccountsError

_LOOK: Final = 0.5
"""Seconds between two looks for what other nodes have written."""
_TRIES: Final = 5
_NOT_FOUND: Final = 404
_CONFLICT: Final = 409
_UNPROCESSABLE: Final = 422
_UNAVAILABLE: Final = 503

_Make = Callable[[Account | None], Awaitable[StoredAccount | None]]
"""What is to be of an account that is so now."""

_log = structlog.get_logger("telecom.gateway.access.accounts")


class AccountRefused(Exception):
    """The change is not made; `http_status` says why not."""

    def __init__(self, why: str, http_status: int) -> None:
        super().__init__(why)
        self.http_status = http_status


class AccountChanges:
    """Writes accounts, and keeps this node's up to date.

    Methods that write raise `AccountRefused`, `TooManyWaiting` and `redis.exceptions.RedisError`.
    """

    def __init__(self, accounts: Accounts, stored: StoredAccounts) -> None:
        self.accounts = accounts
        self._stored = stored
        self._version = 0
        self._one_at_a_time = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read what is stored, and look for changes from then on; raises `RedisError`."""
        await self.refresh()
        others = sorted(self.accounts.stored.keys() & self.accounts.of_file.keys())
        if others:
            _log.warning("accounts_not_as_the_file_has_them", system_ids=others)
        step = repeat(self._look, name="accounts", until=self._stopping)
        self._looking = spawn(step, name="accounts")

    async def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        if self._looking is not None:
            await self._looking

    async def refresh(self) -> None:
        """Take in what has been written since the last look."""
        async with self._one_at_a_time:
            await self._refresh()

    async def create(self, account: Account, password: SecretStr) -> None:
        """Make a new account."""

        async def make(before: Account | None) -> StoredAccount:
            if before is not None:
                raise AccountRefused(f"there is an account {account.system_id!r}", _CONFLICT)
            return StoredAccount(account, await self._hash(account.system_id, password))

        await self._write(account.system_id, make)

    async def replace(self, account: Account, password: SecretStr | None) -> None:
        """Put an account in the place of one, or make it; None keeps the password there is.

        So does an outbind without one.
        """

        async def make(before: Account | None) -> StoredAccount:
            kept = _with_outbind_password(account, before)
            return StoredAccount(kept, await self._hash(account.system_id, password))

        await self._write(account.system_id, make)

    async def change(
        self, system_id: str, terms: Mapping[str, Any], password: SecretStr | None
    ) -> None:
        """Change some of an account's terms; raises `pydantic.ValidationError`, too."""

        async def make(before: Account | None) -> StoredAccount:
            if before is None:
                raise unknown(system_id)
            changed = Account(**{**fields_of(before), **terms})
            account = _with_outbind_password(changed, before)
            return StoredAccount(account, await self._hash(system_id, password))

        await self._write(system_id, make)

    async def delete(self, system_id: str) -> None:
        """Delete an account, or what was made of one that the configuration file has."""

        async def forget(before: Account | None) -> None:
            if before is None:
                raise unknown(system_id)
            if system_id not in self.accounts.stored:
                why = f"{system_id!r} is in the configuration file; it can be made inactive"
                raise AccountRefused(why, _CONFLICT)

        await self._write(system_id, forget)

    async def _hash(self, system_id: str, password: SecretStr | None) -> str:
        """Return the hash of a password, or of the one that the account has."""
        passwords, stored = self.accounts.passwords, self.accounts.stored.get(system_id)
        of_file = self.accounts.of_file.get(system_id)
        if password is not None:
            return await passwords.hash(password)
        if stored is not None:
            return stored.password
        if of_file is not None:
            return await passwords.hash(of_file.password)
        raise AccountRefused("a new account has a password", _UNPROCESSABLE)

    async def _write(self, system_id: str, make: _Make) -> None:
        """Write what `make` makes of the account as it is; anew if others write meanwhile."""
        async with self._one_at_a_time:
            for _ in range(_TRIES):
                await self._refresh()
                record = await make(self.accounts.get(system_id))
                self._check(system_id, record)
                try:
                    await self._stored.write(
                        system_id, encode(record) if record else None, version=self._version
                    )
                except ConflictError:
                    continue
                except TooManyAccountsError as error:
                    raise AccountRefused(str(error), _CONFLICT) from None
                await self._refresh()
                return
        raise AccountRefused("others change accounts at the moment; try again", _UNAVAILABLE)

    def _check(self, system_id: str, record: StoredAccount | None) -> None:
        """See that the accounts go together with this one among them."""
        of_file = self.accounts.of_file.get(system_id)
        account = record.account if record else of_file
        others = [other for other in self.accounts if other.system_id != system_id]
        owners = {number: other.system_id for other in others for number in other.numbers}
        for number in account.numbers if account else ():
            if number in owners:
                raise AccountRefused(f"{number} is a number of {owners[number]!r}", _CONFLICT)
        after = [*others, account] if account else others
        if not any(each.active and each.operator_of_platform for each in after):
            raise AccountRefused("no active operator of the platform would be left", _CONFLICT)

    async def _look(self) -> None:
        await wait(self._stopping, _LOOK)
        if not self._stopping.is_set():
            await self.refresh()

    async def _refresh(self) -> None:
        news = await self._stored.since(self._version)
        gone = self.accounts.stored.keys() - news.records.keys() if news.is_everything else ()
        changes: dict[str, StoredAccount | None] = dict.fromkeys(gone)
        for system_id, record in news.records.items():
            try:
                changes[system_id] = decode(record) if record else None
            except (ValueError, msgspec.MsgspecError) as error:
                _log.error(
                    "stored_account_unusable", system_id=system_id, error=type(error).__name__
                )
        self.accounts.take(changes)
        self._version = news.version


def _with_outbind_password(account: Account, before: Account | None) -> Account:
    """Keep the password of an outbind where no other is given: nobody who reads it is told it."""
    target, was = account.outbind, before.outbind if before else None
    if target is None or was is None or "password" in target.model_fields_set:
        return account
    kept = target.model_copy(update={"password": was.password})
    return account.model_copy(update={"outbind": kept})


def unknown(system_id: str) -> AccountRefused:
    """Return the refusal of what is asked about an account that does not exist."""
    return AccountRefused(f"there is no account {system_id!r}", _NOT_FOUND)


class _Record(msgspec.Struct):
    """A stored account as JSON; what an outbind says to the ESME is apart from its terms."""

    account: dict[str, Any]
    password: str
    outbind_password: str = ""


def encode(stored: StoredAccount) -> bytes:
    """Return an account as it is kept in Redis."""
    account, outbind = stored.account, stored.account.outbind
    secret = outbind.password.get_secret_value() if outbind else ""
    return msgspec.json.encode(_Record(account.model_dump(mode="json"), stored.password, secret))


def decode(record: bytes) -> StoredAccount:
    """Read an account from Redis; terms that a newer node has written are not known here.

    Raises `ValueError` and `msgspec.MsgspecError`.
    """
    kept = msgspec.json.decode(record, type=_Record)
    table = {name: value for name, value in kept.account.items() if name in Account.model_fields}
    if table.get("outbind"):
        table["outbind"] = {**table["outbind"], "password": kept.outbind_password}
    return StoredAccount(Account.model_validate(table), kept.password)
