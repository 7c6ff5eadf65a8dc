"""Who may bind at a simulated SMSC."""

import hmac
from collections.abc import Iterable

from pydantic import SecretStr

from smsc_sim.config import MOST_ACCOUNTS, Account
from telecom.smpp.pdus import Bind


class Accounts:
    """The accounts by their system_ids; they can change at any time, for the binds to come."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._beginning = tuple(accounts)
        self.reset()

    def reset(self) -> None:
        """Have the accounts of the beginning again."""
        self._passwords = {account.system_id: account.password for account in self._beginning}

    @property
    def system_ids(self) -> list[str]:
        """Who has one."""
        return list(self._passwords)

    def put(self, account: Account) -> None:
        """Add an account, or change its password; raises `ValueError` for one too many."""
        if account.system_id not in self._passwords and len(self._passwords) >= MOST_ACCOUNTS:
            raise ValueError(f"{MOST_ACCOUNTS} accounts are the most")
        self._passwords[account.system_id] = account.password

    def remove(self, system_id: str) -> bool:
        """Take an account away; False for one that there is not."""
        return self._passwords.pop(system_id, None) is not None

    def may_bind(self, bind: Bind) -> bool:
        """Whether the password is right."""
        expected = self._passwords.get(bind.system_id.decode("latin-1"), SecretStr(""))
        right = expected.get_secret_value().encode()
        return bool(right) and hmac.compare_digest(right, bind.password)
