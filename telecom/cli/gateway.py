"""`telecom gateway`: the gateway alone."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from telecom.cli.options import AsJson, Capture, Config, Data, PortOffset

if TYPE_CHECKING:
    from telecom.gateway.config import GatewayConfig

LogLevel = Annotated[str, typer.Option(help="debug, info, warning or error.")]


def gateway(
    config: Config,
    port_offset: PortOffset = 0,
    transport: Annotated[
        str | None, typer.Option(help="What carries M3UA, in place of the file's: tcp, udp, sctp.")
    ] = None,
    redis_url: Annotated[str | None, typer.Option(help="In place of the file's redis.url.")] = None,
    data: Data = None,
    capture: Capture = None,
    log_level: LogLevel = "warning",
    as_json: AsJson = False,
) -> int:
    """Run the gateway until Ctrl-C; one JSON line says when it is ready."""
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
