"""Long messages that the SMSC delivers in parts: what is answered when, so that none is lost."""

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from typing import Final, NamedTuple

from telecom.net.smpp.client.message import Delivery, Part
from telecom.smpp.short_message import user_data_of
from telecom.smpp.status import CommandStatus
from telecom.sms.segmentation import Reassembler, message_key
from telecom.sms.user_data import Concatenation, UserData

_HOLD: Final = 1.0
"""How long a part waits, unanswered, for the others, seconds.

A part that is not answered the SMSC keeps, whatever happens to us. But one whose window is 1 sends
the next part only after the answer: then this is what each part of a long message costs.
"""
_MAX_AGE: Final = 600.0
"""After so many seconds the parts that have come are handed over as they are."""
_MAX_PARTS: Final = 2_000


class _Held(NamedTuple):
    due: float
    key: Hashable
    sequence: int
    part: Part


class Joiner:
    """Joins parts; accepting a message answers all of them. `now` is in seconds of any clock.

    A part that has waited too long for the others is accepted alone and kept. What never becomes
    whole, or is too much to keep, is handed over in parts.
    """

    def __init__(self, hand_over: Callable[[Delivery], None]) -> None:
        self._hand_over = hand_over
        self._now = 0.0
        self._parts: dict[Hashable, dict[int, Part]] = {}
        self._held: deque[_Held] = deque()
        self._segments = Reassembler(
            max_messages=_MAX_PARTS,
            max_segments=_MAX_PARTS,
            max_age=_MAX_AGE,
            forgotten=self._hand_over_parts,
        )

    def add(self, part: Part, user_data: UserData, place: Concatenation, now: float) -> None:
        """Take a part; hand over the message once this was the last one."""
        self._now = now
        address = (part.request.source_addr, part.request.destination_addr)
        key = message_key(address, place)
        joined = self._segments.add(address, user_data, now)
        if joined is None and key not in self._segments:
            self._hand_over(Delivery([part]))  # too much is kept: this message was given up, too
            return
        parts = self._parts.setdefault(key, {})
        if place.sequence in parts:
            parts[place.sequence].answer(CommandStatus.ESME_ROK)  # it has come again
        parts[place.sequence] = part
        if joined is None:
            self._held.append(_Held(now + _HOLD, key, place.sequence, part))
        else:
            del self._parts[key]
            in_order = [parts[sequence] for sequence in sorted(parts)]
            self._hand_over(Delivery(in_order, joined=joined, rejected=self._keep_accepted))

    def next_timer(self) -> float | None:
        """Return when to call `handle_timer`, None for never."""
        dues = (self._held[0].due if self._held else None, self._segments.next_timer())
        return min((due for due in dues if due is not None), default=None)

    def handle_timer(self, now: float) -> None:
        """Accept what has waited too long, hand over what will not become whole."""
        self._now = now
        while self._held and self._held[0].due <= now:
            _, key, sequence, part = self._held.popleft()
            if self._parts.get(key, {}).get(sequence) is part:
                part.answer(CommandStatus.ESME_ROK)
        self._segments.handle_timer(now)

    def end(self) -> None:
        """Hand over what has come and did not become whole."""
        for key in list(self._parts):
            self._hand_over_parts(key)

    def _hand_over_parts(self, key: Hashable) -> None:
        parts = self._parts.pop(key, {})
        for sequence in sorted(parts):
            self._hand_over(Delivery([parts[sequence]]))

    def _keep_accepted(self, parts: Sequence[Part]) -> None:
        """Take back what the SMSC will not send again with the rest of a rejected message."""
        for part in parts:
            user_data = user_data_of(part.request)
            if part.answered and user_data.concatenation is not None:
                self.add(part, user_data, user_data.concatenation, self._now)
