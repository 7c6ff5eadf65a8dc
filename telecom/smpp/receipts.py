"""Delivery receipts: reading them from a PDU, and finding the message that they are about."""

import re
from collections.abc import Callable, Iterator
from typing import Final, Generic, TypeVar

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


class ReceiptCorrelation(Generic[T, D]):
    """Finds who waits for a receipt, a `T`, by the id that the response to the submit gave.

    A receipt may overtake that response: its delivery, a `D`, is then held until every submit
    that was under way when it came has been answered. Beyond `limit` who has waited longest is
    forgotten, and a delivery is not held.
    """

    def __init__(self, *, forgotten: Callable[[T], None], limit: int = 100_000) -> None:
        self._forgotten = forgotten
        self._limit = limit
        self._tickets = 0
        self._under_way: dict[int, None] = {}
        self._waiting: dict[str, T] = {}
        self._by_loose_id: dict[str, str] = {}
        self._held: list[tuple[int, D, DeliveryReceipt]] = []

    def submitted(self) -> int:
        """Take note of a submit; return the ticket to give to `answered`."""
        self._tickets += 1
        self._under_way[self._tickets] = None
        return self._tickets

    def answered(
        self, ticket: int, message_id: str = "", waiting: T | None = None
    ) -> Matches[D, T]:
        """Take note of a submit's end, and of who waits for the receipts of which message.

        Return the deliveries that were held up to now, each with who waits for it, if anybody.
        """
        self._under_way.pop(ticket, None)
        if waiting is not None:
            self._wait(message_id, waiting)
        held, self._held = self._held, []
        return [match for entry in held for match in self._match(*entry)]

    def received(self, delivery: D, told: DeliveryReceipt) -> Matches[D, T]:
        """Return the delivery with who waits for it, if anybody; nothing while it is held."""
        return self._match(self._tickets, delivery, told)

    def forget_all(self) -> None:
        """Forget all who wait."""
        waiting, self._waiting = self._waiting, {}
        self._by_loose_id.clear()
        for each in waiting.values():
            self._forgotten(each)

    def _wait(self, message_id: str, waiting: T) -> None:
        self._waiting[message_id] = waiting
        self._by_loose_id[loose_id(message_id)] = message_id
        if len(self._waiting) > self._limit:
            self._forgotten(self._take(next(iter(self._waiting))))

    def _take(self, message_id: str) -> T:
        if self._by_loose_id.get(loose_id(message_id)) == message_id:
            del self._by_loose_id[loose_id(message_id)]
        return self._waiting.pop(message_id)

    def _match(self, last_ticket: int, delivery: D, told: DeliveryReceipt) -> Matches[D, T]:
        message_id = self._find(told.id)
        if message_id is not None:
            final = told.stat not in PASSING_STATES
            return [(delivery, self._take(message_id) if final else self._waiting[message_id])]
        oldest = next(iter(self._under_way), last_ticket + 1)
        if oldest <= last_ticket and len(self._held) < self._limit:
            self._held.append((last_ticket, delivery, told))
            return []
        return [(delivery, None)]

    def _find(self, receipted: str) -> str | None:
        """Find the id that a receipt means; peers write it in another base, or lose its zeros."""
        if receipted in self._waiting:
            return receipted
        found = (self._by_loose_id.get(form) for form in id_forms(receipted))
        return next((message_id for message_id in found if message_id is not None), None)


def loose_id(message_id: str) -> str:
    """Return what two ids have in common that differ in case or leading zeros alone."""
    return message_id.lower().lstrip("0")


def id_forms(message_id: str) -> Iterator[str]:
    """Yield the loose forms that an id may have at the other place, response or receipt."""
    yield loose_id(message_id)
    if _HEXADECIMAL.fullmatch(message_id):
        yield str(int(message_id, 16))
    if _DECIMAL.fullmatch(message_id):
        yield f"{int(message_id):x}"
