"""The load generator counts right, against a server in the same process."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from benchmarks.smpp_load import Plan, percentile, smpp_load
from benchmarks.submissions import FIRST_SEQUENCE_NUMBER, Submissions
from telecom.net.smpp.server import ServerSession, SmppServer
from telecom.smpp import codec
from telecom.smpp.pdus import DeliverSm, Pdu, SubmitSm, SubmitSmResp
from telecom.smpp.status import CommandStatus


class Smsc:
    """Answers each submit_sm, and sends a receipt where one is asked for."""

    def __init__(self) -> None:
        self.numbers: list[bytes] = []
        self.asked = asyncio.Event()
        self.status = CommandStatus.ESME_ROK
        self.server = SmppServer(authenticate=self.authenticate, on_requests=self.requests)

    async def authenticate(self, bind: Any, session: ServerSession) -> int:
        is_demo = bind.system_id == b"demo"
        return CommandStatus.ESME_ROK if is_demo else CommandStatus.ESME_RINVPASWD

    def requests(self, session: ServerSession, requests: list[Pdu]) -> None:
        self.asked.set()
        for request in requests:
            assert isinstance(request, SubmitSm)
            self.numbers.append(request.destination_addr)
            if self.status is not CommandStatus.ESME_ROK:
                session.reject(request, self.status)
                continue
            session.respond(request, SubmitSmResp(b"id"))
            if request.registered_delivery:
                receipt = DeliverSm(
                    source_addr=request.destination_addr, short_message=b"id:id stat:DELIVRD"
                )
                session.request(receipt)

    @property
    def port(self) -> int:
        return self.server.addresses[0][1]


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    smsc = Smsc()
    await smsc.server.start("127.0.0.1", 0)
    yield smsc
    await smsc.server.close(drain=1)


async def test_every_message_is_counted_once(smsc: Smsc) -> None:
    load = await smpp_load("127.0.0.1", smsc.port, Plan(3, 7, 0.1))
    assert load.sent == len(smsc.numbers)
    assert 0 < load.accepted <= load.sent
    assert len(load.answer_times) == load.accepted
    assert (load.refused, load.unfinished) == (0, 0)


async def test_refused_messages_are_told_apart(smsc: Smsc) -> None:
    smsc.status = CommandStatus.ESME_RTHROTTLED
    load = await smpp_load("127.0.0.1", smsc.port, Plan(1, 5, 0.05))
    assert load.accepted == 0
    assert load.refused > 0


async def test_receipts_find_their_messages(smsc: Smsc) -> None:
    load = await smpp_load("127.0.0.1", smsc.port, Plan(2, 20, 0.1, receipts=True))
    assert len(load.receipt_times) > 0
    assert (load.undelivered, load.unfinished) == (0, 0)


async def test_a_pace_is_kept(smsc: Smsc) -> None:
    load = await smpp_load("127.0.0.1", smsc.port, Plan(2, 100, 0.2, rate=100))
    assert load.sent <= 22


async def test_a_bind_that_is_refused(smsc: Smsc) -> None:
    with pytest.raises(ConnectionError, match="bind refused: 0xe"):
        await smpp_load("127.0.0.1", smsc.port, Plan(1, 1, 0.1, account="other/demo"))


async def test_a_server_that_goes_away(smsc: Smsc) -> None:
    async def hang_up() -> None:
        await smsc.asked.wait()
        for session in smsc.server.sessions:
            session.abort()

    with pytest.raises(ConnectionError):
        await asyncio.gather(smpp_load("127.0.0.1", smsc.port, Plan(1, 5, 30)), hang_up())


def test_submissions_go_round() -> None:
    submissions = Submissions(1, 8, receipts=True)
    slices = list(submissions.slices(submissions.count - 1, 3))
    frames = [frame for octets in slices for frame in codec.Framer(1000).feed(bytes(octets))]
    pdus = [codec.decode(frame) for frame in frames]
    last = FIRST_SEQUENCE_NUMBER + submissions.count - 1
    assert [pdu.sequence_number for pdu in pdus] == [last, 2, 3]
    assert all(isinstance(pdu, SubmitSm) and pdu.registered_delivery == 1 for pdu in pdus)


def test_no_number_is_a_magic_one_and_none_is_there_twice() -> None:
    binds = [Submissions(bind, 8, receipts=False) for bind in range(8)]
    numbers = [number for submissions in binds for number in submissions.numbers]
    assert len(numbers) == len(set(numbers))
    assert all(len(number) == 12 and int(number[-3:]) < 900 for number in numbers)


def test_percentiles() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert percentile(values, 0.5) == 51
    assert percentile(values, 0.99) == 100
