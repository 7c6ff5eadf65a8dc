"""Going on while Redis is down, and after a fault of our own: nothing ends a background task."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

import structlog
from redis.exceptions import RedisError

T = TypeVar("T")

PAUSE: Final = 0.5
"""Seconds between two tries."""
LAST_RECORDS: Final = 0.5
"""Seconds that each part of a node which stops waits for Redis to take its last records."""

_log = structlog.get_logger("telecom.gateway.outage")


async def until_recorded(record: Callable[[], Awaitable[T]]) -> T:
    """Ask Redis until it answers, for what has happened already and must not be forgotten."""
    while True:
        try:
            return await record()
        except RedisError as error:
            _log.warning("redis_down", error=str(error), retry_in=PAUSE)
            await asyncio.sleep(PAUSE)


def cannot_fail(items: Sequence[object], error: Exception) -> None:
    """Report a fault of our own in what `until_recorded` records: nothing else is expected."""
    _log.error("not_recorded", count=len(items), exc_info=error)


async def repeat(step: Callable[[], Awaitable[object]], *, name: str, until: asyncio.Event) -> None:
    """Take a step again and again `until` the event is set; a pause follows one that failed."""
    while not until.is_set():
        try:
            await step()
        except RedisError as error:
            _log.warning("redis_down", task=name, error=str(error), retry_in=PAUSE)
            await wait(until, PAUSE)
        except Exception:  # noqa: BLE001 - a node without this task would look well and do nothing
            _log.exception("step_failed", task=name, retry_in=PAUSE)
            await wait(until, PAUSE)


async def at_most(seconds: float, *records: Callable[[], Awaitable[object]]) -> None:
    """Wait for what a node that stops still has to tell Redis, so long; the rest is given up."""
    try:
        async with asyncio.timeout(seconds):
            for record in records:
                await record()
    except TimeoutError:
        _log.error("not_recorded_at_the_end", after=seconds)


async def wait(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, or so long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
