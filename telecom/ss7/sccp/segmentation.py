"""Segmenting and reassembling over XUDT: Q.714 4.1.1."""

from collections.abc import Hashable
from typing import Final

import msgspec

from telecom.ss7.mtp import MtpTransfer
from telecom.ss7.sccp.messages import ExtendedUnitdata, Segmentation
from telecom.ss7.sccp.primitives import ReturnCause

MOST_SEGMENTS: Final = 16
"""What the four bits of remaining segments can count, Q.713 3.17."""


def cut(data: bytes, room: int) -> list[bytes]:
    """Cut data into as few segments of at most `room` octets as it takes, the first the longest."""
    count = -(-len(data) // room)
    size = -(-len(data) // count)
    return [data[start : start + size] for start in range(0, len(data), size)]


class Failure(msgspec.Struct, frozen=True, gc=False):
    """A message that will not be whole: its first segment, where that came from, and why."""

    first: ExtendedUnitdata
    origin: MtpTransfer
    cause: ReturnCause


class _Partial:
    __slots__ = ("deadline", "first", "origin", "parts", "remaining")

    def __init__(
        self, first: ExtendedUnitdata, origin: MtpTransfer, remaining: int, deadline: float
    ) -> None:
        self.first = first
        self.origin = origin
        self.parts = [first.data]
        self.remaining = remaining
        self.deadline = deadline

    def failure(self, cause: ReturnCause) -> Failure:
        return Failure(self.first, self.origin, cause)


class Reassembler:
    """Puts segments together: in order, in time (`lifetime`, seconds), and at most `limit` at once.

    What belongs together has the same origin, calling address and local reference.
    """

    def __init__(self, *, lifetime: float = 15.0, limit: int = 1024) -> None:
        self._lifetime = lifetime
        self._limit = limit
        self._partials: dict[Hashable, _Partial] = {}  # oldest first

    def add(
        self,
        message: ExtendedUnitdata,
        segmentation: Segmentation,
        origin: MtpTransfer,
        now: float,
    ) -> bytes | Failure | None:
        """Take a segment: the whole data with the last one, None before it, or what went wrong."""
        key = (origin.opc, message.calling, segmentation.local_reference)
        if segmentation.first:
            return self._begin(key, message, segmentation, origin, now)
        partial = self._partials.get(key)
        if partial is None:
            return Failure(message, origin, ReturnCause.ERROR_IN_MESSAGE_TRANSPORT)
        if segmentation.remaining != partial.remaining - 1:
            del self._partials[key]
            return partial.failure(ReturnCause.ERROR_IN_MESSAGE_TRANSPORT)
        partial.parts.append(message.data)
        partial.remaining -= 1
        if partial.remaining:
            return None
        del self._partials[key]
        return b"".join(partial.parts)

    def _begin(
        self,
        key: Hashable,
        message: ExtendedUnitdata,
        segmentation: Segmentation,
        origin: MtpTransfer,
        now: float,
    ) -> bytes | Failure | None:
        self._partials.pop(key, None)
        if not segmentation.remaining:
            return message.data
        if len(self._partials) >= self._limit:
            return Failure(message, origin, ReturnCause.DESTINATION_CANNOT_REASSEMBLE)
        deadline = now + self._lifetime
        self._partials[key] = _Partial(message, origin, segmentation.remaining, deadline)
        return None

    def next_timer(self) -> float | None:
        """Return when the oldest message that is not whole expires."""
        for partial in self._partials.values():
            return partial.deadline
        return None

    def expire(self, now: float) -> list[Failure]:
        """Give up what has waited too long."""
        late = []
        for key, partial in self._partials.items():
            if now < partial.deadline:
                break
            late.append(key)
        cause = ReturnCause.ERROR_IN_MESSAGE_TRANSPORT
        return [self._partials.pop(key).failure(cause) for key in late]
