"""`telecom lookup`: whether numbers are reachable, ported, roaming."""

import json
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telecom.cli.options import Password, SystemId, Url
from telecom.runtime.errors import ExitStatus
from telecom.runtime.options import AsJson

if TYPE_CHECKING:
    import httpx

_AT_ONCE = 20


def lookup(
    numbers: Annotated[list[str], typer.Argument(help="Numbers in international format.")],
    url: Url = "http://127.0.0.1:8080",
    system_id: SystemId = "demo",
    password: Password = "demo",  # noqa: S107  the lab's, as its page of the manual says
    as_json: AsJson = False,
) -> int:
    """Ask the operators of numbers about them; each lookup that reaches one is charged.

    Exit status 1 when a number was refused, or its status could not be determined.
    """
    from concurrent.futures import ThreadPoolExecutor

    from telecom.cli.http_api import api
    from telecom.cli.progress import progress

    digits = _normalised(numbers)
    with api(url, system_id, password) as gateway, ThreadPoolExecutor(_AT_ONCE) as pool:
        asked = pool.map(partial(_ask, gateway), digits)
        found = list(progress(asked, total=len(digits), what="looking up"))
    answers = [answer for answer in found if isinstance(answer, dict)]
    if as_json:
        for answer in answers:
            typer.echo(json.dumps(answer))
    elif answers:
        _print_table(answers)
    for refusal in found:
        if isinstance(refusal, str):
            typer.echo(refusal, err=True)
    determined = [answer for answer in answers if answer["status"] != "undetermined"]
    return ExitStatus.DONE if len(determined) == len(digits) else ExitStatus.FAILED


def _normalised(numbers: list[str]) -> list[str]:
    from telecom.numbering.e164 import NumberError, normalise

    try:
        return [normalise(number) for number in numbers]
    except NumberError as error:
        raise typer.BadParameter(str(error), param_hint="NUMBERS") from None


def _ask(gateway: "httpx.Client", msisdn: str) -> dict[str, Any] | str:
    """Return the answer, or why this number was refused: the others' answers are paid for."""
    from telecom.cli.http_api import detail

    answer = gateway.post("/v1/lookups", json={"msisdn": msisdn})
    if answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY:
        return detail(answer)
    result: dict[str, Any] = answer.raise_for_status().json()
    return result


def _print_table(answers: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, padding=(0, 1, 0, 0))
    for column in ("number", "status", "network", "ported", "roaming in", "serving node", "reason"):
        no_wrap = column in {"number", "status", "serving node"}
        longest_word = max(map(len, column.split()))
        table.add_column(column, no_wrap=no_wrap, min_width=longest_word, overflow="fold")
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
