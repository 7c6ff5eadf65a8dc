"""A node with all its parts, over TCP to the operators that `hlr_sim` plays."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

import telecom
from hlr_sim.config import AlertSchedule, HlrSimConfig, M3uaListener
from hlr_sim.config import HttpListener as SimulatorsHttp
from hlr_sim.simulator import Simulator
from telecom.gateway.config import HttpListener, SmppListener
from telecom.gateway.node import GatewayNode
from telecom.net.smpp.client.esme import Esme
from tests.gateway.network import GATEWAY
from tests.gateway.pipeline import CONFIGS, config

DEMO = ("demo", "demo")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@asynccontextmanager
async def simulated() -> AsyncIterator[str]:
    """Run the simulated operators; the URL of their link."""
    url = f"tcp://127.0.0.1:{free_port()}"
    settings = HlrSimConfig(
        operators=CONFIGS / "operators.toml",
        m3ua=M3uaListener(url=url),
        http=SimulatorsHttp(port=0),
        comes_back_after=0.3,
        alerts=AlertSchedule(interval=0.2, attempts=50),
    )
    async with Simulator(settings, base=CONFIGS):
        yield url


def make(operators: str, folder: Path, **settings: Any) -> GatewayNode:
    accounts = [
        account.model_copy(update={"operator_of_platform": account.system_id == "demo"})
        for account in config().accounts
    ]
    values = {
        "ss7": {"url": operators, "global_titles": (GATEWAY,)},
        "smpp": SmppListener(port=0),
        "http": HttpListener(port=0),
        "data": folder,
        "accounts": accounts,
        "prices": [{"service": "sms-mt", "amount": "0.05"}],
    }
    return GatewayNode(config(**(values | settings)), base=CONFIGS)


def connect(
    gateway: GatewayNode, system_id: str = "demo", password: str = "", **options: Any
) -> Esme:
    host, _, port = gateway.addresses["SMPP (gateway)"].partition(":")
    secret = password or system_id
    return telecom.connect(host, int(port), system_id=system_id, password=secret, **options)


def http_client(gateway: GatewayNode, auth: tuple[str, str] | None = DEMO) -> httpx.AsyncClient:
    url = gateway.addresses["HTTP API, /docs, /metrics, /healthz"]
    return httpx.AsyncClient(base_url=url, auth=auth)
