"""What the scripts take of messages: their blobs, their places in sorted sets, their outboxes."""

import msgspec

from telecom.store.keys import Keys
from telecom.store.lua import octets
from telecom.store.records import ENCODE, Message


def member_of(message: Message) -> str:
    """Return how a message is called in the sorted sets of what is put off."""
    return f"{message.destination}:{message.id}"


def blob_of(message: Message) -> msgspec.Raw:
    """Return a message as it is stored."""
    return octets(ENCODE(message))


class OutboxNumbers:
    """Numbers the accounts whose outboxes one call needs, from 1 on, in the order of their keys."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    @property
    def accounts(self) -> list[str]:
        """The accounts, in the order of their numbers."""
        return list(self._numbers)

    def of(self, account: str) -> int:
        """Return the number of an account's outbox."""
        return self._numbers.setdefault(account, len(self._numbers) + 1)

    def keys(self, keys: Keys) -> list[str]:
        """Return the outboxes of a partition, in the order of their numbers."""
        return [keys.outbox(account) for account in self._numbers]
