"""Whether a node works, and how much waits in Redis."""

import asyncio
from typing import Final

from redis.exceptions import RedisError

from telecom.gateway.metrics import Metrics
from telecom.gateway.upstream.upstreams import Upstreams
from telecom.net.ss7_node import Ss7Node
from telecom.store.messages import MessageQueue

_LONGEST_WAIT: Final = 3.0


class Health:
    """Asks the parts that a node cannot work without.

    A node that `is_draining` finishes what it has and takes no more: nothing new may be sent to it.
    An upstream that is away is no fault of the node, and no other node would reach it.
    """

    def __init__(
        self, ss7: Ss7Node, queue: MessageQueue, upstreams: Upstreams, metrics: Metrics
    ) -> None:
        self._ss7 = ss7
        self._queue = queue
        self._upstreams = upstreams
        self._metrics = metrics
        self.is_draining = False

    @property
    def upstreams(self) -> dict[str, str]:
        """How many binds there are at each upstream, of how many: "1 of 2 bound"."""
        return {
            name: f"{bound} of {count} bound"
            for name, (bound, count) in self._upstreams.binds.items()
        }

    async def faults(self) -> dict[str, str]:
        """Return one line for each part that does not work."""
        faults = {}
        try:
            await self.measure_queue()
        except RedisError as error:
            faults["redis"] = str(error)
        if not self._ss7.is_active:
            faults["ss7"] = "no M3UA association is active"
        return faults

    async def measure_queue(self) -> None:
        """Bring the gauges of the queue up to date; raises `RedisError`, if Redis is silent too."""
        try:
            async with asyncio.timeout(_LONGEST_WAIT):
                depth = await self._queue.depth()
        except TimeoutError:
            raise RedisError(f"no answer in {_LONGEST_WAIT:g} s") from None
        for state, count in (
            ("stored", depth.stored),
            ("queued", depth.queued),
            ("deferred", depth.deferred),
        ):
            self._metrics.queue_depth.labels(state).set(count)
