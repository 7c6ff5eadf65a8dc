"""`telecom lab`: gateway, HLR and SMSC simulators, and Redis, all on loopback."""

import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from telecom.cli.options import Capture, Data
from telecom.runtime.children import Child
from telecom.runtime.errors import CommandError, ConfigError, ExitStatus
from telecom.runtime.options import AsJson, PortOffset, Transport

ACCOUNT = "demo/demo"
_PORT_OF_SMPP = "2775"


class LabOptions(msgspec.Struct, frozen=True):
    """What the user asked of the lab; `folder` is where its state is kept."""

    folder: Path
    configs: Path
    port_offset: int
    transport: Transport
    capture: Path | None


def lab(
    port_offset: PortOffset = 0,
    transport: Annotated[Transport, typer.Option(help="What carries M3UA.")] = Transport.TCP,
    data: Data = None,
    capture: Capture = None,
    as_json: AsJson = False,
    configs: Annotated[
        Path | None, typer.Option(help="Take lab.toml, hlr_sim.toml and smsc_sim.toml from here.")
    ] = None,
) -> int:
    """Run the whole lab on this machine until Ctrl-C."""
    from telecom.gateway.config import GatewayConfig
    from telecom.runtime.config import load, shipped_configs
    from telecom.runtime.service import run

    load(GatewayConfig, (configs or shipped_configs()) / "lab.toml")  # a mistake is told at once

    def options(folder: Path) -> LabOptions:
        return LabOptions(folder, configs or shipped_configs(), port_offset, transport, capture)

    with tempfile.TemporaryDirectory(prefix="telecom-lab-") as temporary:
        chosen = options(data or Path(temporary))
        return run(lambda stop: _run(stop, chosen, as_json=as_json))


async def _run(stop: asyncio.Event, options: LabOptions, *, as_json: bool) -> int:
    began = time.monotonic()
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{options.folder} cannot be made: {error.strerror}") from None
    async with AsyncExitStack() as running:
        children = await _start(running, options)
        addresses = {name: where for child in children for name, where in child.ready.items()}
        say_ready = _say_ready_in_json if as_json else _say_ready
        say_ready(addresses, time.monotonic() - began)
        return await _until_stopped(stop, children)


async def _start(running: AsyncExitStack, options: LabOptions) -> list[Child]:
    """Start every part, each ready before what needs it; they stop in the reverse order."""
    from telecom.store.embedded import EmbeddedRedis

    redis = EmbeddedRedis(options.folder / "redis")
    running.push_async_callback(redis.stop)
    shared = ["--port-offset", str(options.port_offset), "--json"]
    transport = ["--transport", options.transport]
    simulators = (
        ("hlr-sim", ["hlr_sim.main", *_config(options, "hlr_sim.toml"), *shared, *transport]),
        ("smsc-sim", ["smsc_sim.main", *_config(options, "smsc_sim.toml"), *shared]),
    )
    await redis.start()
    children = await _children(running, simulators)
    gateway = ["telecom.cli.main", "gateway", *_config(options, "lab.toml"), *shared, *transport]
    gateway += ["--redis-url", redis.url, "--data", str(options.folder)]
    if options.capture is not None:
        gateway += ["--capture", str(options.capture)]
    return [await _child(running, "gateway", gateway), *children]


def _config(options: LabOptions, name: str) -> list[str]:
    return ["--config", str(options.configs / name)]


async def _children(
    running: AsyncExitStack, programs: Sequence[tuple[str, list[str]]]
) -> list[Child]:
    """Start programs side by side; the first that does not start ends the lab."""
    starting = [_child(running, name, arguments) for name, arguments in programs]
    started = await asyncio.gather(*starting, return_exceptions=True)
    for outcome in started:
        if isinstance(outcome, BaseException):
            raise outcome
    return [child for child in started if isinstance(child, Child)]


async def _child(running: AsyncExitStack, name: str, arguments: list[str]) -> Child:
    child = await Child.start(name, arguments)
    running.push_async_callback(child.stop)
    return child


async def _until_stopped(stop: asyncio.Event, children: list[Child]) -> int:
    """Wait for Ctrl-C; a part that ends by itself ends the lab, and is named."""
    stopped = asyncio.get_running_loop().create_task(stop.wait())
    ends = {asyncio.get_running_loop().create_task(child.wait()): child for child in children}
    await asyncio.wait({stopped, *ends}, return_when=asyncio.FIRST_COMPLETED)
    ended = [child.name for task, child in ends.items() if task.done()]
    for task in (stopped, *ends):
        task.cancel()
    if ended and not stop.is_set():
        raise CommandError(f"{ended[0]} ended by itself; its last lines on stderr say why")
    return ExitStatus.DONE


def _say_ready_in_json(addresses: dict[str, str], seconds: float) -> None:
    ready: dict[str, Any] = {"status": "lab ready", "seconds": round(seconds, 3)}
    typer.echo(json.dumps({**ready, "account": ACCOUNT, "addresses": addresses}))


def _say_ready(addresses: dict[str, str], seconds: float) -> None:
    from rich.console import Console
    from rich.table import Table

    typer.echo(f"lab ready in {seconds:.1f} s; Ctrl-C stops it")
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, where in addresses.items():
        table.add_row(name, where)
    table.add_row("account (system_id/password)", ACCOUNT)
    Console().print(table)
    port = addresses["SMPP (gateway)"].rpartition(":")[2]
    elsewhere = "" if port == _PORT_OF_SMPP else f" --port {port}"
    typer.echo(f"try: telecom send 447700900123 hello{elsewhere}")
