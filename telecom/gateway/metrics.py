"""What the gateway counts, for Prometheus."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_MOST_RESULTS = 300
_LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """One node's figures, in a registry of its own so that two nodes can share a process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.messages = Counter(
            "telecom_messages",
            "Messages by stage (submission, routing, forwarding, upstream, final,"
            " mobile_originated, outbox) and its result",
            ("stage", "result"),
            registry=self.registry,
        )
        self._results: set[tuple[str, str]] = set()
        self.submit_seconds = self._histogram(
            "telecom_submit_seconds", "From submit_sm to its durable submit_sm_resp"
        )
        self.delivery_seconds = self._histogram(
            "telecom_delivery_seconds", "From submit_sm_resp to the final state"
        )
        self.dialogue_seconds = Histogram(
            "telecom_map_dialogue_seconds",
            "From the opening of a MAP dialogue to its outcome",
            ("operation",),
            buckets=_LATENCY_BUCKETS,
            registry=self.registry,
        )
        self.upstream_seconds = Histogram(
            "telecom_upstream_seconds",
            "From submit_sm to an upstream to its response",
            ("upstream",),
            buckets=_LATENCY_BUCKETS,
            registry=self.registry,
        )
        self.upstream_binds = Gauge(
            "telecom_upstream_binds",
            "Binds at upstreams",
            ("upstream",),
            registry=self.registry,
        )
        self.gt_verdicts = Counter(
            "telecom_gt_verdicts",
            "Verdicts of the GT gate; only match leaves the node",
            ("verdict",),
            registry=self.registry,
        )
        self.billable_events = Counter(
            "telecom_billable_events",
            "Billable events handed to the ledger's stream, by service; a retry repeats an id",
            ("service",),
            registry=self.registry,
        )
        self.ledger_entries = Counter(
            "telecom_ledger_entries",
            "Entries that were new to the ledger, by kind: each billable event and pair once",
            ("kind",),
            registry=self.registry,
        )
        self.binds = Gauge(
            "telecom_binds",
            "SMPP sessions that are bound, by account, type of bind and version",
            ("account", "type", "version"),
            registry=self.registry,
        )
        self.refusals = Counter(
            "telecom_refusals",
            "Binds and HTTP requests that were refused for who sent them, by the reason",
            ("interface", "reason"),
            registry=self.registry,
        )
        self.lockouts = Counter(
            "telecom_lockouts",
            "How often a name at an address, or an address, was locked out after failures",
            ("interface",),
            registry=self.registry,
        )
        self.queue_depth = Gauge(
            "telecom_queue_depth",
            "Messages in Redis by state: stored in all, queued or taken, deferred",
            ("state",),
            registry=self.registry,
        )

    def count(self, stage: str, result: str, number: int = 1) -> None:
        """Count messages; peers choose some results, so that after a while new ones are "other"."""
        label = (stage, result)
        if label not in self._results:
            if len(self._results) >= _MOST_RESULTS:
                label = (stage, "other")
            else:
                self._results.add(label)
        self.messages.labels(*label).inc(number)

    def _histogram(self, name: str, documentation: str) -> Histogram:
        return Histogram(name, documentation, buckets=_LATENCY_BUCKETS, registry=self.registry)

    def watch(self, name: str, documentation: str, value: Callable[[], float]) -> None:
        """Show a gauge that is read when Prometheus asks."""
        Gauge(name, documentation, registry=self.registry).set_function(value)
