"""Tariffs: what one unit of a service costs which client."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from telecom.charging.catalogue import BY_KEY


class TariffError(ValueError):
    """A price of a service that is not sold, or a second price for the same."""


class Price(msgspec.Struct, frozen=True):
    """The price of one unit of a service; an `account` or `operator` of None is any of them."""

    service: str
    amount: Decimal
    currency: str = "EUR"
    account: str | None = None
    operator: str | None = None


class Tariffs:
    """The price list: the price that says most about client and operator is the one that holds.

    A price for an account goes before a price for an operator. Making it raises `TariffError`
    for a service that the catalogue does not charge, and for two prices of the same.
    """

    def __init__(self, prices: Iterable[Price]) -> None:
        self._prices: dict[tuple[str, str | None, str | None], Price] = {}
        for price in prices:
            service = BY_KEY.get(price.service)
            if service is None or service.event is None:
                raise TariffError(f"{price.service}: no service that is charged")
            key = (price.service, price.account, price.operator)
            if self._prices.setdefault(key, price) is not price:
                raise TariffError(
                    f"{price.service}: two prices for {price.account or 'any'} "
                    f"account and {price.operator or 'any'} operator"
                )

    def price(self, service: str, *, account: str, operator: str) -> Price | None:
        """Return what a unit costs, or None where no price was agreed."""
        for key in (
            (service, account, operator),
            (service, account, None),
            (service, None, operator),
            (service, None, None),
        ):
            if key in self._prices:
                return self._prices[key]
        return None
