"""npm's smpp as an ESME: bind, enquire_link, texts of every kind, receipts, a reply, unbind."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.lab_process import Lab

HERE = Path(__file__).parent
ACCOUNT, SOURCE = "node", "38591000700"
GSM = "hello from node: [x] {y} €5 ~ \\ | ^"
UCS2 = "добрый день 👋"
PLAIN = "answer me"
LONG = "a long text, all of it in one PDU, " * 12
MESSAGES: tuple[dict[str, Any], ...] = (
    {"destination_addr": "447700985004", "short_message": GSM},  # which it calls IA5
    {"destination_addr": "447700985001", "short_message": GSM, "data_coding": 0},
    {"destination_addr": "491555985002", "short_message": UCS2},
    {"destination_addr": "447700985912", "short_message": PLAIN},
    {"destination_addr": "447700985003", "message_payload": LONG},
)
NO_ROUTE = {"destination_addr": "79161234567", "short_message": "nowhere"}


@pytest.fixture(scope="module")
def node() -> str:
    """Return the path of node; without it or its module tests are skipped, but fail in CI."""
    found = shutil.which("node")
    reason = None
    if found is None:
        reason = "node is not installed"
    elif not (HERE / "node_modules/smpp").is_dir():
        reason = "npm's smpp is not installed (npm install --prefix tests/interop)"
    if reason and os.environ.get("CI"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    return str(found)


@pytest.fixture(scope="module")
def events(running_lab: Lab, node: str) -> list[dict[str, Any]]:
    """Have it send all texts and a number without a route, and wait for receipts and the reply."""
    receipts_and_reply = len(MESSAGES) + 1
    plan = {"submit": [*MESSAGES, NO_ROUTE], "deliveries": receipts_and_reply}
    done = subprocess.run(
        [node, "esme.js", str(running_lab.smpp_port), ACCOUNT, SOURCE, json.dumps(plan)],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def of_kind(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == kind]


def test_it_binds_is_alive_and_parts(events: list[dict[str, Any]]) -> None:
    assert events[0] == {"event": "bind_transceiver_resp", "status": 0, "system_id": "telecom"}
    assert events[1] == {"event": "enquire_link_resp", "status": 0}
    assert events[-1] == {"event": "unbind_resp", "status": 0}


def test_its_messages_are_accepted_and_a_bad_number_is_not(events: list[dict[str, Any]]) -> None:
    responses = of_kind(events, "submit_sm_resp")
    assert [response["status"] for response in responses] == [0, 0, 0, 0, 0, 0x0B]
    assert len({response["message_id"] for response in responses[:5]}) == 5


def test_its_texts_arrive_unchanged(running_lab: Lab, events: list[dict[str, Any]]) -> None:
    assert events
    for sent in MESSAGES:
        (message,) = running_lab.hlr.received(sent["destination_addr"])
        assert message["text"] == sent.get("short_message", LONG)
        assert message["originator"] == SOURCE


def test_it_gets_its_receipts_and_the_reply(events: list[dict[str, Any]]) -> None:
    accepted = {response["message_id"] for response in of_kind(events, "submit_sm_resp")[:5]}
    deliveries = of_kind(events, "deliver_sm")
    receipts = [delivery for delivery in deliveries if delivery["esm_class"] == 4]
    assert {receipt["receipted_message_id"] for receipt in receipts} == accepted
    assert {receipt["message_state"] for receipt in receipts} == {2}
    assert all("stat:DELIVRD" in receipt["text"] for receipt in receipts)
    (reply,) = (delivery for delivery in deliveries if delivery["esm_class"] == 0)
    assert (reply["source"], reply["destination"]) == ("447700985912", SOURCE)
    assert reply["text"] == "re: answer me"
