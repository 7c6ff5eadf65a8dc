"""Runs cases one after the other: each ends, whatever the peer does."""

import asyncio
from collections.abc import AsyncIterator, Iterable

from telecom.conformance.case import Bench, CannotRun, Case, CaseFailed, Remark, Severity
from telecom.conformance.results import Result, Verdict


async def run_cases(cases: Iterable[Case], bench: Bench, limit: float) -> AsyncIterator[Result]:
    """Run cases and yield what comes of each.

    `limit` is how long one may take, in seconds, its needs apart; one with more `patience` takes
    so many times as long.
    """
    for case in cases:
        yield await run_case(case, bench, limit)


async def run_case(case: Case, bench: Bench, limit: float) -> Result:
    """Run one case."""
    recording = bench.begin()
    ended: list[Remark] = []
    reason = ""
    try:
        verdict = await _verdict(case, bench, limit * case.patience)
    except CaseFailed as failed:
        verdict = Verdict.FAIL if case.severity is Severity.MUST else Verdict.WARN
        ended = [Remark(failed.expected, failed.got)]
    except CannotRun as unmet:
        verdict, reason = Verdict.SKIP, str(unmet)
    except Exception as error:  # noqa: BLE001 - a bug of one case must not end the run
        verdict, reason = Verdict.ERROR, f"{type(error).__name__}: {error}"
    remarks = await bench.end()
    if verdict is Verdict.PASS and remarks:
        verdict = Verdict.WARN
    return Result(
        case=case,
        verdict=verdict,
        seconds=recording.seconds,
        reason=reason,
        remarks=(*ended, *remarks) if verdict in _TOLD else (),
        exchange=recording.exchange(),
    )


_TOLD = (Verdict.FAIL, Verdict.WARN)


async def _verdict(case: Case, bench: Bench, limit: float) -> Verdict:
    for need in case.needs:
        await bench.require(need)
    try:
        async with asyncio.timeout(limit):
            await case.run(bench)
    except TimeoutError:
        raise CaseFailed(f"an end within {limit:g} s", "none") from None
    return Verdict.PASS
