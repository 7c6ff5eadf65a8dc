from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.charging.statements import StatementLine, Usage, month_of, statement
from telecom.charging.tariffs import Price, Tariffs

TARIFFS = Tariffs(
    [
        Price("sms-mt", Decimal("0.0123")),
        Price("sms-mt", Decimal("0.02"), operator="Borea"),
        Price("sms-mt", Decimal("3.5"), "CZK", operator="Corvo"),
    ]
)


def used(quantity: int, operator: str = "Alba", **other: str) -> Usage:
    about = {"account": "demo", "month": "2026-11", "service": "sms-mt", **other}
    return Usage(operator=operator, events=1, quantity=quantity, **about)


def test_operators_add_up_to_one_line() -> None:
    lines = statement([used(1000), used(10, "Borea")], TARIFFS)
    assert lines == [StatementLine("demo", "2026-11", "sms-mt", 2, 1010, Decimal("12.50"), "EUR")]


def test_clients_months_and_services_have_their_own_lines() -> None:
    usages = [
        used(1),
        used(2, account="slow"),
        used(3, month="2026-12"),
        used(4, service="number-lookup"),
    ]
    assert [
        (line.account, line.month, line.service, line.quantity)
        for line in statement(usages, TARIFFS)
    ] == [
        ("demo", "2026-11", "number-lookup", 4),
        ("demo", "2026-11", "sms-mt", 1),
        ("demo", "2026-12", "sms-mt", 3),
        ("slow", "2026-11", "sms-mt", 2),
    ]


def test_currencies_are_not_added() -> None:
    lines = statement([used(1), used(2, "Corvo")], TARIFFS)
    assert [(line.quantity, line.amount, line.currency) for line in lines] == [
        (2, Decimal("7.0"), "CZK"),
        (1, Decimal("0.0123"), "EUR"),
    ]


def test_what_has_no_price_is_seen_and_not_taken_for_free() -> None:
    lines = statement([used(5, service="sms-mo")], TARIFFS)
    assert lines == [StatementLine("demo", "2026-11", "sms-mo", 1, 5, None, None)]


@pytest.mark.parametrize(
    ("at", "month"),
    [(0.0, "1970-01"), (1_764_547_199.999, "2025-11"), (1_764_547_200.0, "2025-12")],
)
def test_months_are_in_utc(at: float, month: str) -> None:
    assert month_of(at) == month


@settings(derandomize=True, max_examples=100, deadline=None)
@given(
    usages=st.lists(
        st.builds(
            used,
            st.integers(1, 10**9),
            st.sampled_from(["Alba", "Borea", "Corvo"]),
            account=st.sampled_from(["demo", "slow"]),
            service=st.sampled_from(["sms-mt", "sms-mo"]),
        )
    )
)
def test_nothing_used_is_left_out_or_counted_twice(usages: list[Usage]) -> None:
    lines = statement(usages, TARIFFS)
    assert sum(line.events for line in lines) == len(usages)
    assert sum(line.quantity for line in lines) == sum(usage.quantity for usage in usages)
    assert lines == statement(reversed(usages), TARIFFS)
