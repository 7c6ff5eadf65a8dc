"""Sequence charts of dialogues that a peer begins, TS 29.002 15.2.2 and 15.5."""

from typing import Any

import pytest

from telecom.ss7.map import contexts as ac
from telecom.ss7.map import messages
from telecom.ss7.map import primitives as map_
from telecom.ss7.map.codec import encode
from telecom.ss7.map.contexts import ApplicationContext
from telecom.ss7.map.dialogue_pdus import (
    DIALOGUE_AS,
    MapAcceptInfo,
    MapDialoguePdu,
    MapOpenInfo,
    MapProviderAbortInfo,
    MapRefuseInfo,
    MapUserAbortChoice,
    MapUserAbortInfo,
)
from telecom.ss7.map.error_parameters import (
    CallBarredParam,
    SmDeliveryFailureCause,
    UnknownSubscriberParam,
)
from telecom.ss7.map.errors import ErrorCode, LocalError
from telecom.ss7.map.messages import AddressString
from telecom.ss7.map.primitives import AbortReason, RefuseReason
from telecom.ss7.sccp.address import SccpAddress
from telecom.ss7.tcap import messages as tcap
from telecom.ss7.tcap.primitives import (
    External,
    Invoke,
    PAbortCause,
    Problem,
    Reject,
    ReturnError,
    ReturnResultLast,
)

OURS = SccpAddress.of_gt("38591000001", 8)
THEIRS = SccpAddress.of_gt("447700900000", 6)
TID = b"\x00\x00\x00\x01"
PEER = b"\xaa"
GATEWAY = ac.SHORT_MSG_GATEWAY_V3
AARQ = tcap.DialogueRequest(GATEWAY.oid)
AARE = tcap.DialogueResponse(GATEWAY.oid)
FORWARD = messages.ForwardSmArg(messages.SmRpDa(lmsi=b"abcd"), messages.SmRpOa(), b"\x04")
ROUTING = messages.RoutingInfoForSmArg(
    AddressString("447700900123"),
    sm_rp_pri=True,
    service_centre_address=AddressString("38591000001"),
)
ROUTED = messages.RoutingInfoForSmRes(
    "234900123456789", messages.LocationInfoWithLmsi(AddressString("447700900001"))
)
INVOKE = Invoke(1, 45, encode(ROUTING, 3))
NOT_SUPPORTED = tcap.Diagnostic.APPLICATION_CONTEXT_NAME_NOT_SUPPORTED


def information(pdu: MapDialoguePdu) -> tuple[External, ...]:
    return (External(DIALOGUE_AS, encode(pdu, 3) or b""),)


def provider_abort(reason: int) -> tcap.Abort:
    pdu = MapDialoguePdu(map_provider_abort=MapProviderAbortInfo(reason))
    return tcap.Abort(PEER, None, tcap.DialogueAbort(0, information(pdu)))


def opened(playbook: Any, *components: Any) -> Any:
    """Let the peer ask for routing information."""
    playbook << tcap.Begin(PEER, AARQ, (INVOKE, *components))
    playbook >> map_.Opened(1, GATEWAY, OURS, THEIRS)
    return playbook >> map_.Invoked(1, 1, 45, ROUTING)


def test_a_result(playbook: Any) -> None:
    opened(playbook) >> map_.Delimited(1)
    playbook.map.result(1, 1, ROUTED, 0.0)
    playbook.map.close(1, 0.0)
    playbook >> tcap.End(PEER, AARE, (ReturnResultLast(1, 45, encode(ROUTED, 3)),))
    assert len(playbook.map) == len(playbook.tcap) == 0


def test_an_error_beside_an_operation_of_ours(playbook: Any) -> None:
    opened(playbook) >> map_.Delimited(1)
    inform = messages.InformServiceCentreArg(stored_msisdn=AddressString("447700900123"))
    assert playbook.map.invoke(1, inform, 0.0) == 1
    diagnostic = UnknownSubscriberParam(1)
    playbook.map.error(1, 1, ErrorCode.UNKNOWN_SUBSCRIBER, 0.0, diagnostic)
    playbook.map.close(1, 0.0)
    error = ReturnError(1, 1, encode(diagnostic, 3))
    playbook >> tcap.End(PEER, AARE, (Invoke(1, 63, encode(inform, 3)), error))


def test_a_continue_accepts_and_an_end_answers(playbook: Any) -> None:
    opened(playbook) >> map_.Delimited(1)
    playbook.map.delimit(1, 0.0)
    playbook >> tcap.Continue(TID, PEER, AARE)
    playbook.map.result(1, 1, ROUTED, 0.0)
    playbook.map.close(1, 0.0)
    playbook >> tcap.End(PEER, None, (ReturnResultLast(1, 45, encode(ROUTED, 3)),))


def test_the_handshake_before_a_short_message(playbook: Any) -> None:
    context = ac.SHORT_MSG_MT_RELAY_V2
    playbook << tcap.Begin(PEER, tcap.DialogueRequest(context.oid))
    playbook >> map_.Opened(1, context, OURS, THEIRS) >> map_.Delimited(1)
    playbook.map.delimit(1, 0.0)
    (
        playbook
        >> tcap.Continue(TID, PEER, tcap.DialogueResponse(context.oid))
        << tcap.Continue(PEER, TID, None, (Invoke(1, 46, encode(FORWARD, 2)),))
        >> map_.Invoked(1, 1, 46, FORWARD)
        >> map_.Delimited(1)
    )
    playbook.map.result(1, 1, None, 0.0)
    playbook.map.close(1, 0.0)
    playbook >> tcap.End(PEER, None, (ReturnResultLast(1),))


def test_references_are_indicated(playbook: Any) -> None:
    destination, origin = AddressString("234900123456789", 1, 6), AddressString("38591000001")
    pdu = MapDialoguePdu(map_open=MapOpenInfo(destination, origin))
    unknown = External((1, 2, 3), b"\x04\x00")
    request = tcap.DialogueRequest(GATEWAY.oid, (unknown, *information(pdu)))
    (
        playbook
        << tcap.Begin(PEER, request, (INVOKE,))
        >> map_.Opened(1, GATEWAY, OURS, THEIRS, destination, origin)
        >> map_.Invoked(1, 1, 45, ROUTING)
        >> map_.Delimited(1)
    )


VERSION_1 = (
    (45, ROUTING, ac.SHORT_MSG_GATEWAY_V1),
    (
        47,
        messages.ReportSmDeliveryStatusArg(AddressString("1"), AddressString("2")),
        ac.SHORT_MSG_GATEWAY_V1,
    ),
    (
        46,
        messages.ForwardSmArg(
            messages.SmRpDa(lmsi=b"abcd"), messages.SmRpOa(AddressString("1")), b"\x04"
        ),
        ac.SHORT_MSG_RELAY_V1,
    ),
    (
        49,
        messages.AlertServiceCentreArg(AddressString("1"), AddressString("2")),
        ac.SHORT_MSG_ALERT_V1,
    ),
    (48, messages.NoteSubscriberPresentArg("234900123456789"), ac.MWD_MNGT_V1),
)


@pytest.mark.parametrize(("opcode", "argument", "context"), VERSION_1)
def test_the_operation_says_what_a_version_1_dialogue_is(
    playbook: Any, opcode: int, argument: Any, context: ApplicationContext
) -> None:
    (
        playbook
        << tcap.Begin(PEER, None, (Invoke(1, opcode, encode(argument, 1)),))
        >> map_.Opened(1, context, OURS, THEIRS)
        >> map_.Invoked(1, 1, opcode, argument)
        >> map_.Delimited(1)
    )


def test_a_version_1_answer(playbook: Any) -> None:
    argument = messages.ForwardSmArg(
        messages.SmRpDa("234900123456789"), messages.SmRpOa(AddressString("1")), b"\x04"
    )
    playbook << tcap.Begin(PEER, None, (Invoke(1, 46, encode(argument, 1)),))
    for _ in range(3):
        playbook.came.popleft()
    cause = SmDeliveryFailureCause(4, b"\x00\xd3")
    playbook.map.error(1, 1, ErrorCode.SM_DELIVERY_FAILURE, 0.0, cause)
    playbook.map.close(1, 0.0)
    error = ReturnError(1, ErrorCode.SM_DELIVERY_FAILURE, b"\x0a\x01\x04")
    playbook >> tcap.End(PEER, None, (error,))


@pytest.mark.parametrize(
    "components",
    [
        (),
        (Invoke(1, 63, b"\x30\x00"),),  # no operation of version 1
        (Invoke(1, (1, 2, 3), b"\x30\x00"),),
        (ReturnResultLast(1),),
    ],
)
def test_what_is_no_version_1_dialogue(playbook: Any, components: Any) -> None:
    playbook << tcap.Begin(PEER, None, components) >> tcap.Abort(PEER)
    assert len(playbook.map) == len(playbook.tcap) == 0


REFUSED = {
    "a version 4": ((0, 4, 0, 0, 1, 0, 20, 4), ac.SHORT_MSG_GATEWAY_V3.oid),
    "a context of MAP's that is not spoken here": (
        (0, 4, 0, 0, 1, 0, 19, 2),
        (0, 4, 0, 0, 1, 0, 19, 2),
    ),
    "one that is not MAP's": ((0, 4, 0, 0, 1, 21, 3, 4), (0, 4, 0, 0, 1, 21, 3, 4)),
}


@pytest.mark.parametrize(("asked", "offered"), REFUSED.values(), ids=REFUSED)
def test_contexts_that_are_refused(playbook: Any, asked: Any, offered: Any) -> None:
    (
        playbook
        << tcap.Begin(PEER, tcap.DialogueRequest(asked), (INVOKE,))
        >> tcap.Abort(PEER, None, tcap.DialogueResponse(offered, 1, NOT_SUPPORTED))
    )
    assert len(playbook.map) == len(playbook.tcap) == 0


def test_the_alternative_is_the_highest_version_supported(new_playbook: Any) -> None:
    playbook = new_playbook(
        contexts=(ac.SHORT_MSG_GATEWAY_V1, ac.SHORT_MSG_GATEWAY_V2, ac.SHORT_MSG_RELAY_V1)
    )
    for asked, offered in (
        (GATEWAY, ac.SHORT_MSG_GATEWAY_V2),
        (ac.SHORT_MSG_MT_RELAY_V3, ac.SHORT_MSG_RELAY_V1),
    ):
        (
            playbook
            << tcap.Begin(PEER, tcap.DialogueRequest(asked.oid), (INVOKE,))
            >> tcap.Abort(PEER, None, tcap.DialogueResponse(offered.oid, 1, NOT_SUPPORTED))
        )


def test_version_1_is_not_asked_for_by_name(playbook: Any) -> None:
    request = tcap.DialogueRequest(ac.SHORT_MSG_GATEWAY_V1.oid)
    playbook << tcap.Begin(PEER, request, (INVOKE,)) >> provider_abort(0)


def test_a_dialogue_is_not_opened_by_another_dialogue_pdu(playbook: Any) -> None:
    accept = information(MapDialoguePdu(map_accept=MapAcceptInfo()))
    request = tcap.DialogueRequest(GATEWAY.oid, accept)
    playbook << tcap.Begin(PEER, request, (INVOKE,)) >> provider_abort(0)
    broken = (External(DIALOGUE_AS, b"\xa0\x02\x80\x00"),)
    request = tcap.DialogueRequest(GATEWAY.oid, broken)
    playbook << tcap.Begin(PEER, request, (INVOKE,)) >> provider_abort(1)


@pytest.mark.parametrize(
    ("component", "problem"),
    [
        (Invoke(2, 99, b"\x30\x00"), Problem.UNRECOGNIZED_OPERATION),
        (Invoke(2, 44, b"\x30\x00"), Problem.UNRECOGNIZED_OPERATION),  # not in this context
        (Invoke(2, (1, 2, 3), b"\x30\x00"), Problem.UNRECOGNIZED_OPERATION),
        (Invoke(2, 45), Problem.MISTYPED_PARAMETER),
        (Invoke(2, 45, b"\x30\x00"), Problem.MISTYPED_PARAMETER),
        (Invoke(1, 45, encode(ROUTING, 3)), Problem.DUPLICATE_INVOKE_ID),
        (Invoke(2, 45, encode(ROUTING, 3), linked_id=1), Problem.UNRECOGNIZED_LINKED_ID),
    ],
)
def test_operations_that_are_rejected_while_the_dialogue_goes_on(
    playbook: Any, component: Invoke, problem: Problem
) -> None:
    rejected = map_.Rejected(1, component.invoke_id, None, problem, False)
    opened(playbook, component) >> rejected >> map_.Delimited(1)
    playbook.map.result(1, 1, ROUTED, 0.0)
    playbook.map.close(1, 0.0)
    result = ReturnResultLast(1, 45, encode(ROUTED, 3))
    playbook >> tcap.End(PEER, AARE, (Reject(component.invoke_id, problem), result))


def test_a_linked_operation_is_rejected(playbook: Any) -> None:
    opened(playbook) >> map_.Delimited(1)
    ready = messages.ReportSmDeliveryStatusArg(AddressString("1"), AddressString("2"), 1)
    playbook.map.invoke(1, ready, 0.0)
    playbook.map.delimit(1, 0.0)
    linked = Invoke(2, 45, encode(ROUTING, 3), linked_id=1)
    (
        playbook
        >> tcap.Continue(TID, PEER, AARE, (Invoke(1, 47, encode(ready, 3)),))
        << tcap.Continue(PEER, TID, None, (linked,))
        >> map_.Rejected(1, 2, None, Problem.LINKED_RESPONSE_UNEXPECTED, False)
        >> map_.Delimited(1)
    )


def test_so_many_operations_may_wait_for_an_answer_and_no_more(playbook: Any) -> None:
    more = [Invoke(2 + number, 45, encode(ROUTING, 3)) for number in range(16)]
    opened(playbook, *more)
    for invoke in more[:-1]:
        playbook >> map_.Invoked(1, invoke.invoke_id, 45, ROUTING)
    playbook >> map_.Rejected(1, 17, None, Problem.RESOURCE_LIMITATION, False)
    playbook >> map_.Delimited(1)


def test_our_user_rejects(playbook: Any) -> None:
    opened(playbook) >> map_.Delimited(1)
    playbook.map.reject(1, 1, 0.0)
    playbook.map.close(1, 0.0)
    playbook >> tcap.End(PEER, AARE, (Reject(1, Problem.RESOURCE_LIMITATION),))


def test_our_user_refuses(playbook: Any) -> None:
    opened(playbook) >> map_.Delimited(1)
    playbook.map.refuse(1, 0.0, reason=RefuseReason.INVALID_DESTINATION_REFERENCE)
    info = information(MapDialoguePdu(map_refuse=MapRefuseInfo(1)))
    diagnostic = tcap.Diagnostic.USER_NO_REASON_GIVEN
    playbook >> tcap.Abort(PEER, None, tcap.DialogueResponse(GATEWAY.oid, 1, diagnostic, info))
    assert len(playbook.map) == len(playbook.tcap) == 0


def test_our_user_refuses_the_version(playbook: Any) -> None:
    opened(playbook) >> map_.Delimited(1)
    playbook.map.refuse(
        1,
        0.0,
        reason=RefuseReason.APPLICATION_CONTEXT_NOT_SUPPORTED,
        alternative=ac.SHORT_MSG_GATEWAY_V2,
    )
    response = tcap.DialogueResponse(ac.SHORT_MSG_GATEWAY_V2.oid, 1, NOT_SUPPORTED)
    playbook >> tcap.Abort(PEER, None, response)


@pytest.mark.parametrize(
    ("reason", "diagnostic", "choice"),
    [
        (AbortReason.USER_SPECIFIC, 0, MapUserAbortChoice(user_specific_reason=True)),
        (AbortReason.RESOURCE_LIMITATION, 0, MapUserAbortChoice(user_resource_limitation=True)),
        (AbortReason.RESOURCE_UNAVAILABLE, 1, MapUserAbortChoice(resource_unavailable=1)),
        (
            AbortReason.APPLICATION_PROCEDURE_CANCELLATION,
            6,
            MapUserAbortChoice(application_procedure_cancellation=6),
        ),
    ],
)
def test_our_user_aborts(
    playbook: Any, reason: AbortReason, diagnostic: int, choice: MapUserAbortChoice
) -> None:
    opened(playbook) >> map_.Delimited(1)
    playbook.map.abort(1, 0.0, reason=reason, diagnostic=diagnostic)
    info = information(MapDialoguePdu(map_user_abort=MapUserAbortInfo(choice)))
    playbook >> tcap.Abort(PEER, None, tcap.DialogueAbort(0, info))
    assert len(playbook.map) == len(playbook.tcap) == 0


def test_a_dialogue_that_nobody_answers_is_given_up(playbook: Any) -> None:
    opened(playbook) >> map_.Delimited(1)
    (
        playbook.wait(121.0)
        >> tcap.Abort(PEER, PAbortCause.RESOURCE_LIMITATION)
        >> map_.Aborted(1, False, AbortReason.TRANSACTION_RELEASED, PAbortCause.IDLE)
    )
    assert len(playbook.map) == len(playbook.tcap) == 0


def test_our_mistakes(playbook: Any) -> None:
    opened(playbook) >> map_.Delimited(1)
    with pytest.raises(LocalError, match="is no result of"):
        playbook.map.result(1, 1, messages.MtForwardSmRes(), 0.0)
    playbook.map.close(1, 0.0)
    playbook.came.popleft()


def test_an_error_parameter_that_the_version_does_not_have_is_left_out(playbook: Any) -> None:
    context = ac.SHORT_MSG_GATEWAY_V2
    playbook << tcap.Begin(PEER, tcap.DialogueRequest(context.oid), (INVOKE,))
    for _ in range(3):
        playbook.came.popleft()
    playbook.map.error(1, 1, ErrorCode.UNKNOWN_SUBSCRIBER, 0.0, UnknownSubscriberParam(1))
    playbook.map.close(1, 0.0)
    response = tcap.DialogueResponse(context.oid)
    playbook >> tcap.End(PEER, response, (ReturnError(1, 1),))
    playbook << tcap.Begin(PEER, tcap.DialogueRequest(context.oid), (INVOKE,))
    for _ in range(3):
        playbook.came.popleft()
    playbook.map.error(2, 1, ErrorCode.CALL_BARRED, 0.0, CallBarredParam(1))
    playbook.map.close(2, 0.0)
    playbook >> tcap.End(PEER, response, (ReturnError(1, 13, b"\x0a\x01\x01"),))
