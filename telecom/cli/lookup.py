"""`telecom lookup`: whether numbers are reachable, ported, roaming."""

import json
from typing import Annotated, Any

import typer

from telecom.cli.options import AsJson, Password, SystemId, Url
from telecom.runtime.errors import ExitStatus

_AT_ONCE = 20


def lookup(
    numbers: Annotated[list[str], typer.Argument(help="Numbers in international format.")],
    url: Url = "http://127.0.0.1:8080",
    system_id: SystemId = "demo",
    password: Password = "demo",  # noqa: S107  the lab's, as its page of the manual says
    as_json: AsJson = False,
) -> int:
    """Ask the operators of numbers about them; each lookup that reaches one is charged.

    Exit status 1 when the status of a number could not be determined.
    """
    from concurrent.futures import ThreadPoolExecutor

    from telecom.cli.http_api import api
    from telecom.cli.progress import progress
    from telecom.numbering.e164 import NumberError, normalise

    try:
        digits = [normalise(number) for number in numbers]
    except NumberError as error:
        raise typer.BadParameter(str(error), param_hint="NUMBERS") from None
    with (
        api(url, system_id, password) as gateway,
        ThreadPoolExecutor(_AT_ONCE) as pool,
    ):

        def ask(msisdn: str) -> dict[str, Any]:
            answer = gateway.post("/v1/lookups", json={"msisdn": msisdn})
            result: dict[str, Any] = answer.raise_for_status().json()
            return result

        answers = pool.map(ask, digits)
        found = list(progress(answers, total=len(digits), what="looking up"))
    if as_json:
        for answer in found:
            typer.echo(json.dumps(answer))
    else:
        _print_table(found)
    undetermined = any(answer["status"] == "undetermined" for answer in found)
    return ExitStatus.FAILED if undetermined else ExitStatus.DONE


def _print_table(answers: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for column in ("number", "status", "network", "ported", "roaming in", "serving node", "reason"):
        table.add_column(column, no_wrap=column in {"number", "status", "serving node"})
    for answer in answers:
        table.add_row(
            answer["msisdn"],
            answer["status"],
            _name(answer["current_network"] or answer["home_network"]),
            _yes_or_no(answer["ported"]),
            _name(answer["roaming_network"]),
            answer["serving_node"] or "",
            answer["reason"] or "",
        )
    Console().print(table)


def _name(network: dict[str, str] | None) -> str:
    return f"{network['name']} ({network['country']})" if network else ""


def _yes_or_no(value: bool | None) -> str:
    return "" if value is None else "yes" if value else "no"
