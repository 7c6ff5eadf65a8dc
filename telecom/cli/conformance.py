"""`telecom conformance`: named cases, each with its clause, against any peer."""

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from telecom.cli.options import Host, Password, SmppPort, SmppVersion, SystemId, Tls, in_a_folder
from telecom.conformance.smpp.settings import Role
from telecom.runtime.errors import CommandError, ConnectionFailed, ExitStatus
from telecom.runtime.options import AsJson

if TYPE_CHECKING:
    from telecom.cli.dissection.tree import Branch
    from telecom.conformance.case import Case
    from telecom.conformance.results import Report, Result
    from telecom.conformance.smpp.settings import Settings

_HEADER = 16
"""Octets of the header of a PDU."""

app = typer.Typer(
    help="Conformance suites: which clauses of a specification does a peer keep?",
    no_args_is_help=True,
)


@app.callback()
def _conformance() -> None:
    """Keep `smpp` a command of its own."""


@app.command("smpp")
def smpp(
    host: Host = "127.0.0.1",
    port: SmppPort = 2775,
    role: Annotated[
        Role, typer.Option("--as", help="What we are: esme tests an SMSC, smsc tests an ESME.")
    ] = Role.ESME,
    system_id: SystemId = "demo",
    password: Password = "demo",  # noqa: S107  the lab's, as its page of the manual says
    system_type: Annotated[str, typer.Option(help="system_type of the binds.")] = "",
    destination: Annotated[
        str, typer.Option(help="A number that messages are delivered to.")
    ] = "447700900123",
    source: Annotated[str, typer.Option(help="What messages are from.")] = "38591000100",
    failing: Annotated[str, typer.Option(help="A number that messages never reach.")] = "",
    replying: Annotated[str, typer.Option(help="A number whose user answers messages.")] = "",
    outbind_port: Annotated[
        int | None, typer.Option(help="Where we listen for an SMSC's outbind.", min=1, max=65535)
    ] = None,
    version: Annotated[
        SmppVersion, typer.Option(help="The version to speak where a case says nothing.")
    ] = SmppVersion.V34,
    tls: Tls = False,
    timeout: Annotated[float, typer.Option(help="Seconds for each answer.", min=0.05)] = 2,
    patience: Annotated[
        float, typer.Option(help="Seconds for a receipt, or an ESME's next bind.", min=0.05)
    ] = 10,
    slow: Annotated[float, typer.Option(help="Seconds for timers; 0: not tested.", min=0)] = 0,
    only: Annotated[
        list[str] | None, typer.Option(help="Only these: bind, submit_sm.*.longest, ...")
    ] = None,
    as_list: Annotated[bool, typer.Option("--list", help="Print the cases, run none.")] = False,
    junit: Annotated[
        Path | None, typer.Option(help="Write JUnit XML to this file.", callback=in_a_folder)
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write all PDUs to this file.", callback=in_a_folder)
    ] = None,
    pics: Annotated[bool, typer.Option("--pics", help="Print the clauses as Markdown.")] = False,
    as_json: AsJson = False,
) -> int:
    """Run SMPP cases against an SMSC (--as esme), or against an ESME that binds to us.

    Exit status 1 when one fails that a clause demands.
    """
    from telecom.cli.smpp_client import check_credentials
    from telecom.conformance.smpp.settings import Settings
    from telecom.conformance.smpp.suite import CATALOGUES
    from telecom.smpp.versions import InterfaceVersion

    check_credentials(system_id, password)
    cases = CATALOGUES[role].selected(only or ())
    if not cases:
        raise typer.BadParameter("no case has such a name; see --list", param_hint="--only")
    if as_list:
        _print_list(cases, as_json=as_json)
        return ExitStatus.DONE
    settings = Settings(
        host=host,
        port=port,
        system_id=system_id,
        password=password,
        system_type=system_type,
        source=source,
        destination=destination,
        failing=failing,
        replying=replying,
        version=InterfaceVersion[version.name],
        timeout=timeout,
        patience=patience,
        slow=slow,
        outbind_port=outbind_port,
    )
    return _run(role, settings, cases, tls=tls, outputs=_Outputs(junit, html, pics, as_json))


class _Outputs(NamedTuple):
    """What is to be made of the report."""

    junit: Path | None
    html: Path | None
    pics: bool
    as_json: bool


def _run(
    role: "Role", settings: "Settings", cases: "list[Case]", *, tls: bool, outputs: _Outputs
) -> int:
    from telecom.runtime.service import run

    async def program(stop: asyncio.Event) -> int:
        with _secured(settings, role, tls=tls) as secured:
            report = await _until_stopped(_reported(role, secured, cases), stop)
        _write(report, outputs)
        return ExitStatus.DONE if report.passed else ExitStatus.FAILED

    return run(program)


async def _until_stopped(reporting: "Coroutine[Any, Any, Report]", stop: asyncio.Event) -> "Report":
    loop = asyncio.get_running_loop()
    running, stopped = loop.create_task(reporting), loop.create_task(stop.wait())
    await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not running.done():
        running.cancel()
        await asyncio.wait({running})
        raise CommandError("stopped before the last case")
    return running.result()


async def _reported(role: "Role", settings: "Settings", cases: "list[Case]") -> "Report":
    from telecom.conformance.smpp.suite import report
    from telecom.runtime.service import taking_port

    if role is Role.ESME:
        await _see_that_it_is_there(settings)
    with _progress(len(cases)) as told:
        async with taking_port("the conformance suite", settings.host, settings.port):
            return await report(
                role, settings, cases, told=told, listening=partial(_announce, settings)
            )


async def _see_that_it_is_there(settings: "Settings") -> None:
    try:
        async with asyncio.timeout(settings.timeout):
            _, writer = await asyncio.open_connection(settings.host, settings.port)
    except OSError as error:  # a TimeoutError is one
        where, why = f"{settings.host}:{settings.port}", error.strerror or "no answer"
        line = f"cannot connect to {where} ({why}); is the SMSC, or 'telecom lab', running?"
        raise ConnectionFailed(line) from None
    writer.close()


def _announce(settings: "Settings", port: int) -> None:
    """Say what the ESME has to do; the password is not repeated."""
    typer.echo(
        f"bind your ESME to {settings.host}:{port} as {settings.system_id}, and let it bind again"
        f" whenever it is disconnected; waiting {settings.patience:g} s for each bind",
        err=True,
    )


@contextmanager
def _secured(settings: "Settings", role: "Role", *, tls: bool) -> "Iterator[Settings]":
    """Add the TLS context: who is under test need not have a certificate that anybody knows."""
    if not tls:
        yield settings
        return
    import ssl
    from tempfile import TemporaryDirectory

    from msgspec.structs import replace

    from telecom.net.smpp.tls import self_signed, server_context

    if role is Role.ESME:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        yield replace(settings, tls=context)
        return
    with TemporaryDirectory() as folder:
        yield replace(settings, tls=server_context(*self_signed(Path(folder))))


@contextmanager
def _progress(total: int) -> "Iterator[Callable[[Result], None]]":
    """Show on stderr, to people, how far it is."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)

        def told(result: "Result") -> None:
            bar.update(task, advance=1, description=f"{result.case.name} {result.verdict}")

        yield told


def _print_list(cases: "list[Case]", *, as_json: bool) -> None:
    for case in cases:
        if as_json:
            told = {"name": case.name, "title": case.title, "severity": case.severity}
            typer.echo(json.dumps({**told, "clauses": case.clauses, "needs": case.needs}))
        else:
            typer.echo(f"{case.name}  ({case.severity}; {', '.join(case.clauses)})  {case.title}")


def _write(report: "Report", outputs: _Outputs) -> None:
    from telecom.conformance.report_html import as_html
    from telecom.conformance.report_json import as_json
    from telecom.conformance.report_junit import as_junit

    if outputs.as_json:
        typer.echo(json.dumps(as_json(report)))
    elif outputs.pics:
        _print_pics(report)
    else:
        _print_tables(report)
    if outputs.junit is not None:
        with _written(outputs.junit):
            as_junit(report).write(outputs.junit, encoding="utf-8", xml_declaration=True)
    if outputs.html is not None:
        with _written(outputs.html):
            outputs.html.write_text(as_html(report, _described), encoding="utf-8")


@contextmanager
def _written(path: Path) -> "Iterator[None]":
    try:
        yield
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror}") from None


def _print_pics(report: "Report") -> None:
    from telecom.conformance.pics import as_pics
    from telecom.conformance.smpp.clauses import CLAUSES

    typer.echo(as_pics([report], CLAUSES), nl=False)


def _print_tables(report: "Report") -> None:
    from rich.console import Console

    from telecom.conformance.report_table import as_tables

    console = Console()
    for table in as_tables(report):
        console.print(table)


def _described(octets: bytes) -> "Iterator[tuple[str, str]]":
    """Cut octets into PDUs; yield each in hex, and as a tree."""
    from telecom.cli.dissection.smpp import smpp

    while octets:
        length = int.from_bytes(octets[:4], "big")
        if not _HEADER <= length <= len(octets):
            length = len(octets)
        pdu, octets = octets[:length], octets[length:]
        lines = (f"{guide}{_line(branch)}" for guide, branch in smpp(pdu).rows())
        yield pdu.hex(" "), "\n".join(lines)


def _line(branch: "Branch") -> str:
    value = "" if branch.value is None else f" {branch.value}"
    meaning = f" ({branch.meaning})" if branch.meaning else ""
    return f"{branch.name}{value}{meaning}"
