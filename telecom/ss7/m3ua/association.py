"""An M3UA association: what both its ends do alike, RFC 4666 4."""

import struct
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, ClassVar, Final

import msgspec

from telecom.ss7.m3ua import messages as m
from telecom.ss7.m3ua.codec import HEADER, LONGEST_MESSAGE, VERSION, decode, encode
from telecom.ss7.m3ua.errors import ErrorCode, FramingError, MessageError
from telecom.ss7.m3ua.events import (
    AspStateChanged,
    AssociationLost,
    ErrorReceived,
    ErrorSent,
    Event,
)
from telecom.ss7.m3ua.parameters import PointCode
from telecom.ss7.m3ua.states import AspState
from telecom.ss7.mtp import MtpStatus, MtpTransfer

LONGEST_DIAGNOSTIC: Final = 40
"""How much of a refused message goes back, RFC 4666 3.8.1."""

WIDEST_MASK: Final = 14
"""A wider mask than an ITU-T point code (Q.704 2.2) is taken for this one: the whole network."""

MOST_ACCEPTED: Final = 64
"""How many pairs of network appearance and routing contexts need not be judged twice."""

MANAGEMENT_STREAM: Final = 0
_ERROR_KIND: Final = bytes((m.MessageClass.MGMT, 0))


class Timers(msgspec.Struct, frozen=True, kw_only=True):
    """T(ack), T(r) and T(beat) of RFC 4666 4.3.4 and 4.6, in seconds; no heartbeat where None."""

    acknowledgement: float = 2.0
    recovery: float = 2.0
    heartbeat: float | None = 30.0


def point_codes(affected: Iterable[PointCode]) -> tuple[int, ...]:
    """Spell out masked point codes, each once and in order.

    What is said again is not spelt again: a message has room for thousands of the widest masks.
    """
    spelt: dict[int, None] = {}
    for first, width in dict.fromkeys(map(_first_and_width, affected)):
        spelt.update(dict.fromkeys(range(first, first + width)))
        if len(spelt) > 1 << WIDEST_MASK:
            break
    return tuple(spelt)


def _first_and_width(entry: PointCode) -> tuple[int, int]:
    width = 1 << min(entry.mask, WIDEST_MASK)
    return entry.pc & ~(width - 1), width


def _heartbeat_data(now: float) -> bytes:
    return struct.pack(">d", now)


def _unframed(version: int, length: int) -> FramingError:
    if version != VERSION:
        return FramingError(ErrorCode.INVALID_VERSION, f"version {version}")
    return FramingError(ErrorCode.PROTOCOL_ERROR, f"a message of {length} octets")


class Association(ABC):
    """One end of an association, without I/O.

    Feed it with `connected`, `receive_data`, `receive_eof` and `handle_timer`; take what it has
    for the peer from `data_to_send` and what it has for its user from `events_received`.

    `contexts` are the routing contexts of its application servers (empty: one AS without any).
    `queue_limit` bounds, in octets, what waits to be sent. `round_trip` is how long the last
    heartbeat took, in seconds.
    """

    transitions: ClassVar[dict[tuple[AspState, Any], AspState]]
    handlers: ClassVar[dict[type[m.Message], str]] = {
        m.Data: "_data",
        m.Heartbeat: "_heartbeat",
        m.HeartbeatAck: "_heartbeat_ack",
        m.Error: "_error",
        m.SignallingCongestion: "_congestion",
    }

    def __init__(
        self,
        *,
        contexts: Iterable[int | None] = (),
        network_appearance: int | None = None,
        timers: Timers | None = None,
        queue_limit: int = 4_194_304,
    ) -> None:
        self.timers = timers or Timers()
        self._states: dict[int | None, AspState] = dict.fromkeys(
            tuple(contexts) or (None,), AspState.DOWN
        )
        self._network_appearance = network_appearance
        self._preserves_messages = False
        self._queue_limit = queue_limit
        self._queued = 0
        self._outgoing: list[tuple[int, bytes]] = []
        self._incoming = b""
        self._events: list[Event] = []
        self._streams = 1
        self._connected = False
        self._heard = 0.0
        self._beaten = 0.0
        self.round_trip: float | None = None
        self._next_heartbeat: float | None = None
        self._accepted: set[tuple[int | None, tuple[int, ...]]] = set()
        self._handlers: dict[type[m.Message], Callable[[Any, float], None]] = {
            kind: getattr(self, name) for kind, name in self.handlers.items()
        }

    # what the transport says

    def connected(self, now: float, *, streams: int = 1, preserves_messages: bool = False) -> None:
        """SCTP-COMMUNICATION-UP: the link is there, with so many outbound streams.

        `preserves_messages` says whether the transport hands over whole messages (SCTP, UDP) or
        octets (TCP).
        """
        self._connected = True
        self._preserves_messages = preserves_messages
        self._streams = streams
        self._heard = now
        if self.timers.heartbeat is not None:
            self._next_heartbeat = now + self.timers.heartbeat

    def receive_data(self, data: bytes, now: float, *, stream: int | None = None) -> None:
        """Take octets from the peer; `stream` where the transport has streams."""
        if not self._connected:
            return
        self._heard = now
        if self._preserves_messages:
            self._receive_message(data, now, stream)
            return
        try:
            self._receive_octets(data, now)
        except FramingError as error:
            self._refuse(error, self._incoming)
            self._lose(str(error), now)

    def receive_eof(self, now: float) -> None:
        """SCTP-COMMUNICATION-LOST: the link is gone, and what waited to be sent with it."""
        self._connected = False
        self._next_heartbeat = None
        self._incoming = b""
        self._outgoing.clear()
        self._queued = 0
        self._lost(now)

    def data_to_send(self) -> list[tuple[int, bytes]]:
        """Hand over what is to be sent: messages in order, each with its SCTP stream."""
        outgoing, self._outgoing = self._outgoing, []
        self._queued = 0
        return outgoing

    def events_received(self) -> list[Event]:
        """Hand over what happened since the last call."""
        events, self._events = self._events, []
        return events

    # what the user asks

    def transfer(self, transfer: MtpTransfer, _now: float) -> bool:
        """MTP-TRANSFER request: queue it as DATA in the first AS that is active.

        False, and nothing queued, where none is active or the peer does not keep up.
        """
        for context, state in self._states.items():
            if state is AspState.ACTIVE:
                return self.send_data(transfer, context)
        return False

    def send_data(self, transfer: MtpTransfer, context: int | None) -> bool:
        """Queue DATA for one AS, whatever its state; False where the queue is full."""
        message = m.Data(
            network_appearance=self._network_appearance,
            routing_contexts=() if context is None else (context,),
            protocol_data=transfer,
        )
        # stream 0 is for management; the same SLS keeps its stream, so its order (1.4.7)
        stream = 1 + transfer.sls % (self._streams - 1) if self._streams > 1 else 0
        return self._send(message, stream=stream)

    def state(self, context: int | None = None) -> AspState:
        """Return the ASP's state for one AS; for a context that it does not have, DOWN."""
        return self._states.get(context, AspState.DOWN)

    @property
    def is_connected(self) -> bool:
        """Whether the link below is there and worth keeping."""
        return self._connected

    @property
    def is_active(self) -> bool:
        """Whether DATA may flow for any AS."""
        return AspState.ACTIVE in self._states.values()

    @property
    def is_down(self) -> bool:
        """Whether the ASP is down for every AS."""
        return set(self._states.values()) == {AspState.DOWN}

    # timers

    def next_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called."""
        return self._next_heartbeat

    def handle_timer(self, now: float) -> None:
        """Do what is due: BEAT, and give up a peer that was silent for 2 T(beat), 4.6."""
        if self._next_heartbeat is None or self.timers.heartbeat is None:
            return
        if now < self._next_heartbeat:
            return
        if now - self._heard >= 2 * self.timers.heartbeat:
            self._lose("the peer does not answer heartbeats", now)
            return
        self._next_heartbeat = now + self.timers.heartbeat
        self._beaten = now
        self._send(m.Heartbeat(data=_heartbeat_data(now)))

    # incoming

    def _receive_octets(self, data: bytes, now: float) -> None:
        data = self._incoming + data if self._incoming else data
        offset, end = 0, len(data)
        while end - offset >= HEADER.size and self._connected:
            version, _, _, _, length = HEADER.unpack_from(data, offset)
            if version != VERSION or not HEADER.size <= length <= LONGEST_MESSAGE:
                self._incoming = data[offset:]
                raise _unframed(version, length)
            if offset + length > end:
                break
            self._handle(data, offset, offset + length, now)
            offset += length
        self._incoming = data[offset:] if self._connected else b""

    def _receive_message(self, data: bytes, now: float, stream: int | None) -> None:
        try:
            if stream is not None:
                self._check_stream(data, stream)
        except MessageError as error:
            self._refuse(error, data)
        else:
            self._handle(data, 0, len(data), now)

    def _check_stream(self, data: bytes, stream: int) -> None:
        is_data = data[2:3] == bytes((m.MessageClass.TRANSFER,))
        on_management = stream == MANAGEMENT_STREAM
        if is_data and on_management and self._streams > 1:
            raise MessageError(ErrorCode.INVALID_STREAM_IDENTIFIER, "DATA on stream 0")
        if data[2:3] == bytes((m.MessageClass.MGMT,)) and not on_management:
            reason = f"management on stream {stream}"
            raise MessageError(ErrorCode.INVALID_STREAM_IDENTIFIER, reason)

    def _handle(self, data: bytes, offset: int, end: int, now: float) -> None:
        try:
            message = decode(data, offset, end)
            handler = self._handlers.get(type(message))
            if handler is None:
                raise self._unexpected(message)
            handler(message, now)
        except MessageError as error:
            self._refuse(error, data[offset:end])

    def _unexpected(self, message: m.Message) -> MessageError:
        return MessageError(
            ErrorCode.UNEXPECTED_MESSAGE,
            f"{type(message).__name__} is not expected now",
            routing_contexts=getattr(message, "routing_contexts", ()),
        )

    def _refuse(self, error: MessageError, octets: bytes) -> None:
        """Answer with ERR, unless it was an ERR itself that was wrong (3.8.1)."""
        self._events.append(ErrorSent(error.code, str(error)))
        if octets[2:4] == _ERROR_KIND:
            return
        self._send(
            m.Error(
                code=error.code,
                routing_contexts=error.routing_contexts,
                network_appearance=error.network_appearance,
                diagnostic=octets[:LONGEST_DIAGNOSTIC],
            )
        )

    # messages that both ends take

    def _data(self, message: m.Data, _now: float) -> None:
        key = (message.network_appearance, message.routing_contexts)
        if key not in self._accepted:
            self._judge_data(message)
            if len(self._accepted) < MOST_ACCEPTED:
                self._accepted.add(key)
        self._events.append(message.protocol_data)

    def _judge_data(self, message: m.Data) -> None:
        self._check_network_appearance(message.network_appearance)
        contexts = message.routing_contexts
        if len(contexts) > 1:
            reason = f"{len(contexts)} routing contexts in DATA"
            raise MessageError(ErrorCode.INVALID_PARAMETER_VALUE, reason)
        if not contexts and len(self._states) > 1:
            raise MessageError(ErrorCode.MISSING_PARAMETER, "which of the routing contexts?")
        for context in self._named(contexts):
            if self._states[context] is not AspState.ACTIVE:
                raise self._unexpected(message)

    def _check_network_appearance(self, value: int | None) -> None:
        if None not in (value, self._network_appearance) and value != self._network_appearance:
            raise MessageError(
                ErrorCode.INVALID_NETWORK_APPEARANCE,
                f"network appearance {value}",
                network_appearance=value,
            )

    def _named(self, contexts: tuple[int, ...]) -> tuple[int | None, ...]:
        """Return the contexts that a message means: those it names, or all."""
        if not contexts or None in self._states:
            return tuple(self._states)
        unknown = tuple(context for context in contexts if context not in self._states)
        if unknown:
            raise MessageError(
                ErrorCode.INVALID_ROUTING_CONTEXT,
                f"routing context {', '.join(map(str, unknown))}",
                routing_contexts=unknown,
            )
        return contexts

    def _heartbeat(self, message: m.Heartbeat, _now: float) -> None:
        self._send(m.HeartbeatAck(data=message.data))

    def _heartbeat_ack(self, message: m.HeartbeatAck, now: float) -> None:
        if message.data == _heartbeat_data(self._beaten):
            self.round_trip = now - self._beaten

    def _error(self, message: m.Error, _now: float) -> None:
        self._events.append(
            ErrorReceived(message.code, message.routing_contexts, message.diagnostic)
        )

    def _congestion(self, message: m.SignallingCongestion, _now: float) -> None:
        self._check_network_appearance(message.network_appearance)
        self._events.append(MtpStatus(point_codes(message.affected), message.congestion_level))

    # what the two ends do in their own way

    @abstractmethod
    def _lost(self, now: float) -> None: ...

    # shared moves

    def _move(self, context: int | None, given: Enum) -> bool:
        """Apply an input to the state for one AS; False where the table does not have it."""
        old = self._states[context]
        new = self.transitions.get((old, given))
        if new is None:
            return False
        if new is not old:
            self._states[context] = new
            self._accepted.clear()
            self._events.append(AspStateChanged(context, new))
        return True

    def _move_all(self, given: Enum) -> None:
        for context in tuple(self._states):
            self._move(context, given)

    def _lose(self, reason: str, now: float) -> None:
        self._connected = False
        self._next_heartbeat = None
        self._incoming = b""
        self._events.append(AssociationLost(reason))
        self._lost(now)

    def _send(self, message: m.Message, *, stream: int = MANAGEMENT_STREAM) -> bool:
        octets = encode(message)
        if self._queued + len(octets) > self._queue_limit:
            return False
        self._queued += len(octets)
        self._outgoing.append((stream, octets))
        return True
