"""What every client in Python does alike: users that submit one message after the other."""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

WINDOW: Final = 100
ACCOUNT: Final = {"system_id": "demo", "password": "demo"}
SOURCE, DESTINATION = "Bench", "447700900123"
TEXT: Final = "Hello world, this is a message of a benchmark"


def arguments() -> tuple[int, float]:
    """Return the port and the seconds."""
    port, seconds = sys.argv[1:]
    return int(port), float(seconds)


class Clock:
    """Counts accepted messages from its making on; `over` once the time is."""

    def __init__(self) -> None:
        _, self._seconds = arguments()
        self._began = time.perf_counter()
        self._used = time.process_time()
        self.accepted = 0

    @property
    def over(self) -> bool:
        """Whether the time is over."""
        return time.perf_counter() - self._began >= self._seconds

    def say(self) -> None:
        """Print what came of it."""
        seconds, used = time.perf_counter() - self._began, time.process_time() - self._used
        told = {"accepted": self.accepted, "seconds": seconds, "cpu": used}
        print(json.dumps(told), flush=True)


async def users(submit: Callable[[], Awaitable[Any]], *, count: int = WINDOW) -> None:
    """Let as many users as the window has room for submit, and say what came of it.

    `submit` raises for a message that is not accepted.
    """
    clock = Clock()

    async def user() -> None:
        while not clock.over:
            await submit()
            clock.accepted += 1

    await asyncio.gather(*(user() for _ in range(count)))
    clock.say()
