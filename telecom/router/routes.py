"""Routes: which way a destination number goes, by its longest known prefix."""

from collections.abc import Iterable, Iterator
from typing import Final, Literal

import msgspec

from telecom.numbering.prefixes import PrefixTable

LONGEST_PREFIX: Final = 15
"""An E.164 number has no more digits, E.164 6.1."""


class RouteError(ValueError):
    """A route, or the table they make, is not valid; the text says which and why."""


class CallingGt(msgspec.Struct, frozen=True, gc=False):
    """A global title that a route's dialogues leave from, and its part of the traffic."""

    gt: str
    share: int = 1


class Route(msgspec.Struct, frozen=True):
    """A way to a destination: over SS7 to an operator, or over SMPP to an upstream SMSC.

    `prefixes` are the leading digits of the international numbers it takes. An "ss7" route
    has `calling_gts`, an "smpp" route the name of its `upstream`. `rate_limit` is in messages
    per second, None for no limit.
    """

    name: str
    prefixes: tuple[str, ...]
    operator: str
    kind: Literal["ss7", "smpp"] = "ss7"
    calling_gts: tuple[CallingGt, ...] = ()
    upstream: str | None = None
    rate_limit: float | None = None

    def __post_init__(self) -> None:
        wrong = [prefix for prefix in self.prefixes if not _is_prefix(prefix)]
        if wrong or not self.prefixes:
            raise RouteError(f"route {self.name}: {wrong or 'no prefixes'}: 1 to 15 digits wanted")
        if self.kind == "ss7" and not self.calling_gts:
            raise RouteError(f"route {self.name}: an ss7 route has at least one calling GT")
        if any(calling.share < 1 for calling in self.calling_gts):
            raise RouteError(f"route {self.name}: the share of a calling GT is 1 or more")
        if self.kind == "smpp" and self.upstream is None:
            raise RouteError(f"route {self.name}: an smpp route names its upstream")

    def calling_gt(self, fraction: float) -> str:
        """Pick a calling GT by its share; `fraction` is a number in [0, 1), drawn by the caller.

        The GT is picked once, for the sendRoutingInfoForSM; the MT-ForwardSM takes that one.
        """
        mark = fraction * sum(calling.share for calling in self.calling_gts)
        for calling in self.calling_gts:
            mark -= calling.share
            if mark < 0:
                return calling.gt
        raise ValueError(f"route {self.name}: no calling GT at {fraction}")


class Routes:
    """All routes, by prefix; immutable: a change of configuration makes a new table."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = tuple(routes)
        by_prefix: dict[str, Route] = {}
        for route in self._routes:
            for prefix in route.prefixes:
                other = by_prefix.setdefault(prefix, route)
                if other is not route:
                    raise RouteError(f"routes {other.name} and {route.name}: both take {prefix}")
        self._by_prefix = PrefixTable(by_prefix.items())

    def __iter__(self) -> Iterator[Route]:
        """Go through all routes, in the order of the configuration."""
        return iter(self._routes)

    def find(self, digits: str) -> Route | None:
        """Return the route with the longest prefix of an international number, if any."""
        return self._by_prefix.find(digits)


def _is_prefix(prefix: str) -> bool:
    return prefix.isascii() and prefix.isdigit() and len(prefix) <= LONGEST_PREFIX
