"""A MAP operation as a coroutine sees it: one result, or one exception."""

import asyncio
from collections.abc import Callable
from typing import Any

from telecom.ss7.map.declarations import Sequence
from telecom.ss7.map.dialogues import Dialogues
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


class MapCallError(Exception):
    """The operation has no result."""


class MapUserError(MapCallError):
    """The peer answered with a user error: an `ErrorCode`, and its parameter."""

    def __init__(self, code: int, parameter: Sequence | None) -> None:
        super().__init__(f"user error {code}")
        self.code = code
        self.parameter = parameter


class MapAborted(MapCallError):
    """The dialogue ended without an answer; `indication` is what ended it."""

    def __init__(self, indication: MapIndication) -> None:
        super().__init__(f"{type(indication).__name__}: {indication}")
        self.indication = indication


class MapTimeout(MapCallError, TimeoutError):
    """The peer did not answer in the operation's time."""


class MapCall:
    """The reference of a dialogue of one operation; `outcome` is a result or an exception."""

    def __init__(self, dialogues: Dialogues, clock: Callable[[], float]) -> None:
        self.outcome: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._dialogues = dialogues
        self._clock = clock
        self._handlers: dict[type[Any], Callable[[Any], None]] = {
            Returned: self._returned,
            Failed: self._failed,
            TimedOut: self._timed_out,
            Delimited: self._delimited,
            **dict.fromkeys((Aborted, Closed, Refused, Rejected, Undeliverable), self._ended),
        }

    def give_up(self, reason: str) -> None:
        """End without an answer, because of ourselves."""
        self._fail(MapCallError(reason))

    def handle(self, indication: MapIndication) -> None:
        """Take the next indication of the dialogue."""
        handler = self._handlers.get(type(indication))
        if handler is not None:
            handler(indication)

    def _returned(self, indication: Returned) -> None:
        if not self.outcome.done():
            self.outcome.set_result(indication.result)

    def _fail(self, error: MapCallError) -> None:
        if not self.outcome.done():
            self.outcome.set_exception(error)

    def _failed(self, indication: Failed) -> None:
        self._fail(MapUserError(indication.code, indication.parameter))

    def _timed_out(self, indication: TimedOut) -> None:
        self._fail(MapTimeout("no answer in time"))
        self._dialogues.abort(indication.dialogue, self._clock())

    def _ended(self, indication: MapIndication) -> None:
        self._fail(MapAborted(indication))

    def _delimited(self, indication: Delimited) -> None:
        if self.outcome.done():  # the peer would go on; there is nothing more to ask
            self._dialogues.close(indication.dialogue, self._clock())
