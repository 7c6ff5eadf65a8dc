"""Who is bound: counted over nodes in Redis, or by the node alone while Redis is away."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from pydantic import SecretStr
from redis.exceptions import RedisError

from telecom.gateway.access import binds as binds_module
from telecom.gateway.access.account import AccountOfFile
from telecom.gateway.access.accounts import Accounts, StoredAccount
from telecom.gateway.access.authentication import Authentication
from telecom.gateway.access.bind_rules import Refusal
from telecom.gateway.access.binds import Binds
from telecom.gateway.access.lockout import Lockout, LockoutRule
from telecom.gateway.access.turns import Turns
from telecom.gateway.clock import Clock
from telecom.gateway.metrics import Metrics
from telecom.net.smpp.terms import SessionTerms
from telecom.smpp.pdus import BindTransceiver
from telecom.smpp.status import CommandStatus
from telecom.store.binds import LEASE, BindCount, BindLeases
from telecom.store.lua import Client
from tests.gateway.network import Time
from tests.gateway.pipeline import _impatient, eventually
from tests.gateway.valve import Valve

DEMO = AccountOfFile(system_id="demo", password=SecretStr("demo"), max_binds=2, window=3)
BIND = BindTransceiver(b"demo", b"demo", interface_version=0x34)
WRONG = BindTransceiver(b"demo", b"wrong", interface_version=0x34)


class Session:
    """What of a session its binds are about."""

    def __init__(self, *, closed: bool = False) -> None:
        self.system_id = "demo"
        self.peer = ("192.0.2.1", 40000)
        self.is_secure = False
        self.client_certificate = None
        self.closed = closed
        self.agreed: list[SessionTerms] = []
        self.did: list[str] = []
        self.never_answered = asyncio.Event()
        self.is_idle = True

    def agree(self, terms: SessionTerms) -> None:
        self.agreed.append(terms)

    async def answered(self) -> None:
        if not self.is_idle:
            await self.never_answered.wait()
        self.did.append("answered")

    async def unbind(self) -> None:
        self.did.append("unbound")

    def abort(self) -> None:
        self.did.append("dropped")


class Bench:
    """The binds of one node."""

    def __init__(self, redis: Client, time: Time, node: str) -> None:
        self.accounts = Accounts([DEMO])
        self.metrics = Metrics()
        clock = Clock(time.monotonic, time.wall)
        lockout = Lockout(LockoutRule(per_account=2))
        authentication = Authentication(self.accounts, lockout, metrics=self.metrics, clock=clock)
        leases = BindLeases(redis, node=node)
        self.binds = Binds(self.accounts, authentication, leases, metrics=self.metrics, clock=clock)

    async def bind(self, bind: Any = BIND, session: Any = None) -> Any:
        """Bind as the server does; the session if it may, else the status."""
        session = session or Session()
        decision = await self.binds.authenticate(bind, session)
        if not isinstance(decision, SessionTerms):
            return decision
        session.agree(decision)
        self.binds.bound(session)
        return session

    def metric(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name, labels) or 0


MakeBench = Callable[..., Bench]


@pytest.fixture
async def make_bench(redis: Client, time: Time) -> AsyncIterator[MakeBench]:
    made: list[Bench] = []

    def make(client: Client = redis, node: str = "a") -> Bench:
        made.append(Bench(client, time, node))
        return made[-1]

    yield make
    for bench in made:
        await bench.binds.stop()
        bench.accounts.passwords.close()


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    return make_bench()


async def test_a_bind_has_its_accounts_terms_and_is_counted(bench: Bench) -> None:
    session = await bench.bind()
    assert session.agreed[0] == SessionTerms(unanswered=3)
    assert await bench.binds.count(["demo"]) == {"demo": BindCount(1, 1)}
    labels = {"account": "demo", "type": "transceiver", "version": "3.4"}
    assert bench.metric("telecom_binds", **labels) == 1
    bench.binds.unbound(session)
    await bench.binds.stop()
    assert await bench.binds.count(["demo"]) == {"demo": BindCount(0, 0)}
    assert bench.metric("telecom_binds", **labels) == 0


async def test_one_too_many_is_refused_and_counted_nowhere(
    bench: Bench, make_bench: MakeBench
) -> None:
    other = make_bench(node="b")
    await bench.bind()
    await other.bind()
    for node in (bench, other):
        assert await node.bind() == CommandStatus.ESME_RBINDFAIL
        refused = {"interface": "smpp", "reason": Refusal.TOO_MANY_BINDS.value}
        assert node.metric("telecom_refusals_total", **refused) == 1
    assert await bench.binds.count(["demo"]) == {"demo": BindCount(2, 2)}


async def test_who_is_gone_by_then_is_not_counted(bench: Bench) -> None:
    assert await bench.bind(session=Session(closed=True)) == CommandStatus.ESME_RBINDFAIL
    await bench.binds.stop()
    assert await bench.binds.count(["demo"]) == {"demo": BindCount(0, 0)}


async def test_who_was_admitted_and_never_bound_is_given_back_at_the_end(bench: Bench) -> None:
    await bench.binds.authenticate(BIND, Session())  # type: ignore[arg-type]
    assert await bench.binds.count(["demo"]) == {"demo": BindCount(1, 1)}
    await bench.binds.stop()
    assert await bench.binds.count(["demo"]) == {"demo": BindCount(0, 0)}


async def test_leases_are_renewed_for_as_long_as_sessions_last(
    bench: Bench, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binds_module, "LEASE", 0.03)
    await bench.bind()
    bench.binds.start()
    time.advance(LEASE - 1)

    async def is_renewed() -> bool:
        counted = await bench.binds._leases.count(["demo"], time.wall() + LEASE - 1)
        return counted["demo"].all == 1

    await eventually(is_renewed, expected=True)


async def test_while_redis_is_away_a_node_counts_its_own(
    make_bench: MakeBench, valve: tuple[Valve, str]
) -> None:
    link, url = valve
    client = _impatient(url)
    bench = make_bench(client)
    link.shut()
    sessions = [await bench.bind(), await bench.bind()]
    assert await bench.bind() == CommandStatus.ESME_RBINDFAIL
    bench.binds.unbound(sessions[0])
    assert isinstance(await bench.bind(), Session)
    await client.aclose()


async def test_who_bound_while_redis_was_away_is_counted_when_it_is_back(
    make_bench: MakeBench, valve: tuple[Valve, str], time: Time
) -> None:
    link, url = valve
    client = _impatient(url)
    bench, other = make_bench(client), make_bench(node="b")
    link.shut()
    sessions = [await bench.bind(), await bench.bind()]
    link.open()
    await eventually(lambda: _answers(client), expected=True)
    await bench.binds._leases.renew(bench.binds._held(), time.wall())
    assert await other.bind() == CommandStatus.ESME_RBINDFAIL
    bench.binds.unbound(sessions[0])
    await bench.binds.stop()
    assert isinstance(await other.bind(), Session)
    await client.aclose()


async def _answers(client: Client) -> bool:
    with contextlib.suppress(RedisError):
        return bool(await client.ping())
    return False


async def test_a_change_between_the_password_and_the_bind_counts(bench: Bench) -> None:
    session: Any = Session()
    terms = await bench.binds.authenticate(BIND, session)
    assert isinstance(terms, SessionTerms)
    change(bench, active=False)
    bench.binds.bound(session)
    await eventually(lambda: session.did, ["answered", "unbound", "dropped"])


async def test_who_may_stay_gets_the_new_terms(bench: Bench) -> None:
    session = await bench.bind()
    change(bench, window=9)
    assert session.agreed[-1] == SessionTerms(unanswered=9)
    assert session.did == []


async def test_who_is_too_many_since_a_change_is_unbound_and_no_other(
    bench: Bench, make_bench: MakeBench
) -> None:
    other = make_bench(node="b")
    sessions = [await bench.bind(), await other.bind()]
    for node in (bench, other):
        change(node, max_binds=1)
    await eventually(lambda: sum(bool(session.did) for session in sessions), 1)
    for node in (bench, other):
        await node.binds._end_surplus(node.accounts["demo"])
    assert sum(bool(session.did) for session in sessions) == 1


async def test_who_does_not_come_to_an_end_is_dropped(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binds_module, "_LAST_WORDS", 0.01)
    session = await bench.bind()
    session.is_idle = False
    change(bench, active=False)
    await eventually(lambda: session.did, ["dropped"])


def change(bench: Bench, **terms: Any) -> None:
    account = bench.accounts["demo"].model_copy(update=terms)
    bench.accounts.take({"demo": StoredAccount(account, "scrypt$...")})


async def test_many_wrong_passwords_at_once_do_not_get_one_more_try(bench: Bench) -> None:
    outcomes = await asyncio.gather(*[bench.bind(WRONG) for _ in range(4)])
    assert set(outcomes) == {CommandStatus.ESME_RINVPASWD}
    assert await bench.bind() == CommandStatus.ESME_RBINDFAIL
    assert bench.metric("telecom_lockouts_total", interface="smpp") >= 1
    assert bench.metric("telecom_refusals_total", interface="smpp", reason="locked out") == 1


async def test_too_many_checks_at_once_are_a_system_error(bench: Bench) -> None:
    bench.accounts.passwords._turns = Turns(0, 0)
    assert await bench.bind(WRONG) == CommandStatus.ESME_RSYSERR
    assert isinstance(await bench.bind(), Session)


async def test_no_log_line_has_a_password(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        await bench.bind(BindTransceiver(b"demo", b"s3cr3t!"))
    told = capsys.readouterr().out
    assert "locked_out" in told
    assert "wrong password" in told
    assert "s3cr3t!" not in told
