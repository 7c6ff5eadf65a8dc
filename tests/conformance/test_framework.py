"""How cases are chosen and end, what is recorded, and the reports."""

import asyncio
import json
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from rich.console import Console

from telecom.conformance.case import (
    CannotRun,
    Case,
    CaseFailed,
    CaseRun,
    Catalogue,
    Remark,
    Severity,
)
from telecom.conformance.pics import as_pics
from telecom.conformance.recording import MOST_OCTETS, Recording
from telecom.conformance.report_html import as_html
from telecom.conformance.report_json import as_json
from telecom.conformance.report_junit import as_junit
from telecom.conformance.report_table import as_tables
from telecom.conformance.results import Report, Result, Verdict
from telecom.conformance.run import run_case
from telecom.conformance.smpp.cases.esme import CASES as ESME_CASES
from telecom.conformance.smpp.cases.smsc import CASES as SMSC_CASES
from telecom.conformance.smpp.clauses import CLAUSES

NOW = 100.0


class PlainBench:
    """A bench without a peer."""

    def __init__(self, *remarks: Remark, lacks: str = "") -> None:
        self.remarks, self.lacks, self.ended = remarks, lacks, False

    def begin(self) -> Recording:
        self.recording = Recording(lambda: NOW)
        return self.recording

    async def require(self, need: str) -> None:
        if need == self.lacks:
            raise CannotRun(f"it needs {need}")

    async def end(self) -> tuple[Remark, ...]:
        self.ended = True
        return self.remarks


def case(run: CaseRun, **changes: Any) -> Case:
    fields = {"name": "family.name", "title": "A title", "clauses": ("3.4 4.1",), "run": run}
    return Case(**{**fields, **changes})


async def passes(_: Any) -> None:
    """Nothing to complain of."""


async def fails(_: Any) -> None:
    raise CaseFailed("this", "that")


async def cannot(_: Any) -> None:
    raise CannotRun("the moon is full")


async def breaks(_: Any) -> None:
    raise KeyError("x")


async def never_ends(_: Any) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("run", "severity", "verdict", "says"),
    [
        (passes, Severity.MUST, Verdict.PASS, ""),
        (fails, Severity.MUST, Verdict.FAIL, "expected this, got that"),
        (fails, Severity.SHOULD, Verdict.WARN, "expected this, got that"),
        (fails, Severity.INTEROPERABILITY, Verdict.WARN, "expected this, got that"),
        (cannot, Severity.MUST, Verdict.SKIP, "the moon is full"),
        (breaks, Severity.MUST, Verdict.ERROR, "KeyError: 'x'"),
        (never_ends, Severity.MUST, Verdict.FAIL, "expected an end within 0.01 s, got none"),
    ],
)
async def test_how_a_case_ends(
    run: CaseRun, severity: Severity, verdict: Verdict, says: str
) -> None:
    bench = PlainBench()
    result = await run_case(case(run, severity=severity), bench, 0.01)
    assert (result.verdict, result.says) == (verdict, says)
    assert bench.ended


async def test_a_remark_makes_a_warning_of_a_pass() -> None:
    result = await run_case(case(passes), PlainBench(Remark("a", "b")), 1)
    assert (result.verdict, result.says) == (Verdict.WARN, "expected a, got b")


async def test_a_case_whose_need_is_not_met_is_skipped() -> None:
    result = await run_case(case(fails, needs=("water",)), PlainBench(lacks="water"), 1)
    assert (result.verdict, result.says) == (Verdict.SKIP, "it needs water")


def test_cases_are_chosen_by_what_they_are_called() -> None:
    catalogue = Catalogue()
    for name in ("bind.a", "bind.a.long", "bind.b", "binder.a"):
        catalogue.add(case(passes, name=name))
    chosen = {
        pattern: [each.name for each in catalogue.selected([pattern])]
        for pattern in ("bind", "bind.a", "*.a", "nothing")
    }
    assert chosen == {
        "bind": ["bind.a", "bind.a.long", "bind.b"],
        "bind.a": ["bind.a", "bind.a.long"],
        "*.a": ["bind.a", "binder.a"],
        "nothing": [],
    }
    assert len(catalogue.selected([])) == len(catalogue)
    with pytest.raises(ValueError, match="two cases are called bind.a"):
        catalogue.add(case(passes, name="bind.a"))


def test_what_a_side_says_in_one_go_is_one_entry() -> None:
    recording = Recording(lambda: NOW)
    for octet in b"abc":
        recording.add(1, bytes((octet,)), sent=True)
    recording.add(1, b"d", sent=False)
    recording.add(2, b"e", sent=False)
    assert [(each.connection, each.sent, each.data) for each in recording.exchange()] == [
        (1, True, b"abc"),
        (1, False, b"d"),
        (2, False, b"e"),
    ]


def test_a_password_is_not_recorded() -> None:
    recording = Recording(lambda: NOW, hidden=b"secret")
    recording.add(1, b"name\0sec", sent=True)
    recording.add(1, b"ret\0secretary", sent=True)
    (entry,) = recording.exchange()
    assert entry.data == b"name\0******\0secretary"


def test_a_password_that_is_learnt_later_is_not_recorded_either() -> None:
    recording = Recording(lambda: NOW, hidden=b"secret")
    recording.add(1, b"name\0other\0secret\0", sent=False)
    recording.hide(b"other")
    recording.hide(b"")
    (entry,) = recording.exchange()
    assert entry.data == b"name\0*****\0******\0"


def test_what_is_recorded_is_bounded() -> None:
    recording = Recording(lambda: NOW)
    for _ in range(3):
        recording.add(1, b"x" * (MOST_OCTETS // 2 + 1), sent=False)
    assert sum(len(each.data) for each in recording.exchange()) == MOST_OCTETS


def test_there_are_as_many_cases_as_promised() -> None:
    """Each has a name of its own (or it could not have been added), and clauses that exist."""
    assert len(SMSC_CASES) >= 110
    assert len(ESME_CASES) >= 40
    assert len(SMSC_CASES) + len(ESME_CASES) >= 150
    for catalogue in (SMSC_CASES, ESME_CASES):
        for each in catalogue:
            assert each.title
            assert each.clauses
            assert set(each.clauses) <= CLAUSES.keys(), each.name
        titles = [(each.family, each.title) for each in catalogue]
        assert sorted({title for title in titles if titles.count(title) > 1}) == []


# Reports

REPORT = Report(
    subject="<peer>",
    started="2026-11-22T12:00:00+00:00",
    results=(
        Result(case=case(passes, name="one.a"), verdict=Verdict.PASS, seconds=0.5),
        Result(
            case=case(fails, name="one.b", clauses=("3.4 4.1", "5.0 2.4")),
            verdict=Verdict.FAIL,
            seconds=0.25,
            remarks=(Remark("[red]this", "<that>\x00"),),
        ),
        Result(
            case=case(fails, name="two.a", clauses=("5.0 2.9",)),
            verdict=Verdict.WARN,
            seconds=0,
            remarks=(Remark("x", "y"),),
        ),
        Result(
            case=case(cannot, name="two.b", clauses=("5.0 2.7",)),
            verdict=Verdict.SKIP,
            seconds=0,
            reason="no",
        ),
    ),
)


def recorded() -> Report:
    recording = Recording(lambda: NOW)
    recording.add(1, b"\x01\x02", sent=True)
    recording.add(1, b"\x03", sent=False)
    result = Result(
        case=case(fails), verdict=Verdict.FAIL, seconds=1, exchange=recording.exchange()
    )
    return Report(subject="peer", started="now", results=(result,))


def test_a_run_passes_if_something_ran_and_nothing_failed() -> None:
    passed, failed, warned, skipped = REPORT.results
    told = {
        (passed,): True,
        (passed, warned, skipped): True,
        (passed, failed): False,
        (skipped,): False,
        (): False,
    }
    for results, expected in told.items():
        assert Report(subject="", started="", results=results).passed is expected


def test_json() -> None:
    told = json.loads(json.dumps(as_json(REPORT)))
    assert told["counts"] == {"pass": 1, "fail": 1, "warn": 1, "skip": 1, "error": 0}
    assert told["passed"] is False
    assert [each["verdict"] for each in told["cases"]] == ["pass", "fail", "warn", "skip"]
    assert told["cases"][1]["clauses"] == ["3.4 4.1", "5.0 2.4"]
    (only,) = as_json(recorded())["cases"]
    assert only["exchange"] == [
        {"at": 0.0, "connection": 1, "from": "us", "octets": "0102"},
        {"at": 0.0, "connection": 1, "from": "peer", "octets": "03"},
    ]


def test_junit() -> None:
    text = ElementTree.tostring(as_junit(REPORT).getroot())
    root = ElementTree.fromstring(text)  # noqa: S314 - we have written it
    assert [suite.get("name") for suite in root] == ["one", "two"]
    assert (root[0].get("tests"), root[0].get("failures"), root[1].get("skipped")) == (
        "2",
        "1",
        "1",
    )
    timestamp = root[0].get("timestamp")
    assert timestamp is not None
    assert datetime.fromisoformat(timestamp).tzinfo is None
    assert float(root[0].get("time", "")) >= 0
    failure = root.find("testsuite/testcase[@name='one.b']/failure")
    assert failure is not None
    assert failure.get("message") == "expected [red]this, got <that>\\x00"


def test_html() -> None:
    page = as_html(REPORT, lambda _: [])
    assert "&lt;that&gt;" in page
    assert "<that>" not in page
    assert "http" not in page.replace("https://", "")  # it needs nothing else
    page = as_html(recorded(), lambda octets: [(octets.hex(), "a <PDU>")])
    assert "0102" in page
    assert "a &lt;PDU&gt;" in page


def test_the_table() -> None:
    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    for each in as_tables(REPORT):
        console.print(each)
    console.file.close()
    shown = console.export_text()
    assert "[red]this" in shown
    assert "1 skipped: no" in shown
    assert "<peer>: 1 pass  1 fail  1 warn  1 skip" in shown


def test_pics() -> None:
    assert as_pics([REPORT], CLAUSES).splitlines()[2:] == [
        "| 3.4 4.1 | BIND operation | no | 1/2 | `one.b` (fail) |",
        "| 5.0 2.4 | Operation matrix | no | 0/1 | `one.b` (fail) |",
        "| 5.0 2.7 | Session timers | not run | 0/1 | `two.b` (skip) |",
        f"| 5.0 2.9 | {CLAUSES['5.0 2.9']} | yes, with remarks | 1/1 | `two.a` (warn) |",
    ]
