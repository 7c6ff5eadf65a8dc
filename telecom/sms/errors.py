"""What can be wrong with a short message, and the TP-Failure-Cause that says so."""

from enum import IntEnum
from typing import ClassVar


class FailureCause(IntEnum):
    """TP-FCS, 3GPP TS 23.040 9.2.3.22."""

    TELEMATIC_INTERWORKING_NOT_SUPPORTED = 0x80
    SHORT_MESSAGE_TYPE_0_NOT_SUPPORTED = 0x81
    CANNOT_REPLACE_SHORT_MESSAGE = 0x82
    UNSPECIFIED_PID_ERROR = 0x8F
    ALPHABET_NOT_SUPPORTED = 0x90
    MESSAGE_CLASS_NOT_SUPPORTED = 0x91
    UNSPECIFIED_DCS_ERROR = 0x9F
    COMMAND_CANNOT_BE_ACTIONED = 0xA0
    COMMAND_UNSUPPORTED = 0xA1
    UNSPECIFIED_COMMAND_ERROR = 0xAF
    TPDU_NOT_SUPPORTED = 0xB0
    SC_BUSY = 0xC0
    NO_SC_SUBSCRIPTION = 0xC1
    SC_SYSTEM_FAILURE = 0xC2
    INVALID_SME_ADDRESS = 0xC3
    DESTINATION_SME_BARRED = 0xC4
    DUPLICATE_REJECTED = 0xC5
    VPF_NOT_SUPPORTED = 0xC6
    VP_NOT_SUPPORTED = 0xC7
    SIM_STORAGE_FULL = 0xD0
    NO_SIM_STORAGE = 0xD1
    ERROR_IN_MS = 0xD2
    MEMORY_CAPACITY_EXCEEDED = 0xD3
    SIM_APPLICATION_TOOLKIT_BUSY = 0xD4
    SIM_DATA_DOWNLOAD_ERROR = 0xD5
    UNSPECIFIED = 0xFF


class SmsError(ValueError):
    """A short message that cannot be read or written; `failure_cause` is its wire code."""

    failure_cause: ClassVar[FailureCause] = FailureCause.UNSPECIFIED
