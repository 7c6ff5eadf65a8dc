"""A node's incarnation, and the ids of the messages that it accepts."""

from itertools import count
from typing import Final

from telecom.store.lua import Call, Client, Script

_KEY: Final = "{node}:incarnation"
_INCARNATE: Final = Script("incarnate")


async def next_incarnation(redis: Client, now: float) -> int:
    """Return a number that no node process had before, below 2^32.

    It is higher than any Redis remembers, and at least `now` in seconds, so that it is a new
    one even after Redis has lost its data.
    """
    (incarnation,) = await _INCARNATE.run(redis, [Call([_KEY], int(now))])
    return int(incarnation)


class MessageIds:
    """Ids of 20 hexadecimal digits: partition (2), incarnation (8), counter (10)."""

    def __init__(self, incarnation: int) -> None:
        self._middle = f"{incarnation:08x}"
        self._counter = count(1)

    def next(self, partition: int) -> str:
        """Return an id for a message of this partition."""
        return f"{partition:02x}{self._middle}{next(self._counter):010x}"


def incarnation_of(message_id: str) -> str:
    """Return the incarnation, as it is written in the id, of the node that accepted a message."""
    return message_id[2:10]
