"""How a dialogue that we began may end before it is established, TS 29.002 15.2.1 and 16.1."""

from typing import Any

import pytest

from telecom.ss7.map import contexts as ac
from telecom.ss7.map.codec import encode
from telecom.ss7.map.dialogue_pdus import (
    DIALOGUE_AS,
    MapCloseInfo,
    MapDialoguePdu,
    MapProviderAbortInfo,
    MapRefuseInfo,
    MapUserAbortChoice,
    MapUserAbortInfo,
)
from telecom.ss7.map.messages import AddressString, ReportSmDeliveryStatusArg
from telecom.ss7.map.primitives import Aborted, AbortReason, Refused, RefuseReason
from telecom.ss7.tcap import messages as tcap
from telecom.ss7.tcap.primitives import External, PAbortCause

TID, PEER = b"\x00\x00\x00\x01", b"\xaa"
GATEWAY, MT = ac.SHORT_MSG_GATEWAY_V3, ac.SHORT_MSG_MT_RELAY_V3
REPORT = ReportSmDeliveryStatusArg(AddressString("1"), AddressString("2"), 1)


def information(pdu: MapDialoguePdu) -> tuple[External, ...]:
    return (External(DIALOGUE_AS, encode(pdu, 3) or b""),)


def abort(*user_information: External) -> tcap.Abort:
    return tcap.Abort(TID, None, tcap.DialogueAbort(0, user_information))


def user_abort(**choice: Any) -> tcap.Abort:
    info = MapUserAbortInfo(MapUserAbortChoice(**choice))
    return abort(*information(MapDialoguePdu(map_user_abort=info)))


def refusal(*user_information: External) -> tcap.Abort:
    diagnostic = tcap.Diagnostic.USER_NO_REASON_GIVEN
    return tcap.Abort(
        TID, None, tcap.DialogueResponse(GATEWAY.oid, 1, diagnostic, user_information)
    )


def refuse(reason: int, *, offered: Any = None) -> tuple[External, ...]:
    return information(MapDialoguePdu(map_refuse=MapRefuseInfo(reason, offered)))


def provider_abort(reason: int) -> tuple[External, ...]:
    return information(MapDialoguePdu(map_provider_abort=MapProviderAbortInfo(reason)))


def refused(reason: RefuseReason, alternative: Any = None) -> Refused:
    return Refused(1, reason, alternative, "me")


def aborted(
    reason: AbortReason, diagnostic: int | None = None, *, by_user: bool = False
) -> Aborted:
    return Aborted(1, by_user, reason, diagnostic, "me")


BROKEN = External(DIALOGUE_AS, b"\xa4\x00")
FOREIGN = External((1, 2, 3), b"\x04\x00")
BY_USER = aborted(AbortReason.USER_SPECIFIC, by_user=True)
INVALID_DESTINATION = RefuseReason.INVALID_DESTINATION_REFERENCE
CANCELLED = AbortReason.APPLICATION_PROCEDURE_CANCELLATION

ENDINGS = {
    "refused": (refusal(), refused(RefuseReason.NO_REASON_GIVEN)),
    "refused, with a reason": (refusal(*refuse(1)), refused(INVALID_DESTINATION)),
    "refused, with an alternative": (
        refusal(*refuse(1, offered=MT.oid)),
        refused(INVALID_DESTINATION, MT),
    ),
    "refused, for a reason nobody knows": (
        abort(*refuse(9)),
        refused(RefuseReason.NO_REASON_GIVEN),
    ),
    "aborted": (abort(), BY_USER),
    "aborted, specifically": (user_abort(user_specific_reason=True), BY_USER),
    "aborted, for the peer's own reasons": (abort(FOREIGN), BY_USER),
    "aborted, but by what ends no dialogue": (
        abort(*information(MapDialoguePdu(map_close=MapCloseInfo()))),
        BY_USER,
    ),
    "aborted, but it cannot be decoded": (abort(BROKEN), BY_USER),
    "aborted, for want of resources": (
        user_abort(user_resource_limitation=True),
        aborted(AbortReason.RESOURCE_LIMITATION, by_user=True),
    ),
    "aborted, for want of a resource for long": (
        user_abort(resource_unavailable=1),
        aborted(AbortReason.RESOURCE_UNAVAILABLE, 1, by_user=True),
    ),
    "cancelled": (
        user_abort(application_procedure_cancellation=4),
        aborted(CANCELLED, 4, by_user=True),
    ),
    "aborted by the MAP provider": (
        abort(*provider_abort(1)),
        aborted(AbortReason.ABNORMAL_DIALOGUE, 1),
    ),
    "aborted by TCAP": (
        tcap.Abort(TID, PAbortCause.RESOURCE_LIMITATION),
        aborted(AbortReason.PROVIDER_RESOURCE_LIMITATION, PAbortCause.RESOURCE_LIMITATION),
    ),
    "aborted by a TCAP of the future": (
        tcap.Abort(TID, 77),
        aborted(AbortReason.PROVIDER_MALFUNCTION, 77),
    ),
    "answered without a dialogue portion": (
        tcap.End(TID),
        aborted(AbortReason.PROVIDER_MALFUNCTION, PAbortCause.ABNORMAL_DIALOGUE),
    ),
    "answered in another context": (
        tcap.End(TID, tcap.DialogueResponse(MT.oid)),
        aborted(AbortReason.ABNORMAL_DIALOGUE),
    ),
}


@pytest.mark.parametrize(("message", "indication"), ENDINGS.values(), ids=ENDINGS)
def test_endings(playbook: Any, message: Any, indication: Any) -> None:
    playbook.open(GATEWAY, invoke=REPORT, reference="me")
    playbook.came.clear()
    playbook << message >> indication
    assert len(playbook.map) == len(playbook.tcap) == 0


def test_a_continue_in_another_context_is_aborted(playbook: Any) -> None:
    playbook.open(GATEWAY, invoke=REPORT, reference="me")
    playbook.came.clear()
    (
        playbook
        << tcap.Continue(PEER, TID, tcap.DialogueResponse(MT.oid))
        >> tcap.Abort(PEER, None, tcap.DialogueAbort(0, provider_abort(0)))
        >> aborted(AbortReason.ABNORMAL_DIALOGUE)
    )
    assert len(playbook.map) == len(playbook.tcap) == 0
