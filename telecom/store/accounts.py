"""Accounts that were made or changed at run time: every node reads what any of them wrote."""

from typing import Final

import msgspec

from telecom.store.lua import Call, Client, Script, octets

_READ: Final = Script("accounts_read")
_WRITE: Final = Script("accounts_write")
_KEYS: Final = ("{accounts}:version", "{accounts}:records", "{accounts}:changed")
_MOST: Final = 100_000


class ConflictError(Exception):
    """The accounts have changed since they were read: what was to be written may be wrong."""


class TooManyAccountsError(Exception):
    """There are as many accounts as there may be."""


class AccountNews(msgspec.Struct, frozen=True):
    """What has changed since a version: records by system_id, None for one that is gone.

    With `is_everything` what is not in `records` is gone as well.
    """

    version: int
    records: dict[str, bytes | None]
    is_everything: bool = False


class StoredAccounts:
    """Records of accounts; what is in one is the user's affair.

    Each method is one round trip and raises `redis.exceptions.RedisError`.
    """

    def __init__(self, redis: Client, *, most: int = _MOST) -> None:
        self._redis = redis
        self._most = most

    async def since(self, version: int) -> AccountNews:
        """Return what has changed since a version that was read; since 0 it is everything."""
        (reply,) = await _READ.run(self._redis, [Call(_KEYS, version)])
        now, is_everything, told = reply
        records = {
            system_id.decode(): record or None
            for system_id, record in zip(told[::2], told[1::2], strict=True)
        }
        return AccountNews(now, records, is_everything == 1 or version == 0)

    async def write(self, system_id: str, record: bytes | None, *, version: int) -> None:
        """Store a record, or forget it, if the accounts are still those of `version`.

        Raises `ConflictError` if they are not, and `TooManyAccountsError`.
        """
        takes = (version, system_id, octets(record or b""), self._most)
        (written,) = await _WRITE.run(self._redis, [Call(_KEYS, takes)])
        if written == 0:
            raise ConflictError(f"not of version {version}")
        if written < 0:
            raise TooManyAccountsError(f"{self._most} accounts at most")
