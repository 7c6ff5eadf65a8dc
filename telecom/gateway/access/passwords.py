"""Passwords: kept as salted scrypt hashes (RFC 7914), checked off the loop.

A hash takes tens of milliseconds on purpose. So that honest ESMEs which bind again and again do
not cost that each time, the process remembers a keyed digest of what it has found right; what is
wrong always costs a whole hash, for a name that is none as well: the time tells nobody which
names there are. Hashes are computed in turns by where they are asked for, so that a flood of
strangers keeps nobody else waiting.
"""

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from pydantic import SecretStr

from telecom.gateway.access.turns import Turns

T = TypeVar("T")

_SCHEME: Final = "scrypt"
_LOG_COST: Final = 14
_BLOCK_SIZE: Final = 8
_PARALLELISM: Final = 1
_MEMORY: Final = 64 * 1024 * 1024
_SALT: Final = 16
_THREADS: Final = 2
_MOST_WAITING: Final = 200


def hash_password(password: bytes) -> str:
    """Return ``scrypt$log2(N)$r$p$salt$hash``, the last two in base 64; takes its time."""
    salt = secrets.token_bytes(_SALT)
    digest = _scrypt(password, salt, _LOG_COST, _BLOCK_SIZE, _PARALLELISM)
    return _written(salt, digest)


def verify(password: bytes, hashed: str) -> bool:
    """Tell whether `hashed` is of this password; raises `ValueError` for what is no hash."""
    scheme, log_cost, block_size, parallelism, salt, digest = hashed.split("$")
    if scheme != _SCHEME:
        raise ValueError(f"a hash by {_SCHEME}")
    computed = _scrypt(
        password, base64.b64decode(salt), int(log_cost), int(block_size), int(parallelism)
    )
    return hmac.compare_digest(computed, base64.b64decode(digest))


def _written(salt: bytes, digest: bytes) -> str:
    numbers = (str(number) for number in (_LOG_COST, _BLOCK_SIZE, _PARALLELISM))
    octets = (base64.b64encode(part).decode() for part in (salt, digest))
    return "$".join((_SCHEME, *numbers, *octets))


def _scrypt(
    password: bytes, salt: bytes, log_cost: int, block_size: int, parallelism: int
) -> bytes:
    return hashlib.scrypt(
        password, salt=salt, n=1 << log_cost, r=block_size, p=parallelism, maxmem=_MEMORY
    )


_NOBODYS: Final = _written(bytes(_SALT), bytes(64))
"""Checked in place of the hash of an account that does not exist."""


class Passwords:
    """The passwords of accounts by system_id, and what they are found to be."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._hashes: dict[str, str] = {}
        self._right: dict[str, bytes] = {}
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="passwords")
        self._turns = Turns(_THREADS, _MOST_WAITING)

    def set_plain(self, system_id: str, password: SecretStr) -> None:
        """Take a password as a configuration file has it; only its keyed digest is kept."""
        self._hashes.pop(system_id, None)
        self._right[system_id] = self._digest(password.get_secret_value().encode())

    def set_hash(self, system_id: str, hashed: str) -> None:
        """Take a password's hash."""
        if self._hashes.get(system_id) != hashed:
            self._hashes[system_id] = hashed
            self._right.pop(system_id, None)

    def forget(self, system_id: str) -> None:
        """Have no password of this name."""
        self._hashes.pop(system_id, None)
        self._right.pop(system_id, None)

    async def check(self, system_id: str, password: bytes, *, origin: Hashable = None) -> bool:
        """Tell whether the password is of this name; raises `TooManyWaiting`."""
        digest = self._digest(password)
        if hmac.compare_digest(self._right.get(system_id, self._key), digest):
            return True
        hashed = self._hashes.get(system_id)
        is_right = await self._off_the_loop(origin, verify, password, hashed or _NOBODYS)
        if hashed is None or not is_right or self._hashes.get(system_id) != hashed:
            return False
        self._right[system_id] = digest
        return True

    async def hash(self, password: SecretStr) -> str:
        """Return the hash of a password; raises `TooManyWaiting`."""
        octets = password.get_secret_value().encode()
        return await self._off_the_loop(None, hash_password, octets)

    def close(self) -> None:
        """Check no more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _digest(self, password: bytes) -> bytes:
        return hashlib.blake2b(password, key=self._key, digest_size=len(self._key)).digest()

    async def _off_the_loop(
        self, origin: Hashable, work: Callable[..., T], *arguments: object
    ) -> T:
        async with self._turns.turn(origin):
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
