"""Concatenated short messages, 3GPP TS 23.040 9.2.3.24.1: cutting them up, joining them again."""

from collections.abc import Callable, Hashable
from typing import Final

from telecom.sms.alphabets import ESCAPE, Alphabet
from telecom.sms.user_data import (
    CONCATENATION_8,
    CONCATENATION_16,
    MAX_OCTETS,
    Concatenation,
    InformationElement,
    UserData,
    UserDataError,
    encode_header,
)

MAX_SEGMENTS: Final = 255
_LEAST_CAPACITY: Final = 4
"""A surrogate pair: with less room a segment could come out empty."""


def capacity(alphabet: Alphabet, header: tuple[InformationElement, ...] = ()) -> int:
    """Return how much payload fits beside a header: septets in GSM 7 bit, else octets.

    Raises `UserDataError` for a header that itself does not fit.
    """
    room = MAX_OCTETS - len(encode_header(header))
    return room * 8 // 7 if alphabet == Alphabet.GSM7 else room


def split(message: str | UserData, reference: int, *, wide: bool = False) -> list[UserData]:
    """Return the segments of a text or of user data, one as it is if it fits in one.

    `reference` (modulo 256, or 65536 when `wide`) tells this message's segments from others'.
    The elements of the message's own header go into each. Raises `UserDataError` for more than
    255 segments or a segment that is too long, `AlphabetError` for half a surrogate pair.
    """
    whole = UserData.of_text(message) if isinstance(message, str) else message
    if len(whole.payload) <= capacity(whole.alphabet, whole.header):
        return [whole]
    if whole.concatenation is not None:
        raise UserDataError("a segment that is too long cannot be cut up again")
    reference %= 0x10000 if wide else 0x100
    widest = Concatenation(reference, MAX_SEGMENTS, MAX_SEGMENTS, wide)
    pieces = _cut(whole, capacity(whole.alphabet, (widest.element(), *whole.header)))
    total = len(pieces)
    return [
        UserData(
            whole.alphabet,
            piece,
            (Concatenation(reference, total, sequence, wide).element(), *whole.header),
        )
        for sequence, piece in enumerate(pieces, 1)
    ]


def _cut(whole: UserData, size: int) -> list[bytes]:
    payload, pieces, start = whole.payload, [], 0
    if size < _LEAST_CAPACITY:
        raise UserDataError("the user data header leaves too little room for segments")
    while start < len(payload):
        end = start + size
        if end < len(payload):
            end -= _OVERHANG[whole.alphabet](payload[start:end])
        pieces.append(payload[start:end])
        start = end
    if len(pieces) > MAX_SEGMENTS:
        raise UserDataError(f"{len(pieces)} segments, {MAX_SEGMENTS} are the most")
    return pieces


def _escape_overhang(piece: bytes) -> int:
    """Return 1 if the piece ends with an escape that what follows belongs to."""
    return (len(piece) - len(piece.rstrip(bytes((ESCAPE,))))) % 2


def _surrogate_overhang(piece: bytes) -> int:
    """Return how many octets to take off for whole characters at the end."""
    odd = len(piece) % 2
    high = piece[len(piece) - odd - 2]
    return odd + 2 if high & 0xFC == 0xD8 else odd


def _no_overhang(_: bytes) -> int:
    return 0


_OVERHANG: Final = {
    Alphabet.GSM7: _escape_overhang,
    Alphabet.UCS2: _surrogate_overhang,
    Alphabet.OCTETS: _no_overhang,
}


class _Incomplete:
    """The segments of a message that have come so far, by their sequence number."""

    __slots__ = ("segments", "since")

    def __init__(self, since: float) -> None:
        self.since = since
        self.segments: dict[int, UserData] = {}


def message_key(address: Hashable, place: Concatenation) -> Hashable:
    """Return what the segments of one message have in common."""
    return (address, place.reference, place.total, place.bits16)


class Reassembler:
    """Joins segments, whatever their order, within limits of messages, segments and age.

    Beyond a limit the messages begun longest ago are given up; `given_up` counts them, and
    `forgotten` is called with the key of each.
    """

    def __init__(
        self,
        *,
        max_messages: int = 10_000,
        max_segments: int = 50_000,
        max_age: float = 3600.0,
        forgotten: Callable[[Hashable], None] | None = None,
    ) -> None:
        self._max_messages = max_messages
        self._max_segments = max_segments
        self._max_age = max_age
        self._forgotten = forgotten
        self._incomplete: dict[Hashable, _Incomplete] = {}
        self._segment_count = 0
        self.given_up = 0

    def __len__(self) -> int:
        """Return how many messages are incomplete."""
        return len(self._incomplete)

    def __contains__(self, key: Hashable) -> bool:
        """Tell whether the message of a key is incomplete."""
        return key in self._incomplete

    def next_timer(self) -> float | None:
        """Return when to call `handle_timer`, None for never."""
        oldest = next(iter(self._incomplete.values()), None)
        return None if oldest is None else oldest.since + self._max_age

    def handle_timer(self, now: float) -> None:
        """Give up what is too old."""
        while self._incomplete:
            key, oldest = next(iter(self._incomplete.items()))
            if now - oldest.since < self._max_age:
                return
            self._give_up(key)

    def add(self, address: Hashable, segment: UserData, now: float) -> UserData | None:
        """Return the whole message if this was its last segment, or if it is a whole one.

        `address` is whatever tells two senders apart; `now` is in seconds and never goes back.
        """
        place = segment.concatenation
        if place is None:
            return segment
        self.handle_timer(now)
        key = message_key(address, place)
        message = self._incomplete.get(key)
        if message and message.segments.get(place.sequence, segment) != segment:
            self._give_up(key)  # the reference is in use again, for another message
            message = None
        if message is None:
            message = self._incomplete[key] = _Incomplete(now)
        if place.sequence not in message.segments:
            message.segments[place.sequence] = segment
            self._segment_count += 1
        if len(message.segments) == place.total:
            return _join(self._take(key))
        self._give_up_surplus()
        return None

    def _give_up_surplus(self) -> None:
        while (
            len(self._incomplete) > self._max_messages or self._segment_count > self._max_segments
        ):
            self._give_up(next(iter(self._incomplete)))

    def _give_up(self, key: Hashable) -> None:
        self._take(key)
        self.given_up += 1
        if self._forgotten is not None:
            self._forgotten(key)

    def _take(self, key: Hashable) -> dict[int, UserData]:
        segments = self._incomplete.pop(key).segments
        self._segment_count -= len(segments)
        return segments


def _join(segments: dict[int, UserData]) -> UserData:
    """Return the message; segments of different alphabets become one UCS2 text."""
    ordered = [segments[sequence] for sequence in sorted(segments)]
    header = tuple(
        element
        for element in ordered[0].header
        if element.identifier not in {CONCATENATION_8, CONCATENATION_16}
    )
    alphabets = {segment.alphabet for segment in ordered}
    if len(alphabets) == 1:
        return UserData(alphabets.pop(), b"".join([part.payload for part in ordered]), header)
    payload = b"".join(
        part.payload
        if part.alphabet == Alphabet.UCS2
        else UserData.of_text(part.text, Alphabet.UCS2).payload
        for part in ordered
    )
    return UserData(Alphabet.UCS2, payload, header)
