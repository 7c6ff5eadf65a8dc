"""SMSCs and ESMEs that share no line with this project: the run ends, and tells what they lack."""

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from telecom.conformance.results import Report, Verdict
from tests.conformance.raw_smsc import free_port
from tests.conformance.runs import names, run_against_esme, run_against_smsc

ROOT = Path(__file__).parents[2]
FOREIGN = Path(__file__).parent / "foreign"
MODULES = ROOT / "tests/interop/node_modules"
FRAMING = ("framing.unknown_command.0x0000000A", "framing.short_body", "framing.split")
NOT_KEPT = (Verdict.FAIL, Verdict.WARN)


def by_node(script: Path) -> list[str]:
    """Return what runs a script of npm's smpp; in CI it has to be there."""
    node = shutil.which("node")
    if node is None or not (MODULES / "smpp").is_dir():
        missing("npm's smpp")
    return [str(node), str(script)]


def by_python(package: str, script: Path) -> list[str]:
    if find_spec(package) is None:
        missing(package)
    return [sys.executable, str(script)]


def missing(what: str) -> None:
    (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{what} is not installed")


@contextmanager
def running(command: list[str], port: int) -> Iterator["subprocess.Popen[str]"]:
    """Run a program with a port as its argument for as long as the block does."""
    environment = {**os.environ, "NODE_PATH": str(MODULES)}
    with subprocess.Popen(
        [*command, str(port)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield process
        process.kill()


async def smsc_s(command: list[str], *only: str) -> Report:
    """Run cases against a foreign SMSC, which says when it is ready."""
    port = free_port()
    with running(command, port) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return await run_against_smsc(
            port, *only, failing="", replying="", timeout=0.4, patience=0.4
        )


def esme_of(command: list[str]) -> Callable[[int], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def esme(port: int) -> AsyncIterator[None]:
        with running(command, port):
            yield

    return esme


async def test_npm_smpp_s_server() -> None:
    """It knows one kind of bind and submit_sm, no passwords, no states, and closes at garbage."""
    only = (
        "bind.transceiver", "bind.transmitter.ok", "bind.password", "bind.body.empty",
        "unbind.transceiver", "enquire_link.transceiver", *FRAMING, "submit_sm.message_id",
        "submit_sm.destination", "submit_sm.text",
    )  # fmt: skip
    command = by_node(ROOT / "benchmarks/peers/npm_smpp.cjs")
    report = await smsc_s(command, *only, "states.open.submit_sm", "query_sm.known")
    assert names(report, Verdict.ERROR) == set()
    assert {"bind.transceiver.ok", "submit_sm.message_id"} <= names(report, Verdict.PASS)
    assert {
        "bind.transmitter.ok",
        "bind.password.wrong",
        "bind.body.empty",
        "states.open.submit_sm",
        "enquire_link.transceiver",
        "unbind.transceiver",
        "framing.unknown_command.0x0000000A",
        "framing.short_body.text",
        "submit_sm.destination.too_long",
        "query_sm.known",
    } <= names(report, *NOT_KEPT)


async def test_smpp34_s_server() -> None:
    """It looks at no password and at no length of a field, and keeps no message."""
    command = by_python("smpp34", ROOT / "benchmarks/peers/smpp34_server.py")
    report = await smsc_s(command)
    assert names(report, Verdict.ERROR) == set()
    assert {"bind.transceiver.ok", "enquire_link.many", "submit_sm.message_id", "window.100"} <= (
        names(report, Verdict.PASS)
    )
    assert {
        "bind.password.wrong",
        "bind.system_id.too_long",
        "bind.version.0x33.no_parameters",
        "submit_sm.destination.too_long",
        "query_sm.own",
        "submit_multi.one",
        "receipts.comes",
    } <= names(report, *NOT_KEPT)


async def test_smpplib_as_an_esme() -> None:
    command = by_python("smpplib", FOREIGN / "smpplib_esme.py")
    report = await run_against_esme(
        esme_of(command), "deliver_sm", "enquire_link", "bind", "unknown_command", "unbind",
        timeout=0.4, patience=2,
    )  # fmt: skip
    assert names(report, Verdict.ERROR) == set()
    assert {"bind.fields", "deliver_sm.default", "enquire_link.ok"} <= names(report, Verdict.PASS)
    assert "unknown_command.0x0000000A" in names(report, *NOT_KEPT)


async def test_npm_smpp_as_an_esme() -> None:
    command = by_node(FOREIGN / "npm_esme.js")
    report = await run_against_esme(esme_of(command), timeout=0.4, patience=2)
    assert names(report, Verdict.ERROR) == set()
    assert {"bind.fields", "deliver_sm.default", "submit_sm.fields"} <= names(report, Verdict.PASS)
    assert "unknown_command.0x0000000A" in names(report, *NOT_KEPT)
