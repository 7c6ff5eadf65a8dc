"""What a case is, and the ways it can end; nothing here knows a protocol."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Protocol

import msgspec

from telecom.conformance.recording import Recording


class Severity(StrEnum):
    """How much a failure weighs: only what a specification demands makes a run fail."""

    MUST = "must"
    SHOULD = "should"
    INTEROPERABILITY = "interoperability"


class CaseFailed(Exception):
    """The peer did something else than the clause has it do."""

    def __init__(self, expected: str, got: str) -> None:
        super().__init__(f"expected {expected}; got {got}")
        self.expected = expected
        self.got = got


class CannotRun(Exception):
    """The case cannot be run against this peer, or with these options: why."""


class Remark(msgspec.Struct, frozen=True):
    """What the peer may do but should not, beside what its case is about."""

    expected: str
    got: str


class Bench(Protocol):
    """What cases work at: the peer under test, and the connections to it."""

    def begin(self) -> Recording:
        """Make ready for a case; what goes over its connections is in the recording."""

    async def require(self, need: str) -> None:
        """See that a case with this need can be run; raises `CannotRun` if it cannot."""

    async def end(self) -> tuple[Remark, ...]:
        """Close what the case has opened; return what was remarked."""


CaseRun = Callable[[Any], Awaitable[None]]
"""The case itself: it takes the bench, and raises `CaseFailed` or `CannotRun`."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a peer is to do, with the clauses that say so.

    `needs` are what has to be so before it can be run; `patience` is how many times the usual
    limit it may take.
    """

    name: str
    title: str
    clauses: tuple[str, ...]
    run: CaseRun
    severity: Severity = Severity.MUST
    needs: tuple[str, ...] = ()
    patience: float = 1.0

    @property
    def family(self) -> str:
        """What its name begins with."""
        return self.name.partition(".")[0]


class Catalogue:
    """The cases for one kind of peer, in the order in which they are run."""

    def __init__(self) -> None:
        self._cases: dict[str, Case] = {}

    def __iter__(self) -> Iterator[Case]:
        """Go through all of them."""
        return iter(self._cases.values())

    def __len__(self) -> int:
        """Count them."""
        return len(self._cases)

    def add(self, case: Case) -> None:
        """Add a case; raises `ValueError` for a name that is there already."""
        if case.name in self._cases:
            raise ValueError(f"two cases are called {case.name}")
        self._cases[case.name] = case

    def case(
        self,
        name: str,
        title: str,
        *clauses: str,
        severity: Severity = Severity.MUST,
        needs: tuple[str, ...] = (),
        patience: float = 1.0,
    ) -> Callable[[CaseRun], CaseRun]:
        """Declare a function to be a case."""

        def declare(run: CaseRun) -> CaseRun:
            self.add(
                Case(
                    name=name,
                    title=title,
                    clauses=clauses,
                    run=run,
                    severity=severity,
                    needs=needs,
                    patience=patience,
                )
            )
            return run

        return declare

    def selected(self, patterns: Iterable[str]) -> list[Case]:
        """Return the cases that one of the patterns fits, all without a pattern.

        A pattern is a name with wildcards, or what names begin with: `bind`, `submit.*.longest`.
        """
        wanted = tuple(patterns)
        return [case for case in self if not wanted or any(_fits(case, each) for each in wanted)]


def _fits(case: Case, pattern: str) -> bool:
    return fnmatchcase(case.name, pattern) or case.name.startswith(f"{pattern}.")
