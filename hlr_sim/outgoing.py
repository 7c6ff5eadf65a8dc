"""The course of a dialogue that the simulator began: one operation, one outcome."""

from collections.abc import Callable
from typing import Any, Final

from hlr_sim.primitives import Outgoing
from telecom.ss7.map.dialogues import Dialogues
from telecom.ss7.map.errors import error_name
from telecom.ss7.map.primitives import (
    Aborted,
    Closed,
    Delimited,
    Failed,
    MapIndication,
    Refused,
    Rejected,
    Returned,
    TimedOut,
    Undeliverable,
)


class Begun:
    """Collects what the peer says in the dialogue, and reports the outcome once, at its end."""

    __slots__ = ("_failure", "_map", "_outgoing")

    def __init__(self, outgoing: Outgoing, provider: Dialogues) -> None:
        self._outgoing = outgoing
        self._map = provider
        self._failure: str | None = "no answer"

    def handle(self, indication: MapIndication, now: float) -> None:
        """Take the next indication of the dialogue."""
        handler = _HANDLERS.get(type(indication))
        if handler is not None:
            handler(self, indication, now)

    def returned(self, _returned: Returned, _now: float) -> None:
        """Note the result; the dialogue's end is still to come."""
        self._failure = None

    def failed(self, failed: Failed, _now: float) -> None:
        """Note the error; the dialogue's end is still to come."""
        self._failure = error_name(failed.code)

    def rejected(self, rejected: Rejected, _now: float) -> None:
        """Note that one side could not read the other; the dialogue's end is still to come."""
        self._failure = f"rejected, problem 0x{rejected.problem:04X}"

    def delimited(self, delimited: Delimited, now: float) -> None:
        """End a dialogue that the peer leaves open: there is nothing more to say in it."""
        self._map.close(delimited.dialogue, now)
        self._outgoing.done(self._failure, now)

    def timed_out(self, timed_out: TimedOut, now: float) -> None:
        """Give up a peer that does not answer."""
        self._map.abort(timed_out.dialogue, now)
        self._outgoing.done(self._failure, now)

    def closed(self, _closed: Closed, now: float) -> None:
        """Report the outcome."""
        self._outgoing.done(self._failure, now)

    def aborted(self, aborted: Aborted, now: float) -> None:
        """Report that the dialogue broke off."""
        self._outgoing.done(f"aborted, {aborted.cause.name.lower()}", now)

    def refused(self, refused: Refused, now: float) -> None:
        """Report that the peer takes no such dialogue in any version."""
        self._outgoing.done(f"refused, {refused.reason.name.lower()}", now)

    def undeliverable(self, notice: Undeliverable, now: float) -> None:
        """Report that the network has no way to the peer."""
        self._map.close(notice.dialogue, now, prearranged=True)
        self._outgoing.done(f"undeliverable, return cause {notice.cause}", now)


_HANDLERS: Final[dict[type[Any], Callable[[Begun, Any, float], None]]] = {
    Returned: Begun.returned,
    Failed: Begun.failed,
    Rejected: Begun.rejected,
    Delimited: Begun.delimited,
    TimedOut: Begun.timed_out,
    Closed: Begun.closed,
    Aborted: Begun.aborted,
    Refused: Begun.refused,
    Undeliverable: Begun.undeliverable,
}
