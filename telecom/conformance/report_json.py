"""A run as one JSON object."""

from typing import Any

from telecom.conformance.results import Report, Result


def as_json(report: Report) -> dict[str, Any]:
    """Return the whole run: counts, and each case with its verdict and the octets exchanged.

    `{subject, started, passed, counts: {pass, fail, warn, skip, error}, cases: [{name, family,
    title, clauses, severity, verdict, seconds, reason, remarks: [{expected, got}], exchange:
    [{at, connection, from: "us" | "peer", octets: hex}]}]}`; keys may be added, none goes.
    """
    return {
        "subject": report.subject,
        "started": report.started,
        "passed": report.passed,
        "counts": {verdict.value: count for verdict, count in report.counts.items()},
        "cases": [_case(result) for result in report.results],
    }


def _case(result: Result) -> dict[str, Any]:
    case = result.case
    return {
        "name": case.name,
        "family": case.family,
        "title": case.title,
        "clauses": list(case.clauses),
        "severity": case.severity.value,
        "verdict": result.verdict.value,
        "seconds": round(result.seconds, 3),
        "reason": result.reason,
        "remarks": [{"expected": each.expected, "got": each.got} for each in result.remarks],
        "exchange": [
            {
                "at": round(each.at, 4),
                "connection": each.connection,
                "from": "us" if each.sent else "peer",
                "octets": each.data.hex(),
            }
            for each in result.exchange
        ],
    }
