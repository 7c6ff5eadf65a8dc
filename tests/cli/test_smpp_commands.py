"""`telecom send` and `telecom listen` against an SMSC in the same process."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from telecom.cli.main import app
from telecom.net.smpp.tls import self_signed, server_context
from telecom.runtime.command_line import run_command_line
from telecom.smpp import tlvs
from telecom.smpp.pdus import Bind, BindReceiver, BindTransceiver, BindTransmitter, DeliverSm
from telecom.smpp.short_message import content, user_data_of
from telecom.smpp.status import CommandStatus as Status
from telecom.sms.receipt import MessageState
from telecom.sms.segmentation import split
from tests.net.smsc import Smsc, receipt

NUMBER = "447700900123"
Run = Callable[..., tuple[int, list[str], str]]


class Thread:
    """A loop in a thread of its own: a command has the main one, for its signals."""

    def __init__(self, tls: Path) -> None:
        self.smsc: Smsc
        self.then: list[DeliverSm] = []
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def start(self) -> None:
        self.smsc = Smsc(on_bound=self._bound)
        await self.smsc.server.start("127.0.0.1", 0)
        context = server_context(*self_signed(self._tls))
        await self.smsc.server.start("127.0.0.1", 0, context)

    def _bound(self, session: Any) -> None:
        for pdu in self.then:
            session.request(pdu).add_done_callback(lambda done: done.exception())

    def __enter__(self) -> "Thread":
        self._thread.start()
        self.run(self.start())
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self.smsc.server.close(1))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture
def thread(certificates: Path) -> Iterator[Thread]:
    with Thread(certificates) as thread:
        yield thread


@pytest.fixture
def telecom(thread: Thread, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(command: str, *arguments: str, listener: int = 0) -> tuple[int, list[str], str]:
        port = str(thread.smsc.server.addresses[listener][1])
        status = run_command_line(app, [command, *arguments, "--port", port])
        said = capsys.readouterr()
        return status, said.out.splitlines(), said.err

    return run


def receipts_at_once(thread: Thread, state: MessageState) -> None:
    """Send the receipt of each message before its response."""

    def answer(request: Any) -> Any:
        response = thread.smsc.number(request)
        told = receipt(response.message_id.decode(), state)  # type: ignore[attr-defined]
        thread.smsc.session.request(told).add_done_callback(lambda done: done.exception())
        return response

    thread.smsc.answers = dict.fromkeys(thread.smsc.answers, answer)


def bind_of(thread: Thread) -> Bind:
    (bind,) = thread.smsc.binds
    return bind


def test_send_as_json(thread: Thread, telecom: Run) -> None:
    receipts_at_once(thread, MessageState.DELIVRD)
    status, lines, err = telecom("send", NUMBER, "hello", "--from", "Bank", "--json")
    assert (status, err) == (0, "")
    assert [json.loads(line) for line in lines] == [
        {"message_id": "id1", "state": "accepted"},
        {"message_id": "id1", "state": "DELIVRD"},
    ]
    assert isinstance(bind_of(thread), BindTransceiver)
    assert thread.smsc.requests[0].source_addr == b"Bank"


def test_send_what_is_not_delivered(thread: Thread, telecom: Run) -> None:
    receipts_at_once(thread, MessageState.UNDELIV)
    assert telecom("send", NUMBER, "hello")[:2] == (1, ["id1  accepted", "id1  UNDELIV"])


def test_send_without_a_receipt(thread: Thread, telecom: Run) -> None:
    arguments = ("send", NUMBER, "hello", "--no-receipt")
    assert telecom(*arguments) == (0, ["id1  accepted"], "")
    assert isinstance(bind_of(thread), BindTransmitter)
    assert bind_of(thread).interface_version == 0x34


@pytest.mark.parametrize(("long", "parts"), [("udh", 2), ("sar", 2), ("payload", 1)])
def test_send_a_long_text(thread: Thread, telecom: Run, long: str, parts: int) -> None:
    status, lines, _ = telecom("send", NUMBER, "x" * 200, "--no-receipt", "--long", long)
    assert (status, len(lines)) == (0, parts)
    sent = "".join(user_data_of(pdu).text for pdu in thread.smsc.requests)
    assert sent == "x" * 200
    assert bool(thread.smsc.requests[0].esm_class) == (long == "udh")


def test_send_later_in_latin_1_by_5_0(thread: Thread, telecom: Run) -> None:
    status, *_ = telecom(
        *("send", NUMBER, "Café", "--no-receipt", "--data-coding", "3", "--schedule", "90m"),
        *("--validity", "2026-11-22T18:00+01:00", "--interface-version", "5.0"),
    )
    assert status == 0
    (pdu,) = thread.smsc.requests
    assert (pdu.data_coding, pdu.short_message) == (3, b"Caf\xe9")
    assert pdu.schedule_delivery_time == b"000000013000000R"
    assert pdu.validity_period == b"261122170000000+"
    assert bind_of(thread).interface_version == 0x50


def test_a_time_without_a_zone_is_of_this_machine(thread: Thread, telecom: Run) -> None:
    telecom("send", NUMBER, "hello", "--no-receipt", "--schedule", "2026-11-22T18:00")
    utc = datetime(2026, 11, 22, 18).astimezone().utctimetuple()
    assert thread.smsc.requests[0].schedule_delivery_time[4:10] == (
        b"%02d%02d%02d" % (utc.tm_mday, utc.tm_hour, utc.tm_min)
    )


def test_tls(thread: Thread, telecom: Run, certificates: Path) -> None:
    ours = str(self_signed(certificates)[0])
    for options in (("--tls",), ("--tls-ca", ours), ("--tls-insecure",)):
        arguments = ("send", NUMBER, "hello", "--no-receipt", *options)
        assert telecom(*arguments, listener=1)[0] == 0, options
    status, _, err = telecom("send", NUMBER, "hello", "--host", "localhost", "--tls", listener=0)
    assert status == 3
    assert "no TLS with localhost" in err


def test_a_certificate_that_somebody_else_has_signed(
    thread: Thread, telecom: Run, tmp_path: Path
) -> None:
    other = str(self_signed(tmp_path)[0])
    status, _, err = telecom("listen", "--tls-ca", other, listener=1)
    assert (status, err.count("\n")) == (3, 1)
    assert "self-signed certificate" in err
    assert "--tls-insecure" in err


@pytest.mark.parametrize(
    ("refusal", "advice"),
    [
        (Status.ESME_RINVDSTADR, "no route to this number"),
        (Status.ESME_RTHROTTLED, "try again later"),
        (0x401, "0x00000401"),
    ],
)
def test_a_refusal_says_what_to_do(thread: Thread, telecom: Run, refusal: int, advice: str) -> None:
    thread.smsc.answers = dict.fromkeys(thread.smsc.answers, lambda _: refusal)
    status, _, err = telecom("send", NUMBER, "hello")
    assert (status, err.count("\n")) == (1, 1)
    assert advice in err


def test_a_wrong_password(telecom: Run) -> None:
    status, _, err = telecom("send", NUMBER, "hello", "--password", "wrong")
    assert status == 1
    assert err.endswith("the bind was refused: ESME_RINVPASWD; see --system-id and --password\n")


def test_nobody_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    assert run_command_line(app, ["listen", "--port", port]) == 3
    assert "is the SMSC, or 'telecom lab', running?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--schedule", "tomorrow"], "'tomorrow' is no time: after 90 (seconds), 30m"),
        (["--long", "pigeon"], "--long"),
        (["--data-coding", "256"], "--data-coding"),
        (["--interface-version", "3.3"], "add --no-receipt"),
        (["--tls-ca", "/there/is/no/such"], "--tls-ca"),
        (["--data-coding", "3"], "U+0416 is not in data_coding 3"),
        (["--tls-certificate", __file__], "no certificate and its key in"),
    ],
)
def test_wrong_usage(telecom: Run, options: list[str], said: str) -> None:
    status, _, err = telecom("send", NUMBER, "Ж", *options)
    assert (status, err.count("\n")) == (2, 1)
    assert said in err


# Listening


def delivered(text: str) -> list[DeliverSm]:
    return [
        DeliverSm(source_addr=NUMBER.encode(), destination_addr=b"12345", **content(part))
        for part in split(text, 7)
    ]


def test_listen_prints_long_messages_whole(thread: Thread, telecom: Run) -> None:
    thread.then = [*delivered("x" * 200), receipt("77", MessageState.EXPIRED)]
    status, lines, err = telecom("listen", "--count", "2")
    assert (status, err) == (0, "")
    assert lines == [f"{NUMBER} > 12345  " + "x" * 200, "77  EXPIRED"]
    assert isinstance(bind_of(thread), BindReceiver)


def test_listen_prints_parts_and_json(thread: Thread, telecom: Run) -> None:
    thread.then = delivered("x" * 200)
    _, lines, _ = telecom("listen", "--count", "2", "--parts", "--json", "--transceiver")
    assert [len(json.loads(line)["text"]) for line in lines] == [153, 47]
    assert isinstance(bind_of(thread), BindTransceiver)


def test_listen_shows_what_cannot_be_read_as_octets(thread: Thread, telecom: Run) -> None:
    broken = DeliverSm(esm_class=0x40, short_message=b"\xff\xfe")
    payload = DeliverSm(data_coding=0, tlvs=(tlvs.MESSAGE_PAYLOAD(b"\xff"),))
    both = DeliverSm(short_message=b"hi", tlvs=(tlvs.MESSAGE_PAYLOAD(b"hi"),))
    thread.then = [broken, payload, both]
    _, lines, _ = telecom("listen", "--count", "3", "--json")
    assert [json.loads(line)["text"] for line in lines] == ["fffe", "ff", "6869"]
