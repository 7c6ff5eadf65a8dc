"""MAP's user errors, 3GPP TS 29.002 17.6.6, and the exceptions of this package."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

import msgspec

from telecom.ss7.map import error_parameters as parameters
from telecom.ss7.map.declarations import Sequence


class MapError(Exception):
    """Anything that goes wrong in MAP."""


class LocalError(MapError):
    """Our own user broke a rule; nothing was sent."""


class TooManyDialogues(LocalError):
    """As many dialogues are open as TCAP allows."""


class ParameterError(MapError):
    """The peer's parameter is not what the operation or error has: mistyped, Q.773 3.2."""


class ErrorCode(IntEnum):
    """Local error codes, TS 29.002 17.6.6, of the short message operations."""

    UNKNOWN_SUBSCRIBER = 1
    UNIDENTIFIED_SUBSCRIBER = 5
    ABSENT_SUBSCRIBER_SM = 6
    ILLEGAL_SUBSCRIBER = 9
    TELESERVICE_NOT_PROVISIONED = 11
    ILLEGAL_EQUIPMENT = 12
    CALL_BARRED = 13
    FACILITY_NOT_SUPPORTED = 21
    ABSENT_SUBSCRIBER = 27
    SUBSCRIBER_BUSY_FOR_MT_SMS = 31
    SM_DELIVERY_FAILURE = 32
    MESSAGE_WAITING_LIST_FULL = 33
    SYSTEM_FAILURE = 34
    DATA_MISSING = 35
    UNEXPECTED_DATA_VALUE = 36


class UserError(msgspec.Struct, frozen=True):
    """A user error: its name in the specification, its parameter and the versions that have it."""

    name: str
    parameter: type[Sequence]
    versions: tuple[int, ...] = (3,)


USER_ERRORS: Final[Mapping[int, UserError]] = {
    ErrorCode.UNKNOWN_SUBSCRIBER: UserError("unknownSubscriber", parameters.UnknownSubscriberParam),
    ErrorCode.UNIDENTIFIED_SUBSCRIBER: UserError(
        "unidentifiedSubscriber", parameters.UnidentifiedSubParam
    ),
    ErrorCode.ABSENT_SUBSCRIBER_SM: UserError(
        "absentSubscriberSM", parameters.AbsentSubscriberSmParam
    ),
    ErrorCode.ILLEGAL_SUBSCRIBER: UserError("illegalSubscriber", parameters.IllegalSubscriberParam),
    ErrorCode.TELESERVICE_NOT_PROVISIONED: UserError(
        "teleserviceNotProvisioned", parameters.TeleservNotProvParam
    ),
    ErrorCode.ILLEGAL_EQUIPMENT: UserError("illegalEquipment", parameters.IllegalEquipmentParam),
    ErrorCode.CALL_BARRED: UserError("callBarred", parameters.CallBarredParam, (1, 2, 3)),
    ErrorCode.FACILITY_NOT_SUPPORTED: UserError(
        "facilityNotSupported", parameters.FacilityNotSupParam
    ),
    ErrorCode.ABSENT_SUBSCRIBER: UserError(
        "absentSubscriber", parameters.AbsentSubscriberParam, (1, 3)
    ),
    ErrorCode.SUBSCRIBER_BUSY_FOR_MT_SMS: UserError(
        "subscriberBusyForMT-SMS", parameters.SubBusyForMtSmsParam
    ),
    ErrorCode.SM_DELIVERY_FAILURE: UserError(
        "sm-DeliveryFailure", parameters.SmDeliveryFailureCause, (1, 2, 3)
    ),
    ErrorCode.MESSAGE_WAITING_LIST_FULL: UserError(
        "messageWaitingListFull", parameters.MessageWaitListFullParam
    ),
    ErrorCode.SYSTEM_FAILURE: UserError("systemFailure", parameters.SystemFailureParam, (1, 2, 3)),
    ErrorCode.DATA_MISSING: UserError("dataMissing", parameters.DataMissingParam),
    ErrorCode.UNEXPECTED_DATA_VALUE: UserError(
        "unexpectedDataValue", parameters.UnexpectedDataParam
    ),
}


def error_name(code: int) -> str:
    """Return the name the specification gives a local error code, or `error N`."""
    row = USER_ERRORS.get(code)
    return row.name if row else f"error {code}"
