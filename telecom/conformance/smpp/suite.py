"""The two suites, as what runs them asks for them: cases, bench, and what is under test."""

from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime
from typing import Final

from telecom.conformance.case import Case, Catalogue
from telecom.conformance.results import Report, Result
from telecom.conformance.run import run_cases
from telecom.conformance.smpp.cases.esme import CASES as ESME_CASES
from telecom.conformance.smpp.cases.smsc import CASES as SMSC_CASES
from telecom.conformance.smpp.esme_under_test import EsmeUnderTest
from telecom.conformance.smpp.settings import Role, Settings
from telecom.conformance.smpp.smsc_under_test import SmscUnderTest

CATALOGUES: Final[dict[Role, Catalogue]] = {Role.ESME: SMSC_CASES, Role.SMSC: ESME_CASES}
"""The cases, by what we are."""

_EXPECTATIONS: Final = 4.0
"""How many times the limit of one expectation a case may take."""


async def results(
    role: Role,
    settings: Settings,
    cases: Iterable[Case],
    *,
    listening: Callable[[int], None] = lambda _: None,
) -> AsyncIterator[Result]:
    """Run cases against the peer, and yield what comes of each.

    `listening` is told the port, once an ESME may connect. Raises `OSError` when we cannot listen.
    """
    limit = settings.timeout * _EXPECTATIONS
    if role is Role.ESME:
        async for result in run_cases(cases, SmscUnderTest(settings), limit):
            yield result
        return
    async with EsmeUnderTest(settings) as bench:
        listening(bench.port)
        async for result in run_cases(cases, bench, limit):
            yield result


async def report(
    role: Role,
    settings: Settings,
    cases: Iterable[Case],
    *,
    subject: str = "",
    told: Callable[[Result], None] = lambda _: None,
    listening: Callable[[int], None] = lambda _: None,
) -> Report:
    """Run cases and report; `told` is called with each result as it comes."""
    started = datetime.now(UTC).isoformat(timespec="seconds")
    ended = []
    async for result in results(role, settings, cases, listening=listening):
        told(result)
        ended.append(result)
    peer = subject or f"{settings.host}:{settings.port}"
    return Report(subject=peer, started=started, results=tuple(ended))
