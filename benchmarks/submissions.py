"""The submit_sm that a load generator sends, made before it starts."""

from collections.abc import Iterator
from typing import Final

from telecom.smpp import codec
from telecom.smpp.pdus import SubmitSm

FIRST_SEQUENCE_NUMBER: Final = 2
"""The bind request has the one before."""
_PREFIX: Final = "4477009"
_PLAIN_NUMBERS: Final = 90_000
"""So many of the prefix's numbers are used: none is a magic one, ending in 901 to 999."""
_LONGEST: Final = 10_000


class Submissions:
    """Messages to as many numbers, one after the other in `octets`, again from the first.

    Each bind has numbers of its own, so that a receipt tells by its number which message it is.
    """

    def __init__(self, bind: int, binds: int, *, receipts: bool) -> None:
        self.count = min(_LONGEST, _PLAIN_NUMBERS // binds)
        self.numbers = [_number(bind * self.count + index) for index in range(self.count)]
        frames = [
            codec.encode(_submit_sm(number, receipts=receipts), FIRST_SEQUENCE_NUMBER + index)
            for index, number in enumerate(self.numbers)
        ]
        self._octets = memoryview(b"".join(frames))
        self._length = len(frames[0])

    def slices(self, start: int, count: int) -> Iterator[memoryview]:
        """Give the octets of so many messages from the `start`-th on."""
        while count > 0:
            index = start % self.count
            taken = min(count, self.count - index)
            yield self._octets[index * self._length : (index + taken) * self._length]
            start += taken
            count -= taken


def _number(index: int) -> bytes:
    return f"{_PREFIX}{index // 900 * 1000 + index % 900:05d}".encode()


def _submit_sm(number: bytes, *, receipts: bool) -> SubmitSm:
    return SubmitSm(
        source_addr_ton=5,
        source_addr=b"Bench",
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr=number,
        registered_delivery=int(receipts),
        short_message=b"Hello world, this is a message of a benchmark",
    )
