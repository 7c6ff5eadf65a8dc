"""What an ESME sends and gets: a submitted message with its receipts, a delivered one to accept."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from telecom.net.smpp.link import SmppLink
from telecom.smpp.errors import LocalError, SmppError
from telecom.smpp.pdus import DataSm, DataSmResp, DeliverSm, DeliverSmResp, MessageResp
from telecom.smpp.short_message import user_data_of
from telecom.smpp.status import CommandStatus, status_name
from telecom.smpp.tlv_structures import BroadcastAreaIdentifier
from telecom.sms.receipt import DeliveryReceipt, MessageState
from telecom.sms.user_data import UserData

_MOST_HEARD: Final = 1000
"""How many receipts of one message are kept until somebody asks for them."""


class Receipts:
    """The receipts of a message's parts, as they come."""

    def __init__(self, parts: int) -> None:
        self._last: list[DeliveryReceipt | None] = [None] * parts
        self._heard: deque[DeliveryReceipt] = deque(maxlen=_MOST_HEARD)
        self._count = 0
        self._error: SmppError | None = None
        self._changed: asyncio.Future[None] | None = None

    def receive(self, part: int, receipt: DeliveryReceipt, *, last: bool) -> None:
        """Take a receipt of a part; `last` is one that no other may follow."""
        self._heard.append(receipt)
        self._count += 1
        if last:
            self._last[part] = receipt
        self._wake()

    def give_up(self, error: SmppError) -> None:
        """Wait for no more of them."""
        self._error = error
        self._wake()

    async def last(self) -> list[DeliveryReceipt]:
        """Wait for the last receipt of every part."""
        while None in self._last:
            await self._change()
        return [receipt for receipt in self._last if receipt is not None]

    async def all(self) -> AsyncIterator[DeliveryReceipt]:
        """Yield every receipt, of any part, up to the last of all parts."""
        told = 0
        while True:
            told = max(told, self._count - len(self._heard))
            while told < self._count:
                told += 1
                yield self._heard[told - 1 - self._count]
            if None not in self._last:
                return
            await self._change()

    async def _change(self) -> None:
        if self._error is not None:
            raise self._error
        if self._changed is None:
            self._changed = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._changed)

    def _wake(self) -> None:
        changed, self._changed = self._changed, None
        if changed is not None:
            changed.set_result(None)


class PartReceipt(NamedTuple):
    """Who waits for the receipt of one part."""

    receipts: Receipts
    part: int


class Submission:
    """A message that the SMSC has accepted, in one part or several.

    `responses` are those of its parts, in order.
    """

    __slots__ = ("_receipts", "responses")

    def __init__(self, responses: Sequence[MessageResp], receipts: Receipts | None) -> None:
        self.responses = responses
        self._receipts = receipts

    @property
    def message_id(self) -> str:
        """The id of the message, of its first part."""
        return self.responses[0].message_id.decode("latin-1")

    @property
    def message_ids(self) -> list[str]:
        """The id of each part."""
        return [response.message_id.decode("latin-1") for response in self.responses]

    async def receipt(self, timeout: float | None = None) -> DeliveryReceipt:
        """Wait for the last state of every part; return the first part's that was not delivered.

        If all were, it is the last part's. Raises `TimeoutError` after so many seconds,
        `LocalError` if no receipt was asked for, and `LinkClosedError` when the client is closed
        before it comes.
        """
        try:
            async with asyncio.timeout(timeout):
                told = await self._asked_for().last()
        except TimeoutError:
            raise TimeoutError(f"no receipt within {timeout:g} s; it may still come") from None
        failed = (receipt for receipt in told if receipt.stat is not MessageState.DELIVRD)
        return next(failed, told[-1])

    def updates(self) -> AsyncIterator[DeliveryReceipt]:
        """Yield every receipt as it comes, intermediate notifications too, up to the last one.

        Raises as `receipt` does.
        """
        return self._asked_for().all()

    def _asked_for(self) -> Receipts:
        if self._receipts is None:
            raise LocalError("no receipt was asked for; submit with receipt=True")
        return self._receipts


class Failure(msgspec.Struct, frozen=True):
    """A destination of a submit_multi that failed; `status` is its error_status_code."""

    destination: str
    status: int

    @property
    def status_name(self) -> str:
        """The name of the status."""
        return status_name(self.status)


class MultiSubmission(msgspec.Struct, frozen=True):
    """What came of a submit_multi: the id of each part, and the destinations that failed.

    Their receipts all have this id, so they come by `deliveries()`, each from its number.
    """

    message_ids: tuple[str, ...]
    unsuccessful: tuple[Failure, ...]

    @property
    def message_id(self) -> str:
        """The id of the message, of its first part."""
        return self.message_ids[0]


class MessageStatus(msgspec.Struct, frozen=True):
    """What query_sm tells, SMPP 3.4 4.8.2.

    `final_date` is None while there is no last state; `state` is a number where SMPP has no name.
    """

    message_id: str
    state: MessageState | int
    final_date: datetime | None
    error_code: int


class AreaStatus(msgspec.Struct, frozen=True):
    """An area of a broadcast, and the share of it that was reached, in percent, where known."""

    area: BroadcastAreaIdentifier
    reached: int | None


class BroadcastStatus(msgspec.Struct, frozen=True):
    """What query_broadcast_sm tells, SMPP 5.0 4.6.1.3."""

    message_id: str
    state: MessageState | int
    areas: tuple[AreaStatus, ...]


class Part:
    """A deliver_sm or data_sm of the SMSC that is answered once."""

    __slots__ = ("answered", "link", "request")

    def __init__(self, link: SmppLink, request: DeliverSm | DataSm) -> None:
        self.link = link
        self.request = request
        self.answered = False

    def answer(self, command_status: int) -> None:
        """Respond, unless that has been done."""
        if not self.answered:
            self.answered = True
            response = DeliverSmResp if isinstance(self.request, DeliverSm) else DataSmResp
            self.link.respond(self.request, response(command_status=command_status))


class Delivery:
    """A message of a user or a `receipt`, as the SMSC delivers it, in one part or several.

    The SMSC keeps it until it is accepted.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        receipt: DeliveryReceipt | None = None,
        *,
        joined: UserData | None = None,
        rejected: Callable[[Sequence[Part]], None] | None = None,
    ) -> None:
        self.receipt = receipt
        self._parts = parts
        self._joined = joined
        self._rejected = rejected
        self._answered = False

    @property
    def request(self) -> DeliverSm | DataSm:
        """What the SMSC has sent, the first part of it."""
        return self._parts[0].request

    @property
    def link(self) -> SmppLink:
        """How it has come."""
        return self._parts[0].link

    @property
    def requests(self) -> list[DeliverSm | DataSm]:
        """All parts in order."""
        return [part.request for part in self._parts]

    @property
    def is_kept_by_smsc(self) -> bool:
        """Whether the SMSC still has it, or a part of it, and sends that again if rejected."""
        return not all(part.answered for part in self._parts)

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
        """What it carries, all parts together; raises `PduError` if that cannot be read."""
        return self._joined or user_data_of(self.request)

    @property
    def text(self) -> str:
        """Its text; raises `PduError` if it cannot be read."""
        return self.user_data.text

    async def accept(self) -> None:
        """Tell the SMSC that it has arrived, every part of it."""
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
        if command_status != CommandStatus.ESME_ROK and self._rejected is not None:
            self._rejected(self._parts)
        for part in self._parts:
            part.answer(command_status)
