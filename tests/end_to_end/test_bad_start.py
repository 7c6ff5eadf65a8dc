"""What keeps a command from starting: one line on stderr that says what to do, and its status."""

import re
import shutil
from pathlib import Path

import pytest

from tests.end_to_end.lab_process import CONFIGS, Lab, free_offset, run_module, telecom

DONE, FAILED, USAGE, NO_CONNECTION = range(4)


def one_line(stderr: str) -> str:
    """Return the one line that stderr must be."""
    assert stderr.count("\n") == 1, stderr
    return stderr.strip()


def test_a_second_lab_on_the_same_ports_names_the_port(running_lab: Lab) -> None:
    done = telecom("lab", "--json", "--port-offset", str(running_lab.offset))
    assert (done.returncode, done.stdout) == (NO_CONNECTION, "")
    line = one_line(done.stderr)
    named = re.search(r"127\.0\.0\.1:(\d+)", line)
    assert named, line
    assert int(named[1]) - running_lab.offset in {2776, 2905, 8081, 8082}
    assert "in use" in line
    assert "--port-offset" in line
    assert running_lab.get("/healthz").status_code == 200


BROKEN = {
    "an unknown key": ("lab.toml", 'node = "lab"', 'noed = "lab"', "noed"),
    "a number out of range": ("lab.toml", "default_validity = 60", "default_validity = -1", "-1"),
    "text for a number": ("hlr_sim.toml", "point_code = 201", 'point_code = "x"', "point_code"),
    "no TOML": ("smsc_sim.toml", "[smpp]", "[smpp", "TOML"),
    "an operator without a range": ("operators.toml", 'ranges = ["62819"]', "", "ranges"),
    "a GT that is not ours": (
        "lab.toml",
        'calling_gt = "38591000002"',
        'calling_gt = "1"',
        "corvo",
    ),
}
"""A file of configs/, what to replace in it by what, and what the error must name."""

READERS = {
    "lab.toml": ("telecom.cli.main", "gateway", "--config", "lab.toml"),
    "hlr_sim.toml": ("hlr_sim.main", "--config", "hlr_sim.toml"),
    "smsc_sim.toml": ("smsc_sim.main", "--config", "smsc_sim.toml"),
    "operators.toml": ("hlr_sim.main", "--config", "hlr_sim.toml"),
}


def broken_configs(folder: Path, name: str, said: str, instead: str) -> Path:
    """Copy the lab's configuration with an error in one file."""
    shutil.copytree(CONFIGS, folder)
    text = (folder / name).read_text()
    assert said in text
    (folder / name).write_text(text.replace(said, instead))
    return folder


@pytest.mark.parametrize(("name", "said", "instead", "blamed"), BROKEN.values(), ids=list(BROKEN))
def test_a_configuration_with_an_error(
    tmp_path: Path, name: str, said: str, instead: str, blamed: str
) -> None:
    configs = broken_configs(tmp_path / "configs", name, said, instead)
    *command, file = READERS[name]
    done = run_module(*command, str(configs / file))
    assert (done.returncode, done.stdout) == (USAGE, "")
    line = one_line(done.stderr)
    assert str(configs / name) in line
    assert blamed in line


def test_a_lab_whose_configuration_has_an_error(tmp_path: Path) -> None:
    configs = broken_configs(tmp_path / "configs", *BROKEN["text for a number"][:3])
    done = telecom("lab", "--port-offset", str(free_offset()), "--configs", str(configs))
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert "hlr_sim.toml: m3ua.point_code: expected a valid integer" in one_line(done.stderr)


def test_a_configuration_that_is_not_there(tmp_path: Path) -> None:
    done = telecom("gateway", "--config", str(tmp_path / "none.toml"))
    assert done.returncode == USAGE
    assert "none.toml" in one_line(done.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        ("lab", "--nonsense"),
        ("lab", "--port-offset", "many"),
        ("lab", "--transport", "pigeon"),
        ("send",),
        ("send", "447700900123", "hi", "--port", "99999"),
        ("lookup",),
        ("lookup", "not-a-number"),
        ("statement", "--month"),
        ("evidence", "verify"),
        ("nonsense",),
    ],
    ids=" ".join,
)
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    done = telecom(*arguments)
    assert (done.returncode, done.stdout) == (USAGE, "")
    one_line(done.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        ("send", "447700900123", "hi", "--port", "1"),
        ("listen", "--port", "1"),
        ("lookup", "447700900123", "--url", "http://127.0.0.1:1"),
        ("statement", "--url", "http://127.0.0.1:1"),
        ("evidence", "export", "--url", "http://127.0.0.1:1"),
        ("statement", "--url", "nowhere"),
    ],
    ids=" ".join,
)
def test_where_nobody_listens(arguments: tuple[str, ...]) -> None:
    done = telecom(*arguments)
    assert (done.returncode, done.stdout) == (NO_CONNECTION, "")
    one_line(done.stderr)


def test_what_was_asked_for_fails(running_lab: Lab, tmp_path: Path) -> None:
    undelivered = running_lab.over_smpp("send", "447700980902", "hi")
    assert (undelivered.returncode, undelivered.stdout.split()[-3:]) == (
        FAILED,
        ["UNDELIV", "err", "001"],
    )
    wrong = running_lab.over_smpp("send", "447700980001", "hi", "--password", "wrong")
    assert (wrong.returncode, wrong.stdout) == (FAILED, "")
    assert "ESME_RINVPASWD" in one_line(wrong.stderr)
    nowhere = running_lab.over_smpp("send", "79161234567", "hi")
    assert (nowhere.returncode, nowhere.stdout) == (FAILED, "")
    assert "ESME_RINVDSTADR" in one_line(nowhere.stderr)
    unreadable = telecom("evidence", "verify", str(tmp_path / "none.jsonl"))
    assert unreadable.returncode == FAILED
    one_line(unreadable.stderr)
