"""A node with all its parts, over TCP to the operators that `hlr_sim` plays, SMPP and HTTP."""

import asyncio
import errno
import json
import re
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

import telecom
from telecom.gateway.node import GatewayNode
from telecom.runtime.errors import CommandError, ConnectionFailed
from telecom.smpp.errors import RefusedError
from telecom.smpp.status import CommandStatus
from telecom.sms.receipt import MessageState
from telecom.store.ledger_feed import LedgerFeed
from tests.gateway.network import GATEWAY
from tests.gateway.pipeline import config, eventually
from tests.gateway.whole import connect, http_client, make, simulated

NUMBER = "447700900123"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def operators() -> AsyncIterator[str]:
    async with simulated() as url:
        yield url


@pytest_asyncio.fixture(loop_scope="module")
async def make_gateway(tmp_path: Path) -> AsyncIterator[Callable[..., GatewayNode]]:
    """Make gateways that share a folder for their data, one after the other.

    The operators are their own: beside the gateway that tests share, answers would go to that.
    """
    async with simulated() as operators:
        yield partial(make, operators, tmp_path)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def gateway(
    operators: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[GatewayNode]:
    """A gateway that tests share which change nothing in it."""
    async with make(operators, tmp_path_factory.mktemp("gateway")) as node:
        yield node


@pytest_asyncio.fixture(loop_scope="module")
async def http(gateway: GatewayNode) -> AsyncIterator[httpx.AsyncClient]:
    async with http_client(gateway) as client:
        yield client


async def test_from_submit_sm_to_the_statement(
    gateway: GatewayNode, http: httpx.AsyncClient
) -> None:
    async with connect(gateway, "slow") as esme:
        submission = await esme.submit(NUMBER, "hello", receipt=True)
        assert (await submission.receipt()).stat is MessageState.DELIVRD
        bound = await http.get("/metrics")
    assert re.search(r'binds\{account="slow",type="transceiver",version="\d.\d"\} 1.0', bound.text)
    await eventually(lambda: lines_of(http, client="slow"), [("sms-mt", 1, "0.05")])
    evidence = await http.get("/v1/evidence", params={"number": NUMBER})
    (pair,) = [json.loads(line) for line in evidence.text.splitlines()]
    assert pair["verdict"] == "match"
    assert pair["message"] == submission.message_id
    assert (await http.get("/healthz")).json() == {
        "status": "ok",
        "faults": {},
        "upstreams": {},
    }


async def lines_of(http: httpx.AsyncClient, client: str) -> list[tuple[str, int, str]]:
    lines = (await http.get("/v1/statement", params={"client": client})).json()["lines"]
    return [(line["service"], line["events"], line["amount"]) for line in lines]


async def test_a_handset_replies(gateway: GatewayNode) -> None:
    async with connect(gateway) as esme:
        await esme.submit("447700900912", "hello", source="38591000100")
        async with asyncio.timeout(5):
            async for delivery in esme.deliveries():
                assert delivery.text == "re: hello"
                await delivery.accept()
                break


async def test_what_an_esme_may_not_do(gateway: GatewayNode) -> None:
    for name, password in (("demo", "wrong"), ("nobody", "nobody")):
        with pytest.raises(RefusedError) as refused:
            async with connect(gateway, name, password):
                pass
        assert refused.value.status == CommandStatus.ESME_RINVPASWD
    async with connect(gateway) as esme:
        nobodys = await esme.request(telecom.smpp.pdus.CancelSm(message_id=b"1"))
        assert nobodys.command_status == CommandStatus.ESME_RINVMSGID


async def test_an_account_has_so_many_binds(make_gateway: Callable[..., GatewayNode]) -> None:
    accounts = [account.model_copy(update={"max_binds": 1}) for account in config().accounts]
    async with make_gateway(accounts=accounts) as gateway:
        async with connect(gateway):
            with pytest.raises(RefusedError) as refused:
                async with connect(gateway):
                    pass
        assert refused.value.status == CommandStatus.ESME_RBINDFAIL
        async with connect(gateway):
            pass


async def test_what_the_api_refuses(http: httpx.AsyncClient) -> None:
    answers = [
        (await http.get("/v1/statement", auth=("demo", "wrong")), 401),
        (await http.get("/v1/statement", auth=("slow", "slow"), params={"client": "demo"}), 403),
        (await http.get("/v1/evidence", auth=("slow", "slow")), 403),
        (await http.get("/v1/statement", params={"month": "2026-13"}), 422),
        (await http.post("/v1/lookups", json={"msisdn": "33612345678"}), 422),
        (await http.post("/v1/lookups", json={"msisdn": "a number"}), 422),
    ]
    assert [answer.status_code for answer, _ in answers] == [status for _, status in answers]


async def test_a_lookup(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/lookups", json={"msisdn": "+447700900901"})
    assert (answer.status_code, answer.json()["status"]) == (200, "absent")


async def test_a_restart_goes_on_with_what_was_left(tmp_path: Path) -> None:
    async with simulated() as operators:
        async with make(operators, tmp_path) as first, connect(first) as esme:
            await esme.submit("447700900901", "hello", receipt=True)
        async with make(operators, tmp_path) as second, connect(second) as esme:
            delivery = await anext(esme.deliveries())
            assert delivery.receipt is not None
            assert delivery.receipt.stat is MessageState.DELIVRD


async def test_the_ledger_is_filled_though_its_feed_fails_at_first(
    make_gateway: Callable[..., GatewayNode], monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    step, failures = LedgerFeed.step, [ZeroDivisionError(), ZeroDivisionError()]

    async def fails_at_first(self: LedgerFeed) -> int:
        if failures:
            raise failures.pop()
        return await step(self)

    monkeypatch.setattr(LedgerFeed, "step", fails_at_first)
    async with make_gateway() as gateway, http_client(gateway) as http:
        await http.post("/v1/lookups", json={"msisdn": NUMBER})
        await eventually(lambda: services(http), ["number-lookup"])


async def services(http: httpx.AsyncClient) -> list[str]:
    return [line["service"] for line in (await http.get("/v1/statement")).json()["lines"]]


@pytest.mark.parametrize(
    ("settings", "status", "said"),
    [
        ({"redis": {"url": "redis://:s3cret@127.0.0.1:1/0"}}, 3, "Redis at redis://127.0.0.1:1/0"),
        ({"redis": {"url": "http://:s3cret@127.0.0.1"}}, 2, "http://127.0.0.1 is no Redis URL"),
        ({"ledger": {"url": "s3cret"}}, 2, "the ledger's URL is none"),
        ({"data": Path("/dev/null/data")}, 2, "/dev/null/data cannot be the data folder"),
    ],
)
async def test_what_cannot_be_had_is_one_line_without_a_password(
    make_gateway: Callable[..., GatewayNode], settings: dict[str, Any], status: int, said: str
) -> None:
    with pytest.raises(CommandError, match=said) as raised:
        await make_gateway(**settings).__aenter__()
    assert raised.value.status == status
    assert "s3cret" not in str(raised.value)


async def test_a_transport_that_this_machine_lacks_is_no_connection(
    make_gateway: Callable[..., GatewayNode], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_: int) -> None:
        raise OSError(errno.EPROTONOSUPPORT, "this kernel has no SCTP")

    monkeypatch.setattr("telecom.net.links.sctp.make_socket", none)
    gateway = make_gateway(ss7={"url": "sctp://127.0.0.1:2905", "global_titles": (GATEWAY,)})
    with pytest.raises(ConnectionFailed, match="no link at sctp://127.0.0.1:2905: this kernel"):
        await gateway.__aenter__()
