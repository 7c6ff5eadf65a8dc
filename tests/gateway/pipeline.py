"""A node of the gateway without its sockets: the real pipeline, on a real Redis."""

import asyncio
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff

from telecom.charging.events import BillableEvent
from telecom.gateway.access.account import AccountOfFile
from telecom.gateway.access.accounts import Accounts
from telecom.gateway.clock import Clock
from telecom.gateway.config import GatewayConfig, Route
from telecom.gateway.delivery.attempt import Stage
from telecom.gateway.delivery.delivery import MessageDelivery
from telecom.gateway.delivery.receipts import Receipts
from telecom.gateway.delivery.worker import Pace
from telecom.gateway.esme.to_esme import OutboxPace, ToEsme
from telecom.gateway.inbound.dispatch import dispatch
from telecom.gateway.inbound.from_network import FromNetwork
from telecom.gateway.inbound.mobile_originated import MobileOriginated
from telecom.gateway.lookups import Lookups
from telecom.gateway.metrics import Metrics
from telecom.gateway.node import _routes
from telecom.gateway.submission.messaging import MessageStore, Messaging
from telecom.gateway.upstream.upstreams import UpstreamParts
from telecom.numbering.operators import Directory
from telecom.runtime.operators import read_operators
from telecom.store.embedded import connect
from telecom.store.events import EventLog
from telecom.store.gt_gate import GtGate as StoredGate
from telecom.store.keys import Partitions
from telecom.store.limits import RateLimits
from telecom.store.lua import Client
from telecom.store.messages import MessageQueue
from telecom.store.node import MessageIds
from telecom.store.outbox import Outbox
from telecom.store.pending import PendingMessages
from telecom.store.records import Evidence
from telecom.store.upstream import UpstreamMessages
from tests.gateway.network import GATEWAY, T1, Network, Time, Wire
from tests.gateway.scripted_esme import Esme

CONFIGS = Path(__file__).parents[2] / "configs"
PARTITIONS = Partitions(2)
NO_JITTER = {"first": 30, "multiplier": 2, "cap": 120, "jitter": 0}
INCARNATIONS = count(0x6B000001)


def config(**settings: Any) -> GatewayConfig:
    """Return the configuration of the nodes under test; their retries come 30 seconds later."""
    values: dict[str, Any] = {
        "operators": CONFIGS / "operators.toml",
        "accounts": [
            AccountOfFile(
                system_id="demo", password="demo", rate=100_000, numbers=("38591000100",)
            ),
            AccountOfFile(system_id="slow", password="slow", rate=5, numbers=("38591000200",)),
            AccountOfFile(system_id="bare", password="bare"),
        ],
        "routes": [
            Route(name="alba", prefixes=("4477009",), operator="Alba", calling_gt=GATEWAY),
            Route(
                name="narrow", prefixes=("4915559",), operator="Borea", calling_gt=GATEWAY, rate=3
            ),
        ],
        "ss7": {"global_titles": (GATEWAY,), "timers": {"mt_forward_sm": 20}},
        "gt_gate": {"t1": T1},
        "retry": {
            "temporary": NO_JITTER,
            "no_answer": NO_JITTER,
            "absent": NO_JITTER | {"first": 900, "cap": 900},
            "memory_full": NO_JITTER | {"first": 900, "cap": 900},
        },
        "messages": {"default_validity": 3600},
    }
    return GatewayConfig(**(values | settings))


class Node:
    """A node under test, its own link to the network, and its own clients of Redis."""

    def __init__(
        self,
        url: str,
        time: Time,
        network: Network,
        *,
        name: str = "a",
        settings: GatewayConfig | None = None,
        orphaned: float = 60.0,
        patient: bool = True,
        **limits: int,
    ) -> None:
        self.config = settings or config()
        self.redis: Client = connect(url) if patient else _impatient(url)
        self.is_killed = False
        self.time = time
        self.clock = Clock(time.monotonic, time.wall)
        self.wire = Wire(time, network, **limits)
        self.metrics = Metrics()
        self.partitions = PARTITIONS
        self.name = name
        self.map = self.wire.node.map
        self.is_active = True
        self.queue = MessageQueue(self.redis, PARTITIONS)
        self.outbox = Outbox(self.redis, PARTITIONS)
        self._make(orphaned, next(INCARNATIONS))
        self.wire.indicate = lambda indications: dispatch(indications, self.from_network)

    def flush_soon(self) -> None:
        """What `Lookups` asks of an SS7 node, as `map` and `is_active`."""
        self.wire.flush()

    def _make(self, orphaned: float, incarnation: int) -> None:
        shared: dict[str, Any] = {"metrics": self.metrics, "clock": self.clock}
        accounts = Accounts(
            self.config.accounts,
            default_owner=self.config.mo_default_account,
            limits=self.config.messages,
        )
        directory = Directory(read_operators(self.config.operators))
        routes = _routes(self.config)
        ids = MessageIds(incarnation)
        self.mobile_originated = MobileOriginated(
            accounts,
            outbox=self.outbox,
            partitions=PARTITIONS,
            ids=ids,
            directory=directory,
            **shared,
        )
        self.delivery = MessageDelivery(
            self.config,
            self.map,
            upstream=UpstreamParts(
                UpstreamMessages(self.redis, PARTITIONS),
                self.outbox,
                RateLimits(self.redis),
                self.mobile_originated,
                Receipts(accounts),
                base=CONFIGS,
            ),
            queue=self.queue,
            gate=StoredGate(self.redis, PARTITIONS, t1=self.config.gt_gate.t1),
            routes=routes,
            node=self.name,
            flush=self.wire.flush,
            pace=Pace(block=0.1, release=0.01, renewal=orphaned / 4, orphaned=orphaned),
            **shared,
        )
        self.messaging = Messaging(
            self.config,
            accounts,
            MessageStore(
                self.queue,
                PendingMessages(self.redis, PARTITIONS),
                RateLimits(self.redis),
                PARTITIONS,
                ids,
            ),
            routes=routes,
            receipts=Receipts(accounts),
            **shared,
        )
        self.from_network = FromNetwork(
            self.map,
            self.mobile_originated,
            queue=self.queue,
            service_centres=frozenset(self.config.ss7.global_titles),
            alerted=self.delivery.alerted,
            flush=self.wire.flush,
            **shared,
        )
        self.to_esme = ToEsme(
            self.outbox,
            node=self.name,
            window=self.config.outbox.window,
            pace=OutboxPace(block=0.1, pause=0.05, orphaned=orphaned),
            metrics=self.metrics,
        )
        self.lookups = Lookups(
            self,  # type: ignore[arg-type]
            EventLog(self.redis, PARTITIONS),
            routes=routes,
            directory=directory,
            calling_gt=GATEWAY,
            timeout=15,
            limit=2,
            **shared,
        )

    def start(self) -> None:
        self.delivery.start()
        self.to_esme.start()

    def bind(self, system_id: str = "demo", **options: Any) -> Esme:
        """Bind an ESME as a receiver, too, unless told otherwise."""
        esme = Esme(self, system_id, **options)
        self.to_esme.bound(esme)  # type: ignore[arg-type]
        return esme

    async def stop(self, *, grace: float = 1) -> None:
        await self.to_esme.stop()
        await self.delivery.stop(grace=grace)
        await self.from_network.drain()
        await self.redis.aclose()

    def stages(self) -> list[Stage]:
        """How far the attempts under way are."""
        return [attempt.stage for attempt in self.delivery._worker._attempts.values()]

    def recorded(self) -> list[bool]:
        """Whether the gate has the SRI-SM of each attempt under way on record."""
        return [attempt.recorded for attempt in self.delivery._worker._attempts.values()]

    def kill(self) -> None:
        """End the node: neither Redis nor the network hear of it again (its valve must be shut)."""
        self.is_killed = True
        self.wire.is_cut = True
        for task in (*self.delivery._worker._tasks, *self.to_esme._tasks):
            task.cancel()
        upstreams = self.delivery.upstreams
        for sender in upstreams._senders.values():
            if sender._task is not None:
                sender._task.cancel()
        for bind in (bind for binds in upstreams._binds.values() for bind in binds):
            bind._stopping.set()
            if bind._esme is not None and bind._esme._binding.link is not None:
                bind._esme._binding.link.abort()

    async def bury(self) -> None:
        """End what a dead node still tries."""
        trying = [task for task in asyncio.all_tasks() if _tries_redis(task)]
        for task in trying:
            task.cancel()
        await asyncio.gather(*trying, return_exceptions=True)
        await self.redis.aclose()

    def metric(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name, labels) or 0


def _tries_redis(task: "asyncio.Task[Any]") -> bool:
    return getattr(task.get_coro(), "__qualname__", "") in {"MicroBatch._run", "Outbox._hear"}


def _impatient(url: str) -> Client:
    """Return a client that soon says when Redis is away."""
    return Redis.from_url(url, retry=Retry(ConstantBackoff(0.005), 2))


class Store:
    """What a test looks up in Redis itself."""

    def __init__(self, redis: Client) -> None:
        self._redis = redis
        self._queue = MessageQueue(redis, PARTITIONS)

    async def charges(self) -> Counter[str]:
        """Return the billable events on their way to the ledger, by their ids."""
        decode = msgspec.msgpack.Decoder(BillableEvent).decode
        events: Counter[str] = Counter()
        for keys in PARTITIONS.keys:
            entries = await self._redis.xrange(keys.events)
            events.update(decode(fields[b"event"]).id for _, fields in entries)
        return events

    async def evidence(self) -> list[Evidence]:
        found = []
        for keys in PARTITIONS.keys:
            entries = await self._redis.xrange(keys.evidence)
            found += [Evidence.of_entry(fields) for _, fields in entries]
        return found

    async def remembered(self) -> list[int]:
        """Return for how many seconds each part that upstreams have accepted is remembered."""
        names = [name async for name in self._redis.scan_iter("{p*}:upstream:*")]
        return [await self._redis.ttl(name) for name in names]

    async def depth(self) -> tuple[int, int, int]:
        """Return how many messages are stored, queued or taken, and deferred."""
        depth = await self._queue.depth()
        return depth.stored, depth.queued, depth.deferred

    async def until(self, stored: int = 0, queued: int = 0, deferred: int = 0) -> None:
        """Wait until so many messages are in each state."""
        await eventually(self.depth, (stored, queued, deferred))


async def eventually(ask: Callable[[], Any], expected: Any, *, timeout: float = 5) -> None:
    """Ask until the answer is as expected; the last one is in the failure."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    while True:
        answer = ask()
        if asyncio.iscoroutine(answer):
            answer = await answer
        if answer == expected:
            return
        assert loop.time() < deadline, f"still {answer!r}, not {expected!r}"
        await asyncio.sleep(0.002)
