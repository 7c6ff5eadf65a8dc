"""A run as JUnit XML: a suite for each family."""

from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from telecom.conformance.results import Report, Result, Verdict

_ELEMENT = {Verdict.FAIL: "failure", Verdict.ERROR: "error", Verdict.SKIP: "skipped"}
_COUNTED = (("failures", Verdict.FAIL), ("errors", Verdict.ERROR), ("skipped", Verdict.SKIP))

_TO_SECONDS = len("2026-01-31T23:59:59")
"""A time without its zone: what the schemas of those who read it take."""


def as_junit(report: Report) -> ElementTree:
    """Return the run as a document; a warning is a passed case that says something."""
    root = Element("testsuites", name=f"conformance of {report.subject}")
    for family, results in report.families():
        suite = SubElement(root, "testsuite", name=family, timestamp=report.started[:_TO_SECONDS])
        suite.set("tests", str(len(results)))
        suite.set("time", f"{sum(result.seconds for result in results):.3f}")
        for attribute, verdict in _COUNTED:
            suite.set(attribute, str(sum(result.verdict is verdict for result in results)))
        for result in results:
            _add(suite, result)
    indent(root)
    return ElementTree(root)


def _add(suite: Element, result: Result) -> None:
    case = result.case
    element = SubElement(suite, "testcase", classname=case.family, name=case.name)
    element.set("time", f"{result.seconds:.3f}")
    name = _ELEMENT.get(result.verdict)
    if name is not None:
        told = SubElement(element, name, message=_printable(result.says))
        told.text = _printable(f"{case.title} ({', '.join(case.clauses)})")
    elif result.says:
        SubElement(element, "system-out").text = _printable(result.says)


def _printable(text: str) -> str:
    """Return a text without the characters that XML cannot have."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
