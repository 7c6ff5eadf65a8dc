import asyncio
import hmac

import pytest
from pydantic import SecretStr

from telecom.gateway.access import passwords
from telecom.gateway.access.account import Account, AccountOfFile
from telecom.gateway.access.accounts import Accounts, StoredAccount
from telecom.gateway.access.passwords import Passwords, hash_password, verify
from telecom.gateway.access.turns import TooManyWaiting, Turns
from telecom.net.tasks import spawn
from telecom.store.limits import Bucket

DEMO = AccountOfFile(system_id="demo", password=SecretStr("secret"), numbers=("38591000100",))
OTHER = AccountOfFile(system_id="other", password=SecretStr("p"), numbers=("38591000200",))
HASH_OF_NEW = hash_password(b"new")


def stored(system_id: str, password: str = HASH_OF_NEW, **terms: object) -> StoredAccount:
    return StoredAccount(Account(system_id=system_id, **terms), password)


async def test_name_and_password_belong_together() -> None:
    accounts = Accounts([DEMO, OTHER])
    assert await accounts.authenticate("demo", b"secret") == accounts["demo"]
    assert await accounts.authenticate("demo", b"p") is None
    assert await accounts.authenticate("nobody", b"secret") is None
    assert await accounts.authenticate("", b"") is None


async def test_what_is_wrong_costs_a_whole_hash_for_names_that_are_none_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hashes = []

    def counted(password: bytes, hashed: str) -> bool:
        hashes.append(password)
        return verify(password, hashed)

    monkeypatch.setattr(passwords, "verify", counted)
    accounts = Accounts([DEMO])
    accounts.take({"stored": stored("stored")})
    for name in ("demo", "nobody", "stored"):
        assert await accounts.authenticate(name, b"wrong") is None
    assert hashes == [b"wrong"] * 3


async def test_what_was_found_right_costs_no_hash_again(monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = Accounts([])
    accounts.take({"stored": stored("stored")})
    assert await accounts.authenticate("stored", b"new") == accounts["stored"]
    monkeypatch.delattr(passwords, "verify")
    assert await accounts.authenticate("stored", b"new") == accounts["stored"]


async def test_every_comparison_is_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    compare_digest = hmac.compare_digest

    def compare(expected: bytes, given: bytes) -> bool:
        compared.append(given)
        return compare_digest(expected, given)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    accounts = Accounts([DEMO])
    await accounts.authenticate("demo", b"secret")
    await accounts.authenticate("nobody", b"2")
    assert len(compared) == 3


async def test_the_hash_of_no_account_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_NOBODYS", HASH_OF_NEW)
    assert await Accounts([DEMO]).authenticate("nobody", b"new") is None


async def test_a_changed_password_is_the_only_one_from_then_on() -> None:
    accounts = Accounts([DEMO])
    accounts.take({"demo": stored("demo")})
    assert await accounts.authenticate("demo", b"secret") is None
    assert await accounts.authenticate("demo", b"new") is not None
    accounts.take({"demo": stored("demo", hash_password(b"newer"))})
    assert await accounts.authenticate("demo", b"new") is None
    accounts.take({"demo": None})
    assert await accounts.authenticate("demo", b"newer") is None
    assert await accounts.authenticate("demo", b"secret") is not None


async def test_so_many_checks_wait_at_a_time() -> None:
    accounts = Accounts([DEMO])
    accounts.passwords._turns = Turns(0, 0)
    assert await accounts.authenticate("demo", b"secret") is not None
    with pytest.raises(TooManyWaiting):
        await accounts.authenticate("demo", b"wrong")


async def test_a_flood_from_one_place_keeps_nobody_else_waiting() -> None:
    accounts = Accounts([])
    accounts.take({"stored": stored("stored")})
    wrong = accounts.authenticate
    flood = [spawn(wrong(f"n{i}", b"x", origin="192.0.2.1"), name="wrong") for i in range(40)]
    await asyncio.sleep(0)
    assert await accounts.authenticate("stored", b"new", origin="198.51.100.1") is not None
    assert await accounts.passwords.hash(SecretStr("new"))
    assert sum(not task.done() for task in flood) > 10
    for task in flood:
        task.cancel()
    await asyncio.gather(*flood, return_exceptions=True)
    accounts.passwords.close()


def test_a_hash_is_salted_and_names_its_parameters() -> None:
    one, another = hash_password(b"secret"), hash_password(b"secret")
    assert one != another
    assert one.startswith("scrypt$14$8$1$")
    assert verify(b"secret", one)
    assert not verify(b"Secret", one)
    with pytest.raises(ValueError, match="a hash by scrypt"):
        verify(b"secret", one.replace("scrypt", "plain"))


def test_a_password_is_not_kept_as_it_was_given() -> None:
    kept = Passwords()
    kept.set_plain("demo", SecretStr("secret"))
    assert "secret" not in repr(vars(kept))


def test_a_number_has_one_owner() -> None:
    accounts = Accounts([DEMO, OTHER])
    assert accounts.owner_of("38591000200") == "other"
    assert accounts.owner_of("1") is None
    assert Accounts([DEMO], default_owner="demo").owner_of("1") == "demo"


def test_what_is_stored_goes_before_the_file_and_is_heard_of() -> None:
    accounts = Accounts([DEMO, OTHER])
    heard: list[frozenset[str]] = []
    accounts.watch(heard.append)
    accounts.take({"demo": stored("demo", rate=7), "new": stored("new", numbers=("1",))})
    assert (accounts["demo"].rate, accounts.owner_of("38591000100")) == (7, None)
    assert accounts.owner_of("1") == "new"
    accounts.take({"new": stored("new", numbers=("1",))})
    accounts.take({"demo": None, "new": None})
    assert accounts["demo"].numbers == DEMO.numbers
    assert accounts.get("new") is None
    assert accounts.owner_of("1") is None
    assert heard == [{"demo", "new"}, {"demo", "new"}]


def test_what_a_message_is_held_to_follows_the_account() -> None:
    accounts = Accounts([DEMO])
    assert accounts.sender("demo").bucket == Bucket("account:demo:100", 100, 100)
    assert accounts.sender("demo").terms.sources is None
    accounts.take({"demo": stored("demo", rate=0.5, sources=("Shop",), active=False)})
    sender = accounts.sender("demo")
    assert sender.bucket == Bucket("account:demo:0.5", 0.5, 1)
    assert (sender.terms.sources, sender.terms.active) == ({"Shop"}, False)
    assert sender.default_source.digits == ""
    nobody = accounts.sender("nobody")
    assert (nobody.terms.active, nobody.bucket.rate) == (False, 0)


def test_a_secret_is_not_shown() -> None:
    assert "secret" not in repr(DEMO)
