"""The control API over HTTP, without a socket: what it shows, what it changes, what it refuses."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from hlr_sim.api import make_api
from hlr_sim.control import Clock, Control

MSISDN = "447700900123"


@pytest.fixture
async def api(network: Any) -> AsyncIterator[httpx.AsyncClient]:
    network.changed = 0

    def changed() -> None:
        network.changed += 1

    clock = Clock(lambda: 100.0, lambda at: datetime.fromtimestamp(at, UTC))
    control = Control(network.lab, clock=clock, changed=changed, service_centre="38591000001")
    app = make_api(control, health=lambda: {"status": "ok"})
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://lab") as client:
        yield client


async def get(api: httpx.AsyncClient, path: str) -> Any:
    return (await api.get(path)).json()


async def patch(api: httpx.AsyncClient, msisdn: str = MSISDN, **change: Any) -> Any:
    response = await api.patch(f"/subscribers/{msisdn}", json=change)
    assert response.status_code == 200, response.text
    return response.json()


async def test_any_number_of_a_range_is_a_subscriber(api, network):
    shown = await get(api, f"/subscribers/{MSISDN}")
    assert shown["reachable"] is True
    assert (shown["home_network"], shown["serving_node"]) == ("Alba", "4477009001")
    assert await get(api, "/subscribers") == []


async def test_a_number_of_nobody_is_not_found(api):
    for method, path in (
        ("GET", "/subscribers/385915555555"),
        ("PATCH", "/subscribers/385915555555"),
        ("DELETE", "/subscribers/385915555555"),
        ("GET", "/subscribers/385915555555/messages"),
    ):
        response = await api.request(method, path, json={} if method == "PATCH" else None)
        assert response.status_code == 404, path


async def test_a_subscriber_made_absent_stays_so_until_made_reachable(api, network):
    assert (await patch(api, absent=True))["reachable"] is False
    assert network.sri(MSISDN, 100.0).error == 6
    network.lab.timers.run(1000.0)
    assert network.alerts() == []
    assert (await patch(api, reachable=True))["reachable"] is True
    assert network.alerts() == [(MSISDN, "38591000001")]
    assert network.changed == 2


async def test_901_can_be_called_back_at_once_and_is_alerted_only_once(api, network):
    network.sri("447700900901", 100.0)
    await patch(api, "447700900901", absent=False)
    network.lab.timers.run(1000.0)
    assert len(network.alerts()) == 1


async def test_a_memory_that_is_full_is_reported_and_alerted_when_it_is_not(api, network):
    await patch(api, memory_full=True)
    assert network.fsm(network.sri(MSISDN)).error == 32
    network.report(MSISDN, 0)
    assert (await get(api, f"/subscribers/{MSISDN}"))["waiting"] == {
        "service_centres": ["38591000001"],
        "mobile_not_reachable": False,
        "memory_capacity_exceeded": True,
    }
    await patch(api, memory_full=False)
    assert network.alerts() == [(MSISDN, "38591000001")]


@pytest.mark.parametrize(
    ("change", "error"), [("barred", 13), ("not_provisioned", 11), ("unknown", 1)]
)
async def test_other_conditions(api, network, change, error):
    await patch(api, **{change: True})
    assert network.sri(MSISDN).error == error
    await patch(api, reachable=True)
    assert network.sri(MSISDN).error is None


async def test_porting_and_roaming_by_name_and_onwards(api, network):
    ported = await patch(api, ported="Corvo")
    assert (ported["home_network"], ported["ported"], ported["roaming"]) == ("Corvo", "Corvo", None)
    assert network.sri(MSISDN).result.imsi.startswith("51090")
    roaming = await patch(api, roaming=True)
    assert (roaming["serving_node"], roaming["roaming"]) == ("4477009001", "Alba")
    back = await patch(api, ported=False, roaming=None)
    assert (back["home_network"], back["ported"], back["roaming"]) == ("Alba", None, None)


async def test_a_change_that_is_none_changes_nothing(api, network):
    for change in ({"roaming": "Delta"}, {"colour": "red"}, {"absent": "perhaps"}):
        response = await api.patch(f"/subscribers/{MSISDN}", json={"barred": True, **change})
        assert response.status_code == 422
    assert network.sri(MSISDN).error is None
    assert await get(api, "/subscribers") == []


async def test_touched_subscribers_are_listed_and_forgotten(api, network):
    for ending in ("100", "101", "102"):
        await patch(api, f"447700900{ending}", barred=True)
    listed = await get(api, "/subscribers?offset=1&limit=1")
    assert [one["msisdn"] for one in listed] == ["447700900101"]
    assert (await api.delete("/subscribers/447700900101")).status_code == 204
    assert len(await get(api, "/subscribers")) == 2
    assert network.sri("447700900101").error is None


async def test_received_messages_are_shown_whole(api, network):
    text = "Grüße {👋} " * 20
    network.fsm(network.sri(MSISDN), text, now=3.0)
    (message,) = await get(api, f"/subscribers/{MSISDN}/messages")
    assert message["text"] == text
    assert message["originator"] == "38591000100"
    assert message["segments"] > 1
    assert message["at"] == "1970-01-01T00:00:03Z"


async def test_a_handset_sends_what_it_is_told_to(api, network):
    response = await api.post(
        f"/subscribers/{MSISDN}/messages", json={"destination": "38591000100", "text": "hi €"}
    )
    assert response.status_code == 202
    assert response.json()["status"] == "sending"
    assert network.submitted() == [("38591000100", "hi €")]
    assert network.changed == 1
    network.begun[-1].done(None, 101.0)
    (sent,) = await get(api, f"/subscribers/{MSISDN}/sent")
    assert (sent["status"], sent["segments_accepted"]) == ("sent", 1)


@pytest.mark.parametrize(
    "message",
    [
        {"destination": "Bank", "text": "hi"},
        {"destination": "38591000100"},
        {"destination": "38591000100", "text": "я" * 19_999},
        {"destination": "38591000100", "text": "hi", "service_centre": "x"},
    ],
)
async def test_a_message_that_cannot_be_sent_is_refused(api, network, message):
    response = await api.post(f"/subscribers/{MSISDN}/messages", json=message)
    assert response.status_code == 422
    assert network.begun == []


async def test_faults_are_set_and_shown(api):
    table = {"seed": 7, "rows": [{"target": "mt-ForwardSM", "share": 0.5, "error": 34}]}
    response = await api.put("/faults", json=table)
    assert response.json() == await get(api, "/faults")
    (row,) = response.json()["rows"]
    assert (row["share"], row["error"], row["silent"]) == (0.5, 34, False)
    for wrong in ({"rows": [{"share": 2}]}, {"rows": [{"target": "all"}]}, {"rows": [{}] * 101}):
        assert (await api.put("/faults", json=wrong)).status_code == 422
    assert (await get(api, "/faults"))["seed"] == 7


async def test_the_correlation_is_shown_and_can_refuse(api, network):
    network.fsm(network.sri(MSISDN), calling="38591000002")
    shown = await get(api, "/correlation")
    assert shown["verdicts"]["sccp_mismatch"] == 1
    assert shown["suspects"][0]["sccp_gt"] == "38591000002"
    response = await api.patch("/correlation", json={"reject": True})
    assert response.json()["reject"] is True
    assert network.fsm(network.sri(MSISDN), calling="38591000002").error == 32


async def test_operators_health_and_description(api):
    alba, *_ = await get(api, "/operators")
    assert {"kind": "sms_router", "gt": "4477009300"} in alba["nodes"]
    assert await get(api, "/healthz") == {"status": "ok"}
    assert "/subscribers/{msisdn}" in (await get(api, "/openapi.json"))["paths"]
