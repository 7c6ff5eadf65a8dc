"""The whole lab as a child process, on ports that are free."""

import contextlib
import json
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Final

import httpx
import msgspec

from benchmarks.processes import Usage, children_of, command_of, usage_of
from benchmarks.servers import child

_PORTS: Final = (2775, 2776, 2905, 3550, 8080, 8081)
_PARTS: Final = {"gateway": "gateway", "hlr_sim": "HLR simulator", "redis-server": "Redis"}
"""What is in the command line of each part of the lab that is looked at."""
_PAUSED: Final = {
    "TELECOM_LIMITS__IN_FLIGHT": "1",
    "TELECOM_SS7__TIMERS__SEND_ROUTING_INFO_FOR_SM": "600",
}
"""One message at a time is delivered, and an SRI-SM may take ten minutes."""
_SILENT_HLR: Final = {"rows": [{"silent": True}]}


class Lab(msgspec.Struct, frozen=True):
    """A running lab: its SMPP port, and the process id of each part that is known."""

    smpp_port: int
    parts: Mapping[str, int]

    def usage(self) -> dict[str, Usage]:
        """Look at what each part has used so far."""
        return {name: usage_of(pid) for name, pid in self.parts.items()}


@contextlib.asynccontextmanager
async def running_lab(*, delivering: bool = True) -> AsyncIterator[Lab]:
    """Run a lab, with its state in a temporary folder; one that does not deliver only accepts.

    Raises `ConnectionError` when it does not start.
    """
    command = [sys.executable, "-m", "telecom.cli.main", "lab", "--json"]
    command += ["--port-offset", str(_free_offset())]
    async with child("the lab", command, {} if delivering else _PAUSED) as (pid, line):
        addresses = json.loads(line)["addresses"]
        if not delivering:
            await _silence(addresses["HLR simulator's control API"])
        port = int(addresses["SMPP (gateway)"].rpartition(":")[2])
        yield Lab(port, _parts(pid))


async def _silence(hlr: str) -> None:
    async with httpx.AsyncClient(base_url=hlr) as client:
        (await client.put("/faults", json=_SILENT_HLR)).raise_for_status()


def _parts(pid: int) -> dict[str, int]:
    parts: dict[str, int] = {}
    for part in children_of(pid):
        command = command_of(part)
        parts |= {name: part for mark, name in _PARTS.items() if mark in command}
    return parts


def _free_offset() -> int:
    """Find an offset at which every port of the lab is free."""
    for offset in range(12_000, 50_000, 23):
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for port in _PORTS:
                held.enter_context(socket.socket()).bind(("127.0.0.1", port + offset))
            return offset
    raise ConnectionError("there are no free ports for a lab")
