"""When a message that was not delivered is tried again: by the class of its failure."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

import msgspec

from telecom.router.failures import Failure, FailureClass


class MessagingMode(IntEnum):
    """Bits 1 and 0 of esm_class: how much is done for a message, SMPP 3.4 2.10 and 5.2.12."""

    DEFAULT = 0
    DATAGRAM = 1
    TRANSACTION = 2
    STORE_AND_FORWARD = 3


SINGLE_ATTEMPT: Final = frozenset({MessagingMode.DATAGRAM, MessagingMode.TRANSACTION})
"""The modes in which a message is not tried again."""


class Schedule(msgspec.Struct, frozen=True, gc=False):
    """Growing delays, in seconds: `first`, then each `multiplier` times longer, up to `cap`.

    `jitter` is the share of a delay that is at most added to it, so that what failed together
    does not come back together.
    """

    first: float
    multiplier: float = 2.0
    cap: float = 3600.0
    jitter: float = 0.1

    def delay(self, attempts: int, fraction: float) -> float:
        """Return the delay after so many attempts (from 1); `fraction` is in [0, 1)."""
        try:
            grown = self.first * self.multiplier ** (attempts - 1)
        except OverflowError:
            grown = self.cap
        return min(grown, self.cap) * (1 + self.jitter * fraction)


class Retries:
    """The schedules of a service, one for each class of failure that may pass."""

    def __init__(self, schedules: Mapping[FailureClass, Schedule]) -> None:
        missing = set(FailureClass) - {FailureClass.PERMANENT} - set(schedules)
        if missing:
            raise ValueError(f"no retry schedule for {', '.join(sorted(missing))}")
        self._schedules = dict(schedules)

    def due(
        self, failure: Failure, *, attempts: int, now: float, expires_at: float, fraction: float
    ) -> float | None:
        """Return when to try again, or None when the message ends in `failure.state`.

        `attempts` counts those made; `fraction` is drawn by the caller from [0, 1). A message
        that an alert may still call up is kept until `expires_at`; any other whose next attempt
        would come too late ends now, as nothing can change its end.
        """
        if failure.kind is FailureClass.PERMANENT or now >= expires_at:
            return None
        due = now + self._schedules[failure.kind].delay(attempts, fraction)
        if due < expires_at:
            return due
        return expires_at if failure.waits_for_alert else None
