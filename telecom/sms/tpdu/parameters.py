"""The kinds of parameters that TPDUs are made of, 3GPP TS 23.040 9.2.3: how each is coded."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from telecom.sms.address import Address, decode_address, encode_address
from telecom.sms.data_coding import ALPHABET_OF_DCS
from telecom.sms.tpdu.errors import TpduError
from telecom.sms.tpdu.time_stamp import TIME_STAMP_SIZE, decode_time_stamp, encode_time_stamp
from telecom.sms.tpdu.validity import (
    ValidityPeriod,
    encode_validity_period,
    read_validity_period,
    validity_period_format,
)
from telecom.sms.user_data import UserData, decode_user_data, encode_user_data
from telecom.wire import Reader

_VPF_SHIFT: Final = 3
USER_DATA_HEADER: Final = 0x40
OCTETS: Final = tuple(bytes((octet,)) for octet in range(256))
"""Each octet as `bytes`."""


class Cursor(Reader):
    """Where decoding stands, and what it knows by then: the first octet, the parameters."""

    __slots__ = ("first", "octets", "parameters")

    def __init__(self, octets: bytes) -> None:
        super().__init__(octets)
        self.octets = octets
        self.first = self.u8()
        self.parameters: dict[str, Any] = {}


def _encode_octet(value: int) -> bytes:
    if not 0 <= value <= 0xFF:
        raise TpduError(f"{value} is no octet")
    return OCTETS[value]


def _read_address(cursor: Cursor) -> Address:
    address, cursor.offset = decode_address(cursor.octets, cursor.offset)
    return address


def _encode_counted(octets: bytes) -> bytes:
    return _encode_octet(len(octets)) + octets


def _encode_user_data(user_data: UserData) -> bytes:
    length, octets = encode_user_data(user_data)
    return OCTETS[length] + octets


def _read_user_data(cursor: Cursor) -> UserData:
    dcs = cursor.parameters.get("data_coding_scheme") or 0
    has_header = bool(cursor.first & USER_DATA_HEADER)
    length = cursor.u8()
    return decode_user_data(
        length, cursor.rest(), alphabet=ALPHABET_OF_DCS[dcs], has_header=has_header
    )


def _encode_failure_cause(cause: int | None) -> bytes:
    if cause is not None and not 0x80 <= cause <= 0xFF:
        raise TpduError(f"{cause} is no failure cause, 9.2.3.22 reserves it")
    return b"" if cause is None else OCTETS[cause]


def _read_failure_cause(cursor: Cursor) -> int | None:
    """Read TP-FCS if there is one: it is above 0x7F, where a TP-PI would extend itself."""
    following = cursor.octets[cursor.offset : cursor.offset + 1]
    return cursor.u8() if following >= b"\x80" else None


def _header_bit(user_data: UserData) -> int:
    return USER_DATA_HEADER if user_data.header else 0


def _format_bits(period: ValidityPeriod | None) -> int:
    return validity_period_format(period) << _VPF_SHIFT


class Kind(NamedTuple):
    """How values of a kind are coded, and which bits they set in the first octet, if any."""

    encode: Callable[[Any], bytes]
    read: Callable[[Cursor], Any]
    bits: Callable[[Any], int] | None = None


OCTET: Final = Kind(_encode_octet, Cursor.u8)
ADDRESS: Final = Kind(encode_address, _read_address)
TIME_STAMP: Final = Kind(
    encode_time_stamp, lambda cursor: decode_time_stamp(cursor.take(TIME_STAMP_SIZE))
)
VALIDITY_PERIOD: Final = Kind(
    encode_validity_period,
    lambda cursor: read_validity_period(cursor, cursor.first >> _VPF_SHIFT & 3),
    _format_bits,
)
FAILURE_CAUSE: Final = Kind(_encode_failure_cause, _read_failure_cause)
USER_DATA: Final = Kind(_encode_user_data, _read_user_data, _header_bit)
COUNTED: Final = Kind(_encode_counted, lambda cursor: cursor.take(cursor.u8()))
