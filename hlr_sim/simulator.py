"""The simulator as a running program: an SS7 node that listens, one timer, the control API."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hlr_sim.api import make_api
from hlr_sim.config import HlrSimConfig, M3uaListener
from hlr_sim.control import Clock, Control
from hlr_sim.network import NetworkError
from hlr_sim.node import Node
from telecom.net.ss7_node import Ss7Node, Ss7NodeConfig
from telecom.numbering.operators import Operator
from telecom.runtime.daemon import Daemon
from telecom.runtime.errors import ConfigError
from telecom.runtime.http import HttpServer
from telecom.runtime.operators import read_operators
from telecom.runtime.service import taking_port
from telecom.ss7.map.primitives import MapIndication


class Simulator(Daemon):
    """The operators' side; `base` is the folder that paths in the configuration start from."""

    def __init__(self, config: HlrSimConfig, *, base: Path) -> None:
        super().__init__()
        self._config = config
        self._timer: asyncio.TimerHandle | None = None
        self._due_at = 0.0
        path = base / config.operators
        operators = read_operators(path)
        self._ss7 = Ss7Node(_ss7_config(config.m3ua, operators), self._indications)
        try:
            self.node = Node(operators, config, self._ss7.map)
        except NetworkError as error:
            raise ConfigError(f"{path}: {error}") from None

    async def _start(self) -> None:
        link = urlsplit(self._config.m3ua.url)
        async with taking_port("M3UA", link.hostname or "", link.port or 0):
            await self._ss7.start()
        self.running.push_async_callback(self._ss7.close)
        self.running.callback(self._disarm)
        self.addresses["M3UA (HLR simulator)"] = self._config.m3ua.url
        await self._start_http()

    async def _start_http(self) -> None:
        started, now = time.time(), self._ss7.now()
        clock = Clock(self._ss7.now, lambda at: datetime.fromtimestamp(started + at - now, UTC))
        control = Control(
            self.node.lab,
            clock=clock,
            changed=self._changed,
            service_centre=self._config.service_centre,
        )
        server = HttpServer(make_api(control, health=self._health))
        listener = self._config.http
        await server.start(listener.host, listener.port, what="the HLR simulator's control API")
        self.running.push_async_callback(server.stop)
        self.addresses["HLR simulator's control API"] = server.url

    def _health(self) -> dict[str, Any]:
        return {
            "status": "ok",
            "ss7_link": self._ss7.is_active,
            "dialogues": len(self.node),
        }

    def _indications(self, indications: list[MapIndication]) -> None:
        self.node.handle(indications, self._ss7.now())
        self._arm()

    def _changed(self) -> None:
        self._ss7.flush_soon()
        self._arm()

    def _arm(self) -> None:
        """Have the loop call when the node's next timer is due; a call before that does no harm."""
        due = self.node.next_timer()
        if due is None or (self._timer is not None and self._due_at <= due):
            return
        self._disarm()
        self._due_at = due
        delay = max(0.0, due - self._ss7.now())
        self._timer = asyncio.get_running_loop().call_later(delay, self._due)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _due(self) -> None:
        self._timer = None
        self.node.handle_timer(self._ss7.now())
        self._changed()


def _ss7_config(listener: M3uaListener, operators: tuple[Operator, ...]) -> Ss7NodeConfig:
    """Listen as the signalling point where all global titles of the operators lead."""
    prefixes = {prefix for operator in operators for prefix in operator.ranges}
    titles = {gt for operator in operators for gt in operator.nodes}
    return Ss7NodeConfig(
        url=listener.url,
        listen=True,
        point_code=listener.point_code,
        peer_point_code=listener.peer_point_code,
        network_indicator=listener.network_indicator,
        routing_context=listener.routing_context,
        local_gts=tuple(sorted(prefixes | titles)),
    )
