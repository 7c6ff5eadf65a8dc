"""The messages of M3UA, one line a parameter, in the order of RFC 4666 3.3 to 3.8."""

from collections.abc import Callable
from enum import IntEnum
from typing import Final, TypeVar

import msgspec

from telecom.ss7.m3ua import parameters as p


class MessageClass(IntEnum):
    """RFC 4666 3.1.2."""

    MGMT = 0
    TRANSFER = 1
    SSNM = 2
    ASPSM = 3
    ASPTM = 4
    RKM = 9


class ParameterSet(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Parameters in a row: a message, or the value of a parameter that holds others."""


class Message(ParameterSet, frozen=True, kw_only=True):
    """What follows the common message header, RFC 4666 3.1."""


G = TypeVar("G", bound=ParameterSet)
M = TypeVar("M", bound=Message)

MESSAGES: Final[dict[tuple[int, int], type[Message]]] = {}
"""Every message by its class and type."""

GROUPS: Final[dict[type[ParameterSet], p.ParameterTag]] = {}
"""Every parameter that holds other parameters, and its tag."""


def _message(message_class: MessageClass, message_type: int) -> Callable[[type[M]], type[M]]:
    def register(cls: type[M]) -> type[M]:
        MESSAGES[message_class, message_type] = cls
        return cls

    return register


def _group(tag: p.ParameterTag) -> Callable[[type[G]], type[G]]:
    def register(cls: type[G]) -> type[G]:
        GROUPS[cls] = tag
        return cls

    return register


@_message(MessageClass.TRANSFER, 1)
class Data(Message, frozen=True, kw_only=True):
    """DATA, RFC 4666 3.3.1."""

    network_appearance: p.NetworkAppearance | None = None
    routing_contexts: p.RoutingContexts = ()
    protocol_data: p.ProtocolData
    correlation_id: p.CorrelationId | None = None


class _DestinationMessage(Message, frozen=True, kw_only=True):
    """What DUNA, DAVA, DAUD and DRST have in common, RFC 4666 3.4."""

    network_appearance: p.NetworkAppearance | None = None
    routing_contexts: p.RoutingContexts = ()
    affected: p.AffectedPointCodes
    info: p.InfoString | None = None


@_message(MessageClass.SSNM, 1)
class DestinationUnavailable(_DestinationMessage, frozen=True, kw_only=True):
    """DUNA, RFC 4666 3.4.1."""


@_message(MessageClass.SSNM, 2)
class DestinationAvailable(_DestinationMessage, frozen=True, kw_only=True):
    """DAVA, RFC 4666 3.4.2."""


@_message(MessageClass.SSNM, 3)
class DestinationStateAudit(_DestinationMessage, frozen=True, kw_only=True):
    """DAUD, RFC 4666 3.4.3."""


@_message(MessageClass.SSNM, 4)
class SignallingCongestion(Message, frozen=True, kw_only=True):
    """SCON, RFC 4666 3.4.4."""

    network_appearance: p.NetworkAppearance | None = None
    routing_contexts: p.RoutingContexts = ()
    affected: p.AffectedPointCodes
    concerned_destination: p.ConcernedDestination | None = None
    congestion_level: p.CongestionLevel | None = None
    info: p.InfoString | None = None


@_message(MessageClass.SSNM, 5)
class DestinationUserPartUnavailable(Message, frozen=True, kw_only=True):
    """DUPU, RFC 4666 3.4.5."""

    network_appearance: p.NetworkAppearance | None = None
    routing_contexts: p.RoutingContexts = ()
    affected: p.AffectedPointCodes
    user_cause: p.UserCauseValue
    info: p.InfoString | None = None


@_message(MessageClass.SSNM, 6)
class DestinationRestricted(_DestinationMessage, frozen=True, kw_only=True):
    """DRST, RFC 4666 3.4.6."""


@_message(MessageClass.ASPSM, 1)
class AspUp(Message, frozen=True, kw_only=True):
    """ASPUP, RFC 4666 3.5.1."""

    asp_identifier: p.AspIdentifier | None = None
    info: p.InfoString | None = None


@_message(MessageClass.ASPSM, 4)
class AspUpAck(Message, frozen=True, kw_only=True):
    """ASPUP ACK, RFC 4666 3.5.2."""

    asp_identifier: p.AspIdentifier | None = None
    info: p.InfoString | None = None


@_message(MessageClass.ASPSM, 2)
class AspDown(Message, frozen=True, kw_only=True):
    """ASPDN, RFC 4666 3.5.3."""

    info: p.InfoString | None = None


@_message(MessageClass.ASPSM, 5)
class AspDownAck(Message, frozen=True, kw_only=True):
    """ASPDN ACK, RFC 4666 3.5.4."""

    info: p.InfoString | None = None


@_message(MessageClass.ASPSM, 3)
class Heartbeat(Message, frozen=True, kw_only=True):
    """BEAT, RFC 4666 3.5.5."""

    data: p.HeartbeatData | None = None


@_message(MessageClass.ASPSM, 6)
class HeartbeatAck(Message, frozen=True, kw_only=True):
    """BEAT ACK, RFC 4666 3.5.6."""

    data: p.HeartbeatData | None = None


@_group(p.ParameterTag.ROUTING_KEY)
class RoutingKey(ParameterSet, frozen=True, kw_only=True):
    """Which traffic an AS takes, RFC 4666 3.6.1."""

    local_identifier: p.LocalRoutingKeyIdentifier
    routing_context: p.OneRoutingContext | None = None
    traffic_mode: p.TrafficModeType | None = None
    destinations: tuple[p.DestinationPointCode, ...]
    network_appearance: p.NetworkAppearance | None = None
    service_indicators: tuple[p.ServiceIndicators, ...] = ()
    originating_point_codes: tuple[p.OriginatingPointCodes, ...] = ()


@_group(p.ParameterTag.REGISTRATION_RESULT)
class RegistrationResult(ParameterSet, frozen=True, kw_only=True):
    """What became of one routing key, RFC 4666 3.6.2."""

    local_identifier: p.LocalRoutingKeyIdentifier
    status: p.RegistrationStatusValue
    routing_context: p.OneRoutingContext


@_group(p.ParameterTag.DEREGISTRATION_RESULT)
class DeregistrationResult(ParameterSet, frozen=True, kw_only=True):
    """What became of one routing context, RFC 4666 3.6.4."""

    routing_context: p.OneRoutingContext
    status: p.DeregistrationStatusValue


@_message(MessageClass.RKM, 1)
class RegistrationRequest(Message, frozen=True, kw_only=True):
    """REG REQ, RFC 4666 3.6.1."""

    routing_keys: tuple[RoutingKey, ...]


@_message(MessageClass.RKM, 2)
class RegistrationResponse(Message, frozen=True, kw_only=True):
    """REG RSP, RFC 4666 3.6.2."""

    results: tuple[RegistrationResult, ...]


@_message(MessageClass.RKM, 3)
class DeregistrationRequest(Message, frozen=True, kw_only=True):
    """DEREG REQ, RFC 4666 3.6.3."""

    routing_contexts: p.RoutingContexts


@_message(MessageClass.RKM, 4)
class DeregistrationResponse(Message, frozen=True, kw_only=True):
    """DEREG RSP, RFC 4666 3.6.4."""

    results: tuple[DeregistrationResult, ...]


@_message(MessageClass.ASPTM, 1)
class AspActive(Message, frozen=True, kw_only=True):
    """ASPAC, RFC 4666 3.7.1."""

    traffic_mode: p.TrafficModeType | None = None
    routing_contexts: p.RoutingContexts = ()
    info: p.InfoString | None = None


@_message(MessageClass.ASPTM, 3)
class AspActiveAck(Message, frozen=True, kw_only=True):
    """ASPAC ACK, RFC 4666 3.7.2."""

    traffic_mode: p.TrafficModeType | None = None
    routing_contexts: p.RoutingContexts = ()
    info: p.InfoString | None = None


@_message(MessageClass.ASPTM, 2)
class AspInactive(Message, frozen=True, kw_only=True):
    """ASPIA, RFC 4666 3.7.3."""

    routing_contexts: p.RoutingContexts = ()
    info: p.InfoString | None = None


@_message(MessageClass.ASPTM, 4)
class AspInactiveAck(Message, frozen=True, kw_only=True):
    """ASPIA ACK, RFC 4666 3.7.4."""

    routing_contexts: p.RoutingContexts = ()
    info: p.InfoString | None = None


@_message(MessageClass.MGMT, 0)
class Error(Message, frozen=True, kw_only=True):
    """ERR, RFC 4666 3.8.1."""

    code: p.ErrorCodeValue
    routing_contexts: p.RoutingContexts = ()
    network_appearance: p.NetworkAppearance | None = None
    affected: p.AffectedPointCodes = ()
    diagnostic: p.DiagnosticInformation | None = None


@_message(MessageClass.MGMT, 1)
class Notify(Message, frozen=True, kw_only=True):
    """NTFY, RFC 4666 3.8.2."""

    status: p.StatusValue
    asp_identifier: p.AspIdentifier | None = None
    routing_contexts: p.RoutingContexts = ()
    info: p.InfoString | None = None
