"""One SMPP connection at either end: octets, clock and futures around a `telecom.smpp.Session`."""

import asyncio
from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar, Final, Protocol, cast

import msgspec
import structlog

from telecom.net.smpp.requests import Requests
from telecom.smpp.errors import NoResponseError, PduError
from telecom.smpp.events import (
    BadResponse,
    BindRequested,
    Cause,
    LinkClosed,
    Responded,
    Unanswered,
    Unbinding,
    Unmatched,
)
from telecom.smpp.limits import SessionLimits
from telecom.smpp.pdus import Bind, Pdu, Unbind
from telecom.smpp.session import Session
from telecom.smpp.states import Side
from telecom.smpp.versions import InterfaceVersion

LINGER: Final = 5.0
"""How long a closed connection may take to get rid of its last octets, seconds."""

Address = tuple[str, int]
"""Host and port."""

_log = structlog.get_logger("telecom.smpp")


class TcpCapture(Protocol):
    """Where a copy of every octet goes."""

    def tcp(self, *, source: Address, destination: Address, data: bytes) -> None:
        """Take what was sent, in order."""


class LinkLimits(msgspec.Struct, frozen=True):
    """What one connection may make grow."""

    session: SessionLimits = SessionLimits()
    out_buffer: int = 1 << 20
    """Octets that the peer has not taken yet; above, nothing more is read from it."""
    unanswered: int = 5000
    """Requests of the peer that are not answered yet; above, nothing more is read from it.

    One counts for each 1024 octets it has, lest so many messages of 64K are kept.
    """
    queued: int = 10_000
    """Requests of ours that wait for room in the window."""


class SmppLink(asyncio.Protocol):
    """Feeds a session what is read, and writes what it gives: one write a turn of the loop."""

    session_type: ClassVar[type[Session]] = Session
    """The engine; a link that tests its peer may have another."""

    def __init__(
        self,
        side: Side,
        limits: LinkLimits,
        *,
        clock: Callable[[], float] | None = None,
        capture: TcpCapture | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._clock = clock or self._loop.time
        self._limits = limits
        self._capture = capture
        self._session = self.session_type(side, limits.session, now=self._clock())
        self._requests = Requests(self._session, limits.queued, self._clock)
        self._turn_is_due = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0
        self._lingering: asyncio.TimerHandle | None = None
        self._all_answered: asyncio.Future[None] | None = None
        self._peer_is_slow = False
        self._reading = True
        self.peer: Address = ("", 0)
        self.local: Address = ("", 0)
        self.lost: asyncio.Future[None] = self._loop.create_future()
        """Done once the connection is gone."""

    # What the user of the link does

    @property
    def closed(self) -> bool:
        """Whether the session is over."""
        return self._session.closed

    @property
    def unanswered(self) -> int:
        """How many requests of the peer have no response yet."""
        return self._session.unanswered

    @property
    def is_reading(self) -> bool:
        """Whether it takes octets of the peer, or has too much of it in hand."""
        return self._reading

    @property
    def version(self) -> InterfaceVersion:
        """The version that both ends speak; before the bind the highest that we do."""
        return self._session.version

    @property
    def congestion(self) -> int | None:
        """What our responses tell a peer of 5.0: 0 (idle) to 100 (SMPP 5.0 4.8.4.18), or nothing.

        Setting it raises `LocalError` for what is no octet.
        """
        return self._session.congestion

    @congestion.setter
    def congestion(self, state: int | None) -> None:
        self._session.congestion = state

    @property
    def peer_congestion(self) -> int | None:
        """What the peer's responses have told last of the same kind."""
        return self._session.peer_congestion

    def limit(self, limits: LinkLimits) -> None:
        """Go on with other limits; how long requests of ours may queue stays what it was."""
        self._limits = limits
        self._session.limit(limits.session)
        self._requests.send_waiting()
        self._take_a_turn_soon()

    def request(self, pdu: Pdu) -> asyncio.Future[Pdu]:
        """Send a request as soon as the window has room for it.

        The future's result is the response, whatever its command_status; its exception is
        `NoResponseError`, `LinkClosedError`, `PduError` for a response that means nothing, or
        `LocalError` for what may not be sent.
        """
        future = self._requests.add(pdu)
        self._take_a_turn_soon()
        return future

    def notify(self, pdu: Pdu) -> None:
        """Send what has no response: outbind and alert_notification.

        Raises `WindowFullError`, and `LocalError` for what may not be sent.
        """
        self._session.send_request(pdu, self._clock())
        self._take_a_turn_soon()

    def respond(self, request: Pdu, response: Pdu) -> None:
        """Answer a request of the peer, in any order; a session that is over takes it in silence.

        The sequence number is the request's.
        """
        if not self._session.closed:
            self._session.send_response(request, response)
            self._take_a_turn_soon()

    def reject(self, request: Pdu, command_status: int) -> None:
        """Answer a request of the peer with a status and no body."""
        if not self._session.closed:
            self._session.reject(request, command_status)
            self._take_a_turn_soon()

    async def unbind(self) -> None:
        """Unbind in good order and wait for the end; what was not sent yet is given up."""
        if not self._session.closed:
            self._requests.fail_waiting("we unbind")
            self._requests.add_first(Unbind()).add_done_callback(_ignore)
            self._take_a_turn_soon()
        await asyncio.shield(self.lost)

    async def answered(self) -> None:
        """Wait until every request of the peer has its response, or the session is over."""
        if self._session.unanswered > 0 and not self._session.closed:
            self._all_answered = self._all_answered or self._loop.create_future()
            await asyncio.shield(self._all_answered)

    def close(self) -> None:
        """End the session without a word to the peer."""
        self._session.close()
        self._take_a_turn()

    def abort(self) -> None:
        """Drop the connection at once."""
        self._transport.abort()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; the session init timer runs from here."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=self._limits.out_buffer)
        self.peer = (transport.get_extra_info("peername") or self.peer)[:2]
        self.local = (transport.get_extra_info("sockname") or self.local)[:2]
        self._set_timer()

    def data_received(self, data: bytes) -> None:
        """Take all PDUs of a read, and answer them in one write."""
        if self._capture is not None:
            self._capture.tcp(source=self.peer, destination=self.local, data=data)
        self._turn_is_due = True  # by ourselves, below: none need be scheduled meanwhile
        self._session.receive_data(data, self._clock())
        self._take_a_turn()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio calls so
        """End the session, if it has not ended."""
        self._session.receive_eof()
        self._take_a_turn()
        if self._lingering is not None:
            self._lingering.cancel()
        if not self.lost.done():
            self.lost.set_result(None)

    def pause_writing(self) -> None:
        """Read no more from a peer that does not read."""
        self._peer_is_slow = True
        self._regulate()

    def resume_writing(self) -> None:
        """Read on."""
        self._peer_is_slow = False
        self._regulate()

    # One turn

    def _take_a_turn_soon(self) -> None:
        if not self._turn_is_due:
            self._turn_is_due = True
            self._loop.call_soon(self._take_a_turn)

    def _take_a_turn(self) -> None:
        self._turn_is_due = True
        self._dispatch()
        self._turn_is_due = False
        data = self._session.data_to_send()
        if data:
            self._write(data)
        if self._session.closed:
            self._close_transport()
        else:
            self._regulate()
        if self._all_answered and (self._session.closed or self._session.unanswered <= 0):
            self._all_answered.set_result(None)
            self._all_answered = None
        self._set_timer()
        self._turn_taken()

    def _dispatch(self) -> None:
        while events := self._session.events_received():
            requests: list[Pdu] = []
            for event in events:
                if isinstance(event, Pdu):
                    requests.append(event)
                    continue
                if requests:
                    self._requests_received(requests)
                    requests = []
                self._HANDLERS[type(event)](self, event)
            if requests:
                self._requests_received(requests)

    def _write(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        if self._capture is not None:
            self._capture.tcp(source=self.local, destination=self.peer, data=data)
        self._transport.write(data)

    def _close_transport(self) -> None:
        if not self._transport.is_closing():
            self._transport.close()
            self._lingering = self._loop.call_later(LINGER, self._transport.abort)

    def _regulate(self) -> None:
        """Read only while the peer takes our octets and its requests find their answers."""
        read = self._may_read()
        if read is self._reading or self._transport.is_closing():
            return
        self._reading = read
        if read:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _may_read(self) -> bool:
        most = self._limits.unanswered if self._reading else self._limits.unanswered // 2
        return not self._peer_is_slow and self._session.unanswered <= most

    # The one timer

    def _set_timer(self) -> None:
        due = self._session.next_timer()
        if self._timer is not None:
            if due is not None and self._timer_due <= due:
                return  # it goes off too early, and is set again then
            self._timer.cancel()
            self._timer = None
        if due is not None:
            self._timer_due = due
            delay = max(0.0, due - self._clock())
            self._timer = self._loop.call_later(delay, self._timer_went_off)

    def _timer_went_off(self) -> None:
        self._timer = None
        self._session.handle_timer(self._clock())
        self._take_a_turn()

    # What a subclass does

    @abstractmethod
    def _requests_received(self, requests: list[Pdu]) -> None:
        """Answer requests of the peer, now or later."""

    def _bind_requested(self, bind: Bind) -> None:
        """Decide about a bind."""

    def _no_more(self) -> None:
        """Take note, once or twice, that nothing more can be asked of the peer."""

    def _turn_taken(self) -> None:
        """Go on with what had to wait: responses may have made room in the window."""

    # What the session tells

    def _on_responded(self, event: Responded) -> None:
        self._requests.responded(event.response.sequence_number, event.response)
        self._requests.send_waiting()

    def _on_bad_response(self, event: BadResponse) -> None:
        bad = event.response
        error = PduError(bad.command_status, bad.sequence_number, bad.reason)
        self._requests.responded(bad.sequence_number, error)
        self._requests.send_waiting()

    def _on_unanswered(self, event: Unanswered) -> None:
        error = NoResponseError(f"no response to {type(event.request).__name__}")
        self._requests.responded(event.sequence_number, error)
        self._requests.send_waiting()

    def _on_unmatched(self, event: Unmatched) -> None:
        _log.debug("smpp_response_to_nothing", peer=self.peer, response=event.response)

    def _on_bind_requested(self, event: BindRequested) -> None:
        self._bind_requested(event.request)

    def _on_unbinding(self, _: Unbinding) -> None:
        self._no_more()
        self._requests.fail_waiting("the peer unbinds")

    def _on_closed(self, event: LinkClosed) -> None:
        log = _log.info if event.cause in _ORDERLY else _log.warning
        log("smpp_session_closed", peer=self.peer, cause=event.cause.value, detail=event.detail)
        self._no_more()
        self._requests.fail_all(event.cause.value)

    _HANDLERS: ClassVar[dict[type, Callable[..., None]]] = {
        Responded: _on_responded,
        BadResponse: _on_bad_response,
        Unanswered: _on_unanswered,
        Unmatched: _on_unmatched,
        BindRequested: _on_bind_requested,
        Unbinding: _on_unbinding,
        LinkClosed: _on_closed,
    }


_ORDERLY: Final = (Cause.UNBOUND, Cause.LOCAL, Cause.PEER_CLOSED)


def _ignore(future: asyncio.Future[Pdu]) -> None:
    """Take the outcome of a request that nobody waits for."""
    if not future.cancelled():
        future.exception()
