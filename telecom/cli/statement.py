"""`telecom statement`: what a client's events come to."""

import json
from datetime import datetime
from typing import Annotated, Any

import typer

from telecom.cli.options import Password, SystemId, Url
from telecom.runtime.options import AsJson


def statement(
    client: Annotated[str | None, typer.Option(help="Whose; by default the account's own.")] = None,
    month: Annotated[
        datetime | None,
        typer.Option(
            help="By default the running one, in UTC.", formats=["%Y-%m"], metavar="YYYY-MM"
        ),
    ] = None,
    url: Url = "http://127.0.0.1:8080",
    system_id: SystemId = "demo",
    password: Password = "demo",  # noqa: S107  the lab's, as its page of the manual says
    as_json: AsJson = False,
) -> None:
    """Print billable events, quantities and amounts by service."""
    from telecom.cli.http_api import api, get

    with api(url, system_id, password) as gateway:
        asked = {"client": client, "month": f"{month:%Y-%m}" if month else None}
        answer = get(gateway, "/v1/statement", asked)
    if as_json:
        typer.echo(json.dumps(answer))
    else:
        _print_table(answer)


def _print_table(answer: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{answer['client']}, {answer['month']}")
    table.add_column("service")
    for column in ("events", "quantity", "amount"):
        table.add_column(column, justify="right")
    for line in answer["lines"]:
        amount = f"{line['amount']} {line['currency']}" if line["currency"] else "no price"
        table.add_row(line["service"], str(line["events"]), str(line["quantity"]), amount)
    Console().print(table if answer["lines"] else f"nothing charged in {answer['month']}")
