"""The configuration of nodes that have an upstream."""

from typing import Any

from telecom.gateway.config import GatewayConfig, Route
from telecom.gateway.upstream.settings import Upstream
from tests.gateway.pipeline import config
from tests.gateway.smsc import Smsc


def settings(smsc: Smsc, **options: Any) -> GatewayConfig:
    """Return nodes' configuration with `smsc` as the upstream of 88210…"""
    upstream = Upstream(
        name="smsc",
        host="127.0.0.1",
        port=smsc.port,
        system_id="us",
        password="secret",
        **{"rate": 1000, **options},
    )
    way = Route(name="up", prefixes=("88210",), upstream="smsc")
    return config(upstreams=(upstream,), routes=(*config().routes, way))
