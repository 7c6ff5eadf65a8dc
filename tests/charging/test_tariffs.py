from decimal import Decimal

import pytest

from telecom.charging.tariffs import Price, TariffError, Tariffs

ANYBODY = Price("sms-mt", Decimal("0.05"))
TO_ALBA = Price("sms-mt", Decimal("0.04"), operator="Alba")
OF_DEMO = Price("sms-mt", Decimal("0.03"), account="demo")
OF_DEMO_TO_ALBA = Price("sms-mt", Decimal("0.02"), account="demo", operator="Alba")


@pytest.mark.parametrize(
    ("account", "operator", "price"),
    [
        ("demo", "Alba", OF_DEMO_TO_ALBA),
        ("demo", "Borea", OF_DEMO),
        ("slow", "Alba", TO_ALBA),
        ("slow", "Borea", ANYBODY),
    ],
)
def test_the_price_that_says_most_holds(account: str, operator: str, price: Price) -> None:
    tariffs = Tariffs([ANYBODY, TO_ALBA, OF_DEMO, OF_DEMO_TO_ALBA])
    assert tariffs.price("sms-mt", account=account, operator=operator) is price


def test_the_account_goes_before_the_operator() -> None:
    tariffs = Tariffs([TO_ALBA, OF_DEMO])
    assert tariffs.price("sms-mt", account="demo", operator="Alba") is OF_DEMO


def test_no_price_is_none() -> None:
    assert Tariffs([TO_ALBA]).price("sms-mt", account="demo", operator="Borea") is None
    assert Tariffs([TO_ALBA]).price("sms-mo", account="demo", operator="Alba") is None


@pytest.mark.parametrize("service", ["sms", "push"])
def test_only_what_is_charged_has_a_price(service: str) -> None:
    with pytest.raises(TariffError, match=f"{service}: no service that is charged"):
        Tariffs([Price(service, Decimal(1))])


def test_one_thing_has_one_price() -> None:
    with pytest.raises(TariffError, match="two prices for any account and Alba operator"):
        Tariffs([TO_ALBA, Price("sms-mt", Decimal(9), operator="Alba")])
