"""A run as people read it on a terminal: a row for each family, and all that is no pass."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from telecom.conformance.results import Report, Result, Verdict

_STYLES: Final = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.WARN: "yellow",
    Verdict.SKIP: "dim",
    Verdict.ERROR: "bold magenta",
}
_SHOWN_ONE_BY_ONE: Final = (Verdict.FAIL, Verdict.ERROR, Verdict.WARN)


def as_tables(report: Report) -> Iterator[RenderableType]:
    """Yield what is to be printed."""
    yield _families(report)
    told = [result for result in report.results if result.verdict in _SHOWN_ONE_BY_ONE]
    if told:
        yield _told(told)
    skipped = Counter(result.reason for result in report.results if result.verdict is Verdict.SKIP)
    for reason, count in skipped.most_common():
        yield Text(f"{count} skipped: {reason}", style="dim")
    yield summary(report)


def summary(report: Report) -> Text:
    """Return the last line: how many ended how."""
    line = Text(f"{report.subject}: ")
    for verdict, count in report.counts.items():
        if count or verdict is Verdict.PASS:
            line.append(f"{count} {verdict}  ", style=_STYLES[verdict])
    return line


def _families(report: Report) -> Table:
    table = Table("family", *(verdict.value for verdict in Verdict), box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for family, results in report.families():
        counts = Counter(result.verdict for result in results)
        cells = [Text(str(counts[verdict] or ""), style=_STYLES[verdict]) for verdict in Verdict]
        table.add_row(family, *cells)
    return table


def _told(results: list[Result]) -> Table:
    table = Table("", "case", "clause", "expected", "got", box=None, pad_edge=False)
    table.columns[1].overflow = table.columns[3].overflow = table.columns[4].overflow = "fold"
    for result in results:
        verdict = Text(result.verdict.value, style=_STYLES[result.verdict])
        remark = result.remarks[0] if result.remarks else None
        expected, got = (remark.expected, remark.got) if remark else ("", result.reason)
        # as texts: what a peer sent must not be taken for markup
        table.add_row(
            verdict, Text(result.case.name), result.case.clauses[0], Text(expected), Text(got)
        )
    return table
