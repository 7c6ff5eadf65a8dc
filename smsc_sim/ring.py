"""The last PDUs that went either way, for people and tests to look at."""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Final, cast

import msgspec

from smsc_sim.matching import spec_name
from telecom.smpp.codec import HEADER_LENGTH, Framer, Undecodable, decode, encode
from telecom.smpp.declarations import DECLARATIONS
from telecom.smpp.errors import FramingError, PduError
from telecom.smpp.pdus import PDUS, Bind, GenericNack, Outbind, Pdu
from telecom.smpp.status import status_name
from telecom.smpp.tlvs import CALLBACK_NUM, TLV_TYPES, CStringTlv, IntegerTlv, Tlv

MOST_OCTETS: Final = 8 << 20
"""Of all PDUs in the ring."""

_SHOWN_DIGITS: Final = 3
_NUMBERS: Final = ("source_addr", "destination_addr", "esme_addr")
_BEFORE_CALLBACK: Final = 3
"""Octets of a callback_num before its digits, SMPP 3.4 5.3.2.36."""
_SECRETS: Final = frozenset(
    pdu.command_id for pdu in PDUS.values() if "password" in DECLARATIONS.get(pdu, ())
)


class Origin(msgspec.Struct, eq=False):
    """The session that a PDU belongs to; who it is may turn out later."""

    session: int
    account: str = ""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A PDU, or octets that are none; passwords are not in it. `at` is seconds since 1970."""

    number: int
    at: float
    origin: Origin
    sent: bool
    octets: bytes


class PduRing:
    """Keeps the last `most` PDUs, of so many octets in all."""

    def __init__(self, most: int, *, clock: Callable[[], float]) -> None:
        self._most = most
        self._clock = clock
        self._numbers = count(1)
        self._entries: deque[Entry] = deque()
        self._octets = 0

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, origin: Origin, octets: bytes, *, sent: bool) -> None:
        """Take a PDU."""
        if int.from_bytes(octets[4:8], "big") in _SECRETS:
            octets = _without_password(octets)
        entry = Entry(next(self._numbers), self._clock(), origin, sent, octets)
        self._entries.append(entry)
        self._octets += len(octets)
        while len(self._entries) > self._most or self._octets > MOST_OCTETS:
            self._octets -= len(self._entries.popleft().octets)

    def clear(self) -> None:
        """Forget all."""
        self._entries.clear()
        self._octets = 0

    def last(self, *, account: str | None = None, session: int | None = None) -> Iterator[Entry]:
        """Go through what one account or session, or any, has sent and got; the newest first."""
        for entry in reversed(self._entries):
            origin = entry.origin
            if account in (None, origin.account) and session in (None, origin.session):
                yield entry


class Recorder:
    """Cuts what one session hears and says into PDUs, and puts them into the ring."""

    def __init__(self, ring: PduRing, origin: Origin, max_length: int) -> None:
        self._ring = ring
        self._origin = origin
        self._framers = {False: Framer(max_length), True: Framer(max_length)}
        self._broken = {False: False, True: False}

    def take(self, data: bytes, *, sent: bool) -> None:
        """Take what has been sent or heard; what is no PDU is kept as it is."""
        try:
            frames = [data] if self._broken[sent] else list(self._framers[sent].feed(data))
        except FramingError:
            self._broken[sent] = True
            frames = [data]
        for octets in frames:
            self._ring.add(self._origin, octets, sent=sent)


def shown(entry: Entry, *, numbers: bool) -> dict[str, Any]:
    """Return a PDU with its fields by their names; its `numbers` but for the last digits hidden.

    Octets that cannot be decoded may hold a number, so they are hidden with the numbers.
    """
    pdu = _decoded(entry.octets)
    if not isinstance(pdu, Pdu):
        reason = "no PDU" if pdu is None else pdu.reason
        return {"pdu": None, "reason": reason, "hex": entry.octets.hex() if numbers else None}
    octets = entry.octets
    if not numbers:
        octets = _without_numbers(octets, pdu)
        pdu = cast("Pdu", decode(octets))  # as long as it was, with other digits
    return {
        "pdu": spec_name(type(pdu)),
        "command_status": status_name(pdu.command_status),
        "sequence_number": pdu.sequence_number,
        "fields": {name: _value(getattr(pdu, name)) for name in DECLARATIONS.get(type(pdu), ())},
        "tlvs": [_tlv(tlv) for tlv in pdu.tlvs],
        "hex": octets.hex(),
    }


def masked(number: str) -> str:
    """Return a number with all but its last digits hidden; a name is no number."""
    if not number.removeprefix("+").isdecimal():
        return number
    return "*" * (len(number) - _SHOWN_DIGITS) + number[-_SHOWN_DIGITS:]


def _decoded(octets: bytes) -> Pdu | Undecodable | None:
    return decode(octets) if len(octets) >= HEADER_LENGTH else None


def _without_password(octets: bytes) -> bytes:
    """Return a PDU with stars for its password; of a broken one no more than the header."""
    pdu = _decoded(octets)
    if not isinstance(pdu, Bind | Outbind):
        return octets[:HEADER_LENGTH]
    return encode(msgspec.structs.replace(pdu, password=b"*" * len(pdu.password)))


def _without_numbers(octets: bytes, pdu: Pdu) -> bytes:
    """Return a PDU with stars in its numbers, wherever they stand in it."""
    parts = (pdu, *getattr(pdu, "dest_addresses", ()), *getattr(pdu, "unsuccess_smes", ()))
    numbers = {getattr(part, name, b"") for part in parts for name in _NUMBERS}
    numbers |= {tlv.value[_BEFORE_CALLBACK:] for tlv in pdu.tlvs if tlv.tag == CALLBACK_NUM.tag}
    for number in sorted(numbers, key=len, reverse=True):  # one may begin with another
        hidden = masked(number.decode("latin-1")).encode("latin-1")
        octets = octets.replace(number, hidden) if hidden != number else octets
    return octets


def _value(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, tuple):
        return [
            {name: _value(getattr(part, name)) for name in DECLARATIONS[type(part)]}
            for part in value
        ]
    return value


def _tlv(tlv: Tlv) -> dict[str, Any]:
    kind = TLV_TYPES.get(tlv.tag)
    shown: dict[str, Any] = {"tag": tlv.tag, "name": kind.name if kind else None}
    if isinstance(kind, IntegerTlv | CStringTlv):
        try:
            return {**shown, "value": _value(kind.of(GenericNack(tlvs=(tlv,))))}
        except PduError:
            pass
    return {**shown, "value": tlv.value.hex()}
