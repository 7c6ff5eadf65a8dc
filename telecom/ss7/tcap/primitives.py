"""Primitives between TCAP and its users, Q.771 3.1: components, dialogues and why they end.

Requests are calls of `transactions.Transactions`; what it returns is one of `TcIndication`.
Parameters are whole encoded values (tag, length and contents); None is no parameter.
"""

from enum import IntEnum

import msgspec

from telecom.ss7.ber import ObjectIdentifier
from telecom.ss7.sccp.address import SccpAddress


class OperationClass(IntEnum):
    """Which outcomes of an operation are reported, Q.771 2.3.1.1."""

    SUCCESS_AND_FAILURE = 1
    FAILURE_ONLY = 2
    SUCCESS_ONLY = 3
    NOTHING = 4


class Problem(IntEnum):
    """Why a component is rejected, Q.773 table 27 to 31: the tag of its kind, then its code."""

    UNRECOGNIZED_COMPONENT = 0x8000
    MISTYPED_COMPONENT = 0x8001
    BADLY_STRUCTURED_COMPONENT = 0x8002
    DUPLICATE_INVOKE_ID = 0x8100
    UNRECOGNIZED_OPERATION = 0x8101
    MISTYPED_PARAMETER = 0x8102
    RESOURCE_LIMITATION = 0x8103
    INITIATING_RELEASE = 0x8104
    UNRECOGNIZED_LINKED_ID = 0x8105
    LINKED_RESPONSE_UNEXPECTED = 0x8106
    UNEXPECTED_LINKED_OPERATION = 0x8107
    RETURN_RESULT_UNRECOGNIZED_INVOKE_ID = 0x8200
    RETURN_RESULT_UNEXPECTED = 0x8201
    RETURN_RESULT_MISTYPED_PARAMETER = 0x8202
    RETURN_ERROR_UNRECOGNIZED_INVOKE_ID = 0x8300
    RETURN_ERROR_UNEXPECTED = 0x8301
    UNRECOGNIZED_ERROR = 0x8302
    UNEXPECTED_ERROR = 0x8303
    RETURN_ERROR_MISTYPED_PARAMETER = 0x8304


class PAbortCause(IntEnum):
    """Why the provider aborted a dialogue, Q.773 table 9; those over 255 are never on the wire."""

    UNRECOGNIZED_MESSAGE_TYPE = 0
    UNRECOGNIZED_TRANSACTION_ID = 1
    BADLY_FORMATTED_TRANSACTION_PORTION = 2
    INCORRECT_TRANSACTION_PORTION = 3
    RESOURCE_LIMITATION = 4
    ABNORMAL_DIALOGUE = 0x100
    NO_COMMON_DIALOGUE_PORTION = 0x101
    IDLE = 0x102


class AbortReason(IntEnum):
    """Why a user aborted a dialogue, Q.771 3.1.2.2.2.3."""

    USER_SPECIFIC = 0
    DIALOGUE_REFUSED = 1
    APPLICATION_CONTEXT_NOT_SUPPORTED = 2


class External(msgspec.Struct, frozen=True, gc=False):
    """One value of the user information of a dialogue portion: an EXTERNAL, X.690 8.18.

    `data` is what `encoding`, a tag, holds: one encoded value for single-ASN1-type (0xA0).
    """

    direct_reference: ObjectIdentifier
    data: bytes
    encoding: int = 0xA0


class Invoke(msgspec.Struct, frozen=True, gc=False):
    """TC-INVOKE, Q.771 3.1.3.2.1; the opcode is local (an integer) or global.

    `timeout` (seconds; None is no invoke timer) and `operation_class` are the request's alone.
    """

    invoke_id: int
    opcode: int | ObjectIdentifier
    parameter: bytes | None = None
    linked_id: int | None = None
    timeout: float | None = None
    operation_class: int = OperationClass.SUCCESS_AND_FAILURE


class ReturnResultLast(msgspec.Struct, frozen=True, gc=False):
    """TC-RESULT-L, Q.771 3.1.3.2.2; with no opcode there is no parameter either."""

    invoke_id: int
    opcode: int | ObjectIdentifier | None = None
    parameter: bytes | None = None


class ReturnResultNotLast(msgspec.Struct, frozen=True, gc=False):
    """TC-RESULT-NL, Q.771 3.1.3.2.2: one segment of a result, more follow."""

    invoke_id: int
    opcode: int | ObjectIdentifier | None = None
    parameter: bytes | None = None


class ReturnError(msgspec.Struct, frozen=True, gc=False):
    """TC-U-ERROR, Q.771 3.1.3.2.3."""

    invoke_id: int
    error_code: int | ObjectIdentifier
    parameter: bytes | None = None


class Reject(msgspec.Struct, frozen=True, gc=False):
    """TC-U-REJECT and TC-R-REJECT, Q.771 3.1.3.2.4; `problem` is a `Problem` where it is known.

    The invoke id is None where the rejected component had none that could be read.
    """

    invoke_id: int | None
    problem: int


class LReject(msgspec.Struct, frozen=True, gc=False):
    """TC-L-REJECT indication, Q.771 3.1.3.4.1: a component of the peer's was bad.

    A reject of it leaves with the next message that the user sends in the dialogue. `ended`
    says that the invoke id is of an operation of ours, and that nothing more will come for it.
    """

    invoke_id: int | None
    problem: int
    ended: bool = False


Component = Invoke | ReturnResultLast | ReturnResultNotLast | ReturnError | Reject
ReceivedComponent = Component | LReject


class TcBegin(msgspec.Struct, frozen=True, gc=False):
    """TC-BEGIN indication, Q.771 3.1.2.2.2.1; without a dialogue portion there is no context."""

    dialogue: int
    called: SccpAddress
    calling: SccpAddress
    application_context: ObjectIdentifier | None = None
    user_information: tuple[External, ...] = ()
    components: tuple[ReceivedComponent, ...] = ()


class TcContinue(msgspec.Struct, frozen=True, gc=False):
    """TC-CONTINUE indication, Q.771 3.1.2.2.2.2; `calling` is who answered, `first` the first time.

    The application context is there only where the message has a dialogue portion.
    """

    dialogue: int
    calling: SccpAddress
    first: bool = False
    application_context: ObjectIdentifier | None = None
    user_information: tuple[External, ...] = ()
    components: tuple[ReceivedComponent, ...] = ()


class TcEnd(msgspec.Struct, frozen=True, gc=False):
    """TC-END indication, Q.771 3.1.2.2.2.3; the dialogue is no more."""

    dialogue: int
    calling: SccpAddress
    first: bool = False
    application_context: ObjectIdentifier | None = None
    user_information: tuple[External, ...] = ()
    components: tuple[ReceivedComponent, ...] = ()


class TcUAbort(msgspec.Struct, frozen=True, gc=False):
    """TC-U-ABORT indication, Q.771 3.1.2.2.2.4; the dialogue is no more.

    A refusing peer may name another application context that it does support. `portion` says
    whether there was a dialogue portion at all: a peer of MAP version 1 has none.
    """

    dialogue: int
    calling: SccpAddress
    reason: AbortReason
    application_context: ObjectIdentifier | None = None
    user_information: tuple[External, ...] = ()
    portion: bool = True


class TcPAbort(msgspec.Struct, frozen=True, gc=False):
    """TC-P-ABORT indication, Q.771 3.1.4.2; the dialogue is no more.

    `cause` is a `PAbortCause` where it is known; `by_peer` says whose provider aborted.
    """

    dialogue: int
    cause: int
    by_peer: bool


class TcNotice(msgspec.Struct, frozen=True, gc=False):
    """TC-NOTICE indication, Q.771 3.1.2.2.3: a message came back; `cause` as Q.713 3.12.

    The dialogue goes on until its user ends it.
    """

    dialogue: int
    called: SccpAddress
    cause: int


class TcLCancel(msgspec.Struct, frozen=True, gc=False):
    """TC-L-CANCEL indication, Q.771 3.1.3.5.1: the invoke timer ran out."""

    dialogue: int
    invoke_id: int


TcIndication = TcBegin | TcContinue | TcEnd | TcUAbort | TcPAbort | TcNotice | TcLCancel
