"""The lab as its users run it: a command, its ports, its control API, its processes."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
from prometheus_client.parser import text_string_to_metric_families

T = TypeVar("T")

CONFIGS = Path(__file__).parents[2] / "configs"
PORTS = (2775, 2776, 2905, 3550, 8080, 8081, 8082)
DEMO = ("demo", "demo")

HURRIED = {
    "lab.toml": {
        r"^(send_routing_info_for_sm) = .*": r"\1 = 1.5",
        r"^(mt_forward_sm) = .*": r"\1 = 2",
        r"^(default_validity) = .*": r"\1 = 30",
        r"first = [12],": "first = 0.2,",
        r"^(response_timer) = .*": r"\1 = 1.5",
        r"^(receipt_grace) = .*": r"\1 = 1",
    },
    "hlr_sim.toml": {r"^(comes_back_after) = .*": r"\1 = 3"},
}
"""Timers that keep no test waiting, and are still long for a busy machine."""

TEST_ACCOUNTS = """
[[accounts]]
system_id = "tester"
password = "tester"
rate = 100_000
numbers = ["38591000400"]

[[accounts]]
system_id = "charged"
password = "charged"
numbers = ["38591000500"]

[[accounts]]
system_id = "refused"
password = "refused"
numbers = ["38591000600"]

[[accounts]]
system_id = "suite"
password = "suite"
rate = 100_000
numbers = ["38591000800"]

"""
"""What one account sends or is delivered must not be another test's; `demo` is left to commands."""

PEERS = ("npm_smpp", "smpplib", "aiosmpplib", "rusmppyc", "smpp34", "net_smpp", "kannel")
"""Foreign programs, each with an account of its own, and a number that its texts come from."""


def number_of(peer: str) -> str:
    """Return the number of a peer's account."""
    return f"385910007{PEERS.index(peer):02d}"


def _account_of(peer: str) -> str:
    number = number_of(peer)
    return f'[[accounts]]\nsystem_id = "{peer}"\npassword = "foreign"\nnumbers = ["{number}"]\n\n'


def hurried_configs(folder: Path) -> Path:
    """Copy the lab's configuration with timers that do not keep a test waiting."""
    shutil.copytree(CONFIGS, folder)
    for name, changes in HURRIED.items():
        text = (folder / name).read_text()
        for pattern, replacement in changes.items():
            text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
            assert count, f"{name} has nothing like {pattern}"
        (folder / name).write_text(text)
    with (folder / "lab.toml").open("a") as lab:
        lab.write(TEST_ACCOUNTS + "\n".join(map(_account_of, PEERS)))
    return folder


def free_offset() -> int:
    """Find an offset at which every port of the lab is free.

    Each test worker has its range, and all stay below the ports that the kernel gives to clients.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
    start = 10_000 + 1700 * worker + os.getpid() % 700
    for offset in range(start, start + 1700, 13):
        with ExitStack() as held:
            try:
                for port in PORTS:
                    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                        taken = held.enter_context(socket.socket(type=kind))
                        taken.bind(("127.0.0.1", port + offset))
            except OSError:
                continue
            return offset
    raise RuntimeError("no free ports")


def telecom(*arguments: str, stdin: str = "") -> Any:
    """Run a `telecom` command to its end."""
    return run_module("telecom.cli.main", *arguments, stdin=stdin)


def run_module(*arguments: str, stdin: str = "") -> Any:
    """Run ``python -m arguments...`` to its end."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )


def eventually(what: Callable[[], T], *, timeout: float = 15, fits: Callable[[T], Any] = bool) -> T:
    """Ask until the answer fits, and return it; the last one is in the failure."""
    deadline = time.monotonic() + timeout
    while not fits(answer := what()):
        assert time.monotonic() < deadline, f"still {answer!r} after {timeout:g} s"
        time.sleep(0.05)
    return answer


@dataclass
class Lab:
    """A running lab: where its parts are."""

    process: "subprocess.Popen[str]"
    offset: int
    ready: dict[str, Any]

    @property
    def smpp_port(self) -> int:
        return 2775 + self.offset

    @property
    def m3ua_port(self) -> int:
        return 2905 + self.offset

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{8080 + self.offset}"

    @property
    def hlr(self) -> "Hlr":
        return Hlr(f"http://127.0.0.1:{8081 + self.offset}")

    def over_http(self, *arguments: str, stdin: str = "") -> Any:
        """Run a command that asks the gateway's HTTP API."""
        return telecom(*arguments, "--url", self.api, stdin=stdin)

    def over_smpp(self, *arguments: str) -> Any:
        """Run a command that binds to the gateway."""
        return telecom(*arguments, "--port", str(self.smpp_port))

    def statement(self, client: str) -> dict[str, int]:
        """Return how many units of each service a client is charged for."""
        lines = self.get("/v1/statement", params={"client": client}).json()["lines"]
        return {line["service"]: line["quantity"] for line in lines}

    def evidence(self, **asked: str) -> list[dict[str, Any]]:
        """Return the pairs of SRI-SM and MT-ForwardSM that are asked for."""
        lines = self.get("/v1/evidence", params=asked).text.splitlines()
        return [json.loads(line) for line in lines]

    def metric(self, name: str, **labels: str) -> float:
        """Return a figure of the gateway; 0 for one that has not been counted yet."""
        return sum(
            sample.value
            for family in text_string_to_metric_families(self.get("/metrics").text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def get(
        self, path: str, *, auth: tuple[str, str] | None = DEMO, **options: Any
    ) -> httpx.Response:
        """Ask the gateway's HTTP API."""
        return httpx.get(self.api + path, auth=auth, timeout=10, **options)

    def stop(self, signum: int = signal.SIGINT) -> int:
        """Press Ctrl-C, which a terminal sends to a whole process group; return the exit status."""
        os.killpg(self.process.pid, signum)
        return self.process.wait(10)


class Hlr:
    """The control API of the simulated operators."""

    def __init__(self, url: str) -> None:
        self._url = url

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = httpx.request(method, self._url + path, json=body, timeout=10)
        return answer.raise_for_status().json()

    def received(self, msisdn: str) -> list[dict[str, Any]]:
        """Return what a handset got."""
        messages: list[dict[str, Any]] = self._ask("GET", f"/subscribers/{msisdn}/messages")
        return messages

    def subscriber(self, msisdn: str) -> dict[str, Any]:
        """Return a subscriber as it is now."""
        found: dict[str, Any] = self._ask("GET", f"/subscribers/{msisdn}")
        return found

    def change(self, msisdn: str, **patch: Any) -> None:
        """Change a subscriber."""
        self._ask("PATCH", f"/subscribers/{msisdn}", patch)

    def send(self, msisdn: str, destination: str, text: str) -> None:
        """Have a handset send a text."""
        message = {"destination": destination, "text": text}
        self._ask("POST", f"/subscribers/{msisdn}/messages", message)

    def sent(self, msisdn: str) -> list[dict[str, Any]]:
        """Return what a handset has sent."""
        messages: list[dict[str, Any]] = self._ask("GET", f"/subscribers/{msisdn}/sent")
        return messages

    def set_faults(self, *rows: dict[str, Any]) -> None:
        """Set faults in place of those before."""
        self._ask("PUT", "/faults", {"seed": 1, "rows": rows})

    def correlation(self) -> dict[str, Any]:
        """Return what the receiving side's GT correlation has found."""
        found: dict[str, Any] = self._ask("GET", "/correlation")
        return found


@contextmanager
def started_lab(*options: str, configs: Path) -> Iterator[Lab]:
    """Run a lab for as long as the block does; one that is still there then is ended."""
    offset = free_offset()
    command = [sys.executable, "-m", "telecom.cli.main", "lab", "--json"]
    command += ["--port-offset", str(offset), "--configs", str(configs), *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, f"the lab ended with status {process.wait(10)}"
            yield Lab(process, offset, json.loads(line))
        finally:
            _end(process)


def _end(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()


def descendants(pid: int) -> dict[int, str]:
    """Return every process below one by its id, with its command line (Linux)."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            rest = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(rest[1]), []).append(int(stat.parent.name))
    found: dict[int, str] = {}
    waiting = [pid]
    while waiting:
        for child in parents.get(waiting.pop(), []):
            found[child] = command_line(child)
            waiting.append(child)
    return found


def command_line(pid: int) -> str:
    """Return what a process runs; empty when it is gone or only waited for by its parent."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def still_there(processes: dict[int, str]) -> dict[int, str]:
    """Return those of some processes that run on; an id that means another by now does not."""
    return {pid: what for pid, what in processes.items() if what and command_line(pid) == what}
