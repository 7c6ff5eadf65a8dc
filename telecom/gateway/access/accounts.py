"""The clients of this gateway, as they are at the moment: of its file, and made at run time."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Final

import msgspec

from telecom.gateway.access.account import Account, AccountOfFile, fields_of
from telecom.gateway.access.passwords import Passwords
from telecom.gateway.config import MessageLimits
from telecom.gateway.submission.message_ids import IdForms
from telecom.router.admission import Terms
from telecom.sms.address import Address
from telecom.store.limits import Bucket

Changed = Callable[[frozenset[str]], None]
"""Hears of the system_ids whose account has come, gone or changed."""


class StoredAccount(msgspec.Struct, frozen=True):
    """An account that was made or changed at run time, and the hash of its password."""

    account: Account
    password: str

    def __repr__(self) -> str:
        """Show nothing of the password."""
        return f"{type(self).__name__}({self.account!r})"


class Sender(msgspec.Struct, frozen=True):
    """What an account is to a message that it submits."""

    terms: Terms
    default_source: Address
    bucket: Bucket
    ids: IdForms = IdForms()


_NOBODY: Final = Sender(Terms(active=False), Address(""), Bucket.of("account:", 0))


class Accounts:
    """Accounts by system_id and by the numbers they own; what is stored goes before the file."""

    def __init__(
        self,
        accounts: Iterable[AccountOfFile],
        *,
        default_owner: str | None = None,
        limits: MessageLimits | None = None,
    ) -> None:
        self.of_file: Mapping[str, AccountOfFile] = {it.system_id: it for it in accounts}
        self.passwords = Passwords()
        self._limits = limits or MessageLimits()
        self._default_owner = default_owner
        self._stored: dict[str, StoredAccount] = {}
        self._accounts: dict[str, Account] = {}
        self._senders: dict[str, Sender] = {}
        self._owners: dict[str, str] = {}
        self._watchers: list[Changed] = []
        self._set(dict.fromkeys(self.of_file))

    def __getitem__(self, system_id: str) -> Account:
        """Return the account; raises `KeyError` where there is none."""
        return self._accounts[system_id]

    def __iter__(self) -> Iterator[Account]:
        """Go through all accounts."""
        return iter(self._accounts.values())

    def get(self, system_id: str) -> Account | None:
        """Return the account, None where there is none."""
        return self._accounts.get(system_id)

    @property
    def stored(self) -> Mapping[str, StoredAccount]:
        """The accounts that were made or changed at run time."""
        return self._stored

    def sender(self, system_id: str) -> Sender:
        """Return what submission asks for every message; an account that is gone may send none."""
        return self._senders.get(system_id, _NOBODY)

    def owner_of(self, number: str) -> str | None:
        """Return the system_id of the account that gets what is sent to `number`."""
        return self._owners.get(number, self._default_owner)

    async def authenticate(
        self, system_id: str, password: bytes, *, origin: Hashable = None
    ) -> Account | None:
        """Return the account if the password is its own; as slow for a name that is none.

        Passwords are checked in turns by their `origin`. Raises `TooManyWaiting`.
        """
        is_right = await self.passwords.check(system_id, password, origin=origin)
        return self._accounts.get(system_id) if is_right else None

    def watch(self, changed: Changed) -> None:
        """Have `changed` called after every change, in the loop."""
        self._watchers.append(changed)

    def take(self, stored: Mapping[str, StoredAccount | None]) -> None:
        """Take in what has been stored; None is an account that is stored no more."""
        for system_id, record in stored.items():
            if record is None:
                self._stored.pop(system_id, None)
            else:
                self._stored[system_id] = record
        changed = self._set(stored)
        for watcher in self._watchers if changed else ():
            watcher(changed)

    def _set(self, system_ids: Iterable[str]) -> frozenset[str]:
        """Bring accounts up to date; return those that are others now."""
        before = {system_id: self._accounts.get(system_id) for system_id in system_ids}
        for system_id in before:
            self._set_one(system_id)
        self._owners = {number: account.system_id for account in self for number in account.numbers}
        return frozenset(name for name, was in before.items() if self.get(name) != was)

    def _set_one(self, system_id: str) -> None:
        stored, of_file = self._stored.get(system_id), self.of_file.get(system_id)
        if stored is not None:
            account = stored.account
            self.passwords.set_hash(system_id, stored.password)
        elif of_file is not None:
            account = Account(**fields_of(of_file))
            self.passwords.set_plain(system_id, of_file.password)
        else:
            self._accounts.pop(system_id, None)
            self._senders.pop(system_id, None)
            self.passwords.forget(system_id)
            return
        self._accounts[system_id] = account
        self._senders[system_id] = self._sender(account)

    def _sender(self, account: Account) -> Sender:
        limits = self._limits
        terms = Terms(
            active=account.active,
            sources=frozenset(account.sources) if account.sources else None,
            default_validity=limits.default_validity,
            max_validity=limits.max_validity,
            max_segments=limits.max_segments,
        )
        source = Address(account.numbers[0] if account.numbers else "")
        ids = IdForms(
            response=account.id_format or limits.id_format,
            receipt=account.receipt_id_format or limits.receipt_id_format or limits.id_format,
        )
        # nodes share a bucket at one rate: at another one it is another bucket
        bucket = Bucket.of(f"account:{account.system_id}:{account.rate:g}", account.rate)
        return Sender(terms, source, bucket, ids)
