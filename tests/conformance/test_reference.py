"""An SMSC that is right in everything passes everything."""

import pytest

from telecom.conformance.results import Verdict
from telecom.smpp.versions import InterfaceVersion
from tests.conformance.raw_smsc import RawSmsc
from tests.conformance.runs import names, not_passed, run_against_smsc

NEED_OPTIONS = {"timers", "tls", "outbind"}
"""Families that have tests of their own, with the options that they need."""


@pytest.mark.parametrize("version", [InterfaceVersion.V34, InterfaceVersion.V50])
async def test_it_passes_everything(version: InterfaceVersion) -> None:
    async with RawSmsc() as smsc:
        report = await run_against_smsc(smsc.port, version=version)
    assert not_passed(report) == {}
    assert report.passed
    assert len(report.results) >= 110
    other = "in_5_0" if version is InterfaceVersion.V34 else "in_3_4"
    skipped = names(report, Verdict.SKIP)
    assert {name for name in skipped if name.split(".")[0] not in NEED_OPTIONS} == {
        f"submit_sm.text.255.{other}"
    }


async def test_it_passes_as_an_smsc_of_3_3() -> None:
    async with RawSmsc() as smsc:
        report = await run_against_smsc(smsc.port, version=InterfaceVersion.V33)
    assert not_passed(report) == {}
