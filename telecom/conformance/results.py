"""What came of the cases of a run."""

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum

import msgspec

from telecom.conformance.case import Case, Remark
from telecom.conformance.recording import Octets


class Verdict(StrEnum):
    """How a case ended."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    """The peer broke a rule that it must keep."""
    WARN = "warn"
    """It did what it may, but should not."""
    SKIP = "skip"
    """The case could not be run; the reason says why."""
    ERROR = "error"
    """The tool's own fault."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one case."""

    case: Case
    verdict: Verdict
    seconds: float
    reason: str = ""
    """Why it was skipped, or what the tool did wrong."""
    remarks: tuple[Remark, ...] = ()
    """What was expected and what came instead; first what ended the case."""
    exchange: tuple[Octets, ...] = ()

    @property
    def says(self) -> str:
        """In one line why it is no pass; empty for one that is."""
        if self.reason:
            return self.reason
        return "; ".join(f"expected {each.expected}, got {each.got}" for each in self.remarks)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A run: against what, when (ISO 8601), and what came of each case."""

    subject: str
    started: str
    results: tuple[Result, ...]

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many cases ended in each way."""
        counted = Counter(result.verdict for result in self.results)
        return {verdict: counted[verdict] for verdict in Verdict}

    @property
    def passed(self) -> bool:
        """Whether nothing failed; a run in which nothing could be run has not passed."""
        counts = self.counts
        ran = counts[Verdict.PASS] + counts[Verdict.WARN]
        return bool(ran) and not counts[Verdict.FAIL] and not counts[Verdict.ERROR]

    def families(self) -> Iterator[tuple[str, list[Result]]]:
        """Go through the families in the order of their first cases."""
        found: dict[str, list[Result]] = {}
        for result in self.results:
            found.setdefault(result.case.family, []).append(result)
        yield from found.items()
