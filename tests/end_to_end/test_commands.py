"""`telecom send` and `telecom listen` against the lab, as people and as scripts use them."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.end_to_end.lab_process import Lab, eventually

ID = r"[0-9a-f]{20}"
DEMOS_NUMBER = "38591000100"


@contextmanager
def listening(lab: Lab, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """Run `telecom listen` once it is bound, and end it if it does not end by itself."""
    binds = lab.metric("telecom_binds")
    command = [sys.executable, "-m", "telecom.cli.main", "listen", "--port", str(lab.smpp_port)]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        eventually(lambda: lab.metric("telecom_binds") > binds)
        try:
            yield process
        finally:
            process.terminate()


def test_send_prints_the_id_and_what_became_of_it(running_lab: Lab) -> None:
    began = time.monotonic()
    done = running_lab.over_smpp("send", "447700986001", "hello")
    took = time.monotonic() - began
    assert (done.returncode, done.stderr) == (0, "")
    shown = re.fullmatch(rf"({ID})  accepted\n({ID})  DELIVRD\n", done.stdout)
    assert shown, done.stdout
    assert shown[1] == shown[2]
    assert took < 5  # most of it is the start of Python
    (message,) = running_lab.hlr.received("447700986001")
    assert (message["text"], message["originator"]) == ("hello", DEMOS_NUMBER)


def test_send_as_a_script_reads_it(running_lab: Lab) -> None:
    text = "any text 👍 " * 30
    done = running_lab.over_smpp("send", "--json", "--from", "Telecom", "447700986002", text)
    assert done.returncode == 0
    *accepted, receipt = [json.loads(line) for line in done.stdout.splitlines()]
    assert {told["state"] for told in accepted} == {"accepted"}
    assert (receipt["state"], receipt["err"]) == ("DELIVRD", "000")
    assert receipt["message_id"] in {told["message_id"] for told in accepted}
    (message,) = eventually(lambda: running_lab.hlr.received("447700986002"))
    assert (message["text"], message["originator"]) == (text, "Telecom")


def test_send_without_a_receipt_does_not_wait(running_lab: Lab) -> None:
    done = running_lab.over_smpp("send", "--no-receipt", "447700986901", "when you are back")
    assert done.returncode == 0
    assert re.fullmatch(rf"{ID}  accepted\n", done.stdout)


def test_send_says_when_no_receipt_came_in_time(running_lab: Lab) -> None:
    number = "447700987901"
    running_lab.hlr.change(number, absent=True)
    done = running_lab.over_smpp("send", "--wait", "0.5", number, "x")
    assert done.returncode == 1
    assert re.fullmatch(rf"{ID}  accepted\n", done.stdout)
    assert done.stderr.count("\n") == 1
    with listening(running_lab, "--json") as listener:
        running_lab.hlr.change(number, reachable=True)
        assert listener.stdout is not None
        while (told := json.loads(listener.stdout.readline()))["to"] != number:
            continue  # what earlier tests did not wait for
    assert (told["kind"], told["state"]) == ("receipt", "DELIVRD")
    assert told["message_id"] == done.stdout.split()[0]


def test_listen_prints_messages_of_handsets(running_lab: Lab) -> None:
    with listening(running_lab) as listener:
        running_lab.hlr.send("447700986003", DEMOS_NUMBER, "hello {there} 👋")
        assert listener.stdout is not None
        expected = f"447700986003 > {DEMOS_NUMBER}  hello {{there}} 👋\n"
        while (line := listener.stdout.readline()) != expected:
            assert line
    assert listener.returncode == 0


def test_listen_ends_after_as_many_as_asked_for(running_lab: Lab) -> None:
    with listening(running_lab, "--count", "1") as listener:
        running_lab.hlr.send("447700986004", DEMOS_NUMBER, "one is enough")
        assert listener.wait(10) == 0
