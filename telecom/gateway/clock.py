"""The two clocks of a node: one that never steps, and the time of day."""

import time
from collections.abc import Callable
from typing import Final

import msgspec


class Clock(msgspec.Struct, frozen=True):
    """`monotonic` drives timers and measures; `wall` is seconds since 1970, for records."""

    monotonic: Callable[[], float]
    wall: Callable[[], float]


SYSTEM_CLOCK: Final = Clock(time.monotonic, time.time)
