"""The signalling gateway process: many associations, one set of application servers.

RFC 4666 1.4.2: a message for the SS7 side's users goes to the AS whose routing key takes its
destination point code, and there to an active ASP.
"""

from collections.abc import Iterable
from typing import Any

from telecom.ss7.m3ua.application_server import ApplicationServer
from telecom.ss7.m3ua.parameters import Status, StatusType, TrafficMode
from telecom.ss7.m3ua.sgp import SgpAssociation
from telecom.ss7.m3ua.states import AspState, AsState
from telecom.ss7.mtp import MtpPause, MtpResume, MtpTransfer


class SignallingGateway:
    """Accepts associations, keeps the states of their AS, and spreads traffic over them.

    `point_codes` are those of the node itself and of whatever can be reached behind it;
    `association` are the further keyword arguments of every `SgpAssociation`.
    """

    def __init__(
        self,
        application_servers: Iterable[ApplicationServer],
        *,
        point_codes: Iterable[int] = (),
        **association: Any,
    ) -> None:
        self._servers = {server.routing_context: server for server in application_servers}
        self._by_point_code = {server.point_code: server for server in self._servers.values()}
        self._point_codes = frozenset(point_codes)
        self._association = association
        self._events: list[MtpPause | MtpResume] = []

    def accept(
        self, now: float, *, streams: int = 1, preserves_messages: bool = False
    ) -> SgpAssociation:
        """Begin an association with a peer that has just connected."""
        association = SgpAssociation(
            self, application_servers=self._servers.values(), **self._association
        )
        association.connected(now, streams=streams, preserves_messages=preserves_messages)
        return association

    def transfer(self, transfer: MtpTransfer, _now: float) -> bool:
        """MTP-TRANSFER request: queue it as DATA; False where no ASP can take it."""
        server = self._by_point_code.get(transfer.dpc) or self._by_point_code.get(None)
        return server is not None and server.transfer(transfer)

    @property
    def is_active(self) -> bool:
        """Whether DATA may flow for any AS."""
        return any(server.state is AsState.ACTIVE for server in self._servers.values())

    def reachable(self) -> frozenset[int]:
        """Return the point codes that traffic can be sent to: our own, and those of active AS."""
        return self._point_codes.union(
            server.point_code
            for server in self._servers.values()
            if server.point_code is not None and server.state is AsState.ACTIVE
        )

    def asp_changed(
        self, asp: SgpAssociation, context: int | None, state: AspState, now: float
    ) -> None:
        """Take note of an ASP's new state for one AS, and tell every ASP what came of it."""
        server = self._servers[context]
        is_new = asp not in server.asps and state is AspState.INACTIVE
        if server.asp_changed(asp, state, now):
            self._report(server)
        elif is_new:
            asp.notify(_status(server), context)
        if state is AspState.ACTIVE and server.traffic_mode is TrafficMode.OVERRIDE:
            for other in server.active:
                if other is not asp:
                    other.override(context, now)

    def _report(self, server: ApplicationServer) -> None:
        for asp in server.asps:
            asp.notify(_status(server), server.routing_context)
        if server.point_code is None or server.state is AsState.PENDING:
            return
        kind = MtpResume if server.state is AsState.ACTIVE else MtpPause
        self._events.append(kind((server.point_code,)))

    def events_received(self) -> list[MtpPause | MtpResume]:
        """Hand over which point codes came and went since the last call."""
        events, self._events = self._events, []
        return events

    def next_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called."""
        times = [server.next_timer() for server in self._servers.values()]
        return min((time for time in times if time is not None), default=None)

    def handle_timer(self, now: float) -> None:
        """Let T(r) of every AS expire that is due."""
        for server in self._servers.values():
            if server.handle_timer(now):
                self._report(server)


def _status(server: ApplicationServer) -> Status:
    return Status(StatusType.AS_STATE_CHANGE, server.state)
