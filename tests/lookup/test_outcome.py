import json
from typing import Any

import msgspec
import pytest

from telecom.lookup.answer import Answer
from telecom.lookup.outcome import LookupOutcome, LookupRequest, interpret
from telecom.numbering.operators import Directory, Operator

ALBA = Operator(
    "Alba", "GB", "23490", ("4477009",), 12, "", "4477008001", ("4477008002",), "", "4477008003"
)
BOREA = Operator("Borea", "DE", "26290", ("4915559",), 12, "", "4915559100", ("4915559000",))
DIRECTORY = Directory([ALBA, BOREA])

ALBA_NETWORK = {"mccmnc": "23490", "name": "Alba", "country": "GB"}
BOREA_NETWORK = {"mccmnc": "26290", "name": "Borea", "country": "DE"}
AT = 1_795_352_640.123  # 2026-11-22T13:04:00.123Z


def answer(outcome: LookupOutcome, msisdn: str = "447700900904", **more: Any) -> dict[str, Any]:
    """The JSON object that a client gets."""
    request = LookupRequest(
        id="01", msisdn=msisdn, at=AT, **({"charged": True, "discloses": True} | more)
    )
    given: Answer = interpret(outcome, request, directory=DIRECTORY)
    decoded: dict[str, Any] = json.loads(msgspec.json.encode(given))
    return decoded


def test_the_whole_object() -> None:
    roaming = answer(LookupOutcome("234901234567890", "4915559000"))
    assert roaming == {
        "msisdn": "447700900904",
        "status": "reachable",
        "reason": None,
        "imsi_prefix": "23490",
        "home_network": ALBA_NETWORK,
        "current_network": ALBA_NETWORK,
        "ported": False,
        "roaming": True,
        "roaming_network": BOREA_NETWORK,
        "serving_node": "4915559000",
        "home_routed": False,
        "confidence": "network",
        "error": None,
        "at": "2026-11-22T13:04:00.123Z",
        "charged": True,
        "id": "01",
        "imsi": "234901234567890",
    }
    assert list(roaming)[:3] == ["msisdn", "status", "reason"]


@pytest.mark.parametrize(
    ("imsi", "node", "expected"),
    [
        ("234901234567890", "4477008002", (ALBA_NETWORK, False, False, None, False)),
        ("262901234567890", "4915559000", (BOREA_NETWORK, True, False, None, False)),
        ("234901234567890", "4915559000", (ALBA_NETWORK, False, True, BOREA_NETWORK, False)),
        ("262901234567890", "4477008002", (BOREA_NETWORK, True, True, ALBA_NETWORK, False)),
        # an SMS router tells nothing of roaming, the correlation id still tells the network
        ("234901234567890", "4477008003", (ALBA_NETWORK, False, None, None, True)),
        # nodes of networks we do not know: their country tells, if it is another one
        ("234901234567890", "33612345678", (ALBA_NETWORK, False, True, None, False)),
        ("234901234567890", "447400123456", (ALBA_NETWORK, False, None, None, False)),
        ("234901234567890", None, (ALBA_NETWORK, False, None, None, False)),
        # an IMSI of a network we do not know
        ("208011234567890", "33612345678", (None, None, None, None, False)),
    ],
)
def test_portability_and_roaming(imsi: str, node: str | None, expected: tuple[object, ...]) -> None:
    given = answer(LookupOutcome(imsi, node))
    names = ("current_network", "ported", "roaming", "roaming_network", "home_routed")
    assert tuple(given[name] for name in names) == expected
    assert given["status"] == "reachable"
    assert given["imsi_prefix"] == imsi[:5]


def test_a_number_of_nobodys_range() -> None:
    given = answer(LookupOutcome("234901234567890", "4477008002"), msisdn="33612345678")
    assert (given["home_network"], given["ported"]) == (None, None)
    assert given["current_network"] == ALBA_NETWORK


@pytest.mark.parametrize(
    ("code", "name", "status"),
    [
        (1, "unknownSubscriber", "unknown_subscriber"),
        (6, "absentSubscriberSM", "absent"),
        (27, "absentSubscriber", "absent"),
        (11, "teleserviceNotProvisioned", "not_provisioned"),
        (13, "callBarred", "barred"),
        (21, "facilityNotSupported", "undetermined"),
        (34, "systemFailure", "undetermined"),
        (99, None, "undetermined"),
    ],
)
def test_errors(code: int, name: str | None, status: str) -> None:
    given = answer(LookupOutcome(error_code=code, error_name=name))
    assert (given["status"], given["reason"], given["error"]) == (status, name, code)
    assert (given["home_network"], given["current_network"]) == (ALBA_NETWORK, None)
    assert (given["ported"], given["roaming"], given["home_routed"]) == (None, None, None)
    assert given["confidence"] == "network"


def test_no_answer() -> None:
    given = answer(LookupOutcome(error_name="noResponse"), charged=False)
    assert (given["status"], given["reason"], given["error"]) == (
        "undetermined",
        "noResponse",
        None,
    )
    assert (given["confidence"], given["charged"]) == ("numbering_plan", False)


def test_imsi_and_node_are_for_those_who_may_see_them() -> None:
    given = answer(LookupOutcome("234901234567890", "4477008002"), discloses=False)
    assert given["serving_node"] is None
    assert "imsi" not in given
    assert given["imsi_prefix"] == "23490"


def test_a_correlation_id_is_not_shown_as_an_imsi() -> None:
    given = answer(LookupOutcome("234901234567890", "4477008003"))
    assert given["serving_node"] == "4477008003"
    assert "imsi" not in given
