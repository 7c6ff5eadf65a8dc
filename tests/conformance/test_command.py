"""`telecom conformance smpp` as its users run it: outputs, exit statuses, wrong usage."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from telecom.cli.main import app
from telecom.runtime.command_line import run_command_line
from tests.conformance import broken_smscs, raw_smsc
from tests.conformance.raw_smsc import RawSmsc
from tests.end_to_end.lab_process import telecom

FEW = ("--only", "bind.transceiver", "--only", "bind.password", "--timeout", "5")


def served_by(kind: type[RawSmsc]) -> Iterator[int]:
    """Run an SMSC in a thread of its own: the command has a loop of its own."""
    port: list[int] = []
    is_up, is_done = threading.Event(), threading.Event()

    async def serve() -> None:
        async with kind() as smsc:
            port.append(smsc.port)
            is_up.set()
            while not is_done.is_set():  # noqa: ASYNC110 - it is another thread that sets it
                await asyncio.sleep(0.01)

    thread = threading.Thread(target=asyncio.run, args=[serve()])
    thread.start()
    assert is_up.wait(5)
    yield port[0]
    is_done.set()
    thread.join(5)


@pytest.fixture(scope="module")
def right() -> Iterator[int]:
    yield from served_by(RawSmsc)


@pytest.fixture(scope="module")
def wrong() -> Iterator[int]:
    yield from served_by(broken_smscs.LetsAnybodyIn)


def test_all_is_well(right: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(app, ["conformance", "smpp", "--port", str(right), *FEW]) == 0
    assert capsys.readouterr().out.splitlines()[-1].strip() == f"127.0.0.1:{right}: 8 pass"


def test_a_case_fails(wrong: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(app, ["conformance", "smpp", "--port", str(wrong), *FEW]) == 1
    shown = capsys.readouterr().out
    assert "2 pass  5 fail  1 warn" in shown
    assert "bind_transceiver_resp" in shown


def test_json(wrong: int, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["conformance", "smpp", "--port", str(wrong), *FEW, "--json"]
    assert run_command_line(app, arguments) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["counts"]["fail"] == 5
    failed = next(each for each in told["cases"] if each["name"] == "bind.password.wrong")
    assert failed["verdict"] == "fail"
    assert [each["from"] for each in failed["exchange"]] == ["us", "peer"]


def test_the_files_have_no_password(wrong: int, tmp_path: Path) -> None:
    junit, html = tmp_path / "run.xml", tmp_path / "run.html"
    arguments = ["conformance", "smpp", "--port", str(wrong), *FEW, "--password", "hidden!1"]
    arguments += ["--junit", str(junit), "--html", str(html)]
    assert run_command_line(app, arguments) == 1
    root = ElementTree.parse(junit).getroot()  # noqa: S314 - we have written it
    assert {case.get("name") for case in root.iter("testcase")} >= {"bind.transceiver.ok"}
    page = html.read_text()
    assert "bind_transceiver_resp" in page
    assert "ESME_ROK" in page
    for text in (page, junit.read_text()):
        assert "hidden!" not in text.lower()
        assert b"hidden!".hex(" ") not in text


@pytest.mark.parametrize("option", ["--html", "--junit"])
def test_a_file_that_cannot_be_written(
    option: str, right: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was found out is told all the same."""
    arguments = ["conformance", "smpp", "--port", str(right), *FEW, option]
    assert run_command_line(app, [*arguments, str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err
    assert run_command_line(app, [*arguments, "/dev/full"]) == 1
    told = capsys.readouterr()
    assert told.err.splitlines() == ["cannot write /dev/full: No space left on device"]
    assert told.out.splitlines()[-1].strip().endswith(" pass")


def test_a_wrong_password_is_one_reason_to_skip(
    right: int, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--port", str(right), "--password", "wrong", "--only", "*_sm.*"]
    assert run_command_line(app, ["conformance", "smpp", *arguments]) == 1
    text = " ".join(capsys.readouterr().out.split())
    assert "transceiver (--system-id, --password): expected bind_transceiver_resp" in text
    assert text.count("ESME_RINVPASWD") == 1


def test_pics(right: int, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["conformance", "smpp", "--port", str(right), "--only", "bind.transceiver"]
    assert run_command_line(app, [*arguments, "--pics"]) == 0
    assert capsys.readouterr().out.splitlines()[2:] == [
        "| 3.4 4.1.5 | BIND_TRANSCEIVER | yes | 1/1 |  |",
        "| 3.4 4.1.6 | BIND_TRANSCEIVER_RESP | yes | 1/1 |  |",
        "| 5.0 4.1.1.5 | bind_transceiver | yes | 1/1 |  |",
    ]


@pytest.mark.parametrize(("role", "least"), [("esme", 110), ("smsc", 40)])
def test_the_list(role: str, least: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(app, ["conformance", "smpp", "--as", role, "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= least
    assert all(" (must; 3.4 " in line or "; " in line for line in lines)
    assert run_command_line(app, ["conformance", "smpp", "--as", role, "--list", "--json"]) == 0
    cases = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [case["name"] for case in cases] == [line.split()[0] for line in lines]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--as", "handset"], 2, "--as"),
        (["--version", "4.0"], 2, "--version"),
        (["--only", "nothing"], 2, "--only"),
        (["--system-id", "a" * 16], 2, "--system-id"),
        (["--password", "much-too-long"], 2, "--password"),
        (["--html", "/there/is/no/such/x"], 2, "there is no folder"),
        (["--port", "1"], 3, "cannot connect to 127.0.0.1:1"),
        (["--as", "smsc", "--host", "192.0.2.1"], 3, "cannot listen on 192.0.2.1"),
    ],
)
def test_what_cannot_be_done(
    arguments: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command_line(app, ["conformance", "smpp", *arguments]) == status
    line = capsys.readouterr().err
    assert said in line.replace("\n", " ")
    assert "much-too-long" not in line


def test_no_esme_comes() -> None:
    """What it has to do is said; nothing could be run, so the run has not passed."""
    port = str(raw_smsc.free_port())
    arguments = ["--as", "smsc", "--port", port, "--patience", "0.1", "--only", "bind.first"]
    done = telecom("conformance", "smpp", *arguments)
    assert done.returncode == 1
    assert f"bind your ESME to 127.0.0.1:{port} as demo" in done.stderr
    assert "the ESME did not connect within 0.1 s" in done.stdout
