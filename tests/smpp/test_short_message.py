from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecom.smpp import tlvs
from telecom.smpp.codec import decode, encode
from telecom.smpp.errors import LocalError, PduError
from telecom.smpp.pdus import DataSm, DeliverSm, SubmitSm
from telecom.smpp.short_message import content, user_data_of
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import Tlv
from telecom.sms.alphabets import Alphabet
from telecom.sms.segmentation import split
from telecom.sms.user_data import Concatenation, InformationElement, UserData
from tests.smpp.conftest import pdus, vector


def read(name: str) -> UserData:
    pdu = decode(vector(name))
    assert isinstance(pdu, SubmitSm | DeliverSm | DataSm)
    return user_data_of(pdu)


def test_the_ways_to_carry_a_message() -> None:
    assert read("submit_sm") == UserData(Alphabet.GSM7, b"Hello")
    assert read("submit_sm-ucs2").text == "Привет"
    assert read("submit_sm-payload") == UserData(Alphabet.GSM7, b"x" * 300)
    assert read("data_sm").payload == b"data"


def test_parts_of_a_message() -> None:
    udh = read("submit_sm-udh")
    assert (udh.concatenation, udh.payload) == (Concatenation(42, 2, 1), b"part")
    sar = read("submit_sm-sar")
    assert (sar.concatenation, sar.payload) == (Concatenation(42, 2, 1), b"Hello")


def test_ports_become_their_element() -> None:
    ports = InformationElement(0x05, bytes.fromhex("3e813e80"))
    assert read("submit_sm-udh16-port-tlvs").header == (ports,)
    one = SubmitSm(tlvs=(tlvs.DESTINATION_PORT(2948),))
    assert user_data_of(one).header == (InformationElement(0x05, bytes.fromhex("0b840000")),)


def test_a_header_goes_before_parameters_that_say_the_same() -> None:
    header = (Concatenation(7, 3, 2).element(), InformationElement(0x05, bytes(4)))
    pdu = SubmitSm(
        **{
            **content(UserData(Alphabet.GSM7, b"x", header)),
            "tlvs": (
                tlvs.SAR_MSG_REF_NUM(1),
                tlvs.SAR_TOTAL_SEGMENTS(2),
                tlvs.SAR_SEGMENT_SEQNUM(1),
                tlvs.SOURCE_PORT(1),
            ),
        }
    )
    assert user_data_of(pdu).header == header


@pytest.mark.parametrize(("reference", "total", "sequence"), [(1, 2, 3), (1, 0, 0), (1, 1, 1)])
def test_sar_parameters_that_say_nothing(reference: int, total: int, sequence: int) -> None:
    parameters = (
        tlvs.SAR_MSG_REF_NUM(reference),
        tlvs.SAR_TOTAL_SEGMENTS(total),
        tlvs.SAR_SEGMENT_SEQNUM(sequence),
    )
    assert user_data_of(SubmitSm(tlvs=parameters)).header == ()
    assert user_data_of(SubmitSm(tlvs=parameters[:2])).header == ()


@pytest.mark.parametrize(
    ("pdu", "status"),
    [
        (SubmitSm(esm_class=0x40, short_message=b"\x05\x00"), Status.ESME_RINVESMCLASS),
        (SubmitSm(esm_class=0x40), Status.ESME_RINVESMCLASS),
        (SubmitSm(short_message=b"\xe9"), Status.ESME_RSUBMITFAIL),
        (
            SubmitSm(short_message=b"a", tlvs=(tlvs.MESSAGE_PAYLOAD(b"b"),)),
            Status.ESME_ROPTPARNOTALLWD,
        ),
        (SubmitSm(tlvs=(Tlv(tlvs.SAR_MSG_REF_NUM.tag, b"\1"),)), Status.ESME_RINVPARLEN),
    ],
)
def test_what_is_refused(pdu: SubmitSm, status: Status) -> None:
    with pytest.raises(PduError) as refused:
        user_data_of(pdu)
    assert refused.value.status == status


def test_content_as_on_the_wire() -> None:
    first, second = split("hello {world} " * 12, 0x2A)
    assert content(first) == {
        "esm_class": 0x40,
        "data_coding": 0,
        "short_message": bytes.fromhex("050003 2a0201") + first.payload,
        "tlvs": (),
    }
    assert user_data_of(SubmitSm(**content(second))) == second
    assert content(UserData.of_text("Привет"))["data_coding"] == 8
    assert content(UserData(Alphabet.OCTETS, b"\0"), data_coding=0xF5)["data_coding"] == 0xF5


def test_254_octets_are_short_255_are_a_payload() -> None:
    assert content(UserData(Alphabet.GSM7, b"x" * 254))["tlvs"] == ()
    long = content(UserData(Alphabet.GSM7, b"x" * 255))
    assert (long["short_message"], long["tlvs"]) == (b"", (tlvs.MESSAGE_PAYLOAD(b"x" * 255),))
    with pytest.raises(LocalError):
        content(UserData(Alphabet.GSM7, bytes(0x10000)))
    with pytest.raises(LocalError):
        content(UserData(Alphabet.GSM7, b"", (InformationElement(0, bytes(140)),)))


elements = st.builds(InformationElement, st.integers(0x70, 0x7F), st.binary(max_size=20))


@given(
    st.sampled_from(Alphabet),
    st.binary(max_size=300).map(lambda octets: bytes(octet & 0x7F for octet in octets)),
    st.lists(elements, max_size=3).map(tuple),
)
def test_round_trip(
    alphabet: Alphabet, payload: bytes, header: tuple[InformationElement, ...]
) -> None:
    user_data = UserData(alphabet, payload, header)
    submit = decode(encode(SubmitSm(**content(user_data))))
    assert isinstance(submit, SubmitSm)
    assert user_data_of(submit) == user_data


@given(pdus(SubmitSm, DeliverSm, DataSm))
def test_fuzz(pdu: SubmitSm | DeliverSm | DataSm) -> None:
    with suppress(PduError):
        user_data_of(pdu)
