"""The GT rule: an MT-ForwardSM leaves from the global title that asked for its routing.

What an SMS firewall and an SMS router check of the two dialogues of one short message,
3GPP TS 33.204 annex D and TS 29.002 23.3.6: the SCCP calling GT and the MAP service centre
address of each, compared four ways, within the timer T1.
"""

from collections import Counter, OrderedDict
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

RECORDS_PER_IMSI: Final = 1000
"""How many unused records one IMSI may have; the oldest is forgotten first.

A sender may ask for as many messages at once as its window holds before it delivers the first.
"""


class Verdict(StrEnum):
    """What the rule says of one MT dialogue; anything but `MATCH` must not pass."""

    MATCH = "match"
    SCCP_MISMATCH = "sccp_mismatch"
    MAP_MISMATCH = "map_mismatch"
    SRI_CONFLICT = "sri_conflict"
    FSM_CONFLICT = "fsm_conflict"
    UNSOLICITED = "unsolicited"
    EXPIRED = "expired"


class SriRecord(msgspec.Struct, frozen=True, gc=False):
    """An answered sendRoutingInfoForSM; `at` is when it was sent (or received), in seconds.

    `sccp_gt` is the SCCP calling GT, `map_gt` the MAP service centre address, `imsi` the IMSI
    or the MT correlation id of the answer, `node` its network node number: digits all of them.
    An unanswered one has neither `imsi` nor `node`.
    """

    msisdn: str
    sccp_gt: str
    map_gt: str
    at: float
    imsi: str | None = None
    node: str | None = None


class FsmRecord(msgspec.Struct, frozen=True, gc=False):
    """An MT-ForwardSM about to leave (or just received) at `at`, in seconds.

    `imsi` is its SM-RP-DA, `map_gt` its SM-RP-OA (a service centre address; empty for
    noSM-RP-OA), `node` the SCCP called GT and `sccp_gt` the calling one.
    """

    imsi: str
    node: str
    sccp_gt: str
    map_gt: str
    at: float


def judge(sri: SriRecord | None, fsm: FsmRecord, t1: float) -> Verdict:
    """Judge an MT-ForwardSM by the record it wants to use up; `t1` in seconds.

    The request is checked before what follows it, so the first of the two that is wrong names
    the verdict. A message that differs from its request on both layers is `SCCP_MISMATCH`
    where its own layers agree (it came from elsewhere), else `FSM_CONFLICT`.
    """
    if sri is None or sri.imsi != fsm.imsi or sri.node != fsm.node:
        return Verdict.UNSOLICITED
    if fsm.at - sri.at >= t1:
        return Verdict.EXPIRED
    if sri.sccp_gt != sri.map_gt:
        return Verdict.SRI_CONFLICT
    if fsm.sccp_gt == sri.sccp_gt:
        return Verdict.MATCH if fsm.map_gt == sri.map_gt else Verdict.MAP_MISMATCH
    if fsm.map_gt in (sri.map_gt, fsm.sccp_gt):
        return Verdict.SCCP_MISMATCH
    return Verdict.FSM_CONFLICT


class Correlation:
    """The rule as the receiving network applies it (SMS firewall, home routing), in memory.

    It holds at most `limit` records in all and `RECORDS_PER_IMSI` for one IMSI. Only a match
    uses a record up: a stranger's message must not spoil the record of an honest sender.
    """

    def __init__(self, *, t1: float, limit: int = 100_000) -> None:
        self._t1 = t1
        self._limit = limit
        self._records: OrderedDict[str, list[SriRecord]] = OrderedDict()
        self._held = 0
        self._counts: Counter[Verdict] = Counter()

    def __len__(self) -> int:
        return self._held

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """How many MT-ForwardSM got each verdict so far; a verdict not given yet counts 0."""
        return self._counts

    def sri_answered(self, sri: SriRecord) -> None:
        """Remember a request that was answered with an IMSI and a node."""
        if sri.imsi is None:
            raise ValueError("the record of an answered request has an IMSI")
        records = self._records.setdefault(sri.imsi, [])
        self._records.move_to_end(sri.imsi)
        records.append(sri)
        self._held += 1
        if len(records) > RECORDS_PER_IMSI:
            self._forget(sri.imsi, 0)
        elif self._held > self._limit:
            self._forget(next(iter(self._records)), 0)

    def fsm_received(self, fsm: FsmRecord) -> Verdict:
        """Judge an MT-ForwardSM that opens a dialogue, and use up the record it matches.

        With several records for its IMSI, it is held to the newest that it does not match.
        """
        records = self._records.get(fsm.imsi, [])
        verdict = Verdict.UNSOLICITED
        for index, sri in enumerate(records):
            verdict = judge(sri, fsm, self._t1)
            if verdict is Verdict.MATCH:
                self._forget(fsm.imsi, index)
                break
        self._counts[verdict] += 1
        return verdict

    def _forget(self, imsi: str, index: int) -> None:
        records = self._records[imsi]
        del records[index]
        self._held -= 1
        if not records:
            del self._records[imsi]
