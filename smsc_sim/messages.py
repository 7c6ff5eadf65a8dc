"""What an SMSC remembers: the messages that it has accepted, and what became of them."""

from collections.abc import Iterator

import msgspec

from smsc_sim.actions import Action
from telecom.smpp.pdus import BroadcastSm, DataSm, SubmitSm
from telecom.sms.receipt import MessageState

Request = SubmitSm | DataSm | BroadcastSm
"""What makes a message; one destination of a submit_multi is as a submit_sm."""


class StoredMessage(msgspec.Struct, eq=False, kw_only=True):
    """A message: what was asked, and how far it is. Times are in seconds since 1970.

    `plan` counts the times that its future was made anew: what was to be done by an older one is
    not done any more.
    """

    number: int
    message_id: str
    account: str
    request: Request
    action: Action
    submitted_at: float
    scheduled_at: float | None = None
    expires_at: float | None = None
    state: MessageState = MessageState.ENROUTE
    error_code: int = 0
    final_at: float | None = None
    plan: int = 0

    @property
    def source(self) -> str:
        """Who sent it."""
        return self.request.source_addr.decode("latin-1")

    @property
    def destination(self) -> str:
        """Whom it is for; nobody in particular, if it is a broadcast."""
        request = self.request
        if isinstance(request, BroadcastSm):
            return ""
        return request.destination_addr.decode("latin-1")

    @property
    def is_pending(self) -> bool:
        """Whether something can still become of it."""
        return self.final_at is None

    def is_scheduled(self, now: float) -> bool:
        """Whether its time has not come yet."""
        return self.is_pending and self.scheduled_at is not None and now < self.scheduled_at


class Messages:
    """The last `most` messages; of more, the oldest are forgotten."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.clear()

    def clear(self) -> None:
        """Forget all."""
        self._by_number: dict[int, StoredMessage] = {}
        self._by_id: dict[str, list[StoredMessage]] = {}
        self._pending: dict[tuple[str, str, str], dict[int, StoredMessage]] = {}

    def __len__(self) -> int:
        return len(self._by_number)

    def __iter__(self) -> Iterator[StoredMessage]:
        """Go through all, the newest first."""
        return reversed(self._by_number.values())

    def add(self, message: StoredMessage) -> None:
        """Remember a message."""
        self._by_number[message.number] = message
        self._by_id.setdefault(message.message_id, []).append(message)
        self._pending.setdefault(_way(message), {})[message.number] = message
        if len(self._by_number) > self._most:
            self._forget(next(iter(self._by_number.values())))

    def find(self, message_id: str, account: str | None = None) -> list[StoredMessage]:
        """Return the messages with an id: several after a submit_multi, none of other accounts."""
        found = self._by_id.get(message_id, ())
        return [message for message in found if account in (None, message.account)]

    def pending(
        self, account: str, source: str, destination: str, service_type: bytes = b""
    ) -> list[StoredMessage]:
        """Return what an account has under way; with a service_type, only what has the same."""
        found = self._pending.get((account, source, destination), {}).values()
        return [each for each in found if service_type in (b"", each.request.service_type)]

    def ended(self, message: StoredMessage) -> None:
        """Take note that a message is in its final state."""
        way = _way(message)
        pending = self._pending.get(way, {})
        pending.pop(message.number, None)
        if not pending:
            self._pending.pop(way, None)

    def _forget(self, message: StoredMessage) -> None:
        self.ended(message)
        del self._by_number[message.number]
        same = self._by_id[message.message_id]
        same.remove(message)
        if not same:
            del self._by_id[message.message_id]


def _way(message: StoredMessage) -> tuple[str, str, str]:
    return message.account, message.source, message.destination
