"""TPDUs: literal octets both ways, vectors, and what is no TPDU."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.sms.address import Address, TypeOfNumber
from telecom.sms.alphabets import Alphabet
from telecom.sms.errors import FailureCause, SmsError
from telecom.sms.tpdu import (
    SmsCommand,
    SmsDeliver,
    SmsDeliverReport,
    SmsStatusReport,
    SmsSubmit,
    SmsSubmitReport,
    Tpdu,
    TpduError,
    decode_tpdu,
    encode_tpdu,
)
from telecom.sms.user_data import Concatenation, UserData
from tests.sms.conftest import addresses, coded_user_data, octets, time_stamps, validity_periods

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "tpdu.json").read_text())
MOBILE = Address("46709876543")
MOMENT = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
HELLO = UserData(Alphabet.GSM7, b"Hello")
UCS2 = UserData.of_text("Привет")
FROM_MOBILE = (SmsSubmit, SmsDeliverReport, SmsCommand)

# one literal vector per message, written out from the figures of 9.2.2
LITERALS: list[tuple[str, Tpdu]] = [
    (
        "04 0b916407896745f3 00 00 42102030405000 05 c8329bfd06",
        SmsDeliver(MOBILE, HELLO, MOMENT),
    ),
    (
        "e8 0b916407896745f3 40 08 42102030405080 12 050003070201 041f04400438043204350442",
        SmsDeliver(
            MOBILE,
            UserData(UCS2.alphabet, UCS2.payload, (Concatenation(7, 2, 1).element(),)),
            datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))),
            protocol_identifier=0x40,
            data_coding_scheme=8,
            more_messages_to_send=True,
            loop_prevention=True,
            status_report_indication=True,
            reply_path=True,
        ),
    ),
    (
        "01 07 0b916407896745f3 00 00 05 c8329bfd06",
        SmsSubmit(MOBILE, HELLO, 7),
    ),
    (
        "b5 07 0b916407896745f3 00 04 a7 02 01ff",
        SmsSubmit(
            MOBILE,
            UserData(Alphabet.OCTETS, b"\x01\xff"),
            7,
            validity_period=timedelta(hours=24),
            data_coding_scheme=4,
            reject_duplicates=True,
            status_report_request=True,
            reply_path=True,
        ),
    ),
    ("00 00", SmsDeliverReport()),
    ("00 d3 00", SmsDeliverReport(FailureCause.MEMORY_CAPACITY_EXCEEDED)),
    (
        "00 07 7f f6 02 9000",
        SmsDeliverReport(None, 0x7F, 0xF6, UserData(Alphabet.OCTETS, b"\x90\x00")),
    ),
    ("00 ff 04 05 c8329bfd06", SmsDeliverReport(FailureCause.UNSPECIFIED, user_data=HELLO)),
    ("01 00 42102030405000", SmsSubmitReport(MOMENT)),
    ("01 c0 01 42102030405000 40", SmsSubmitReport(MOMENT, FailureCause.SC_BUSY, 0x40)),
    (
        "06 07 0b916407896745f3 42102030405000 42102030401500 00",
        SmsStatusReport(7, MOBILE, MOMENT, MOMENT.replace(second=51), 0),
    ),
    (
        "2a 07 0b916407896745f3 42102030405000 42102030405000 46 06 08 02 0042",
        SmsStatusReport(
            7,
            MOBILE,
            MOMENT,
            MOMENT,
            0x46,
            more_messages_to_send=True,
            loop_prevention=True,
            status_report_qualifier=True,
            data_coding_scheme=8,
            user_data=UserData(Alphabet.UCS2, b"\x00B"),
        ),
    ),
    (
        "22 07 00 02 09 0b916407896745f3 00",
        SmsCommand(7, 2, 9, MOBILE, status_report_request=True),
    ),
    (
        "42 07 00 e0 09 0b916407896745f3 05 0322010041",
        SmsCommand(7, 0xE0, 9, MOBILE, b"\x03\x22\x01\0A", user_data_header_indicator=True),
    ),
]


@pytest.mark.parametrize(("wire", "tpdu"), LITERALS)
def test_tpdus_as_on_the_wire(wire: str, tpdu: Tpdu) -> None:
    assert encode_tpdu(tpdu) == bytes.fromhex(wire)
    assert decode_tpdu(bytes.fromhex(wire), isinstance(tpdu, FROM_MOBILE)) == tpdu


def described(tpdu: Tpdu) -> dict[str, Any]:
    """A TPDU in the words of the vectors."""
    match tpdu:
        case SmsDeliverReport():
            cause = tpdu.failure_cause
            return {"tpdu": "DELIVER-REPORT"} | ({} if cause is None else {"fcs": cause})
        case SmsDeliver(originating_address=address):
            offset = tpdu.service_centre_time_stamp.utcoffset() or timedelta(0)
            specific = {
                "tpdu": "DELIVER",
                "mms": int(not tpdu.more_messages_to_send),
                "sri": int(tpdu.status_report_indication),
                "lp": int(tpdu.loop_prevention),
                "scts": f"{tpdu.service_centre_time_stamp:%Y-%m-%d %H:%M:%S}",
                "tz": offset / timedelta(hours=1),
            }
        case SmsSubmit(destination_address=address, validity_period=period):
            assert isinstance(period, timedelta)
            specific = {
                "tpdu": "SUBMIT",
                "rd": int(tpdu.reject_duplicates),
                "srr": int(tpdu.status_report_request),
                "mr": tpdu.message_reference,
                "vpf": 2,
                "vp": period // timedelta(minutes=30) + 119,
            }
        case _:
            raise AssertionError(tpdu)
    number = {"ton": address.ton, "npi": address.npi, "number": address.digits}
    data = tpdu.user_data
    return specific | {
        "oa" if isinstance(tpdu, SmsDeliver) else "da": number,
        "udhi": int(bool(data.header)),
        "rp": int(tpdu.reply_path),
        "pid": tpdu.protocol_identifier,
        "dcs": tpdu.data_coding_scheme,
        "ud": {"hex": data.payload.hex()} if data.alphabet is Alphabet.OCTETS else data.text,
    }


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_vectors(vector: dict[str, Any]) -> None:
    wire = bytes.fromhex(vector["hex"])
    tpdu = decode_tpdu(wire, vector["mobile_originated"])
    assert encode_tpdu(tpdu) == wire
    expected = {name: value for name, value in vector["tpdu"].items() if name not in LENGTHS}
    assert described(tpdu) == expected


LENGTHS = {"udl", "udh"}
flags = st.booleans()
optional_octets = st.none() | octets
failure_causes = st.none() | st.integers(0x80, 0xFF)
reports = {
    "protocol_identifier": optional_octets,
    "coded": st.one_of(
        coded_user_data(),
        st.fixed_dictionaries({"data_coding_scheme": optional_octets}),
    ),
}


def with_coding(tpdu: type[Tpdu], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """TPDUs whose TP-DCS is that of their user data."""

    def build(coded: dict[str, Any], **others: Any) -> Tpdu:
        return tpdu(**coded, **others)

    return st.builds(build, **{"coded": coded_user_data(), **fields})


tpdus: st.SearchStrategy[Tpdu] = st.one_of(
    with_coding(
        SmsDeliver,
        originating_address=addresses,
        service_centre_time_stamp=time_stamps,
        protocol_identifier=octets,
        more_messages_to_send=flags,
        loop_prevention=flags,
        status_report_indication=flags,
        reply_path=flags,
    ),
    with_coding(
        SmsSubmit,
        destination_address=addresses,
        message_reference=octets,
        validity_period=validity_periods,
        protocol_identifier=octets,
        reject_duplicates=flags,
        status_report_request=flags,
        reply_path=flags,
    ),
    with_coding(SmsDeliverReport, failure_cause=failure_causes, **reports),
    with_coding(
        SmsSubmitReport,
        service_centre_time_stamp=time_stamps,
        failure_cause=failure_causes,
        **reports,
    ),
    with_coding(
        SmsStatusReport,
        message_reference=octets,
        recipient_address=addresses,
        service_centre_time_stamp=time_stamps,
        discharge_time=time_stamps,
        status=octets,
        more_messages_to_send=flags,
        loop_prevention=flags,
        status_report_qualifier=flags,
        **reports,
    ),
    st.builds(
        SmsCommand,
        octets,
        octets,
        octets,
        addresses,
        st.binary(max_size=157),
        octets,
        flags,
        flags,
    ),
)


@given(tpdus, st.sampled_from([b"", b"\xff"]))
@settings(max_examples=300)
def test_round_trip(tpdu: Tpdu, behind: bytes) -> None:
    if isinstance(tpdu, SmsStatusReport):
        behind = b""  # there, what follows may be TP-PI
    wire = encode_tpdu(tpdu) + behind
    assert decode_tpdu(wire, isinstance(tpdu, FROM_MOBILE)) == tpdu


@given(tpdus, st.data(), st.booleans())
@settings(max_examples=300)
def test_decodes_or_raises_its_own_error(tpdu: Tpdu, data: st.DataObject, mobile: bool) -> None:
    wire = bytearray(encode_tpdu(tpdu))
    for _ in range(data.draw(st.integers(0, 3))):
        wire[data.draw(st.integers(0, len(wire) - 1))] = data.draw(octets)
    check_calm(bytes(wire[: data.draw(st.integers(0, len(wire)))]), mobile)


@given(st.binary(max_size=200), st.booleans())
@settings(max_examples=300)
def test_any_octets_decode_or_raise_its_own_error(wire: bytes, mobile_originated: bool) -> None:
    check_calm(wire, mobile_originated)


def check_calm(wire: bytes, mobile_originated: bool) -> None:
    try:
        tpdu = decode_tpdu(wire, mobile_originated)
    except TpduError:
        return
    try:
        again = encode_tpdu(tpdu)
    except SmsError:  # what a peer sends may be more than what may be sent
        return
    assert decode_tpdu(again, mobile_originated) == tpdu


@pytest.mark.parametrize(
    ("wire", "mobile_originated", "cause"),
    [
        ("", False, FailureCause.UNSPECIFIED),
        ("03", True, FailureCause.TPDU_NOT_SUPPORTED),
        ("04 16916407896745f3", False, FailureCause.INVALID_SME_ADDRESS),
        ("04 0b916407896745f3 00 00 42102030405000", False, FailureCause.UNSPECIFIED),
        ("04 0b916407896745f3 00 00 42102030405000 06 c8329bfd06", False, FailureCause.UNSPECIFIED),
        ("11 07 0b916407896745f3 00 00", True, FailureCause.UNSPECIFIED),
    ],
)
def test_what_is_no_tpdu(wire: str, mobile_originated: bool, cause: FailureCause) -> None:
    with pytest.raises(TpduError) as caught:
        decode_tpdu(bytes.fromhex(wire), mobile_originated)
    assert caught.value.failure_cause is cause


def test_a_reserved_type_towards_a_mobile_is_a_deliver() -> None:
    wire = bytes.fromhex("07 0b916407896745f3 00 00 42102030405000 05 c8329bfd06")
    assert decode_tpdu(wire, mobile_originated=False) == SmsDeliver(MOBILE, HELLO, MOMENT)


def test_a_parameter_indicator_may_be_extended_or_missing() -> None:
    assert decode_tpdu(bytes.fromhex("00 d3 81 80 00 40"), True) == SmsDeliverReport(0xD3, 0x40)
    assert decode_tpdu(b"\x00", True) == SmsDeliverReport()
    with pytest.raises(TpduError):
        decode_tpdu(bytes.fromhex("00 d3 80"), True)


@pytest.mark.parametrize(
    "tpdu",
    [
        SmsDeliver(MOBILE, UCS2, MOMENT),
        SmsDeliver(MOBILE, HELLO, MOMENT, data_coding_scheme=256),
        SmsDeliver(MOBILE, HELLO, MOMENT, protocol_identifier=-1),
        SmsDeliver(MOBILE, HELLO, datetime(2024, 1, 1)),  # noqa: DTZ001 - what is refused
        SmsDeliver(Address("+46", TypeOfNumber.INTERNATIONAL), HELLO, MOMENT),
        SmsDeliver(MOBILE, UserData(Alphabet.GSM7, bytes(161)), MOMENT),
        SmsSubmit(MOBILE, HELLO, 256),
        SmsDeliverReport(0x7F),
        SmsDeliverReport(user_data=UCS2),
        SmsCommand(0, 0, 0, MOBILE, bytes(256)),
    ],
)
def test_what_no_tpdu_carries(tpdu: Tpdu) -> None:
    with pytest.raises(SmsError):
        encode_tpdu(tpdu)
