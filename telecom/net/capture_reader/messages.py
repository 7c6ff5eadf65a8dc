"""What is found in a capture, and the error of one that cannot be read."""

from enum import StrEnum
from typing import Final

import msgspec

Address = tuple[str, int]
"""Host and port."""

_MAGIC_NUMBERS: Final = frozenset(
    map(bytes.fromhex, ("a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "0a0d0d0a"))
)
"""pcap of both byte orders, in microseconds and in nanoseconds; pcapng."""


class CaptureError(Exception):
    """The file is no capture, or none that can be read to its end."""


class Protocol(StrEnum):
    """What a message is one of."""

    SMPP = "smpp"
    M3UA = "m3ua"


class CapturedMessage(msgspec.Struct, frozen=True, gc=False):
    """A message as it went over the wire; `at`, in seconds since the epoch, is when it was whole.

    Where the capture lacks octets of a message, `octets` are those that it has.
    """

    at: float
    source: Address
    destination: Address
    protocol: Protocol
    octets: bytes


def is_capture(octets: bytes) -> bool:
    """Say whether a file that begins so is a capture."""
    return octets[:4] in _MAGIC_NUMBERS
