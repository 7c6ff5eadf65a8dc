"""Faults that stay where they are: no background task ends, no other dialogue goes without."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from telecom.gateway.inbound.dispatch import dispatch
from telecom.gateway.outage import at_most, repeat, until_recorded
from telecom.ss7.map.primitives import Closed

pytestmark = pytest.mark.usefixtures("quick")


def failing(*errors: Exception) -> Callable[[], Any]:
    """Return a step that raises these, one after the other, and then returns how often it ran."""
    left = list(errors)
    runs = 0

    async def step() -> int:
        nonlocal runs
        runs += 1
        if left:
            raise left.pop(0)
        await asyncio.sleep(0)
        return runs

    return step


async def test_a_step_that_fails_is_taken_again() -> None:
    until = asyncio.Event()
    step = failing(RedisConnectionError("away"), ZeroDivisionError(), KeyError("x"))

    async def steps() -> None:
        if await step() > 5:
            until.set()

    async with asyncio.timeout(5):
        await repeat(steps, name="step", until=until)


async def test_the_end_interrupts_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telecom.gateway.outage.PAUSE", 60)
    until = asyncio.Event()
    asyncio.get_running_loop().call_later(0.02, until.set)
    async with asyncio.timeout(5):
        await repeat(failing(ZeroDivisionError()), name="step", until=until)


async def test_what_has_happened_is_told_until_redis_hears() -> None:
    assert await until_recorded(failing(*[RedisConnectionError("away")] * 3)) == 4


async def test_a_fault_of_our_own_is_not_told_for_ever() -> None:
    with pytest.raises(ZeroDivisionError):
        await until_recorded(failing(ZeroDivisionError()))


async def test_the_last_records_have_so_long_and_no_longer() -> None:
    told = []

    async def tells() -> None:
        told.append("told")

    async def hangs() -> None:
        await asyncio.Event().wait()

    async with asyncio.timeout(5):
        await at_most(0.02, tells, hangs, tells)
    assert told == ["told"]


def test_every_dialogue_hears_what_is_for_it() -> None:
    class Reference:
        def __init__(self, *, fails: bool) -> None:
            self.heard: list[Any] = []
            self.fails = fails

        def handle(self, indication: Any) -> None:
            self.heard.append(indication)
            if self.fails:
                raise ZeroDivisionError

    references = [Reference(fails=fails) for fails in (True, False, True, False)]
    from_network = Reference(fails=True)
    indications = [Closed(number, reference) for number, reference in enumerate(references)]
    dispatch([Closed(9), *indications, Closed(10)], from_network)  # type: ignore[arg-type]
    assert [len(reference.heard) for reference in references] == [1, 1, 1, 1]
    assert len(from_network.heard) == 2
