"""Runs of the tool as tests want them: against a raw SMSC, or a raw ESME."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any

from telecom.conformance.results import Report, Verdict
from telecom.conformance.smpp.settings import Role, Settings
from telecom.conformance.smpp.suite import CATALOGUES, report
from tests.conformance import raw_smsc

HURRIED = 0.4
"""Seconds that a peer in the same loop has for an answer."""


def settings(port: int, **changes: Any) -> Settings:
    """Return settings for a raw SMSC."""
    fields: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "system_id": "demo",
        "password": "demo",
        "source": raw_smsc.SOURCE,
        "destination": raw_smsc.DESTINATION,
        "failing": raw_smsc.FAILING,
        "replying": raw_smsc.REPLYING,
        "timeout": 5.0,
        "patience": 5.0,
        "quiet": 0.1,
    }
    return Settings(**{**fields, **changes})


async def run_against_smsc(port: int, *only: str, **changes: Any) -> Report:
    """Run cases against the SMSC at a port."""
    cases = CATALOGUES[Role.ESME].selected(only)
    return await report(Role.ESME, settings(port, **changes), cases)


def names(found: Report, *verdicts: Verdict) -> set[str]:
    """Return the cases that ended in one of these ways."""
    return {result.case.name for result in found.results if result.verdict in verdicts}


def not_passed(found: Report) -> dict[str, str]:
    """Return what is neither passed nor skipped, and why."""
    return {
        result.case.name: f"{result.verdict}: {result.says}"
        for result in found.results
        if result.verdict not in (Verdict.PASS, Verdict.SKIP)
    }


def skipped_for(found: Report) -> Iterable[str]:
    """Return why cases were skipped."""
    return {result.reason for result in found.results if result.verdict is Verdict.SKIP}


async def run_against_esme(
    kind: Callable[[int], AbstractAsyncContextManager[Any]], *only: str, **changes: Any
) -> Report:
    """Run cases against an ESME, made with the port that it has to connect to."""
    cases = CATALOGUES[Role.SMSC].selected(only)
    esme: list[AbstractAsyncContextManager[Any]] = []
    started = asyncio.Event()

    def listening(port: int) -> None:
        esme.append(kind(port))
        started.set()

    chosen = settings(0, **changes)
    async with AsyncExitStack() as stack:
        run = asyncio.get_running_loop().create_task(
            report(Role.SMSC, chosen, cases, listening=listening)
        )
        await started.wait()
        await stack.enter_async_context(esme[0])
        return await run
