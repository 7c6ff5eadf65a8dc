"""Statements: what a client used in a month, and what it costs."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from telecom.charging.tariffs import Tariffs


class Usage(msgspec.Struct, frozen=True, gc=False):
    """How much of a service an account used with an operator in a month (``YYYY-MM``)."""

    account: str
    month: str
    service: str
    operator: str
    quantity: int


class StatementLine(msgspec.Struct, frozen=True):
    """One line: a client, a month, a service.

    `amount` is exact, in `currency`; without a price both are None, and such usage has a line
    of its own, so that it is seen and not taken for free.
    """

    account: str
    month: str
    service: str
    quantity: int
    amount: Decimal | None = None
    currency: str | None = None


def month_of(at: float) -> str:
    """Return the month, in UTC, that a time in seconds since 1970 is charged in."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m")


def statement(usages: Iterable[Usage], tariffs: Tariffs) -> list[StatementLine]:
    """Return the lines for what was used, by client, month, service and currency, in that order."""
    quantities: dict[tuple[str, str, str, str], int] = {}
    amounts: dict[tuple[str, str, str, str], Decimal] = {}
    for usage in usages:
        price = tariffs.price(usage.service, account=usage.account, operator=usage.operator)
        currency = price.currency if price else ""
        key = (usage.account, usage.month, usage.service, currency)
        quantities[key] = quantities.get(key, 0) + usage.quantity
        if price:
            amounts[key] = amounts.get(key, Decimal(0)) + price.amount * usage.quantity
    return [
        StatementLine(*key[:3], quantities[key], amounts.get(key), key[3] or None)
        for key in sorted(quantities)
    ]
