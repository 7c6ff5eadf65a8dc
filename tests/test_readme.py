"""What the README shows works as it stands, but for the port."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.lab_process import Lab, run_module, telecom

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
SECONDS_ALLOWED = 10


def blocks(language: str) -> list[str]:
    """Return the code blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)


def shown_in(session: str) -> tuple[list[str], list[str]]:
    """Return the command of a session on the command line, and what it prints."""
    command, *printed = session.strip().splitlines()
    assert command.startswith("$ telecom ")
    return shlex.split(command.removeprefix("$ telecom ")), printed


@pytest.mark.parametrize("session", blocks("console"), ids=lambda session: session.split()[2])
def test_the_sessions_on_the_command_line(running_lab: Lab, session: str) -> None:
    """The line after the `$` is run; what follows is what it prints, a word with `...` any word."""
    command, printed = shown_in(session)
    done = running_lab.over_smpp(*command)
    assert (done.returncode, done.stderr) == (0, "")
    shown = done.stdout.replace(str(running_lab.smpp_port), "2775").splitlines()
    assert len(shown) == len(printed)
    for line, pattern in zip(shown, printed, strict=True):
        for word, meant in zip(line.split(), pattern.split(), strict=True):
            assert word == meant or meant.endswith("..."), line


@pytest.mark.parametrize("example", blocks("python"), ids=["asyncio", "sync"])
def test_the_python_examples(running_lab: Lab, tmp_path: Path, example: str) -> None:
    program = tmp_path / "example.py"
    assert example.count("2775") == 1
    program.write_text(example.replace("2775", str(running_lab.smpp_port)))
    done = subprocess.run(
        [sys.executable, str(program)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=SECONDS_ALLOWED,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "DELIVRD" in done.stdout
    assert "object at 0x" not in done.stdout


def requests() -> list[list[str]]:
    """Return the arguments of each `curl` of the README."""
    return [
        shlex.split(block.replace("\\\n", " "))[1:]
        for block in blocks("sh")
        if block.startswith("curl ")
    ]


@pytest.mark.parametrize("arguments", requests(), ids=["rule", "account"])
def test_the_requests(running_lab: Lab, arguments: list[str]) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    moved = [
        re.sub(
            r"^127\.0\.0\.1:(\d+)",
            lambda port: f"127.0.0.1:{int(port[1]) + running_lab.offset}",
            argument,
        )
        for argument in arguments
    ]
    done = subprocess.run(
        [curl, "--silent", "--fail-with-body", *moved],
        capture_output=True,
        text=True,
        timeout=SECONDS_ALLOWED,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def commands() -> list[list[str]]:
    """Return the commands that the README's table names, without what follows their names."""
    table = README.split("## Commands")[1].split("##")[0]
    named = re.findall(r"`((?:telecom|hlr-sim|smsc-sim)[^`]*)`", table)
    words = [re.match(r"[a-z -]+?(?= -|[A-Z ]*$| [A-Z])", name + " X") for name in named]
    return [match[0].split() for match in words if match]


MODULES = {"hlr-sim": "hlr_sim.main", "smsc-sim": "smsc_sim.main"}


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_in_the_table_is_there(command: list[str]) -> None:
    name, *arguments = command
    if name == "telecom":
        done = telecom(*arguments, "--help")
    else:
        done = run_module(MODULES[name], *arguments, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage" in done.stdout


def test_the_two_commands_on_top_are_targets_of_make() -> None:
    shown = [line.split("#")[0].split() for line in blocks("sh")[0].strip().splitlines()]
    makefile = (ROOT / "Makefile").read_text()
    assert shown == [["make", "lab"], ["make", "test"]]
    for _, target in shown:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)


def test_the_folders_are_there() -> None:
    table = README.split("## Where things are")[1]
    rows = re.findall(r"^\| (`.*?) \|", table, flags=re.MULTILINE)
    folders = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert len(folders) > 10
    assert [name for name in folders if not (ROOT / name).is_dir()] == []
