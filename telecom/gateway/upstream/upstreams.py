"""All upstream SMSCs of a node: messages to them, receipts and messages of end users from them."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from ssl import SSLContext

import msgspec

from telecom.gateway.clock import Clock
from telecom.gateway.delivery.attempt import Attempt
from telecom.gateway.delivery.receipts import Receipts
from telecom.gateway.delivery.settlement import Settlement
from telecom.gateway.inbound.mobile_originated import MobileOriginated
from telecom.gateway.metrics import Metrics
from telecom.gateway.outage import LAST_RECORDS, at_most
from telecom.gateway.upstream.bind import BIND_TYPES, UpstreamBind
from telecom.gateway.upstream.ends import UpstreamEnds
from telecom.gateway.upstream.from_upstream import FromUpstream
from telecom.gateway.upstream.handover import HandOver
from telecom.gateway.upstream.sender import Hold, Sender
from telecom.gateway.upstream.settings import Upstream
from telecom.net.smpp.link import TcpCapture
from telecom.net.smpp.tls import client_context
from telecom.router.routes import Route
from telecom.runtime.errors import ConfigError
from telecom.sms.receipt import MessageState
from telecom.store.limits import RateLimits
from telecom.store.outbox import Outbox
from telecom.store.records import Taken
from telecom.store.upstream import UpstreamMessages


class UpstreamParts(msgspec.Struct, frozen=True):
    """What the upstreams of a node share with the rest of it."""

    store: UpstreamMessages
    outbox: Outbox
    limits: RateLimits
    mobile_originated: MobileOriginated
    receipts: Receipts
    base: Path
    """The folder that paths in the configuration start from."""
    capture: TcpCapture | None = None


class Upstreams:
    """Takes the attempts of the routes that go to upstreams, `room` at most of each waiting."""

    def __init__(
        self,
        upstreams: tuple[Upstream, ...],
        parts: UpstreamParts,
        settlement: Settlement,
        *,
        room: int,
        hold: Hold,
        released: Callable[[Attempt], None],
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._parts = parts
        self._settlement = settlement
        self._metrics = metrics
        self._clock = clock
        policies = {each.name: MessageState[each.without_receipt] for each in upstreams}
        self._ends = UpstreamEnds(parts.store, settlement, without_receipt=policies, clock=clock)
        self._handover = HandOver(
            parts.store, self._ends, released=released, metrics=metrics, clock=clock
        )
        self._from_upstream = FromUpstream(
            parts.store,
            self._ends,
            parts.receipts,
            outbox=parts.outbox,
            mobile_originated=parts.mobile_originated,
            metrics=metrics,
            clock=clock,
        )
        self._binds = {each.name: self._binds_of(each) for each in upstreams}
        self._senders = {each.name: self._sender_to(each, room, hold) for each in upstreams}

    def _sender_to(self, upstream: Upstream, room: int, hold: Hold) -> Sender:
        return Sender(
            upstream,
            self._binds[upstream.name],
            self._settlement,
            room=room,
            limits=self._parts.limits,
            hold=hold,
            accepted=partial(self._accepted, upstream),
            metrics=self._metrics,
            clock=self._clock,
        )

    def _binds_of(self, upstream: Upstream) -> list[UpstreamBind]:
        ssl = _tls(upstream, self._parts.base)
        return [
            UpstreamBind(
                upstream,
                bind_type,
                received=partial(self._from_upstream.received, upstream.name),
                changed=partial(self._bind_changed, upstream.name),
                ssl=ssl,
                capture=self._parts.capture,
            )
            for bind_type in BIND_TYPES[upstream.bind_type] * upstream.binds
        ]

    @property
    def binds(self) -> Mapping[str, tuple[int, int]]:
        """How many binds of each upstream are bound, of how many."""
        return {
            name: (sum(bind.is_bound for bind in binds), len(binds))
            for name, binds in self._binds.items()
        }

    def start(self) -> None:
        """Begin to bind and to send."""
        for name, binds in self._binds.items():
            self._senders[name].start()
            for bind in binds:
                bind.start()

    async def tried(self) -> None:
        """Wait until each bind has been tried once."""
        for binds in self._binds.values():
            for bind in binds:
                await bind.tried.wait()

    def close(self) -> None:
        """Send no next parts: a node which stops would not see the end of them."""
        for sender in self._senders.values():
            sender.close()

    async def stop(self) -> None:
        """Send no more, record and answer what has come back, and unbind."""
        for sender in self._senders.values():
            await sender.stop()
        self._from_upstream.close()
        stages = (self._handover, self._from_upstream, self._ends, self._settlement, self._ends)
        await at_most(LAST_RECORDS, *(stage.drain for stage in stages))
        binds = [bind for binds in self._binds.values() for bind in binds]
        await asyncio.gather(*(bind.stop() for bind in binds))

    def submit(self, attempt: Attempt) -> None:
        """Send an attempt to the upstream of its route."""
        self._senders[attempt.route.upstream or ""].take(attempt)

    def overdue(self, taken: Taken, route: Route | None) -> None:
        """End a message that its upstream has had for so long that no receipt will come."""
        self._ends.overdue(taken, (route.upstream if route else None) or "")

    def _accepted(self, upstream: Upstream, attempt: Attempt, upstream_id: str) -> None:
        self._handover.accepted(
            attempt,
            upstream_id,
            grace=upstream.receipt_grace,
            go_on=self._senders[upstream.name].take_first,
        )

    def _bind_changed(self, name: str) -> None:
        self._metrics.upstream_binds.labels(name).set(self.binds[name][0])
        self._senders[name].wake()


def _tls(upstream: Upstream, base: Path) -> SSLContext | None:
    if (tls := upstream.tls) is None:
        return None
    try:
        return client_context(
            ca=tls.ca and base / tls.ca,
            certificate=tls.certificate and base / tls.certificate,
            key=tls.key and base / tls.key,
            check_name=tls.check_name,
        )
    except OSError as error:
        raise ConfigError(f"upstreams.{upstream.name}.tls: {error}") from None
