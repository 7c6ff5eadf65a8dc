"""Who may bind, and whose a number is."""

import hmac
from collections.abc import Iterable, Iterator

from telecom.gateway.config import Account

_NOBODYS_PASSWORD = b"compared in place of the password of an account that does not exist"


class Accounts:
    """The clients of this gateway, by system_id and by the numbers they own."""

    def __init__(self, accounts: Iterable[Account], *, default_owner: str | None = None) -> None:
        self._by_system_id = {account.system_id: account for account in accounts}
        self._passwords = {
            name: account.password.get_secret_value().encode()
            for name, account in self._by_system_id.items()
        }
        self._owners = {
            number: account.system_id
            for account in self._by_system_id.values()
            for number in account.numbers
        }
        self._default_owner = default_owner

    def __getitem__(self, system_id: str) -> Account:
        """Return the account; raises `KeyError` where there is none."""
        return self._by_system_id[system_id]

    def __iter__(self) -> Iterator[Account]:
        """Go through all accounts."""
        return iter(self._by_system_id.values())

    def authenticate(self, system_id: str, password: bytes) -> Account | None:
        """Return the account if the password is its own; as slow for a name that is none."""
        expected = self._passwords.get(system_id, _NOBODYS_PASSWORD)
        same = hmac.compare_digest(expected, password)
        return self._by_system_id.get(system_id) if same else None

    def owner_of(self, number: str) -> str | None:
        """Return the system_id of the account that gets what is sent to `number`."""
        return self._owners.get(number, self._default_owner)
