"""Running a program until it is done or told to stop."""

import asyncio
import contextlib
import errno
import resource
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import uvloop

from telecom.runtime.errors import CommandError, ConnectionFailed, ExitStatus

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)

OPEN_FILES: Final = 65_536
"""How many files and connections a daemon asks the kernel to let it have."""


def run(program: Callable[[asyncio.Event], Awaitable[int]]) -> int:
    """Run `program` on a uvloop loop and return its exit status.

    `program` gets an event that SIGINT or SIGTERM sets; it then has to come to its end. A
    `CommandError` becomes one line on stderr and its status.
    """
    allow_many_connections()
    try:
        return uvloop.run(_until_done(program))
    except CommandError as error:
        print(error, file=sys.stderr)  # noqa: T201  the one line a user sees
        return error.status
    except KeyboardInterrupt:
        return ExitStatus.DONE


def allow_many_connections() -> None:
    """Raise the soft limit of open files, as far as the hard one lets it.

    It is 1024 on most systems: so many peers could connect that nothing else could be opened.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # the kernel may have a limit of its own
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _until_done(program: Callable[[asyncio.Event], Awaitable[int]]) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in STOP_SIGNALS:
        loop.add_signal_handler(signum, stop.set)
    return await program(stop)


@asynccontextmanager
async def taking_port(what: str, host: str, port: int) -> AsyncIterator[None]:
    """Turn the failure to listen on `host`:`port` into a `ConnectionFailed` that names it."""
    try:
        yield
    except ValueError as error:  # a name that no resolver can be asked for
        raise ConnectionFailed(f"{what} cannot listen on {host!r}:{port}: {error}") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            why = "the port is in use; stop what holds it, or move every port with --port-offset"
        else:
            why = error.strerror or str(error)
        raise ConnectionFailed(f"{what} cannot listen on {host}:{port}: {why}") from None
