"""The `hlr-sim` command as users and the lab run it."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hlr_sim.main import app
from telecom.runtime.command_line import run_command_line

CONFIG = Path(__file__).parents[2] / "configs" / "hlr_sim.toml"


@pytest.fixture(autouse=True)
def _logs_as_they_are(monkeypatch):
    """Leave the test process's logging alone: the command would send it to a captured stderr."""
    monkeypatch.setattr("telecom.runtime.logs.configure", lambda **_: None)


def run(*arguments: Any) -> int:
    return run_command_line(app, [str(argument) for argument in arguments])


def an_offset() -> int:
    """Return an offset at which the ports of the lab's configuration are free."""
    for offset in range(20_000, 50_000, 97):
        try:
            for port in (2905, 8081):
                socket.create_server(("127.0.0.1", port + offset)).close()
        except OSError:
            continue
        return offset
    raise AssertionError("no free ports")


def test_it_says_when_it_is_ready_and_stops_when_told():
    offset = an_offset()
    command = [sys.executable, "-m", "hlr_sim.main", "--config", str(CONFIG), "--json"]
    with subprocess.Popen(
        [*command, "--port-offset", str(offset)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=5)
    assert ready == {
        "M3UA (HLR simulator)": f"tcp://127.0.0.1:{2905 + offset}",
        "HLR simulator's control API": f"http://127.0.0.1:{8081 + offset}",
    }
    assert (process.returncode, errors) == (0, b"")


@pytest.mark.parametrize("port", [2905, 8081])
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
        ("", "operators: expected a value"),
        ('operators = "none.toml"', "none.toml: cannot be read"),
        ('operators = "operators.toml"\ncolour = 1', "colour: expected no such key"),
        ('operators = "operators.toml"\n[m3ua]\nurl = "http://x"', "m3ua.url: expected"),
        ('operators = "operators.toml"\n[faults]\nrows = [{ share = 7 }]', "faults.rows[1].share"),
    ],
)
def test_an_error_in_the_configuration_is_one_line(tmp_path, capsys, text, said):
    path = tmp_path / "hlr_sim.toml"
    path.write_text(text)
    (tmp_path / "operators.toml").write_text((CONFIG.parent / "operators.toml").read_text())
    assert run("--config", path) == 2
    errors = capsys.readouterr().err
    assert said in errors
    assert errors.count("\n") == 1


def test_operators_that_make_no_network_are_an_error_of_their_file(tmp_path, capsys):
    operators = (CONFIG.parent / "operators.toml").read_text()
    (tmp_path / "operators.toml").write_text(operators.replace("62819300", "62819100"))
    (tmp_path / "hlr_sim.toml").write_text(CONFIG.read_text())
    assert run("--config", tmp_path / "hlr_sim.toml") == 2
    errors = capsys.readouterr().err
    assert "operators.toml: every node" in errors
    assert errors.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--transport", "pigeon"], ["--port-offset", "70000"]])
def test_wrong_usage(arguments, capsys):
    assert run("--config", CONFIG, *arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1
