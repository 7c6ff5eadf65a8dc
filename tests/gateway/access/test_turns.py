import asyncio
from typing import Any

import pytest

from telecom.gateway.access.turns import TooManyWaiting, Turns
from telecom.net.tasks import spawn


class Desk:
    """One turn at a time, each lasting until the test ends it; who has had one, in order."""

    def __init__(self, most: int) -> None:
        self.turns = Turns(1, most)
        self.had: list[str] = []
        self.over = asyncio.Event()

    async def come(self, name: str) -> None:
        """Wait for a turn; the first letter is for whom."""
        async with self.turns.turn(name[0]):
            await self.over.wait()
            self.had.append(name)

    async def all_come(self, *names: str) -> list[asyncio.Task[None]]:
        tasks = [spawn(self.come(name), name=name) for name in names]
        await asyncio.sleep(0)
        return tasks


@pytest.fixture
async def desk() -> Desk:
    return Desk(4)


async def outcomes(*tasks: asyncio.Task[None]) -> list[Any]:
    return [type(each) for each in await asyncio.gather(*tasks, return_exceptions=True)]


async def test_who_comes_once_does_not_wait_for_who_comes_often(desk: Desk) -> None:
    tasks = await desk.all_come("a1", "a2", "a3", "a4", "b1")
    desk.over.set()
    await asyncio.gather(*tasks)
    assert desk.had == ["a1", "a2", "b1", "a3", "a4"]


async def test_who_has_most_waiting_makes_room(desk: Desk) -> None:
    tasks = await desk.all_come("a1", "a2", "a3", "a4", "a5", "b1")
    desk.over.set()
    assert await outcomes(*tasks) == [type(None)] * 4 + [TooManyWaiting, type(None)]
    assert desk.had == ["a1", "a2", "b1", "a3", "a4"]


async def test_who_has_most_waiting_itself_is_refused(desk: Desk) -> None:
    tasks = await desk.all_come("a1", "a2", "a3", "a4", "a5", "a6")
    assert await outcomes(tasks[-1]) == [TooManyWaiting]
    desk.over.set()
    await asyncio.gather(*tasks[:-1])


async def test_those_who_wait_alone_do_not_give_way(desk: Desk) -> None:
    tasks = await desk.all_come("a1", "b1", "c1", "d1", "e1", "f1")
    assert await outcomes(tasks[-1]) == [TooManyWaiting]
    desk.over.set()
    await asyncio.gather(*tasks[:-1])
    assert desk.had == ["a1", "b1", "c1", "d1", "e1"]


async def test_who_goes_away_holds_nobody_up(desk: Desk) -> None:
    tasks = await desk.all_come("a1", "b1", "c1")
    tasks[1].cancel()
    desk.over.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert desk.had == ["a1", "c1"]


async def test_who_goes_away_in_its_turn_passes_it_on(desk: Desk) -> None:
    tasks = await desk.all_come("a1", "b1", "c1")
    desk.over.set()
    desk.turns._next()  # b's turn, of which it has not heard yet
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert desk.had == ["a1", "c1"]
    async with asyncio.timeout(5):
        await desk.come("d1")
