"""The `telecom` command: each subcommand has a module of its own, imported when it is asked for."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from telecom.cli import (
    conformance,
    decode,
    evidence,
    gateway,
    lab,
    listen,
    lookup,
    send,
    statement,
)
from telecom.runtime import logs
from telecom.runtime.command_line import run_command_line

app = typer.Typer(
    name="telecom",
    help="SMPP and SS7 messaging: a gateway, its lab, and tools for both.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(version("telecom-messaging"))
        raise typer.Exit


@app.callback()
def _telecom(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    logs.configure(level="error")  # a command says what went wrong in one line of its own


app.command("lab")(lab.lab)
app.command("gateway")(gateway.gateway)
app.command("send")(send.send)
app.command("listen")(listen.listen)
app.command("lookup")(lookup.lookup)
app.command("decode")(decode.decode)
app.command("statement")(statement.statement)
app.add_typer(evidence.app, name="evidence")
app.add_typer(conformance.app, name="conformance")


def main() -> None:
    """Run the command line and exit with its status."""
    sys.exit(run_command_line(app))


if __name__ == "__main__":
    main()
