"""What a PDU costs to write and to read, beside smpplib and smpp34."""

from collections.abc import Iterable
from functools import partial
from typing import Any, Final

from benchmarks.peer_pdus import PEERS, spelled
from benchmarks.results import Row, Spread, Table
from benchmarks.timing import microseconds
from telecom.smpp import codec
from telecom.smpp.declarations import DECLARATIONS
from telecom.smpp.pdus import (
    PDUS,
    DeliverSm,
    DistributionList,
    Pdu,
    SmeAddress,
    SubmitSm,
    UnsuccessSme,
)
from telecom.smpp.tlvs import MESSAGE_STATE, RECEIPTED_MESSAGE_ID, USER_MESSAGE_REFERENCE

_SOURCE, _DESTINATION = b"38591000100", b"447700900123"
_MESSAGE_ID: Final = b"0568ac1f3a00000000c7"
_TEXT: Final = b"Hello world, this is a message of a benchmark"
_RECEIPT: Final = (
    b"id:0568ac1f3a00000000c7 sub:001 dlvrd:001 submit date:2611221304 done date:2611221304"
    b" stat:DELIVRD err:000 text:Hello world, this is"
)
_TYPICAL: Final[dict[str, Any]] = {
    "system_id": b"demo",
    "password": b"demo",
    "message_id": _MESSAGE_ID,
    "source_addr_ton": 1,
    "source_addr_npi": 1,
    "source_addr": _SOURCE,
    "dest_addr_ton": 1,
    "dest_addr_npi": 1,
    "destination_addr": _DESTINATION,
    "esme_addr_ton": 1,
    "esme_addr_npi": 1,
    "esme_addr": _SOURCE,
    "registered_delivery": 1,
    "short_message": _TEXT,
    "message_state": 2,
    "dest_addresses": (SmeAddress(1, 1, _DESTINATION), DistributionList(b"staff")),
    "unsuccess_smes": (UnsuccessSme(1, 1, _DESTINATION, 0x0B),),
}
"""What a field of this name has in it; the others have what is usual, nothing."""

_COLUMNS: Final = (
    "encode",
    "decode",
    *(f"{peer} {way}" for peer in PEERS for way in ("encode", "decode")),
)
_NOTES: Final = (
    "Processor time of a call.",
    "A - is a PDU that the peer does not have, or does not write as these same octets.",
    "smpp34 is Rust, and makes a Python value of a field only once that is asked for.",
)


def measure() -> Table:
    """Time every PDU that is declared, both ways."""
    rows = tuple(Row(name, _cells(pdu)) for name, pdu in _samples())
    return Table("SMPP PDUs, µs", _COLUMNS, rows, _NOTES)


def _samples() -> Iterable[tuple[str, Pdu]]:
    for pdu in PDUS.values():
        values = {name: _TYPICAL[name] for name in DECLARATIONS[pdu] if name in _TYPICAL}
        yield spelled(pdu), pdu(**values, sequence_number=1)
        if pdu is SubmitSm:
            values["tlvs"] = (USER_MESSAGE_REFERENCE(7),)
            yield "submit_sm, a TLV", pdu(**values, sequence_number=1)
        elif pdu is DeliverSm:
            values |= {"esm_class": 4, "short_message": _RECEIPT}
            values["tlvs"] = (RECEIPTED_MESSAGE_ID(_MESSAGE_ID), MESSAGE_STATE(2))
            yield "deliver_sm, a receipt", pdu(**values, sequence_number=1)


def _cells(pdu: Pdu) -> tuple[Spread | None, ...]:
    frame = codec.encode(pdu)
    cells: list[Spread | None] = [
        microseconds(partial(codec.encode, pdu)),
        microseconds(partial(codec.decode, frame)),
    ]
    for calls_of in PEERS.values():
        calls = calls_of(pdu, frame)
        cells += [microseconds(call) for call in calls] if calls else [None, None]
    return tuple(cells)
