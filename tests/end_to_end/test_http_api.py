"""What the gateway's HTTP port shows: health, metrics, documentation, and to whom."""

import pytest

from tests.end_to_end.esme import Esme
from tests.end_to_end.lab_process import Lab, eventually


@pytest.fixture(scope="module", autouse=True)
def traffic(running_lab: Lab, esme: Esme) -> None:
    """Have something of everything behind the figures."""
    delivered = esme.accepted("447700960001", b"x")
    failed = esme.accepted("447700960902", b"x")
    assert esme.submit("79161234567", b"x").status != 0
    assert (esme.receipt(delivered).state, esme.receipt(failed).state) == ("DELIVRD", "UNDELIV")
    running_lab.hlr.send("447700960002", "38591000400", "hello")
    esme.message_from("447700960002")
    assert running_lab.over_http("lookup", "447700960003").returncode == 0


COUNTED = [
    ("telecom_messages_total", {"stage": "submission", "result": "accepted"}),
    ("telecom_messages_total", {"stage": "submission", "result": "ESME_RINVDSTADR"}),
    ("telecom_messages_total", {"stage": "routing", "result": "unknownSubscriber"}),
    ("telecom_messages_total", {"stage": "forwarding", "result": "delivered"}),
    ("telecom_messages_total", {"stage": "final", "result": "DELIVRD"}),
    ("telecom_messages_total", {"stage": "final", "result": "UNDELIV"}),
    ("telecom_messages_total", {"stage": "mobile_originated", "result": "accepted"}),
    ("telecom_messages_total", {"stage": "outbox", "result": "ESME_ROK"}),
    ("telecom_messages_total", {"stage": "lookup", "result": "reachable"}),
    ("telecom_gt_verdicts_total", {"verdict": "match"}),
    ("telecom_billable_events_total", {"service": "sms-mt"}),
    ("telecom_billable_events_total", {"service": "sms-mo"}),
    ("telecom_billable_events_total", {"service": "number-lookup"}),
    ("telecom_ledger_entries_total", {"kind": "billable event"}),
    ("telecom_ledger_entries_total", {"kind": "evidence"}),
    ("telecom_submit_seconds_count", {}),
    ("telecom_delivery_seconds_count", {}),
    ("telecom_map_dialogue_seconds_count", {"operation": "sendRoutingInfoForSM"}),
    ("telecom_map_dialogue_seconds_count", {"operation": "mt-ForwardSM"}),
    ("telecom_binds", {}),
]


@pytest.mark.parametrize(("name", "labels"), COUNTED)
def test_what_happened_is_counted(running_lab: Lab, name: str, labels: dict[str, str]) -> None:
    eventually(lambda: running_lab.metric(name, **labels) >= 1)


def test_nothing_but_match_has_left(running_lab: Lab) -> None:
    verdicts = running_lab.metric("telecom_gt_verdicts_total")
    assert verdicts == running_lab.metric("telecom_gt_verdicts_total", verdict="match")


def test_an_accepted_message_takes_milliseconds(running_lab: Lab) -> None:
    seconds = running_lab.metric("telecom_submit_seconds_sum")
    assert seconds / running_lab.metric("telecom_submit_seconds_count") < 0.5


def test_what_is_under_way_comes_to_nothing(running_lab: Lab) -> None:
    """But for what is scheduled, and what waits for a handset that is away."""

    def under_way() -> list[float]:
        return [
            running_lab.metric("telecom_attempts"),
            running_lab.metric("telecom_map_dialogues"),
            running_lab.metric("telecom_queue_depth", state="queued"),
        ]

    eventually(under_way, fits=lambda counts: counts == [0, 0, 0])


def test_health(running_lab: Lab) -> None:
    answer = running_lab.get("/healthz", auth=None)
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "faults": {},
        "upstreams": {"smsc-sim": "1 of 1 bound"},
    }


def test_the_api_is_documented(running_lab: Lab) -> None:
    assert "swagger" in running_lab.get("/docs", auth=None).text
    paths = running_lab.get("/openapi.json", auth=None).json()["paths"]
    assert {"/healthz", "/metrics", "/v1/lookups", "/v1/statement", "/v1/evidence"} <= paths.keys()


@pytest.mark.parametrize("path", ["/v1/statement", "/v1/evidence"])
@pytest.mark.parametrize("auth", [None, ("demo", "wrong"), ("nobody", "nobody")])
def test_nothing_of_a_client_is_shown_without_its_password(
    running_lab: Lab, path: str, auth: tuple[str, str] | None
) -> None:
    answer = running_lab.get(path, auth=auth)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic")


def test_another_clients_affairs_are_forbidden(running_lab: Lab) -> None:
    tester = ("tester", "tester")
    other = running_lab.get("/v1/statement", auth=tester, params={"client": "demo"})
    evidence = running_lab.get("/v1/evidence", auth=tester)
    assert (other.status_code, evidence.status_code) == (403, 403)
    assert running_lab.get("/v1/statement", auth=tester).status_code == 200


@pytest.mark.parametrize("month", ["2026-13", "now", "2026-1"])
def test_a_month_that_is_none(running_lab: Lab, month: str) -> None:
    assert running_lab.get("/v1/statement", params={"month": month}).status_code == 422
