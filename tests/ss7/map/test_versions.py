"""Application context negotiation: strictly downwards, with the argument mapped, and an end."""

from typing import Any

import pytest

from telecom.ss7.map import contexts as ac
from telecom.ss7.map import messages
from telecom.ss7.map import primitives as map_
from telecom.ss7.map.codec import decode, encode
from telecom.ss7.map.contexts import ApplicationContext, lower_ones, one_lower
from telecom.ss7.map.dialogue_pdus import DIALOGUE_AS, MapDialoguePdu, MapRefuseInfo
from telecom.ss7.map.messages import AddressString
from telecom.ss7.map.primitives import RefuseReason
from telecom.ss7.sccp.address import SccpAddress
from telecom.ss7.tcap import messages as tcap
from telecom.ss7.tcap.primitives import External, Invoke, PAbortCause, ReturnResultLast

THEIRS = SccpAddress.of_gt("447700900000", 6)
PEER = b"\xaa"
NOT_SUPPORTED = tcap.Diagnostic.APPLICATION_CONTEXT_NAME_NOT_SUPPORTED
NO_COMMON = tcap.Diagnostic.NO_COMMON_DIALOGUE_PORTION

V3, V2, V1 = ac.SHORT_MSG_GATEWAY_V3, ac.SHORT_MSG_GATEWAY_V2, ac.SHORT_MSG_GATEWAY_V1
ROUTING = messages.RoutingInfoForSmArg(
    AddressString("447700900123"),
    sm_rp_pri=True,
    service_centre_address=AddressString("38591000001"),
    gprs_support_indicator=True,
    sm_rp_mti=0,
)
ROUTED = messages.RoutingInfoForSmRes(
    "234900123456789", messages.LocationInfoWithLmsi(AddressString("447700900001")), mwd_set=True
)
FORWARD = messages.MtForwardSmArg(
    messages.SmRpDa(imsi="234900123456789"),
    messages.SmRpOa(service_centre_address_oa=AddressString("38591000001")),
    b"\x04",
    more_messages_to_send=True,
    sm_delivery_timer=60,
)


def tid(number: int) -> bytes:
    return number.to_bytes(4, "big")


def begin(number: int, context: ApplicationContext, argument: Any, opcode: int = 45) -> tcap.Begin:
    portion = None if context.version == 1 else tcap.DialogueRequest(context.oid)
    invoke = Invoke(1, opcode, encode(argument, context.version))
    return tcap.Begin(tid(number), portion, (invoke,))


def not_supported(number: int, offered: ApplicationContext) -> tcap.Abort:
    return tcap.Abort(tid(number), None, tcap.DialogueResponse(offered.oid, 1, NOT_SUPPORTED))


def test_three_versions_down(playbook: Any) -> None:
    dialogue = playbook.open(V3, invoke=ROUTING, fallback=True, reference="me")
    (
        playbook
        >> begin(1, V3, ROUTING)
        << not_supported(1, V2)
        >> begin(2, V2, ROUTING)
        << not_supported(2, V1)
        >> begin(3, V1, ROUTING)
        << tcap.End(tid(3), None, (ReturnResultLast(1, 45, encode(ROUTED, 1)),))
        >> map_.Accepted(dialogue, V1, THEIRS, "me")
        >> map_.Returned(dialogue, 1, 45, ROUTED, "me")
        >> map_.Closed(dialogue, "me")
    )
    assert len(playbook.map) == len(playbook.tcap) == 0


def test_the_argument_loses_what_the_version_does_not_have(playbook: Any) -> None:
    playbook.open(V3, invoke=ROUTING, fallback=True)
    playbook >> begin(1, V3, ROUTING) << not_supported(1, V2)
    sent = playbook.came.popleft().components[0].parameter
    plain = messages.RoutingInfoForSmArg(
        ROUTING.msisdn, sm_rp_pri=True, service_centre_address=ROUTING.service_centre_address
    )
    assert decode(messages.RoutingInfoForSmArg, sent, 2) == plain


def test_a_short_message_down_to_version_1(playbook: Any) -> None:
    playbook.open(ac.SHORT_MSG_MT_RELAY_V3, invoke=FORWARD, fallback=True)
    second = messages.ForwardSmArg(
        FORWARD.sm_rp_da, FORWARD.sm_rp_oa, FORWARD.sm_rp_ui, more_messages_to_send=True
    )
    first = messages.ForwardSmArg(FORWARD.sm_rp_da, FORWARD.sm_rp_oa, FORWARD.sm_rp_ui)
    (
        playbook
        >> begin(1, ac.SHORT_MSG_MT_RELAY_V3, FORWARD, 44)
        << not_supported(1, ac.SHORT_MSG_MT_RELAY_V2)
        >> begin(2, ac.SHORT_MSG_MT_RELAY_V2, second, 46)
        << not_supported(2, ac.SHORT_MSG_RELAY_V1)
        >> begin(3, ac.SHORT_MSG_RELAY_V1, first, 46)
    )


def test_the_handshake_is_repeated_one_version_lower(playbook: Any) -> None:
    context = ac.SHORT_MSG_MT_RELAY_V2
    playbook.open(ac.SHORT_MSG_MT_RELAY_V3, invoke=FORWARD, fallback=True, empty_begin=True)
    (
        playbook
        >> tcap.Begin(tid(1), tcap.DialogueRequest(ac.SHORT_MSG_MT_RELAY_V3.oid))
        << not_supported(1, context)
        >> tcap.Begin(tid(2), tcap.DialogueRequest(context.oid))
        << tcap.Continue(PEER, tid(2), tcap.DialogueResponse(context.oid))
        >> tcap.Continue(tid(2), PEER, None, (Invoke(1, 46, encode(FORWARD, 2)),))
        >> map_.Accepted(1, context, THEIRS)
    )


def test_a_peer_that_offers_what_it_has_just_refused_gets_one_lower(playbook: Any) -> None:
    playbook.open(V2, invoke=ROUTING, fallback=True)
    (
        playbook
        >> begin(1, V2, ROUTING)
        << not_supported(1, V3)
        >> begin(2, V1, ROUTING)
        << not_supported(2, V3)
        >> map_.Refused(1, RefuseReason.APPLICATION_CONTEXT_NOT_SUPPORTED)
    )
    assert len(playbook.map) == 0


@pytest.mark.parametrize(
    "abort",
    [
        tcap.Abort(tid(1), PAbortCause.INCORRECT_TRANSACTION_PORTION),
        tcap.Abort(tid(1), None, tcap.DialogueResponse(V3.oid, 1, NO_COMMON)),
        tcap.Abort(tid(1)),
    ],
)
def test_a_peer_of_version_1(playbook: Any, abort: tcap.Abort) -> None:
    playbook.open(V3, invoke=ROUTING, fallback=True)
    playbook >> begin(1, V3, ROUTING) << abort >> begin(2, V1, ROUTING)


def test_without_fallback_our_user_is_told(playbook: Any) -> None:
    playbook.open(V3, invoke=ROUTING)
    (
        playbook
        >> begin(1, V3, ROUTING)
        << not_supported(1, V2)
        >> map_.Refused(1, RefuseReason.APPLICATION_CONTEXT_NOT_SUPPORTED, V2)
    )
    playbook.open(V3, invoke=ROUTING)
    (
        playbook
        >> begin(2, V3, ROUTING)
        << tcap.Abort(tid(2), PAbortCause.INCORRECT_TRANSACTION_PORTION)
        >> map_.Refused(2, RefuseReason.POTENTIAL_VERSION_INCOMPATIBILITY, V1)
    )


@pytest.mark.parametrize("offered", [None, V2])
def test_another_refusal_is_no_reason_to_fall_back(playbook: Any, offered: Any) -> None:
    playbook.open(V3, invoke=ROUTING, fallback=True)
    info = MapRefuseInfo(RefuseReason.NO_REASON_GIVEN, offered.oid if offered else None)
    user_information = (External(DIALOGUE_AS, encode(MapDialoguePdu(map_refuse=info), 3) or b""),)
    response = tcap.DialogueResponse(V3.oid, 1, tcap.Diagnostic.USER_NULL, user_information)
    (
        playbook
        >> begin(1, V3, ROUTING)
        << tcap.Abort(tid(1), None, response)
        >> map_.Refused(1, RefuseReason.NO_REASON_GIVEN, offered)
    )


def test_an_argument_that_the_lower_version_cannot_hold(playbook: Any) -> None:
    argument = messages.MtForwardSmArg(messages.SmRpDa(), messages.SmRpOa(), b"\x04")
    playbook.open(ac.SHORT_MSG_MT_RELAY_V2, invoke=argument, fallback=True)
    (
        playbook
        >> begin(1, ac.SHORT_MSG_MT_RELAY_V2, argument, 46)
        << not_supported(1, ac.SHORT_MSG_RELAY_V1)
        >> map_.Refused(1, RefuseReason.APPLICATION_CONTEXT_NOT_SUPPORTED, ac.SHORT_MSG_RELAY_V1)
    )
    assert len(playbook.map) == 0


def test_a_refusal_after_the_dialogue_was_accepted_is_an_abort(playbook: Any) -> None:
    playbook.open(V3, invoke=ROUTING, fallback=True)
    playbook >> begin(1, V3, ROUTING)
    playbook << tcap.Continue(PEER, tid(1), tcap.DialogueResponse(V3.oid))
    playbook >> map_.Accepted(1, V3, THEIRS) >> map_.Delimited(1)
    cause = PAbortCause.INCORRECT_TRANSACTION_PORTION
    malfunction = map_.AbortReason.PROVIDER_MALFUNCTION
    playbook << tcap.Abort(tid(1), cause) >> map_.Aborted(1, False, malfunction, cause)


def test_the_ladders_only_lead_down() -> None:
    for context in ac.CONTEXTS:
        versions = [context.version, *(lower.version for lower in lower_ones(context))]
        assert versions == sorted(versions, reverse=True)
        assert len(set(versions)) == len(versions)
        assert one_lower(context) == next(iter(lower_ones(context)), None)
    assert one_lower(ac.SHORT_MSG_MT_RELAY_V2) == ac.SHORT_MSG_RELAY_V1
    assert ApplicationContext.of_oid((0, 4, 0, 0, 1, 0, 25, 3)) == ac.SHORT_MSG_MT_RELAY_V3
    assert ApplicationContext.of_oid((0, 4, 0, 0, 1, 1, 1, 1)) is None
