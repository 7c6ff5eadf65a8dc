"""When a client's request may go out: while it is bound, as the window and the rate allow."""

import asyncio
from collections import OrderedDict
from typing import Final

from telecom.net.smpp.client.link import EsmeLink
from telecom.smpp.errors import LinkClosedError, LocalError

_WHOLE: Final = 1 - 1e-9
"""A token: of the sum of many small fractions a little is lost."""


class Pace:
    """A token bucket: so many requests a second, and after a rest a fiftieth of them at once."""

    def __init__(self, rate: float) -> None:
        if not 0 < rate < float("inf"):
            raise LocalError(f"a rate of {rate} requests a second; give one above 0, or None")
        self._rate = rate
        self._most = max(1.0, rate / 50)
        self._tokens = self._most
        self._at: float | None = None

    def take(self, now: float) -> float:
        """Take a token and return 0; where there is none, return in how many seconds there is."""
        rested = 0.0 if self._at is None else now - self._at
        self._tokens = min(self._most, self._tokens + rested * self._rate)
        self._at = now
        if self._tokens < _WHOLE:
            return (1 - self._tokens) / self._rate
        self._tokens -= 1
        return 0.0


class Gate:
    """Lets requests out in the order in which they came.

    How much room there is, only the link's window tells: nothing is counted twice, or for ever.
    """

    def __init__(self, rate: float | None) -> None:
        self._pace = None if rate is None else Pace(rate)
        self._link: EsmeLink | None = None
        self._waiting: OrderedDict[asyncio.Future[None], None] = OrderedDict()
        self._let_out = 0
        self._timer: asyncio.TimerHandle | None = None
        self._ended = False

    def open(self, link: EsmeLink) -> None:
        """Let requests out, over this link."""
        self._link = link
        self.go_on()

    def shut(self) -> None:
        """Let nothing out until there is another link."""
        self._link = None

    def end(self) -> None:
        """Let nothing out any more; who waits is told with a `LinkClosedError`."""
        self._ended = True
        self._link = None
        if self._timer is not None:
            self._timer.cancel()
        while self._waiting:
            turn, _ = self._waiting.popitem()
            if not turn.done():
                turn.set_exception(LinkClosedError("the client is closed; nothing was sent"))

    def at_once(self) -> EsmeLink | None:
        """Return the link to send one request on now, None if it has to wait for its turn."""
        link = self._link
        if link is None or self._waiting or link.room <= self._let_out or self._pause():
            return None
        return link

    async def turn(self) -> EsmeLink:
        """Wait for a turn, and return the link to send one request on at once.

        Raises `LinkClosedError` when it has ended.
        """
        while not self._ended:
            turn = asyncio.get_running_loop().create_future()
            self._waiting[turn] = None
            self.go_on()
            try:
                await turn
            except asyncio.CancelledError:
                self._waiting.pop(turn, None)
                self._let_out -= not turn.cancelled()
                self.go_on()
                raise
            self._let_out -= 1
            if self._link is not None:
                return self._link
        raise LinkClosedError("the client is closed; nothing was sent")

    def go_on(self) -> None:
        """Let out who waits, as far as there is room; to be called when there may be more."""
        while self._waiting and self._link is not None and self._link.room > self._let_out:
            turn = next(iter(self._waiting))
            if not turn.done():
                if delay := self._pause():
                    self._go_on_after(delay)
                    return
                self._let_out += 1
                turn.set_result(None)
            del self._waiting[turn]

    def _pause(self) -> float:
        if self._pace is None:
            return 0.0
        return self._pace.take(asyncio.get_running_loop().time())

    def _go_on_after(self, delay: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(delay, self._timer_went_off)

    def _timer_went_off(self) -> None:
        self._timer = None
        self.go_on()
