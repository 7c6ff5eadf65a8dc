"""The simulator's configuration file: every key, its unit, its default."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field

from hlr_sim.faults import MAX_FAULTS, Fault, Target
from telecom.runtime.config import Digits, PointCode, Port, RoutingContext, Seconds, Table, moved


class M3uaListener(Table):
    """Where M3UA associations are taken, and what the simulator and its peer are in SS7."""

    url: Annotated[str, Field(pattern=r"^(tcp|udp|sctp)://[^:/]+:[0-9]+$")] = "tcp://127.0.0.1:2905"
    point_code: PointCode = 201
    peer_point_code: PointCode = 101
    network_indicator: Annotated[int, Field(ge=0, le=3)] = 2
    routing_context: RoutingContext | None = 1


class HttpListener(Table):
    """Where the control API is."""

    host: str = "127.0.0.1"
    port: Port = 8081


class AlertSchedule(Table):
    """When a service centre that did not take an alert is alerted again (seconds)."""

    interval: Seconds = 10
    attempts: Annotated[int, Field(ge=1)] = 5


class GtCorrelation(Table):
    """The receiving side's GT rule: T1 (seconds), and whether what does not match is refused."""

    t1: Seconds = 60
    reject: bool = False


class FaultRow(Table):
    """A fault of a share (0 to 1) of dialogues; see `hlr_sim.faults.Fault`."""

    target: Target = Target.ANY
    share: Annotated[float, Field(ge=0, le=1)] = 1
    delay: Annotated[float, Field(ge=0, le=100)] = 0
    error: Annotated[int, Field(ge=0, le=255)] | None = None
    silent: bool = False

    def fault(self) -> Fault:
        """Return the fault that the row describes."""
        return Fault(**self.model_dump())


class FaultTable(Table):
    """All faults, in the order in which they are tried, and the seed of their sequence."""

    seed: int = 0
    rows: Annotated[tuple[FaultRow, ...], Field(max_length=MAX_FAULTS)] = ()


class MemoryLimits(Table):
    """How many subscribers that differ from what they were are kept, and how many handsets."""

    subscribers: Annotated[int, Field(ge=1)] = 100_000
    handsets: Annotated[int, Field(ge=1)] = 10_000


class HlrSimConfig(Table):
    """All of it; `service_centre` is where handsets send to.

    Who is absent or full for a while `comes_back_after` so many seconds, and `stays_for` so many.
    """

    operators: Path
    service_centre: Digits = "38591000001"
    comes_back_after: Seconds = 20
    stays_for: Seconds = 20
    seed: int = 0
    m3ua: M3uaListener = M3uaListener()
    http: HttpListener = HttpListener()
    alerts: AlertSchedule = AlertSchedule()
    gt_correlation: GtCorrelation = GtCorrelation()
    faults: FaultTable = FaultTable()
    limits: MemoryLimits = MemoryLimits()

    def moved(self, *, port_offset: int = 0, transport: str | None = None) -> Self:
        """Return the configuration with every port moved and M3UA on another transport.

        Raises `ConfigError` where a port would be none any more.
        """
        scheme, _, rest = self.m3ua.url.partition("://")
        host, _, port = rest.rpartition(":")
        link = f"{transport or scheme}://{host}:{moved(int(port), port_offset)}"
        http_port = moved(self.http.port, port_offset)
        return self.model_copy(
            update={
                "m3ua": self.m3ua.model_copy(update={"url": link}),
                "http": self.http.model_copy(update={"port": http_port}),
            }
        )
