"""`telecom evidence`: the proof that each MT-ForwardSM had an SRI-SM of its own."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from telecom.cli.options import Out, Password, SystemId, Url
from telecom.runtime.errors import CommandError, ExitStatus
from telecom.runtime.options import AsJson

app = typer.Typer(
    help="The GT-matching evidence: export it for a complaint, verify an export.",
    no_args_is_help=True,
)


@app.command("export")
def export(
    number: Annotated[str | None, typer.Option(help="Only this number's.")] = None,
    operator: Annotated[str | None, typer.Option(help="Only this operator's.")] = None,
    since: Annotated[str | None, typer.Option(help="From this time on, ISO 8601.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this time, ISO 8601.")] = None,
    out: Out = None,
    url: Url = "http://127.0.0.1:8080",
    system_id: SystemId = "demo",
    password: Password = "demo",  # noqa: S107  the lab's, as its page of the manual says
) -> None:
    """Print every pair of SRI-SM and MT-ForwardSM, one JSON object a line."""
    from telecom.cli.http_api import api

    asked = {"number": number, "operator": operator, "since": since, "until": until}
    parameters = {key: value for key, value in asked.items() if value is not None}
    with (
        api(url, system_id, password) as gateway,
        gateway.stream("GET", "/v1/evidence", params=parameters) as answer,
    ):
        answer.raise_for_status()
        if out is None:
            sys.stdout.writelines(line + "\n" for line in answer.iter_lines())
        else:
            count = _write(out, answer.iter_lines())
            typer.echo(f"{count} pairs written to {out}", err=True)


def _write(path: Path, lines: Iterable[str]) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for line in lines:
            file.write(line + "\n")
            count += 1
    return count


@app.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(help="An export; - is standard input.")],
    as_json: AsJson = False,
) -> int:
    """Check an export: its hash chains, and that each pair obeys the GT rule."""
    from telecom.router.evidence import verify_lines

    try:
        lines = sys.stdin.readlines() if str(file) == "-" else file.read_text("utf-8").splitlines()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CommandError(f"{file} is no export: it is not text") from None
    result = verify_lines(lines)
    if as_json:
        found = {"pairs": result.pairs, "gaps": result.gaps, "faults": list(result.faults)}
        typer.echo(json.dumps(found))
    else:
        for fault in result.faults:
            typer.echo(fault)
        typer.echo(f"{result.pairs} pairs, {result.gaps} gaps, {len(result.faults)} faults")
    return ExitStatus.FAILED if result.faults else ExitStatus.DONE
