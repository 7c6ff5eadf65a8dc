from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecom.smpp import tlvs
from telecom.smpp.codec import decode, encode
from telecom.smpp.declarations import Part
from telecom.smpp.errors import LocalError, PduError
from telecom.smpp.pdus import BroadcastSm, DataSm, DeliverSm, Pdu, SubmitSm
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlv_structures import BroadcastAreaIdentifier, NetworkErrorCode, Subaddress
from telecom.smpp.tlvs import TLV_TYPES, CStringTlv, IntegerTlv, Tlv
from tests.smpp.conftest import TLV_VECTORS, vector


def received(name: str) -> Pdu:
    pdu = decode(vector(name))
    assert isinstance(pdu, Pdu)
    return pdu


def test_values_as_on_the_wire() -> None:
    receipt = received("deliver_sm-dlr")
    assert tlvs.RECEIPTED_MESSAGE_ID.of(receipt) == b"0123456789"
    assert tlvs.MESSAGE_STATE.of(receipt) == 2
    assert tlvs.NETWORK_ERROR_CODE.of(receipt) == NetworkErrorCode(network_type=3)
    assert tlvs.USER_MESSAGE_REFERENCE.of(receipt) is None
    assert tlvs.SAR_MSG_REF_NUM.of(received("submit_sm-sar")) == 42
    assert tlvs.SC_INTERFACE_VERSION.of(received("bind_transceiver_resp-34")) == 0x34


def test_parameters_as_on_the_wire() -> None:
    made = (
        tlvs.RECEIPTED_MESSAGE_ID(b"0123456789"),
        tlvs.MESSAGE_STATE(2),
        tlvs.NETWORK_ERROR_CODE(NetworkErrorCode(network_type=3)),
    )
    assert made == received("deliver_sm-dlr").tlvs
    assert tlvs.ALERT_ON_MESSAGE_DELIVERY(0) == Tlv(0x130C, b"")
    assert tlvs.ALERT_ON_MESSAGE_DELIVERY(2) == Tlv(0x130C, b"\2")


def plain(value: Any) -> Any:
    """Show a value as the vectors do."""
    if isinstance(value, Part):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    return value.decode("latin-1") if isinstance(value, bytes) else value


def test_every_vector_both_ways(parameter: dict[str, Any]) -> None:
    octets = bytes.fromhex(parameter["hex"])
    frame = encode(DataSm()) + octets
    decoded = decode(len(frame).to_bytes(4, "big") + frame[4:])
    assert isinstance(decoded, DataSm)
    (tlv,) = decoded.tlvs
    kind = TLV_TYPES[tlv.tag]
    value = kind.of(decoded)
    assert (kind.name, plain(value)) == (parameter["name"], parameter["value"])
    assert kind(value) == tlv
    assert encode(DataSm(tlvs=(kind(value),))).endswith(octets)


def test_every_parameter_has_a_vector() -> None:
    assert {entry["name"] for entry in TLV_VECTORS} == {kind.name for kind in TLV_TYPES.values()}


def test_the_names_of_the_specification() -> None:
    assert len(TLV_TYPES) == 64
    assert TLV_TYPES[0x0424].name == "message_payload"


def test_unknown_ones_pass_in_order_and_duplicates_stay() -> None:
    strange = (Tlv(0x1403, b"\1"), Tlv(0x0204, b"\0\1"), Tlv(0x1403, b"\2"), Tlv(0x0204, b"\0\2"))
    decoded = decode(encode(SubmitSm(tlvs=strange)))
    assert isinstance(decoded, SubmitSm)
    assert decoded.tlvs == strange
    assert tlvs.USER_MESSAGE_REFERENCE.of(decoded) == 1


def test_every_area_of_a_broadcast() -> None:
    areas = [BroadcastAreaIdentifier(0, name) for name in (b"Leeds", b"York")]
    pdu = BroadcastSm(tlvs=(*map(tlvs.BROADCAST_AREA_IDENTIFIER, areas), tlvs.SOURCE_PORT(1)))
    assert tlvs.BROADCAST_AREA_IDENTIFIER.of(pdu) == areas[0]
    assert tlvs.BROADCAST_AREA_IDENTIFIER.all_of(pdu) == areas


@pytest.mark.parametrize(
    ("tlv", "status"),
    [
        (Tlv(0x020C, b"\1"), Status.ESME_RINVPARLEN),
        (Tlv(0x0427, b""), Status.ESME_RINVPARLEN),
        (Tlv(0x001E, b"x" * 66), Status.ESME_RINVPARLEN),
        (Tlv(0x001E, b"12\x0034\0"), Status.ESME_RINVOPTPARAMVAL),
        (Tlv(0x001E, b"x" * 65), Status.ESME_RINVOPTPARAMVAL),
    ],
)
def test_a_wrong_value_is_refused_when_it_is_read(tlv: Tlv, status: Status) -> None:
    pdu = DeliverSm(tlvs=(tlv,), sequence_number=8)
    assert decode(encode(pdu)) == pdu
    with pytest.raises(PduError) as refused:
        TLV_TYPES[tlv.tag].of(pdu)
    assert (refused.value.status, refused.value.sequence_number) == (status, 8)


def test_a_c_string_without_its_nul_is_understood() -> None:
    assert tlvs.RECEIPTED_MESSAGE_ID.of(DeliverSm(tlvs=(Tlv(0x001E, b"42"),))) == b"42"


def test_source_telematics_id_of_one_octet_or_two() -> None:
    for octets in (b"\7", b"\0\7"):
        assert tlvs.SOURCE_TELEMATICS_ID.of(DataSm(tlvs=(Tlv(0x0010, octets),))) == 7
    assert tlvs.SOURCE_TELEMATICS_ID(7) == Tlv(0x0010, b"\7")


def test_our_own_wrong_values() -> None:
    with pytest.raises(LocalError, match="sar_msg_ref_num"):
        tlvs.SAR_MSG_REF_NUM(0x10000)
    with pytest.raises(LocalError, match="network_error_code"):
        tlvs.NETWORK_ERROR_CODE(NetworkErrorCode(256, 0))
    with pytest.raises(LocalError, match="dest_subaddress of 25 octets"):
        tlvs.DEST_SUBADDRESS(Subaddress(0xA0, bytes(24)))
    with pytest.raises(LocalError, match="receipted_message_id"):
        tlvs.RECEIPTED_MESSAGE_ID(b"\0")
    with pytest.raises(LocalError, match="source_port=-1"):
        tlvs.SOURCE_PORT(-1)


@given(st.sampled_from(sorted(TLV_TYPES)), st.binary(max_size=70))
def test_fuzz_values(tag: int, octets: bytes) -> None:
    kind = TLV_TYPES[tag]
    try:
        value = kind.of(SubmitSm(tlvs=(Tlv(tag, octets),)))
    except PduError:
        return
    if isinstance(kind, CStringTlv):
        assert isinstance(value, bytes)
        assert value == octets.removesuffix(b"\0")
    elif isinstance(kind, IntegerTlv):
        assert kind.of(SubmitSm(tlvs=(kind(value),))) == value
    else:
        assert kind(value).value == octets
