"""What arrives at the handset is what was sent, however the ESME has carried it."""

from itertools import count
from typing import Any

import pytest
import smpplib.gsm

from tests.end_to_end.esme import GSM_7, OCTETS, SUBMIT, UCS2, Esme
from tests.end_to_end.lab_process import Lab, eventually

# 3GPP TS 23.038 6.2.1, without the escape, and 6.2.1.1
DEFAULT_ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSIONS = "^{}\\[~]|€"
FORM_FEED = b"\x1b\x0a"
EMOJI = "👍🏽👩\u200d👩\u200d👧🇭🇷"

GSM_TEXTS = {
    "one character": "a",
    "seven, whose last octet has room": "1234567",
    "eight": "12345678",
    "seven that end in the character of zeros": "123456@",
    "a carriage return at the end": "1234567\r",
    "all of the extension": EXTENSIONS,
    "nothing but extensions, whole": EXTENSIONS * 8,
    "a full message": "x" * 160,
    "a full message that ends in zeros": "x" * 153 + "@" * 7,
}
UCS2_TEXTS = {
    "one character": "Ж",
    "emoji": EMOJI,
    "scripts": "Ćevapčići Привет 你好 שלום مرحبا नमस्ते",
    "a full message": "Ж" * 70,
    "a full message of surrogates": "😀" * 35,
}

SEGMENTS = range(1, 11)
GSM_UNIT = "The quick [brown] fox {jumps} over 3 lazy~dogs | for €5^2 \\o/ "
UCS2_UNIT = "Быстрая лиса 🦊 прыгает через 3 ленивых собак, 敏捷的狐狸。"

_numbers = count()


def fresh_number() -> str:
    """Return a number whose handset is empty, and whose ending is not magic."""
    return f"4915559{next(_numbers):05d}"


def of_length(unit: str, length: int) -> str:
    """Repeat a text to a length."""
    return (unit * (length // len(unit) + 1))[:length]


def octets(text: str) -> bytes:
    """Return the octets of a text in SMPP's default alphabet."""
    return bytes(smpplib.gsm.gsm_encode(text.replace("§", "_")))


def arrived(lab: Lab, number: str) -> dict[str, Any]:
    """Return the one message that a handset got."""
    (message,) = eventually(lambda: lab.hlr.received(number))
    return message


def gsm_text(segments: int) -> str:
    """Return a text that takes so many segments in GSM 7 bit, with escape pairs at all places."""
    text, septets = "", 0
    room = 160 if segments == 1 else 153 * segments - (segments - 1)
    for character in of_length(GSM_UNIT, room):
        septets += 2 if character in EXTENSIONS else 1
        if septets > room:
            break
        text += character
    return text


def ucs2_text(segments: int) -> str:
    """Return a text that takes so many segments in UCS2, with surrogate pairs at all places."""
    room = 70 if segments == 1 else 67 * segments - (segments - 1)
    encoded = of_length(UCS2_UNIT, room).encode("utf-16-be")[: 2 * room]
    return encoded.decode("utf-16-be", "ignore")


@pytest.mark.parametrize("text", GSM_TEXTS.values(), ids=list(GSM_TEXTS))
def test_gsm_7_bit_is_unchanged(running_lab: Lab, esme: Esme, text: str) -> None:
    number = fresh_number()
    esme.accepted(number, octets(text), data_coding=GSM_7)
    message = arrived(running_lab, number)
    assert (message["text"], message["segments"]) == (text, 1)


def test_every_character_of_the_default_alphabet_is_unchanged(running_lab: Lab, esme: Esme) -> None:
    number = fresh_number()
    esme.accepted(number, bytes(code for code in range(128) if code != 0x1B) + FORM_FEED)
    assert arrived(running_lab, number)["text"] == DEFAULT_ALPHABET + "\f"


@pytest.mark.parametrize("text", UCS2_TEXTS.values(), ids=list(UCS2_TEXTS))
def test_ucs2_is_unchanged(running_lab: Lab, esme: Esme, text: str) -> None:
    number = fresh_number()
    esme.accepted(number, text.encode("utf-16-be"), data_coding=UCS2)
    message = arrived(running_lab, number)
    assert (message["text"], message["segments"]) == (text, 1)


@pytest.mark.parametrize("size", [1, 134, 140])
def test_octets_are_unchanged(running_lab: Lab, esme: Esme, size: int) -> None:
    number = fresh_number()
    sent = bytes(range(256))[-size:]
    esme.accepted(number, sent, data_coding=OCTETS)
    message = arrived(running_lab, number)
    assert (message["text"], message["octets"]) == (None, sent.hex())


@pytest.mark.parametrize("segments", SEGMENTS)
@pytest.mark.parametrize("coding", [GSM_7, UCS2])
def test_parts_with_headers_are_one_message(
    running_lab: Lab, esme: Esme, coding: int, segments: int
) -> None:
    number = fresh_number()
    text = gsm_text(segments) if coding == GSM_7 else ucs2_text(segments)
    ids = esme.accepted_parts(number, text, coding)
    assert len(ids) == segments
    message = arrived(running_lab, number)
    assert (message["text"], message["segments"]) == (text, segments)
    assert {esme.receipt(message_id).state for message_id in ids} == {"DELIVRD"}


@pytest.mark.parametrize("segments", SEGMENTS[1:])
@pytest.mark.parametrize("coding", [GSM_7, UCS2])
def test_parts_with_sar_parameters_are_one_message(
    running_lab: Lab, esme: Esme, coding: int, segments: int
) -> None:
    number = fresh_number()
    text = gsm_text(segments) if coding == GSM_7 else ucs2_text(segments)
    parts, _, _ = smpplib.gsm.make_parts(text, coding, use_udhi=False)
    for index, part in enumerate(parts, start=1):
        esme.accepted(
            number,
            part,
            data_coding=coding,
            sar_msg_ref_num=0x1234,
            sar_total_segments=len(parts),
            sar_segment_seqnum=index,
        )
    message = arrived(running_lab, number)
    assert (message["text"], message["segments"]) == (text, segments)


@pytest.mark.parametrize("segments", SEGMENTS)
@pytest.mark.parametrize("coding", [GSM_7, UCS2, OCTETS])
def test_a_message_payload_is_one_message_with_one_receipt(
    running_lab: Lab, esme: Esme, coding: int, segments: int
) -> None:
    number = fresh_number()
    if coding == OCTETS:
        text, payload = None, bytes(range(256)) * 6
        payload = payload[: 140 if segments == 1 else 134 * segments]
    elif coding == UCS2:
        text = ucs2_text(segments)
        payload = text.encode("utf-16-be")
    else:
        text = gsm_text(segments)
        payload = octets(text)
    message_id = esme.accepted(number, data_coding=coding, message_payload=payload)
    receipt = esme.receipt(message_id)
    assert receipt.state == "DELIVRD"
    assert receipt.fields["sub"] == receipt.fields["dlvrd"] == f"{segments:03d}"
    message = arrived(running_lab, number)
    assert (message["text"], message["segments"]) == (text, segments)
    assert message["octets"] == (None if text else payload.hex())


SENDERS = {
    "a number": (1, 1, "38591000400"),
    "a short code": (3, 0, "60606"),
    "a name": (5, 0, "Telecom"),
    "the longest name": (5, 0, "Telecom4You"),
    "a name with an extension character": (5, 0, "A^B"),
}


@pytest.mark.parametrize("sender", SENDERS.values(), ids=list(SENDERS))
def test_the_handset_sees_the_sender(
    running_lab: Lab, esme: Esme, sender: tuple[int, int, str]
) -> None:
    number = fresh_number()
    ton, npi, digits = sender
    esme.accepted(number, b"hi", source_addr_ton=ton, source_addr_npi=npi, source_addr=digits)
    message = arrived(running_lab, number)
    assert (message["originator_ton"], message["originator"]) == (ton, digits)


def test_the_protocol_identifier_and_the_message_class_go_through(
    running_lab: Lab, esme: Esme
) -> None:
    number = fresh_number()
    esme.accepted(number, b"flash", protocol_id=0x41, data_coding=0xF0)
    message = arrived(running_lab, number)
    assert (message["protocol_identifier"], message["data_coding_scheme"]) == (0x41, 0xF0)


@pytest.mark.parametrize(
    ("text", "parts"),
    [("hello " + EXTENSIONS, 1), (EMOJI, 1), (GSM_UNIT * 6, 3), (UCS2_UNIT * 3, 3)],
    ids=["GSM 7 bit", "emoji", "long GSM 7 bit", "long UCS2"],
)
def test_what_a_handset_sends_arrives_at_the_owner_of_the_number(
    running_lab: Lab, esme: Esme, text: str, parts: int
) -> None:
    number = fresh_number()
    running_lab.hlr.send(number, SUBMIT["source_addr"], text)
    pdus = esme.message_from(number, parts)
    received = b""
    for pdu in sorted(pdus, key=lambda pdu: bytes(pdu.short_message[:6])):
        header = pdu.short_message[0] + 1 if pdu.esm_class & 0x40 else 0
        received += pdu.short_message[header:]
    encoded = text.encode("utf-16-be") if pdus[0].data_coding == UCS2 else octets(text)
    assert received == encoded
    (sent,) = running_lab.hlr.sent(number)
    assert (sent["status"], sent["segments"]) == ("sent", parts)
