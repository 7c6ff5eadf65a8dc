"""MAP dialogue PDUs in the user information of TCAP's dialogue portion, TS 29.002 16.1.2.3."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from telecom.ss7.map.codec import decode, encode
from telecom.ss7.map.contexts import ApplicationContext
from telecom.ss7.map.declarations import LATEST_VERSION
from telecom.ss7.map.dialogue_pdus import (
    DIALOGUE_AS,
    MapDialoguePdu,
    MapOpenInfo,
    MapProviderAbortInfo,
    MapRefuseInfo,
    MapUserAbortChoice,
    MapUserAbortInfo,
    ProviderAbortReason,
)
from telecom.ss7.map.errors import LocalError
from telecom.ss7.map.messages import AddressString
from telecom.ss7.map.primitives import AbortReason, RefuseReason
from telecom.ss7.tcap.primitives import External

_REMEMBERED: Final = 256

UserInformation = tuple[External, ...]


def dialogue_pdu(user_information: UserInformation) -> MapDialoguePdu | None:
    """Find the MAP dialogue PDU; other values are specific to operators and say nothing here.

    Raises `ParameterError` where it cannot be decoded.
    """
    for external in user_information:
        if external.direct_reference == DIALOGUE_AS:
            return decode(MapDialoguePdu, external.data, LATEST_VERSION)
    return None


@lru_cache(maxsize=_REMEMBERED)
def _information(pdu: MapDialoguePdu, version: int) -> UserInformation:
    return (External(DIALOGUE_AS, encode(pdu, version) or b""),)


def opening(
    destination: AddressString | None, origination: AddressString | None, version: int
) -> UserInformation:
    """Build the MAP-OpenInfo that names these references; without any there is none."""
    if destination is None and origination is None:
        return ()
    return _information(MapDialoguePdu(map_open=MapOpenInfo(destination, origination)), version)


def refusal(
    reason: RefuseReason, alternative: ApplicationContext | None, version: int
) -> UserInformation:
    """Build the MAP-RefuseInfo of a refused dialogue."""
    info = MapRefuseInfo(reason, alternative.oid if alternative else None)
    return _information(MapDialoguePdu(map_refuse=info), version)


def user_abort(reason: AbortReason, diagnostic: int, version: int) -> UserInformation:
    """Build the MAP-UserAbortInfo; raises `LocalError` for a reason that is none of a user's."""
    choice = _USER_ABORTS.get(reason)
    if choice is None:
        raise LocalError(f"{reason!r} is no user's reason to abort")
    info = MapUserAbortInfo(choice(diagnostic))
    return _information(MapDialoguePdu(map_user_abort=info), version)


def provider_abort(reason: ProviderAbortReason, version: int) -> UserInformation:
    """Build the MAP-ProviderAbortInfo."""
    return _information(MapDialoguePdu(map_provider_abort=MapProviderAbortInfo(reason)), version)


def abort_reason(choice: MapUserAbortChoice) -> tuple[AbortReason, int | None]:
    """Read why the peer's user aborted: the reason and its diagnostic."""
    if choice.user_resource_limitation:
        return AbortReason.RESOURCE_LIMITATION, None
    if choice.resource_unavailable is not None:
        return AbortReason.RESOURCE_UNAVAILABLE, choice.resource_unavailable
    if choice.application_procedure_cancellation is not None:
        return (
            AbortReason.APPLICATION_PROCEDURE_CANCELLATION,
            choice.application_procedure_cancellation,
        )
    return AbortReason.USER_SPECIFIC, None


_USER_ABORTS: Final[dict[AbortReason, Callable[[int], MapUserAbortChoice]]] = {
    AbortReason.USER_SPECIFIC: lambda _: MapUserAbortChoice(user_specific_reason=True),
    AbortReason.RESOURCE_LIMITATION: lambda _: MapUserAbortChoice(user_resource_limitation=True),
    AbortReason.RESOURCE_UNAVAILABLE: lambda diagnostic: MapUserAbortChoice(
        resource_unavailable=diagnostic
    ),
    AbortReason.APPLICATION_PROCEDURE_CANCELLATION: lambda diagnostic: MapUserAbortChoice(
        application_procedure_cancellation=diagnostic
    ),
}
