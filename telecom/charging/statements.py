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
    events: int
    quantity: int


class StatementLine(msgspec.Struct, frozen=True):
    """One line: a client, a month, a service.

    `events` are billable events, `quantity` what they come to in units of the service. `amount`
    is exact, in `currency`; without a price both are None, and such usage has a line of its own,
    so that it is seen and not taken for free.
    """

    account: str
    month: str
    service: str
    events: int
    quantity: int
    amount: Decimal | None = None
    currency: str | None = None


def month_of(at: float) -> str:
    """Return the month, in UTC, that a time in seconds since 1970 is charged in."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m")


def statement(usages: Iterable[Usage], tariffs: Tariffs) -> list[StatementLine]:
    """Return the lines for what was used, by client, month, service and currency, in that order."""
    lines: dict[tuple[str, str, str, str], StatementLine] = {}
    for usage in usages:
        line = _line(usage, tariffs)
        key = (line.account, line.month, line.service, line.currency or "")
        lines[key] = _sum(lines[key], line) if key in lines else line
    return [lines[key] for key in sorted(lines)]


def _line(usage: Usage, tariffs: Tariffs) -> StatementLine:
    price = tariffs.price(usage.service, account=usage.account, operator=usage.operator)
    used = (usage.account, usage.month, usage.service, usage.events, usage.quantity)
    if price is None:
        return StatementLine(*used)
    return StatementLine(*used, price.amount * usage.quantity, price.currency)


def _sum(first: StatementLine, second: StatementLine) -> StatementLine:
    amount = None
    if first.amount is not None and second.amount is not None:
        amount = first.amount + second.amount
    return msgspec.structs.replace(
        first,
        events=first.events + second.events,
        quantity=first.quantity + second.quantity,
        amount=amount,
    )
