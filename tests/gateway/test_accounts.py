import hmac

import pytest
from pydantic import SecretStr

from telecom.gateway.accounts import _NOBODYS_PASSWORD, Accounts
from telecom.gateway.config import Account

DEMO = Account(system_id="demo", password=SecretStr("secret"), numbers=("38591000100",))
OTHER = Account(system_id="other", password=SecretStr("p"), numbers=("38591000200",))


def test_name_and_password_belong_together() -> None:
    accounts = Accounts([DEMO, OTHER])
    assert accounts.authenticate("demo", b"secret") is DEMO
    assert accounts.authenticate("demo", b"p") is None
    assert accounts.authenticate("nobody", b"secret") is None
    assert accounts.authenticate("", b"") is None


def test_a_password_is_compared_in_constant_time_for_names_that_are_none_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = []

    def compare(expected: bytes, given: bytes) -> bool:
        compared.append(given)
        return expected == given

    monkeypatch.setattr(hmac, "compare_digest", compare)
    accounts = Accounts([DEMO])
    accounts.authenticate("demo", b"1")
    accounts.authenticate("nobody", b"2")
    assert compared == [b"1", b"2"]


def test_the_password_of_no_account_opens_nothing() -> None:
    assert Accounts([DEMO]).authenticate("nobody", _NOBODYS_PASSWORD) is None


def test_a_number_has_one_owner() -> None:
    accounts = Accounts([DEMO, OTHER])
    assert accounts.owner_of("38591000200") == "other"
    assert accounts.owner_of("1") is None
    assert Accounts([DEMO], default_owner="demo").owner_of("1") == "demo"


def test_a_secret_is_not_shown() -> None:
    assert "secret" not in repr(DEMO)
