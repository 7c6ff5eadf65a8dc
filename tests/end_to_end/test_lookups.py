"""`telecom lookup` of every magic number: the row of its outcome, and no message authorised."""

import json
from typing import Any, NamedTuple

import pytest

from tests.end_to_end.lab_process import Lab

BLOCK = "447700920"
ALBA = {"mccmnc": "23490", "name": "Alba", "country": "GB"}
BOREA = {"mccmnc": "26290", "name": "Borea", "country": "DE"}
CORVO = {"mccmnc": "51090", "name": "Corvo", "country": "ID"}


class Row(NamedTuple):
    """What a lookup says of a number; what it does not know of one that it cannot reach is None."""

    ending: str
    status: str = "reachable"
    error: int | None = None
    current: dict[str, str] | None = ALBA
    ported: bool | None = False
    roaming: bool | None = False
    visited: dict[str, str] | None = None
    home_routed: bool | None = False


def unreachable(ending: str, status: str, error: int | None) -> Row:
    return Row(ending, status, error, current=None, ported=None, roaming=None, home_routed=None)


ROWS = (
    Row("900"),
    unreachable("901", "absent", 6),
    unreachable("902", "unknown_subscriber", 1),
    Row("903", current=BOREA, ported=True),
    Row("904", roaming=True, visited=BOREA),
    unreachable("905", "barred", 13),
    Row("906"),
    unreachable("907", "undetermined", None),
    Row("908"),
    unreachable("909", "not_provisioned", 11),
    Row("910", roaming=None, home_routed=True),
    Row("911"),
    Row("912"),
    Row("913", current=BOREA, ported=True, roaming=True, visited=CORVO),
)


@pytest.fixture(scope="module")
def done(running_lab: Lab) -> Any:
    """Look all of them up with one command."""
    return running_lab.over_http("lookup", "--json", *(BLOCK + row.ending for row in ROWS))


@pytest.fixture(scope="module")
def answers(done: Any) -> dict[str, dict[str, Any]]:
    """Return the answers by number."""
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["msisdn"] for answer in found] == [BLOCK + row.ending for row in ROWS]
    return {answer["msisdn"]: answer for answer in found}


@pytest.mark.parametrize("row", ROWS, ids=[row.ending for row in ROWS])
def test_a_lookup_says_what_the_number_promises(
    answers: dict[str, dict[str, Any]], row: Row
) -> None:
    answer = answers[BLOCK + row.ending]
    assert (answer["status"], answer["error"]) == (row.status, row.error)
    assert (answer["reason"] is None) == (row.status == "reachable")
    assert answer["home_network"] == ALBA
    assert answer["current_network"] == row.current
    assert (answer["ported"], answer["roaming"]) == (row.ported, row.roaming)
    assert answer["roaming_network"] == row.visited
    assert answer["home_routed"] == row.home_routed
    assert answer["charged"] is True
    assert answer["imsi_prefix"] == (row.current["mccmnc"] if row.current else None)


def test_the_answers_have_the_fields_that_scripts_rely_on(
    answers: dict[str, dict[str, Any]],
) -> None:
    answer = answers[BLOCK + "904"]
    assert answer.keys() - {"imsi"} == {
        *("msisdn", "status", "reason", "imsi_prefix", "home_network", "current_network"),
        *("ported", "roaming", "roaming_network", "serving_node", "home_routed", "confidence"),
        *("error", "at", "charged", "id"),
    }
    assert answer["serving_node"].startswith("4915559")
    assert answer["confidence"] == "network"
    assert answers[BLOCK + "907"]["confidence"] == "numbering_plan"
    assert answer["at"].endswith("Z")


def test_an_undetermined_number_is_in_the_exit_status(done: Any) -> None:
    assert (done.returncode, done.stderr) == (1, "")


def test_only_an_account_allowed_to_sees_the_subscriber(running_lab: Lab) -> None:
    number = BLOCK + "904"
    shown = running_lab.over_http("lookup", "--json", number)
    hidden = running_lab.over_http(
        *("lookup", "--json", "--system-id", "tester", "--password", "tester", number)
    )
    allowed, other = json.loads(shown.stdout), json.loads(hidden.stdout)
    assert allowed["imsi"].startswith("23490")
    assert len(allowed["imsi"]) == 15
    assert "imsi" not in other
    assert other["serving_node"] is None
    assert (other["status"], other["roaming"]) == ("reachable", True)


def test_for_people_it_is_a_table(running_lab: Lab) -> None:
    shown = running_lab.over_http("lookup", BLOCK + "903", BLOCK + "905")
    assert shown.returncode == 0
    assert BLOCK + "903" in shown.stdout
    assert "barred" in shown.stdout


def test_a_lookup_authorises_no_message(
    running_lab: Lab, answers: dict[str, dict[str, Any]]
) -> None:
    assert answers
    for row in ROWS:
        assert running_lab.evidence(number=BLOCK + row.ending) == []


def test_a_number_of_no_operator_is_refused_and_free(running_lab: Lab) -> None:
    account = ("--system-id", "refused", "--password", "refused")
    refused = running_lab.over_http("lookup", "--json", *account, "79161234567")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "79161234567" in refused.stderr
    assert "number-lookup" not in running_lab.statement("refused")
