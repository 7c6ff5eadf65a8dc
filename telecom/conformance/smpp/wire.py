"""PDUs as octets, right or wrong in any way that a case wants, and as they are named."""

import re
from struct import Struct

import msgspec

from telecom.smpp.codec import HEADER_LENGTH, Undecodable, decode, encode
from telecom.smpp.pdus import PDUS, RESPONSE_BIT, Pdu
from telecom.smpp.status import status_name

_header = Struct(">IIII").pack
_tlv_header = Struct(">HH").pack
_read_header = Struct(">4xIII").unpack_from


class Received(msgspec.Struct, frozen=True):
    """A PDU as it came: its octets, and what they mean."""

    frame: bytes
    pdu: Pdu | Undecodable

    @property
    def command_id(self) -> int:
        """What it is."""
        return self.pdu.command_id

    @property
    def command_status(self) -> int:
        """What its header says, even where its body means nothing."""
        _, status, _ = _read_header(self.frame)
        return int(status)

    @property
    def sequence_number(self) -> int:
        """Its own."""
        return self.pdu.sequence_number

    @property
    def is_response(self) -> bool:
        """Whether it answers something; a generic_nack does, too."""
        return bool(self.command_id & RESPONSE_BIT)

    @property
    def body(self) -> bytes:
        """What follows the header."""
        return self.frame[HEADER_LENGTH:]

    def __str__(self) -> str:
        """Say it in short, as a failure does."""
        said = command_name(self.command_id)
        if self.is_response:
            said += f" {status_name(self.command_status)}"
        broken = isinstance(self.pdu, Undecodable) and self.pdu.command_id in PDUS
        return said + (f" (cannot be read: {self.pdu.reason})" if broken else "")  # type: ignore[union-attr]


def received(frame: bytes) -> Received:
    """Read a PDU."""
    return Received(frame, decode(frame))


def command_name(command_id: int) -> str:
    """Name a command_id as the specification does."""
    pdu = PDUS.get(command_id)
    if pdu is None:
        return f"a PDU 0x{command_id:08X}"
    return re.sub(r"(?<!^)([A-Z])", r"_\1", pdu.__name__).lower()


def raw(
    command_id: int,
    body: bytes = b"",
    *,
    sequence_number: int,
    command_status: int = 0,
    command_length: int | None = None,
) -> bytes:
    """Write a PDU of any octets; its command_length may be a lie."""
    length = HEADER_LENGTH + len(body) if command_length is None else command_length
    return _header(length, command_id, command_status, sequence_number) + body


def body_of(pdu: Pdu) -> bytes:
    """Return the octets of a PDU after its header."""
    return encode(pdu, 1)[HEADER_LENGTH:]


def tlv(tag: int, value: bytes = b"", *, length: int | None = None) -> bytes:
    """Write an optional parameter; its length may be a lie, SMPP 3.4 3.2.4.1."""
    return _tlv_header(tag, len(value) if length is None else length) + value
