"""Names of keys in Redis; the hash tag ``{pNN}`` puts all keys of a partition in one slot."""

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Final, Generic, TypeVar
from zlib import crc32

T = TypeVar("T")
R = TypeVar("R")

MAX_PARTITIONS: Final = 256
"""A message id begins with its partition as two hexadecimal digits."""

_MESSAGE_ID: Final = re.compile(r"[0-9a-f]{20}")


class Keys:
    """The keys of one partition.

    A stream is written ``S``, a hash ``H``, a set ``U``, a sorted set ``Z``, a string ``T``.
    """

    def __init__(self, partition: int) -> None:
        self.partition = partition
        self.tag = f"{{p{partition:02x}}}"

    @cached_property
    def messages(self) -> str:
        """H: message id to message; a message exists for as long as it is here."""
        return f"{self.tag}:messages"

    @cached_property
    def mt(self) -> str:
        """S: message ids to be delivered now."""
        return f"{self.tag}:mt"

    @cached_property
    def deferred(self) -> str:
        """Z: ``destination:message id`` by the time it is due."""
        return f"{self.tag}:deferred"

    @cached_property
    def waiting(self) -> str:
        """Z: ``destination:message id`` in alphabetical order: what an alert makes due."""
        return f"{self.tag}:waiting"

    @cached_property
    def scheduled(self) -> str:
        """Z: ``destination:message id`` in alphabetical order: what no alert makes due."""
        return f"{self.tag}:scheduled"

    @cached_property
    def taken(self) -> str:
        """U: ids of messages that a node is at work on: from its taking until it puts them off."""
        return f"{self.tag}:taken"

    @cached_property
    def ended(self) -> str:
        """H: message id to how it ended (`records.Ended`); ``since``: when this hash was begun."""
        return f"{self.tag}:ended"

    @cached_property
    def ended_before(self) -> str:
        """H: what `ended` was before it was begun anew."""
        return f"{self.tag}:ended_before"

    @cached_property
    def events(self) -> str:
        """S: billable events on their way to the ledger, field ``event``."""
        return f"{self.tag}:events"

    @cached_property
    def evidence(self) -> str:
        """S: the GT gate's verdicts on their way to the ledger, see `records.Evidence`."""
        return f"{self.tag}:evidence"

    @cached_property
    def outbox_ready(self) -> str:
        """S: accounts whose outbox in this partition just got something, field ``account``."""
        return f"{self.tag}:outbox_ready"

    @cached_property
    def outbox_dropped(self) -> str:
        """T: how many entries outboxes lost to their bounds."""
        return f"{self.tag}:outbox_dropped"

    def outbox(self, account: str) -> str:
        """S: what is to be delivered to an account, in order."""
        return f"{self.tag}:outbox:{account}"

    def outbox_put(self, item: str) -> str:
        """T: there while an item's id is remembered, so that it is put once."""
        return f"{self.tag}:put:{item}"

    def accepted(self, incarnation: str) -> str:
        """T: what a node's last batch here consisted of, so that a retry is known as one."""
        return f"{self.tag}:accepted:{incarnation}"

    @cached_property
    def upstream_held(self) -> str:
        """H: receipts of upstreams that came before the id they are about."""
        return f"{self.tag}:upstream_held"

    @cached_property
    def upstream_held_at(self) -> str:
        """Z: those by the time they came."""
        return f"{self.tag}:upstream_held_at"

    def upstream(self, part: str) -> str:
        """H: a part of a message by what its upstream calls it: ``message`` id, ``told``."""
        return f"{self.tag}:upstream:{part}"

    def group(self, message_id: str) -> str:
        """T: the ids of the messages that one id stands for, msgpack."""
        return f"{self.tag}:group:{message_id}"

    def flags(self, number: str) -> str:
        """H: delivery pending flags of a number: account, NUL and source to what these hear."""
        return f"{self.tag}:flags:{number}"

    def authorisation(self, authorisation: str) -> str:
        """H: what the GT gate knows of one sendRoutingInfoForSM."""
        return f"{self.tag}:gt:{authorisation}"


class Share(Generic[T]):
    """Those of some items that belong to one partition, and their places among all of them."""

    __slots__ = ("items", "keys", "places")

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self.items: list[T] = []
        self.places: list[int] = []


class Partitions:
    """The partitions of a deployment; their count is fixed for the life of its Redis."""

    def __init__(self, count: int = 16) -> None:
        if not 1 <= count <= MAX_PARTITIONS:
            raise ValueError(f"between 1 and {MAX_PARTITIONS} partitions, not {count}")
        self.count = count
        self.keys = tuple(Keys(partition) for partition in range(count))

    def of(self, digits: str) -> int:
        """Return the partition of a number (the end user's, whatever the direction)."""
        return crc32(digits.encode()) % self.count

    def of_id(self, message_id: str) -> int | None:
        """Return the partition that a message id begins with; None where it is no id of ours."""
        if not _MESSAGE_ID.fullmatch(message_id):
            return None
        partition = int(message_id[:2], 16)
        return partition if partition < self.count else None

    def share(
        self, items: Iterable[T], digits: Callable[[T], str], *, at_most: int = sys.maxsize
    ) -> list[Share[T]]:
        """Split items by the partition of their `digits`, in order within each.

        A share has `at_most` so many; there are several of a partition that has more.
        """
        shares: list[Share[T]] = []
        last: dict[int, Share[T]] = {}
        for place, item in enumerate(items):
            partition = self.of(digits(item))
            share = last.get(partition)
            if share is None or len(share.items) == at_most:
                share = last[partition] = Share(self.keys[partition])
                shares.append(share)
            share.items.append(item)
            share.places.append(place)
        return shares


def in_order(shares: Sequence[Share[T]], replies: Sequence[Sequence[R]]) -> list[R]:
    """Put what each share's items were answered back in the places of the items."""
    answers = {
        place: answer
        for share, reply in zip(shares, replies, strict=True)
        for place, answer in zip(share.places, reply, strict=True)
    }
    return [answers[place] for place in range(len(answers))]
