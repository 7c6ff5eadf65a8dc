"""What an association tells its user besides MTP primitives: RFC 4666 1.6."""

import msgspec

from telecom.ss7.m3ua.errors import ErrorCode
from telecom.ss7.m3ua.states import AspState
from telecom.ss7.mtp import MtpPause, MtpResume, MtpStatus, MtpTransfer


class AspStateChanged(msgspec.Struct, frozen=True, gc=False):
    """M-ASP_UP, M-ASP_DOWN, M-ASP_ACTIVE, M-ASP_INACTIVE: the ASP's state for one AS.

    `routing_context` is None where the AS has none.
    """

    routing_context: int | None
    state: AspState


class Notified(msgspec.Struct, frozen=True, gc=False):
    """M-NOTIFY indication; `status_type` and `information` as in `parameters.Status`."""

    status_type: int
    information: int
    routing_contexts: tuple[int, ...]


class ErrorReceived(msgspec.Struct, frozen=True, gc=False):
    """M-ERROR indication: the peer refused something of ours."""

    code: int
    routing_contexts: tuple[int, ...]
    diagnostic: bytes | None


class ErrorSent(msgspec.Struct, frozen=True, gc=False):
    """The peer sent something that we refused, and what was wrong with it."""

    code: ErrorCode
    reason: str


class RegistrationRefused(msgspec.Struct, frozen=True, gc=False):
    """M-RK_REG confirm, negative: `status` as `parameters.RegistrationStatus`."""

    local_identifier: int
    status: int


class AssociationLost(msgspec.Struct, frozen=True, gc=False):
    """The peer is silent or unreadable: the link below must be closed."""

    reason: str


ManagementEvent = (
    AspStateChanged | Notified | ErrorReceived | ErrorSent | RegistrationRefused | AssociationLost
)
Event = MtpTransfer | MtpPause | MtpResume | MtpStatus | ManagementEvent
