"""Our requests that await their responses, SMPP 3.4 2.9: their numbers, their time, how many."""

from telecom.smpp.codec import MAX_SEQUENCE_NUMBER
from telecom.smpp.pdus import Pdu


class Window:
    """The outstanding requests of one side, oldest first; all have the same time to be answered.

    `size` is how many there may be, and may change.
    """

    def __init__(self, size: int, response_timer: float) -> None:
        self.size = size
        self._response_timer = response_timer
        self._requests: dict[int, tuple[Pdu, float]] = {}
        self._last = 0
        self._due: float | None = None

    def __len__(self) -> int:
        """Return how many requests are outstanding."""
        return len(self._requests)

    @property
    def free(self) -> int:
        """How many more requests may be sent now."""
        return max(0, self.size - len(self._requests))

    @property
    def due(self) -> float | None:
        """When to call `expired`; at that time no request need be too old, but none is before."""
        return self._due

    def next_sequence_number(self) -> int:
        """Return the next number that no outstanding request has, SMPP 3.4 5.1.4."""
        while True:
            self._last = self._last % MAX_SEQUENCE_NUMBER + 1
            if self._last not in self._requests:
                return self._last

    def add(self, request: Pdu, sequence_number: int, now: float) -> None:
        """Begin to wait for the response."""
        deadline = now + self._response_timer
        self._requests[sequence_number] = (request, deadline)
        if self._due is None:
            self._due = deadline

    def get(self, sequence_number: int) -> Pdu | None:
        """Return the request that a response with this number is for."""
        found = self._requests.get(sequence_number)
        return found[0] if found else None

    def remove(self, sequence_number: int) -> None:
        """Wait for this response no longer."""
        del self._requests[sequence_number]

    def expired(self, now: float) -> list[tuple[int, Pdu]]:
        """Remove and return, with their numbers, the requests that have waited too long."""
        old: list[tuple[int, Pdu]] = []
        self._due = None
        for sequence_number, (request, deadline) in self._requests.items():
            if deadline > now:
                self._due = deadline
                break
            old.append((sequence_number, request))
        for sequence_number, _ in old:
            del self._requests[sequence_number]
        return old

    def clear(self) -> None:
        """Wait for nothing any more."""
        self._requests.clear()
        self._due = None
