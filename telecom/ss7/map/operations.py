"""MAP's operations for short messages, 3GPP TS 29.002 17.6.4, and GSM 09.02: one row each."""

from enum import Enum, IntEnum
from typing import Final

import msgspec

from telecom.ss7.map import contexts as ac
from telecom.ss7.map import messages
from telecom.ss7.map.contexts import ApplicationContext
from telecom.ss7.map.declarations import Sequence
from telecom.ss7.map.errors import ErrorCode
from telecom.ss7.tcap.primitives import OperationClass


class OperationCode(IntEnum):
    """Local operation codes, TS 29.002 17.5."""

    MT_FORWARD_SM = 44
    SEND_ROUTING_INFO_FOR_SM = 45
    FORWARD_SM = 46
    MO_FORWARD_SM = 46
    REPORT_SM_DELIVERY_STATUS = 47
    NOTE_SUBSCRIBER_PRESENT = 48
    ALERT_SERVICE_CENTRE_WITHOUT_RESULT = 49
    INFORM_SERVICE_CENTRE = 63
    ALERT_SERVICE_CENTRE = 64
    READY_FOR_SM = 66


class Timer(float, Enum):
    """How long an operation waits for its outcome, in seconds, TS 29.002 17.1.2."""

    S = 10.0
    M = 30.0
    ML = 60.0


class Operation(msgspec.Struct, frozen=True):
    """An operation as some application contexts have it.

    `writes` are the argument classes of other versions that this one's wire form can hold, so that
    a dialogue may fall back with the argument it was opened with.
    """

    code: OperationCode
    name: str
    contexts: tuple[ApplicationContext, ...]
    argument: type[Sequence]
    timer: Timer
    result: type[Sequence] | None = None
    result_mandatory: bool = False
    errors: frozenset[ErrorCode] = frozenset()
    operation_class: OperationClass = OperationClass.SUCCESS_AND_FAILURE
    writes: tuple[type[Sequence], ...] = ()


_DATA: Final = frozenset({ErrorCode.DATA_MISSING, ErrorCode.UNEXPECTED_DATA_VALUE})
_GENERIC: Final = _DATA | {ErrorCode.SYSTEM_FAILURE}
_ROUTING: Final = _GENERIC | {
    ErrorCode.FACILITY_NOT_SUPPORTED,
    ErrorCode.UNKNOWN_SUBSCRIBER,
    ErrorCode.TELESERVICE_NOT_PROVISIONED,
    ErrorCode.CALL_BARRED,
}
_FORWARD: Final = _GENERIC | {
    ErrorCode.FACILITY_NOT_SUPPORTED,
    ErrorCode.UNIDENTIFIED_SUBSCRIBER,
    ErrorCode.ILLEGAL_SUBSCRIBER,
    ErrorCode.ILLEGAL_EQUIPMENT,
    ErrorCode.SUBSCRIBER_BUSY_FOR_MT_SMS,
    ErrorCode.SM_DELIVERY_FAILURE,
}

OPERATIONS: Final = (
    Operation(
        OperationCode.SEND_ROUTING_INFO_FOR_SM,
        "sendRoutingInfoForSM",
        (ac.SHORT_MSG_GATEWAY_V3,),
        messages.RoutingInfoForSmArg,
        Timer.M,
        messages.RoutingInfoForSmRes,
        result_mandatory=True,
        errors=_ROUTING | {ErrorCode.ABSENT_SUBSCRIBER_SM},
    ),
    Operation(
        OperationCode.SEND_ROUTING_INFO_FOR_SM,
        "sendRoutingInfoForSM",
        (ac.SHORT_MSG_GATEWAY_V1, ac.SHORT_MSG_GATEWAY_V2),
        messages.RoutingInfoForSmArg,
        Timer.M,
        messages.RoutingInfoForSmRes,
        result_mandatory=True,
        errors=_ROUTING | {ErrorCode.ABSENT_SUBSCRIBER},
    ),
    Operation(
        OperationCode.MT_FORWARD_SM,
        "mt-ForwardSM",
        (ac.SHORT_MSG_MT_RELAY_V3,),
        messages.MtForwardSmArg,
        Timer.ML,
        messages.MtForwardSmRes,
        errors=_FORWARD | {ErrorCode.ABSENT_SUBSCRIBER_SM},
    ),
    Operation(
        OperationCode.MO_FORWARD_SM,
        "mo-ForwardSM",
        (ac.SHORT_MSG_MO_RELAY_V3,),
        messages.MoForwardSmArg,
        Timer.ML,
        messages.MoForwardSmRes,
        errors=frozenset(
            {
                ErrorCode.SYSTEM_FAILURE,
                ErrorCode.UNEXPECTED_DATA_VALUE,
                ErrorCode.FACILITY_NOT_SUPPORTED,
                ErrorCode.SM_DELIVERY_FAILURE,
            }
        ),
    ),
    Operation(
        OperationCode.FORWARD_SM,
        "forwardSM",
        (ac.SHORT_MSG_RELAY_V1, ac.SHORT_MSG_MO_RELAY_V2, ac.SHORT_MSG_MT_RELAY_V2),
        messages.ForwardSmArg,
        Timer.ML,
        errors=_FORWARD | {ErrorCode.ABSENT_SUBSCRIBER},
        writes=(messages.MtForwardSmArg, messages.MoForwardSmArg),
    ),
    Operation(
        OperationCode.REPORT_SM_DELIVERY_STATUS,
        "reportSM-DeliveryStatus",
        (ac.SHORT_MSG_GATEWAY_V2, ac.SHORT_MSG_GATEWAY_V3),
        messages.ReportSmDeliveryStatusArg,
        Timer.S,
        messages.ReportSmDeliveryStatusRes,
        errors=_DATA | {ErrorCode.UNKNOWN_SUBSCRIBER, ErrorCode.MESSAGE_WAITING_LIST_FULL},
    ),
    Operation(
        OperationCode.REPORT_SM_DELIVERY_STATUS,
        "reportSM-DeliveryStatus",
        (ac.SHORT_MSG_GATEWAY_V1,),
        messages.ReportSmDeliveryStatusArg,
        Timer.S,
        errors=_DATA | {ErrorCode.UNKNOWN_SUBSCRIBER, ErrorCode.MESSAGE_WAITING_LIST_FULL},
    ),
    Operation(
        OperationCode.INFORM_SERVICE_CENTRE,
        "informServiceCentre",
        (ac.SHORT_MSG_GATEWAY_V2, ac.SHORT_MSG_GATEWAY_V3),
        messages.InformServiceCentreArg,
        Timer.S,
        operation_class=OperationClass.NOTHING,
    ),
    Operation(
        OperationCode.ALERT_SERVICE_CENTRE,
        "alertServiceCentre",
        (ac.SHORT_MSG_ALERT_V2,),
        messages.AlertServiceCentreArg,
        Timer.S,
        errors=_GENERIC,
    ),
    Operation(
        OperationCode.ALERT_SERVICE_CENTRE_WITHOUT_RESULT,
        "alertServiceCentreWithoutResult",
        (ac.SHORT_MSG_ALERT_V1,),
        messages.AlertServiceCentreArg,
        Timer.S,
        operation_class=OperationClass.NOTHING,
    ),
    Operation(
        OperationCode.READY_FOR_SM,
        "readyForSM",
        (ac.MWD_MNGT_V2, ac.MWD_MNGT_V3),
        messages.ReadyForSmArg,
        Timer.M,
        messages.ReadyForSmRes,
        errors=_DATA | {ErrorCode.FACILITY_NOT_SUPPORTED, ErrorCode.UNKNOWN_SUBSCRIBER},
    ),
    Operation(
        OperationCode.NOTE_SUBSCRIBER_PRESENT,
        "noteSubscriberPresent",
        (ac.MWD_MNGT_V1,),
        messages.NoteSubscriberPresentArg,
        Timer.S,
        operation_class=OperationClass.NOTHING,
    ),
)

_BY_CODE: Final = {(context, int(row.code)): row for row in OPERATIONS for context in row.contexts}
_BY_ARGUMENT: Final = {
    (context, argument): row
    for row in OPERATIONS
    for context in row.contexts
    for argument in (row.argument, *row.writes)
}
_V1_CONTEXTS: Final = {code: context for (context, code) in _BY_CODE if context.version == 1}


def operation_received(context: ApplicationContext, code: int) -> Operation | None:
    """Return the operation with this code in this context; None when it has none."""
    return _BY_CODE.get((context, code))


def operation_to_send(context: ApplicationContext, argument: type[Sequence]) -> Operation | None:
    """Return the operation of this context that takes this argument; None when none does."""
    return _BY_ARGUMENT.get((context, argument))


def version_1_context(code: int) -> ApplicationContext | None:
    """Return the context of a dialogue without dialogue portion, TS 29.002 15.2 and 17.3."""
    return _V1_CONTEXTS.get(code)
