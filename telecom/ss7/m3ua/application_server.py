"""An application server as the signalling gateway sees it: RFC 4666 4.3.2 and 4.3.4.3."""

from collections import deque
from typing import Final, Protocol

from telecom.ss7.m3ua.parameters import Status, TrafficMode
from telecom.ss7.m3ua.states import AS_TRANSITIONS, AsInput, AspState, AsState
from telecom.ss7.mtp import MtpTransfer

LONGEST_QUEUE: Final = 1000
"""How many messages wait for an ASP while the AS is pending."""


class Asp(Protocol):
    """What an AS needs of each of its ASPs."""

    def send_data(self, transfer: MtpTransfer, context: int | None) -> bool:
        """Queue DATA; False where that is not possible."""
        ...

    def notify(self, status: Status, context: int | None) -> None:
        """Queue a NTFY about the AS."""
        ...

    def override(self, context: int | None, now: float) -> None:
        """Go inactive because another ASP took over."""
        ...


class ApplicationServer:
    """Which ASPs serve one routing key, and who of them gets its traffic.

    Its routing key is the destination `point_code`; None takes whatever no other AS takes.
    """

    def __init__(
        self,
        routing_context: int | None,
        point_code: int | None,
        *,
        traffic_mode: TrafficMode = TrafficMode.LOADSHARE,
        recovery: float = 2.0,
    ) -> None:
        self.routing_context = routing_context
        self.point_code = point_code
        self.traffic_mode = traffic_mode
        self.state = AsState.DOWN
        self._recovery = recovery
        self._recovery_expires: float | None = None
        self._asps: dict[Asp, AspState] = {}
        self._active: list[Asp] = []
        self._queue: deque[MtpTransfer] = deque()

    @property
    def asps(self) -> tuple[Asp, ...]:
        """The ASPs that are not down."""
        return tuple(self._asps)

    @property
    def active(self) -> tuple[Asp, ...]:
        """The ASPs that get traffic."""
        return tuple(self._active)

    def transfer(self, transfer: MtpTransfer) -> bool:
        """Send DATA to the ASP or ASPs that the traffic mode chooses; False where there is none.

        While the AS is pending the message is kept for the next ASP, in bounds (4.3.2).
        """
        if not self._active:
            if self.state is not AsState.PENDING or len(self._queue) >= LONGEST_QUEUE:
                return False
            self._queue.append(transfer)
            return True
        sent = [asp.send_data(transfer, self.routing_context) for asp in self._chosen(transfer)]
        return any(sent)

    def _chosen(self, transfer: MtpTransfer) -> list[Asp]:
        if self.traffic_mode is TrafficMode.BROADCAST:
            return self._active
        # the same SLS keeps its ASP, so its order
        return [self._active[transfer.sls % len(self._active)]]

    def asp_changed(self, asp: Asp, state: AspState, now: float) -> bool:
        """Take note of an ASP's new state; True if the AS's own state changed by it."""
        self._asps.pop(asp, None)
        if state is not AspState.DOWN:
            self._asps[asp] = state
        self._active = [a for a, s in self._asps.items() if s is AspState.ACTIVE]
        changed = False
        for given in self._inputs():
            changed = self._move(given, now) or changed
        return changed

    def _inputs(self) -> list[AsInput]:
        if self._active:
            return [AsInput.AN_ASP_INACTIVE, AsInput.AN_ASP_ACTIVE]
        if self._asps:
            return [AsInput.NO_ASP_ACTIVE, AsInput.AN_ASP_INACTIVE]
        return [AsInput.ALL_ASPS_DOWN]

    def _move(self, given: AsInput, now: float) -> bool:
        new = AS_TRANSITIONS.get((self.state, given))
        if new is None:
            return False
        self.state = new
        self._recovery_expires = now + self._recovery if new is AsState.PENDING else None
        if new is AsState.ACTIVE:
            while self._queue:
                self.transfer(self._queue.popleft())
        self._queue = self._queue if new is AsState.PENDING else deque()
        return True

    def next_timer(self) -> float | None:
        """Return when T(r) expires, if it runs."""
        return self._recovery_expires

    def handle_timer(self, now: float) -> bool:
        """Give up recovering when T(r) is over; True if the AS's state changed."""
        if self._recovery_expires is None or now < self._recovery_expires:
            return False
        given = AsInput.RECOVERY_EXPIRED if self._asps else AsInput.RECOVERY_EXPIRED_ALL_DOWN
        return self._move(given, now)
