"""What an ESME sends and gets: a submitted message with its receipts, a delivered one to accept."""

import asyncio

from telecom.net.smpp_link import SmppLink
from telecom.smpp.errors import LocalError
from telecom.smpp.pdus import DataSm, DataSmResp, DeliverSm, DeliverSmResp, SubmitSmResp
from telecom.smpp.short_message import user_data_of
from telecom.smpp.status import CommandStatus
from telecom.sms.receipt import DeliveryReceipt, MessageState
from telecom.sms.user_data import UserData

FutureReceipt = asyncio.Future[DeliveryReceipt]


class Submission:
    """A message that the SMSC has accepted, in one part or several.

    `responses` are those of its parts in order; `receipts` their receipts, where asked for.
    """

    def __init__(self, responses: list[SubmitSmResp], receipts: list[FutureReceipt]) -> None:
        self.responses = responses
        self.receipts = receipts

    @property
    def message_id(self) -> str:
        """The id of the message, of its first part."""
        return self.message_ids[0]

    @property
    def message_ids(self) -> list[str]:
        """The id of each part."""
        return [response.message_id.decode("latin-1") for response in self.responses]

    async def receipt(self) -> DeliveryReceipt:
        """Wait for the last state of every part; return the first part's that was not delivered.

        If all were, it is the last part's. Raises `LocalError` if no receipt was asked for, and
        `LinkClosedError` when the client is closed before it comes.
        """
        if not self.receipts:
            raise LocalError("no receipt was asked for")
        told = await asyncio.gather(*(asyncio.shield(receipt) for receipt in self.receipts))
        failed = (receipt for receipt in told if receipt.stat is not MessageState.DELIVRD)
        return next(failed, told[-1])


class Delivery:
    """A deliver_sm or data_sm of the SMSC: a message of a user, or a `receipt`.

    The SMSC keeps it until it is accepted.
    """

    def __init__(
        self, link: SmppLink, request: DeliverSm | DataSm, receipt: DeliveryReceipt | None
    ) -> None:
        self.request = request
        self.receipt = receipt
        self._link = link
        self._answered = False

    @property
    def source(self) -> str:
        """Who sent it."""
        return self.request.source_addr.decode("latin-1")

    @property
    def destination(self) -> str:
        """Whom it is for."""
        return self.request.destination_addr.decode("latin-1")

    @property
    def user_data(self) -> UserData:
        """What it carries; raises `PduError` if that cannot be read."""
        return user_data_of(self.request)

    @property
    def text(self) -> str:
        """Its text; raises `PduError` if it cannot be read."""
        return self.user_data.text

    async def accept(self) -> None:
        """Tell the SMSC that it has arrived."""
        self.answer(CommandStatus.ESME_ROK)

    async def reject(self, command_status: int = CommandStatus.ESME_RX_T_APPN) -> None:
        """Tell the SMSC that it cannot be taken, by default for the time being."""
        self.answer(command_status)

    def answer(self, command_status: int) -> None:
        """Respond; on a session that is over it has no effect, and the SMSC will send it again.

        Raises `LocalError` the second time.
        """
        if self._answered:
            raise LocalError("a delivery is answered once")
        self._answered = True
        response = DeliverSmResp if isinstance(self.request, DeliverSm) else DataSmResp
        self._link.respond(self.request, response(command_status=command_status))
