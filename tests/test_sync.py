"""The client for scripts: everything here blocks, and the SMSC has a thread of its own."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from telecom import sync
from telecom.smpp.codec import encode
from telecom.smpp.errors import LinkClosedError, LocalError, RefusedError
from telecom.smpp.pdus import AlertNotification, DeliverSm, QuerySm, QuerySmResp, SubmitSm, Unbind
from telecom.smpp.short_message import content
from telecom.smpp.status import CommandStatus as Status
from telecom.sms.receipt import MessageState
from telecom.sms.segmentation import split
from tests.net.smsc import Smsc, receipt

T = TypeVar("T")
NUMBER = "447700900123"


class SmscThread:
    """An SMSC in a thread of its own."""

    def __init__(self) -> None:
        self.smsc: Smsc
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> "SmscThread":
        self._thread.start()
        self.run(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self.smsc.server.close(1))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        self.smsc = Smsc()
        await self.smsc.server.start("127.0.0.1", 0)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def deliver(self, *pdus: DeliverSm) -> None:
        async def deliver() -> None:
            for pdu in pdus:
                self.smsc.session.request(pdu).add_done_callback(lambda done: done.cancelled())

        self.run(deliver())


@pytest.fixture
def thread() -> Iterator[SmscThread]:
    with SmscThread() as thread:
        yield thread


def client(thread: SmscThread, **options: Any) -> sync.Esme:
    options = {"system_id": "demo", "password": "demo", **options}
    return sync.connect(*thread.smsc.address, **options)


def test_a_message_and_its_receipt(thread: SmscThread) -> None:
    with client(thread) as esme:
        assert esme.is_bound
        sent = esme.submit(NUMBER, "hello", receipt=True)
        assert (sent.message_id, sent.message_ids) == ("id1", ["id1"])
        assert len(sent.responses) == 1
        with pytest.raises(TimeoutError, match="no receipt within"):
            sent.receipt(timeout=0.01)
        thread.deliver(receipt("id1", MessageState.ENROUTE), receipt("id1"))
        assert sent.receipt(timeout=10).stat is MessageState.DELIVRD
        assert [told.stat.name for told in sent.updates()] == ["ENROUTE", "DELIVRD"]
    assert not esme.is_bound


def test_deliveries(thread: SmscThread) -> None:
    with client(thread) as esme:
        long = [DeliverSm(source_addr=b"5", **content(part)) for part in split("x" * 200, 1)]
        short = DeliverSm(source_addr=b"5", destination_addr=b"6", short_message=b"hi")
        thread.deliver(*long, short, receipt("other"))
        got = []
        for delivery in esme.deliveries(timeout=0.1):
            got.append(delivery)
            delivery.accept()
        assert [delivery.text for delivery in got[:2]] == ["x" * 200, "hi"]
        assert (got[1].source, got[1].destination) == ("5", "6")
        assert [len(delivery.requests) for delivery in got] == [2, 1, 1]
        assert got[1].user_data.text == "hi"
        assert got[2].receipt is not None
        with pytest.raises(LocalError):
            got[0].reject()
        thread.deliver(short)
        next(esme.deliveries()).reject(Status.ESME_RX_P_APPN)


def test_calls_and_what_they_raise(thread: SmscThread) -> None:
    thread.smsc.answers[QuerySm] = lambda pdu: QuerySmResp(pdu.message_id, b"", 1, 0)
    with client(thread) as esme:
        assert esme.query("id1").state is MessageState.ENROUTE
        assert isinstance(esme.request(QuerySm(b"id2")), QuerySmResp)
        assert esme.data(NUMBER, "hello").message_id == "id3"
        with pytest.raises(LocalError):
            esme.submit("☃", "hello")
        thread.smsc.answers[SubmitSm] = lambda _: Status.ESME_RTHROTTLED
        with pytest.raises(RefusedError):
            esme.submit(NUMBER, "hello")


def test_a_bind_that_is_refused_leaves_no_thread(thread: SmscThread) -> None:
    before = threading.active_count()
    with pytest.raises(RefusedError), client(thread, password="wrong"):
        pass
    assert threading.active_count() == before


def test_outside_of_its_block(thread: SmscThread) -> None:
    esme = client(thread)
    with pytest.raises(LinkClosedError, match="'with' block"):
        esme.submit(NUMBER, "hello")
    with esme:
        pass
    with pytest.raises(LinkClosedError, match="'with' block"):
        esme.submit(NUMBER, "hello")
    esme.close()


def test_a_callback_that_would_wait_for_its_own_client(thread: SmscThread) -> None:
    errors: list[Exception] = []
    heard = threading.Event()

    def callback(_: object) -> None:
        with pytest.raises(LocalError, match="use a thread") as error:
            esme.submit(NUMBER, "hello")
        errors.append(error.value)
        heard.set()

    async def alert() -> None:
        thread.smsc.session.notify(AlertNotification())

    with client(thread, on_notification=callback) as esme:
        thread.run(alert())
        assert heard.wait(10)
    assert len(errors) == 1


def test_several_threads(thread: SmscThread) -> None:
    with client(thread, window=5) as esme, ThreadPoolExecutor(10) as pool:
        sent = list(pool.map(lambda number: esme.submit(NUMBER, f"message {number}"), range(50)))
    assert len({each.message_id for each in sent}) == 50


def test_who_waits_when_it_is_closed(thread: SmscThread) -> None:
    outcomes: list[Any] = []

    def wait(do: Callable[[], Any]) -> None:
        try:
            outcomes.append(do())
        except LinkClosedError:
            outcomes.append("closed")

    with client(thread) as esme:
        sent = esme.submit(NUMBER, "hello", receipt=True)
        calls = (sent.receipt, esme.bound, lambda: list(esme.deliveries()))
        threads = [threading.Thread(target=wait, args=(do,)) for do in calls]
        for each in threads:
            each.start()
    for each in threads:
        each.join(10)
    assert sorted(map(str, outcomes)) == ["None", "[]", "closed"]


def test_who_was_interrupted_takes_nothing_any_more(thread: SmscThread) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with client(thread) as esme:
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
            with pytest.raises(KeyboardInterrupt):
                next(esme.deliveries())
            thread.deliver(DeliverSm(short_message=b"hi"))
            assert next(esme.deliveries(timeout=10)).text == "hi"
    finally:
        signal.signal(signal.SIGINT, before)


SCRIPT = """
import signal
import sys
import telecom
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
with telecom.sync.connect("127.0.0.1", int(sys.argv[1]), system_id="demo", password="demo") as esme:
    print("bound", flush=True)
    for delivery in esme.deliveries():
        pass
"""


def test_ctrl_c_ends_a_script_in_good_order(thread: SmscThread) -> None:
    command = [sys.executable, "-c", SCRIPT, str(thread.smsc.address[1])]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as script:
        assert script.stdout is not None
        assert script.stderr is not None
        assert script.stdout.readline() == "bound\n"
        os.kill(script.pid, signal.SIGINT)
        assert script.wait(10) in (1, 130, -signal.SIGINT)
        assert "\nKeyboardInterrupt\n" in script.stderr.read()
        assert script.stdout.read() == ""
    assert encode(Unbind())[:8] in thread.smsc.octets
