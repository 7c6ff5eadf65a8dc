"""The `smsc-sim` command as users and the lab run it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from smsc_sim.main import app
from telecom.runtime.command_line import run_command_line

CONFIG = Path(__file__).parents[2] / "configs" / "smsc_sim.toml"
PORTS = (2776, 8082)


@pytest.fixture(autouse=True)
def _logs_as_they_are(monkeypatch):
    """Leave the test process's logging alone: the command would send it to a captured stderr."""
    monkeypatch.setattr("telecom.runtime.logs.configure", lambda **_: None)


def run(*arguments: Any) -> int:
    return run_command_line(app, [str(argument) for argument in arguments])


def an_offset() -> int:
    """Return an offset at which the ports of the lab's configuration are free."""
    for offset in range(20_000 + os.getpid() % 97, 50_000, 97):
        try:
            for port in PORTS:
                socket.create_server(("127.0.0.1", port + offset)).close()
        except OSError:
            continue
        return offset
    raise AssertionError("no free ports")


@contextmanager
def running(*arguments: str) -> Iterator[dict[str, str]]:
    """Run it; it has to end as users expect when they press Ctrl-C."""
    command = [sys.executable, "-m", "smsc_sim.main", "--json", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, b"")


def test_without_a_file_it_is_the_labs(tmp_path):
    offset = an_offset()
    with running("--port-offset", str(offset), "--seed", "5") as ready:
        assert ready == {
            "SMPP (SMSC simulator)": f"127.0.0.1:{2776 + offset}",
            "SMSC simulator's control API": f"http://127.0.0.1:{8082 + offset}",
        }
        url = ready["SMSC simulator's control API"]
        assert httpx.get(f"{url}/healthz").json()["seed"] == 5
        assert len(httpx.get(f"{url}/rules").json()["rules"]) > 30
        assert httpx.get(f"{url}/docs").status_code == 200


def test_a_port_of_ones_own_and_tls(tmp_path):
    config = tmp_path / "smsc_sim.toml"
    config.write_text("[http]\nport = 0\n[smpp.tls]\nport = 0\n")
    with running("--config", str(config), "--port", "0") as ready:
        assert list(ready) == [
            "SMPP (SMSC simulator)",
            "SMPP by TLS (SMSC simulator)",
            "SMSC simulator's control API",
        ]
        assert not ready["SMPP (SMSC simulator)"].endswith(":2776")


@pytest.mark.parametrize("port", PORTS)
def test_a_port_in_use_is_named(port, capsys):
    offset = an_offset()
    with socket.create_server(("127.0.0.1", port + offset)):
        assert run("--config", CONFIG, "--port-offset", offset) == 3
    errors = capsys.readouterr().err
    assert f"127.0.0.1:{port + offset}" in errors
    assert errors.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour = 1", "colour: expected no such key"),
        (2 * "[[accounts]]\nsystem_id = 'a'\npassword = 'hushhush'\n", "not two called 'a'"),
        ("[smpp.tls]\ncertificate = 'none.pem'", "smpp.tls: no certificate"),
    ],
)
def test_an_error_in_the_configuration_is_one_line(tmp_path, capsys, text, said):
    path = tmp_path / "smsc_sim.toml"
    path.write_text(text + "\n[http]\nport = 0\n")
    assert run("--config", path, "--port", 0) == 2
    errors = capsys.readouterr().err
    assert said in errors
    assert "hushhush" not in errors
    assert errors.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--port", "70000"], ["--port-offset", "65000"]])
def test_wrong_usage(arguments, capsys):
    assert run(*arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1
