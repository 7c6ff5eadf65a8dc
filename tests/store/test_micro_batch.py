import asyncio

from telecom.store.micro_batch import MicroBatch


class Flushes:
    """Records batches; each flush waits until it is let go."""

    def __init__(self, *, held: bool = False) -> None:
        self.batches: list[list[int]] = []
        self.failures: list[tuple[list[int], Exception]] = []
        self.gate = asyncio.Event()
        if not held:
            self.gate.set()

    async def flush(self, items: list[int]) -> None:
        self.batches.append(items)
        await self.gate.wait()
        if -1 in items:
            raise ConnectionError("lost")

    def failed(self, items: list[int], error: Exception) -> None:
        self.failures.append((items, error))

    def batch(self, limit: int = 100) -> MicroBatch[int]:
        return MicroBatch(self.flush, limit, failed=self.failed)


async def test_what_comes_in_one_turn_of_the_loop_is_flushed_in_one_call() -> None:
    flushes = Flushes()
    batch = flushes.batch()
    for item in range(5):
        batch.add(item)
    assert flushes.batches == []
    await batch.drain()
    assert flushes.batches == [[0, 1, 2, 3, 4]]


async def test_what_comes_during_a_flush_makes_the_next_one() -> None:
    flushes = Flushes(held=True)
    batch = flushes.batch()
    batch.add(1)
    await asyncio.sleep(0)
    batch.add(2)
    await asyncio.sleep(0)
    batch.add(3)
    assert flushes.batches == [[1]]
    assert len(batch) == 2
    flushes.gate.set()
    await batch.drain()
    assert flushes.batches == [[1], [2, 3]]
    assert len(batch) == 0


async def test_no_flush_is_longer_than_the_limit() -> None:
    flushes = Flushes()
    batch = flushes.batch(limit=2)
    for item in range(5):
        batch.add(item)
    await batch.drain()
    assert flushes.batches == [[0, 1], [2, 3], [4]]


async def test_a_failure_is_reported_with_its_items_and_the_next_batch_goes_on() -> None:
    flushes = Flushes()
    batch = flushes.batch(limit=1)
    batch.add(-1)
    batch.add(7)
    await batch.drain()
    assert flushes.batches == [[-1], [7]]
    ((items, error),) = flushes.failures
    assert items == [-1]
    assert isinstance(error, ConnectionError)


async def test_it_runs_again_after_it_has_run_dry() -> None:
    flushes = Flushes()
    batch = flushes.batch()
    for item in (1, 2):
        batch.add(item)
        await batch.drain()
    assert flushes.batches == [[1], [2]]


async def test_an_item_added_by_the_flush_itself_is_flushed() -> None:
    flushes = Flushes()

    async def flush(items: list[int]) -> None:
        flushes.batches.append(items)
        if items == [1]:
            batch.add(2)

    batch = MicroBatch(flush, 10, failed=flushes.failed)
    batch.add(1)
    await batch.drain()
    assert flushes.batches == [[1], [2]]


async def test_drain_with_nothing_added_returns_at_once() -> None:
    await asyncio.wait_for(Flushes().batch().drain(), 1)
