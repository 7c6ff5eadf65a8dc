"""A gateway node: every piece started in its order, and stopped in the reverse one."""

import asyncio
import contextlib
import tempfile
from functools import partial
from pathlib import Path
from typing import Final

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from telecom.charging.tariffs import Price, TariffError, Tariffs
from telecom.gateway.access.access import Access
from telecom.gateway.clock import SYSTEM_CLOCK, Clock
from telecom.gateway.config import GatewayConfig
from telecom.gateway.config import Route as RouteTable
from telecom.gateway.delivery.delivery import MessageDelivery
from telecom.gateway.delivery.receipts import Receipts
from telecom.gateway.esme.esmes import Esmes
from telecom.gateway.esme.outbinds import Outbinds
from telecom.gateway.esme.smpp_service import SmppService
from telecom.gateway.esme.to_esme import ToEsme
from telecom.gateway.http.api import make_api
from telecom.gateway.http.health import Health
from telecom.gateway.http.ledger_reader import LedgerReader
from telecom.gateway.inbound.dispatch import dispatch
from telecom.gateway.inbound.from_network import FromNetwork
from telecom.gateway.inbound.mobile_originated import MobileOriginated
from telecom.gateway.lookups import Lookups
from telecom.gateway.metrics import Metrics
from telecom.gateway.outage import LAST_RECORDS, at_most, repeat
from telecom.gateway.submission.messaging import MessageStore, Messaging
from telecom.gateway.upstream.upstreams import UpstreamParts
from telecom.net.capture import Capture
from telecom.net.ss7_node import Ss7Node, Ss7NodeConfig
from telecom.net.tasks import spawn
from telecom.numbering.operators import Directory
from telecom.router.routes import CallingGt, Route, RouteError, Routes
from telecom.runtime.daemon import Daemon
from telecom.runtime.errors import CommandError, ConfigError, ConnectionFailed
from telecom.runtime.http import HttpServer
from telecom.runtime.operators import read_operators
from telecom.ss7.map.primitives import MapIndication
from telecom.store.embedded import (
    EmbeddedRedis,
    StoreError,
    StoreUrlError,
    connect,
    without_password,
)
from telecom.store.events import EventLog
from telecom.store.gt_gate import GtGate as StoredGate
from telecom.store.keys import Partitions
from telecom.store.ledger import Ledger
from telecom.store.ledger_feed import LedgerFeed
from telecom.store.limits import RateLimits
from telecom.store.lua import Client
from telecom.store.messages import MessageQueue
from telecom.store.node import MessageIds, next_incarnation
from telecom.store.outbox import Outbox, OutboxBounds
from telecom.store.pending import PendingMessages
from telecom.store.records import EndedBounds
from telecom.store.upstream import UpstreamMessages

DRAIN: Final = 2.0
"""How long a node that stops waits for what is under way, seconds; the rest stays in Redis."""
PATIENT_DRAIN: Final = 30.0
"""How long a node that is told to drain, and not to stop, waits for what ESMEs have asked."""
_CAPTURE_FLUSH: Final = 1.0
_LINK_WAIT: Final = 10.0
_UPSTREAM_WAIT: Final = 1.0
"""How long a node that starts waits for its upstreams: what comes first may be for them."""


class GatewayNode(Daemon):
    """One node of the gateway; `base` is the folder that paths in the configuration start from.

    A node that stops takes no more, and finishes or leaves in Redis what is under way.
    """

    def __init__(
        self,
        config: GatewayConfig,
        *,
        base: Path,
        capture: Path | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        super().__init__()
        self.config = config
        self.metrics = Metrics()
        self._clock = clock
        self._capture = Capture(capture) if capture else None
        self._directory = Directory(read_operators(base / config.operators))
        self._base = base
        self._access = Access(config, metrics=self.metrics, clock=clock)
        self._draining: asyncio.Task[None] | None = None
        self._routes = _routes(config)
        self._tariffs = _tariffs(config)
        self._partitions = Partitions(config.redis.partitions)

    async def _start(self) -> None:
        try:
            await self._start_parts()
        except StoreUrlError as error:
            raise ConfigError(str(error)) from None
        except StoreError as error:
            raise CommandError(str(error)) from None

    async def _start_parts(self) -> None:
        if self._capture is not None:
            self.running.callback(self._capture.close)
            flushing = spawn(_flush_often(self._capture), name="capture")
            self.running.callback(flushing.cancel)
        data = self._data_folder()
        self._redis = await self._start_redis(data)
        incarnation = await self._incarnate()
        self.name = f"{self.config.node}-{incarnation}"
        ids = MessageIds(incarnation)
        ledger = await self._start_ledger(data)
        bounds = _outbox_bounds(self.config)
        ended = _ended_bounds(self.config)
        queue = MessageQueue(self._redis, self._partitions, outbox=bounds, ended=ended)
        outbox = Outbox(self._redis, self._partitions, bounds=bounds)
        self._ss7 = self._make_ss7()
        to_esme = self._make_to_esme(outbox)
        self._mobile_originated = self._make_mobile_originated(outbox, ids)
        self._delivery = self._make_delivery(queue, outbox)
        self._from_network = self._make_from_network(queue)
        await self._start_ss7()
        await self._access.start(self._redis, node=self.name, running=self.running)
        await self._start_http(ledger, queue)
        self._delivery.start()
        self.running.push_async_callback(self._delivery.stop, grace=DRAIN)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_UPSTREAM_WAIT):
                await self._delivery.upstreams.tried()
        to_esme.start()
        self.running.push_async_callback(to_esme.stop)
        await self._start_smpp(self._make_messaging(queue, ids), to_esme, outbox, data)

    def _data_folder(self) -> Path:
        if self.config.data is not None:
            try:
                self.config.data.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                why = f"{self.config.data} cannot be the data folder: {error.strerror}"
                raise ConfigError(why) from None
            return self.config.data
        temporary = tempfile.TemporaryDirectory(prefix="telecom-gateway-")
        return Path(self.running.enter_context(temporary))

    async def _start_redis(self, data: Path) -> Client:
        url = self.config.redis.url
        if url is None:
            embedded = EmbeddedRedis(data / "redis", appendfsync=self.config.redis.fsync)
            await embedded.start()
            self.running.push_async_callback(embedded.stop)
            url = embedded.url
        redis = connect(url)
        self.running.push_async_callback(redis.aclose)
        return redis

    async def _incarnate(self) -> int:
        try:
            return await next_incarnation(self._redis, self._clock.wall())
        except RedisError as error:
            where = without_password(self.config.redis.url or "unix://")
            raise ConnectionFailed(f"Redis at {where} does not answer: {error}") from None

    async def _start_ledger(self, data: Path) -> Ledger:
        """Open the ledger and fill it from Redis; the last thing stopped but Redis itself."""
        ledger = Ledger(self.config.ledger.url or f"sqlite:///{data / 'ledger.sqlite'}")
        self.running.callback(ledger.close)
        feed = LedgerFeed(
            self._redis,
            self._partitions,
            ledger,
            consumer=self.config.node,
            recorded=self._recorded,
        )
        stopping = asyncio.Event()
        filling = spawn(repeat(feed.run, name="ledger feed", until=stopping), name="ledger feed")

        async def finish() -> None:
            stopping.set()
            feed.stop()
            await filling
            with contextlib.suppress(RedisError, SQLAlchemyError):
                await feed.drain()

        self.running.push_async_callback(at_most, LAST_RECORDS, finish)
        return ledger

    def _recorded(self, events: int, pairs: int) -> None:
        self.metrics.ledger_entries.labels("billable event").inc(events)
        self.metrics.ledger_entries.labels("evidence").inc(pairs)

    def _make_ss7(self) -> Ss7Node:
        link = self.config.ss7
        return Ss7Node(
            Ss7NodeConfig(
                url=link.url,
                listen=False,
                point_code=link.point_code,
                peer_point_code=link.peer_point_code,
                network_indicator=link.network_indicator,
                routing_context=link.routing_context,
                local_gts=link.global_titles,
            ),
            self._indications,
            capture=self._capture,
            clock=self._clock.monotonic,
        )

    async def _start_ss7(self) -> None:
        """Bring the link up; a peer that is not there yet is tried again while the node serves."""
        try:
            await self._ss7.start()
        except OSError as error:
            why = error.strerror or str(error)
            raise ConnectionFailed(f"no link at {self.config.ss7.url}: {why}") from None
        self.running.push_async_callback(self._ss7.close)
        self.running.push_async_callback(at_most, LAST_RECORDS, self._from_network.drain)
        with contextlib.suppress(TimeoutError):
            await self._ss7.active(_LINK_WAIT)
        self.addresses["M3UA (gateway to network)"] = self.config.ss7.url
        self.metrics.watch(
            "telecom_map_dialogues", "MAP dialogues under way", lambda: len(self._ss7.map)
        )

    def _indications(self, indications: list[MapIndication]) -> None:
        dispatch(indications, self._from_network)

    def _make_delivery(self, queue: MessageQueue, outbox: Outbox) -> MessageDelivery:
        delivery = MessageDelivery(
            self.config,
            self._ss7.map,
            upstream=UpstreamParts(
                UpstreamMessages(self._redis, self._partitions),
                outbox,
                RateLimits(self._redis),
                self._mobile_originated,
                Receipts(self._access.accounts),
                base=self._base,
                capture=self._capture,
            ),
            queue=queue,
            gate=StoredGate(self._redis, self._partitions, t1=self.config.gt_gate.t1),
            routes=self._routes,
            node=self.name,
            flush=self._ss7.flush_soon,
            metrics=self.metrics,
            clock=self._clock,
        )
        self.metrics.watch(
            "telecom_attempts", "Delivery attempts under way", lambda: delivery.in_flight
        )
        return delivery

    def _make_mobile_originated(self, outbox: Outbox, ids: MessageIds) -> MobileOriginated:
        return MobileOriginated(
            self._access.accounts,
            outbox=outbox,
            partitions=self._partitions,
            ids=ids,
            directory=self._directory,
            metrics=self.metrics,
            clock=self._clock,
        )

    def _make_from_network(self, queue: MessageQueue) -> FromNetwork:
        return FromNetwork(
            self._ss7.map,
            self._mobile_originated,
            queue=queue,
            service_centres=frozenset(self.config.ss7.global_titles),
            alerted=self._delivery.alerted,
            flush=self._ss7.flush_soon,
            metrics=self.metrics,
            clock=self._clock,
        )

    def _make_to_esme(self, outbox: Outbox) -> ToEsme:
        return ToEsme(
            outbox,
            node=self.name,
            window=self.config.outbox.window,
            metrics=self.metrics,
        )

    def _make_messaging(self, queue: MessageQueue, ids: MessageIds) -> Messaging:
        return Messaging(
            self.config,
            self._access.accounts,
            MessageStore(
                queue,
                PendingMessages(
                    self._redis,
                    self._partitions,
                    outbox=_outbox_bounds(self.config),
                    ended=_ended_bounds(self.config),
                ),
                RateLimits(self._redis),
                self._partitions,
                ids,
            ),
            routes=self._routes,
            receipts=Receipts(self._access.accounts),
            metrics=self.metrics,
            clock=self._clock,
        )

    async def _start_http(self, ledger: Ledger, queue: MessageQueue) -> None:
        lookups = Lookups(
            self._ss7,
            EventLog(self._redis, self._partitions),
            routes=self._routes,
            directory=self._directory,
            calling_gt=self.config.ss7.global_titles[0],
            timeout=self.config.ss7.timers.send_routing_info_for_sm,
            limit=self.config.limits.lookups_in_flight,
            metrics=self.metrics,
            clock=self._clock,
        )
        self._health = Health(self._ss7, queue, self._delivery.upstreams, self.metrics)
        app = make_api(
            self._access,
            lookups,
            LedgerReader(ledger, self._tariffs),
            health=self._health,
            metrics=self.metrics,
            trusted=self.config.http.trusted,
            drain=self.drain,
        )
        server = HttpServer(app)
        await server.start(self.config.http.host, self.config.http.port, what="the HTTP API")
        self.running.push_async_callback(server.stop)
        self.addresses["HTTP API, /docs, /metrics, /healthz"] = server.url

    async def _start_smpp(
        self, messaging: Messaging, to_esme: ToEsme, outbox: Outbox, data: Path
    ) -> None:
        self._smpp = SmppService(
            self.config,
            Esmes(self._access.binds, messaging, to_esme),
            to_esme,
            outbinds=partial(
                Outbinds,
                self._access.accounts,
                outbox=outbox,
                leases=self._access.leases,
                clock=self._clock,
            ),
            health=self._health,
            capture=self._capture,
            base=self._base,
            data=data,
            clock=self._clock,
        )
        self.running.push_async_callback(self._stop_smpp, messaging)
        self.addresses |= await self._smpp.start()

    def drain(self) -> None:
        """Take no more and unbind everybody, but go on with what is stored until it is stopped."""
        if self._draining is None:
            self._draining = spawn(self._smpp.drain(PATIENT_DRAIN), name="drain")

    async def _stop_smpp(self, messaging: Messaging) -> None:
        """Deliver and take no more, answer what has been asked, then unbind."""
        await self._smpp.drain(LAST_RECORDS)
        await at_most(LAST_RECORDS, messaging.drain)


def _outbox_bounds(config: GatewayConfig) -> OutboxBounds:
    return OutboxBounds(config.outbox.count, config.outbox.age)


def _ended_bounds(config: GatewayConfig) -> EndedBounds:
    messages = config.messages
    return EndedBounds(
        -(-messages.remembered_count // config.redis.partitions), messages.remembered
    )


async def _flush_often(capture: Capture) -> None:
    """Have on disk what was captured, so that it can be looked at while the node serves."""
    while True:
        await asyncio.sleep(_CAPTURE_FLUSH)
        capture.flush()


def _routes(config: GatewayConfig) -> Routes:
    try:
        return Routes(_route(route) for route in config.routes)
    except RouteError as error:
        raise ConfigError(f"routes: {error}") from None


def _route(route: RouteTable) -> Route:
    return Route(
        route.name,
        route.prefixes,
        route.operator or route.upstream or "",
        kind="smpp" if route.upstream else "ss7",
        calling_gts=(CallingGt(route.calling_gt),) if route.calling_gt else (),
        upstream=route.upstream,
        rate_limit=route.rate,
    )


def _tariffs(config: GatewayConfig) -> Tariffs:
    try:
        return Tariffs(Price(**price.model_dump()) for price in config.prices)
    except TariffError as error:
        raise ConfigError(f"prices: {error}") from None
