"""The SMPP side of a whole node: TLS, outbind, drain."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

import telecom
from telecom.gateway.access.account import AccountOfFile
from telecom.gateway.config import SmppListener, TlsListener
from telecom.gateway.esme import outbinds
from telecom.gateway.esme.smpp_service import TLS
from telecom.gateway.node import GatewayNode
from telecom.net.back_off import BackOff
from telecom.net.smpp.client.esme import Esme
from telecom.net.smpp.tls import client_context, self_signed
from telecom.net.tasks import spawn
from telecom.runtime.errors import ConfigError, ConnectionFailed
from telecom.smpp import codec
from telecom.smpp.errors import RefusedError
from telecom.smpp.pdus import DeliverSm
from telecom.smpp.status import CommandStatus
from telecom.store.outbox import Outbox
from telecom.store.records import OutboxItem
from tests.gateway.conftest import MakeValve
from tests.gateway.pipeline import config, eventually
from tests.gateway.whole import connect, free_port, http_client, make, simulated

NUMBER = "447700900123"
Make = Callable[..., GatewayNode]


@pytest.fixture
async def make_gateway(tmp_path: Path) -> AsyncIterator[Make]:
    """Make gateways, one after the other; any key of their configuration can be given."""
    async with simulated() as operators:

        def make_one(tls: TlsListener | None = None, **settings: Any) -> GatewayNode:
            listener = SmppListener(port=0, tls=tls)
            return make(operators, tmp_path / "data", **({"smpp": listener} | settings))

        yield make_one


def with_account(**terms: Any) -> dict[str, Any]:
    """Return settings in which an account named esme has these terms."""
    account = AccountOfFile(system_id="esme", password="esme", **terms)
    accounts = [it.model_copy(update={"operator_of_platform": True}) for it in config().accounts]
    return {"accounts": [*accounts, account]}


def secure(gateway: GatewayNode, name: str = "demo", **context: Any) -> Esme:
    port = int(gateway.addresses[TLS].rpartition(":")[2])
    return telecom.connect(
        "127.0.0.1", port, system_id=name, password=name, ssl=client_context(**context)
    )


async def refusal(esme: Esme) -> int:
    with pytest.raises(RefusedError) as refused:
        async with esme:
            pass
    return refused.value.status


async def test_tls_with_a_certificate_of_its_own(make_gateway: Make, tmp_path: Path) -> None:
    made = tmp_path / "data" / "tls" / "smpp.crt"
    async with make_gateway(TlsListener(port=0), **with_account(tls_required=True)) as gateway:
        before = made.read_bytes()
        async with secure(gateway, "esme", ca=made):
            pass
        assert await refusal(connect(gateway, "esme")) == CommandStatus.ESME_RBINDFAIL
    async with make_gateway(TlsListener(port=0)) as gateway:
        assert made.read_bytes() == before
        async with secure(gateway, ca=made) as esme:
            assert await esme.submit(NUMBER, "hello")


async def test_a_client_shows_whose_certificate_it_has(make_gateway: Make, tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path / "own")
    tls = TlsListener(
        port=0,
        certificate=certificate,
        key=key,
        client_ca=certificate,
        client_certificates="optional",
    )
    async with make_gateway(tls, **with_account(client_certificate="localhost")) as gateway:
        own = {"certificate": certificate, "key": key}
        assert (
            await refusal(secure(gateway, "esme", ca=certificate)) == CommandStatus.ESME_RBINDFAIL
        )
        async with secure(gateway, "esme", ca=certificate, **own):
            pass
        async with secure(gateway, ca=certificate):  # another account need not show one
            pass


async def test_a_certificate_is_renewed_while_the_node_serves(
    make_gateway: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telecom.gateway.esme.certificate.LOOK", 0)
    first, second = self_signed(tmp_path / "first"), self_signed(tmp_path / "second")
    used = shutil.copy(first[0], tmp_path / "smpp.crt"), shutil.copy(first[1], tmp_path / "key")
    tls = TlsListener(port=0, certificate=used[0], key=used[1])
    async with make_gateway(tls) as gateway, secure(gateway, ca=first[0]) as bound:
        shutil.copy(second[0], used[0])  # the key is still that of the first
        async with secure(gateway, ca=first[0]):
            pass
        shutil.copy(second[1], used[1])
        async with secure(gateway, ca=second[0]):
            pass
        assert await bound.submit(NUMBER, "hello")


async def test_certificates_that_cannot_be_used_are_one_line(
    make_gateway: Make, tmp_path: Path
) -> None:
    nothing = tmp_path / "nothing.crt"
    with pytest.raises(ConfigError, match=r"^smpp.tls: .*nothing.crt"):
        await make_gateway(TlsListener(port=0, certificate=nothing)).__aenter__()


async def test_a_tls_port_that_is_taken_is_named(make_gateway: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConnectionFailed, match=rf"over TLS cannot listen on .*:{port}"):
            await make_gateway(TlsListener(port=port)).__aenter__()


@pytest.mark.parametrize(
    "table",
    [
        {"key": "a.key"},
        {"client_ca": "ca.crt"},
        {"client_certificates": "required"},
    ],
)
def test_tables_of_tls_that_make_no_sense(table: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        TlsListener(**table)  # type: ignore[arg-type]


def test_all_ports_move_together() -> None:
    moved = config(smpp=SmppListener(tls=TlsListener())).moved(port_offset=5)
    assert moved.smpp.tls is not None
    assert (moved.smpp.port, moved.smpp.tls.port) == (2780, 3555)
    assert config().moved(port_offset=5).smpp.tls is None


# Outbind


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbinds, "LOOK", 0.02)
    monkeypatch.setattr(outbinds, "_BACK_OFF", BackOff(first=0.05, longest=0.1))


def listening(port: int) -> Esme:
    return telecom.await_outbind(
        "127.0.0.1",
        port,
        smsc_system_id="gateway",
        smsc_password="callme",
        system_id="esme",
        password="esme",
        wait=False,
    )


async def put(gateway: GatewayNode) -> None:
    """Have something wait for the account."""
    body = codec.encode(DeliverSm(short_message=b"hello", source_addr=b"447700900123"), 0)
    outbox = Outbox(gateway._redis, gateway._partitions)
    await outbox.put([OutboxItem("1", "esme", NUMBER, body)], 0)


async def test_an_esme_is_called_once_something_waits(make_gateway: Make, hurried: None) -> None:
    port = free_port()
    target = {"host": "127.0.0.1", "port": port, "system_id": "gateway", "password": "callme"}
    async with make_gateway(**with_account(outbind=target)) as gateway:
        await put(gateway)
        await eventually(lambda: bool(gateway._smpp._outbinds._delays), expected=True)
        async with listening(port) as esme, asyncio.timeout(10):
            async for delivery in esme.deliveries():
                assert delivery.text == "hello"
                await delivery.accept()
                break
            assert gateway._smpp._server.sessions


async def test_nobody_is_called_who_has_bound_or_for_whom_nothing_waits(
    make_gateway: Make, hurried: None
) -> None:
    port = free_port()
    target = {"host": "127.0.0.1", "port": port, "system_id": "gateway", "password": "callme"}
    async with (
        make_gateway(**with_account(outbind=target)) as gateway,
        listening(port) as called,
        connect(gateway, "esme") as esme,
    ):
        looks = count_looks(gateway)
        await eventually(lambda: looks() > 2, expected=True)
        await put(gateway)
        delivery = await anext(esme.deliveries())
        before = looks()
        await eventually(lambda: looks() > before + 2, expected=True)
        assert not called.is_bound
        await delivery.accept()


def count_looks(gateway: GatewayNode) -> Callable[[], int]:
    """Count how often the outboxes are asked whether something waits."""
    box = gateway._smpp._outbinds._outbox
    depth, looks = box.depth, []

    async def counted(accounts: Any) -> dict[str, int]:
        looks.append(1)
        return await depth(accounts)

    box.depth = counted  # type: ignore[method-assign]
    return lambda: len(looks)


# Drain


async def test_a_node_that_drains_answers_what_it_holds_and_takes_no_more(
    make_gateway: Make, make_valve: MakeValve, redis: Any
) -> None:
    valve, url = await make_valve()
    async with (
        make_gateway(redis={"url": url}) as gateway,
        http_client(gateway) as http,
        connect(gateway, back_off=None) as esme,
    ):
        storing = valve.hold("accept")
        held = spawn(esme.submit(NUMBER, "hello"), name="held")
        await storing.reached()
        assert (await http.post("/v1/drain")).status_code == 202
        health = await http.get("/healthz")
        assert (health.status_code, health.json()["status"]) == (503, "draining")
        await eventually(lambda: gateway._smpp._server.closing, expected=True)
        with pytest.raises(RefusedError) as refused:
            await esme.submit(NUMBER, "hello")
        assert refused.value.status == CommandStatus.ESME_RSYSERR
        with pytest.raises(OSError, match="refused|Connect"):
            async with connect(gateway):
                pass
        assert not held.done()
        storing.release()
        assert (await held).message_id
        await eventually(lambda: esme.is_bound, expected=False)
        assert (await http.post("/v1/drain")).status_code == 202


async def test_a_node_that_stops_answers_what_it_holds(
    make_gateway: Make, make_valve: MakeValve, redis: Any
) -> None:
    valve, url = await make_valve()
    gateway = await make_gateway(redis={"url": url}).__aenter__()
    async with connect(gateway, back_off=None) as esme:
        storing = valve.hold("accept")
        held = spawn(esme.submit(NUMBER, "hello"), name="held")
        await storing.reached()
        stopping = spawn(gateway.__aexit__(None, None, None), name="stop")
        await eventually(lambda: gateway._smpp._server.closing, expected=True)
        storing.release()
        assert (await held).message_id
        await stopping
        assert not esme.is_bound
