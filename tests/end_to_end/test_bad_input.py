"""Bad input gets the answer of its layer, costs nothing, and the lab lives."""

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

import pytest
import smpplib.exceptions

from tests.end_to_end.esme import Esme, raw_connection
from tests.end_to_end.lab_process import Lab, eventually

HEADER = struct.Struct(">IIII")  # SMPP 3.4 3.2
GENERIC_NACK, SUBMIT_SM, ENQUIRE_LINK, RESPONSE = 0x80000000, 0x4, 0x15, 0x80000000
ESME_RINVMSGLEN, ESME_RINVCMDLEN, ESME_RINVCMDID, ESME_RINVBNDSTS = 0x1, 0x2, 0x3, 0x4
ESME_RINVDSTADR, ESME_RINVPASWD, ESME_RTHROTTLED = 0xB, 0xE, 0x58
BODY_OF_SUBMIT_SM = b"\0\1\x0138591000400\0\1\x01447700930001\0" + bytes(9) + b"\2hi"


class Answer(NamedTuple):
    """The header of a PDU that came."""

    command_id: int
    status: int
    sequence: int


def frame(command_id: int, body: bytes = b"", *, sequence: int = 7) -> bytes:
    return HEADER.pack(HEADER.size + len(body), command_id, 0, sequence) + body


def read_pdu(connection: socket.socket) -> Answer | None:
    """Return the next PDU's header, None at the end of the stream."""
    header = _exactly(connection, HEADER.size)
    if header is None:
        return None
    length, *answer = HEADER.unpack(header)
    _exactly(connection, length - HEADER.size)
    return Answer(*answer)


def _exactly(connection: socket.socket, count: int) -> bytes | None:
    octets = b""
    while len(octets) < count:
        more = connection.recv(count - len(octets))
        if not more:
            return None
        octets += more
    return octets


@pytest.fixture
def hostile(running_lab: Lab) -> Iterator[socket.socket]:
    """Connect a client that will send what is no SMPP."""
    with closing(raw_connection(running_lab.smpp_port)) as connection:
        yield connection


NOT_SMPP = {
    "a web browser": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a TLS handshake": bytes.fromhex("16030100f1010000ed0303") + bytes(240),
    "a length below the header's": struct.pack(">IIII", 15, SUBMIT_SM, 0, 1),
    "a length of two gigabytes": struct.pack(">IIII", 0x7FFFFFFF, SUBMIT_SM, 0, 1),
    "nothing but ones": b"\xff" * 64,
}


@pytest.mark.parametrize("octets", NOT_SMPP.values(), ids=list(NOT_SMPP))
def test_what_is_no_smpp_gets_a_generic_nack_and_the_link_ends(
    hostile: socket.socket, octets: bytes
) -> None:
    hostile.sendall(octets)
    answer = read_pdu(hostile)
    assert answer is not None
    assert (answer.command_id, answer.status) == (GENERIC_NACK, ESME_RINVCMDLEN)
    assert read_pdu(hostile) is None


def test_an_unknown_command_is_answered_and_the_link_stays(hostile: socket.socket) -> None:
    hostile.sendall(frame(0x0000FFFF, b"what?", sequence=3) + frame(ENQUIRE_LINK, sequence=4))
    assert read_pdu(hostile) == Answer(GENERIC_NACK, ESME_RINVCMDID, 3)
    assert read_pdu(hostile) == Answer(RESPONSE | ENQUIRE_LINK, 0, 4)


def test_a_submit_sm_before_the_bind(hostile: socket.socket) -> None:
    hostile.sendall(frame(SUBMIT_SM, BODY_OF_SUBMIT_SM))
    assert read_pdu(hostile) == Answer(RESPONSE | SUBMIT_SM, ESME_RINVBNDSTS, 7)


def test_a_submit_sm_that_is_cut_short(hostile: socket.socket) -> None:
    hostile.sendall(frame(0x9, b"tester\0tester\0\0\x34\0\0\0", sequence=1))
    assert read_pdu(hostile) == Answer(RESPONSE | 0x9, 0, 1)
    hostile.sendall(frame(SUBMIT_SM, BODY_OF_SUBMIT_SM[:20]))
    answer = read_pdu(hostile)
    assert answer is not None
    assert answer.sequence == 7
    assert answer.status != 0
    hostile.sendall(frame(ENQUIRE_LINK, sequence=8))
    assert read_pdu(hostile) == Answer(RESPONSE | ENQUIRE_LINK, 0, 8)


@pytest.mark.parametrize(
    ("system_id", "password"), [("tester", "wrong"), ("tester", ""), ("nobody", "nobody")]
)
def test_a_wrong_password(running_lab: Lab, system_id: str, password: str) -> None:
    with pytest.raises(smpplib.exceptions.PDUError) as refused:
        Esme(running_lab.smpp_port, system_id, password=password)
    assert refused.value.args[1] == ESME_RINVPASWD


BAD_NUMBERS = {
    "none": "",
    "letters": "hello",
    "too short": "4477",
    "too long": "4477009001234567",
    "hexadecimal": "4477009001AB",
    "a national one": "07700900123",
    "of no operator": "79161234567",
}


def test_what_is_refused_says_why_and_is_never_charged(running_lab: Lab) -> None:
    esme = Esme(running_lab.smpp_port, "refused")
    try:
        statuses = {what: esme.submit(number, b"x").status for what, number in BAD_NUMBERS.items()}
        assert statuses == dict.fromkeys(BAD_NUMBERS, ESME_RINVDSTADR)
        too_long = esme.submit("447700930001", message_payload=b"x" * 5000)
        assert too_long.status == ESME_RINVMSGLEN
        taken = esme.accepted("447700930001", b"this one is good")
        assert esme.receipt(taken).state == "DELIVRD"
    finally:
        esme.close()
    charged = eventually(lambda: running_lab.statement("refused"))
    assert charged == {"sms-mt": 1}


def test_over_its_rate_an_account_is_throttled(running_lab: Lab) -> None:
    """`slow` has 5 messages a second, and as many at once after a rest."""
    esme = Esme(running_lab.smpp_port, "slow")
    try:
        began = time.monotonic()
        sent = [esme.send(f"4477009301{n:02d}", b"x", registered_delivery=False) for n in range(40)]
        statuses = [esme.response(sequence).status for sequence in sent]
        took = time.monotonic() - began
        assert set(statuses) == {0, ESME_RTHROTTLED}
        assert 5 <= statuses.count(0) <= 5 + 5 * took + 1
        eventually(
            lambda: esme.submit("447700930150", b"x").status,
            fits=lambda status: status == 0,
        )
    finally:
        esme.close()


M3UA_HEADER = struct.Struct(">BBBBI")  # RFC 4666 3.1: version, spare, class, type, length
MGMT, ERR = 0, 0
INVALID_VERSION, UNSUPPORTED_CLASS, UNEXPECTED_MESSAGE = 1, 3, 6
NOT_M3UA = {
    "another version": (M3UA_HEADER.pack(7, 0, 3, 1, 8), INVALID_VERSION),
    "an unknown class": (M3UA_HEADER.pack(1, 0, 42, 1, 8), UNSUPPORTED_CLASS),
    "data of an ASP that is down": (
        M3UA_HEADER.pack(1, 0, 1, 1, 24)
        + struct.pack(">HHIIBBBB", 0x210, 16, 101, 201, 3, 2, 0, 0),
        UNEXPECTED_MESSAGE,
    ),
}


@pytest.mark.parametrize(("octets", "code"), NOT_M3UA.values(), ids=list(NOT_M3UA))
def test_what_is_no_m3ua_gets_its_error(running_lab: Lab, octets: bytes, code: int) -> None:
    with closing(raw_connection(running_lab.m3ua_port)) as connection:
        connection.sendall(octets)
        header = _exactly(connection, M3UA_HEADER.size)
        assert header is not None
        version, _, message_class, message_type, length = M3UA_HEADER.unpack(header)
        assert (version, message_class, message_type) == (1, MGMT, ERR)
        parameters = _exactly(connection, length - M3UA_HEADER.size)
        assert parameters is not None
        assert struct.unpack(">HHI", parameters[:8]) == (0x0C, 8, code)  # the error code, 3.8.1


def test_the_lab_lives_on(running_lab: Lab, esme: Esme) -> None:
    with closing(raw_connection(running_lab.m3ua_port)) as connection:
        connection.sendall(bytes(range(256)) * 40)
    with closing(raw_connection(running_lab.smpp_port)) as connection:
        connection.sendall(frame(SUBMIT_SM)[:9])  # and goes away in the middle of a header
    assert esme.receipt(esme.accepted("447700930002", b"still here")).state == "DELIVRD"
    assert running_lab.get("/healthz").json()["faults"] == {}
