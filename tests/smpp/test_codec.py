from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.smpp import pdus as declared
from telecom.smpp.codec import Framer, Undecodable, decode, encode
from telecom.smpp.declarations import Part
from telecom.smpp.errors import FramingError, LocalError
from telecom.smpp.pdus import (
    BindTransceiver,
    DataSmResp,
    DeliverSmResp,
    DistributionList,
    EnquireLink,
    GenericNack,
    Pdu,
    QuerySmResp,
    SmeAddress,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
    UnbindResp,
    UnsuccessSme,
)
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import Tlv
from tests.smpp.conftest import VECTORS, pdus, vector


def test_every_vector_both_ways(entry: dict[str, Any]) -> None:
    frame = bytes.fromhex(entry["hex"])
    pdu = decode(frame)
    assert isinstance(pdu, Pdu)
    assert encode(pdu) == frame
    for name, shown in as_a_dissector_shows(pdu).items():
        if name in entry["fields"] and not (entry["tshark_errors"] and "opt_param" in name):
            assert entry["fields"][name][: len(shown)] == shown, name


def test_every_pdu_has_a_vector() -> None:
    decoded = {type(decode(bytes.fromhex(entry["hex"]))) for entry in VECTORS}
    assert decoded == set(declared.PDUS.values())


INTERPRETED = ("short_message", "schedule_delivery_time", "validity_period", "final_date")


def as_a_dissector_shows(pdu: Pdu) -> dict[str, list[str]]:
    """The fields by the dissector's names; integers are compared in the base that it prints."""
    shown = {
        "smpp.command_id": [f"0x{pdu.command_id:08x}"],
        "smpp.command_status": [f"0x{pdu.command_status:08x}"],
        "smpp.sequence_number": [str(pdu.sequence_number)],
    }
    if pdu.tlvs:
        shown["smpp.opt_param_tag"] = [f"0x{tlv.tag:04x}" for tlv in pdu.tlvs]
        shown["smpp.opt_param_len"] = [str(len(tlv.value)) for tlv in pdu.tlvs]
    parts = [*getattr(pdu, "dest_addresses", ()), *getattr(pdu, "unsuccess_smes", ())]
    for part in [pdu, *parts]:
        for name in part.__struct_fields__:
            value = getattr(part, name)
            if name in INTERPRETED:
                continue
            if isinstance(value, bytes):
                text = value.decode() or ("(Default)" if name == "service_type" else "")
                shown.setdefault(f"smpp.{name}", []).append(text)
            elif name.endswith(("_ton", "_npi", "data_coding", "protocol_id", "_flag")):
                shown.setdefault(f"smpp.{name}", []).append(f"0x{value:02x}")
    message = getattr(pdu, "short_message", b"")
    if message:
        shown["smpp.message"] = [message.hex(":")]
    return shown


def test_a_literal_submit_sm() -> None:
    assert decode(vector("submit_sm-udh16-port-tlvs")) == SubmitSm(
        source_addr_ton=1,
        source_addr_npi=1,
        source_addr=b"46701234567",
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr=b"46709876543",
        registered_delivery=1,
        short_message=b"Hello",
        sequence_number=1,
        tlvs=(
            Tlv(0x020A, b"\x3e\x80"),
            Tlv(0x020B, b"\x3e\x81"),
            Tlv(0x0204, b"\x00\x07"),
        ),
    )


def test_lists_inside_a_pdu() -> None:
    multi = decode(vector("submit_multi"))
    assert isinstance(multi, SubmitMulti)
    assert multi.dest_addresses == (SmeAddress(1, 1, b"46709876543"), DistributionList(b"mylist"))
    response = decode(vector("submit_multi_resp"))
    assert isinstance(response, SubmitMultiResp)
    assert response.unsuccess_smes == (UnsuccessSme(1, 1, b"46709876543", 0x0B),)


def test_an_error_response_is_its_header_alone() -> None:
    assert encode(SubmitSmResp(command_status=0x58, sequence_number=1)) == vector(
        "submit_sm_resp-throttled"
    )
    with_tlv = DataSmResp(command_status=0xFE, tlvs=(Tlv(0x0425, b"\1"),))
    assert decode(encode(with_tlv)) == with_tlv


def test_the_sequence_number_of_the_request() -> None:
    assert encode(DeliverSmResp(sequence_number=9), 1) == vector("deliver_sm_resp")


@given(pdus())
def test_round_trip(pdu: Pdu) -> None:
    assert decode(encode(pdu)) == pdu


def test_every_pdu_has_its_place_in_the_specification() -> None:
    assert {
        pdu.__name__ for pdu in declared.PDUS.values() if "SMPP " not in (pdu.__doc__ or "")
    } == set()
    assert len(declared.PDUS) == 33


LONG = b"1" * 21
WRONG_BODIES = {
    Status.ESME_RINVSERTYP: b"123456\0",
    Status.ESME_RINVSRCADR: b"\0\1\1" + LONG + b"\0",
    Status.ESME_RINVDSTADR: b"\0\1\1\0\1\1" + LONG + b"\0",
    Status.ESME_RINVSCHED: b"\0\1\1\0\1\1\0\0\0\0" + b"260101000000000\0" + bytes(20),
    Status.ESME_RINVEXPIRY: b"\0\1\1\0\1\1\0\0\0\0\0" + b"26010100000000000R\0" + bytes(20),
    Status.ESME_RINVMSGLEN: b"\0\1\1\0\1\1\0\0\0\0\0\0\0\0\0\0\5abc",
    Status.ESME_RINVOPTPARSTREAM: b"\0\1\1\0\1\1\0\0\0\0\0\0\0\0\0\0\0\4\x24\0\2x",
    Status.ESME_RINVCMDLEN: b"\0\1\1123",
}


@pytest.mark.parametrize("status", WRONG_BODIES)
def test_a_bad_field_has_its_own_status(status: Status) -> None:
    body = WRONG_BODIES[status]
    header = (16 + len(body)).to_bytes(4, "big") + bytes.fromhex("000000040000000000000007")
    found = decode(header + body)
    assert isinstance(found, Undecodable)
    assert (found.command_id, found.sequence_number) == (4, 7)
    assert found.command_status == status


def test_an_unknown_dest_flag() -> None:
    frame = encode(SubmitMulti(dest_addresses=(DistributionList(b"list"),)))
    found = decode(frame.replace(b"\2list", b"\3list"))
    assert isinstance(found, Undecodable)
    assert found.command_status == Status.ESME_RINVDESTFLAG


def test_an_unknown_command() -> None:
    found = decode(bytes.fromhex("000000100000fffe0000000000000005"))
    assert found == Undecodable(0xFFFE, 5, Status.ESME_RINVCMDID, "command_id 0x0000FFFE")


def test_less_than_a_header() -> None:
    with pytest.raises(FramingError):
        decode(bytes(15))


@pytest.mark.parametrize(
    "pdu",
    [
        SubmitSm(service_type=b"123456"),
        SubmitSm(source_addr=b"1\x002"),
        SubmitSm(short_message=bytes(256)),
        SubmitSm(validity_period=b"123"),
        SubmitSm(esm_class=256),
        SubmitSm(esm_class=None),  # type: ignore[arg-type]
        SubmitSm(source_addr="123"),  # type: ignore[arg-type]
        SubmitSm(tlvs=(Tlv(0x10000, b""),)),
        SubmitSm(tlvs=(Tlv(0x0424, bytes(0x10000)),)),
        SubmitMulti(dest_addresses=(SmeAddress(),) * 256),
        SubmitMultiResp(unsuccess_smes=(UnsuccessSme(error_status_code=-1),)),
        EnquireLink(sequence_number=-1),
        QuerySmResp(final_date=b"1"),
        BindTransceiver(password=b"123456789"),
    ],
)
def test_our_own_caller_breaks_a_rule(pdu: Pdu) -> None:
    with pytest.raises(LocalError):
        encode(pdu)


@given(st.binary(max_size=120), st.sampled_from(sorted(declared.PDUS)))
@settings(max_examples=300)
def test_fuzz_bodies(body: bytes, command_id: int) -> None:
    header = (16 + len(body)).to_bytes(4, "big") + command_id.to_bytes(4, "big") + bytes(8)
    decoded = decode(header + body)
    if isinstance(decoded, Pdu):
        assert decode(encode(decoded)) == decoded


@given(pdus(), st.data())
@settings(max_examples=200)
def test_fuzz_damage(pdu: Pdu, data: st.DataObject) -> None:
    frame = bytearray(encode(pdu))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(8, len(frame) - 1)) if len(frame) > 16 else 8
        frame[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(16, len(frame)))
    assert isinstance(decode(bytes(frame[:cut])), Pdu | Undecodable)


@given(st.lists(pdus(), max_size=5), st.integers(1, 40))
def test_frames_whole_and_in_pieces(sent: list[Pdu], size: int) -> None:
    stream = b"".join(encode(pdu) for pdu in sent)
    framer = Framer(100_000)
    found = [
        decode(frame)
        for start in range(0, len(stream), size)
        for frame in framer.feed(stream[start : start + size])
    ]
    assert found == sent


@pytest.mark.parametrize("length", [0, 15, 1001, 0xFFFFFFFF])
def test_a_length_that_cannot_be(length: int) -> None:
    framer = Framer(1000)
    header = length.to_bytes(4, "big") + encode(EnquireLink(), 7)[4:]
    frames = framer.feed(encode(EnquireLink()) + header)
    assert next(frames) == encode(EnquireLink())
    with pytest.raises(FramingError) as raised:
        next(frames)
    assert raised.value.sequence_number == (7 if length > 15 else 0)


def test_one_over_the_limit_is_told_with_its_header() -> None:
    framer = Framer(1000)
    header = (1001).to_bytes(4, "big") + encode(EnquireLink(), 7)[4:]
    for at in range(15):
        assert list(framer.feed(header[at : at + 1])) == []
    with pytest.raises(FramingError):
        next(framer.feed(header[15:]))


def test_parts_are_no_pdus() -> None:
    assert not issubclass(SmeAddress, Pdu)
    assert issubclass(SmeAddress, Part)


def test_what_does_not_fit_is_named_but_not_shown() -> None:
    with pytest.raises(LocalError) as raised:
        encode(BindTransceiver(b"demo", b"s3cret-s3cret"))
    assert "password: 13 octets" in str(raised.value)
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize("pdu", [EnquireLink(), UnbindResp(), GenericNack()])
def test_octets_after_a_pdu_without_a_body_are_too_many(pdu: Pdu) -> None:
    frame = encode(pdu, 7)
    found = decode(b"\0\0\0\x12" + frame[4:] + b"\0\0")
    assert isinstance(found, Undecodable)
    assert (found.command_status, found.sequence_number) == (Status.ESME_RINVCMDLEN, 7)
    assert isinstance(decode(b"\0\0\0\x15" + frame[4:] + b"\4\x28\0\1\x32"), Pdu)
