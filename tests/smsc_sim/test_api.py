"""The control API: live changes, seen by a peer at a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from smsc_sim.api import make_api, merged
from smsc_sim.node import SmscSim
from telecom.net.tasks import spawn
from telecom.smpp.codec import decode, encode
from telecom.smpp.pdus import (
    AlertNotification,
    BindTransceiver,
    BindTransceiverResp,
    DeliverSm,
    DeliverSmResp,
    Outbind,
    SubmitSm,
    SubmitSmResp,
    Unbind,
)
from telecom.smpp.receipts import receipt_of
from telecom.smpp.short_message import user_data_of
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import CONGESTION_STATE
from tests.net.smpp_peer import Peer
from tests.smsc_sim.world import a_submit

SILENT = a_submit("447700900123", registered_delivery=0)
TO_DEMO = {"account": "demo", "source": "447700900123", "destination": "88210"}


class Api:
    """A simulator, its API without a socket, and a raw peer that is bound to it."""

    def __init__(self, simulator: SmscSim, http: httpx.AsyncClient, peer: Peer) -> None:
        self.simulator, self.http, self.peer = simulator, http, peer

    async def ask(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        answer = await self.http.request(method, path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def status(self) -> int:
        """Submit, and return the status of the response."""
        answer = await self.peer.ask(SILENT, 7)
        assert isinstance(answer, SubmitSmResp)
        return answer.command_status


@pytest.fixture
async def api(start, connect) -> AsyncIterator[Api]:
    simulator = await start({"name": "busy", "match": {"nth": [1]}, "action": {"status": 0x14}})
    peer = await connect(simulator)
    await peer.bind()
    transport = httpx.ASGITransport(make_api(simulator.control), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://lab") as http:
        yield Api(simulator, http, peer)


async def test_rules_are_shown_as_they_were_said(api):
    busy = {"name": "busy", "match": {"nth": [1]}, "action": {"status": "ESME_RMSGQFUL"}}
    assert await api.ask("GET", "/rules") == {"seed": 0, "rules": [busy]}
    assert await api.ask("GET", "/rules/busy") == busy
    await api.ask("GET", "/rules/none", status=404)


async def test_rules_are_set_and_begin_anew(api):
    assert [await api.status(), await api.status()] == [0x14, 0]
    shown = await api.ask("GET", "/rules")
    assert await api.ask("PUT", "/rules", shown) == shown
    assert [await api.status(), await api.status()] == [0x14, 0]
    await api.ask("PUT", "/seed", {"seed": 3})
    assert [await api.status(), await api.status()] == [0x14, 0]
    table = {"rules": [{"action": {"status": "ESME_RTHROTTLED"}}]}
    assert (await api.ask("PUT", "/rules", table))["rules"][0]["name"] == "rule-1"
    assert await api.status() == Status.ESME_RTHROTTLED
    assert (await api.ask("GET", "/rules"))["seed"] == 3


async def test_one_rule_is_put_changed_and_taken_away(api):
    assert [await api.status(), await api.status()] == [0x14, 0]
    await api.ask("PUT", "/rules/last", {"action": {"status": 8}})
    assert await api.status() == 8
    await api.ask("PUT", "/rules/first?first=true", {"action": {"status": 9}})
    assert [rule["name"] for rule in (await api.ask("GET", "/rules"))["rules"]] == [
        "first",
        "busy",
        "last",
    ]
    assert await api.status() == 9
    await api.ask("PATCH", "/rules/first", {"action": {"status": 11, "delay": 0.001}})
    changed = await api.ask("PATCH", "/rules/first", {"action": {"delay": None}})
    assert changed["action"] == {"status": "ESME_RINVDSTADR"}
    assert await api.status() == Status.ESME_RINVDSTADR
    await api.ask("DELETE", "/rules/first", status=204)
    assert await api.status() == 8, "the others go on counting"
    await api.ask("DELETE", "/rules/first", status=404)
    await api.ask("PATCH", "/rules/first", {}, status=404)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/rules", {"rules": [{"action": {"status": "ESME_NO"}}]}),
        ("PUT", "/rules", {"rules": [{"name": "a"}, {"name": "a"}]}),
        ("PUT", "/rules/a", {"match": {"destination": {"regex": "("}}}),
        ("PATCH", "/rules/busy", {"action": {"status": "ESME_NO"}}),
        ("PATCH", "/rules/busy", {"colour": 1}),
        ("PUT", "/rules/a%20b", {}),
        ("POST", "/mo", {**TO_DEMO, "text": "你", "data_coding": 0}),
        ("POST", "/mo", TO_DEMO | {"source": "x" * 30}),
        ("POST", "/mo/streams", TO_DEMO | {"rate": 0}),
        ("POST", "/sessions/drop", {"then": "explode"}),
        ("PUT", "/congestion", {"congestion": 101}),
        ("PUT", "/accounts/new", {"password": "far too long"}),
        ("GET", "/pdus?limit=0", None),
    ],
)
async def test_wrong_requests_change_nothing(api, method, path, body):
    before = await api.ask("GET", "/rules")
    answer = await api.ask(method, path, body, status=422)
    assert "far too long" not in str(answer)
    assert await api.ask("GET", "/rules") == before


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/mo", {**TO_DEMO, "account": "nobody"}),
        ("/mo/streams", {**TO_DEMO, "account": "nobody"}),
        ("/alerts", {"account": "nobody", "source": "44"}),
        ("/messages/none/receipts", {"state": "DELIVRD"}),
    ],
)
async def test_what_there_is_not(api, path, body):
    await api.ask("POST", path, body, status=404)


async def test_accounts_come_and_go(api, connect):
    await api.ask("PUT", "/accounts/new", {"password": "secret"}, status=204)
    assert await api.ask("GET", "/accounts") == ["demo", "other", "new"]
    peer = await connect(api.simulator)
    assert (await peer.bind(BindTransceiver(b"new", b"secret"))).command_status == Status.ESME_ROK
    await api.ask("DELETE", "/accounts/new", status=204)
    await api.ask("DELETE", "/accounts/new", status=404)
    peer = await connect(api.simulator)
    refused = await peer.bind(BindTransceiver(b"new", b"secret"))
    assert refused.command_status == Status.ESME_RINVPASWD


async def test_sessions_are_listed_and_dropped(api, connect):
    other = await connect(api.simulator)
    await other.bind(BindTransceiver(b"other", b"other", interface_version=0x33))
    first, second = await api.ask("GET", "/sessions")
    assert (first["account"], first["bind_type"], first["version"]) == (
        "demo",
        "transceiver",
        "3.4",
    )
    assert (first["receives"], first["tls"], first["in_hand"]) == (True, False, 0)
    assert (second["account"], second["version"]) == ("other", "3.3")
    assert len(await api.ask("GET", "/sessions?account=other")) == 1
    assert await api.ask("POST", "/sessions/drop", {"account": "other", "then": "unbind"}) == {
        "dropped": 1
    }
    assert isinstance(await other.receive(), Unbind)
    drop = {"session": first["session"], "then": "reset"}
    assert await api.ask("POST", "/sessions/drop", drop) == {"dropped": 1}
    assert await api.peer.at_end()
    assert await api.ask("POST", "/sessions/drop", drop) == {"dropped": 0}


async def test_messages_are_remembered_and_receipts_sent_now(api):
    await api.status()
    answer = await api.peer.ask(a_submit(registered_delivery=0), 7)
    path = f"/messages/{answer.message_id.decode()}"
    shown = await api.ask("GET", path)
    assert (shown["destination"], shown["source"], shown["text"]) == (
        "*********123",
        "123",
        "hello",
    )
    assert (await api.ask("GET", path + "?numbers=true"))["destination"] == "447700900123"
    receipt = {"state": "REJECTD"}
    assert (await api.ask("POST", path + "/receipts", receipt))["state"] == "REJECTD"
    assert receipt_of(await api.peer.receive()).stat.name == "REJECTD"
    receipt = {"state": "UNKNOWN", "final": False}
    assert (await api.ask("POST", path + "/receipts", receipt))["state"] == "REJECTD"
    assert receipt_of(await api.peer.receive()).stat.name == "UNKNOWN"
    assert [each["state"] for each in await api.ask("GET", "/messages")] == ["REJECTD"]
    assert await api.ask("GET", "/messages?state=DELIVRD") == []
    assert await api.ask("GET", "/messages?account=other") == []
    await api.ask("GET", "/messages/none", status=404)


async def test_mo_messages_and_streams(api):
    message = {**TO_DEMO, "text": "x" * 400, "parts": "sar"}
    assert await api.ask("POST", "/mo", message, status=202) == {"parts": 3, "waiting": 0}
    parts = [await api.peer.receive() for _ in range(3)]
    assert "".join(user_data_of(part).text for part in parts) == "x" * 400
    stream = {**TO_DEMO, "texts": ["one", "two"], "rate": 1000, "count": 3}
    started = await api.ask("POST", "/mo/streams", stream, status=201)
    assert started["settings"] == stream
    texts = [(await api.peer.receive()).short_message for _ in range(3)]
    assert texts == [b"one", b"two", b"one"]
    (shown,) = await api.ask("GET", "/mo/streams")
    assert (shown["sent"], shown["over"], shown["account"]) == (3, True, "demo")
    number = started["stream"]
    await api.ask("DELETE", f"/mo/streams/{number}", status=204)
    await api.ask("DELETE", f"/mo/streams/{number}", status=404)


async def test_an_alert_and_a_congestion(api, connect):
    alert = {"account": "demo", "source": "447700900901", "esme": "88210"}
    await api.ask("POST", "/alerts", alert, status=202)
    pdu = await api.peer.receive()
    assert isinstance(pdu, AlertNotification)
    assert (pdu.source_addr, pdu.esme_addr) == (b"447700900901", b"88210")
    newer = await connect(api.simulator)
    await newer.bind(BindTransceiver(b"other", b"other", interface_version=0x50))
    await api.ask("PUT", "/congestion", {"congestion": 80}, status=204)
    assert CONGESTION_STATE.of(await newer.ask(SILENT, 7)) == 80
    assert CONGESTION_STATE.of(await api.peer.ask(SILENT, 7)) is None
    await api.ask("PUT", "/congestion", {"congestion": None, "account": "other"}, status=204)
    assert CONGESTION_STATE.of(await newer.ask(SILENT, 7)) is None


@asynccontextmanager
async def listening_esme() -> AsyncIterator[tuple[int, "asyncio.Queue[Peer]"]]:
    """Listen as an ESME that waits for outbind."""
    called: asyncio.Queue[Peer] = asyncio.Queue()
    server = await asyncio.start_server(
        lambda reader, writer: called.put_nowait(Peer(reader, writer)), "127.0.0.1", 0
    )
    async with server:
        yield server.sockets[0].getsockname()[1], called


async def test_an_esme_that_listens_is_called(api):
    async with listening_esme() as (port, called):
        wanted = {"port": port, "system_id": "SMSC", "password": "known"}
        asking = spawn(api.ask("POST", "/outbinds", wanted), name="outbind")
        esme = await called.get()
        assert await esme.receive() == Outbind(b"SMSC", b"known", sequence_number=1)
        assert isinstance(await esme.bind(), BindTransceiverResp)
        assert (await asking)["account"] == "demo"
        assert (await esme.ask(SILENT, 7)).command_status == 0x14
        (shown,) = [each for each in await api.ask("GET", "/pdus") if each["pdu"] == "outbind"]
        assert (shown["direction"], shown["fields"]["password"]) == ("sent", "*****")
        await esme.close()


async def test_an_esme_that_is_not_there_or_hangs_up(api):
    async with listening_esme() as (port, called):
        asking = spawn(api.ask("POST", "/outbinds", {"port": port}, status=502), name="outbind")
        await (await called.get()).close()
        await asking
    await api.ask("POST", "/outbinds", {"port": port}, status=502)


async def test_the_last_pdus(api):
    await api.status()
    response, request, bound, bind = await api.ask("GET", "/pdus")
    assert [each["pdu"] for each in (bind, bound, request, response)] == [
        "bind_transceiver",
        "bind_transceiver_resp",
        "submit_sm",
        "submit_sm_resp",
    ]
    assert (request["direction"], request["account"]) == ("received", "demo")
    assert request["fields"]["destination_addr"] == "*********123"
    assert bind["fields"]["password"] == "****"
    assert (response["command_status"], response["sequence_number"]) == ("ESME_RMSGQFUL", 7)
    assert decode(bytes.fromhex(response["hex"])).command_status == 0x14
    (shown,) = await api.ask("GET", "/pdus?account=demo&limit=1&numbers=true")
    assert shown == response
    whole = await api.ask("GET", "/pdus?numbers=true&session=" + str(bind["session"]))
    assert whole[1]["hex"] == encode(SILENT, 7).hex()
    assert await api.ask("GET", "/pdus?account=other") == []
    await api.ask("DELETE", "/pdus", status=204)
    assert await api.ask("GET", "/pdus") == []


async def test_what_went_wrong_on_purpose_is_in_the_ring_as_it_was(api):
    garbage = {"action": {"response": "garbage", "octets": "00ff"}}
    await api.ask("PUT", "/rules", {"rules": [garbage]})
    api.peer.send(SILENT, 7)
    assert await api.peer._reader.readexactly(2) == b"\x00\xff"
    sent = (await api.ask("GET", "/pdus?numbers=true&limit=1"))[0]
    assert (sent["direction"], sent["pdu"], sent["hex"]) == ("sent", None, "00ff")


async def test_reset_begins_again_with_the_sessions_that_there_are(api):
    await api.status()
    await api.status()
    await api.ask("PUT", "/rules", {"rules": [], "seed": 9})
    await api.ask("PUT", "/accounts/new", {"password": "x"}, status=204)
    stream = {**TO_DEMO, "text": "x", "rate": 0.01}
    await api.ask("POST", "/mo/streams", stream, status=201)
    api.peer.send(DeliverSmResp(), (await api.peer.receive()).sequence_number)
    assert (await api.ask("GET", "/healthz"))["messages"] == 1
    await api.ask("POST", "/reset", status=204)
    health = await api.ask("GET", "/healthz")
    assert health == {
        "status": "ok",
        "seed": 0,
        "sessions": 1,
        "messages": 0,
        "streams": 0,
        "lost_deliveries": 0,
    }
    assert await api.ask("GET", "/accounts") == ["demo", "other"]
    assert await api.status() == 0x14
    answer = await api.peer.ask(SubmitSm(destination_addr=b"1"), 8)
    assert answer.message_id == b"1000000001"
    await api.ask("POST", "/reset", {"seed": 5}, status=204)
    assert (await api.ask("GET", "/rules"))["seed"] == 5


async def test_messages_wait_for_a_receiver(api):
    other = {**TO_DEMO, "account": "other", "text": "hi"}
    assert (await api.ask("POST", "/mo", other, status=202))["waiting"] == 1
    await api.ask("POST", "/sessions/drop", {})
    assert await api.peer.at_end()
    assert (await api.ask("POST", "/mo", {**TO_DEMO, "text": "hi"}, status=202))["waiting"] == 1


async def test_what_waits_comes_behind_the_response_to_the_bind(api, connect):
    await api.ask("POST", "/mo", {**TO_DEMO, "account": "other", "text": "hi"}, status=202)
    peer = await connect(api.simulator)
    assert isinstance(await peer.bind(BindTransceiver(b"other", b"other")), BindTransceiverResp)
    assert isinstance(await peer.receive(), DeliverSm)


def test_a_merge_patch() -> None:
    said = {"a": 1, "b": {"c": 2, "d": 3}}
    patch = {"a": None, "b": {"c": None, "e": {"f": 4}}, "g": [1]}
    assert merged(said, patch) == {"b": {"d": 3, "e": {"f": 4}}, "g": [1]}
    assert merged({"a": 1}, {"a": {"b": 2}}) == {"a": {"b": 2}}
