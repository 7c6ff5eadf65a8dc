"""The MAP dialogue PDUs, 3GPP TS 29.002 17.4: user information of TCAP's dialogue portion."""

from enum import IntEnum
from typing import Annotated, Final

from telecom.ss7 import ber
from telecom.ss7.map.declarations import (
    Choice,
    Enumerated,
    Oid,
    Presence,
    Sequence,
    context,
    since,
)
from telecom.ss7.map.messages import Address

DIALOGUE_AS: Final[ber.ObjectIdentifier] = (0, 4, 0, 0, 1, 1, 1, 1)
"""map-DialogueAS: the abstract syntax name of `MapDialoguePdu`."""


class ResourceUnavailableReason(IntEnum):
    """ResourceUnavailableReason."""

    SHORT_TERM = 0
    LONG_TERM = 1


class ProcedureCancellationReason(IntEnum):
    """ProcedureCancellationReason."""

    HANDOVER_CANCELLATION = 0
    RADIO_CHANNEL_RELEASE = 1
    NETWORK_PATH_RELEASE = 2
    CALL_RELEASE = 3
    ASSOCIATED_PROCEDURE_FAILURE = 4
    TANDEM_DIALOGUE_RELEASE = 5
    REMOTE_OPERATIONS_FAILURE = 6


class ProviderAbortReason(IntEnum):
    """MAP-ProviderAbortReason."""

    ABNORMAL_DIALOGUE = 0
    INVALID_PDU = 1


class MapOpenInfo(Sequence, frozen=True):
    """MAP-OpenInfo."""

    destination_reference: Annotated[Address | None, context(0)] = None
    origination_reference: Annotated[Address | None, context(1)] = None


class MapAcceptInfo(Sequence, frozen=True):
    """MAP-AcceptInfo: nothing but an extension container."""


class MapCloseInfo(Sequence, frozen=True):
    """MAP-CloseInfo: nothing but an extension container."""


class MapRefuseInfo(Sequence, frozen=True):
    """MAP-RefuseInfo; `reason` is 0 none given, 1 or 2 an invalid destination or origin."""

    reason: Enumerated
    alternative_application_context: Annotated[Oid | None, since(3)] = None


class MapUserAbortChoice(Choice, frozen=True):
    """MAP-UserAbortChoice."""

    user_specific_reason: Annotated[Presence | None, context(0)] = None
    user_resource_limitation: Annotated[Presence | None, context(1)] = None
    resource_unavailable: Annotated[Enumerated | None, context(2)] = None
    application_procedure_cancellation: Annotated[Enumerated | None, context(3)] = None


class MapUserAbortInfo(Sequence, frozen=True):
    """MAP-UserAbortInfo."""

    map_user_abort_choice: MapUserAbortChoice


class MapProviderAbortInfo(Sequence, frozen=True):
    """MAP-ProviderAbortInfo."""

    map_provider_abort_reason: Enumerated


class MapDialoguePdu(Choice, frozen=True):
    """MAP-DialoguePDU."""

    map_open: Annotated[MapOpenInfo | None, context(0)] = None
    map_accept: Annotated[MapAcceptInfo | None, context(1)] = None
    map_close: Annotated[MapCloseInfo | None, context(2)] = None
    map_refuse: Annotated[MapRefuseInfo | None, context(3)] = None
    map_user_abort: Annotated[MapUserAbortInfo | None, context(4)] = None
    map_provider_abort: Annotated[MapProviderAbortInfo | None, context(5)] = None
