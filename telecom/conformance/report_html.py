"""A run as one HTML page that needs nothing else: the verdicts, and the messages exchanged."""

from collections.abc import Callable, Iterable, Iterator
from html import escape
from string import Template
from typing import Final

from telecom.conformance.recording import Octets
from telecom.conformance.results import Report, Result, Verdict

Describe = Callable[[bytes], Iterable[tuple[str, str]]]
"""Cuts octets into messages: the octets of each in hex, and what they mean, in lines."""

_MOST_SHOWN: Final = 4096
"""Octets of one entry that are shown; the JSON report has all of them."""

_PAGE: Final = Template("""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Conformance of $subject</title>
<meta name="viewport" content="width=device-width"><style>
:root { color-scheme: light dark; --line: #8884; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem }
h2 { margin: 2rem 0 .5rem; font-size: 1.1rem }
details { border-top: 1px solid var(--line); padding: .3rem 0 }
summary { cursor: pointer; display: grid; grid-template-columns: 4rem 22rem 1fr; gap: .6rem }
code, pre { font: 13px/1.4 ui-monospace, monospace } pre { margin: .2rem 0 .8rem; overflow-x: auto }
.pass { color: #197a34 } .fail, .error { color: #c62828; font-weight: 600 }
.warn { color: #b26a00 } .skip { color: #888 }
.us { border-left: 3px solid #2b6cb0; padding-left: .6rem }
.peer { border-left: 3px solid #b7791f; padding-left: .6rem }
.hex { color: #888; overflow-wrap: anywhere; white-space: pre-wrap }
</style></head><body>
<h1>Conformance of $subject</h1>
<p>$started &middot; $counts</p>
$families
</body></html>
""")


def as_html(report: Report, describe: Describe) -> str:
    """Return the page; `describe` knows the protocol."""
    counts = " &middot; ".join(
        f'<span class="{verdict}">{count} {verdict}</span>'
        for verdict, count in report.counts.items()
        if count
    )
    families = "".join(
        f"<h2>{escape(family)}</h2>{''.join(_case(result, describe) for result in results)}"
        for family, results in report.families()
    )
    return _PAGE.substitute(
        subject=escape(report.subject),
        started=escape(report.started),
        counts=counts,
        families=families,
    )


def _case(result: Result, describe: Describe) -> str:
    case, verdict = result.case, result.verdict
    clauses = escape(", ".join(case.clauses))
    opened = " open" if verdict in (Verdict.FAIL, Verdict.ERROR) else ""
    said = f"<p>{escape(result.says)}</p>" if result.says else ""
    return (
        f'<details{opened}><summary><span class="{verdict}">{verdict}</span>'
        f"<code>{escape(case.name)}</code><span>{escape(case.title)}</span></summary>"
        f"<p>{case.severity} &middot; {clauses} &middot; {result.seconds:.3f} s</p>{said}"
        f"{''.join(_exchange(result.exchange, describe))}</details>\n"
    )


def _exchange(exchange: Iterable[Octets], describe: Describe) -> Iterator[str]:
    for entry in exchange:
        side, arrow = ("us", "&rarr;") if entry.sent else ("peer", "&larr;")
        for octets, meaning in describe(entry.data[:_MOST_SHOWN]):
            yield (
                f'<div class="{side}"><code>{entry.at:.3f} s {arrow} #{entry.connection}</code>'
                f'<pre>{escape(meaning)}\n<span class="hex">{escape(octets)}</span></pre></div>'
            )
