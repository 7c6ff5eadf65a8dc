"""One SMPP session at either end, SMPP 5.0 2: octets in, events and octets out, no I/O."""

from collections.abc import Callable
from typing import ClassVar, Final

from telecom.smpp.adaptation import adapted, is_too_long
from telecom.smpp.binding import Binding, version_of_smsc
from telecom.smpp.codec import Framer, Undecodable, decode, encode
from telecom.smpp.congestion import congestion_tlv, congestion_told
from telecom.smpp.errors import FramingError, LocalError, WindowFullError
from telecom.smpp.events import (
    BadResponse,
    BindRequested,
    Cause,
    Event,
    LinkClosed,
    Responded,
    Unanswered,
    Unbinding,
    Unmatched,
)
from telecom.smpp.limits import SessionLimits
from telecom.smpp.long_requests import LongRequests, extra_weight
from telecom.smpp.pdus import (
    PDUS,
    RESPONSE_BIT,
    RESPONSES,
    AlertNotification,
    Bind,
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Outbind,
    Pdu,
    Unbind,
    UnbindResp,
)
from telecom.smpp.refusals import refusal, status_out_of_place
from telecom.smpp.states import (
    BOUND,
    CLOSED,
    RECEIVABLE,
    SENDABLE,
    TRANSITIONS,
    UNBOUND,
    Side,
    State,
)
from telecom.smpp.status import CommandStatus
from telecom.smpp.timers import Timer, Timers
from telecom.smpp.tlvs import Tlv
from telecom.smpp.versions import InterfaceVersion
from telecom.smpp.window import Window

_SHORT: Final = 256
"""Octets of a PDU that is neither too long for any version nor counts for more than one."""
_OUTSIDE_WINDOW: Final = frozenset((Unbind.command_id, EnquireLink.command_id))
"""Neither counts as use of the session, and both may be sent when the window is full."""
_RESPONSE_TYPES: Final = [pdu for command_id, pdu in PDUS.items() if command_id & RESPONSE_BIT]


class Session:
    """The engine of one session; `now` is in seconds of any clock that does not go back.

    `unanswered` counts the peer's requests that have no response yet, a long one as several;
    `bind` is the request that made the session bound, and `version` what both ends speak then:
    until the bind request (at the SMSC) or its response (at the ESME) it is what we speak.
    `peer_window` may be changed at any time. `peer_congestion` is what the peer's responses told
    last, 0 to 100 (SMPP 5.0 4.8.4.18), None as long as they have told nothing.
    """

    def __init__(self, side: Side, limits: SessionLimits, *, now: float) -> None:
        self.side = side
        self.limits = limits
        self.bind: Bind | None = None
        self.unanswered = 0
        self.peer_window = limits.peer_window
        self.peer_congestion: int | None = None
        self._congestion: Tlv | None = None
        self._agree_on(limits.version)
        self._long = LongRequests()
        self._window = Window(limits.window, limits.response_timer)
        self._framer = Framer(limits.max_pdu_length)
        self._events: list[Event] = []
        self._out: list[bytes] = []
        self._binding = Binding(limits.pipelined)
        self._binds_refused = 0
        self._unbind: Unbind | None = None
        self._timers = Timers(limits, self._window, now)
        self._enter(State.OPEN)

    @property
    def closed(self) -> bool:
        """Whether the session is over."""
        return self.state is CLOSED

    @property
    def window_free(self) -> int:
        """How many more requests may be sent now."""
        return self._window.free

    @property
    def congestion(self) -> int | None:
        """What our responses tell a peer of 5.0, 0 to 100; None: nothing.

        Setting it raises `LocalError` for what is neither.
        """
        return None if self._congestion is None else self._congestion.value[0]

    @congestion.setter
    def congestion(self, state: int | None) -> None:
        self._congestion = congestion_tlv(state)
        self._adapts = state is not None or self.version is InterfaceVersion.V33

    # Octets and events

    def receive_data(self, data: bytes, now: float) -> None:
        """Take what has come from the peer; never raises, whatever it is."""
        if self.closed:
            return
        self._timers.heard_at = now
        try:
            for frame in self._framer.feed(data):
                self._receive(decode(frame), now, len(frame))
                if self.state is CLOSED:
                    return
        except FramingError as error:
            self._send(GenericNack(command_status=error.status), error.sequence_number)
            self._close(Cause.FRAMING, str(error))

    def receive_eof(self) -> None:
        """Take that the peer has closed the connection."""
        self._close(Cause.PEER_CLOSED)

    def events_received(self) -> list[Event]:
        """Return, once, what has happened since the last call."""
        events, self._events = self._events, []
        return events

    def data_to_send(self) -> bytes:
        """Return, once, the octets to send since the last call."""
        out, self._out = self._out, []
        return b"".join(out)

    def close(self) -> None:
        """End the session without a word to the peer."""
        self._close(Cause.LOCAL)

    def limit(self, limits: SessionLimits) -> None:
        """Go on with other limits; the response timer and the longest PDU stay what they were."""
        self.limits = self._timers.values = limits
        self.peer_window = limits.peer_window
        self._window.size = limits.window

    # Requests and responses

    def send_request(self, pdu: Pdu, now: float) -> int:
        """Send a request and return its sequence number; `Responded` will tell its response.

        Raises `WindowFullError`, and `LocalError` for what this side may not send in this state.
        """
        if pdu.command_id not in self._sendable or pdu.command_id & RESPONSE_BIT:
            raise LocalError(f"{type(pdu).__name__} by the {self.side.value}, {self.state.value}")
        if is_too_long(pdu, self.version):
            raise LocalError(f"255 octets of short_message to a peer of {self.version.name}")
        if pdu.command_id not in _OUTSIDE_WINDOW:
            if not self._window.free:
                raise WindowFullError(f"{len(self._window)} requests await their responses")
            self._timers.used_at = now
        return self._request(pdu, now)

    def send_response(self, request: Pdu, response: Pdu) -> None:
        """Answer a request of the peer, in any order; the sequence number is the request's.

        Raises `LocalError` when the session is over or the response is another request's.
        """
        answers = response.command_id == request.command_id | RESPONSE_BIT
        if self.state is CLOSED or not (answers or _nacks(response, request)):
            name = type(response).__name__
            raise LocalError(f"{name} to {type(request).__name__}, {self.state.value}")
        self._send(response, request.sequence_number)
        bind = self._binding.request
        if bind is not None and request is bind:
            self._decide_bind(bind, response)
            return
        self.unanswered -= 1
        if self._long.total:
            self.unanswered -= self._long.answered(request)
        if self._unbind is not None:
            self._answer_unbind_when_idle()

    def reject(self, request: Pdu, command_status: int) -> None:
        """Answer a request of the peer with a status and no body; raises as `send_response`."""
        response = RESPONSES.get(request.command_id)
        if response is None:
            raise LocalError(f"{type(request).__name__} has no response")
        self.send_response(request, response(command_status=command_status))

    # Timers

    def next_timer(self) -> float | None:
        """Return when to call `handle_timer`, None for never."""
        return self._timers.next(self.state)

    def handle_timer(self, now: float) -> None:
        """Do what is due; to come early or late does no harm."""
        for timer in self._timers.due(self.state, now):
            if not self.closed:
                self._ON_TIMER[timer](self, now)

    def _session_init_expired(self, _: float) -> None:
        self._close(Cause.SESSION_INIT)

    def _enquire(self, now: float) -> None:
        self._timers.probe = probe = EnquireLink()
        self._request(probe, now)

    def _inactive(self, now: float) -> None:
        """Unbind, unless a request of either side is still under way (SMPP 3.4 7.2)."""
        ours = len(self._window) - (self._timers.probe is not None)
        if self.unanswered > 0 or ours:
            self._timers.used_at = now
        else:
            self._request(Unbind(), now)

    def _expire(self, now: float) -> None:
        for sequence_number, request in self._window.expired(now):
            if request is self._timers.probe or isinstance(request, Bind | Unbind):
                self._close(Cause.NO_RESPONSE, type(request).__name__)
                return
            self._events.append(Unanswered(request, sequence_number))

    def _answer_unbind(self, _: float) -> None:
        if self._unbind is not None:
            self._send(UnbindResp(), self._unbind.sequence_number)
            self._close(Cause.UNBOUND)

    _ON_TIMER: ClassVar[dict[Timer, Callable[..., None]]] = {
        Timer.SESSION_INIT: _session_init_expired,
        Timer.ENQUIRE_LINK: _enquire,
        Timer.INACTIVITY: _inactive,
        Timer.RESPONSE: _expire,
        Timer.UNBIND: _answer_unbind,
    }

    # Receiving

    def _receive(self, pdu: Pdu | Undecodable, now: float, size: int) -> None:
        if pdu.command_id not in self._receivable:
            self._receive_out_of_place(pdu, size)
        elif (handler := self._HANDLERS.get(type(pdu))) is not None:
            handler(self, pdu, now)
        elif isinstance(pdu, Pdu):
            self._timers.used_at = now
            if size > _SHORT and is_too_long(pdu, self.version):
                self._refuse(pdu, CommandStatus.ESME_RINVMSGLEN)
                return
            served = self.unanswered - self._long.total
            if self.peer_window is not None and served >= self.peer_window:
                self._refuse(pdu, self.limits.over_window)
                return
            self.unanswered += 1
            if size > _SHORT:
                self.unanswered += self._long.received(pdu, size)
            self._events.append(pdu)

    def _receive_out_of_place(self, pdu: Pdu | Undecodable, size: int) -> None:
        """Refuse what may not come in this state, unless it is only before its time."""
        binding = self._binding.request is not None
        bound = binding or self.state in BOUND
        status = status_out_of_place(pdu.command_id, self.side, self.version, bound=bound)
        if status != CommandStatus.ESME_RINVBNDSTS or not binding:
            self._refuse(pdu, status)
        elif not self._binding.hold(pdu, size, 1 + extra_weight(pdu, size)):
            self._refuse(pdu, self.limits.over_window)

    def _refuse(self, pdu: Pdu | Undecodable, command_status: int) -> None:
        response = refusal(pdu, command_status)
        if response is None:
            self._events.append(Unmatched(pdu))
        else:
            self._send(response, pdu.sequence_number)

    def _receive_undecodable(self, pdu: Undecodable, now: float) -> None:
        if pdu.command_id & RESPONSE_BIT:
            self._receive_response(pdu, now)
        else:
            self._refuse(pdu, pdu.command_status)

    def _receive_bind(self, pdu: Bind, _: float) -> None:
        if self._binding.request is not None:
            self._refuse(pdu, CommandStatus.ESME_RALYBND)
            return
        self._binding.request = pdu
        self._agree_on(InterfaceVersion.of(pdu.interface_version))
        self._events.append(BindRequested(pdu))

    def _receive_unbind(self, pdu: Unbind, now: float) -> None:
        self._unbind = pdu
        self._timers.unbind_at = now
        self._enter(TRANSITIONS[self.state, Unbind])
        self._events.append(Unbinding())
        self._answer_unbind_when_idle()

    def _receive_enquire_link(self, pdu: EnquireLink, _: float) -> None:
        self._send(EnquireLinkResp(), pdu.sequence_number)

    def _receive_outbind(self, pdu: Outbind, _: float) -> None:
        self._enter(TRANSITIONS[self.state, Outbind])
        self._events.append(pdu)

    def _receive_notification(self, pdu: AlertNotification, now: float) -> None:
        self._timers.used_at = now
        self._events.append(pdu)

    def _receive_response(self, pdu: Pdu | Undecodable, now: float) -> None:
        request = self._window.get(pdu.sequence_number)
        nack = pdu.command_id == GenericNack.command_id
        if request is None or not (nack or pdu.command_id == request.command_id | RESPONSE_BIT):
            self._events.append(Unmatched(pdu))
            return
        self._window.remove(pdu.sequence_number)
        if isinstance(pdu, Pdu) and pdu.tlvs:
            self.peer_congestion = congestion_told(pdu, self.peer_congestion)
        if request is self._timers.probe:
            self._timers.probe = None
            return
        if request.command_id != EnquireLink.command_id:
            self._timers.used_at = now
        if isinstance(pdu, Undecodable):
            self._events.append(BadResponse(request, pdu))
        else:
            self._events.append(Responded(request, pdu))
            if isinstance(request, Bind):
                self._move(request, pdu)
        if isinstance(request, Unbind) and (self.state, UnbindResp) in TRANSITIONS:
            self._close(Cause.UNBOUND)

    _HANDLERS: ClassVar[dict[type, Callable[..., None]]] = {
        Undecodable: _receive_undecodable,
        BindReceiver: _receive_bind,
        BindTransmitter: _receive_bind,
        BindTransceiver: _receive_bind,
        Unbind: _receive_unbind,
        EnquireLink: _receive_enquire_link,
        Outbind: _receive_outbind,
        AlertNotification: _receive_notification,
        **dict.fromkeys(_RESPONSE_TYPES, _receive_response),
    }
    """What the session sees to itself; any other PDU is a request for the user."""

    # What changes the state

    def _move(self, bind: Bind, response: Pdu) -> None:
        state = TRANSITIONS.get((self.state, type(response)))
        if state is None or response.command_status != CommandStatus.ESME_ROK:
            return
        self.bind = bind
        if self.side is Side.ESME:
            told = version_of_smsc(response, self.limits.assumed_version)
            self._agree_on(min(told, InterfaceVersion.of(bind.interface_version)))
        self._enter(state)

    def _decide_bind(self, request: Bind, response: Pdu) -> None:
        held = self._binding.decided()
        self._move(request, response)
        for pdu, size in held:
            if self.state is not CLOSED:
                self._receive(pdu, self._timers.heard_at, size)
        if self.bind is None:
            self._agree_on(self.limits.version)
            self._binds_refused += 1
            if self._binds_refused >= self.limits.bind_attempts:
                self._close(Cause.BIND_REFUSED)

    def _answer_unbind_when_idle(self) -> None:
        if self.unanswered <= 0:
            self._answer_unbind(self._timers.heard_at)

    def _agree_on(self, version: InterfaceVersion) -> None:
        self.version = min(self.limits.version, version)
        self._adapts = self._congestion is not None or self.version is InterfaceVersion.V33

    def _enter(self, state: State) -> None:
        self.state = state
        self._sendable = SENDABLE[state, self.side, self.version]
        self._receivable = RECEIVABLE[state, self.side, self.version]

    def _close(self, cause: Cause, detail: str = "") -> None:
        if self.closed:
            return
        self._enter(State.CLOSED)
        self._window.clear()
        self._events.append(LinkClosed(cause, detail))

    # Sending

    def _request(self, pdu: Pdu, now: float) -> int:
        sequence_number = self._window.next_sequence_number()
        self._send(pdu, sequence_number)
        if pdu.command_id in RESPONSES:
            self._window.add(pdu, sequence_number, now)
        if isinstance(pdu, Outbind):
            self._enter(TRANSITIONS[self.state, Outbind])
        elif isinstance(pdu, Unbind):
            self._timers.unbinding = True
            self._sendable = SENDABLE[UNBOUND, self.side, self.version]
        return sequence_number

    def _send(self, pdu: Pdu, sequence_number: int) -> None:
        if self._adapts:
            pdu = adapted(pdu, self.version, self._congestion if self.bind else None)
        self._out.append(encode(pdu, sequence_number))


def _nacks(response: Pdu, request: Pdu) -> bool:
    return isinstance(response, GenericNack) and request.command_id in RESPONSES
