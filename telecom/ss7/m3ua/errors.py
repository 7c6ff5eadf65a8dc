"""Who is at fault, and what the peer is told about it: RFC 4666 3.8.1."""

from enum import IntEnum


class ErrorCode(IntEnum):
    """The Error Code parameter, RFC 4666 3.8.1."""

    INVALID_VERSION = 0x01
    UNSUPPORTED_MESSAGE_CLASS = 0x03
    UNSUPPORTED_MESSAGE_TYPE = 0x04
    UNSUPPORTED_TRAFFIC_MODE_TYPE = 0x05
    UNEXPECTED_MESSAGE = 0x06
    PROTOCOL_ERROR = 0x07
    INVALID_STREAM_IDENTIFIER = 0x09
    REFUSED_MANAGEMENT_BLOCKING = 0x0D
    ASP_IDENTIFIER_REQUIRED = 0x0E
    INVALID_ASP_IDENTIFIER = 0x0F
    INVALID_PARAMETER_VALUE = 0x11
    PARAMETER_FIELD_ERROR = 0x12
    UNEXPECTED_PARAMETER = 0x13
    DESTINATION_STATUS_UNKNOWN = 0x14
    INVALID_NETWORK_APPEARANCE = 0x15
    MISSING_PARAMETER = 0x16
    INVALID_ROUTING_CONTEXT = 0x19
    NO_CONFIGURED_AS_FOR_ASP = 0x1A


class M3uaError(Exception):
    """Anything that M3UA refuses."""


class LocalError(M3uaError):
    """Our caller broke a rule; nothing was sent."""


class MessageError(M3uaError):
    """The peer's message cannot be taken; it is answered with ERR and the association goes on."""

    def __init__(
        self,
        code: ErrorCode,
        reason: str,
        *,
        routing_contexts: tuple[int, ...] = (),
        network_appearance: int | None = None,
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.routing_contexts = routing_contexts
        self.network_appearance = network_appearance


class FramingError(MessageError):
    """The peer's octets cannot be cut into messages any more; after the ERR the link goes down."""
