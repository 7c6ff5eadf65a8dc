"""Primitives between SCCP and its users, Q.711 6.2."""

from enum import IntEnum

import msgspec

from telecom.ss7.sccp.address import SccpAddress


class ReturnCause(IntEnum):
    """Why a message came back, Q.713 3.12."""

    NO_TRANSLATION_FOR_SUCH_ADDRESS = 0
    NO_TRANSLATION_FOR_ADDRESS = 1
    SUBSYSTEM_CONGESTION = 2
    SUBSYSTEM_FAILURE = 3
    UNEQUIPPED_USER = 4
    MTP_FAILURE = 5
    NETWORK_CONGESTION = 6
    UNQUALIFIED = 7
    ERROR_IN_MESSAGE_TRANSPORT = 8
    ERROR_IN_LOCAL_PROCESSING = 9
    DESTINATION_CANNOT_REASSEMBLE = 10
    SCCP_FAILURE = 11
    HOP_COUNTER_VIOLATION = 12
    SEGMENTATION_NOT_SUPPORTED = 13
    SEGMENTATION_FAILURE = 14


class NUnitdata(msgspec.Struct, frozen=True, gc=False):
    """N-UNITDATA request and indication, Q.711 6.2.2.1.

    `sequence` picks the SLS of a class 1 (in sequence) message; None is class 0.
    """

    called: SccpAddress
    calling: SccpAddress
    data: bytes
    return_on_error: bool = True
    sequence: int | None = None


class NNotice(msgspec.Struct, frozen=True, gc=False):
    """N-NOTICE indication: a message of ours came back, Q.711 6.2.2.2; `cause` is a `ReturnCause`.

    `called` and `calling` are those of the returned message as we sent it.
    """

    called: SccpAddress
    calling: SccpAddress
    data: bytes
    cause: int


SccpIndication = NUnitdata | NNotice
