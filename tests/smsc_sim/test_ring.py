"""The ring of the last PDUs: what is in it, and what must not be."""

import json
from typing import Any

import pytest

from smsc_sim import ring
from smsc_sim.ring import Origin, PduRing, Recorder, masked, shown
from telecom.smpp.codec import encode
from telecom.smpp.pdus import (
    BindTransceiver,
    DeliverSm,
    EnquireLink,
    Outbind,
    Pdu,
    SmeAddress,
    SubmitMulti,
    SubmitSm,
    SubmitSmResp,
)
from telecom.smpp.tlvs import CALLBACK_NUM, RECEIPTED_MESSAGE_ID, USER_MESSAGE_REFERENCE, Tlv

ORIGIN = Origin(1, "demo")
NUMBER = b"447700900123"


def a_ring(most: int = 10) -> PduRing:
    return PduRing(most, clock=lambda: 100.0)


def view(pdu: Pdu | bytes, *, numbers: bool = False) -> dict[str, Any]:
    tried = a_ring()
    tried.add(ORIGIN, pdu if isinstance(pdu, bytes) else encode(pdu, 7), sent=False)
    (entry,) = tried.last()
    return shown(entry, numbers=numbers)


def test_a_pdu_is_shown_by_the_names_of_the_specification() -> None:
    pdu = SubmitSm(
        source_addr=b"Bank",
        destination_addr=NUMBER,
        short_message=b"hello",
        tlvs=(USER_MESSAGE_REFERENCE(7), RECEIPTED_MESSAGE_ID(b"a"), Tlv(0x1400, b"\xff")),
    )
    found = view(pdu, numbers=True)
    assert (found["pdu"], found["sequence_number"]) == ("submit_sm", 7)
    assert found["fields"]["destination_addr"] == "447700900123"
    assert found["fields"]["short_message"] == "hello"
    assert found["tlvs"] == [
        {"tag": 0x0204, "name": "user_message_reference", "value": 7},
        {"tag": 0x001E, "name": "receipted_message_id", "value": "a"},
        {"tag": 0x1400, "name": None, "value": "ff"},
    ]
    assert found["hex"] == encode(pdu, 7).hex()
    refused = view(SubmitSmResp(command_status=0x58))
    assert refused["command_status"] == "ESME_RTHROTTLED"


@pytest.mark.parametrize(
    "pdu",
    [
        SubmitSm(
            source_addr=b"38591000001", destination_addr=NUMBER, short_message=b"to " + NUMBER
        ),
        DeliverSm(source_addr=NUMBER, destination_addr=b"38591000001"),
        SubmitMulti(
            source_addr=b"38591000001",
            dest_addresses=(SmeAddress(1, 1, NUMBER), SmeAddress(1, 1, b"+" + NUMBER)),
        ),
    ],
)
def test_numbers_are_hidden_but_for_their_last_digits(pdu: Pdu) -> None:
    found = view(pdu)
    said = json.dumps(found)
    assert "*********123" in said
    for number in (NUMBER, b"38591000001"):
        assert number.decode() not in said
        assert number.hex() not in said
        assert number[:-3].hex() not in found["hex"]
    assert len(found["hex"]) == 2 * len(encode(pdu))
    assert NUMBER.hex() in view(pdu, numbers=True)["hex"]


def test_a_number_that_another_begins_with_shows_no_more_of_it() -> None:
    found = view(SubmitSm(source_addr=NUMBER[:5], destination_addr=NUMBER))
    assert found["fields"]["destination_addr"] == "*********123"
    assert found["fields"]["source_addr"] == "**770"


def test_the_number_to_call_back_is_one_too() -> None:
    pdu = SubmitSm(destination_addr=b"491", tlvs=(Tlv(CALLBACK_NUM.tag, b"\x01\x01\x01" + NUMBER),))
    found = view(pdu)
    assert NUMBER[:-3].hex() not in json.dumps(found)
    assert found["tlvs"][0]["value"].endswith(NUMBER[-3:].hex())


def test_a_name_and_a_short_code_are_no_secrets() -> None:
    assert [masked(each) for each in ("Bank", "", "123", "1234", "+491")] == [
        "Bank",
        "",
        "123",
        "*234",
        "*491",
    ]


@pytest.mark.parametrize("kind", [BindTransceiver, Outbind])
def test_no_password_is_in_it(kind: type[Any]) -> None:
    pdu = kind(system_id=b"demo", password=b"secret")
    for octets in (encode(pdu, 1), encode(pdu, 1)[:-1] + b"x", encode(pdu, 1)[:-3]):
        found = view(octets, numbers=True)
        assert "secret" not in json.dumps(found)
        assert b"secr".hex() not in found["hex"]
    assert view(pdu)["fields"]["password"] == "******"
    assert view(pdu)["fields"]["system_id"] == "demo"


def test_what_is_no_pdu_may_hold_a_number() -> None:
    octets = bytes(8) + NUMBER
    assert view(octets) == {"pdu": None, "reason": view(octets)["reason"], "hex": None}
    assert view(octets, numbers=True)["hex"] == octets.hex()
    assert view(b"\x00", numbers=True) == {"pdu": None, "reason": "no PDU", "hex": "00"}


def test_it_keeps_the_last_ones_and_not_too_many_octets(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = a_ring(3)
    for sequence in range(5):
        tried.add(ORIGIN, encode(EnquireLink(), sequence), sent=False)
    assert [entry.number for entry in tried.last()] == [5, 4, 3]
    monkeypatch.setattr(ring, "MOST_OCTETS", 40)
    tried.add(ORIGIN, encode(EnquireLink(), 6), sent=False)
    assert [entry.number for entry in tried.last()] == [6, 5]
    tried.clear()
    assert len(tried) == 0


def test_it_is_filtered_by_account_and_session() -> None:
    tried = a_ring()
    one, two = Origin(1), Origin(2, "other")
    for origin in (one, two, one):
        tried.add(origin, encode(EnquireLink()), sent=True)
    one.account = "demo"
    assert [entry.number for entry in tried.last(account="demo")] == [3, 1]
    assert [entry.number for entry in tried.last(session=2)] == [2]
    assert list(tried.last(account="nobody")) == []


def test_a_recorder_cuts_what_comes_in_any_pieces() -> None:
    tried = a_ring()
    recorder = Recorder(tried, ORIGIN, 1000)
    stream = encode(SubmitSm(short_message=b"a")) + encode(EnquireLink())
    for octet in stream:
        recorder.take(bytes((octet,)), sent=False)
    recorder.take(stream, sent=True)
    assert [shown(entry, numbers=False)["pdu"] for entry in tried.last()] == [
        "enquire_link",
        "submit_sm",
    ] * 2
    assert [entry.sent for entry in tried.last()] == [True, True, False, False]


def test_what_is_no_smpp_is_kept_as_it_is() -> None:
    tried = a_ring()
    recorder = Recorder(tried, ORIGIN, 1000)
    recorder.take(b"GET / HTTP/1.1\r\n", sent=False)
    recorder.take(b"Host: x\r\n", sent=False)
    assert [entry.octets for entry in tried.last()] == [b"Host: x\r\n", b"GET / HTTP/1.1\r\n"]
