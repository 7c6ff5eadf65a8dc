"""`python -m benchmarks`: measure, beside the peers that are present, and print tables."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Final

import typer
import uvloop
from rich.console import Console

from benchmarks import accept, client, map_codecs, smpp_codecs, whole_path
from benchmarks.machine import machine
from benchmarks.results import Table, as_plain, show

_WIDTH: Final = 180
"""What the widest table needs, where the output is no terminal."""


class Group(StrEnum):
    """What can be measured."""

    CODECS = "codecs"
    ACCEPT = "accept"
    CLIENT = "client"
    WHOLE_PATH = "whole-path"


Say = Callable[[str], None]


def _codecs(_seconds: float, say: Say) -> Iterable[Table]:
    for what, measure in (
        ("SMPP PDUs", smpp_codecs.measure),
        ("MAP parameters", map_codecs.parameters),
        ("MAP through the layers", map_codecs.layers),
    ):
        say(what)
        yield measure()


def _accept(seconds: float, say: Say) -> Iterable[Table]:
    return uvloop.run(accept.measure(seconds, say))


def _client(seconds: float, say: Say) -> Iterable[Table]:
    return uvloop.run(client.measure(seconds, say))


def _whole_path(seconds: float, say: Say) -> Iterable[Table]:
    return uvloop.run(whole_path.measure(seconds, say))


_MEASURES: Final[Mapping[Group, Callable[[float, Say], Iterable[Table]]]] = {
    Group.CODECS: _codecs,
    Group.ACCEPT: _accept,
    Group.CLIENT: _client,
    Group.WHOLE_PATH: _whole_path,
}


def main(
    groups: Annotated[
        list[Group] | None, typer.Argument(help="What to measure; everything by default.")
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=0.1, help="How long each run under load takes.")
    ] = 2.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure this project on this machine; the median of several runs, and their range."""
    here = machine()
    output = Console()
    if not output.is_terminal:
        output = Console(width=_WIDTH)
    if not as_json:
        output.print(", ".join(f"{name} {value}" for name, value in here.items()), style="bold")
        output.print("Each figure is the median of its runs (the lowest - the highest).\n")
    tables = []
    try:
        for table in _measured(groups or list(Group), seconds):
            tables.append(table)
            if not as_json:
                show(table, output)
    except (ConnectionError, TimeoutError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None
    if as_json:
        print(json.dumps(as_plain(here, tables), ensure_ascii=False))


def _measured(groups: Iterable[Group], seconds: float) -> Iterator[Table]:
    with Console(stderr=True).status("measuring") as status:
        for group in groups:
            yield from _MEASURES[group](seconds, lambda what: status.update(f"measuring {what}"))


if __name__ == "__main__":
    typer.run(main)
