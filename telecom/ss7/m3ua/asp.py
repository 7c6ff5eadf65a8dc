"""The ASP's end of an association: RFC 4666 4.3.4 and 4.4 as the side that asks."""

from typing import Any, ClassVar, Final

from telecom.ss7.m3ua import messages as m
from telecom.ss7.m3ua.association import Association, point_codes
from telecom.ss7.m3ua.errors import ErrorCode, MessageError
from telecom.ss7.m3ua.events import Notified, RegistrationRefused
from telecom.ss7.m3ua.parameters import (
    OtherStatus,
    RegistrationStatus,
    Status,
    StatusType,
    TrafficMode,
)
from telecom.ss7.m3ua.states import ASP_TRANSITIONS, AspInput, AspState, AsState
from telecom.ss7.mtp import MtpPause, MtpResume, MtpStatus

_TRANSFER: Final = bytes((m.MessageClass.TRANSFER,))
_ALTERNATE: Final = Status(StatusType.OTHER, OtherStatus.ALTERNATE_ASP_ACTIVE)
_WITHOUT_ASP: Final = frozenset(
    Status(StatusType.AS_STATE_CHANGE, state) for state in (AsState.INACTIVE, AsState.PENDING)
)
_REGISTERED: Final = frozenset(
    (RegistrationStatus.SUCCESSFULLY_REGISTERED, RegistrationStatus.ALREADY_REGISTERED)
)


class AspAssociation(Association):
    """The end that goes up and active by itself once connected, and returns there when it fell.

    One request is under way at a time; it is repeated every T(ack) until its state is reached.
    `routing_contexts` are those provisioned at the peer; `routing_keys` are registered first
    (4.4), and what the peer assigns to them is activated as well.
    """

    transitions = ASP_TRANSITIONS
    handlers: ClassVar[dict[type[m.Message], str]] = {
        **Association.handlers,
        m.AspUpAck: "_up_ack",
        m.AspDownAck: "_down_ack",
        m.AspActiveAck: "_active_ack",
        m.AspInactiveAck: "_inactive_ack",
        m.Notify: "_notify",
        m.RegistrationResponse: "_registered",
        m.DestinationUnavailable: "_unavailable",
        m.DestinationAvailable: "_available",
        m.DestinationRestricted: "_available",
        m.DestinationUserPartUnavailable: "_user_unavailable",
    }

    def __init__(
        self,
        *,
        routing_contexts: tuple[int, ...] = (),
        routing_keys: tuple[m.RoutingKey, ...] = (),
        asp_identifier: int | None = None,
        traffic_mode: TrafficMode | None = None,
        **shared: Any,
    ) -> None:
        super().__init__(contexts=routing_contexts, **shared)
        self._provisioned = tuple(self._states)
        self._routing_keys = routing_keys
        self._unregistered = list(routing_keys)
        self._asp_identifier = asp_identifier
        self._traffic_mode = traffic_mode
        self._goal = AspState.ACTIVE
        self._overridden: set[int | None] = set()
        self._asked: type[m.Message] | None = None
        self._ask_again: float | None = None

    def connected(self, now: float, *, streams: int = 1, preserves_messages: bool = False) -> None:
        """SCTP-COMMUNICATION-UP: begin with ASPUP."""
        super().connected(now, streams=streams, preserves_messages=preserves_messages)
        self._ask(now)

    def shut_down(self, now: float) -> None:
        """Go inactive, then down; the states tell when it is done."""
        self._goal = AspState.DOWN
        self._ask(now)

    def next_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called."""
        times = [time for time in (self._ask_again, self._next_heartbeat) if time is not None]
        return min(times, default=None)

    def handle_timer(self, now: float) -> None:
        """Ask again every T(ack), and keep up the heartbeat."""
        super().handle_timer(now)
        if self._ask_again is not None and now >= self._ask_again:
            self._ask(now)

    def _ask(self, now: float) -> None:
        request = self._next_request()
        self._asked = type(request) if request else None
        self._ask_again = now + self.timers.acknowledgement if request else None
        if request:
            self._send(request)

    def _answered(self, now: float) -> None:
        """Go on to the next request; one that nobody asked for waits a T(ack) (4.3.4)."""
        request = self._next_request()
        if request is None:
            self._asked = self._ask_again = None
        elif self._asked is None:
            self._ask_again = self._ask_again or now + self.timers.acknowledgement
        elif self._asked is not type(request):
            self._ask(now)

    def _next_request(self) -> m.Message | None:
        """Return the next request on the way to the goal, or None if it is reached."""
        if not self._connected:
            return None
        if self._goal is AspState.DOWN:
            return self._next_request_down()
        if self._in_state(AspState.DOWN):
            return m.AspUp(asp_identifier=self._asp_identifier)
        if self._unregistered:
            return m.RegistrationRequest(routing_keys=tuple(self._unregistered))
        waiting = [c for c in self._in_state(AspState.INACTIVE) if self._is_wanted(c)]
        if not waiting:
            return None
        return m.AspActive(traffic_mode=self._traffic_mode, routing_contexts=_named(waiting))

    def _is_wanted(self, context: int | None) -> bool:
        """Whether to go active: not while another ASP is, nor without a context to register."""
        return context not in self._overridden and not (context is None and self._routing_keys)

    def _next_request_down(self) -> m.Message | None:
        active = self._in_state(AspState.ACTIVE)
        if active:
            return m.AspInactive(routing_contexts=_named(active))
        return m.AspDown() if self._in_state(AspState.INACTIVE) else None

    def _in_state(self, wanted: AspState) -> list[int | None]:
        return [context for context, state in self._states.items() if state is wanted]

    # what the SGP answers

    def _up_ack(self, message: m.AspUpAck, now: float) -> None:
        was_active = self.is_active
        self._move_all(AspInput.UP_ACK)
        if was_active:
            self._asked = None
        self._answered(now)
        if was_active:
            raise self._unexpected(message)

    def _down_ack(self, _message: m.AspDownAck, now: float) -> None:
        if self._asked is not m.AspDown:
            self._asked = None
        self._fall(AspInput.DOWN_ACK)
        self._answered(now)

    def _active_ack(self, message: m.AspActiveAck, now: float) -> None:
        for context in self._named(message.routing_contexts):
            if not self._move(context, AspInput.ACTIVE_ACK):
                raise self._unexpected(message)
        self._answered(now)

    def _inactive_ack(self, message: m.AspInactiveAck, now: float) -> None:
        if self._asked is not m.AspInactive:
            self._asked = None
        for context in self._named(message.routing_contexts):
            if not self._move(context, AspInput.INACTIVE_ACK):
                raise self._unexpected(message)
        self._answered(now)

    def _registered(self, message: m.RegistrationResponse, now: float) -> None:
        if self._asked is not m.RegistrationRequest:
            raise self._unexpected(message)
        for result in message.results:
            self._take_registration(result)
        self._answered(now)

    def _take_registration(self, result: m.RegistrationResult) -> None:
        keys = [k for k in self._unregistered if k.local_identifier == result.local_identifier]
        if not keys:
            reason = f"local routing key identifier {result.local_identifier}"
            raise MessageError(ErrorCode.INVALID_PARAMETER_VALUE, reason)
        self._unregistered.remove(keys[0])
        if result.status not in _REGISTERED:
            refused = RegistrationRefused(result.local_identifier, result.status)
            self._events.append(refused)
            return
        self._states.pop(None, None)
        self._states.setdefault(result.routing_context, AspState.INACTIVE)

    # what the SGP reports

    def _error(self, message: m.Error, now: float) -> None:
        super()._error(message, now)
        about_data = (message.diagnostic or b"")[2:3] == _TRANSFER
        if message.code == ErrorCode.UNEXPECTED_MESSAGE and about_data and self.is_active:
            self._asked = None
            self._fall(AspInput.DATA_UNEXPECTED)
            self._answered(now)

    def _notify(self, message: m.Notify, now: float) -> None:
        status = message.status
        self._events.append(Notified(status.type, status.information, message.routing_contexts))
        named = message.routing_contexts or self._states
        contexts = [context for context in self._states if context is None or context in named]
        if status == _ALTERNATE:
            for context in contexts:
                self._move(context, AspInput.ALTERNATE_ASP_ACTIVE)
            self._overridden.update(contexts)
        elif status in _WITHOUT_ASP and self._overridden.intersection(contexts):
            self._overridden.difference_update(contexts)
            self._ask(now)

    def _unavailable(self, message: m.DestinationUnavailable, _now: float) -> None:
        self._check_network_appearance(message.network_appearance)
        self._events.append(MtpPause(point_codes(message.affected)))

    def _available(self, message: m.DestinationAvailable, _now: float) -> None:
        self._check_network_appearance(message.network_appearance)
        self._events.append(MtpResume(point_codes(message.affected)))

    def _user_unavailable(self, message: m.DestinationUserPartUnavailable, _now: float) -> None:
        self._check_network_appearance(message.network_appearance)
        self._events.append(
            MtpStatus(
                point_codes(message.affected),
                unavailable_user=message.user_cause.user,
                unavailability_cause=message.user_cause.cause,
            )
        )

    # falling

    def _lost(self, _now: float) -> None:
        self._asked = self._ask_again = None
        self._fall(AspInput.LOST)

    def _fall(self, given: AspInput) -> None:
        """Go down; what was registered dynamically is forgotten with it (4.4.1)."""
        self._move_all(given)
        self._overridden.clear()
        self._unregistered = list(self._routing_keys)
        if self._routing_keys:
            self._states = dict.fromkeys(self._provisioned, AspState.DOWN)


def _named(contexts: list[int | None]) -> tuple[int, ...]:
    return tuple(context for context in contexts if context is not None)
