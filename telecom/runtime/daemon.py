"""A program that serves until it is told to stop."""

import asyncio
import gc
import json
from abc import ABC, abstractmethod
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Self

from telecom.runtime.errors import ExitStatus


class Daemon(ABC):
    """An asynchronous context: entered it serves, left it is down.

    Entering raises `CommandError` (in one line) for what cannot be had, such as a port.
    `addresses` is where its parts are, by what they are; `running` is what leaving stops, the
    last started first.
    """

    def __init__(self) -> None:
        self.addresses: dict[str, str] = {}
        self.running = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start everything, or stop again what had been started."""
        try:
            await self._start()
        except BaseException:
            await self.running.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop everything."""
        await self.running.aclose()

    @abstractmethod
    async def _start(self) -> None:
        """Start every part; each that has to be stopped goes into `running`."""


_GC_THRESHOLDS: Final = (50_000, 20, 100)
"""Messages and dialogues are freed by their reference counts: few cycles are left to look for."""


async def serve(daemon: Daemon, stop: asyncio.Event, *, what: str, as_json: bool) -> int:
    """Serve until `stop` is set, and return the exit status.

    One line on stdout says that it is ready: the addresses, in JSON or as people read them.
    """
    async with daemon:
        where = ", ".join(f"{name} {address}" for name, address in daemon.addresses.items())
        line = json.dumps(daemon.addresses) if as_json else f"{what} ready: {where}"
        _settle_garbage_collector()
        print(line, flush=True)  # noqa: T201
        await stop.wait()
    return ExitStatus.DONE


def _settle_garbage_collector() -> None:
    """Leave out of each collection what is there for good, and collect more seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)
