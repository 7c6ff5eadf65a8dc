"""The evidence for an operator: every MT-ForwardSM with its SRI-SM, and nobody changed a line."""

import json

import pytest

from tests.end_to_end.esme import Esme
from tests.end_to_end.lab_process import Lab, eventually, telecom


@pytest.fixture(scope="module")
def export(running_lab: Lab, esme: Esme) -> str:
    """Send to each operator, to a node that fails first, and export what there is by then."""
    numbers = ("447700950001", "491555950001", "6281995000001", "447700950908")
    sent = [esme.accepted(number, b"x") for number in numbers for _ in range(3)]
    assert {esme.receipt(message_id).state for message_id in sent} == {"DELIVRD"}
    eventually(
        lambda: sum(len(running_lab.evidence(number=number)) for number in numbers),
        fits=lambda pairs: pairs >= len(sent) + 1,
    )
    done = running_lab.over_http("evidence", "export")
    assert (done.returncode, done.stderr) == (0, "")
    return str(done.stdout)


def test_what_is_exported_is_verified(export: str) -> None:
    done = telecom("evidence", "verify", "-", stdin=export)
    pairs = len(export.splitlines())
    assert pairs >= 13
    assert done.returncode == 0
    assert done.stdout == f"{pairs} pairs, 0 gaps, 0 faults\n"


@pytest.mark.parametrize(
    ("number", "operator"),
    [("447700950001", "Alba"), ("491555950001", "Borea"), ("6281995000001", "Corvo")],
)
def test_every_pair_matches_on_both_layers(
    running_lab: Lab, export: str, number: str, operator: str
) -> None:
    assert export
    gt = "38591000002" if operator == "Corvo" else "38591000001"
    pairs = running_lab.evidence(number=number)
    assert len(pairs) == 3
    for pair in pairs:
        assert (pair["verdict"], pair["operator"]) == ("match", operator)
        for side in (pair["sri"], pair["fsm"]):
            assert (side["calling_gt"], side["service_centre_address"]) == (gt, gt)
        assert pair["sri"]["at"] <= pair["answer"]["at"] <= pair["fsm"]["at"]
        assert pair["answer"]["node"] == pair["fsm"]["node"]
    assert len({pair["sri"]["dialogue"] for pair in pairs}) == 3


def test_what_an_operator_gets_is_its_own_and_still_verified(running_lab: Lab, export: str) -> None:
    own = running_lab.over_http("evidence", "export", "--operator", "Corvo").stdout
    lines = [json.loads(line) for line in own.splitlines()]
    assert {line["operator"] for line in lines} == {"Corvo"}
    assert len(lines) < len(export.splitlines())
    done = telecom("evidence", "verify", "--json", "-", stdin=own)
    assert done.returncode == 0
    assert json.loads(done.stdout)["faults"] == []


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ('"verdict":"match"', '"verdict":"Match"'),
        ('"38591000001"', '"38591000002"'),
        ('"operator":"Alba"', '"operator":"Borea"'),
    ],
)
def test_a_line_that_was_changed_is_found(export: str, said: str, instead: str) -> None:
    lines = export.splitlines()
    index = next(n for n, line in enumerate(lines) if said in line.replace(": ", ":"))
    lines[index] = lines[index].replace(": ", ":").replace(said, instead)
    done = telecom("evidence", "verify", "-", stdin="\n".join(lines))
    assert done.returncode == 1
    assert f"line {index + 1}: " in done.stdout


def test_the_first_line_left_out_is_a_gap(export: str) -> None:
    pairs = [json.loads(line) for line in export.splitlines()]
    partition = next(pair["partition"] for pair in pairs if pair["sequence"] == 2)
    left = [pair for pair in pairs if (pair["partition"], pair["sequence"]) != (partition, 1)]
    done = telecom("evidence", "verify", "-", stdin="\n".join(map(json.dumps, left)))
    assert done.returncode == 0
    assert ", 1 gaps, 0 faults" in done.stdout


def test_the_receiving_side_agrees(running_lab: Lab, export: str) -> None:
    assert export
    found = running_lab.hlr.correlation()
    assert found["suspects"] == []
    assert {verdict for verdict, count in found["verdicts"].items() if count} == {"match"}


def test_a_lookup_leaves_no_pair(running_lab: Lab, export: str) -> None:
    number = "447700951001"
    assert running_lab.over_http("lookup", number).returncode == 0
    eventually(lambda: running_lab.statement("demo").get("number-lookup"))
    assert number not in export
    assert running_lab.evidence(number=number) == []


def test_only_the_platforms_operator_may_export(running_lab: Lab) -> None:
    account = ("--system-id", "tester", "--password", "tester")
    done = running_lab.over_http("evidence", "export", *account)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
