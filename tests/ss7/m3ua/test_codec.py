"""M3UA messages, both ways, against literal octets and an independent dissector."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.ss7.m3ua import messages as m
from telecom.ss7.m3ua.codec import decode, encode
from telecom.ss7.m3ua.errors import ErrorCode, LocalError, MessageError
from telecom.ss7.m3ua.parameters import ParameterTag, PointCode, Status, UserCause
from telecom.ss7.mtp import MtpTransfer
from tests.oracles import tshark

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "ss7.json").read_text())

# one literal vector per message, written out from the figures of RFC 4666 3.3 to 3.8
LITERALS: list[tuple[str, m.Message]] = [
    (
        (
            "01000101 00000034 0200000800000001 0006000800000065"
            "0210001100000065 00000066 03020005 ff000000 0013000800000009"
        ),
        m.Data(
            network_appearance=1,
            routing_contexts=(101,),
            protocol_data=MtpTransfer(101, 102, 3, 2, 0, 5, b"\xff"),
            correlation_id=9,
        ),
    ),
    (
        "01000201 00000024 0006000800000065 0012000c 00000102 03000200 0004000568000000",
        m.DestinationUnavailable(
            routing_contexts=(101,), affected=(PointCode(258), PointCode(512, 3)), info="h"
        ),
    ),
    ("01000202 00000010 0012000800000102", m.DestinationAvailable(affected=(PointCode(258),))),
    ("01000203 00000010 0012000800000102", m.DestinationStateAudit(affected=(PointCode(258),))),
    (
        "01000204 00000028 0200000800000001 0012000800000102 0206000800000103 0205000800000002",
        m.SignallingCongestion(
            network_appearance=1,
            affected=(PointCode(258),),
            concerned_destination=259,
            congestion_level=2,
        ),
    ),
    (
        "01000205 00000018 0012000800000102 0204000800010003",
        m.DestinationUserPartUnavailable(
            affected=(PointCode(258),), user_cause=UserCause(cause=1, user=3)
        ),
    ),
    ("01000206 00000010 0012000800000102", m.DestinationRestricted(affected=(PointCode(258),))),
    (
        "01000301 00000018 0011000800000007 0004000775702100",
        m.AspUp(asp_identifier=7, info="up!"),
    ),
    ("01000304 00000008", m.AspUpAck()),
    ("01000302 00000010 0004000662790000", m.AspDown(info="by")),
    ("01000305 00000008", m.AspDownAck()),
    ("01000303 00000010 0009000801020304", m.Heartbeat(data=b"\1\2\3\4")),
    ("01000306 00000010 0009000500000000", m.HeartbeatAck(data=b"\0")),
    (
        (
            "01000901 00000048 02070040 020a000800000001 0006000800000065 000b000800000002"
            "020b000800000102 0200000800000001 020c000503000000 020e000c 00000200 02000300"
        ),
        m.RegistrationRequest(
            routing_keys=(
                m.RoutingKey(
                    local_identifier=1,
                    routing_context=101,
                    traffic_mode=2,
                    destinations=(PointCode(258),),
                    network_appearance=1,
                    service_indicators=((3,),),
                    originating_point_codes=((PointCode(512), PointCode(768, 2)),),
                ),
            )
        ),
    ),
    (
        (
            "01000902 00000040"
            "0208001c 020a000800000001 0212000800000000 0006000800000065"
            "0208001c 020a000800000002 0212000800000007 0006000800000000"
        ),
        m.RegistrationResponse(
            results=(
                m.RegistrationResult(local_identifier=1, status=0, routing_context=101),
                m.RegistrationResult(local_identifier=2, status=7, routing_context=0),
            )
        ),
    ),
    (
        "01000903 00000014 0006000c 00000065 00000066",
        m.DeregistrationRequest(routing_contexts=(101, 102)),
    ),
    (
        "01000904 0000001c 02090014 0006000800000065 0213000800000005",
        m.DeregistrationResponse(results=(m.DeregistrationResult(routing_context=101, status=5),)),
    ),
    (
        "01000401 00000018 000b000800000002 0006000800000065",
        m.AspActive(traffic_mode=2, routing_contexts=(101,)),
    ),
    ("01000403 00000010 0006000800000065", m.AspActiveAck(routing_contexts=(101,))),
    ("01000402 00000008", m.AspInactive()),
    ("01000404 00000010 0006000800000065", m.AspInactiveAck(routing_contexts=(101,))),
    (
        (
            "01000000 00000034 000c000800000019 0006000800000009 0200000800000001"
            "0012000800000102 0007000c 0100010100000008"
        ),
        m.Error(
            code=25,
            routing_contexts=(9,),
            network_appearance=1,
            affected=(PointCode(258),),
            diagnostic=bytes.fromhex("0100010100000008"),
        ),
    ),
    (
        "01000001 00000020 000d000800010003 0011000800000007 0006000800000065",
        m.Notify(status=Status(1, 3), asp_identifier=7, routing_contexts=(101,)),
    ),
]


@pytest.mark.parametrize(("octets", "message"), LITERALS, ids=lambda x: type(x).__name__)
def test_literal_octets_both_ways(octets: str, message: m.Message) -> None:
    assert encode(message).hex() == octets.replace(" ", "")
    assert decode(bytes.fromhex(octets)) == message


def test_every_message_and_every_parameter_has_a_literal() -> None:
    assert {type(message) for _, message in LITERALS} == set(m.MESSAGES.values())
    octets = "".join(octets.replace(" ", "") for octets, _ in LITERALS)
    assert [tag.name for tag in ParameterTag if f"{tag:04x}" not in octets] == []


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vectors_both_ways(vector: dict[str, Any]) -> None:
    octets = bytes.fromhex(vector["m3ua"])
    message = decode(octets)
    assert isinstance(message, m.Data)
    expected = vector["decoded"]["m3ua"]
    data = message.protocol_data
    assert [data.opc, data.dpc, data.si, data.ni, data.mp, data.sls] == [
        expected[name] for name in ("opc", "dpc", "si", "ni", "mp", "sls")
    ]
    assert message.routing_contexts == ((expected["rc"],) if "rc" in expected else ())
    assert data.data.hex() == vector["sccp"]
    assert encode(message) == octets


def test_tshark_reads_every_message() -> None:
    messages = [message for _, message in LITERALS]
    dissections = tshark.dissect([encode(message) for message in messages], "m3ua")
    read = {type(message): found for message, found in zip(messages, dissections, strict=True)}
    # the user part that DATA carries here is one octet, and no SCCP message
    assert [read[kind].complaints for kind in read if kind is not m.Data] == [()] * 22
    assert read[m.Error].one("m3ua.error_code") == "25"
    assert read[m.Notify].one("m3ua.status_info") == "3"
    assert read[m.SignallingCongestion].one("m3ua.congestion_level") == "2"
    assert read[m.SignallingCongestion].one("m3ua.concerned_dpc") == "259"
    assert read[m.DestinationUserPartUnavailable].one("m3ua.user_identity") == "3"
    assert read[m.RegistrationRequest].fields["m3ua.opc_list_mask"] == ["0", "2"]
    assert read[m.RegistrationResponse].fields["m3ua.registration_status"] == ["0", "7"]


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        ("", ErrorCode.PROTOCOL_ERROR),
        ("0100010100000010", ErrorCode.PROTOCOL_ERROR),
        ("010001010000000800000000", ErrorCode.PROTOCOL_ERROR),
        ("0200010100000008", ErrorCode.INVALID_VERSION),
        ("0100050100000008", ErrorCode.UNSUPPORTED_MESSAGE_CLASS),
        ("0100010200000008", ErrorCode.UNSUPPORTED_MESSAGE_TYPE),
        ("0100010100000008", ErrorCode.MISSING_PARAMETER),
        ("01000901000000100207000800000000", ErrorCode.PARAMETER_FIELD_ERROR),
        ("010009010000000c02070004", ErrorCode.MISSING_PARAMETER),
        ("0100030100000010001100080000", ErrorCode.PROTOCOL_ERROR),
        ("010003010000000a0011", ErrorCode.PARAMETER_FIELD_ERROR),
        ("010003010000000c00110003", ErrorCode.PARAMETER_FIELD_ERROR),
        ("010003010000000c00110008", ErrorCode.PARAMETER_FIELD_ERROR),
        ("010003010000000c00110004", ErrorCode.PARAMETER_FIELD_ERROR),
        ("010004010000000c00060004", ErrorCode.PARAMETER_FIELD_ERROR),
        ("01000401000000100006000600010000", ErrorCode.PARAMETER_FIELD_ERROR),
        ("0100010100000014021000 0c0000006500000066", ErrorCode.PARAMETER_FIELD_ERROR),
        (
            "010003010000001800110008000000070011000800000007",
            ErrorCode.UNEXPECTED_PARAMETER,
        ),
        (
            "01000301" + f"{8 + 4 + 256:08x}" + "00040104" + "61" * 256,
            ErrorCode.PARAMETER_FIELD_ERROR,
        ),
    ],
)
def test_what_is_wrong_has_its_error_code(octets: str, code: ErrorCode) -> None:
    with pytest.raises(MessageError) as raised:
        decode(bytes.fromhex(octets))
    assert raised.value.code is code


def test_parameters_that_are_not_of_the_message_are_passed_over() -> None:
    octets = bytes.fromhex("010003010000001cabcd000561000000 0011000800000007 0200000400")
    assert decode(octets[:28]) == m.AspUp(asp_identifier=7)


def test_the_last_padding_may_be_left_out_or_not_counted() -> None:
    assert decode(bytes.fromhex("010003060000000d0009000500")) == m.HeartbeatAck(data=b"\0")
    assert decode(bytes.fromhex("010003060000000d0009000500000000")) == m.HeartbeatAck(data=b"\0")


def test_a_value_that_does_not_fit_is_the_callers_fault() -> None:
    with pytest.raises(LocalError, match="AspUp does not fit"):
        encode(m.AspUp(asp_identifier=1 << 32))
    key = m.RoutingKey(local_identifier=1, destinations=(), service_indicators=((256,),))
    with pytest.raises(LocalError, match="RegistrationRequest does not fit"):
        encode(m.RegistrationRequest(routing_keys=(key,)))


def test_an_info_string_is_cut_and_never_unreadable() -> None:
    assert decode(encode(m.AspUp(info="x" * 300))) == m.AspUp(info="x" * 255)
    octets = bytes.fromhex("010003010000000d00040005ff")
    assert decode(octets) == m.AspUp(info="\\xff")


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.sampled_from(LITERALS), st.data())
def test_damaged_messages_decode_or_raise_message_error(
    literal: tuple[str, m.Message], data: st.DataObject
) -> None:
    octets = bytearray.fromhex(literal[0])
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        message = decode(bytes(octets))
    except MessageError:
        return
    assert decode(encode(message)) == message
