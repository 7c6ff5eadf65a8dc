"""How long a call takes, in processor time: what else runs on the machine counts little."""

import time
from collections.abc import Callable
from typing import Any

from benchmarks.results import Spread

_BATCH_SECONDS = 0.01
_RUNS = 5


def microseconds(call: Callable[[], Any]) -> Spread:
    """Time a call, over and over; the garbage collector works as it does in a program."""
    count = _enough(call)
    return Spread.of([_time(call, count) / count * 1e6 for _ in range(_RUNS)])


def _enough(call: Callable[[], Any]) -> int:
    count = 1
    while (seconds := _time(call, count)) < _BATCH_SECONDS / 4:
        count *= 4
    return max(1, round(count * _BATCH_SECONDS / seconds))


def _time(call: Callable[[], Any], count: int) -> float:
    began = time.process_time()
    for _ in range(count):
        call()
    return time.process_time() - began
