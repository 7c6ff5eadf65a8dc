"""submit_sm sent per second: our client and those of others, into a sink that costs nothing."""

import contextlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks.results import Row, Spread, Table
from benchmarks.servers import (
    NODE_MODULES,
    Server,
    child,
    no_npm_smpp,
    of_python,
    running,
)

_HERE: Final = Path(__file__).parent
_RUNS: Final = 3
_COLUMNS: Final = ("submits a second", "times smpp34", "processor µs each")
_PYTHON_SINK: Final = Server("a sink in Python", of_python("peers.smpp_server"))
_BASELINE: Final = "PyPI smpp34"


class Client(msgspec.Struct, frozen=True):
    """A program that submits: its arguments are a port and seconds; `missing` as of a `Server`."""

    name: str
    command: tuple[str, ...]
    missing: Callable[[], str] = lambda: ""


def _of_package(package: str) -> Client:
    def missing() -> str:
        return "" if find_spec(package) else "not installed: pip install 'telecom-messaging[bench]'"

    return Client(f"PyPI {package}", of_python(f"clients.{package}"), missing)


CLIENTS: Final = (
    Client("ours, 100 users of submit()", of_python("clients.ours_submit")),
    Client("ours, send() pipelined", of_python("clients.ours_send")),
    _of_package("smpp34"),
    _of_package("rusmppyc"),
    _of_package("smpplib"),
    _of_package("aiosmpplib"),
    Client("npm smpp", ("node", str(_HERE / "clients" / "npm_smpp.cjs")), no_npm_smpp),
)


async def measure(seconds: float, say: Callable[[str], None]) -> list[Table]:
    """Let each client submit to the sink, all of them in turn, several times."""
    notes = ["Window 100; rusmppyc one at a time: with more under way 0.4.0a2 stands still."]
    present = []
    for client in CLIENTS:
        if why := client.missing():
            notes.append(f"{client.name}: skipped, {why}")
        else:
            present.append(client)
    runs: dict[str, list[dict[str, float]]] = {client.name: [] for client in present}
    async with _sink() as (sink, port):
        notes.append(f"They submit to {sink}, which shares the machine.")
        for _ in range(_RUNS):
            for client in present:
                say(f"client: {client.name}")
                runs[client.name].append(await _run(client, port, seconds))
    return [_table(runs, notes)]


@contextlib.asynccontextmanager
async def _sink() -> AsyncIterator[tuple[str, int]]:
    """Run the sink in C if there is a compiler, else our server; give its name and port."""
    with tempfile.TemporaryDirectory() as folder:
        server = _compiled(Path(folder) / "sink") or _PYTHON_SINK
        async with running(server) as port:
            yield server.name, port


def _compiled(program: Path) -> Server | None:
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    command = [compiler, "-O2", "-o", str(program), str(_HERE / "peers" / "sink.c")]
    done = subprocess.run(command, capture_output=True, check=False)
    return Server("a sink in C", (str(program),)) if done.returncode == 0 else None


async def _run(client: Client, port: int, seconds: float) -> dict[str, float]:
    command = (*client.command, str(port), str(seconds))
    async with child(client.name, command, {"NODE_PATH": str(NODE_MODULES)}) as (_, line):
        told: dict[str, float] = json.loads(line)
    return told


def _table(runs: dict[str, list[dict[str, float]]], notes: list[str]) -> Table:
    baseline = _rates(runs[_BASELINE]) if _BASELINE in runs else None
    rows = tuple(Row(name, _cells(told, baseline)) for name, told in runs.items())
    return Table("submit_sm sent by a client", _COLUMNS, rows, tuple(notes))


def _rates(told: list[dict[str, float]]) -> list[float]:
    return [run["accepted"] / run["seconds"] for run in told]


def _cells(told: list[dict[str, Any]], baseline: list[float] | None) -> tuple[Spread | None, ...]:
    """Compare each run with smpp34's of the same round: the machine is not always as busy."""
    rates = _rates(told)
    times = None
    if baseline is not None:
        times = Spread.of([rate / base for rate, base in zip(rates, baseline, strict=True)])
    costs = [run["cpu"] / max(1, run["accepted"]) * 1e6 for run in told]
    return (Spread.of(rates), times, Spread.of(costs))
