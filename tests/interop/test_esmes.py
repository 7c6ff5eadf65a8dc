"""ESMEs that share no line with this project, each in a process of its own, at the lab's gateway.

Each sends the same texts in its own way (alphabets, splitting, parameters), and tells what came
back: responses, receipts, an end user's reply. What the handsets got is the simulator's to say.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.lab_process import PEERS, Lab, number_of

HERE = Path(__file__).parent
Events = list[dict[str, Any]]

TEXTS = {
    "001": "hello from afar: [x] {y} €5 ~ \\ | ^",
    "002": "plain",
    "003": "добрый день 👋",
    "004": "a long text, in one PDU or in several, " * 12,
    "912": "answer me",
}
"""By the last digits of the number that each goes to; 912 replies."""
ASTRAL = "rusmppyc"
"""It has no characters beyond UCS-2's."""

VERSIONS = {"rusmppyc": "Smpp5_0"}
"""What the gateway speaks with those that tell."""

NO_ROUTE = "79161234567"
ESME_RINVDSTADR = 0x0B


def node() -> list[str] | None:
    program, module = shutil.which("node"), HERE / "node_modules/smpp"
    return [program, "esmes/npm_smpp.js"] if program and module.is_dir() else None


def perl() -> list[str] | None:
    program = shutil.which("perl")
    if program is None:
        return None
    modules = ["-MNet::SMPP", "-MJSON::PP"]
    known = subprocess.run([program, *modules, "-e1"], capture_output=True, check=False)
    return [program, "esmes/net_smpp.pl"] if known.returncode == 0 else None


def python(package: str) -> Callable[[], list[str] | None]:
    program = [sys.executable, "-m", f"esmes.{package}_esme"]
    return lambda: program if find_spec(package) else None


PROGRAMS: dict[str, Callable[[], list[str] | None]] = {
    "npm_smpp": node,
    "smpplib": python("smpplib"),
    "aiosmpplib": python("aiosmpplib"),
    "rusmppyc": python("rusmppyc"),
    "smpp34": python("smpp34"),
    "net_smpp": perl,
}
"""How each is run; None where it is not installed."""


@pytest.fixture(scope="module", params=PROGRAMS)
def peer(request: pytest.FixtureRequest) -> str:
    """Return the name of a foreign ESME that is installed; in CI all of them have to be."""
    name: str = request.param
    if PROGRAMS[name]() is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{name} is not installed")
    return name


def texts(peer: str) -> dict[str, str]:
    """Return what a peer sends to which number: each has numbers of its own."""
    prefix = f"62819{PEERS.index(peer) + 70:05d}"
    return {
        prefix + ending: text.replace("👋", "") if peer == ASTRAL else text
        for ending, text in TEXTS.items()
    }


@pytest.fixture(scope="module")
def events(running_lab: Lab, peer: str) -> Events:
    """Have it send all texts and one to a number without a route, and return what it says."""
    plan = {
        "port": running_lab.smpp_port,
        "system_id": peer,
        "password": "foreign",
        "source": number_of(peer),
        "messages": [
            {"to": to, "text": text, "long": len(text) > 160} for to, text in texts(peer).items()
        ]
        + [{"to": NO_ROUTE, "text": "nowhere", "long": False}],
        "replies": 1,
    }
    program = PROGRAMS[peer]()
    assert program is not None
    done = subprocess.run(
        [*program, json.dumps(plan)],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def of_kind(events: Events, kind: str) -> Events:
    return [event for event in events if event["event"] == kind]


def accepted(events: Events) -> list[str]:
    """Return the ids of all parts that were accepted."""
    return [number for answer in of_kind(events, "answer") for number in answer["message_ids"]]


def test_it_binds_and_parts(peer: str, events: Events) -> None:
    assert events[0]["event"] == "bound"
    assert events[0]["status"] == 0
    assert events[-1] == {"event": "unbound", "status": 0}
    assert events[0].get("version") == VERSIONS.get(peer)


def test_its_messages_are_accepted_and_a_bad_number_is_not(events: Events, peer: str) -> None:
    answers = {answer["to"]: answer for answer in of_kind(events, "answer")}
    assert answers.pop(NO_ROUTE)["status"] == ESME_RINVDSTADR
    assert answers.keys() == texts(peer).keys()
    assert {answer["status"] for answer in answers.values()} == {0}
    assert len(set(accepted(events))) == len(accepted(events)) >= len(TEXTS)


def test_its_texts_arrive_unchanged(running_lab: Lab, peer: str, events: Events) -> None:
    assert events
    for to, text in texts(peer).items():
        (message,) = running_lab.hlr.received(to)
        assert (message["originator"], message["text"]) == (number_of(peer), text)


def test_it_gets_a_receipt_for_each_part(events: Events) -> None:
    receipts = of_kind(events, "receipt")
    assert sorted(receipt["message_id"] for receipt in receipts) == sorted(accepted(events))
    assert {receipt["stat"] for receipt in receipts} == {"DELIVRD"}
    assert {receipt["state"] for receipt in receipts} <= {2, None}


def test_it_gets_the_reply(peer: str, events: Events) -> None:
    (reply,) = of_kind(events, "message")
    assert (reply["source"], reply["destination"]) == (
        next(to for to in texts(peer) if to.endswith("912")),
        number_of(peer),
    )
    assert reply["text"] == "re: answer me"
