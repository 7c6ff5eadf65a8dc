"""What upstreams deliver: receipts of our messages, and messages of end users.

Each is acknowledged once Redis has what it says, or what came of it.
"""

from functools import partial
from typing import Final
from zlib import crc32

import msgspec
import structlog

from telecom.gateway.clock import Clock
from telecom.gateway.delivery.receipts import Receipts
from telecom.gateway.inbound.mobile_originated import MobileOriginated, Received
from telecom.gateway.metrics import Metrics
from telecom.gateway.upstream.ends import UpstreamEnds, Waiting
from telecom.net.smpp.client.message import Delivery
from telecom.router.failures import NETWORK_OF_THE_SMSC
from telecom.smpp import codec, tlvs
from telecom.smpp.pdus import DataSm, DeliverSm
from telecom.smpp.receipts import is_last
from telecom.smpp.short_message import DELIVERY_RECEIPT, INTERMEDIATE_NOTIFICATION, MESSAGE_TYPE
from telecom.smpp.status import CommandStatus
from telecom.sms.receipt import DeliveryReceipt
from telecom.store.micro_batch import MicroBatch
from telecom.store.outbox import Outbox
from telecom.store.records import Message, OutboxItem, Taken
from telecom.store.upstream import (
    LONGEST_ID,
    Found,
    Told,
    UpstreamMessages,
    UpstreamReceipt,
)

_BATCH: Final = 256
_RECEIPT_TYPES: Final = (DELIVERY_RECEIPT, INTERMEDIATE_NOTIFICATION)
_LARGEST_ERROR: Final = 999
"""The `err:` of a receipt has three digits, SMPP 3.4 appendix B."""

_log = structlog.get_logger("telecom.gateway.upstream")


class _Receipt(msgspec.Struct, frozen=True):
    """A receipt on its way into Redis; `swapped` is it with its two addresses exchanged."""

    delivery: Delivery
    told: UpstreamReceipt
    swapped: UpstreamReceipt


class FromUpstream:
    """Takes what comes over the binds of all upstreams."""

    def __init__(
        self,
        store: UpstreamMessages,
        ends: UpstreamEnds,
        receipts: Receipts,
        *,
        outbox: Outbox,
        mobile_originated: MobileOriginated,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._store = store
        self._ends = ends
        self._written = receipts
        self._outbox = outbox
        self._mobile_originated = mobile_originated
        self._metrics = metrics
        self._clock = clock
        self._is_closed = False
        self._receipts = MicroBatch(self._find, _BATCH, failed=self._not_found)

    def received(self, upstream: str, delivery: Delivery) -> None:
        """Take a delivery of an upstream."""
        if self._is_closed:
            self._answer(delivery, "node stops", CommandStatus.ESME_RX_T_APPN)
            return
        try:
            self._take(upstream, delivery)
        except Exception:  # noqa: BLE001 - those behind it must be taken, and the link is to stay
            _log.exception("delivery_not_taken", upstream=upstream)
            self._answer(delivery, "not taken", CommandStatus.ESME_RX_P_APPN)

    def _take(self, upstream: str, delivery: Delivery) -> None:
        if delivery.receipt is not None:
            self._receipt(upstream, delivery, delivery.receipt)
        elif delivery.request.esm_class & MESSAGE_TYPE in _RECEIPT_TYPES:
            self._answer(delivery, "receipt not understood")  # it would be no other the next time
            _log.warning("receipt_not_understood", upstream=upstream)
        else:
            self._message(upstream, delivery)

    def close(self) -> None:
        """Take no more: another node gets it, or this one when it is back."""
        self._is_closed = True

    async def drain(self) -> None:
        """Wait until all so far has been answered, but for receipts that have ended a message."""
        await self._receipts.drain()
        await self._mobile_originated.drain()

    # Receipts

    def _receipt(self, upstream: str, delivery: Delivery, receipt: DeliveryReceipt) -> None:
        if len(receipt.id) > LONGEST_ID:
            self._answer(delivery, "receipt not understood")
            return
        told = UpstreamReceipt(
            upstream,
            number=_number(delivery.source),
            upstream_id=receipt.id,
            told=_told(delivery, receipt),
            is_final=is_last(delivery.request, receipt),
        )
        swapped = msgspec.structs.replace(told, number=_number(delivery.destination))
        self._receipts.add(_Receipt(delivery, told, swapped))

    async def _find(self, receipts: list[_Receipt]) -> None:
        now = self._clock.wall()
        found = await self._store.told([receipt.told for receipt in receipts], now)
        unknown = [place for place, about in enumerate(found) if about is None]
        if unknown:
            others = await self._store.told([receipts[place].swapped for place in unknown], now)
            for place, about in zip(unknown, others, strict=True):
                found[place] = about
        await self._act(list(zip(receipts, found, strict=True)))

    async def _act(self, found: list[tuple[_Receipt, Found | None]]) -> None:
        """Act on receipts and answer them; nothing is answered before Redis has all of it."""
        notices, ends, done = [], [], []
        for receipt, about in found:
            if about is None or about.message is None:
                done.append((receipt, "early receipt" if about is None else "late receipt"))
            elif receipt.told.is_final:
                ends.append(self._end(receipt, about.message, about.told))
            else:
                notices += self._notice(receipt, about.message)
                done.append((receipt, "intermediate receipt"))
        if notices:
            await self._outbox.put(notices, self._clock.wall())
        await self._ends.end_if_told(ends)
        for receipt, what in done:
            self._answer(receipt.delivery, what)

    def _end(self, receipt: _Receipt, message: Message, told: Told | None) -> Waiting:
        return Waiting(
            receipt.told.upstream,
            Taken(message, ""),
            then=partial(self._answer, receipt.delivery, "receipt"),
            parts=[told] if len(message.segments) == 1 else None,
        )

    def _notice(self, receipt: _Receipt, message: Message) -> list[OutboxItem]:
        """Return what the sender is told of a state that others follow, once of each."""
        told = receipt.told
        state = told.told.state
        return [
            OutboxItem(
                f"notice:{message.id}:{told.upstream_id}:{state.name}",
                message.account,
                message.destination,
                body,
            )
            for body in self._written.of_passing_state(message, state, now=self._clock.wall())
        ]

    def _not_found(self, receipts: list[_Receipt], error: Exception) -> None:
        """Have the upstream send them again."""
        _log.error("receipts_not_recorded", count=len(receipts), error=str(error))
        for receipt in receipts:
            self._answer(receipt.delivery, "not stored", CommandStatus.ESME_RX_T_APPN)

    # Messages of end users

    def _message(self, upstream: str, delivery: Delivery) -> None:
        number, destination = _number(delivery.source), _number(delivery.destination)
        body = codec.encode(_deliver_sm(delivery.request))
        received = Received(
            number=number,
            destination=destination,
            body=body,
            identity=f"mo:{upstream}:{number}:{destination}:{crc32(body):08x}",
            operator=upstream,
        )
        answer = partial(self._stored, delivery)
        if not self._mobile_originated.take(received, answer):
            self._answer(delivery, "nobody's number", CommandStatus.ESME_RX_R_APPN)

    def _stored(self, delivery: Delivery, is_stored: bool) -> bool:
        """Tell the upstream; return whether the connection is still there to tell it over."""
        is_there = not delivery.link.closed
        if is_stored:
            self._answer(delivery, "message")
        else:
            self._answer(delivery, "not stored", CommandStatus.ESME_RX_T_APPN)
        return is_there

    def _answer(
        self, delivery: Delivery, what: str, status: CommandStatus = CommandStatus.ESME_ROK
    ) -> None:
        self._metrics.count("from_upstream", what)
        delivery.answer(status)


def _number(address: str) -> str:
    """Return the digits of an international number, however an upstream marks it as one."""
    return address.removeprefix("+").removeprefix("00")


def _told(delivery: Delivery, receipt: DeliveryReceipt) -> Told:
    done_at = receipt.done_date.timestamp() if receipt.done_date else 0.0
    network_error = tlvs.NETWORK_ERROR_CODE.of(delivery.request)
    if network_error is not None:
        error, network = network_error.error_code, network_error.network_type
    else:
        error = int(receipt.err) if receipt.err.isascii() and receipt.err.isdecimal() else 0
        network = NETWORK_OF_THE_SMSC
    return Told(receipt.stat, min(error, _LARGEST_ERROR), network, done_at)


def _deliver_sm(request: DeliverSm | DataSm) -> DeliverSm:
    """Return what an account is delivered of a request: all that it says of the message."""
    if isinstance(request, DeliverSm):
        return msgspec.structs.replace(request, sequence_number=0)
    return DeliverSm(
        service_type=request.service_type,
        source_addr_ton=request.source_addr_ton,
        source_addr_npi=request.source_addr_npi,
        source_addr=request.source_addr[:_LONGEST_ADDRESS],
        dest_addr_ton=request.dest_addr_ton,
        dest_addr_npi=request.dest_addr_npi,
        destination_addr=request.destination_addr[:_LONGEST_ADDRESS],
        esm_class=request.esm_class,
        registered_delivery=request.registered_delivery,
        data_coding=request.data_coding,
        tlvs=request.tlvs,
    )


_LONGEST_ADDRESS: Final = 20
"""A deliver_sm has no more characters in an address, SMPP 3.4 5.2.8; a data_sm may have 64."""
