"""The SMPP servers that are measured: how each is run, and why one may be absent."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

from telecom.runtime.children import die_with_parent

_ROOT: Final = Path(__file__).parents[1]
NODE_MODULES: Final = _ROOT / "tests" / "interop" / "node_modules"
_START_SECONDS: Final = 30.0
_END_SECONDS: Final = 10.0


class Server(msgspec.Struct, frozen=True):
    """A program that listens on the port given as its last argument.

    `missing` says why it cannot be run here, or nothing.
    """

    name: str
    command: tuple[str, ...]
    missing: Callable[[], str] = lambda: ""


def _no_smpp34() -> str:
    return "" if find_spec("smpp34") else "not installed: pip install 'telecom-messaging[interop]'"


def no_npm_smpp() -> str:
    if shutil.which("node") is None:
        return "there is no Node on the PATH"
    if not (NODE_MODULES / "smpp").is_dir():
        return "not installed: npm install --prefix tests/interop"
    return ""


def of_python(module: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"benchmarks.{module}")


SERVERS: Final = (
    Server("ours, alone", of_python("peers.smpp_server")),
    Server("PyPI smpp34", of_python("peers.smpp34_server"), _no_smpp34),
    Server(
        "npm smpp",
        ("node", str(Path(__file__).parent / "peers" / "npm_smpp.cjs")),
        no_npm_smpp,
    ),
    Server("headers only (no server)", of_python("peers.headers_only")),
)


@contextlib.asynccontextmanager
async def running(server: Server) -> AsyncIterator[int]:
    """Run a server in a process of its own and give its port; raises `ConnectionError`."""
    port = _free_port()
    command = (*server.command, str(port))
    environment = {"NODE_PATH": str(NODE_MODULES)}
    async with child(server.name, command, environment):
        yield port


@contextlib.asynccontextmanager
async def child(
    name: str, command: Sequence[str], environment: Mapping[str, str]
) -> AsyncIterator[tuple[int, bytes]]:
    """Run a program, and give its process id and the line that it prints when it is ready.

    Raises `ConnectionError` when there is none. It is ended by its id: asked, then killed.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
        cwd=_ROOT,
        start_new_session=True,  # Ctrl-C is handled here
        preexec_fn=die_with_parent if sys.platform == "linux" else None,
    )
    try:
        yield process.pid, await _ready_line(name, process)
    finally:
        await _end(process)


async def _ready_line(name: str, process: asyncio.subprocess.Process) -> bytes:
    line = b""
    with contextlib.suppress(TimeoutError):
        if process.stdout is not None:
            line = await asyncio.wait_for(process.stdout.readline(), _START_SECONDS)
    if not line:
        raise ConnectionError(f"{name} did not start")
    return line


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), _END_SECONDS)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
