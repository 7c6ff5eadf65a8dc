"""Our own client against the simulator: what goes wrong there must not go wrong here."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

import telecom
from smsc_sim.node import SmscSim
from telecom.net.smpp.tls import client_context, self_signed
from telecom.smpp.errors import NoResponseError, RefusedError
from telecom.smpp.limits import SessionLimits
from telecom.smpp.status import CommandStatus
from telecom.sms.receipt import MessageState
from tests.net.smpp_peer import until
from tests.smsc_sim.world import address_of


def client(simulator: SmscSim, **options: Any) -> Any:
    host, port = address_of(simulator)
    return telecom.connect(host, port, **{"system_id": "demo", "password": "demo", **options})


async def test_a_receipt_finds_its_submit_whatever_its_id_looks_like(start):
    simulator = await start(
        {"action": {"receipt": {"delay": 0, "message_id": {"form": "upper_hex", "width": 12}}}}
    )
    async with client(simulator) as esme:
        submission = await esme.submit("447700900123", "hello", receipt=True)
        told = await submission.receipt()
    assert (submission.message_id, told.id) == ("1000000001", "00003B9ACA01")
    assert told.stat is MessageState.DELIVRD


async def test_a_receipt_that_overtakes_the_response_and_one_that_comes_twice(start):
    simulator = await start(
        {"action": {"receipt": {"early": True, "times": 2, "state": "UNDELIV"}}}
    )
    async with client(simulator) as esme:
        submission = await esme.submit("447700900123", "hello", receipt=True)
        assert (await submission.receipt()).stat is MessageState.UNDELIV


async def test_receipts_out_of_order_find_their_submits(start):
    simulator = await start({"action": {"receipt": {"delay": 0, "reverse": 10}}})
    async with client(simulator) as esme:
        submitted = [await esme.submit(str(10**9 + each), "x", receipt=True) for each in range(10)]
        told = [await each.receipt() for each in submitted]
    assert [each.id for each in told] == [each.message_id for each in submitted]


async def test_refused_and_unanswered(start):
    simulator = await start(
        {"match": {"nth": [1]}, "action": {"status": "ESME_RTHROTTLED"}},
        {"match": {"nth": [1]}, "action": {"response": "never"}},
    )
    limits = SessionLimits(response_timer=0.05)
    async with client(simulator, limits=limits) as esme:
        with pytest.raises(RefusedError) as refused:
            await esme.submit("447700900123", "hello")
        assert refused.value.status == CommandStatus.ESME_RTHROTTLED
        with pytest.raises(NoResponseError):
            await esme.submit("447700900123", "hello")
        assert (await esme.submit("447700900123", "hello")).message_id == "1000000002"


async def test_mo_messages_come_to_the_client(start):
    stream = {
        "account": "demo",
        "source": "4477009xxxxx",
        "destination": "88210",
        "texts": ["one $n", "два $n"],
        "rate": 1000,
        "count": 4,
    }
    simulator = await start(mo=[stream])
    async with client(simulator) as esme, asyncio.timeout(5):
        deliveries = esme.deliveries()
        texts = []
        for _ in range(4):
            delivery = await anext(deliveries)
            texts.append(delivery.text)
            await delivery.accept()
    assert texts == ["one 1", "два 2", "one 3", "два 4"]


async def test_by_tls(start, tmp_path: Path):
    certificate, key = self_signed(tmp_path)
    tls = {"port": 0, "certificate": str(certificate), "key": str(key)}
    simulator = await start(smpp={"tls": tls})
    host, port = address_of(simulator, "SMPP by TLS (SMSC simulator)")
    context = client_context(ca=certificate)
    async with telecom.connect(host, port, system_id="demo", password="demo", ssl=context) as esme:
        assert (await esme.submit("447700900123", "hello")).message_id == "1000000001"
        (session,) = simulator.control.sessions()
        assert session.is_secure


async def run(start: Any, seed: int) -> list[tuple[str, int]]:
    """Submit twenty messages one by one, and return how each was answered."""
    simulator = await start(
        {
            "match": {"probability": 0.3},
            "action": {"status": "ESME_RMSGQFUL", "delay": {"at_least": 0, "at_most": 0.002}},
        },
        {"match": {"probability": 0.3}, "action": {"response": "generic_nack"}},
        seed=seed,
    )
    answers = []
    async with client(simulator) as esme:
        for number in range(20):
            try:
                answer = await esme.submit(str(10**9 + number), "x")
            except RefusedError as refused:
                answers.append(("", refused.status))
            else:
                answers.append((answer.message_id, 0))
    await until(lambda: not simulator.control.sessions())
    return answers


async def test_the_same_seed_and_the_same_traffic_have_the_same_outcome(start):
    first = await run(start, 1)
    assert len({status for _, status in first}) == 3
    assert await run(start, 1) == first
    assert await run(start, 2) != first
