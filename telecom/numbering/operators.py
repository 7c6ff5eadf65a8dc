"""Mobile network operators: which one holds a number, an IMSI (E.212) or a global title."""

from collections.abc import Iterable
from typing import Annotated

import msgspec

from telecom.numbering.prefixes import PrefixTable

Digits = Annotated[str, msgspec.Meta(pattern="^[0-9]+$")]
OptionalDigits = Annotated[str, msgspec.Meta(pattern="^[0-9]*$")]


class Operator(msgspec.Struct, frozen=True, gc=False):
    """A mobile network operator.

    `ranges` are the E.164 prefixes of its numbers, each `number_length` digits long; `country` is
    ISO 3166-1 alpha-2. `hlr`, `msc` and `sms_router` are its nodes' global titles, all of which,
    and any other that begins with `gt_prefix`, belong to it. What is read from a file is checked
    against the patterns.
    """

    name: str
    country: Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")]
    mccmnc: Annotated[str, msgspec.Meta(pattern="^[0-9]{5,6}$")]
    ranges: tuple[Digits, ...]
    number_length: Annotated[int, msgspec.Meta(ge=7, le=15)]
    gt_prefix: OptionalDigits
    hlr: Digits
    msc: tuple[Digits, ...]
    mnp_srf: OptionalDigits = ""
    sms_router: OptionalDigits = ""

    @property
    def nodes(self) -> tuple[str, ...]:
        """The global titles of all its nodes."""
        return tuple(filter(None, (self.hlr, *self.msc, self.mnp_srf, self.sms_router)))


class Directory:
    """All operators, by what tells them apart."""

    def __init__(self, operators: Iterable[Operator]) -> None:
        self.operators = tuple(operators)
        self._by_range = PrefixTable(
            (prefix, operator) for operator in self.operators for prefix in operator.ranges
        )
        self._by_imsi = PrefixTable((operator.mccmnc, operator) for operator in self.operators)
        self._by_gt = PrefixTable(
            (title, operator)
            for operator in self.operators
            for title in (operator.gt_prefix, *operator.nodes)
            if title
        )
        self._sms_routers = frozenset(
            operator.sms_router for operator in self.operators if operator.sms_router
        )

    def by_msisdn(self, msisdn: str) -> Operator | None:
        """Return the range holder of a number; None also for one that is too long or too short."""
        operator = self._by_range.find(msisdn)
        return operator if operator and len(msisdn) == operator.number_length else None

    def by_imsi(self, imsi: str) -> Operator | None:
        """Return the operator whose MCC and MNC an IMSI begins with."""
        return self._by_imsi.find(imsi)

    def by_gt(self, digits: str) -> Operator | None:
        """Return the operator that a node's global title (E.164 digits) belongs to."""
        return self._by_gt.find(digits)

    def is_sms_router(self, digits: str) -> bool:
        """Return whether a global title is that of an SMS router (home routing)."""
        return digits in self._sms_routers
