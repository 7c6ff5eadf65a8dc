"""The parameters of M3UA messages and how the value of each is coded: RFC 4666 3.2."""

import struct
from collections.abc import Callable
from enum import IntEnum
from typing import Annotated, Any, Final, NamedTuple

import msgspec

from telecom.ss7.m3ua.errors import ErrorCode, MessageError
from telecom.ss7.mtp import MtpTransfer


class ParameterTag(IntEnum):
    """RFC 4666 3.2: common parameters, then those of M3UA alone."""

    INFO_STRING = 0x0004
    ROUTING_CONTEXT = 0x0006
    DIAGNOSTIC_INFORMATION = 0x0007
    HEARTBEAT_DATA = 0x0009
    TRAFFIC_MODE_TYPE = 0x000B
    ERROR_CODE = 0x000C
    STATUS = 0x000D
    ASP_IDENTIFIER = 0x0011
    AFFECTED_POINT_CODE = 0x0012
    CORRELATION_ID = 0x0013
    NETWORK_APPEARANCE = 0x0200
    USER_CAUSE = 0x0204
    CONGESTION_INDICATIONS = 0x0205
    CONCERNED_DESTINATION = 0x0206
    ROUTING_KEY = 0x0207
    REGISTRATION_RESULT = 0x0208
    DEREGISTRATION_RESULT = 0x0209
    LOCAL_ROUTING_KEY_IDENTIFIER = 0x020A
    DESTINATION_POINT_CODE = 0x020B
    SERVICE_INDICATORS = 0x020C
    ORIGINATING_POINT_CODE_LIST = 0x020E
    PROTOCOL_DATA = 0x0210
    REGISTRATION_STATUS = 0x0212
    DEREGISTRATION_STATUS = 0x0213


class TrafficMode(IntEnum):
    """How an AS spreads traffic over its active ASPs, RFC 4666 3.7.1."""

    OVERRIDE = 1
    LOADSHARE = 2
    BROADCAST = 3


class StatusType(IntEnum):
    """What a NTFY is about, RFC 4666 3.8.2."""

    AS_STATE_CHANGE = 1
    OTHER = 2


class OtherStatus(IntEnum):
    """Status information of the type `OTHER`, RFC 4666 3.8.2."""

    INSUFFICIENT_ASP_RESOURCES = 1
    ALTERNATE_ASP_ACTIVE = 2
    ASP_FAILURE = 3


class RegistrationStatus(IntEnum):
    """RFC 4666 3.6.2."""

    SUCCESSFULLY_REGISTERED = 0
    UNKNOWN = 1
    INVALID_DPC = 2
    INVALID_NETWORK_APPEARANCE = 3
    INVALID_ROUTING_KEY = 4
    PERMISSION_DENIED = 5
    CANNOT_SUPPORT_UNIQUE_ROUTING = 6
    ROUTING_KEY_NOT_PROVISIONED = 7
    INSUFFICIENT_RESOURCES = 8
    UNSUPPORTED_PARAMETER_FIELD = 9
    UNSUPPORTED_TRAFFIC_MODE = 10
    CHANGE_REFUSED = 11
    ALREADY_REGISTERED = 12


class DeregistrationStatus(IntEnum):
    """RFC 4666 3.6.4."""

    SUCCESSFULLY_DEREGISTERED = 0
    UNKNOWN = 1
    INVALID_ROUTING_CONTEXT = 2
    PERMISSION_DENIED = 3
    NOT_REGISTERED = 4
    ASP_ACTIVE = 5


class Status(msgspec.Struct, frozen=True, gc=False):
    """RFC 4666 3.8.2: `information` is an `AsState` or an `OtherStatus`, as `type` says."""

    type: int
    information: int


class UserCause(msgspec.Struct, frozen=True, gc=False):
    """RFC 4666 3.4.5: which user part (an MTP service indicator) is unavailable, and why."""

    cause: int
    user: int


class PointCode(msgspec.Struct, frozen=True, gc=False):
    """A point code whose last `mask` bits are wild, RFC 4666 3.4.1."""

    pc: int
    mask: int = 0


class Parameter(NamedTuple):
    """A tag, and how its value becomes octets (without padding) and is read from `data[i:j]`."""

    tag: ParameterTag
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes, int, int], Any]


PARAMETER_HEADER: Final = struct.Struct(">HH")
_U32: Final = struct.Struct(">I")
_U16_PAIR: Final = struct.Struct(">HH")
_PROTOCOL_DATA: Final = struct.Struct(">IIBBBB")
_LONGEST_INFO_STRING: Final = 255
_PC_BITS: Final = 24
_PC_MASK: Final = (1 << _PC_BITS) - 1


def _wrong_length(length: int) -> MessageError:
    return MessageError(ErrorCode.PARAMETER_FIELD_ERROR, f"a value of {length} octets")


def _decode_u32(data: bytes, start: int, stop: int) -> int:
    if stop - start != 4:
        raise _wrong_length(stop - start)
    value: int = _U32.unpack_from(data, start)[0]
    return value


def _encode_u32_list(values: tuple[int, ...]) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def _decode_u32_list(data: bytes, start: int, stop: int) -> tuple[int, ...]:
    length = stop - start
    if length == 4:
        return _U32.unpack_from(data, start)
    if length % 4 or not length:
        raise _wrong_length(length)
    return struct.unpack_from(f">{length // 4}I", data, start)


def _decode_octets(data: bytes, start: int, stop: int) -> bytes:
    return data[start:stop]


def _encode_text(text: str) -> bytes:
    return text.encode()[:_LONGEST_INFO_STRING]


def _decode_text(data: bytes, start: int, stop: int) -> str:
    if stop - start > _LONGEST_INFO_STRING:
        raise _wrong_length(stop - start)
    return data[start:stop].decode(errors="backslashreplace")


def _encode_point_codes(values: tuple[PointCode, ...]) -> bytes:
    return _encode_u32_list(tuple([value.mask << _PC_BITS | value.pc for value in values]))


def _decode_point_codes(data: bytes, start: int, stop: int) -> tuple[PointCode, ...]:
    words = _decode_u32_list(data, start, stop)
    return tuple([PointCode(word & _PC_MASK, word >> _PC_BITS) for word in words])


def _encode_point_code(value: PointCode) -> bytes:
    return _U32.pack(value.mask << _PC_BITS | value.pc)


def _decode_point_code(data: bytes, start: int, stop: int) -> PointCode:
    word = _decode_u32(data, start, stop)
    return PointCode(word & _PC_MASK, word >> _PC_BITS)


def _decode_u24(data: bytes, start: int, stop: int) -> int:
    return _decode_u32(data, start, stop) & _PC_MASK


def _decode_level(data: bytes, start: int, stop: int) -> int:
    return _decode_u32(data, start, stop) & 0xFF


def _encode_status(value: Status) -> bytes:
    return _U16_PAIR.pack(value.type, value.information)


def _encode_user_cause(value: UserCause) -> bytes:
    return _U16_PAIR.pack(value.cause, value.user)


def _decode_status(data: bytes, start: int, stop: int) -> Status:
    word = _decode_u32(data, start, stop)
    return Status(word >> 16, word & 0xFFFF)


def _decode_user_cause(data: bytes, start: int, stop: int) -> UserCause:
    word = _decode_u32(data, start, stop)
    return UserCause(word >> 16, word & 0xFFFF)


def _decode_service_indicators(data: bytes, start: int, stop: int) -> tuple[int, ...]:
    return tuple(data[start:stop])


def _encode_protocol_data(value: MtpTransfer) -> bytes:
    return (
        _PROTOCOL_DATA.pack(value.opc, value.dpc, value.si, value.ni, value.mp, value.sls)
        + value.data
    )


def _decode_protocol_data(data: bytes, start: int, stop: int) -> MtpTransfer:
    user_data = start + 12
    if user_data > stop:
        raise _wrong_length(stop - start)
    opc, dpc, si, ni, mp, sls = _PROTOCOL_DATA.unpack_from(data, start)
    return MtpTransfer(opc, dpc, si, ni, mp, sls, data[user_data:stop])


def _integer(tag: ParameterTag) -> Parameter:
    return Parameter(tag, _U32.pack, _decode_u32)


InfoString = Annotated[str, Parameter(ParameterTag.INFO_STRING, _encode_text, _decode_text)]
RoutingContexts = Annotated[
    tuple[int, ...],
    Parameter(ParameterTag.ROUTING_CONTEXT, _encode_u32_list, _decode_u32_list),
]
OneRoutingContext = Annotated[int, _integer(ParameterTag.ROUTING_CONTEXT)]
DiagnosticInformation = Annotated[
    bytes, Parameter(ParameterTag.DIAGNOSTIC_INFORMATION, bytes, _decode_octets)
]
HeartbeatData = Annotated[bytes, Parameter(ParameterTag.HEARTBEAT_DATA, bytes, _decode_octets)]
TrafficModeType = Annotated[int, _integer(ParameterTag.TRAFFIC_MODE_TYPE)]
ErrorCodeValue = Annotated[int, _integer(ParameterTag.ERROR_CODE)]
StatusValue = Annotated[Status, Parameter(ParameterTag.STATUS, _encode_status, _decode_status)]
AspIdentifier = Annotated[int, _integer(ParameterTag.ASP_IDENTIFIER)]
AffectedPointCodes = Annotated[
    tuple[PointCode, ...],
    Parameter(ParameterTag.AFFECTED_POINT_CODE, _encode_point_codes, _decode_point_codes),
]
CorrelationId = Annotated[int, _integer(ParameterTag.CORRELATION_ID)]
NetworkAppearance = Annotated[int, _integer(ParameterTag.NETWORK_APPEARANCE)]
UserCauseValue = Annotated[
    UserCause, Parameter(ParameterTag.USER_CAUSE, _encode_user_cause, _decode_user_cause)
]
CongestionLevel = Annotated[
    int, Parameter(ParameterTag.CONGESTION_INDICATIONS, _U32.pack, _decode_level)
]
ConcernedDestination = Annotated[
    int, Parameter(ParameterTag.CONCERNED_DESTINATION, _U32.pack, _decode_u24)
]
LocalRoutingKeyIdentifier = Annotated[int, _integer(ParameterTag.LOCAL_ROUTING_KEY_IDENTIFIER)]
DestinationPointCode = Annotated[
    PointCode,
    Parameter(ParameterTag.DESTINATION_POINT_CODE, _encode_point_code, _decode_point_code),
]
ServiceIndicators = Annotated[
    tuple[int, ...],
    Parameter(ParameterTag.SERVICE_INDICATORS, bytes, _decode_service_indicators),
]
OriginatingPointCodes = Annotated[
    tuple[PointCode, ...],
    Parameter(ParameterTag.ORIGINATING_POINT_CODE_LIST, _encode_point_codes, _decode_point_codes),
]
ProtocolData = Annotated[
    MtpTransfer,
    Parameter(ParameterTag.PROTOCOL_DATA, _encode_protocol_data, _decode_protocol_data),
]
RegistrationStatusValue = Annotated[int, _integer(ParameterTag.REGISTRATION_STATUS)]
DeregistrationStatusValue = Annotated[int, _integer(ParameterTag.DEREGISTRATION_STATUS)]
