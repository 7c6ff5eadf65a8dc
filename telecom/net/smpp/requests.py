"""The requests that we make of an SMPP peer, as futures of their responses."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from telecom.smpp.errors import LinkClosedError, LocalError, SmppError, WindowFullError
from telecom.smpp.pdus import RESPONSES, Pdu
from telecom.smpp.session import Session

_NOT_SENT: Final = "nothing was sent"
_UNKNOWN: Final = "whether what was sent has been done is unknown"


class Requests:
    """Sends each request when the session's window has room for it, in order.

    At most `limit` wait for room: the future of one too many has a `WindowFullError`.
    """

    def __init__(self, session: Session, limit: int, clock: Callable[[], float]) -> None:
        self._session = session
        self._limit = limit
        self._clock = clock
        self._queue: deque[tuple[Pdu, asyncio.Future[Pdu]]] = deque()
        self._sent: dict[int, asyncio.Future[Pdu]] = {}

    def add(self, pdu: Pdu) -> asyncio.Future[Pdu]:
        """Send a request now or when there is room; whatever is wrong is the future's exception."""
        future: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        if self._session.closed:
            future.set_exception(LinkClosedError(f"the session is over; {_NOT_SENT}"))
        elif pdu.command_id not in RESPONSES:
            future.set_exception(LocalError(f"{type(pdu).__name__} has no response"))
        elif len(self._queue) >= self._limit:
            future.set_exception(WindowFullError(f"{self._limit} requests wait to be sent"))
        else:
            self._queue.append((pdu, future))
            self.send_waiting()
        return future

    def add_first(self, pdu: Pdu) -> asyncio.Future[Pdu]:
        """Send a request now, whatever waits for room; for what the window does not count."""
        future: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        self._send(pdu, future)
        return future

    def send_waiting(self) -> None:
        """Send what the window has room for by now."""
        while self._queue and self._session.window_free:
            self._send(*self._queue.popleft())

    def responded(self, sequence_number: int, response: Pdu | SmppError) -> None:
        """Hand over a response, or what came of the request instead."""
        future = self._sent.pop(sequence_number, None)
        if future is None or future.done():
            return
        if isinstance(response, Pdu):
            future.set_result(response)
        else:
            future.set_exception(response)

    def fail_waiting(self, reason: str) -> None:
        """Give up what has not been sent."""
        queue, self._queue = self._queue, deque()
        for _, future in queue:
            if not future.done():
                future.set_exception(LinkClosedError(f"{reason}; {_NOT_SENT}"))

    def fail_all(self, reason: str) -> None:
        """Give up what has not been sent, and what has not been answered."""
        self.fail_waiting(reason)
        for sequence_number in list(self._sent):
            self.responded(sequence_number, LinkClosedError(f"{reason}; {_UNKNOWN}"))

    def _send(self, pdu: Pdu, future: asyncio.Future[Pdu]) -> None:
        if future.done():  # cancelled while it waited
            return
        try:
            sequence_number = self._session.send_request(pdu, self._clock())
        except LocalError as error:
            future.set_exception(error)
        else:
            self._sent[sequence_number] = future
