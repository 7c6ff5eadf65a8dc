import pytest
import typer

from telecom.runtime.command_line import run_command_line
from telecom.runtime.errors import ConnectionFailed

app = typer.Typer()


@app.command()
def count(number: int) -> int:
    if number < 0:
        raise ConnectionFailed("nobody listens on 127.0.0.1:2775; is the lab running?")
    return number


@app.command()
def other() -> None:
    """Another one."""


@pytest.mark.parametrize(
    ("arguments", "status", "line"),
    [
        (["count", "0"], 0, ""),
        (["count", "1"], 1, ""),
        (["count", "--", "-1"], 3, "nobody listens on 127.0.0.1:2775; is the lab running?\n"),
        (["count"], 2, "Missing argument"),
        (["count", "x"], 2, "Invalid value for"),
        (["count", "--nothing"], 2, "No such option"),
        (["nothing"], 2, "No such command 'nothing'"),
        (["other"], 0, ""),
    ],
)
def test_statuses_and_lines(
    arguments: list[str], status: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command_line(app, arguments) == status
    said = capsys.readouterr().err
    assert said.startswith(line)
    assert said.count("\n") == (1 if line else 0)


def test_help_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(app, ["--help"]) == 0
    assert "Another one." in capsys.readouterr().out


def test_a_command_without_its_arguments_may_show_its_help_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    helpful = typer.Typer(no_args_is_help=True)
    helpful.command()(count)
    helpful.command()(other)
    assert run_command_line(helpful, []) == 2
    said = capsys.readouterr()
    assert "Usage" in said.out + said.err
    assert "; see" not in said.err
