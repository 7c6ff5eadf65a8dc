"""The gateway's configuration file: every key, its unit, its default."""

from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from telecom.gateway.access.account import AccountOfFile, IdFormat, Rate
from telecom.gateway.upstream.settings import Upstream
from telecom.runtime.config import (
    Digits,
    Network,
    PointCode,
    Port,
    RoutingContext,
    Seconds,
    SystemId,
    Table,
    moved,
)


class TlsListener(Table):
    """Where ESMEs bind over TLS; the files are in PEM, their paths start at this file's folder.

    They are read again once they have changed.
    """

    port: Port = 3550
    certificate: Path | None = Field(
        default=None, description="without it, one of our own in the data folder"
    )
    key: Path | None = Field(default=None, description="the certificate's; else in the same file")
    client_ca: Path | None = Field(default=None, description="who signs the ESMEs' certificates")
    client_certificates: Literal["none", "optional", "required"] = Field(
        default="none", description="whether ESMEs show one; accounts may ask for a certain one"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.key is not None and self.certificate is None:
            raise ValueError("key: of a certificate, and there is none")
        if (self.client_ca is None) != (self.client_certificates == "none"):
            raise ValueError("client_ca and client_certificates: both, or neither of them")
        return self


class SmppListener(Table):
    """Where ESMEs bind."""

    host: str = "127.0.0.1"
    port: Port = 2775
    tls: TlsListener | None = None
    system_id: SystemId = "telecom"
    max_connections: Annotated[int, Field(ge=1)] = 2000


class HttpListener(Table):
    """Where the HTTP API, the metrics and the health check are."""

    host: str = "127.0.0.1"
    port: Port = 8080
    trusted: tuple[Network, ...] = Field(
        default=(IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")),
        description="who sees the metrics, which name accounts, and the faults of the health check"
        " without being the platform's operator; nobody who comes by a proxy",
    )


class RedisStore(Table):
    """The engine of state; without a URL a real redis-server is started as a child."""

    url: str | None = None
    partitions: Annotated[int, Field(ge=1, le=256)] = 8
    fsync: Literal["everysec", "always"] = "everysec"


class LedgerStore(Table):
    """The SQL ledger; without a URL it is SQLite in the data directory."""

    url: str | None = None


class MapTimers(Table):
    """How long an operation may take, seconds (TS 29.002 17.1.2: s 3-10, m 15-30, ml 60-600)."""

    send_routing_info_for_sm: Seconds = 15
    mt_forward_sm: Seconds = 60
    report_sm_delivery_status: Seconds = 10


class Ss7Link(Table):
    """The gateway as an SS7 point: its link, point codes, and global titles."""

    url: Annotated[str, Field(pattern=r"^(tcp|udp|sctp)://.+:[0-9]+$")] = "tcp://127.0.0.1:2905"
    point_code: PointCode = 101
    peer_point_code: PointCode = 201
    network_indicator: Annotated[int, Field(ge=0, le=3)] = 2
    routing_context: RoutingContext | None = 1
    global_titles: Annotated[tuple[Digits, ...], Field(min_length=1)] = ("38591000001",)
    timers: MapTimers = MapTimers()


class GtGateRule(Table):
    """The GT-matching rule; T1 is the age at which an SRI-SM's answer authorises no more."""

    t1: Seconds = 60


class MessageLimits(Table):
    """What a message may ask for; times in seconds."""

    default_validity: Seconds = 86_400
    max_validity: Seconds = 7 * 86_400
    max_segments: Annotated[int, Field(ge=1, le=255)] = 16
    id_format: IdFormat = Field(
        default=IdFormat.HEXADECIMAL, description="of message ids in responses to submits"
    )
    receipt_id_format: IdFormat | None = Field(
        default=None, description="of message ids in receipts; else id_format"
    )
    remembered: Seconds = Field(
        default=86_400, description="how long query_sm finds a message that has ended"
    )
    remembered_count: Annotated[int, Field(ge=1)] = Field(
        default=500_000,
        description="how many of them at least, and twice as many at most, 110 octets each",
    )


class DefaultMessage(Table):
    """A message that sm_default_msg_id chooses, SMPP 3.4 5.2.20."""

    id: Annotated[int, Field(ge=1, le=254)]
    text: Annotated[str, Field(min_length=1)]


class DistributionListTable(Table):
    """Numbers that submit_multi calls by one name, SMPP 3.4 4.5.1.2."""

    name: Annotated[str, Field(pattern="^[!-~]{1,20}$")]
    account: str | None = Field(default=None, description="who may use it; else everybody")
    members: Annotated[tuple[Digits, ...], Field(min_length=1, max_length=1000)]


class RetryDelays(Table):
    """When a failed attempt is made again; first delay and cap in seconds, jitter a share."""

    first: Seconds = 30
    multiplier: Annotated[float, Field(ge=1)] = 2
    cap: Seconds = 3600
    jitter: Annotated[float, Field(ge=0, le=1)] = 0.1


class RetrySchedules(Table):
    """A schedule for each class of failure that may pass."""

    temporary: RetryDelays = RetryDelays()
    no_answer: RetryDelays = RetryDelays()
    absent: RetryDelays = RetryDelays(first=900, cap=14_400)
    memory_full: RetryDelays = RetryDelays(first=900, cap=14_400)


class NodeLimits(Table):
    """Limits of this node as a whole."""

    rate: Rate = 200_000
    in_flight: Annotated[int, Field(ge=1)] = 5000
    lookups_in_flight: Annotated[int, Field(ge=1)] = 1000


class LockoutLimits(Table):
    """When a name and password that fail, over SMPP or HTTP, are tried no more; times in seconds.

    Counted on each node: so many failures `within` a time lock out for the `first` time, then for
    twice as long each time, up to the `longest`.
    """

    per_account: Annotated[int, Field(ge=1)] = Field(
        default=5, description="failures of one system_id from one address"
    )
    per_address: Annotated[int, Field(ge=1)] = Field(
        default=50, description="failures of any system_id from one address"
    )
    within: Seconds = 60
    first: Seconds = 60
    longest: Seconds = 900
    exempt: tuple[Network, ...] = Field(
        default=(), description="never locked out, such as a proxy that many clients come by"
    )


class OutboxLimits(Table):
    """What waits for an ESME to bind: how many, how long (seconds), how many at once on a bind."""

    count: Annotated[int, Field(ge=1)] = 1_000_000
    age: Seconds = 3 * 86_400
    window: Annotated[int, Field(ge=1)] = 50


class Route(Table):
    """Where numbers go: the longest prefix wins.

    Over SS7 to an operator, from a calling GT, or over SMPP to an upstream; then the operator,
    as prices and statements name it, is the upstream unless another one is given.
    """

    name: str
    prefixes: Annotated[tuple[Digits, ...], Field(min_length=1)]
    operator: str | None = None
    calling_gt: Digits | None = None
    upstream: str | None = None
    rate: Rate = 100_000

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.calling_gt is None) == (self.upstream is None):
            raise ValueError("a calling_gt or an upstream, one of the two")
        if self.upstream is None and self.operator is None:
            raise ValueError("the operator that calling_gt sends to")
        return self


class Price(Table):
    """What one unit of a service costs; without `account` or `operator` it is for all of them."""

    service: str
    amount: Annotated[Decimal, Field(ge=0)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "EUR"
    account: str | None = None
    operator: str | None = None


class GatewayConfig(BaseSettings):
    """All of it. An environment variable ``TELECOM_SMPP__PORT`` overrides ``smpp.port``."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix="TELECOM_", env_nested_delimiter="__"
    )

    node: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,32}$")] = "gateway"
    data: Path | None = None
    operators: Path
    smpp: SmppListener = SmppListener()
    http: HttpListener = HttpListener()
    redis: RedisStore = RedisStore()
    ledger: LedgerStore = LedgerStore()
    ss7: Ss7Link = Ss7Link()
    gt_gate: GtGateRule = GtGateRule()
    messages: MessageLimits = MessageLimits()
    retry: RetrySchedules = RetrySchedules()
    limits: NodeLimits = NodeLimits()
    lockout: LockoutLimits = LockoutLimits()
    outbox: OutboxLimits = OutboxLimits()
    mo_default_account: str | None = Field(
        default=None, description="gets what handsets send to numbers that no account owns"
    )
    default_messages: tuple[DefaultMessage, ...] = ()
    distribution_lists: tuple[DistributionListTable, ...] = ()
    accounts: Annotated[tuple[AccountOfFile, ...], Field(min_length=1)]
    upstreams: tuple[Upstream, ...] = ()
    routes: Annotated[tuple[Route, ...], Field(min_length=1)]
    prices: tuple[Price, ...] = ()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file."""
        return env_settings, init_settings

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _unique("accounts.system_id", [account.system_id for account in self.accounts])
        _unique("accounts.numbers", [n for account in self.accounts for n in account.numbers])
        _unique("default_messages.id", [message.id for message in self.default_messages])
        _unique("distribution_lists.name", [table.name for table in self.distribution_lists])
        _unique("routes.prefixes", [prefix for route in self.routes for prefix in route.prefixes])
        _unique("upstreams.name", [upstream.name for upstream in self.upstreams])
        ways = {
            "calling_gt": ("ss7.global_titles", self.ss7.global_titles),
            "upstream": ("upstreams.name", [upstream.name for upstream in self.upstreams]),
        }
        for route in self.routes:
            for key, (where, known) in ways.items():
                way = getattr(route, key)
                if way is not None and way not in known:
                    raise ValueError(f"routes.{route.name}.{key}: one of {where}, not {way}")
        names = {account.system_id for account in self.accounts}
        if self.mo_default_account is not None and self.mo_default_account not in names:
            raise ValueError("mo_default_account: the system_id of an account")
        return self

    @model_validator(mode="after")
    def _accounts_can_bind(self) -> Self:
        tls = self.smpp.tls
        for account in self.accounts:
            if account.tls_required and tls is None:
                raise ValueError(f"accounts.{account.system_id}.tls_required: needs smpp.tls")
            if account.client_certificate and (tls is None or tls.client_ca is None):
                key = f"accounts.{account.system_id}.client_certificate"
                raise ValueError(f"{key}: needs smpp.tls.client_ca")
        return self

    def moved(
        self,
        *,
        port_offset: int = 0,
        transport: str | None = None,
        redis_url: str | None = None,
        data: Path | None = None,
    ) -> Self:
        """Return the configuration with every port moved, and what is given put in its place.

        Raises `ConfigError` for a port that would be none any more.
        """
        scheme, _, rest = self.ss7.url.partition("://")
        host, _, port = rest.rpartition(":")
        link = f"{transport or scheme}://{host}:{moved(int(port), port_offset)}"
        tls = self.smpp.tls
        listener = {
            "port": moved(self.smpp.port, port_offset),
            "tls": tls and tls.model_copy(update={"port": moved(tls.port, port_offset)}),
        }
        return self.model_copy(
            update={
                "smpp": self.smpp.model_copy(update=listener),
                "http": self.http.model_copy(update={"port": moved(self.http.port, port_offset)}),
                "ss7": self.ss7.model_copy(update={"url": link}),
                "redis": self.redis.model_copy(update={"url": redis_url or self.redis.url}),
                "upstreams": tuple(
                    upstream.model_copy(update={"port": moved(upstream.port, port_offset)})
                    for upstream in self.upstreams
                ),
                "data": data or self.data,
            }
        )


def _unique(key: str, values: list[Any]) -> None:
    twice = {value for value in values if values.count(value) > 1}
    if twice:
        raise ValueError(f"{key}: each value once, {min(twice)!r} stands there again")
