from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from telecom.net.smpp.client.pdus import (
    LongMessages,
    Options,
    Writer,
    address_of,
    broadcast_sm,
    replace_sm,
    time_of,
)
from telecom.smpp import tlvs
from telecom.smpp.errors import LocalError
from telecom.smpp.pdus import DistributionList, SmeAddress, SubmitSm
from telecom.smpp.short_message import user_data_of
from telecom.smpp.tlv_structures import BroadcastAreaIdentifier, BroadcastContentType
from telecom.sms.address import Address
from telecom.sms.alphabets import Alphabet
from telecom.sms.segmentation import Reassembler
from telecom.sms.user_data import InformationElement, UserData

LONG = "{long} €" * 60


def written(message: Any, writer: Writer | None = None, **options: Any) -> list[SubmitSm]:
    writer = writer or Writer(LongMessages.UDH)
    return writer.submit_sm("447700900123", message, "Bank", Options(**options))


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("+447700900123", (1, 1, b"447700900123")),
        ("447700900123", (1, 1, b"447700900123")),
        ("12345", (0, 0, b"12345")),
        ("", (0, 0, b"")),
        ("Bank", (5, 0, b"Bank")),
        ("Caf\xe9", (5, 0, b"Caf\xe9")),
        ("+49-30", (5, 0, b"+49-30")),
        (Address("5", 2, 8), (2, 8, b"5")),
    ],
)
def test_addresses(address: str | Address, fields: tuple[int, int, bytes]) -> None:
    assert address_of(address) == fields


@pytest.mark.parametrize("address", ["☃", "Банк", "٣٤٥٦٧٨٩", Address("☃")])
def test_an_address_that_smpp_cannot_carry(address: str | Address) -> None:
    with pytest.raises(LocalError, match="an address is of Latin letters and digits"):
        address_of(address)


@pytest.mark.parametrize(
    ("time", "octets"),
    [
        (None, b""),
        ("261122120000000+", b"261122120000000+"),
        (timedelta(hours=1, seconds=2), b"000000010002000R"),
        (datetime(2026, 11, 22, 12, tzinfo=UTC), b"261122120000000+"),
    ],
)
def test_times(time: Any, octets: bytes) -> None:
    assert time_of(time) == octets
    (pdu,) = written("hello", schedule=time, validity=time)
    assert (pdu.schedule_delivery_time, pdu.validity_period) == (octets, octets)


def test_a_time_without_a_zone() -> None:
    with pytest.raises(LocalError, match="no zone"):
        time_of(datetime(2026, 11, 22))  # noqa: DTZ001 - that it has none is the test


def test_a_short_message() -> None:
    (pdu,) = written("hello", receipt=True)
    assert pdu == SubmitSm(
        source_addr_ton=5,
        source_addr=b"Bank",
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr=b"447700900123",
        registered_delivery=1,
        short_message=b"hello",
    )


def joined(pdus: list[SubmitSm]) -> str:
    reassembler = Reassembler()
    whole = [reassembler.add("", user_data_of(pdu), 0.0) for pdu in pdus]
    assert whole[:-1] == [None] * (len(pdus) - 1)
    assert whole[-1] is not None
    return whole[-1].text


@pytest.mark.parametrize("text", [LONG, "длинный 😀" * 50])
def test_a_long_message_with_headers(text: str) -> None:
    pdus = written(text)
    assert len(pdus) > 2
    assert {pdu.esm_class for pdu in pdus} == {0x40}
    assert {pdu.tlvs for pdu in pdus} == {()}
    assert joined(pdus) == text


@pytest.mark.parametrize("text", [LONG, "длинный 😀" * 50])
def test_a_long_message_with_sar_parameters(text: str) -> None:
    pdus = written(text, long="sar")
    assert len(pdus) > 2
    assert {pdu.esm_class for pdu in pdus} == {0}
    numbers = [tlvs.SAR_SEGMENT_SEQNUM.of(pdu) for pdu in pdus]
    assert numbers == list(range(1, len(pdus) + 1))
    assert {tlvs.SAR_TOTAL_SEGMENTS.of(pdu) for pdu in pdus} == {len(pdus)}
    assert joined(pdus) == text


def test_a_long_message_whole() -> None:
    writer = Writer(LongMessages.PAYLOAD)
    for text in ("x" * 161, LONG * 10):
        (pdu,) = written(text, writer)
        assert pdu.short_message == b""
        assert user_data_of(pdu).text == text
    (short,) = written("x" * 160, writer)
    assert short.tlvs == ()
    assert len(written(LONG, writer, long="udh")) > 2


def test_parts_of_different_messages_are_told_apart() -> None:
    writer = Writer(LongMessages.UDH)
    messages = [user_data_of(written(LONG, writer)[0]) for _ in range(3)]
    references = {part.concatenation.reference for part in messages if part.concatenation}
    assert len(references) == 3


def test_what_is_too_long() -> None:
    with pytest.raises(LocalError, match="long='payload' has no parts"):
        written("x" * 40_000)
    with pytest.raises(LocalError, match="message_payload"):
        written("x" * 66_000, long="payload")
    with pytest.raises(LocalError, match="not 'pigeon'"):
        written(LONG, long="pigeon")
    header = (InformationElement(0x70, bytes(200)),)
    with pytest.raises(LocalError, match="header"):
        written(UserData(Alphabet.OCTETS, b"x", header))


def test_octets_and_user_data() -> None:
    (pdu,) = written(b"\x00\xff")
    assert (pdu.data_coding, pdu.short_message) == (4, b"\x00\xff")
    port = (InformationElement(0x05, b"\x0b\x84\x0b\x84"),)
    user_data = UserData(Alphabet.OCTETS, b"push", port)
    (pdu,) = written(user_data)
    assert (pdu.esm_class, user_data_of(pdu)) == (0x40, user_data)


def test_the_data_coding_asked_for() -> None:
    (latin,) = written("Café", data_coding=3)
    assert (latin.data_coding, latin.short_message) == (3, "Café".encode("latin-1"))
    (flash,) = written("now!", data_coding=0x10)
    assert (flash.data_coding, flash.short_message) == (0x10, b"now!")
    parts = written("é" * 200, data_coding=3)
    assert [(part.data_coding, len(part.short_message)) for part in parts] == [(3, 140), (3, 72)]
    with pytest.raises(LocalError, match=r"U\+0416"):
        written("Ж", data_coding=3)


def test_any_other_field() -> None:
    port = tlvs.SOURCE_PORT(5)
    pdus = written(LONG, fields={"service_type": "CMT", "esm_class": 0x02, "tlvs": (port,)})
    assert {(pdu.service_type, pdu.esm_class, pdu.tlvs) for pdu in pdus} == {
        (b"CMT", 0x42, (port,))
    }
    with pytest.raises(LocalError, match="colour"):
        written("hello", fields={"colour": 1})
    with pytest.raises(LocalError, match="service_type is of Latin letters"):
        written("hello", fields={"service_type": "Ж"})


def test_several_destinations() -> None:
    writer = Writer(LongMessages.UDH)
    (pdu,) = writer.submit_multi(["447700900123", "12345"], ["staff"], "hello", "", Options())
    assert pdu.dest_addresses == (
        SmeAddress(1, 1, b"447700900123"),
        SmeAddress(0, 0, b"12345"),
        DistributionList(b"staff"),
    )
    assert len(writer.submit_multi([], ["staff"], LONG, "", Options())) > 2
    with pytest.raises(LocalError, match="a destination or a list"):
        writer.submit_multi([], [], "hello", "", Options())


def test_data_sm_is_whole() -> None:
    writer = Writer(LongMessages.UDH)
    for text in ("hello", LONG):
        pdu = writer.data_sm("447700900123", text, "Bank", Options(receipt=True))
        assert (pdu.registered_delivery, user_data_of(pdu).text) == (1, text)


def test_a_replacement() -> None:
    pdu = replace_sm("id1", "Ж", "Bank", Options(validity=timedelta(minutes=1)))
    assert (pdu.message_id, pdu.short_message) == (b"id1", "Ж".encode("utf-16-be"))
    assert pdu.validity_period == b"000000000100000R"
    long = replace_sm("id1", "x" * 300, "Bank", Options())
    assert tlvs.MESSAGE_PAYLOAD.of(long) == b"x" * 300


@pytest.mark.parametrize(
    ("interval", "octets"),
    [
        (timedelta(), b"\x00\x00\x00"),
        (timedelta(seconds=90), b"\x08\x00\x5a"),
        (timedelta(days=2), b"\x09\x0b\x40"),
    ],
)
def test_a_broadcast(interval: timedelta, octets: bytes) -> None:
    shape = BroadcastAreaIdentifier(1, b"\0\1\2")
    pdu = broadcast_sm(
        "storm",
        ["North", shape],
        source="Bank",
        content_type=BroadcastContentType(1, 2),
        repetitions=3,
        interval=interval,
        options=Options(),
    )
    assert tlvs.BROADCAST_AREA_IDENTIFIER.all_of(pdu) == [
        BroadcastAreaIdentifier(0, b"North"),
        shape,
    ]
    assert tlvs.BROADCAST_REP_NUM.of(pdu) == 3
    assert tlvs.MESSAGE_PAYLOAD.of(pdu) == b"storm"
    tag = tlvs.BROADCAST_FREQUENCY_INTERVAL.tag
    assert [tlv.value for tlv in pdu.tlvs if tlv.tag == tag] == [octets]


def test_a_broadcast_to_nowhere() -> None:
    with pytest.raises(LocalError, match="needs an area"):
        broadcast_sm(
            "storm",
            [],
            source="",
            content_type=BroadcastContentType(1, 2),
            repetitions=1,
            interval=timedelta(),
            options=Options(),
        )
