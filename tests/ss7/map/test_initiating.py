"""Sequence charts of dialogues that we begin, TS 29.002 15.2.1 and 15.3."""

from typing import Any

import pytest

from telecom.ss7.map import contexts as ac
from telecom.ss7.map import messages
from telecom.ss7.map import primitives as map_
from telecom.ss7.map.codec import encode
from telecom.ss7.map.dialogue_pdus import (
    DIALOGUE_AS,
    MapDialoguePdu,
    MapOpenInfo,
)
from telecom.ss7.map.enumerations import MwStatus
from telecom.ss7.map.error_parameters import AbsentSubscriberSmParam
from telecom.ss7.map.errors import ErrorCode, LocalError, TooManyDialogues
from telecom.ss7.map.messages import AddressString
from telecom.ss7.map.primitives import AbortReason
from telecom.ss7.sccp.address import SccpAddress
from telecom.ss7.tcap import messages as tcap
from telecom.ss7.tcap.codec import encode_message
from telecom.ss7.tcap.primitives import (
    External,
    Invoke,
    Problem,
    Reject,
    ReturnError,
    ReturnResultLast,
    ReturnResultNotLast,
)

THEIRS = SccpAddress.of_gt("447700900000", 6)
TID = b"\x00\x00\x00\x01"
PEER = b"\xaa"
GATEWAY = ac.SHORT_MSG_GATEWAY_V3
MT = ac.SHORT_MSG_MT_RELAY_V3
AARE = tcap.DialogueResponse(GATEWAY.oid)

ROUTING = messages.RoutingInfoForSmArg(
    AddressString("447700900123"),
    sm_rp_pri=True,
    service_centre_address=AddressString("38591000001"),
)
ROUTED = messages.RoutingInfoForSmRes(
    "234900123456789", messages.LocationInfoWithLmsi(AddressString("447700900001"))
)
INFORM = messages.InformServiceCentreArg(mw_status=MwStatus.MNRF_SET)
REPORT = messages.ReportSmDeliveryStatusArg(
    AddressString("447700900123"), AddressString("38591000001"), 1
)


def forward(size: int = 20, *, more: bool = False) -> messages.MtForwardSmArg:
    return messages.MtForwardSmArg(
        messages.SmRpDa(imsi="234900123456789"),
        messages.SmRpOa(service_centre_address_oa=AddressString("38591000001")),
        bytes(size),
        more,
    )


def information(pdu: MapDialoguePdu) -> tuple[External, ...]:
    return (External(DIALOGUE_AS, encode(pdu, 3) or b""),)


def invoked(opcode: int, argument: Any, *, invoke_id: int = 1, version: int = 3) -> Invoke:
    """Return an operation as it is on the wire: timers and classes are not."""
    return Invoke(invoke_id, opcode, encode(argument, version))


def returned(opcode: int, result: Any) -> ReturnResultLast:
    return ReturnResultLast(1, opcode, encode(result, 3))


BEGIN = tcap.Begin(TID, tcap.DialogueRequest(GATEWAY.oid), (invoked(45, ROUTING),))


def begun(playbook: Any, **request: Any) -> int:
    """Begin a dialogue that asks for routing information."""
    dialogue: int = playbook.open(GATEWAY, invoke=ROUTING, reference="me", **request)
    playbook >> BEGIN
    return dialogue


def test_a_result_in_an_end(playbook: Any) -> None:
    assert begun(playbook) == 1
    (
        playbook
        << tcap.End(TID, AARE, (returned(45, ROUTED),))
        >> map_.Accepted(1, GATEWAY, THEIRS, "me")
        >> map_.Returned(1, 1, 45, ROUTED, "me")
        >> map_.Closed(1, "me")
    )
    assert len(playbook.map) == len(playbook.tcap) == 0


def test_an_error_and_inform_service_centre_beside_it(playbook: Any) -> None:
    begun(playbook)
    absent = AbsentSubscriberSmParam(1)
    error = ReturnError(1, ErrorCode.ABSENT_SUBSCRIBER_SM, encode(absent, 3))
    (
        playbook
        << tcap.End(TID, AARE, (invoked(63, INFORM, invoke_id=7), error))
        >> map_.Accepted(1, GATEWAY, THEIRS, "me")
        >> map_.Invoked(1, 7, 63, INFORM, "me")
        >> map_.Failed(1, 1, 45, ErrorCode.ABSENT_SUBSCRIBER_SM, absent, "me")
        >> map_.Closed(1, "me")
    )


def test_inform_service_centre_in_a_continue_then_we_close(playbook: Any) -> None:
    begun(playbook)
    (
        playbook
        << tcap.Continue(PEER, TID, AARE, (returned(45, ROUTED), invoked(63, INFORM, invoke_id=7)))
        >> map_.Accepted(1, GATEWAY, THEIRS, "me")
        >> map_.Returned(1, 1, 45, ROUTED, "me")
        >> map_.Invoked(1, 7, 63, INFORM, "me")
        >> map_.Delimited(1, "me")
    )
    playbook.map.result(1, 7, None, 0.0)  # a class 4 operation: nothing is sent for it
    playbook.map.close(1, 0.0)
    playbook >> tcap.End(PEER)


def test_the_whole_multiple_short_message_transfer(playbook: Any) -> None:
    playbook.open(MT, invoke=forward(more=True))
    first, second = forward(more=True), forward()
    (
        playbook
        >> tcap.Begin(TID, tcap.DialogueRequest(MT.oid), (invoked(44, first),))
        << tcap.Continue(PEER, TID, tcap.DialogueResponse(MT.oid), (ReturnResultLast(1),))
        >> map_.Accepted(1, MT, THEIRS)
        >> map_.Returned(1, 1, 44)
        >> map_.Delimited(1)
    )
    assert playbook.map.invoke(1, second, 0.0) == 2
    playbook.map.delimit(1, 0.0)
    report = messages.MtForwardSmRes(b"\x00\x00")
    (
        playbook
        >> tcap.Continue(TID, PEER, None, (invoked(44, second, invoke_id=2),))
        << tcap.End(TID, None, (ReturnResultLast(2, 44, encode(report, 3)),))
        >> map_.Returned(1, 2, 44, report)
        >> map_.Closed(1)
    )


def test_an_empty_begin_is_followed_by_the_operation_once_it_is_accepted(playbook: Any) -> None:
    playbook.open(MT, invoke=forward(), empty_begin=True)
    (
        playbook
        >> tcap.Begin(TID, tcap.DialogueRequest(MT.oid))
        << tcap.Continue(PEER, TID, tcap.DialogueResponse(MT.oid))
        >> tcap.Continue(TID, PEER, None, (invoked(44, forward()),))
        >> map_.Accepted(1, MT, THEIRS)
    )


def test_an_empty_begin_without_an_operation_gives_us_the_turn(playbook: Any) -> None:
    playbook.open(MT, empty_begin=True)
    (
        playbook
        >> tcap.Begin(TID, tcap.DialogueRequest(MT.oid))
        << tcap.Continue(PEER, TID, tcap.DialogueResponse(MT.oid))
        >> map_.Accepted(1, MT, THEIRS)
        >> map_.Delimited(1)
    )
    playbook.map.invoke(1, forward(), 0.0)
    playbook.map.delimit(1, 0.0)
    playbook >> tcap.Continue(TID, PEER, None, (invoked(44, forward()),))


def test_only_a_short_message_that_does_not_fit_waits_for_the_handshake(playbook: Any) -> None:
    playbook.open(MT, invoke=forward(160))
    playbook >> tcap.Begin(TID, tcap.DialogueRequest(MT.oid), (invoked(44, forward(160)),))
    playbook.open(MT, invoke=forward(161))
    playbook >> tcap.Begin(b"\x00\x00\x00\x02", tcap.DialogueRequest(MT.oid))
    destination = AddressString("234900123456789", 1, 6)
    playbook.open(MT, invoke=forward(160), destination_reference=destination)
    pdu = MapDialoguePdu(map_open=MapOpenInfo(destination_reference=destination))
    request = tcap.DialogueRequest(MT.oid, information(pdu))
    playbook >> tcap.Begin(b"\x00\x00\x00\x03", request)


def test_references_are_opened_with(playbook: Any) -> None:
    origin = AddressString("38591000001")
    playbook.open(GATEWAY, invoke=ROUTING, origination_reference=origin)
    pdu = MapDialoguePdu(map_open=MapOpenInfo(origination_reference=origin))
    request = tcap.DialogueRequest(GATEWAY.oid, information(pdu))
    playbook >> tcap.Begin(TID, request, BEGIN.components)


def test_a_version_1_dialogue_has_no_dialogue_portion(playbook: Any) -> None:
    origin = AddressString("38591000001")
    playbook.open(ac.SHORT_MSG_GATEWAY_V1, invoke=ROUTING, origination_reference=origin)
    (
        playbook
        >> tcap.Begin(TID, None, BEGIN.components)
        << tcap.End(TID, None, (returned(45, ROUTED),))
        >> map_.Accepted(1, ac.SHORT_MSG_GATEWAY_V1, THEIRS)
        >> map_.Returned(1, 1, 45, ROUTED)
        >> map_.Closed(1)
    )
    with pytest.raises(LocalError):
        playbook.open(ac.SHORT_MSG_RELAY_V1)


def test_an_operation_that_is_not_answered(playbook: Any) -> None:
    begun(playbook)
    playbook.wait(29.9)
    playbook.wait(30.2) >> map_.TimedOut(1, 1, 45, "me")
    playbook.map.abort(1, playbook.now)
    assert len(playbook.map) == len(playbook.tcap) == 0


def test_our_own_timeout(playbook: Any) -> None:
    begun(playbook, timeout=2.5)
    playbook.wait(2.6) >> map_.TimedOut(1, 1, 45, "me")


def test_a_dialogue_of_an_operation_without_outcomes_ends_by_itself(playbook: Any) -> None:
    alert = messages.AlertServiceCentreArg(AddressString("1"), AddressString("2"))
    playbook.open(ac.SHORT_MSG_ALERT_V1, invoke=alert)
    playbook >> tcap.Begin(TID, None, (invoked(49, alert, version=1),))
    playbook.wait(11.0) >> map_.Returned(1, 1, 49) >> map_.Closed(1)
    assert len(playbook.map) == len(playbook.tcap) == 0


def test_an_operation_without_outcomes_in_a_dialogue_that_goes_on(playbook: Any) -> None:
    begun(playbook, timeout=60.0)
    playbook << tcap.Continue(PEER, TID, AARE)
    playbook >> map_.Accepted(1, GATEWAY, THEIRS, "me") >> map_.Delimited(1, "me")
    playbook.map.invoke(1, INFORM, 0.0)
    playbook.map.delimit(1, 0.0)
    playbook >> tcap.Continue(TID, PEER, None, (invoked(63, INFORM, invoke_id=2),))
    playbook.wait(11.0)
    playbook.wait(61.0) >> map_.TimedOut(1, 1, 45, "me")


def test_a_dialogue_that_is_closed_before_it_is_answered_sends_nothing(playbook: Any) -> None:
    begun(playbook)
    playbook.map.close(1, 0.0)
    playbook << tcap.End(TID, AARE, (returned(45, ROUTED),))
    assert len(playbook.map) == 0


def test_a_prearranged_end_sends_nothing(playbook: Any) -> None:
    begun(playbook)
    playbook << tcap.Continue(PEER, TID, AARE)
    playbook >> map_.Accepted(1, GATEWAY, THEIRS, "me") >> map_.Delimited(1, "me")
    playbook.map.close(1, 0.0, prearranged=True)
    assert len(playbook.tcap) == 0


def test_a_premature_release(playbook: Any) -> None:
    begun(playbook)
    (
        playbook
        << tcap.End(TID, AARE)
        >> map_.Accepted(1, GATEWAY, THEIRS, "me")
        >> map_.Closed(1, "me")
    )


def test_a_begin_that_comes_back_ends_the_dialogue(playbook: Any) -> None:
    playbook.open(MT, invoke=forward())
    begin = playbook.came.popleft()
    playbook.comes_back(encode_message(begin), 1) >> map_.Undeliverable(1, 1)
    assert len(playbook.map) == len(playbook.tcap) == 0


RETURNED = (
    (ReturnResultLast(1, 45), Problem.RETURN_RESULT_MISTYPED_PARAMETER),
    (ReturnResultLast(1), Problem.RETURN_RESULT_MISTYPED_PARAMETER),
    (ReturnResultLast(1, 45, b"\x30\x00"), Problem.RETURN_RESULT_MISTYPED_PARAMETER),
    (ReturnResultLast(1, 44, encode(ROUTED, 3)), Problem.RETURN_RESULT_MISTYPED_PARAMETER),
    (ReturnResultNotLast(1, 45, encode(ROUTED, 3)), Problem.RETURN_RESULT_UNEXPECTED),
    (ReturnError(1, (1, 2, 3)), Problem.UNRECOGNIZED_ERROR),
)


@pytest.mark.parametrize(("component", "problem"), RETURNED)
def test_answers_that_are_rejected(playbook: Any, component: Any, problem: Problem) -> None:
    begun(playbook)
    (
        playbook
        << tcap.Continue(PEER, TID, AARE, (component,))
        >> map_.Accepted(1, GATEWAY, THEIRS, "me")
        >> map_.Rejected(1, 1, 45, problem, False, "me")
        >> map_.Delimited(1, "me")
    )
    playbook.map.close(1, 0.0)
    playbook >> tcap.End(PEER, None, (Reject(1, problem),))


@pytest.mark.parametrize(
    "last",
    [ReturnResultNotLast(1), ReturnResultLast(1, 45, encode(ROUTED, 3)), ReturnError(1, 1)],
)
def test_what_follows_a_segment_of_a_result_is_of_no_use(playbook: Any, last: Any) -> None:
    begun(playbook)
    (
        playbook
        << tcap.Continue(PEER, TID, AARE, (ReturnResultNotLast(1), last))
        >> map_.Accepted(1, GATEWAY, THEIRS, "me")
        >> map_.Rejected(1, 1, 45, Problem.RETURN_RESULT_UNEXPECTED, False, "me")
        >> map_.Delimited(1, "me")
    )
    playbook.wait(31.0)


FAILED = (
    (ReturnError(1, 99), None, Problem.UNRECOGNIZED_ERROR),
    (ReturnError(1, ErrorCode.SM_DELIVERY_FAILURE), None, Problem.UNEXPECTED_ERROR),
    (
        ReturnError(1, ErrorCode.ABSENT_SUBSCRIBER_SM, b"\x04\x00"),
        None,
        Problem.RETURN_ERROR_MISTYPED_PARAMETER,
    ),
)


@pytest.mark.parametrize(("component", "parameter", "problem"), FAILED)
def test_errors_that_are_told_and_rejected(
    playbook: Any, component: ReturnError, parameter: Any, problem: Problem
) -> None:
    begun(playbook)
    assert isinstance(component.error_code, int)
    (
        playbook
        << tcap.Continue(PEER, TID, AARE, (component,))
        >> map_.Accepted(1, GATEWAY, THEIRS, "me")
        >> map_.Failed(1, 1, 45, component.error_code, parameter, "me")
        >> map_.Delimited(1, "me")
    )
    playbook.map.close(1, 0.0)
    playbook >> tcap.End(PEER, None, (Reject(1, problem),))


def test_the_peer_rejects_our_operation(playbook: Any) -> None:
    begun(playbook)
    (
        playbook
        << tcap.End(TID, AARE, (Reject(1, Problem.UNRECOGNIZED_OPERATION),))
        >> map_.Accepted(1, GATEWAY, THEIRS, "me")
        >> map_.Rejected(1, 1, 45, Problem.UNRECOGNIZED_OPERATION, True, "me")
        >> map_.Closed(1, "me")
    )


def test_the_peer_rejects_our_result(playbook: Any) -> None:
    begun(playbook)
    problem = Problem.RETURN_RESULT_MISTYPED_PARAMETER
    (
        playbook
        << tcap.Continue(PEER, TID, AARE, (Reject(1, problem), Reject(None, 0x8001)))
        >> map_.Accepted(1, GATEWAY, THEIRS, "me")
        >> map_.Rejected(1, 1, None, problem, True, "me")
        >> map_.Rejected(1, None, None, Problem.MISTYPED_COMPONENT, True, "me")
        >> map_.Delimited(1, "me")
    )


def test_a_result_of_an_operation_without_outcomes_is_rejected_by_tcap(playbook: Any) -> None:
    context = ac.SHORT_MSG_ALERT_V1
    playbook.open(context, invoke=messages.AlertServiceCentreArg(*[AddressString("1")] * 2))
    playbook.came.popleft()
    (
        playbook
        << tcap.End(TID, None, (ReturnResultLast(1),))
        >> map_.Accepted(1, context, THEIRS)
        >> map_.Rejected(1, 1, 49, Problem.RETURN_RESULT_UNEXPECTED, False)
        >> map_.Closed(1)
    )


def test_an_answer_that_nobody_waits_for_is_rejected_by_tcap(playbook: Any) -> None:
    begun(playbook)
    (
        playbook
        << tcap.Continue(PEER, TID, AARE, (ReturnResultLast(5),))
        >> map_.Accepted(1, GATEWAY, THEIRS, "me")
        >> map_.Rejected(1, 5, None, Problem.RETURN_RESULT_UNRECOGNIZED_INVOKE_ID, False, "me")
        >> map_.Delimited(1, "me")
    )


def test_one_operation_after_another(playbook: Any) -> None:
    begun(playbook)
    playbook << tcap.Continue(PEER, TID, AARE, (returned(45, ROUTED),))
    for _ in range(3):
        playbook.came.popleft()
    for number in range(200):  # invoke ids come round
        invoke_id = playbook.map.invoke(1, REPORT, 0.0)
        assert invoke_id == (number + 2) % 128
        playbook.map.delimit(1, 0.0)
        playbook.came.popleft()
        playbook << tcap.Continue(PEER, TID, None, (ReturnResultLast(invoke_id),))
        playbook >> map_.Returned(1, invoke_id, 47, None, "me") >> map_.Delimited(1, "me")


def test_our_mistakes(playbook: Any) -> None:
    begun(playbook)
    for _ in range(2):
        playbook.open(GATEWAY, invoke=ROUTING)
        playbook.came.popleft()
    with pytest.raises(TooManyDialogues):
        playbook.open(GATEWAY, invoke=ROUTING)
    with pytest.raises(LocalError, match="no operation"):
        playbook.open(GATEWAY, invoke=forward())
    with pytest.raises(LocalError, match="never was"):
        playbook.map.close(9, 0.0)
    with pytest.raises(LocalError, match="not answered yet"):
        playbook.map.delimit(1, 0.0)
    with pytest.raises(LocalError, match="no user's reason"):
        playbook.map.abort(1, 0.0, reason=AbortReason.MAINTENANCE_ACTIVITY)
    playbook << tcap.Continue(PEER, TID, AARE)
    playbook >> map_.Accepted(1, GATEWAY, THEIRS, "me") >> map_.Delimited(1, "me")
    with pytest.raises(LocalError, match="waits for no answer"):
        playbook.map.result(1, 1, None, 0.0)
    for _ in range(127):
        playbook.map.invoke(1, REPORT, 0.0)
    with pytest.raises(LocalError, match="128 operations"):
        playbook.map.invoke(1, REPORT, 0.0)


def test_requests_for_a_dialogue_that_is_over_do_nothing(playbook: Any) -> None:
    begun(playbook)
    playbook << tcap.Abort(TID, None, tcap.DialogueAbort(0))
    playbook >> map_.Aborted(1, True, AbortReason.USER_SPECIFIC, None, "me")
    assert playbook.map.invoke(1, ROUTING, 0.0) == 0
    playbook.map.result(1, 1, None, 0.0)
    playbook.map.error(1, 1, ErrorCode.SYSTEM_FAILURE, 0.0)
    playbook.map.reject(1, 1, 0.0)
    playbook.map.refuse(1, 0.0)
    playbook.map.delimit(1, 0.0)
    playbook.map.close(1, 0.0)
    playbook.map.abort(1, 0.0)
