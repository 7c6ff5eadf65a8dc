"""What messages say together: versions of dialogues, directions of TPDUs, segments, returns."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from telecom.cli.dissection import dialogues
from telecom.cli.dissection.ss7 import Ss7
from telecom.cli.dissection.tree import Branch
from telecom.sms.tpdu import SmsDeliverReport, encode_tpdu
from telecom.ss7.m3ua import codec as m3ua
from telecom.ss7.m3ua.messages import Data, DestinationUnavailable
from telecom.ss7.m3ua.parameters import PointCode
from telecom.ss7.map import codec as map_codec
from telecom.ss7.map.contexts import (
    SHORT_MSG_ALERT_V2,
    SHORT_MSG_GATEWAY_V2,
    SHORT_MSG_MO_RELAY_V3,
    SHORT_MSG_MT_RELAY_V3,
    ApplicationContext,
)
from telecom.ss7.map.declarations import Sequence
from telecom.ss7.map.dialogue_pdus import MapDialoguePdu, MapRefuseInfo
from telecom.ss7.map.error_parameters import SmDeliveryFailureCause
from telecom.ss7.map.messages import (
    AddressString,
    ForwardSmArg,
    MtForwardSmArg,
    ReportSmDeliveryStatusArg,
    SmRpDa,
    SmRpOa,
)
from telecom.ss7.map.user_information import DIALOGUE_AS
from telecom.ss7.mtp import MtpTransfer
from telecom.ss7.sccp import codec as sccp
from telecom.ss7.sccp.address import SccpAddress
from telecom.ss7.sccp.messages import (
    ExtendedUnitdata,
    ExtendedUnitdataService,
    Segmentation,
    Unitdata,
    UnitdataService,
)
from telecom.ss7.tcap.codec import encode_message
from telecom.ss7.tcap.messages import (
    Abort,
    Begin,
    Continue,
    DialogueAbort,
    DialogueRequest,
    DialogueResponse,
    End,
    Message,
)
from telecom.ss7.tcap.primitives import External, Invoke, ReturnError, ReturnResultLast

VECTORS = {
    vector["name"]: vector
    for vector in json.loads((Path(__file__).parents[1] / "vectors" / "ss7.json").read_text())
}
GATEWAY, MSC = SccpAddress.of_gt("38591000001", 8), SccpAddress.of_gt("4477009000", 8)
DELIVER = bytes.fromhex("040b916407896745f300004210203040500005c8329bfd06")
SUBMIT = bytes.fromhex("31070b916407896745f30000a707cd27885ec6d301")
FAILED = encode_tpdu(SmsDeliverReport(failure_cause=0xD3))
SUBMIT_FAILED = bytes.fromhex("01c00042102030405000")
NUMBER = AddressString("46701234567")
TO_MOBILE = (SmRpDa(imsi="240011234567890"), SmRpOa(service_centre_address_oa=NUMBER), DELIVER)
FROM_MOBILE = (SmRpDa(service_centre_address_da=NUMBER), SmRpOa(msisdn=NUMBER), SUBMIT)
NOBODY = (SmRpDa(), SmRpOa(), DELIVER)


def invoke(argument: Sequence, opcode: int, version: int) -> Invoke:
    return Invoke(1, opcode, map_codec.encode(argument, version))


def failure(diagnostic: bytes, version: int = 3) -> ReturnError:
    cause = SmDeliveryFailureCause(0, diagnostic)
    return ReturnError(1, 32, map_codec.encode(cause, version))


def request(context: ApplicationContext) -> DialogueRequest:
    return DialogueRequest(context.oid)


def unitdata(message: Message, *, calling: SccpAddress, called: SccpAddress) -> bytes:
    return sccp.encode(Unitdata(0x80, called, calling, encode_message(message)))


def names(tree: Branch) -> list[str]:
    return [row.name for _, row in tree.rows()]


def values(tree: Branch, name: str) -> list[object]:
    return [row.value for _, row in tree.rows() if row.name == name]


def tpdus(trees: Iterable[Branch]) -> list[str]:
    assert not any(tree.has_fault for tree in trees)
    return [name for tree in trees for name in names(tree) if name.startswith("TPDU")]


def test_a_dialogue_without_dialogue_portion_is_version_1() -> None:
    argument = ForwardSmArg(*FROM_MOBILE)
    begin = Begin(b"1", None, (invoke(argument, 46, 1),))
    tree = Ss7().tcap(encode_message(begin))
    assert "Invoke forwardSM" in names(tree)
    assert tpdus([tree]) == ["TPDU SMS-SUBMIT"]


def test_later_messages_speak_the_version_of_the_beginning() -> None:
    ss7 = Ss7()
    argument = ReportSmDeliveryStatusArg(NUMBER, NUMBER, 2)
    begin = Begin(b"1", request(SHORT_MSG_GATEWAY_V2))
    accepted = Continue(b"2", b"1", DialogueResponse(SHORT_MSG_GATEWAY_V2.oid))
    follows = Continue(b"1", b"2", None, (invoke(argument, 47, 2),))
    stored = End(b"1", None, (ReturnResultLast(1, 47, bytes.fromhex("0407916407214365f7")),))
    there, back = {"calling": GATEWAY, "called": MSC}, {"calling": MSC, "called": GATEWAY}
    trees = [
        ss7.sccp(unitdata(message, **ends))
        for message, ends in ((begin, there), (accepted, back), (follows, there), (stored, back))
    ]
    assert values(trees[3], "stored_msisdn") == ["46701234567"]
    assert not any(tree.has_fault for tree in trees)


def test_the_same_transaction_id_of_somebody_else_is_another_dialogue() -> None:
    ss7 = Ss7()
    ss7.sccp(unitdata(Begin(b"1", request(SHORT_MSG_ALERT_V2)), calling=GATEWAY, called=MSC))
    argument = MtForwardSmArg(*TO_MOBILE)
    later = Continue(b"2", b"1", None, (invoke(argument, 44, 3),))
    to_gateway = ss7.sccp(unitdata(later, calling=MSC, called=GATEWAY))
    to_other = ss7.sccp(unitdata(later, calling=MSC, called=MSC))
    for tree in (to_gateway, to_other):
        assert tpdus([tree]) == ["TPDU SMS-DELIVER"]


def test_point_codes_tell_nodes_apart_that_have_no_global_title() -> None:
    ss7 = Ss7()
    node = SccpAddress(ssn=8, route_on_gt=False)
    begin = unitdata(Begin(b"1", request(SHORT_MSG_MO_RELAY_V3)), calling=node, called=node)
    end = unitdata(End(b"1", None, (failure(SUBMIT_FAILED),)), calling=node, called=node)
    ss7.sccp(begin, origin=MtpTransfer(1, 2, 3, 2, 0, 0, b""))
    answer = ss7.sccp(end, origin=MtpTransfer(2, 1, 3, 2, 0, 0, b""))
    assert tpdus([answer]) == ["TPDU SMS-SUBMIT-REPORT"]
    other = ss7.sccp(end, origin=MtpTransfer(2, 3, 3, 2, 0, 0, b""))
    assert "TPDU SMS-SUBMIT-REPORT" not in names(other)


@pytest.mark.parametrize(
    ("context", "parts", "report", "expected"),
    [
        (SHORT_MSG_MT_RELAY_V3, TO_MOBILE, FAILED, "DELIVER"),
        (SHORT_MSG_MT_RELAY_V3, NOBODY, FAILED, "DELIVER"),
        (SHORT_MSG_MO_RELAY_V3, FROM_MOBILE, SUBMIT_FAILED, "SUBMIT"),
        (None, FROM_MOBILE, SUBMIT_FAILED, "SUBMIT"),
        (None, TO_MOBILE, FAILED, "DELIVER"),
    ],
)
def test_reports_go_the_other_way(
    context: ApplicationContext | None,
    parts: tuple[SmRpDa, SmRpOa, bytes],
    report: bytes,
    expected: str,
) -> None:
    ss7 = Ss7()
    portion = request(context) if context else None
    argument = MtForwardSmArg(*parts)
    version = 3 if context else 1
    begin = Begin(
        b"1", portion, (invoke(argument, 44 if context == SHORT_MSG_MT_RELAY_V3 else 46, version),)
    )
    end = End(b"1", None, (failure(report),))
    trees = [ss7.tcap(encode_message(message)) for message in (begin, end)]
    assert tpdus(trees) == [f"TPDU SMS-{expected}", f"TPDU SMS-{expected}-REPORT"]


def test_results_without_their_beginning() -> None:
    ss7 = Ss7()
    delivered = ReturnResultLast(1, 44, bytes.fromhex("300404020000"))
    submitted = ReturnResultLast(1, 46, bytes.fromhex("300b04090100" + "42102030405000"))
    trees = [ss7.tcap(encode_message(End(b"1", None, (each,)))) for each in (delivered, submitted)]
    assert tpdus(trees) == ["TPDU SMS-DELIVER-REPORT", "TPDU SMS-SUBMIT-REPORT"]
    assert "ReturnResultLast mo-ForwardSM or forwardSM" in names(trees[1])


def test_an_operation_of_which_the_beginning_is_unknown_may_have_two_names() -> None:
    later = Continue(b"2", b"1", None, (invoke(ForwardSmArg(*TO_MOBILE), 46, 2),))
    tree = Ss7().tcap(encode_message(later))
    assert "Invoke mo-ForwardSM or forwardSM" in names(tree)
    assert tpdus([tree]) == ["TPDU SMS-DELIVER"]


def test_another_protocol_than_map_is_left_as_it_is() -> None:
    portion = DialogueRequest((0, 4, 0, 0, 1, 0, 50, 1, 9))
    begin = Begin(b"1", portion, (Invoke(1, 45, b"\x30\0"), ReturnError(2, 1, b"\x30\0")))
    ss7 = Ss7()
    tree = ss7.tcap(encode_message(begin))
    later = ss7.tcap(encode_message(End(b"1", None, (ReturnResultLast(1, 45, b"\x30\0"),))))
    assert values(tree, "application_context") == ["0.4.0.0.1.0.50.1.9"]
    assert {"Invoke", "ReturnError"} <= set(names(tree))
    assert values(tree, "parameter") == ["3000", "3000"]
    assert "ReturnResultLast" in names(later)
    assert not tree.has_fault


def test_a_context_of_map_that_is_unknown_here() -> None:
    tree = Ss7().tcap(encode_message(Begin(b"1", request(ApplicationContext(99, 2)))))
    (context,) = (row for _, row in tree.rows() if row.name == "application_context")
    assert context.meaning == "map-ac 99 version 2"


def test_global_operations_and_errors_are_left_as_they_are() -> None:
    components = (Invoke(1, (1, 2, 3)), ReturnError(2, (1, 2, 4), b"\x30\0"))
    tree = Ss7().tcap(encode_message(Begin(b"1", None, components)))
    assert values(tree, "opcode") == [[1, 2, 3]]
    assert values(tree, "error_code") == [[1, 2, 4]]


def test_a_refusal_names_the_alternative() -> None:
    pdu = MapDialoguePdu(map_refuse=MapRefuseInfo(0, SHORT_MSG_GATEWAY_V2.oid))
    information = (
        External(DIALOGUE_AS, map_codec.encode(pdu, 3) or b""),
        External((1, 2, 3), b"\4\1x"),
    )
    tree = Ss7().tcap(encode_message(Abort(b"1", None, DialogueAbort(0, information))))
    assert "MAP refuse" in names(tree)
    rows = {row.name: row for _, row in tree.rows()}
    assert rows["alternative_application_context"].meaning == "SHORT_MSG_GATEWAY version 2"
    assert rows["reason"].meaning == "NO_REASON_GIVEN"
    assert (rows["user_information"].value, rows["user_information"].meaning) == ("040178", "1.2.3")


def test_what_comes_back_is_shown_as_it_was_sent() -> None:
    ss7 = Ss7()
    begin = Begin(b"1", request(SHORT_MSG_MO_RELAY_V3))
    ss7.sccp(unitdata(begin, calling=MSC, called=GATEWAY))
    later = encode_message(End(b"1", None, (failure(SUBMIT_FAILED),)))
    for returned in (
        UnitdataService(3, called=GATEWAY, calling=MSC, data=later),
        ExtendedUnitdataService(3, 15, called=GATEWAY, calling=MSC, data=later),
    ):
        tree = ss7.sccp(sccp.encode(returned))
        assert tpdus([tree]) == ["TPDU SMS-SUBMIT-REPORT"]
        (cause,) = (row for _, row in tree.rows() if row.name == "return_cause")
        assert (cause.value, cause.meaning) == (3, "SUBSYSTEM_FAILURE")


def test_what_comes_back_begins_no_dialogue() -> None:
    ss7 = Ss7()
    begin = encode_message(Begin(b"1", request(SHORT_MSG_MO_RELAY_V3)))
    ss7.sccp(sccp.encode(UnitdataService(3, called=MSC, calling=GATEWAY, data=begin)))
    later = unitdata(End(b"1", None, (failure(FAILED),)), calling=GATEWAY, called=MSC)
    assert tpdus([ss7.sccp(later)]) == ["TPDU SMS-DELIVER-REPORT"]


def test_dialogues_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialogues, "MOST_REMEMBERED", 2)
    ss7 = Ss7()
    for otid in (b"1", b"2", b"3"):
        ss7.tcap(encode_message(Begin(otid, request(SHORT_MSG_MO_RELAY_V3))))
    ends = [End(dtid, None, (failure(FAILED),)) for dtid in (b"1", b"2")]
    assert [ss7.tcap(encode_message(end)).has_fault for end in ends] == [False, True]


def segments(*parts: bytes) -> list[bytes]:
    last = len(parts) - 1
    return [
        sccp.encode(
            ExtendedUnitdata(
                0x81, 15, MSC, GATEWAY, part, Segmentation(not number, True, last - number, 7)
            )
        )
        for number, part in enumerate(parts)
    ]


def test_segments_come_together_in_the_last() -> None:
    ss7 = Ss7()
    whole = bytes.fromhex(VECTORS["mt-fsm-v3-begin-160-septets"]["tcap"])
    first, second, third = map(ss7.sccp, segments(whole[:90], whole[90:180], whole[180:]))
    for tree, part in ((first, whole[:90]), (second, whole[90:180])):
        assert values(tree, "segment") == [part.hex()]
        assert tpdus([tree]) == []
    assert values(third, "segment") == [whole[180:].hex()]
    assert tpdus([third]) == ["TPDU SMS-DELIVER"]


def test_a_single_segment_is_a_whole_message() -> None:
    whole = bytes.fromhex(VECTORS["sri-sm-v3-begin"]["tcap"])
    (tree,) = map(Ss7().sccp, segments(whole))
    assert values(tree, "segment") == []
    assert "TCAP Begin" in names(tree)


def test_segments_that_come_too_late_or_alone() -> None:
    ss7 = Ss7()
    first, last = segments(b"a" * 90, b"b" * 90)
    assert values(ss7.sccp(last), "segment") == ["62" * 90]
    ss7.sccp(first, at=1000.0)
    assert names(ss7.sccp(last, at=1100.0))[-1] == "segment"
    returned = ExtendedUnitdataService(
        3, 15, MSC, GATEWAY, b"c" * 90, Segmentation(True, True, 1, 7)
    )
    assert values(ss7.sccp(sccp.encode(returned)), "segment") == ["63" * 90]


def m3ua_data(data: bytes, *, si: int = 3) -> bytes:
    return m3ua.encode(Data(protocol_data=MtpTransfer(1, 2, si, 2, 0, 0, data)))


def test_management_and_other_users() -> None:
    management = SccpAddress(ssn=1, route_on_gt=False)
    message = Unitdata(0, management, management, bytes.fromhex("0308660001"))
    tree = Ss7().m3ua(m3ua_data(sccp.encode(message)))
    assert names(tree)[-4:] == [
        "SCCP management SST",
        "affected_ssn",
        "affected_pc",
        "subsystem_multiplicity",
    ]
    assert values(tree, "affected_pc") == [0x66]
    congested = Unitdata(0, management, management, bytes.fromhex("060866000107"))
    assert values(Ss7().sccp(sccp.encode(congested)), "congestion_level") == ["07"]
    isup = Ss7().m3ua(m3ua_data(b"\1\0\6", si=5))
    assert values(isup, "data") == ["010006"]
    assert not isup.has_fault
    for broken in (b"\3\10", b"\x63\10\0\0\0"):
        message = Unitdata(0, management, management, broken)
        assert Ss7().sccp(sccp.encode(message)).has_fault


def test_a_destination_with_a_mask() -> None:
    duna = DestinationUnavailable(routing_contexts=(5, 6), affected=(PointCode(7, 1), PointCode(8)))
    tree = Ss7().m3ua(m3ua.encode(duna))
    assert tree.name == "M3UA DUNA"
    assert values(tree, "pc") == [7, 8]
    assert values(tree, "routing_contexts") == [[5, 6]]
