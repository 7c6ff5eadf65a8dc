"""What long requests of the peer count for: so many of them must not fill the memory."""

from typing import Final

from telecom.smpp.codec import Undecodable
from telecom.smpp.pdus import Pdu

LONG_REQUEST: Final = 1024
"""Octets of a request that counts as one; a longer one counts for each time it has as many."""

_TLV: Final = 64
"""Octets that an optional parameter takes in memory at least, were it empty."""


def extra_weight(pdu: Pdu | Undecodable, size: int) -> int:
    """Return for how many requests one of so many octets counts beside itself."""
    if isinstance(pdu, Pdu):
        size += _TLV * len(pdu.tlvs)
    return size // LONG_REQUEST


class LongRequests:
    """The extra weights of requests that have no response yet; `total` is all of them together.

    By the number that the peer has given a request: one that uses a number twice has both weights
    taken off with the first response.
    """

    def __init__(self) -> None:
        self.total = 0
        self._weights: dict[int, int] = {}

    def received(self, pdu: Pdu, size: int) -> int:
        """Take note of a request, and return its extra weight."""
        weight = extra_weight(pdu, size)
        if weight:
            self.total += weight
            self._weights[pdu.sequence_number] = self._weights.get(pdu.sequence_number, 0) + weight
        return weight

    def answered(self, request: Pdu) -> int:
        """Take note that a request is answered, and return what is taken off."""
        weight = self._weights.pop(request.sequence_number, 0)
        self.total -= weight
        return weight
