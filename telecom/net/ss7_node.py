"""A node of the SS7 network on this machine: the stack, its links and its clock."""

import asyncio
import random
import secrets
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec
import structlog

from telecom.net.back_off import BackOff
from telecom.net.capture import Capture
from telecom.net.links.link import Address, Url
from telecom.net.map_call import MapCall
from telecom.net.ss7_peers import ItsAsps, ItsGateway, Peers
from telecom.ss7.m3ua.application_server import ApplicationServer
from telecom.ss7.m3ua.asp import AspAssociation
from telecom.ss7.m3ua.association import Association, Timers
from telecom.ss7.m3ua.events import ErrorSent
from telecom.ss7.m3ua.messages import RoutingKey
from telecom.ss7.m3ua.parameters import PointCode
from telecom.ss7.m3ua.signalling_gateway import SignallingGateway
from telecom.ss7.map.contexts import ApplicationContext
from telecom.ss7.map.declarations import Sequence
from telecom.ss7.map.dialogues import Dialogues
from telecom.ss7.map.primitives import MapIndication
from telecom.ss7.sccp.address import SccpAddress, SubsystemNumber
from telecom.ss7.sccp.routing import Routing, Translation
from telecom.ss7.stack import Stack

_IDS_AT_ONCE: Final = 1024
SUBSYSTEMS: Final = (
    SubsystemNumber.HLR,
    SubsystemNumber.VLR,
    SubsystemNumber.MSC,
    SubsystemNumber.SGSN,
)

COMPLAINTS_APART: Final = 1.0
"""Seconds between two lines in the log about what peers do wrong."""

_log = structlog.get_logger("telecom.ss7")


class Ss7NodeConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Where a node is in the network.

    It connects to `url` as an ASP, or with `listen` takes ASPs there as their signalling gateway.
    `local_gts` are the prefixes of its own global titles (none: it takes all), `routes` the
    point codes of others by prefix; the rest goes to `peer_point_code`. `application_servers` are
    further pairs of routing context and point code that a gateway serves. An ASP that `registers`
    asks the gateway for a routing context for its point code (RFC 4666 4.4).
    """

    url: str
    listen: bool = False
    point_code: int
    peer_point_code: int
    network_indicator: int = 2
    routing_context: int | None = None
    network_appearance: int | None = None
    asp_identifier: int | None = None
    registers: bool = False
    application_servers: tuple[tuple[int, int], ...] = ()
    local_gts: tuple[str, ...] = ()
    routes: tuple[tuple[str, int], ...] = ()
    subsystems: tuple[int, ...] = SUBSYSTEMS
    timers: Timers = Timers()
    back_off: BackOff = BackOff()


class Ss7Node:
    """Feeds a `Stack` what its links read, writes what it gives, and keeps its timers.

    `on_indications` is called once a turn of the loop with all MAP indications of that turn.
    `now` is the clock that every request to `map` wants. It is made in a running loop; raises
    `ValueError` for a bad URL.
    """

    def __init__(
        self,
        config: Ss7NodeConfig,
        on_indications: Callable[[list[MapIndication]], None],
        *,
        capture: Capture | None = None,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
        transaction_ids: Iterator[int] | None = None,
    ) -> None:
        self.capture = capture
        self.now = clock
        self.address: Address | None = None
        self._on_indications = on_indications
        mtp, self._peers = _mtp_and_peers(config, jitter)
        self.stack = Stack(
            mtp,
            point_code=config.point_code,
            network_indicator=config.network_indicator,
            routing=_routing(config),
            subsystems=config.subsystems,
            transaction_ids=transaction_ids or _unpredictable_ids(),
        )
        self._mtp = mtp
        self._loop = asyncio.get_running_loop()
        self._active = asyncio.Event()
        self._indications: list[MapIndication] = []
        self._calls: set[MapCall] = set()
        self._turn_is_due = False
        self._is_closed = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0
        self._complained = float("-inf")

    @property
    def map(self) -> Dialogues:
        """The MAP service provider; after calls to it from outside, `flush_soon`."""
        return self.stack.map

    @property
    def is_active(self) -> bool:
        """Whether traffic can flow."""
        return self._mtp.is_active

    async def start(self) -> None:
        """Connect, now and whenever the link is lost, or listen.

        `address` is then where. Raises `OSError` for a port in use or a transport that this
        machine does not have; a peer that is not there yet is tried again.
        """
        self.address = await self._peers.start(self)

    async def active(self, timeout: float) -> None:
        """Wait until traffic can flow; raises `TimeoutError` after so many seconds."""
        async with asyncio.timeout(timeout):
            await self._active.wait()

    async def call(
        self,
        context: ApplicationContext,
        argument: Sequence,
        *,
        called: SccpAddress,
        calling: SccpAddress,
        timeout: float | None = None,
        **options: Any,
    ) -> Any:
        """Invoke one operation in a dialogue of its own, and return its result.

        `options` are further ones of `Dialogues.open`. Raises `MapCallError`: `MapUserError`,
        `MapAborted` or `MapTimeout`.
        """
        call = MapCall(self.map, self.now)
        dialogue = self.map.open(
            context,
            called=called,
            calling=calling,
            now=self.now(),
            invoke=argument,
            timeout=timeout,
            reference=call,
            **options,
        )
        self._calls.add(call)
        self.flush_soon()
        try:
            return await call.outcome
        except asyncio.CancelledError:
            self.map.abort(dialogue, self.now())
            self.flush_soon()
            raise
        finally:
            self._calls.discard(call)

    async def close(self) -> None:
        """Part from the peers in good order; calls under way fail."""
        await self._peers.stop(self)
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
        for call in self._calls:
            call.give_up("the node is closed")

    # one turn of the loop

    def flush_soon(self) -> None:
        """Take a turn soon: everything queued until then leaves in one write a peer."""
        if not self._turn_is_due and not self._is_closed:
            self._turn_is_due = True
            self._loop.call_soon(self._take_a_turn)

    def _take_a_turn(self) -> None:
        try:
            indications, self._indications = self._indications, []
            if indications:
                self._dispatch(indications)
        finally:
            self._turn_is_due = False
            self._peers.flush()
            self._report()
            self._set_timer()

    def _dispatch(self, indications: list[MapIndication]) -> None:
        if self._calls:
            for indication in indications:
                if isinstance(indication.reference, MapCall):
                    indication.reference.handle(indication)
            indications = [i for i in indications if not isinstance(i.reference, MapCall)]
        if indications:
            self._on_indications(indications)

    def _report(self) -> None:
        if self._mtp.is_active:
            self._active.set()
        else:
            self._active.clear()
        for _, event in self.stack.events_received():
            if isinstance(event, ErrorSent):
                if self.now() - self._complained < COMPLAINTS_APART:
                    continue
                self._complained = self.now()
            _log.info("m3ua", told=type(event).__name__, **msgspec.structs.asdict(event))

    def _set_timer(self) -> None:
        due = self.stack.next_timer()
        if self._timer is not None:
            if due is not None and self._timer_due <= due:
                return  # it goes off too early, and is set again then
            self._timer.cancel()
            self._timer = None
        if due is not None and not self._is_closed:
            self._timer_due = due
            delay = max(0.0, due - self.now())
            self._timer = self._loop.call_later(delay, self._timer_went_off)

    def _timer_went_off(self) -> None:
        self._timer = None
        self._indications += self.stack.handle_timer(self.now())
        self.flush_soon()

    # what the links tell

    def received(self, association: Association, data: bytes, stream: int | None) -> None:
        """Take what came over an association."""
        self._indications += self.stack.receive_data(association, data, self.now(), stream=stream)
        self.flush_soon()

    def lost(self, association: Association) -> None:
        """Take note that an association's link is gone."""
        self._indications += self.stack.receive_eof(association, self.now())
        self.flush_soon()

    def attach(self, association: Association) -> None:
        """Take care of an association that a peer began."""
        self.stack.attach(association)
        self.flush_soon()


def _unpredictable_ids() -> Iterator[int]:
    """Yield 32 bit numbers that nobody can guess (TS 33.204), a thousand a system call."""
    while True:
        yield from struct.unpack(f"{_IDS_AT_ONCE}I", secrets.token_bytes(4 * _IDS_AT_ONCE))


def _mtp_and_peers(
    config: Ss7NodeConfig, jitter: Callable[[], float]
) -> tuple[AspAssociation | SignallingGateway, Peers]:
    url = Url.parse(config.url)
    shared: dict[str, Any] = {
        "timers": config.timers,
        "network_appearance": config.network_appearance,
    }
    if config.listen:
        contexts = ((config.routing_context, config.peer_point_code), *config.application_servers)
        servers = [
            ApplicationServer(context, point_code, recovery=config.timers.recovery)
            for context, point_code in contexts
        ]
        gateway = SignallingGateway(servers, point_codes=(config.point_code,), **shared)
        return gateway, ItsAsps(gateway, url)
    own_key = RoutingKey(local_identifier=1, destinations=(PointCode(config.point_code),))
    asp = AspAssociation(
        routing_contexts=() if config.routing_context is None else (config.routing_context,),
        routing_keys=(own_key,) if config.registers else (),
        asp_identifier=config.asp_identifier,
        **shared,
    )
    return asp, ItsGateway(asp, url, back_off=config.back_off, jitter=jitter)


def _routing(config: Ss7NodeConfig) -> Routing:
    routes = [(prefix, Translation(point_code)) for prefix, point_code in config.routes]
    if "" not in dict(routes):
        routes.append(("", Translation(config.peer_point_code)))
    # several ASPs may have one global title: each gets the answers to what it asked
    return Routing(
        config.point_code, local=config.local_gts, routes=routes, answers_origin=config.listen
    )
