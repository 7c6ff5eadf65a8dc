"""Messages from end users: one, in parts of every kind, and streams."""

from typing import Any

import pytest
from pydantic import ValidationError

from smsc_sim.mo import MOST_STREAMS, MoMessage, MoStream, Parts, mo_pdus
from telecom.smpp import tlvs
from telecom.smpp.pdus import DataSm, DeliverSm
from telecom.smpp.short_message import user_data_of
from telecom.smpp.tlvs import Tlv
from telecom.sms.segmentation import Reassembler

TO = {"account": "demo", "source": "447700900123", "destination": "88210"}
LONG = "0123456789" * 40
UNICODE = "你好, мир " * 20


def pdus(**fields: Any) -> list[Any]:
    return mo_pdus(MoMessage.model_validate(TO | fields), 5)


def joined(parts: list[Any]) -> str:
    reassembler = Reassembler()
    whole = [reassembler.add(None, user_data_of(part), 0.0) for part in parts]
    assert whole[:-1] == [None] * (len(parts) - 1)
    assert whole[-1] is not None
    return whole[-1].text


def test_a_short_one_is_one_deliver_sm() -> None:
    (pdu,) = pdus(text="hi", service_type="CMT", source_ton=2, tlvs={"callback_num": "01020331"})
    assert pdu == DeliverSm(
        service_type=b"CMT",
        source_addr_ton=2,
        source_addr_npi=1,
        source_addr=b"447700900123",
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr=b"88210",
        short_message=b"hi",
        tlvs=(Tlv(0x0381, bytes.fromhex("01020331")),),
    )


@pytest.mark.parametrize("text", [LONG, UNICODE])
@pytest.mark.parametrize("parts", [Parts.UDH, Parts.SAR])
def test_a_long_one_comes_in_parts(text: str, parts: Parts) -> None:
    found = pdus(text=text, parts=parts)
    assert len(found) == 3
    assert joined(found) == text
    assert {pdu.esm_class for pdu in found} == {0x40 if parts is Parts.UDH else 0}
    references = [tlvs.SAR_MSG_REF_NUM.of(pdu) for pdu in found]
    assert references == ([5] * 3 if parts is Parts.SAR else [None] * 3)


@pytest.mark.parametrize("text", ["hi", LONG, UNICODE])
def test_a_long_one_may_be_a_payload(text: str) -> None:
    (pdu,) = pdus(text=text, parts="payload")
    assert (pdu.short_message, user_data_of(pdu).text) == (b"", text)


@pytest.mark.parametrize("parts", list(Parts))
def test_any_may_be_data_sm(parts: Parts) -> None:
    found = pdus(text=LONG, parts=parts, pdu="data_sm")
    assert {type(pdu) for pdu in found} == {DataSm}
    assert joined(found) == LONG


@pytest.mark.parametrize(
    ("fields", "data_coding", "octets"),
    [
        ({"text": "é"}, 0, b"\x05"),
        ({"text": "é", "data_coding": 3}, 3, b"\xe9"),
        ({"text": "é", "data_coding": 8}, 8, b"\x00\xe9"),
        ({"text": "é", "data_coding": 0x11}, 0x11, b"\x05"),
        ({"text": "你"}, 8, b"\x4f\x60"),
        ({"octets": "00ff", "data_coding": 4}, 4, b"\x00\xff"),
        ({"octets": "00ff"}, 4, b"\x00\xff"),
        ({"octets": "00ff", "data_coding": 0}, 0, b"\x00\xff"),
    ],
)
def test_every_alphabet(fields: dict[str, Any], data_coding: int, octets: bytes) -> None:
    (pdu,) = pdus(**fields)
    assert (pdu.data_coding, pdu.short_message) == (data_coding, octets)


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": "你", "data_coding": 0},
        {"text": "你", "data_coding": 3},
        {"text": "x" * 20_001},
        {"octets": "0"},
        {"source": "1" * 21},
        {"source": "é"},
        {"text": "x" * 20_000, "parts": "udh", "data_coding": 8},
    ],
)
def test_what_cannot_be_sent_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MoMessage.model_validate({**TO, **wrong})


# Streams


def stream(**fields: Any) -> MoStream:
    return MoStream.model_validate({**TO, "text": "number $n", **fields})


async def test_a_stream_sends_so_many_at_its_rate(world):
    lab = world()
    session = lab.session()
    running = lab.smsc.mobile_originated.start(stream(rate=2, count=5), lab.now)
    lab.pass_time(1)
    assert [pdu.short_message for pdu in session.news()] == [b"number 1", b"number 2", b"number 3"]
    assert (running.sent, running.is_over) == (3, False)
    lab.pass_time(100)
    assert [pdu.short_message for pdu in session.news()] == [b"number 4", b"number 5"]
    assert running.is_over


async def test_texts_take_turns_and_digits_are_drawn(world):
    def sent(seed: int) -> list[tuple[bytes, bytes]]:
        lab = world(
            seed=seed, streams=[stream(source="4477009xxxxx", texts=["a $n", "b"], count=4)]
        )
        session = lab.session()
        lab.pass_time(10)
        return [(pdu.source_addr, pdu.short_message) for pdu in session.news()]

    found = sent(1)
    assert [text for _, text in found] == [b"a 1", b"b", b"a 3", b"b"]
    assert len({source for source, _ in found}) == 4
    assert all(source.startswith(b"4477009") and source.isdigit() for source, _ in found)
    assert found == sent(1)
    assert found != sent(2)


async def test_a_stream_waits_while_there_is_no_receiver(world):
    lab = world(streams=[stream(rate=100)])
    lab.pass_time(60)
    assert lab.smsc.deliveries.waiting("demo") == 0
    session = lab.session()
    lab.pass_time(1)
    assert 90 <= len(session.news()) <= 110
    lab.smsc.deliveries.unbound(session)
    lab.pass_time(60)
    assert lab.smsc.deliveries.waiting("demo") == 0


async def test_a_stream_stops_when_told(world):
    lab = world()
    session = lab.session()
    streams = lab.smsc.mobile_originated
    one, two = streams.start(stream(), lab.now), streams.start(stream(text="two"), lab.now)
    assert streams.stop(one.number)
    assert not streams.stop(one.number)
    lab.pass_time(0.5)
    assert [pdu.short_message for pdu in session.news()] == [b"two"]
    assert streams.streams == [two]
    lab.smsc.reset()
    lab.pass_time(10)
    assert session.news() == []


async def test_streams_that_are_over_make_room(world):
    lab = world()
    lab.session()
    streams = lab.smsc.mobile_originated
    for _ in range(MOST_STREAMS):
        streams.start(stream(count=1), lab.now)
    with pytest.raises(ValueError, match="the most"):
        streams.start(stream(), lab.now)
    lab.pass_time(1)
    streams.start(stream(), lab.now)
    assert len(streams.streams) == 1


async def test_one_message_goes_to_the_account_alone(world):
    lab = world()
    demo, other = lab.session(), lab.session("other")
    sent = lab.smsc.mobile_originated.send(MoMessage.model_validate({**TO, "text": LONG}))
    assert (sent, len(demo.news()), other.news()) == (3, 3, [])
