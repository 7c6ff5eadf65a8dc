"""Accounts that are written on one node and read on another, in one Redis."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from structlog.testing import capture_logs

from telecom.gateway.access.account import Account, AccountOfFile, OutbindTarget
from telecom.gateway.access.account_changes import AccountChanges, AccountRefused, decode, encode
from telecom.gateway.access.accounts import Accounts, StoredAccount
from telecom.store.accounts import ConflictError, StoredAccounts
from telecom.store.lua import Client
from tests.gateway.pipeline import eventually

OPERATOR = AccountOfFile(
    system_id="demo", password=SecretStr("demo"), numbers=("1",), operator_of_platform=True
)
MakeChanges = Callable[..., AccountChanges]
NEW = Account(system_id="new", numbers=("2",))


@pytest.fixture
async def make_changes(redis: Client) -> AsyncIterator[MakeChanges]:
    made: list[AccountChanges] = []

    def make(*of_file: AccountOfFile) -> AccountChanges:
        made.append(AccountChanges(Accounts(of_file or [OPERATOR]), StoredAccounts(redis)))
        return made[-1]

    yield make
    for changes in made:
        await changes.stop()
        changes.accounts.passwords.close()


@pytest.fixture
def changes(make_changes: MakeChanges) -> AccountChanges:
    return make_changes()


async def refused(coroutine: Any) -> int:
    with pytest.raises(AccountRefused) as raised:
        await coroutine
    return raised.value.http_status


async def test_another_node_hears_of_a_new_account_and_of_its_end(
    changes: AccountChanges, make_changes: MakeChanges
) -> None:
    other = make_changes()
    await other.start()
    await changes.create(NEW, SecretStr("secret"))
    await eventually(lambda: other.accounts.get("new"), NEW, timeout=5)
    assert await other.accounts.authenticate("new", b"secret") == NEW
    assert other.accounts.owner_of("2") == "new"
    await changes.delete("new")
    await eventually(lambda: other.accounts.get("new"), None, timeout=5)
    assert await other.accounts.authenticate("new", b"secret") is None


async def test_a_node_that_starts_later_knows_all(
    changes: AccountChanges, make_changes: MakeChanges
) -> None:
    await changes.create(NEW, SecretStr("secret"))
    await changes.change("demo", {"rate": 7.0}, None)
    later = make_changes()
    await later.start()
    assert (later.accounts["new"], later.accounts["demo"].rate) == (NEW, 7)
    assert await later.accounts.authenticate("demo", b"demo") is not None


async def test_an_account_of_the_file_can_be_changed_and_is_itself_again_afterwards(
    changes: AccountChanges,
) -> None:
    await changes.change("demo", {"rate": 7.0}, SecretStr("changed"))
    assert (changes.accounts["demo"].rate, changes.accounts["demo"].numbers) == (7, ("1",))
    assert await changes.accounts.authenticate("demo", b"demo") is None
    await changes.delete("demo")
    assert changes.accounts["demo"].rate == OPERATOR.rate
    assert await changes.accounts.authenticate("demo", b"demo") is not None
    assert await refused(changes.delete("demo")) == 409


async def test_a_node_that_starts_says_which_accounts_are_not_as_its_file_has_them(
    changes: AccountChanges, make_changes: MakeChanges
) -> None:
    await changes.create(NEW, SecretStr("secret"))
    with capture_logs() as logs:
        await make_changes().start()
        await changes.change("demo", {"rate": 7.0}, None)
        await make_changes().start()
    assert [(line["event"], line["system_ids"]) for line in logs] == [
        ("accounts_not_as_the_file_has_them", ["demo"])
    ]


async def test_a_replacement_keeps_the_password_unless_there_is_another(
    changes: AccountChanges,
) -> None:
    assert await refused(changes.replace(NEW, None)) == 422
    await changes.replace(NEW, SecretStr("secret"))
    await changes.replace(Account(system_id="new", rate=3), None)
    assert changes.accounts["new"] == Account(system_id="new", rate=3)
    assert await changes.accounts.authenticate("new", b"secret") is not None
    await changes.replace(NEW, SecretStr("other"))
    assert await changes.accounts.authenticate("new", b"secret") is None


async def test_an_outbind_keeps_its_password_unless_there_is_another(
    changes: AccountChanges,
) -> None:
    def password() -> str:
        outbind = changes.accounts["new"].outbind
        return outbind.password.get_secret_value() if outbind else ""

    def target(**terms: Any) -> OutbindTarget:
        return OutbindTarget(host="192.0.2.1", **terms)

    account = Account(system_id="new", outbind=target(password="callme"))
    await changes.replace(account, SecretStr("secret"))
    await changes.change("new", {"outbind": target(port=2776)}, None)
    assert password() == "callme"
    shown = Account.model_validate(changes.accounts["new"].model_dump())
    await changes.replace(shown, None)
    assert password() == "callme"
    await changes.change("new", {"outbind": target(password="")}, None)
    assert password() == ""


async def test_what_does_not_go_with_the_accounts_there_are(changes: AccountChanges) -> None:
    await changes.create(NEW, SecretStr("secret"))
    password = SecretStr("p")
    assert await refused(changes.create(NEW, password)) == 409
    assert await refused(changes.create(Account(system_id="x", numbers=("1",)), password)) == 409
    assert await refused(changes.change("new", {"numbers": ("1",)}, None)) == 409
    assert await refused(changes.change("demo", {"active": False}, None)) == 409
    assert await refused(changes.change("demo", {"operator_of_platform": False}, None)) == 409
    assert await refused(changes.change("nobody", {"rate": 1.0}, None)) == 404
    assert await refused(changes.delete("nobody")) == 404
    with pytest.raises(ValidationError):
        await changes.change("new", {"rate": 0}, None)
    assert list(changes.accounts.stored) == ["new"]


async def test_a_number_that_the_file_gives_back_may_be_taken_by_then(
    changes: AccountChanges,
) -> None:
    await changes.change("demo", {"numbers": ()}, None)
    await changes.create(Account(system_id="new", numbers=("1",)), SecretStr("secret"))
    assert await refused(changes.delete("demo")) == 409


async def test_nodes_that_write_at_once_see_each_others_accounts(
    changes: AccountChanges, make_changes: MakeChanges
) -> None:
    nodes = [changes, make_changes(), make_changes()]
    writes = [
        node.create(Account(system_id=f"new{i}", numbers=("2",)), SecretStr("p"))
        for i, node in enumerate(nodes)
    ]
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "AccountRefused",
        "AccountRefused",
        "NoneType",
    ]


async def test_there_are_so_many_accounts_at_most(redis: Client) -> None:
    changes = AccountChanges(Accounts([OPERATOR]), StoredAccounts(redis, most=0))
    assert await refused(changes.create(NEW, SecretStr("p"))) == 409
    changes.accounts.passwords.close()


async def test_who_is_always_too_late_is_told_to_try_again(
    changes: AccountChanges, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def too_late(*_: Any, **__: Any) -> None:
        raise ConflictError

    monkeypatch.setattr(StoredAccounts, "write", too_late)
    assert await refused(changes.create(NEW, SecretStr("p"))) == 503


async def test_what_a_node_cannot_read_it_leaves_alone(
    changes: AccountChanges, redis: Client
) -> None:
    await changes.create(NEW, SecretStr("secret"))
    await redis.hset("{accounts}:records", mapping={"bad": b"{", "worse": b'{"account": 1}'})
    await redis.zadd("{accounts}:changed", {"bad": 2, "worse": 3})
    await redis.set("{accounts}:version", 3)
    await changes.refresh()
    assert {account.system_id for account in changes.accounts} == {"demo", "new"}


async def test_a_redis_that_lost_its_data_has_no_accounts(
    changes: AccountChanges, redis: Client
) -> None:
    await changes.create(NEW, SecretStr("secret"))
    await redis.flushall()
    await changes.refresh()
    assert [account.system_id for account in changes.accounts] == ["demo"]


async def test_no_password_is_in_redis(changes: AccountChanges, redis: Client) -> None:
    await changes.create(NEW, SecretStr("t0ps3cr3"))
    await changes.change("demo", {"rate": 1.0}, SecretStr("an0ther"))
    records = b"".join((await redis.hgetall("{accounts}:records")).values())
    assert b"scrypt$14$" in records
    assert b"t0ps3cr3" not in records
    assert b"an0ther" not in records


def test_a_record_has_all_of_an_account_and_what_is_new_to_it_is_left_out() -> None:
    account = Account(
        system_id="demo",
        networks=("192.0.2.0/24", "2001:db8::/32"),
        bind_types=("receiver",),
        highest_version="3.4",
        outbind={"host": "esme", "password": "callme"},
    )
    stored = StoredAccount(account, "scrypt$...")
    record = encode(stored)
    assert decode(record) == stored
    assert decode(record.replace(b'"rate":', b'"invented":1,"rate":')) == stored
    assert "callme" not in account.model_dump_json()
    assert "callme" not in repr(account)
