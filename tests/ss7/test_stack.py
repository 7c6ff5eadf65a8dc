"""Two stacks joined in memory, octet by octet and whole: the dialogues of short messages."""

from typing import Any

import msgspec
import pytest

from telecom.ss7.m3ua.asp import AspAssociation
from telecom.ss7.m3ua.events import AspStateChanged, AssociationLost
from telecom.ss7.m3ua.states import AspState
from telecom.ss7.map.contexts import (
    CONTEXTS,
    SHORT_MSG_GATEWAY_V1,
    SHORT_MSG_GATEWAY_V2,
    SHORT_MSG_GATEWAY_V3,
    SHORT_MSG_MT_RELAY_V3,
)
from telecom.ss7.map.errors import ErrorCode
from telecom.ss7.map.messages import (
    AddressString,
    InformServiceCentreArg,
    LocationInfoWithLmsi,
    MtForwardSmArg,
    MtForwardSmRes,
    RoutingInfoForSmArg,
    RoutingInfoForSmRes,
    SmRpDa,
    SmRpOa,
)
from telecom.ss7.map.operations import OperationCode
from telecom.ss7.map.primitives import (
    Aborted,
    AbortReason,
    Accepted,
    Closed,
    Delimited,
    Failed,
    Invoked,
    Opened,
    Refused,
    RefuseReason,
    Returned,
    TimedOut,
    Undeliverable,
)
from telecom.ss7.sccp.address import SccpAddress
from telecom.ss7.sccp.primitives import ReturnCause

GATEWAY = SccpAddress.of_gt("38591000001", 8)
HLR = SccpAddress.of_gt("447700900000", 6)
MSC = SccpAddress.of_gt("491555900000", 8)
CENTRE = AddressString("38591000001")
SRI, FSM = OperationCode.SEND_ROUTING_INFO_FOR_SM, OperationCode.MT_FORWARD_SM
QUESTION = RoutingInfoForSmArg(
    msisdn=AddressString("447700900123"), sm_rp_pri=True, service_centre_address=CENTRE
)
ANSWER = RoutingInfoForSmRes(
    imsi="234900000000123",
    location_info_with_lmsi=LocationInfoWithLmsi(network_node_number=AddressString("491555900000")),
)
LAST_ONE = MtForwardSmArg(
    sm_rp_da=SmRpDa(imsi="234900000000123"),
    sm_rp_oa=SmRpOa(service_centre_address_oa=CENTRE),
    sm_rp_ui=bytes(100),
)
ONE_OF_MANY = msgspec.structs.replace(LAST_ONE, more_messages_to_send=True)
MINE = "my reference"


def ask(network: Any, **options: Any) -> int:
    """Open a dialogue with a question about a number, and let it arrive."""
    options = {"context": SHORT_MSG_GATEWAY_V3, "invoke": QUESTION, "called": HLR} | options
    dialogue: int = network.gateway.map.open(
        options.pop("context"), calling=GATEWAY, now=network.now, reference=MINE, **options
    )
    network.pump()
    return dialogue


def send(network: Any, message: MtForwardSmArg, **options: Any) -> int:
    """Open a dialogue with a message for a handset, and let it arrive."""
    return ask(network, context=SHORT_MSG_MT_RELAY_V3, invoke=message, called=MSC, **options)


def heard(network: Any) -> tuple[int, int]:
    """The dialogue and the invoke id of the one operation that the operator just heard of."""
    (invoked,) = [said for said in network.operator.take() if isinstance(said, Invoked)]
    return invoked.dialogue, invoked.invoke_id


def check_that_it_lives(network: Any) -> None:
    """A question is answered as ever."""
    network.gateway.take()
    network.operator.take()
    ask(network)
    dialogue, invoke_id = heard(network)
    network.operator.map.result(dialogue, invoke_id, ANSWER, network.now)
    network.operator.map.close(dialogue, network.now)
    network.pump()
    assert [type(said) for said in network.gateway.take()] == [Accepted, Returned, Closed]
    for end in (network.gateway, network.operator):
        assert len(end.map) == len(end.stack.tcap) == 0


def test_routing_information(network: Any) -> None:
    ours = ask(network)
    opened, invoked, delimited = network.operator.take()
    theirs = opened.dialogue
    assert opened == Opened(theirs, SHORT_MSG_GATEWAY_V3, HLR, GATEWAY)
    assert invoked == Invoked(theirs, invoked.invoke_id, SRI, QUESTION)
    assert delimited == Delimited(theirs)
    network.operator.map.result(theirs, invoked.invoke_id, ANSWER, 0)
    network.operator.map.close(theirs, 0)
    network.pump()
    accepted, returned, closed = network.gateway.take()
    assert accepted == Accepted(ours, SHORT_MSG_GATEWAY_V3, HLR, MINE)
    assert returned == Returned(ours, returned.invoke_id, SRI, ANSWER, MINE)
    assert closed == Closed(ours, MINE)
    check_that_it_lives(network)


def test_an_error_and_what_else_the_hlr_knows(network: Any) -> None:
    """The HLR informs the service centre in the dialogue that it was asked in."""
    ask(network)
    dialogue, invoke_id = heard(network)
    hlr = network.operator.map
    inform = InformServiceCentreArg(absent_subscriber_diagnostic_sm=1)
    hlr.invoke(dialogue, inform, 0)
    hlr.error(dialogue, invoke_id, ErrorCode.ABSENT_SUBSCRIBER_SM, 0)
    hlr.close(dialogue, 0)
    network.pump()
    _, invoked, failed, _ = network.gateway.take()
    assert (invoked.operation, invoked.argument) == (OperationCode.INFORM_SERVICE_CENTRE, inform)
    assert isinstance(failed, Failed)
    assert failed.code == ErrorCode.ABSENT_SUBSCRIBER_SM
    check_that_it_lives(network)


def test_more_messages_to_send(network: Any) -> None:
    """One dialogue, a message in each of our messages, a result in each of theirs."""
    messages = [ONE_OF_MANY, ONE_OF_MANY, LAST_ONE]
    ours = send(network, messages[0])
    for count, message in enumerate(messages):
        dialogue, invoke_id = heard(network)
        network.operator.map.result(dialogue, invoke_id, MtForwardSmRes(), 0)
        if message is LAST_ONE:
            network.operator.map.close(dialogue, 0)
        else:
            network.operator.map.delimit(dialogue, 0)
        network.pump()
        said = network.gateway.take()
        assert isinstance(said[-2], Returned)
        assert said[-2].operation == FSM
        if message is not LAST_ONE:
            assert said[-1] == Delimited(ours, MINE)
            network.gateway.map.invoke(ours, messages[count + 1], 0)
            network.gateway.map.delimit(ours, 0)
            network.pump()
    assert said[-1] == Closed(ours, MINE)
    check_that_it_lives(network)


@pytest.mark.parametrize(
    ("message", "options"),
    [
        (LAST_ONE, {"empty_begin": True}),
        (msgspec.structs.replace(LAST_ONE, sm_rp_ui=bytes(180)), {}),
    ],
    ids=["as we please", "as it is too long"],
)
def test_an_empty_begin(network: Any, message: MtForwardSmArg, options: Any) -> None:
    """TS 29.002 23.3: the operation follows once the peer has accepted the dialogue."""
    ours = send(network, message, **options)
    opened, delimited = network.operator.take()
    assert (type(opened), delimited) == (Opened, Delimited(opened.dialogue))
    network.operator.map.delimit(opened.dialogue, 0)
    network.pump()
    assert network.gateway.take() == [Accepted(ours, SHORT_MSG_MT_RELAY_V3, MSC, MINE)]
    (invoked, _) = network.operator.take()
    assert invoked.argument == message
    network.operator.map.result(opened.dialogue, invoked.invoke_id, MtForwardSmRes(), 0)
    network.operator.map.close(opened.dialogue, 0)
    network.pump()
    assert [type(said) for said in network.gateway.take()] == [Returned, Closed]


def test_an_answer_in_segments(network: Any) -> None:
    """A message that no UDT can hold goes in several XUDTs, both ways."""
    ours = send(network, LAST_ONE)
    dialogue, invoke_id = heard(network)
    network.operator.map.delimit(dialogue, 0)
    network.pump()
    network.gateway.take()
    network.gateway.map.invoke(ours, LAST_ONE, 0)
    network.gateway.map.invoke(ours, LAST_ONE, 0)
    network.gateway.map.invoke(ours, LAST_ONE, 0)
    network.gateway.map.delimit(ours, 0)
    network.pump()
    said = network.operator.take()
    assert [type(indication) for indication in said] == [Invoked, Invoked, Invoked, Delimited]
    for answered in (invoke_id, *(invoked.invoke_id for invoked in said[:-1])):
        result = MtForwardSmRes(sm_rp_ui=bytes(100))
        network.operator.map.result(dialogue, answered, result, 0)
    network.operator.map.close(dialogue, 0)
    network.pump()
    assert [type(said) for said in network.gateway.take()] == [*[Returned] * 4, Closed]


@pytest.mark.parametrize("spoken", [SHORT_MSG_GATEWAY_V2, SHORT_MSG_GATEWAY_V1])
def test_a_version_that_the_peer_does_not_speak(new_network: Any, spoken: Any) -> None:
    contexts = {context for context in CONTEXTS if context.version <= spoken.version}
    network = new_network(contexts=contexts)
    ours = ask(network)
    assert network.operator.take() == []
    reason = RefuseReason.APPLICATION_CONTEXT_NOT_SUPPORTED
    assert network.gateway.take() == [Refused(ours, reason, spoken, MINE)]
    ours = ask(network, fallback=True)
    opened, invoked, _ = network.operator.take()
    assert (opened.context, invoked.argument) == (spoken, QUESTION)
    network.operator.map.result(opened.dialogue, invoked.invoke_id, ANSWER, 0)
    network.operator.map.close(opened.dialogue, 0)
    network.pump()
    accepted, returned, _ = network.gateway.take()
    assert accepted == Accepted(ours, spoken, HLR, MINE)
    assert returned.result == ANSWER


def test_the_peer_aborts(network: Any) -> None:
    ours = ask(network)
    dialogue, _ = heard(network)
    network.operator.map.abort(dialogue, 0, reason=AbortReason.RESOURCE_LIMITATION)
    network.pump()
    (aborted,) = network.gateway.take()
    assert aborted.by_user
    assert (aborted.dialogue, aborted.cause) == (ours, AbortReason.RESOURCE_LIMITATION)
    check_that_it_lives(network)


def test_we_abort(network: Any) -> None:
    ours = send(network, LAST_ONE)
    dialogue, _ = heard(network)
    network.operator.map.delimit(dialogue, 0)
    network.pump()
    network.gateway.map.abort(ours, 0)
    network.pump()
    (aborted,) = network.operator.take()
    assert (type(aborted), aborted.dialogue, aborted.by_user) == (Aborted, dialogue, True)
    check_that_it_lives(network)


def test_the_peer_says_nothing(network: Any) -> None:
    ours = ask(network, timeout=5)
    network.wait(4.9)
    assert network.gateway.take() == []
    network.wait(5.2)
    (timed_out,) = network.gateway.take()
    assert timed_out == TimedOut(ours, timed_out.invoke_id, SRI, MINE)
    network.gateway.map.abort(ours, network.now)
    network.wait(200)
    (aborted,) = [said for said in network.operator.take() if isinstance(said, Aborted)]
    assert aborted.cause is AbortReason.TRANSACTION_RELEASED
    check_that_it_lives(network)


def test_the_answer_comes_when_nobody_waits(network: Any) -> None:
    ours = ask(network, timeout=5)
    dialogue, invoke_id = heard(network)
    network.wait(6)
    network.gateway.map.abort(ours, network.now)
    network.gateway.take()
    network.operator.map.result(dialogue, invoke_id, ANSWER, network.now)
    network.operator.map.close(dialogue, network.now)
    network.pump()
    assert network.gateway.take() == []
    check_that_it_lives(network)


@pytest.mark.parametrize(
    ("called", "cause"),
    [
        (SccpAddress.of_gt("447700900000", 149), ReturnCause.UNEQUIPPED_USER),
        (SccpAddress.of_gt("447711100000", 6), ReturnCause.NO_TRANSLATION_FOR_ADDRESS),
        (SccpAddress.of_gt("1212", 6), ReturnCause.NO_TRANSLATION_FOR_ADDRESS),
    ],
    ids=["no such subsystem there", "no such number there", "no way to go"],
)
def test_a_node_that_is_not_there(network: Any, called: SccpAddress, cause: ReturnCause) -> None:
    ours = ask(network, called=called)
    assert network.gateway.take() == [Undeliverable(ours, cause, MINE)]
    check_that_it_lives(network)


def test_the_link_is_cut_and_comes_back(network: Any) -> None:
    ours = ask(network, timeout=5)
    network.cut()
    cut_off = ask(network)
    assert network.gateway.take() == [Undeliverable(cut_off, ReturnCause.MTP_FAILURE, MINE)]
    network.connect()
    network.wait(6)
    (timed_out,) = network.gateway.take()
    assert timed_out.dialogue == ours
    network.gateway.map.close(ours, network.now)
    dialogue, _ = heard(network)
    network.operator.map.abort(dialogue, network.now)
    network.pump()
    check_that_it_lives(network)


def test_a_second_gateway_comes_and_goes(network: Any) -> None:
    """One stack at the operator serves every association that its signalling gateway accepted."""
    second = AspAssociation(routing_contexts=(100,))
    accepted = network.sgp.accept(network.now)
    network.operator.stack.attach(accepted)
    second.connected(network.now)
    for _ in range(3):
        for _, octets in second.data_to_send():
            network.operator.stack.receive_data(accepted, octets, network.now)
        for _, octets in accepted.data_to_send():
            second.receive_data(octets, network.now)
    assert second.is_active
    assert network.operator.stack.receive_eof(accepted, network.now) == []
    told = network.operator.stack.events_received()
    assert told[-1] == (accepted, AspStateChanged(100, AspState.DOWN))
    network.pump()
    check_that_it_lives(network)


def test_what_else_happens_is_told_with_its_association(network: Any) -> None:
    gateway = network.gateway
    network.cut()
    events = gateway.stack.events_received()
    assert (gateway.association, AspStateChanged(100, AspState.DOWN)) in events
    assert gateway.stack.events_received() == []


def test_a_silent_peer_is_given_up(new_network: Any) -> None:
    network = new_network()
    gateway = network.gateway
    while (due := gateway.stack.next_timer()) is not None and due < 1000:
        gateway.stack.handle_timer(due)
        gateway.association.data_to_send()
    lost = [event for _, event in gateway.stack.events_received()]
    assert any(isinstance(event, AssociationLost) for event in lost)
