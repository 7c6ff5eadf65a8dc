"""Accounts over HTTP, on two nodes that share a Redis: what one is told, the other does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import pytest_asyncio
from redis.exceptions import RedisError

from telecom.gateway.access import account_changes
from telecom.gateway.access.turns import Turns
from telecom.gateway.http import accounts_api
from telecom.gateway.node import GatewayNode
from telecom.smpp.errors import RefusedError
from telecom.smpp.pdus import BindReceiver, BindTransmitter
from telecom.smpp.status import CommandStatus
from telecom.store.accounts import StoredAccounts
from telecom.store.binds import BindLeases
from telecom.store.embedded import connect as connect_redis
from tests.gateway.pipeline import eventually
from tests.gateway.whole import DEMO, connect, http_client, make, simulated

NUMBER = "447700900123"
SLOW = ("slow", "slow")

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Pair(NamedTuple):
    first: GatewayNode
    second: GatewayNode
    http: httpx.AsyncClient
    other_http: httpx.AsyncClient


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def pair(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    """Two nodes that look for each other's changes more often than usual."""
    client = connect_redis(redis_url)
    await client.flushall()
    await client.aclose()
    folder = tmp_path_factory.mktemp("nodes")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(account_changes, "_LOOK", 0.02)
        async with _pair(folder, redis_url) as nodes:
            yield nodes


@asynccontextmanager
async def _pair(folder: Path, redis_url: str) -> AsyncIterator[Pair]:
    redis = {"url": redis_url}
    async with (
        simulated() as operators,
        simulated() as others,  # whose answers to one node cannot go to the other
        make(operators, folder / "a", node="a", redis=redis) as first,
        make(others, folder / "b", node="b", redis=redis) as second,
        http_client(first) as http,
        http_client(second) as other_http,
    ):
        yield Pair(first, second, http, other_http)


@pytest_asyncio.fixture(loop_scope="module")
async def new(pair: Pair) -> AsyncIterator[str]:
    """An account made for the test, which every node knows of."""
    await make_account(pair)
    yield "new"
    await pair.http.delete("/v1/accounts/new")
    await eventually(lambda: pair.second._access.accounts.get("new"), None)


async def make_account(pair: Pair, **terms: Any) -> dict[str, Any]:
    body = {"system_id": "new", "password": "new", "numbers": ["38591000900"]} | terms
    made = await pair.http.post("/v1/accounts", json=body)
    assert made.status_code == 201, made.text
    await eventually(lambda: pair.second._access.accounts.get("new") is not None, expected=True)
    shown: dict[str, Any] = made.json()
    return shown


async def change(pair: Pair, **terms: Any) -> None:
    """Change the account, and wait until both nodes have it so."""
    changed = await pair.http.patch("/v1/accounts/new", json=terms)
    assert changed.status_code == 200, changed.text
    account = pair.first._access.accounts["new"]
    await eventually(lambda: pair.second._access.accounts.get("new"), account)


async def refusal(gateway: GatewayNode, system_id: str = "new", **options: Any) -> int:
    with pytest.raises(RefusedError) as refused:
        async with connect(gateway, system_id, **options):
            pass
    return refused.value.status


async def test_the_life_of_an_account(pair: Pair) -> None:
    made = await pair.http.post(
        "/v1/accounts",
        json={
            "system_id": "a/b c",
            "password": "t0ps3cr3",
            "outbind": {"host": "h", "password": "x9"},
        },
    )
    assert made.status_code == 201
    assert made.headers["location"] == "/v1/accounts/a/b%20c"
    assert made.json()["origin"] == "stored"
    path = "/v1/accounts/a/b c"
    shown = await pair.http.get(path)
    assert shown.json() == made.json()
    changed = await pair.http.patch(path, json={"rate": 7, "networks": ["192.0.2.0/24"]})
    assert (changed.json()["rate"], changed.json()["networks"]) == (7, ["192.0.2.0/24"])
    assert changed.json()["outbind"]["host"] == "h"
    replaced = await pair.http.put(path, json={"window": 3})
    assert (replaced.json()["window"], replaced.json()["networks"]) == (3, [])
    for answer in (made, shown, changed, replaced):
        assert "t0ps3cr3" not in answer.text
        assert "x9" not in answer.text
    assert (await pair.http.delete(path)).status_code == 204
    gone = [
        await pair.http.get(path),
        await pair.http.delete(path),
        await pair.http.patch(path, json={}),
    ]
    assert [answer.status_code for answer in gone] == [404, 404, 404]


async def test_accounts_are_listed_by_pages(pair: Pair, new: str) -> None:
    first = (await pair.http.get("/v1/accounts", params={"limit": 2})).json()
    rest = (await pair.http.get("/v1/accounts", params={"after": "demo"})).json()
    assert [account["system_id"] for account in first] == ["bare", "demo"]
    assert [(account["system_id"], account["origin"]) for account in rest] == [
        ("new", "stored"),
        ("slow", "file"),
    ]


async def test_only_the_platforms_operator_sees_accounts(pair: Pair) -> None:
    for auth, status in ((None, 401), (SLOW, 403)):
        async with http_client(pair.first, auth) as http:
            for method, path in (("GET", ""), ("POST", ""), ("DELETE", "/slow"), ("PUT", "/slow")):
                answer = await http.request(method, f"/v1/accounts{path}", json={})
                assert answer.status_code == status
            assert (await http.post("/v1/drain")).status_code == status


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "", {"system_id": "demo", "password": "p"}, 409),
        ("POST", "", {"system_id": "x", "password": "p", "numbers": ["38591000100"]}, 409),
        ("POST", "", {"system_id": "x", "password": "much-too-long"}, 422),
        ("POST", "", {"system_id": "x", "password": "p\u00e4ss"}, 422),
        ("POST", "", {"system_id": "x", "password": "p\0ss"}, 422),
        ("POST", "", {"system_id": "x", "password": ""}, 422),
        ("POST", "", {"system_id": "x"}, 422),
        ("POST", "", {"system_id": "x", "password_env": "HOME"}, 422),
        ("PUT", "/x", {"rate": 3}, 422),
        ("PUT", "/a-name-of-sixteen", {"password": "p"}, 422),
        ("PATCH", "/slow", {"rate": 0}, 422),
        ("PATCH", "/slow", {"rate": None}, 422),
        ("PATCH", "/slow", {"system_id": "x"}, 422),
        ("PATCH", "/slow", {"password": "much-too-long"}, 422),
        ("PATCH", "/demo", {"active": False}, 409),
        ("DELETE", "/slow", None, 409),
    ],
)
async def test_what_is_refused(pair: Pair, method: str, path: str, body: Any, status: int) -> None:
    answer = await pair.http.request(method, f"/v1/accounts{path}", json=body)
    assert answer.status_code == status
    assert "much-too-long" not in answer.text
    assert not pair.first._access.accounts.stored


async def test_what_can_be_tried_again_is_503(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    async def is_away(*_: Any) -> None:
        raise RedisError("away")

    body = {"system_id": "x", "password": "p"}
    with monkeypatch.context() as patched:
        patched.setattr(pair.first._access.accounts.passwords, "_turns", Turns(0, 0))
        assert (await pair.http.post("/v1/accounts", json=body)).status_code == 503
        async with http_client(pair.first, ("demo", "wrong")) as http:
            assert (await http.get("/v1/statement")).status_code == 503
    with monkeypatch.context() as patched:
        patched.setattr(StoredAccounts, "since", is_away)
        assert (await pair.http.post("/v1/accounts", json=body)).status_code == 503
        patched.setattr(BindLeases, "count", is_away)
        assert (await pair.http.get("/v1/accounts")).status_code == 503


async def test_nobody_waits_for_a_redis_that_says_nothing(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def is_silent(*_: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(accounts_api, "PATIENCE", 0.01)
    monkeypatch.setattr(BindLeases, "count", is_silent)
    assert (await pair.http.get("/v1/accounts")).status_code == 503
    assert (await pair.http.get("/v1/accounts/demo")).status_code == 503


async def test_a_patch_that_makes_no_sense_with_the_rest(pair: Pair, new: str) -> None:
    await change(pair, highest_version="3.4")
    answer = await pair.http.patch("/v1/accounts/new", json={"lowest_version": "5.0"})
    assert (answer.status_code, answer.json()["detail"][0]["msg"]) == (
        422,
        "Value error, highest_version: not below lowest_version",
    )


async def test_a_new_account_binds_at_another_node_within_a_second(pair: Pair) -> None:
    await pair.http.post("/v1/accounts", json={"system_id": "new", "password": "new"})
    await eventually(lambda: pair.second._access.accounts.get("new") is not None, expected=True)
    async with connect(pair.second, "new"):
        shown = await pair.http.get("/v1/accounts/new")
        assert shown.json()["binds"] == 1
    await pair.http.delete("/v1/accounts/new")


@pytest.mark.parametrize(
    "terms",
    [
        {"active": False},
        {"bind_types": ["receiver"]},
        {"networks": ["192.0.2.0/24"]},
        {"tls_required": True},
    ],
    ids=lambda terms: next(iter(terms)),
)
async def test_who_may_not_bind_any_more_is_unbound_wherever_it_is(
    pair: Pair, new: str, terms: dict[str, Any]
) -> None:
    esmes = [connect(node, new, back_off=None) for node in (pair.first, pair.second)]
    async with esmes[0], esmes[1]:
        await change(pair, **terms)
        await eventually(lambda: bound(pair, new), 0)
    assert await refusal(pair.second) == CommandStatus.ESME_RBINDFAIL


async def test_who_is_deleted_is_unbound(pair: Pair) -> None:
    await make_account(pair)
    async with connect(pair.second, "new", back_off=None):
        assert (await pair.http.delete("/v1/accounts/new")).status_code == 204
        await eventually(lambda: bound(pair, "new"), 0)
    await eventually(lambda: pair.second._access.accounts.get("new"), None)
    assert await refusal(pair.second) == CommandStatus.ESME_RINVPASWD


def bound(pair: Pair, system_id: str) -> int:
    return sum(
        len(node._access.binds._bound.get(system_id, ())) for node in (pair.first, pair.second)
    )


async def test_binds_are_limited_over_both_nodes(pair: Pair, new: str) -> None:
    await change(pair, max_binds=2)
    async with connect(pair.first, new), connect(pair.second, new):
        assert await refusal(pair.first) == CommandStatus.ESME_RBINDFAIL
        assert await refusal(pair.second) == CommandStatus.ESME_RBINDFAIL
        await change(pair, max_binds=3)
        async with connect(pair.second, new):
            pass
    await eventually(lambda: binds(pair, new), 0)


async def binds(pair: Pair, system_id: str) -> int:
    return int((await pair.other_http.get(f"/v1/accounts/{system_id}")).json()["binds"])


async def test_bound_sessions_get_new_terms(pair: Pair, new: str) -> None:
    async with connect(pair.second, new):
        await change(pair, window=7, inactivity_timer=500, enquire_link_timer=90)
        (session,) = pair.second._access.binds._bound[new]
        limits = session._limits
        timers = limits.session.inactivity_timer, limits.session.enquire_link_timer
        assert (limits.unanswered, *timers) == (7, 500, 90)


async def test_a_new_rate_and_new_senders_hold_for_the_next_message(pair: Pair, new: str) -> None:
    await change(pair, rate=0.001, sources=["Shop"])
    async with connect(pair.second, new) as esme:
        assert await status_of(esme, source="Other") == CommandStatus.ESME_RINVSRCADR
        assert await status_of(esme, source="Shop") == CommandStatus.ESME_ROK
        assert await status_of(esme, source="Shop") == CommandStatus.ESME_RTHROTTLED
        await change(pair, rate=10_000, sources=[])
        assert await status_of(esme, source="Other") == CommandStatus.ESME_ROK


async def status_of(esme: Any, source: str) -> int:
    try:
        await esme.submit(NUMBER, "hello", source=source)
    except RefusedError as refused:
        return refused.status
    return CommandStatus.ESME_ROK


async def test_types_and_versions_of_binds(pair: Pair, new: str) -> None:
    await change(pair, bind_types=["receiver"], lowest_version="3.4")
    assert await refusal(pair.first, bind=BindTransmitter) == CommandStatus.ESME_RBINDFAIL
    async with connect(pair.first, new, bind=BindReceiver):
        pass
    await change(pair, system_types=["VMS"])
    assert await refusal(pair.first, bind=BindReceiver) == CommandStatus.ESME_RINVSYSTYP
    refused = (await pair.http.get("/metrics")).text
    for reason in ("bind type", "system type"):
        assert f'telecom_refusals_total{{interface="smpp",reason="{reason}"}}' in refused


async def test_who_fails_too_often_is_locked_out_by_name_and_not_as_another(
    pair: Pair, new: str
) -> None:
    for _ in range(5):
        assert await refusal(pair.first, password="wrong") == CommandStatus.ESME_RINVPASWD
    assert await refusal(pair.first) == CommandStatus.ESME_RBINDFAIL
    async with connect(pair.first), http_client(pair.first, (new, new)) as http:
        locked = await http.get("/v1/statement")
        counted = (await pair.http.get("/metrics")).text
    assert locked.status_code == 429
    assert 'telecom_lockouts_total{interface="smpp"} 1.0' in counted
    async with connect(pair.second, new):  # each node counts for itself
        pass


async def test_an_inactive_account_has_no_http_api(pair: Pair, new: str) -> None:
    await change(pair, active=False)
    async with http_client(pair.second, (new, new)) as http:
        assert (await http.get("/v1/statement")).status_code == 403


@pytest.mark.parametrize(
    ("auth", "headers", "status"),
    [
        (None, {}, 200),
        (None, {"x-forwarded-for": "192.0.2.1"}, 401),
        (None, {"forwarded": "for=192.0.2.1"}, 401),
        (SLOW, {"forwarded": "for=192.0.2.1"}, 403),
        (DEMO, {"forwarded": "for=192.0.2.1"}, 200),
    ],
)
async def test_metrics_name_accounts_and_are_not_for_everybody(
    pair: Pair, auth: Any, headers: dict[str, str], status: int
) -> None:
    async with http_client(pair.first, auth) as http:
        assert (await http.get("/metrics", headers=headers)).status_code == status


async def test_who_is_no_insider_sees_only_whether_the_node_works(pair: Pair) -> None:
    async with http_client(pair.first, None) as http:
        assert (await http.get("/healthz")).json().keys() == {"status", "faults", "upstreams"}
        health = await http.get("/healthz", headers={"x-forwarded-for": "192.0.2.1"})
        assert (health.status_code, health.json()) == (200, {"status": "ok"})


async def test_it_is_documented(pair: Pair) -> None:
    api = (await pair.http.get("/openapi.json")).json()
    paths = {path: set(methods) for path, methods in api["paths"].items() if "accounts" in path}
    assert paths == {
        "/v1/accounts": {"get", "post"},
        "/v1/accounts/{system_id}": {"get", "put", "patch", "delete"},
    }
    fields = api["components"]["schemas"]["NewAccount"]["properties"]
    assert "where it may bind from" in fields["networks"]["description"]
    assert "password" not in api["components"]["schemas"]["AccountView"]["properties"]
