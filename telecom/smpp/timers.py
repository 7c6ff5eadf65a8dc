"""The timers of a session and when they go off, SMPP 3.4 7.2 and 5.0 2.7; no clock is read."""

from collections.abc import Iterator
from enum import Enum

import msgspec

from telecom.smpp.pdus import EnquireLink
from telecom.smpp.states import BOUND, State
from telecom.smpp.window import Window


class TimerValues(msgspec.Struct, frozen=True):
    """The timers in seconds; None: not used."""

    session_init_timer: float | None = 10.0
    enquire_link_timer: float | None = 30.0
    inactivity_timer: float | None = None
    response_timer: float = 10.0


class Timer(Enum):
    """What can go off."""

    SESSION_INIT = "connected, and not bound in time"
    ENQUIRE_LINK = "nothing heard for long"
    INACTIVITY = "nothing but enquire_link for long"
    RESPONSE = "a request of ours is not answered in time"
    UNBIND = "the peer has unbound, and we have not answered all that it asked"


class Timers:
    """The moments that the timers count from, of a session that begins now; `values` may change."""

    def __init__(self, values: TimerValues, window: Window, now: float) -> None:
        self.values = values
        self._window = window
        self._opened_at = now
        self.heard_at = now
        """When anything came from the peer last."""
        self.used_at = now
        """When anything but enquire_link passed last."""
        self.unbind_at: float | None = None
        """When the peer unbound."""
        self.unbinding = False
        """Whether we have unbound: what is left to wait for is the response."""
        self.probe: EnquireLink | None = None
        """The enquire_link by which we see whether the peer is there, until it is answered."""

    def next(self, state: State) -> float | None:
        """Return when the first timer that runs in a state goes off, None where none runs."""
        return min((due for due, _ in self._running(state)), default=None)

    def due(self, state: State, now: float) -> list[Timer]:
        """Return what goes off in a state up to now."""
        return [timer for due, timer in self._running(state) if due <= now]

    def _running(self, state: State) -> Iterator[tuple[float, Timer]]:
        if self._window.due is not None:
            yield self._window.due, Timer.RESPONSE
        values = self.values
        if state in BOUND and not self.unbinding:
            if values.enquire_link_timer is not None and self.probe is None:
                yield self.heard_at + values.enquire_link_timer, Timer.ENQUIRE_LINK
            if values.inactivity_timer is not None:
                yield self.used_at + values.inactivity_timer, Timer.INACTIVITY
        elif state in (State.OPEN, State.OUTBOUND) and values.session_init_timer is not None:
            yield self._opened_at + values.session_init_timer, Timer.SESSION_INIT
        elif state is State.UNBOUND and self.unbind_at is not None:
            yield self.unbind_at + values.response_timer, Timer.UNBIND
