"""TCAP messages and dialogue control PDUs as they are on the wire, Q.773 3."""

from enum import IntEnum
from typing import Final

import msgspec

from telecom.ss7.ber import ObjectIdentifier
from telecom.ss7.tcap.primitives import Component, External

VERSION_1: Final = b"\x07\x80"
"""The contents of the protocol version, a BIT STRING, where only version 1 is supported."""


class AssociateResult(IntEnum):
    """Q.773 3.2.2, Associate-result."""

    ACCEPTED = 0
    REJECT_PERMANENT = 1


class Diagnostic(IntEnum):
    """Q.773 3.2.2, Associate-source-diagnostic: the tag of its source, then its code."""

    USER_NULL = 0xA100
    USER_NO_REASON_GIVEN = 0xA101
    APPLICATION_CONTEXT_NAME_NOT_SUPPORTED = 0xA102
    PROVIDER_NULL = 0xA200
    PROVIDER_NO_REASON_GIVEN = 0xA201
    NO_COMMON_DIALOGUE_PORTION = 0xA202


class AbortSource(IntEnum):
    """Q.773 3.2.2, ABRT-source."""

    DIALOGUE_SERVICE_USER = 0
    DIALOGUE_SERVICE_PROVIDER = 1


class DialogueRequest(msgspec.Struct, frozen=True, gc=False):
    """AARQ, Q.773 3.2.2; a protocol version of None is left out and means version 1."""

    application_context: ObjectIdentifier
    user_information: tuple[External, ...] = ()
    protocol_version: bytes | None = VERSION_1


class DialogueResponse(msgspec.Struct, frozen=True, gc=False):
    """AARE, Q.773 3.2.2."""

    application_context: ObjectIdentifier
    result: int = AssociateResult.ACCEPTED
    diagnostic: int = Diagnostic.USER_NULL
    user_information: tuple[External, ...] = ()
    protocol_version: bytes | None = VERSION_1


class DialogueAbort(msgspec.Struct, frozen=True, gc=False):
    """ABRT, Q.773 3.2.2."""

    source: int
    user_information: tuple[External, ...] = ()


class UnidirectionalDialogue(msgspec.Struct, frozen=True, gc=False):
    """AUDT, Q.773 3.2.3."""

    application_context: ObjectIdentifier
    user_information: tuple[External, ...] = ()
    protocol_version: bytes | None = VERSION_1


class UndecodableDialogue(msgspec.Struct, frozen=True, gc=False):
    """A dialogue portion in a sound message that cannot be understood, and why."""

    reason: str


DialoguePdu = DialogueRequest | DialogueResponse | DialogueAbort | UnidirectionalDialogue
DialoguePortion = DialoguePdu | UndecodableDialogue


class UndecodableComponent(msgspec.Struct, frozen=True, gc=False):
    """A component in a sound message that is to be rejected; `tag` is 0 where it has none."""

    tag: int
    invoke_id: int | None
    problem: int


WireComponent = Component | UndecodableComponent


class Unidirectional(msgspec.Struct, frozen=True, gc=False):
    """Q.773 table 2: components for which no transaction is kept."""

    dialogue: DialoguePortion | None = None
    components: tuple[WireComponent, ...] = ()


class Begin(msgspec.Struct, frozen=True, gc=False):
    """Q.773 table 3."""

    otid: bytes
    dialogue: DialoguePortion | None = None
    components: tuple[WireComponent, ...] = ()


class End(msgspec.Struct, frozen=True, gc=False):
    """Q.773 table 4."""

    dtid: bytes
    dialogue: DialoguePortion | None = None
    components: tuple[WireComponent, ...] = ()


class Continue(msgspec.Struct, frozen=True, gc=False):
    """Q.773 table 5."""

    otid: bytes
    dtid: bytes
    dialogue: DialoguePortion | None = None
    components: tuple[WireComponent, ...] = ()


class Abort(msgspec.Struct, frozen=True, gc=False):
    """Q.773 table 6: by the provider with a cause, or by the user, mostly with a dialogue PDU."""

    dtid: bytes
    cause: int | None = None
    dialogue: DialoguePortion | None = None


Message = Unidirectional | Begin | End | Continue | Abort
