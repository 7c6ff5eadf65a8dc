"""The lab's numbering: who holds a number, which IMSI it has, which node a global title is."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from telecom.numbering.operators import Operator
from telecom.numbering.prefixes import PrefixTable

IMSI_DIGITS: Final = 15
"""TS 23.003 2.2."""
CORRELATION_MARK: Final = "9"
"""What an MSIN never begins with here, so that an MT correlation id does (TS 23.040 3.2.7a)."""


class NetworkError(ValueError):
    """The operators cannot make a network together; the text says which and why."""


class NodeKind(StrEnum):
    """What stands behind a global title."""

    HLR = "hlr"
    MNP_SRF = "mnp_srf"
    SMS_ROUTER = "sms_router"
    MSC = "msc"


class Node(msgspec.Struct, frozen=True, gc=False):
    """A node of an operator, and its global title."""

    kind: NodeKind
    operator: Operator
    gt: str


class _Range(msgspec.Struct, frozen=True, gc=False):
    """A range of numbers; `mark` is the MSIN digit that stands for it, `mnp_srf` asked about it."""

    operator: Operator
    prefix: str
    mark: str
    mnp_srf: Node

    @property
    def free_digits(self) -> int:
        """How many digits tell the numbers of the range apart."""
        return self.operator.number_length - len(self.prefix)


class Network:
    """The operators in the order of the configuration, and the numbering they make together.

    An IMSI says which MSISDN it is of, whoever has the subscription: MCC and MNC, one digit for
    the MSISDN's range, then the digits behind the range's prefix. Raises `NetworkError` where
    that is not possible.
    """

    def __init__(self, operators: Iterable[Operator]) -> None:
        self.operators = tuple(operators)
        self.nodes = tuple(node for operator in self.operators for node in nodes_of(operator))
        self._node_by_gt = {node.gt: node for node in self.nodes}
        if len(self._node_by_gt) < len(self.nodes):
            raise NetworkError("every node of every operator has a global title of its own")
        ranges = _ranges_of(self.operators)
        self._range_by_mark = {found.mark: found for found in ranges}
        self._ranges = PrefixTable((found.prefix, found) for found in ranges)
        self._by_mccmnc = {operator.mccmnc: operator for operator in self.operators}
        self._mccmnc_lengths = sorted({len(mccmnc) for mccmnc in self._by_mccmnc})

    def operator(self, name: str) -> Operator | None:
        """Return the operator with this name."""
        return next((found for found in self.operators if found.name == name), None)

    def holder(self, msisdn: str) -> Operator | None:
        """Return the operator whose range a complete MSISDN is of."""
        found = self._ranges.find(msisdn)
        if found is None or len(msisdn) != found.operator.number_length:
            return None
        return found.operator if msisdn.isdecimal() else None  # semi-octets can be * and # too

    def onwards(self, operator: Operator, steps: int) -> Operator:
        """Return the operator that stands `steps` further in the configuration, in a circle."""
        if not steps:
            return operator
        return self.operators[(self.operators.index(operator) + steps) % len(self.operators)]

    def imsi(self, msisdn: str, subscription: Operator) -> str:
        """Return the IMSI of an MSISDN whose subscription is with an operator.

        Raises `NetworkError` for an MSISDN of no range.
        """
        found = self._ranges.find(msisdn)
        if found is None:
            raise NetworkError(f"{msisdn} is in nobody's range")
        start = subscription.mccmnc + found.mark
        return start + msisdn[len(found.prefix) :].zfill(IMSI_DIGITS - len(start))

    def msisdn(self, imsi: str) -> str | None:
        """Return the MSISDN that an IMSI is of, if it can be one of this network's."""
        if len(imsi) != IMSI_DIGITS or not imsi.isdecimal():
            return None
        for length in self._mccmnc_lengths:
            found = self._range_by_mark.get(imsi[length])
            if found is not None and imsi[:length] in self._by_mccmnc:
                return found.prefix + imsi[-found.free_digits :]
        return None

    def node(self, gt: str) -> Node | None:
        """Return what stands behind a global title.

        A subscriber's number leads to the MNP-SRF of the range's holder: TS 23.066 annex B.
        """
        node = self._node_by_gt.get(gt)
        if node is None and (found := self._ranges.find(gt)) is not None:
            return found.mnp_srf
        return node


def nodes_of(operator: Operator) -> list[Node]:
    """Return the nodes of an operator."""
    single = {
        NodeKind.HLR: operator.hlr,
        NodeKind.MNP_SRF: operator.mnp_srf,
        NodeKind.SMS_ROUTER: operator.sms_router,
    }
    missing = [kind.value for kind, gt in single.items() if not gt]
    if missing or not operator.msc:
        raise NetworkError(f"{operator.name}: no global title for {(*missing, 'msc')[0]}")
    return [
        *(Node(kind, operator, gt) for kind, gt in single.items()),
        *(Node(NodeKind.MSC, operator, gt) for gt in operator.msc),
    ]


def _ranges_of(operators: tuple[Operator, ...]) -> list[_Range]:
    ranges = [(operator, prefix) for operator in operators for prefix in operator.ranges]
    if not 0 < len(ranges) <= int(CORRELATION_MARK):
        raise NetworkError(f"1 to {CORRELATION_MARK} ranges of numbers, {len(ranges)} are given")
    room = IMSI_DIGITS - 1 - max(len(operator.mccmnc) for operator in operators)
    for operator, prefix in ranges:
        if not 0 < operator.number_length - len(prefix) <= room:
            raise NetworkError(f"{operator.name}: {prefix} leaves 1 to {room} digits of a number")
    return [
        _Range(operator, prefix, str(mark), Node(NodeKind.MNP_SRF, operator, operator.mnp_srf))
        for mark, (operator, prefix) in enumerate(ranges)
    ]
