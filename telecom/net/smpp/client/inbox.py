"""What the SMSC sends to a client: receipts find their submissions, all else waits to be taken."""

import asyncio
from functools import partial

from telecom.net.smpp.client.joiner import Joiner
from telecom.net.smpp.client.message import Delivery, Part, PartReceipt
from telecom.net.smpp.link import SmppLink
from telecom.smpp.errors import LinkClosedError, PduError
from telecom.smpp.pdus import DataSm, DeliverSm, MessageResp, Pdu
from telecom.smpp.receipts import Matches, ReceiptCorrelation, is_last, receipt_of
from telecom.smpp.short_message import UDHI, user_data_of
from telecom.smpp.status import CommandStatus

_GIVEN_UP = "the client is closed, or too many receipts are waited for: this one is not any more"


class Inbox:
    """Deliveries that wait to be taken, at most `limit`; who waits for which receipt.

    A delivery too many is rejected with ESME_RX_T_APPN: the SMSC keeps it, and the link goes on.
    """

    def __init__(self, *, limit: int, unanswered: int, join: bool) -> None:
        self._limit = limit
        self._unanswered = unanswered
        self._deliveries: asyncio.Queue[Delivery | None] = asyncio.Queue()
        self._correlation: ReceiptCorrelation[PartReceipt, Delivery] = ReceiptCorrelation(
            forgotten=_give_up
        )
        self._joiner = Joiner(self._keep) if join else None
        self._timer: asyncio.TimerHandle | None = None
        self._ended = False

    async def take(self) -> Delivery | None:
        """Wait for a delivery; None once the client is closed and all has been taken."""
        delivery = await self._deliveries.get()
        if delivery is None:
            self._deliveries.put_nowait(None)
        return delivery

    def end(self) -> None:
        """Take no more; who waits for a receipt is told with a `LinkClosedError`."""
        self._correlation.forget_all()
        if self._timer is not None:
            self._timer.cancel()
        if self._joiner is not None:
            self._joiner.end()
        self._deliveries.put_nowait(None)
        self._ended = True

    # Receipts

    def await_receipt(self, answer: asyncio.Future[Pdu], waiting: PartReceipt, number: str) -> None:
        """Take note of a message on its way to a number, of which somebody awaits the receipt."""
        ticket = self._correlation.submitted()
        answer.add_done_callback(partial(self._answered, ticket, waiting, number))

    def _answered(
        self, ticket: int, waiting: PartReceipt, number: str, answer: asyncio.Future[Pdu]
    ) -> None:
        response = None if answer.cancelled() or answer.exception() else answer.result()
        if isinstance(response, MessageResp) and response.command_status == CommandStatus.ESME_ROK:
            message_id = response.message_id.decode("latin-1")
            matches = self._correlation.answered(ticket, message_id, waiting, destination=number)
        else:
            matches = self._correlation.answered(ticket)
        self._hand_over(matches)
        if self._ended:
            self._correlation.forget_all()

    # Deliveries

    def receive(self, link: SmppLink, request: DeliverSm | DataSm) -> None:
        """Take a delivery of the SMSC."""
        part = Part(link, request)
        if self._ended:
            part.answer(CommandStatus.ESME_RX_T_APPN)
            return
        try:
            told = receipt_of(request)
        except PduError as error:
            part.answer(error.status)
            return
        if told is not None:
            source = request.source_addr.decode("latin-1")
            delivery, last = Delivery([part], told), is_last(request, told)
            matches = self._correlation.received(delivery, told, source=source, last=last)
            if not matches:
                # held until a submit is answered: an SMSC may want our answer before that
                part.answer(CommandStatus.ESME_ROK)
            self._hand_over(matches)
        elif self._joiner is None or not self._joined(self._joiner, part):
            self._keep(Delivery([part]))

    def _joined(self, joiner: Joiner, part: Part) -> bool:
        """Give what is a part of a message to the joiner."""
        request = part.request
        if not (request.esm_class & UDHI or request.tlvs):
            return False
        try:
            user_data = user_data_of(request)
        except PduError:
            return False  # who takes it will see what is wrong
        place = user_data.concatenation
        if place is None or place.total == 1:
            return False
        joiner.add(part, user_data, place, asyncio.get_running_loop().time())
        self._set_timer(joiner)
        return True

    def _hand_over(self, matches: Matches[Delivery, PartReceipt]) -> None:
        for delivery, waiting in matches:
            if waiting is None or delivery.receipt is None:
                self._keep(delivery)
            else:
                delivery.answer(CommandStatus.ESME_ROK)
                last = is_last(delivery.request, delivery.receipt)
                waiting.receipts.receive(waiting.part, delivery.receipt, last=last)

    def _keep(self, delivery: Delivery) -> None:
        full = (
            self._deliveries.qsize() >= self._limit or delivery.link.unanswered > self._unanswered
        )
        if full and delivery.is_kept_by_smsc:
            delivery.answer(CommandStatus.ESME_RX_T_APPN)
        else:
            self._deliveries.put_nowait(delivery)

    # The one timer

    def _set_timer(self, joiner: Joiner) -> None:
        due = joiner.next_timer()
        if self._timer is not None:
            if due is not None and self._timer.when() <= due:
                return
            self._timer.cancel()
            self._timer = None
        if due is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(due, self._timer_went_off, joiner)

    def _timer_went_off(self, joiner: Joiner) -> None:
        self._timer = None
        joiner.handle_timer(asyncio.get_running_loop().time())
        self._set_timer(joiner)


def _give_up(waiting: PartReceipt) -> None:
    waiting.receipts.give_up(LinkClosedError(_GIVEN_UP))
