"""A million damaged PDUs: each decodes or has its answer, and nothing is kept of any."""

import gc
import sys

import pytest

from telecom.smpp.codec import HEADER_LENGTH, Undecodable, decode, encode
from telecom.smpp.errors import FramingError, PduError
from telecom.smpp.pdus import Pdu
from telecom.smpp.status import CommandStatus
from telecom.smpp.tlvs import TLV_TYPES
from tests.smpp.mutations import mutated

CHUNKS = 10
CHUNK = 100_000
SOME_BLOCKS = 2000
"""What the interpreter may keep for itself; a leak of one block a PDU would be 50 times as much."""


@pytest.mark.parametrize("seed", range(CHUNKS))
def test_damaged_pdus(seed: int) -> None:
    digest(seed, CHUNK // 100)
    gc.collect()
    before = sys.getallocatedblocks()
    decoded = digest(seed, CHUNK)
    gc.collect()
    assert sys.getallocatedblocks() - before < SOME_BLOCKS
    assert CHUNK // 10 < decoded < CHUNK  # there are enough of both kinds


def digest(seed: int, count: int) -> int:
    """Check what becomes of so many PDUs, and return how many decode."""
    decoded = 0
    for frame in mutated(seed, count):
        if len(frame) < HEADER_LENGTH:
            with pytest.raises(FramingError):
                decode(frame)
            continue
        pdu = decode(frame)
        if isinstance(pdu, Undecodable):
            assert CommandStatus(pdu.command_status) is not CommandStatus.ESME_ROK
            continue
        decoded += 1
        assert decode(encode(pdu)) == pdu
        if pdu.tlvs and decoded % 8 == 0:  # they take longer than all the rest
            read_parameters(pdu)
    return decoded


def read_parameters(pdu: Pdu) -> None:
    for tlv in pdu.tlvs[-1:]:
        kind = TLV_TYPES.get(tlv.tag)
        if kind is not None:
            try:
                value = kind.of(pdu)
                assert kind.of(type(pdu)(tlvs=(kind(value),))) == value
            except PduError:
                pass
