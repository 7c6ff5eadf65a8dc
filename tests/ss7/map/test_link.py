"""Two providers joined by a link: every operation in every version, as tshark reads it, too."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.ss7.map import contexts as ac
from telecom.ss7.map import error_parameters as parameters
from telecom.ss7.map import messages
from telecom.ss7.map import primitives as map_
from telecom.ss7.map.contexts import ApplicationContext
from telecom.ss7.map.enumerations import MwStatus
from telecom.ss7.map.errors import ErrorCode, LocalError
from telecom.ss7.map.messages import AddressString
from telecom.ss7.map.operations import OPERATIONS, Operation
from telecom.ss7.sccp.address import SccpAddress
from telecom.ss7.tcap.primitives import OperationClass
from tests.oracles import tshark

OURS = SccpAddress.of_gt("38591000001", 8)
THEIRS = SccpAddress.of_gt("447700900000", 6)
MSISDN, CENTRE = AddressString("447700900123"), AddressString("38591000001")
IMSI = "234900123456789"
DELIVER = bytes.fromhex("040b916407896745f300004210203040500005c8329bfd06")
FORWARD: dict[str, Any] = {
    "sm_rp_da": messages.SmRpDa(imsi=IMSI),
    "sm_rp_oa": messages.SmRpOa(service_centre_address_oa=CENTRE),
    "sm_rp_ui": DELIVER,
}
SUBMIT: dict[str, Any] = {
    "sm_rp_da": messages.SmRpDa(service_centre_address_da=CENTRE),
    "sm_rp_oa": messages.SmRpOa(msisdn=MSISDN),
    "sm_rp_ui": bytes.fromhex("31070b916407896745f30000a707cd27885ec6d301"),
}
ARGUMENTS: dict[type, Any] = {
    messages.RoutingInfoForSmArg: messages.RoutingInfoForSmArg(
        MSISDN, sm_rp_pri=True, service_centre_address=CENTRE
    ),
    messages.MtForwardSmArg: messages.MtForwardSmArg(**FORWARD),
    messages.MoForwardSmArg: messages.MoForwardSmArg(**SUBMIT, imsi=IMSI),
    messages.ForwardSmArg: messages.ForwardSmArg(**FORWARD),
    messages.ReportSmDeliveryStatusArg: messages.ReportSmDeliveryStatusArg(MSISDN, CENTRE, 1),
    messages.InformServiceCentreArg: messages.InformServiceCentreArg(MSISDN, MwStatus.MCEF_SET),
    messages.AlertServiceCentreArg: messages.AlertServiceCentreArg(MSISDN, CENTRE),
    messages.ReadyForSmArg: messages.ReadyForSmArg(IMSI, 1),
    messages.NoteSubscriberPresentArg: messages.NoteSubscriberPresentArg(IMSI),
}
RESULTS: dict[type | None, Any] = {
    None: None,
    messages.RoutingInfoForSmRes: messages.RoutingInfoForSmRes(
        IMSI, messages.LocationInfoWithLmsi(AddressString("447700900001"), lmsi=b"abcd")
    ),
    messages.MtForwardSmRes: messages.MtForwardSmRes(b"\x00\x00"),
    messages.MoForwardSmRes: messages.MoForwardSmRes(),
    messages.ReportSmDeliveryStatusRes: messages.ReportSmDeliveryStatusRes(MSISDN),
    messages.ReadyForSmRes: messages.ReadyForSmRes(),
}
PARAMETERS: dict[ErrorCode, Any] = {
    ErrorCode.UNKNOWN_SUBSCRIBER: parameters.UnknownSubscriberParam(0),
    ErrorCode.ABSENT_SUBSCRIBER_SM: parameters.AbsentSubscriberSmParam(1),
    ErrorCode.CALL_BARRED: parameters.CallBarredParam(1),
    ErrorCode.ABSENT_SUBSCRIBER: parameters.AbsentSubscriberParam(mwd_set=True),
    ErrorCode.SM_DELIVERY_FAILURE: parameters.SmDeliveryFailureCause(0),
    ErrorCode.SYSTEM_FAILURE: parameters.SystemFailureParam(1),
}
ROWS = [(row, context) for row in OPERATIONS for context in row.contexts]
NAMES = [f"{row.name}-v{context.version}" for row, context in ROWS]


def argument_of(row: Operation, context: ApplicationContext) -> Any:
    if context.version == 1 and row.argument is messages.ReportSmDeliveryStatusArg:
        return messages.ReportSmDeliveryStatusArg(MSISDN, CENTRE)
    return ARGUMENTS[row.argument]


def exchange(link: Any, row: Operation, context: ApplicationContext) -> None:
    """Let one side invoke an operation, and the other answer with its result."""
    link.open(context, invoke=argument_of(row, context))
    link.deliver()
    opened, invoked, delimited = link.b.take()
    assert opened == map_.Opened(1, context, THEIRS, OURS)
    assert invoked == map_.Invoked(1, 1, row.code, argument_of(row, context))
    assert delimited == map_.Delimited(1)
    link.b.map.result(1, 1, RESULTS[row.result], 0.0)
    link.b.map.close(1, 0.0)
    link.deliver()


@pytest.mark.parametrize(("row", "context"), ROWS, ids=NAMES)
def test_every_operation_in_every_version(
    new_link: Any, row: Operation, context: ApplicationContext
) -> None:
    link = new_link()
    exchange(link, row, context)
    accepted = map_.Accepted(1, context, THEIRS)
    returned = [map_.Returned(1, 1, row.code, RESULTS[row.result])]
    if row.operation_class == OperationClass.NOTHING:
        returned = []
    assert link.a.take() == [accepted, *returned, map_.Closed(1)]
    assert len(link.a.tcap) == len(link.b.tcap) == 0


@pytest.mark.parametrize(("row", "context"), ROWS, ids=NAMES)
def test_every_error_of_every_operation(
    new_link: Any, row: Operation, context: ApplicationContext
) -> None:
    for code in sorted(row.errors):
        link = new_link()
        link.open(context, invoke=argument_of(row, context))
        link.deliver()
        link.b.map.error(1, 1, code, 0.0, PARAMETERS.get(code))
        link.b.map.close(1, 0.0)
        link.deliver()
        _, failed, _ = link.a.take()
        assert (failed.code, failed.operation) == (code, row.code)
        if code in (ErrorCode.SM_DELIVERY_FAILURE, ErrorCode.SYSTEM_FAILURE):
            assert failed.parameter == PARAMETERS[code]


def test_versions_are_negotiated_from_end_to_end(new_link: Any) -> None:
    link = new_link(contexts={ac.SHORT_MSG_GATEWAY_V2, ac.SHORT_MSG_RELAY_V1})
    routing, forward = (
        ARGUMENTS[messages.RoutingInfoForSmArg],
        ARGUMENTS[messages.MtForwardSmArg],
    )
    link.open(ac.SHORT_MSG_GATEWAY_V3, invoke=routing, fallback=True)
    link.open(ac.SHORT_MSG_MT_RELAY_V3, invoke=forward, fallback=True)
    link.deliver()
    assert [opened.context for opened in link.b.take() if isinstance(opened, map_.Opened)] == [
        ac.SHORT_MSG_GATEWAY_V2,
        ac.SHORT_MSG_RELAY_V1,
    ]
    assert link.a.take() == []


def udt(data: bytes) -> bytes:
    """Put TCAP into an SCCP unitdata for a home location register, Q.713 4.10."""
    called = bytes.fromhex("0b12060012044477009000" + "00")
    calling = bytes.fromhex("0b12080011048395010000" + "01")
    pointers = bytes((3, 2 + len(called), 1 + len(called) + len(calling)))
    return b"\x09\x81" + pointers + called + calling + bytes((len(data),)) + data


def test_tshark_reads_every_operation_and_complains_of_nothing(new_link: Any) -> None:
    octets, codes = [], []
    for row, context in ROWS:
        link = new_link()
        exchange(link, row, context)
        octets += link.octets
        codes += [row.code, None]
    dissections = tshark.dissect([udt(data) for data in octets], "sccp")
    for dissection, code in zip(dissections, codes, strict=True):
        assert dissection.complaints == ()
        if code is not None:
            assert dissection.protocols[:3] == ("sccp", "tcap", "gsm_map")
            assert dissection.one("gsm_old.localValue") == str(int(code))


OUTCOMES = (map_.Returned, map_.Failed, map_.Rejected)


class Chaos:
    """Two users that do what they like, over a link that delivers now and then."""

    def __init__(self, link: Any) -> None:
        self.link = link
        self.outcomes: set[tuple[str, int, int | None]] = set()

    def act(self, side: str, dialogue: int, what: int) -> None:
        node = getattr(self.link, side)
        requests = (
            lambda: node.map.invoke(dialogue, ARGUMENTS[messages.ReportSmDeliveryStatusArg], 0.0),
            lambda: node.map.result(dialogue, 1, None, 0.0),
            lambda: node.map.error(dialogue, 1, ErrorCode.DATA_MISSING, 0.0),
            lambda: node.map.delimit(dialogue, 0.0),
            lambda: node.map.close(dialogue, 0.0),
            lambda: node.map.abort(dialogue, 0.0),
            lambda: node.map.refuse(dialogue, 0.0),
        )
        try:
            requests[what % len(requests)]()
        except LocalError:
            return

    def check(self) -> None:
        for side in ("a", "b"):
            for indication in getattr(self.link, side).take():
                if isinstance(indication, OUTCOMES) and indication.operation is not None:
                    outcome = (side, indication.dialogue, indication.invoke_id)
                    assert outcome not in self.outcomes, "answered twice"
                    self.outcomes.add(outcome)


ACTION = st.tuples(st.sampled_from("ab"), st.integers(1, 4), st.integers(0, 6))


@settings(derandomize=True, max_examples=120, database=None, deadline=None)
@given(actions=st.lists(ACTION | st.just(None), max_size=40))
def test_whatever_the_users_do_every_dialogue_can_end(new_link: Any, actions: list[Any]) -> None:
    link = new_link()
    chaos = Chaos(link)
    report = ARGUMENTS[messages.ReportSmDeliveryStatusArg]
    for context in (ac.SHORT_MSG_GATEWAY_V3, ac.SHORT_MSG_GATEWAY_V2):
        link.open(context, invoke=report, fallback=True)
        link.open(context, empty_begin=True)
    for action in actions:
        if action is None:
            link.deliver()
        else:
            chaos.act(*action)
        chaos.check()
    for dialogue in range(1, 5):
        chaos.act("a", dialogue, 5)
        link.deliver()
        chaos.act("b", dialogue, 5)
        link.deliver()
    assert len(link.a.map) == len(link.a.tcap) == 0
    assert len(link.b.map) == len(link.b.tcap) == 0


@settings(derandomize=True, max_examples=300, database=None, deadline=None)
@given(data=st.data())
def test_damaged_messages_raise_nothing(new_link: Any, data: Any) -> None:
    row, context = data.draw(st.sampled_from(ROWS))
    link = new_link()
    link.open(context, invoke=argument_of(row, context), fallback=True)
    for _ in range(3):
        if not link.queue:
            break
        sender, unitdata = link.queue.popleft()
        octets = bytearray(unitdata.data)
        for _ in range(data.draw(st.integers(0, 3))):
            octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
        damaged = type(unitdata)(unitdata.called, unitdata.calling, bytes(octets))
        link.queue.append((sender, damaged))
        link.deliver()
        for node in (link.a, link.b):
            for indication in node.take():
                if isinstance(indication, map_.Delimited):
                    node.map.delimit(indication.dialogue, 0.0)
