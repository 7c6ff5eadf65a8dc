"""PDUs to octets and back: one function each way for every PDU, generated from its declaration.

What the functions raise on a peer's octets comes out of `decode` as `Undecodable`.
"""

from collections.abc import Callable, Iterator
from functools import partial
from struct import Struct
from struct import error as StructError  # noqa: N812  it is an exception
from typing import Any, Final

import msgspec

from telecom.smpp.declarations import DECLARATIONS
from telecom.smpp.errors import FramingError, LocalError, PduError
from telecom.smpp.fields import CountedParts, Field
from telecom.smpp.generation import (
    Reader,
    bad,
    compiled,
    cut,
    decoding,
    encoding,
    part_reader,
    part_writer,
)
from telecom.smpp.pdus import PDUS, RESPONSE_BIT, RESPONSES, Pdu
from telecom.smpp.status import CommandStatus
from telecom.smpp.tlvs import Tlv

HEADER_LENGTH: Final = 16
MAX_SEQUENCE_NUMBER: Final = 0x7FFFFFFF
"""SMPP 3.4 5.1.4."""

_read_header = Struct(">4xIII").unpack_from
_write_header = Struct(">IIII").pack
_read_tlv_header = Struct(">HH").unpack_from
_write_tlv_header = Struct(">HH").pack
_read_length = Struct(">I").unpack_from


class Undecodable(msgspec.Struct, frozen=True, gc=False):
    """A PDU that is framed but means nothing; `command_status` is what to answer."""

    command_id: int
    sequence_number: int
    command_status: int
    reason: str


def decode(frame: bytes) -> Pdu | Undecodable:
    """Read one PDU, whole and alone.

    A response with an error status is its header alone where its body means nothing: the body is
    to be ignored (SMPP 5.0 3.2.1.3). Raises `FramingError` only when `frame` is not even a header.
    """
    if len(frame) < HEADER_LENGTH:
        raise FramingError(f"a PDU of {len(frame)} octets")
    command_id, command_status, sequence_number = _read_header(frame)
    decoder = _DECODERS.get(command_id)
    if decoder is None:
        reason = f"command_id 0x{command_id:08X}"
        return Undecodable(command_id, sequence_number, CommandStatus.ESME_RINVCMDID, reason)
    try:
        return decoder(frame, command_status, sequence_number)
    except IndexError:
        wrong: tuple[int, str] = CommandStatus.ESME_RINVCMDLEN, "the PDU ends within its body"
    except PduError as error:
        wrong = error.status, error.reason
    if command_status and command_id & RESPONSE_BIT:
        return decoder(frame[:HEADER_LENGTH], command_status, sequence_number)
    return Undecodable(command_id, sequence_number, *wrong)


def encode(pdu: Pdu, sequence_number: int | None = None) -> bytes:
    """Write one PDU, with another sequence number than its own where one is given.

    A response with an error status and nothing in its body is its header alone, SMPP 3.4 4.4.2.
    Raises `LocalError` for a value that its field cannot carry.
    """
    if sequence_number is None:
        sequence_number = pdu.sequence_number
    try:
        return _ENCODERS[type(pdu)](pdu, sequence_number)
    except (TypeError, ValueError, OverflowError, StructError) as error:
        raise LocalError(f"{type(pdu).__name__}: {error}") from None


class Framer:
    """Cuts a stream of octets into PDUs; keeps at most one PDU that is not whole yet."""

    def __init__(self, max_length: int) -> None:
        self._max_length = max_length
        self._pending = bytearray()
        self._wanted = 4

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield each PDU that is whole now.

        Raises `FramingError` once a command_length is shorter than a header or over the limit;
        the PDUs before it have been yielded by then. One over the limit is told with its whole
        header, SMPP 3.4 4.3.1.
        """
        if self._pending:
            self._pending += data
            if len(self._pending) < self._wanted:
                return
            data = bytes(self._pending)
            self._pending.clear()
        start, size = 0, len(data)
        while size - start >= 4:
            (length,) = _read_length(data, start)
            if not HEADER_LENGTH <= length <= self._max_length:
                whole = size - start >= HEADER_LENGTH
                if whole or length < HEADER_LENGTH:
                    raise _wrong_length(data[start:], length)
                length = HEADER_LENGTH  # the sequence number to answer with is still to come
            if size - start < length:
                break
            yield data[start : start + length]
            start += length
        else:
            length = 4
        self._pending += data[start:]
        self._wanted = length


def _wrong_length(octets: bytes, length: int) -> FramingError:
    command_id, _, sequence_number = _read_header(octets) if length >= HEADER_LENGTH else (0, 0, 0)
    if command_id not in RESPONSES:
        sequence_number = 0  # no number of a request that can be answered
    return FramingError(f"a command_length of {length}", sequence_number)


def _read_tlvs(frame: bytes, at: int, sequence_number: int, error: int) -> tuple[Tlv, ...]:
    tlvs = []
    size = len(frame)
    try:
        while at < size:
            tag, length = _read_tlv_header(frame, at)
            start = at + 4
            at = start + length
            tlvs.append(Tlv(tag, frame[start:at]))
    except StructError:
        at = size + 1
    if at > size:
        raise PduError(error, sequence_number, "the PDU ends within an optional parameter")
    return tuple(tlvs)


def _write_tlvs(tlvs: tuple[Tlv, ...]) -> bytes:
    return b"".join([_write_tlv_header(tlv.tag, len(tlv.value)) + tlv.value for tlv in tlvs])


def _read_parts(
    readers: dict[int | None, Reader], frame: bytes, at: int, sequence_number: int
) -> tuple[tuple[Any, ...], int]:
    parts = []
    count, at = frame[at], at + 1
    for _ in range(count):
        flag = None
        if None not in readers:
            flag, at = frame[at], at + 1
            if flag not in readers:
                status = CommandStatus.ESME_RINVDESTFLAG
                raise PduError(status, sequence_number, f"dest_flag {flag}")
        part, at = readers[flag](frame, at, sequence_number)
        parts.append(part)
    return tuple(parts), at


def _write_parts(
    writers: dict[type, tuple[int | None, Callable[[Any], bytes]]], parts: tuple[Any, ...]
) -> bytes:
    pieces = [bytes((len(parts),))]
    for part in parts:
        flag, writer = writers[type(part)]
        pieces.append(writer(part) if flag is None else bytes((flag,)) + writer(part))
    return b"".join(pieces)


def _parts_functions(fields: dict[str, Field]) -> dict[str, Any]:
    """Make the functions by which the code of `CountedParts` fields reads and writes."""
    functions: dict[str, Any] = {}
    for name, field in fields.items():
        if isinstance(field, CountedParts):
            readers = {flag: part_reader(part) for flag, part in field.classes.items()}
            writers = {part: (flag, part_writer(part)) for flag, part in field.classes.items()}
            functions[f"read_{name}"] = partial(_read_parts, readers)
            functions[f"write_{name}"] = partial(_write_parts, writers)
    return functions


def _decoder(pdu: type[Pdu]) -> Callable[[bytes, int, int], Pdu]:
    fields = DECLARATIONS[pdu]
    header = "sequence_number=sequence_number, command_status=command_status"
    lines = [f"at = {HEADER_LENGTH}"]
    if pdu.command_id & RESPONSE_BIT:  # SMPP 3.4 4.4.2; many peers leave it out of ESME_ROK too
        lines += ["if len(frame) == at:", f"    return cls({header})"]
    # octets after a PDU that has no body are no broken parameter, but too many (5.0 table 4-45)
    trailing = CommandStatus.ESME_RINVOPTPARSTREAM if fields else CommandStatus.ESME_RINVCMDLEN
    values = "".join(f"{name}, " for name in fields)
    lines += [
        *decoding(fields),
        "if at < len(frame):",
        f"    tlvs = read_tlvs(frame, at, sequence_number, {trailing})",
        f"    return cls({values}tlvs=tlvs, {header})",
        f"return cls({values}{header})",
    ]
    names = {"cls": pdu, "cut": cut, "PduError": PduError, "read_tlvs": _read_tlvs}
    names.update(_parts_functions(fields))
    decoder: Callable[[bytes, int, int], Pdu] = compiled(
        f"decode_{pdu.__name__}", "frame, command_status, sequence_number", lines, names
    )
    return decoder


def _encoder(pdu: type[Pdu]) -> Callable[[Any, int], bytes]:
    fields = DECLARATIONS[pdu]
    lines = []
    if pdu.command_id & RESPONSE_BIT and fields:
        content = " or ".join(f"value.{name}" for name in (*fields, "tlvs"))
        lines = [
            f"if value.command_status and not ({content}):",
            f"    length = {HEADER_LENGTH}",
            f"    return header(length, {pdu.command_id}, value.command_status, sequence_number)",
        ]
    lines += [
        *encoding(fields, "body"),
        "if value.tlvs:",
        "    body += write_tlvs(value.tlvs)",
        f"length = {HEADER_LENGTH} + len(body)",
        f"return header(length, {pdu.command_id}, value.command_status, sequence_number) + body",
    ]
    names = {"bad": bad, "write_tlvs": _write_tlvs, "header": _write_header}
    names.update(_parts_functions(fields))
    encoder: Callable[[Any, int], bytes] = compiled(
        f"encode_{pdu.__name__}", "value, sequence_number", lines, names
    )
    return encoder


_DECODERS: Final = {command_id: _decoder(pdu) for command_id, pdu in PDUS.items()}
_ENCODERS: Final = {pdu: _encoder(pdu) for pdu in PDUS.values()}
