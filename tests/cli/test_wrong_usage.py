"""What cannot be done as it was asked for: status 2, one line, and no password in it."""

from pathlib import Path

import pytest

from telecom.cli.main import app
from telecom.runtime.command_line import run_command_line

NOWHERE = "/there/is/no/such"
NUMBER = "447700900123"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["send", NUMBER, "hi", "--from", "☃"], "--from"),
        (["send", NUMBER, "hi", "--password", "much-too-long"], "--password has to be 8"),
        (["send", NUMBER, "hi", "--system-id", "a" * 16], "--system-id has to be 15"),
        (["listen", "--password", "☃"], "--password has to be 8"),
        (["statement", "--month", "2026-13"], "--month"),
        (["evidence", "export", "--out", f"{NOWHERE}/x"], f"there is no folder {NOWHERE}"),
        (["lab", "--capture", f"{NOWHERE}/x.pcap"], f"there is no folder {NOWHERE}"),
        (["lab", "--transport", "pigeon"], "--transport"),
        (["lab", "--data", "/dev/null/x"], "cannot be made"),
        (["gateway", "--config", "x.toml", "--log-level", "loud"], "--log-level"),
        (["gateway", "--config", "x.toml", "--transport", "pigeon"], "--transport"),
    ],
)
def test_wrong_usage(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(app, arguments) == 2
    line = capsys.readouterr().err
    assert said in line
    assert line.count("\n") == 1
    assert "much-too-long" not in line


def test_an_export_that_is_not_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    export = tmp_path / "export"
    export.write_bytes(b"\xff\xfe")
    assert run_command_line(app, ["evidence", "verify", str(export)]) == 1
    assert capsys.readouterr().err == f"{export} is no export: it is not text\n"
