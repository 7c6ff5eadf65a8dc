"""Indications and confirms of the MAP service, 3GPP TS 29.002 7.3 and 7.4.

Every one names the dialogue, and gives back the `reference` that our user put on a dialogue when
it opened it (None on dialogues the peer began).
"""

from enum import IntEnum
from typing import Any

import msgspec

from telecom.ss7.map.contexts import ApplicationContext
from telecom.ss7.map.declarations import Sequence
from telecom.ss7.map.messages import AddressString
from telecom.ss7.sccp.address import SccpAddress


class RefuseReason(IntEnum):
    """Refuse reason of MAP-OPEN, TS 29.002 7.3.1; the first three as MAP-RefuseInfo codes them."""

    NO_REASON_GIVEN = 0
    INVALID_DESTINATION_REFERENCE = 1
    INVALID_ORIGINATING_REFERENCE = 2
    APPLICATION_CONTEXT_NOT_SUPPORTED = 3
    REMOTE_NODE_NOT_REACHABLE = 4
    POTENTIAL_VERSION_INCOMPATIBILITY = 5


class AbortReason(IntEnum):
    """User reason of MAP-U-ABORT and provider reason of MAP-P-ABORT, TS 29.002 7.3.4 and 7.3.5."""

    USER_SPECIFIC = 0
    RESOURCE_LIMITATION = 1
    RESOURCE_UNAVAILABLE = 2
    APPLICATION_PROCEDURE_CANCELLATION = 3
    PROVIDER_MALFUNCTION = 4
    TRANSACTION_RELEASED = 5
    PROVIDER_RESOURCE_LIMITATION = 6
    MAINTENANCE_ACTIVITY = 7
    VERSION_INCOMPATIBILITY = 8
    ABNORMAL_DIALOGUE = 9


class Opened(msgspec.Struct, frozen=True):
    """MAP-OPEN indication: the peer began a dialogue; its invocations and `Delimited` follow."""

    dialogue: int
    context: ApplicationContext
    called: SccpAddress
    calling: SccpAddress
    destination_reference: AddressString | None = None
    origination_reference: AddressString | None = None
    reference: Any = None


class Accepted(msgspec.Struct, frozen=True):
    """MAP-OPEN confirm: the peer took the dialogue, in this context, from this address."""

    dialogue: int
    context: ApplicationContext
    responding: SccpAddress
    reference: Any = None


class Refused(msgspec.Struct, frozen=True):
    """MAP-OPEN confirm: the peer refused the dialogue, which is over.

    `alternative` is the context the peer offers, or the one to try next; None: there is none.
    """

    dialogue: int
    reason: RefuseReason
    alternative: ApplicationContext | None = None
    reference: Any = None


class Invoked(msgspec.Struct, frozen=True):
    """A service indication: the peer invokes an operation."""

    dialogue: int
    invoke_id: int
    operation: int
    argument: Sequence
    reference: Any = None


class Returned(msgspec.Struct, frozen=True):
    """A service confirm: the operation's result; None where it has no parameter.

    An operation without outcomes that opened a dialogue counts as done once its time is up.
    """

    dialogue: int
    invoke_id: int
    operation: int
    result: Sequence | None = None
    reference: Any = None


class Failed(msgspec.Struct, frozen=True):
    """A service confirm: the operation's user error, an `ErrorCode` or a number unknown here."""

    dialogue: int
    invoke_id: int
    operation: int
    code: int
    parameter: Sequence | None = None
    reference: Any = None


class Rejected(msgspec.Struct, frozen=True):
    """A component was rejected: by the peer (`by_peer`), or one of the peer's by us.

    `problem` is a `telecom.ss7.tcap.primitives.Problem`; `operation` is None when the component
    was no invocation of ours, and `invoke_id` when the component had none.
    """

    dialogue: int
    invoke_id: int | None
    operation: int | None
    problem: int
    by_peer: bool
    reference: Any = None


class TimedOut(msgspec.Struct, frozen=True):
    """A service confirm with provider error "no response from the peer"; the dialogue lives."""

    dialogue: int
    invoke_id: int
    operation: int
    reference: Any = None


class Delimited(msgspec.Struct, frozen=True):
    """MAP-DELIMITER indication: it is our turn."""

    dialogue: int
    reference: Any = None


class Closed(msgspec.Struct, frozen=True):
    """MAP-CLOSE indication: the dialogue is over; what was not answered in it will not be."""

    dialogue: int
    reference: Any = None


class Aborted(msgspec.Struct, frozen=True):
    """MAP-U-ABORT or MAP-P-ABORT indication: the dialogue is over.

    `cause` is an `AbortReason`; `diagnostic` is the peer's number beside it, where it gave one.
    """

    dialogue: int
    by_user: bool
    cause: AbortReason
    diagnostic: int | None = None
    reference: Any = None


class Undeliverable(msgspec.Struct, frozen=True):
    """MAP-NOTICE indication: a message of ours came back, with the cause of Q.713 3.12.

    A dialogue that the peer had not answered yet is over.
    """

    dialogue: int
    cause: int
    reference: Any = None


MapIndication = (
    Opened
    | Accepted
    | Refused
    | Invoked
    | Returned
    | Failed
    | Rejected
    | TimedOut
    | Delimited
    | Closed
    | Aborted
    | Undeliverable
)
