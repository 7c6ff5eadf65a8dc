"""`telecom gateway`: the gateway alone."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telecom.cli.options import Capture, Data
from telecom.runtime.options import AsJson, Config, OtherTransport, PortOffset

if TYPE_CHECKING:
    from telecom.gateway.config import GatewayConfig


class LogLevel(StrEnum):
    """How much the log says."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def gateway(
    config: Config,
    port_offset: PortOffset = 0,
    transport: OtherTransport = None,
    redis_url: Annotated[str | None, typer.Option(help="In place of the file's redis.url.")] = None,
    data: Data = None,
    capture: Capture = None,
    log_level: Annotated[LogLevel, typer.Option(help="The least that is logged.")] = (
        LogLevel.WARNING
    ),
    as_json: AsJson = False,
) -> int:
    """Run the gateway until Ctrl-C; one line says when it is ready."""
    from telecom.gateway.config import GatewayConfig
    from telecom.runtime import config as config_file
    from telecom.runtime import logs
    from telecom.runtime.service import run

    logs.configure(level=log_level)
    settings = config_file.load(GatewayConfig, config)
    settings = settings.moved(
        port_offset=port_offset, transport=transport, redis_url=redis_url, data=data
    )
    return run(lambda stop: _serve(stop, settings, config, capture, as_json=as_json))


async def _serve(
    stop: asyncio.Event,
    settings: "GatewayConfig",
    path: Path,
    capture: Path | None,
    *,
    as_json: bool,
) -> int:
    from telecom.gateway.node import GatewayNode
    from telecom.runtime.daemon import serve

    node = GatewayNode(settings, base=path.parent, capture=capture)
    return await serve(node, stop, what="gateway", as_json=as_json)
