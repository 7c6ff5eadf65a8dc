"""Our client at SMSCs that share no line with this project: npm's smpp, and PyPI's smpp34."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

import telecom
from telecom.net.smpp.client.esme import Esme
from telecom.smpp.errors import RefusedError
from telecom.smpp.status import CommandStatus
from telecom.sms.receipt import MessageState
from tests.interop.test_esmes import node

HERE = Path(__file__).parent
SOURCE = "38591000100"


def programs() -> dict[str, list[str] | None]:
    by_node = node()
    by_python = [sys.executable, "-m", "smscs.smpp34_smsc"]
    return {
        "npm_smpp": [by_node[0], "smscs/npm_smpp.js"] if by_node else None,
        "smpp34": by_python if find_spec("smpp34") else None,
    }


@pytest.fixture(scope="module", params=programs())
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    """Start a foreign SMSC, and return where it listens; in CI it has to be installed."""
    program = programs()[request.param]
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{request.param} is not installed")
    with subprocess.Popen(program, cwd=HERE, stdout=subprocess.PIPE, text=True) as smsc:
        assert smsc.stdout is not None
        yield int(smsc.stdout.readline())
        smsc.kill()


@asynccontextmanager
async def bound(port: int) -> AsyncIterator[Esme]:
    async with (
        asyncio.timeout(20),
        telecom.connect("127.0.0.1", port, system_id="us", password="secret") as esme,
    ):
        yield esme


@pytest.mark.parametrize("text", ["hello", "добрый день", "a long text, in parts; " * 20])
async def test_a_message_is_accepted_and_its_receipt_finds_it(port: int, text: str) -> None:
    async with bound(port) as esme:
        submission = await esme.submit("447700900123", text, source=SOURCE, receipt=True)
        receipt = await submission.receipt()
        assert receipt.stat is MessageState.DELIVRD
        assert len(set(submission.message_ids)) == len(submission.message_ids)


async def test_a_receipt_that_overtakes_its_response_finds_it_too(port: int) -> None:
    async with bound(port) as esme:
        submission = await esme.submit("447700900111", "quick", source=SOURCE, receipt=True)
        assert (await submission.receipt()).stat is MessageState.DELIVRD


async def test_an_end_user_replies(port: int) -> None:
    async with bound(port) as esme:
        await esme.submit("447700900912", "answer me", source=SOURCE)
        async for delivery in esme.deliveries():
            await delivery.accept()
            assert (delivery.source, delivery.text) == ("447700900912", "re: привет")
            return


async def test_a_window_full_of_messages_is_answered(port: int) -> None:
    async with bound(port) as esme:
        submissions = await asyncio.gather(
            *(esme.submit("447700900123", str(n), source=SOURCE, receipt=True) for n in range(300))
        )
        receipts = await asyncio.gather(*(submission.receipt() for submission in submissions))
        assert len({submission.message_id for submission in submissions}) == 300
        assert {receipt.stat for receipt in receipts} == {MessageState.DELIVRD}


async def test_what_it_refuses_is_an_error_with_its_status(port: int) -> None:
    async with bound(port) as esme:
        with pytest.raises(RefusedError) as refused:
            await esme.submit("447700900999", "too much", source=SOURCE)
        assert refused.value.status == CommandStatus.ESME_RTHROTTLED
