"""Faults on demand: a share of dialogues is delayed, answered with an error, or not answered."""

from collections.abc import Iterable
from enum import StrEnum
from random import Random
from typing import Final

import msgspec


class Target(StrEnum):
    """Which operations a fault is for."""

    ANY = "any"
    SEND_ROUTING_INFO_FOR_SM = "sendRoutingInfoForSM"
    MT_FORWARD_SM = "mt-ForwardSM"
    REPORT_SM_DELIVERY_STATUS = "reportSM-DeliveryStatus"
    READY_FOR_SM = "readyForSM"


class Fault(msgspec.Struct, frozen=True, gc=False):
    """What happens to `share` (0..1) of the dialogues that begin with `target`.

    `error` is a MAP error code that takes the place of the answer, `silent` leaves it out, and
    `delay` (seconds) holds back whatever is left to send.
    """

    target: Target = Target.ANY
    share: float = 1.0
    delay: float = 0.0
    error: int | None = None
    silent: bool = False


MAX_FAULTS: Final = 100


class Faults:
    """The faults that are set, drawn in the order of their rows from one seeded sequence."""

    def __init__(self, faults: Iterable[Fault] = (), *, seed: int = 0) -> None:
        self.replace(faults, seed=seed)

    def replace(self, faults: Iterable[Fault], *, seed: int) -> None:
        """Set these faults in place of those before, and start the sequence again."""
        self.rows = tuple(faults)[:MAX_FAULTS]
        self.seed = seed
        self._random = Random(seed)  # noqa: S311  repeatable on purpose

    def draw(self, target: Target) -> Fault | None:
        """Return the first fault that hits this dialogue, if one does."""
        for fault in self.rows:
            if fault.target in (target, Target.ANY) and self._random.random() < fault.share:
                return fault
        return None
