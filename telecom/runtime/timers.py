"""Everything that waits for a time, in one heap; time is an argument."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

Action = Callable[[float], None]


class Timers:
    """Actions that are due at a time, called with the time at which they are run."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Action]] = []
        self._order = count()

    def __len__(self) -> int:
        return len(self._heap)

    def at(self, due: float, action: Action) -> None:
        """Have `action` run at `due`; of two that are due together the first set runs first."""
        heappush(self._heap, (due, next(self._order), action))

    def next_at(self) -> float | None:
        """Return when the next action is due."""
        return self._heap[0][0] if self._heap else None

    def run(self, now: float) -> None:
        """Run what is due, and what that sets for now or earlier."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            heappop(heap)[2](now)
