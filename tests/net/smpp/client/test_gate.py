import asyncio
from typing import Any

import pytest

from telecom.net.smpp.client.gate import Gate, Pace
from telecom.net.smpp.client.link import usable_window
from telecom.smpp.errors import LinkClosedError, LocalError


def test_a_pace_is_a_rate_after_a_first_handful() -> None:
    pace = Pace(100)
    waits = [pace.take(now=5.0) for _ in range(4)]
    assert waits == [0, 0, pytest.approx(0.01), pytest.approx(0.01)]
    assert pace.take(now=5.005) == pytest.approx(0.005)
    assert pace.take(now=5.01) == 0
    assert pace.take(now=5.01) > 0
    assert [pace.take(now=9.0) for _ in range(3)] == [0, 0, pytest.approx(0.01)]


def test_a_slow_pace_has_one_at_once() -> None:
    pace = Pace(0.5)
    assert pace.take(now=0.0) == 0
    assert pace.take(now=0.0) == pytest.approx(2.0)
    assert pace.take(now=2.0) == 0


def test_a_pace_goes_on_after_the_wait_that_it_asks_for() -> None:
    pace = Pace(3)
    now = 0.0
    for _ in range(1000):
        if wait := pace.take(now):
            now += wait
            assert pace.take(now) == 0
    assert now == pytest.approx(999 / 3)


@pytest.mark.parametrize("rate", [0, -1, float("inf"), float("nan")])
def test_what_is_no_rate(rate: float) -> None:
    with pytest.raises(LocalError, match="give one above 0"):
        Pace(rate)


@pytest.mark.parametrize(
    ("congestion", "usable"), [(0, 10), (89, 10), (90, 5), (99, 5), (100, 1), (255, 1)]
)
def test_a_congested_smsc_has_less_of_the_window(congestion: int, usable: int) -> None:
    assert usable_window(10, congestion) == usable
    assert usable_window(1, congestion) == 1


class Link:
    def __init__(self, room: int) -> None:
        self.room = room


def opened(room: int, rate: float | None = None) -> tuple[Any, Any]:
    gate, link = Gate(rate), Link(room)
    gate.open(link)  # type: ignore[arg-type]
    return gate, link


async def waiting(gate: Any, count: int) -> list[asyncio.Task[Any]]:
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(gate.turn()) for _ in range(count)]
    await asyncio.sleep(0)
    return tasks


def done(tasks: list[asyncio.Task[Any]]) -> list[bool]:
    return [task.done() for task in tasks]


async def test_as_many_as_there_is_room_for_in_order() -> None:
    gate, link = opened(0)
    assert gate.at_once() is None
    tasks = await waiting(gate, 3)
    link.room = 2
    gate.go_on()
    assert gate.at_once() is None  # both places are taken, though nothing has been sent yet
    await asyncio.sleep(0)
    assert done(tasks) == [True, True, False]
    assert [task.result() for task in tasks[:2]] == [link, link]
    link.room = 1
    assert gate.at_once() is None  # who waits goes first
    gate.go_on()
    await tasks[2]
    assert gate.at_once() is link


async def test_a_place_is_kept_for_who_has_its_turn_until_it_sends() -> None:
    gate, link = opened(0)
    (task,) = await waiting(gate, 1)
    link.room = 1
    gate.go_on()
    assert gate.at_once() is None
    assert await task is link
    assert gate.at_once() is link


async def test_who_does_not_wait_any_more_takes_no_place() -> None:
    gate, link = opened(0)
    tasks = await waiting(gate, 3)
    tasks[0].cancel()
    link.room = 1
    gate.go_on()
    tasks[1].cancel()  # it had its turn, and does not use it
    await asyncio.wait(tasks)
    assert tasks[2].result() is link
    assert tasks[0].cancelled()
    assert tasks[1].cancelled()


async def test_while_it_is_shut_they_wait_for_the_next_link() -> None:
    gate, link = opened(1)
    gate.shut()
    assert gate.at_once() is None
    (first, second) = await waiting(gate, 2)
    gate.open(link)
    gate.shut()  # the link is gone before the first has sent anything
    await asyncio.sleep(0)
    assert not first.done()
    another = Link(5)
    gate.open(another)  # type: ignore[arg-type]
    assert await asyncio.gather(first, second) == [another, another]


async def test_the_end() -> None:
    gate, _ = opened(0)
    tasks = await waiting(gate, 2)
    gate.end()
    for task in (*tasks, *await waiting(gate, 1)):
        with pytest.raises(LinkClosedError, match="nothing was sent"):
            await task


async def test_the_rate_holds_back_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 5.0
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now)
    gate, link = opened(1000, rate=1000.0)
    assert [gate.at_once() for _ in range(21)] == [link] * 20 + [None]
    tasks = await waiting(gate, 5)
    assert done(tasks) == [False] * 5
    now += 0.0035
    for _ in range(5):
        await asyncio.sleep(0)
    assert done(tasks) == [True, True, True, False, False]
    now += 0.1
    assert await asyncio.gather(*tasks) == [link] * 5
    while gate.at_once():
        pass
    (late,) = await waiting(gate, 1)
    gate.end()
    with pytest.raises(LinkClosedError):
        await late
