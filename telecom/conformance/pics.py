"""A protocol implementation conformance statement, made of a run: which clauses are kept."""

from collections.abc import Iterable, Iterator, Mapping

from telecom.conformance.results import Report, Result, Verdict

_KEPT = (Verdict.PASS, Verdict.WARN)


def as_pics(reports: Iterable[Report], titles: Mapping[str, str]) -> str:
    """Return a Markdown table with a row for each clause that a case of a run is about.

    `titles` has every clause, in the order of the documents. A clause is kept if no case fails; a
    case that could not be run says nothing, and one that was skipped in a run may be in another.
    """
    lines = [
        "| clause | | kept | cases | of them not kept, or not run |",
        "| --- | --- | --- | --- | --- |",
    ]
    by_clause = _by_clause(_best(result for report in reports for result in report.results))
    for clause, title in titles.items():
        if clause in by_clause:
            lines.append(_row(clause, title, by_clause[clause]))
    return "\n".join(lines) + "\n"


def _best(results: Iterable[Result]) -> Iterable[Result]:
    """Return one result for each case: the first that is not just skipped."""
    best: dict[str, Result] = {}
    for result in results:
        known = best.get(result.case.name)
        if known is None or known.verdict is Verdict.SKIP:
            best[result.case.name] = result
    return best.values()


def _by_clause(results: Iterable[Result]) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = {}
    for result in results:
        for clause in result.case.clauses:
            found.setdefault(clause, []).append(result)
    return found


def _row(clause: str, title: str, results: list[Result]) -> str:
    kept = sum(result.verdict in _KEPT for result in results)
    others = ", ".join(_exceptions(results))
    return f"| {clause} | {title} | {_word(results)} | {kept}/{len(results)} | {others} |"


def _word(results: list[Result]) -> str:
    verdicts = {result.verdict for result in results}
    if verdicts & {Verdict.FAIL, Verdict.ERROR}:
        return "no"
    if Verdict.WARN in verdicts:
        return "yes, with remarks"
    return "yes" if Verdict.PASS in verdicts else "not run"


def _exceptions(results: list[Result]) -> Iterator[str]:
    for result in results:
        if result.verdict is not Verdict.PASS:
            yield f"`{result.case.name}` ({result.verdict})"
