"""PDUs that something has happened to: octets changed, inserted, taken out, repeated or cut off."""

from collections.abc import Iterator
from random import Random

from telecom.smpp.codec import encode
from telecom.smpp.pdus import PDUS
from telecom.smpp.tlvs import Tlv
from tests.smpp.conftest import TLV_VECTORS, filled

TLVS_AT_ONCE = 4
GENERATIONS = 20_000
"""After so many mutations all begins anew, before every PDU is noise."""


def seeds() -> list[bytes]:
    """Return every PDU alone, and with every parameter, some of them at a time."""
    octets = [bytes.fromhex(entry["hex"]) for entry in TLV_VECTORS]
    tlvs = [Tlv(int.from_bytes(tlv[:2], "big"), tlv[4:]) for tlv in octets]
    some = [tuple(tlvs[at : at + TLVS_AT_ONCE]) for at in range(0, len(tlvs), TLVS_AT_ONCE)]
    return [encode(filled(cls, tlvs=few)) for cls in PDUS.values() for few in ((), *some)]


def mutated(seed: int, count: int) -> Iterator[bytes]:
    """Yield so many frames, the same for the same seed."""
    bits = Random(seed).getrandbits
    pool: list[bytes] = []
    for number in range(count):
        if number % GENERATIONS == 0:
            pool = seeds()
        drawn = bits(64)
        index = (drawn & 0xFFFF) % len(pool)
        frame = pool[index]
        at = (drawn >> 16 & 0xFFFF) % (len(frame) + 1)
        some = drawn >> 32 & 0xF
        kind = drawn >> 36 & 7
        if kind < 3:
            frame = b"%b%c%b" % (frame[:at], drawn >> 40 & 0xFF, frame[at + 1 :])
        elif kind == 3:
            frame = b"%b\0%b" % (frame[:at], frame[at + 1 :])
        elif kind == 4:
            frame = frame[:at] + bits(8 * some + 8).to_bytes(some + 1, "big") + frame[at:]
        elif kind == 5:
            frame = frame[:at] + frame[at + some :]
        elif kind == 6:
            frame = frame[:at] + frame[at - some :]
        else:
            frame = frame[:at]
        if len(frame) >= 16 and drawn >> 60 < 4:
            pool[index] = frame
        yield frame
