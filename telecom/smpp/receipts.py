"""Delivery receipts: reading them from a PDU, and finding the message that they are about."""

import re
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import Final, Generic, NamedTuple, TypeVar

import msgspec

from telecom.smpp import tlvs
from telecom.smpp.pdus import DataSm, ShortMessage
from telecom.smpp.short_message import (
    DELIVERY_RECEIPT,
    INTERMEDIATE_NOTIFICATION,
    MESSAGE_TYPE,
    octets_of,
)
from telecom.sms import receipt
from telecom.sms.receipt import DeliveryReceipt, MessageState, ReceiptError

PASSING_STATES: Final = frozenset((MessageState.ENROUTE, MessageState.ACCEPTD))
"""The states that another receipt may follow, SMPP 3.4 5.2.28."""

_STATES: Final = frozenset(state.value for state in MessageState)
_HEXADECIMAL: Final = re.compile("[0-9A-Fa-f]{1,65}")
_DECIMAL: Final = re.compile("[0-9]{1,65}")
_RECEIPT_TYPES: Final = (DELIVERY_RECEIPT, INTERMEDIATE_NOTIFICATION)
_UCS2: Final = 0x08
_MOST_ALIKE: Final = 256
"""How many ids that cannot be told apart may be waited for, or held."""
_TELLING: Final = 6
"""So many digits at the end of two numbers make them the same."""

T = TypeVar("T")
D = TypeVar("D")

Matches = list[tuple[D, T | None]]
"""Deliveries, each with who waits for it."""


def receipt_of(pdu: ShortMessage | DataSm) -> DeliveryReceipt | None:
    """Return the receipt that a deliver_sm or data_sm is, None where it is none.

    The parameters receipted_message_id and message_state go before what the text says. Raises
    `PduError` where one of them is broken.
    """
    if pdu.esm_class & MESSAGE_TYPE not in _RECEIPT_TYPES:
        return None
    octets = octets_of(pdu)
    message_id, state = tlvs.RECEIPTED_MESSAGE_ID.of(pdu), tlvs.MESSAGE_STATE.of(pdu)
    try:
        told = receipt.parse(octets.decode("utf-16-be" if pdu.data_coding == _UCS2 else "latin-1"))
    except (ReceiptError, UnicodeDecodeError):
        if message_id is None:
            return None
        told = DeliveryReceipt("")
    if message_id:
        told = msgspec.structs.replace(told, id=message_id.decode("latin-1"))
    if state in _STATES:
        told = msgspec.structs.replace(told, stat=MessageState(state))
    return told


def is_last(pdu: ShortMessage | DataSm, told: DeliveryReceipt) -> bool:
    """Tell whether no other receipt may follow one, SMPP 3.4 5.2.12 and 5.2.28."""
    return (
        told.stat not in PASSING_STATES
        and pdu.esm_class & MESSAGE_TYPE != INTERMEDIATE_NOTIFICATION
    )


def loose_id(message_id: str) -> str:
    """Return what two ids have in common that differ in case or leading zeros alone."""
    return message_id.lower().lstrip("0")


def _hexadecimal(message_id: str) -> str | None:
    return str(int(message_id, 16)) if _HEXADECIMAL.fullmatch(message_id) else None


def _decimal(message_id: str) -> str | None:
    return f"{int(message_id):x}" if _DECIMAL.fullmatch(message_id) else None


_READINGS: Final[tuple[Callable[[str], str | None], ...]] = (loose_id, _hexadecimal, _decimal)
"""From the id of a receipt to the loose form of the response's: as it is, or in another base."""


def id_forms(message_id: str) -> Iterator[str]:
    """Yield the loose forms that an id may have at the other place, response or receipt."""
    for reading in _READINGS:
        form = reading(message_id)
        if form is not None:
            yield form


class _Waiter(NamedTuple, Generic[T]):
    message_id: str
    destination: str
    waiting: T


class _Candidate(NamedTuple):
    """A submit that a receipt may be about, and the reading of the id that says so."""

    ticket: int
    reading: int
    is_exact: bool
    agrees: bool
    disagrees: bool


class _Received(msgspec.Struct, Generic[D], eq=False):
    """A receipt, and the last submit that it can be about."""

    last_ticket: int
    delivery: D
    told: DeliveryReceipt
    source: str
    last: bool
    matched: bool = False


class ReceiptCorrelation(Generic[T, D]):
    """Finds who waits for a receipt, a `T`, by the id that the response to the submit gave.

    An SMSC may write the id in another base in its receipts, or with other zeros or letters: what
    has been right before decides, and where several ids could be meant the destination does, so
    that no message has another one's receipt. What stays unclear is given to nobody.

    A receipt may overtake the response: its delivery, a `D`, is then held until every submit that
    was under way when it came has been answered. Beyond `limit` who has waited longest is
    forgotten, and a delivery is not held.
    """

    def __init__(self, *, forgotten: Callable[[T], None], limit: int = 100_000) -> None:
        self._forgotten = forgotten
        self._limit = limit
        self._tickets = 0
        self._under_way: dict[int, None] = {}
        self._waiters: OrderedDict[int, _Waiter[T]] = OrderedDict()
        self._by_loose_id: dict[str, list[int]] = {}
        self._held: deque[_Received[D]] = deque()
        self._held_by_form: dict[str, list[_Received[D]]] = {}
        self._reading: int | None = None

    def submitted(self) -> int:
        """Take note of a submit; return the ticket to give to `answered`."""
        self._tickets += 1
        self._under_way[self._tickets] = None
        return self._tickets

    def answered(
        self,
        ticket: int,
        message_id: str = "",
        waiting: T | None = None,
        *,
        destination: str = "",
    ) -> Matches[D, T]:
        """Take note of a submit's end, and of who waits for the receipts of which message.

        Return the deliveries that were held up to now, each with who waits for it, if anybody.
        """
        self._under_way.pop(ticket, None)
        if waiting is not None:
            self._wait(ticket, _Waiter(message_id, destination, waiting))
        if not self._held:
            return []
        return [*self._held_for(message_id), *self._held_too_long()]

    def received(
        self,
        delivery: D,
        told: DeliveryReceipt,
        *,
        source: str = "",
        last: bool | None = None,
    ) -> Matches[D, T]:
        """Return the delivery with who waits for it, if anybody; nothing while it is held.

        `source` is who the receipt is from: the number that the message was for. Whether no other
        may follow is told by its state, if not by `last`.
        """
        if last is None:
            last = told.stat not in PASSING_STATES
        received = _Received(self._tickets, delivery, told, source, last)
        match = self._match(received)
        if match is None and self._under_way and self._hold(received):
            return []
        return [match or (delivery, None)]

    def forget_all(self) -> None:
        """Forget all who wait."""
        waiters, self._waiters = self._waiters, OrderedDict()
        self._by_loose_id.clear()
        for waiter in waiters.values():
            self._forgotten(waiter.waiting)

    # Who waits

    def _wait(self, ticket: int, waiter: _Waiter[T]) -> None:
        self._waiters[ticket] = waiter
        alike = self._by_loose_id.setdefault(loose_id(waiter.message_id), [])
        alike.append(ticket)
        if len(self._waiters) > self._limit:
            self._forgotten(self._take(next(iter(self._waiters))))
        elif len(alike) > _MOST_ALIKE:
            self._forgotten(self._take(alike[0]))

    def _take(self, ticket: int) -> T:
        waiter = self._waiters.pop(ticket)
        _remove(self._by_loose_id, loose_id(waiter.message_id), ticket)
        return waiter.waiting

    def _match(self, received: _Received[D]) -> tuple[D, T] | None:
        ticket = self._find(received.told.id, received.source)
        if ticket is None:
            return None
        if received.last:
            return received.delivery, self._take(ticket)
        return received.delivery, self._waiters[ticket].waiting

    # Which of them a receipt is for

    def _find(self, receipted: str, source: str) -> int | None:
        if not receipted:
            return None
        found = list(self._candidates(receipted, source))
        pool = [each for each in found if self._may_be(each)]
        for narrower in (_agrees, _is_exact):
            pool = [each for each in pool if narrower(each)] or pool
        if len({self._waiters[each.ticket].message_id for each in pool}) != 1:
            return None
        ticket = pool[0].ticket
        readings = {each.reading for each in found if each.ticket == ticket}
        if len(readings) == 1 and (pool[0].agrees or len(found) == 1):
            self._reading = readings.pop()
        return ticket

    def _candidates(self, receipted: str, source: str) -> Iterator[_Candidate]:
        for reading, read in enumerate(_READINGS):
            form = read(receipted)
            for ticket in self._by_loose_id.get(form, ()) if form is not None else ():
                waiter = self._waiters[ticket]
                known = bool(source and waiter.destination)
                same = known and _same_number(source, waiter.destination)
                is_exact = reading == 0 and waiter.message_id == receipted
                yield _Candidate(ticket, reading, is_exact, same, known and not same)

    def _may_be(self, candidate: _Candidate) -> bool:
        """Trust the reading that has been right before; another one only if the number agrees."""
        if candidate.agrees or candidate.reading == self._reading:
            return True
        return self._reading is None and (candidate.reading == 0 or not candidate.disagrees)

    # Receipts that came before the response

    def _hold(self, held: _Received[D]) -> bool:
        """Hold a receipt, unless that would be too many."""
        forms = set(id_forms(held.told.id))
        alike = max(len(self._held_by_form.get(form, ())) for form in forms)
        if len(self._held) >= self._limit or alike >= _MOST_ALIKE:
            return False
        self._held.append(held)
        for form in forms:
            self._held_by_form.setdefault(form, []).append(held)
        return True

    def _held_for(self, message_id: str) -> Matches[D, T]:
        matches: Matches[D, T] = []
        for held in list(self._held_by_form.get(loose_id(message_id), ())):
            match = self._match(held)
            if match is not None:
                held.matched = True
                self._forget_held(held)
                matches.append(match)
        return matches

    def _held_too_long(self) -> Matches[D, T]:
        oldest = next(iter(self._under_way), self._tickets + 1)
        matches: Matches[D, T] = []
        while self._held and (self._held[0].matched or self._held[0].last_ticket < oldest):
            held = self._held.popleft()
            if not held.matched:
                self._forget_held(held)
                matches.append((held.delivery, None))
        return matches

    def _forget_held(self, held: _Received[D]) -> None:
        for form in set(id_forms(held.told.id)):
            _remove(self._held_by_form, form, held)


K = TypeVar("K")
V = TypeVar("V")


def _remove(index: dict[K, list[V]], key: K, value: V) -> None:
    """Take every occurrence of a value out of an index."""
    values = [each for each in index[key] if each is not value and each != value]
    if values:
        index[key] = values
    else:
        del index[key]


def _agrees(candidate: _Candidate) -> bool:
    return candidate.agrees


def _is_exact(candidate: _Candidate) -> bool:
    return candidate.is_exact


def _same_number(one: str, other: str) -> bool:
    """Tell whether two spellings may be of one number: with or without sign, zeros, country."""
    shorter, longer = sorted((one.lstrip("+0"), other.lstrip("+0")), key=len)
    return longer.endswith(shorter) if len(shorter) >= _TELLING else longer == shorter
