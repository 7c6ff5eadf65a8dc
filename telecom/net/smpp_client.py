"""An SMPP client: it stays bound, submits as fast as the window lets it, hands over deliveries."""

import asyncio
import random
from collections.abc import AsyncIterator
from functools import partial
from itertools import count
from ssl import SSLContext
from types import TracebackType
from typing import Any, Final, Self

import structlog

from telecom.net.back_off import BackOff
from telecom.net.smpp_link import LinkLimits, SmppLink, TcpCapture
from telecom.net.smpp_message import Delivery, FutureReceipt, Submission
from telecom.net.tasks import spawn
from telecom.smpp.errors import LinkClosedError, PduError, RefusedError, SmppError
from telecom.smpp.pdus import (
    Bind,
    BindTransceiver,
    DataSm,
    DeliverSm,
    Pdu,
    SubmitSm,
    SubmitSmResp,
)
from telecom.smpp.receipts import PASSING_STATES, Matches, ReceiptCorrelation, receipt_of
from telecom.smpp.session import SessionLimits
from telecom.smpp.short_message import content
from telecom.smpp.states import Side
from telecom.smpp.status import CommandStatus
from telecom.sms.address import Address, NumberingPlanIndicator, TypeOfNumber
from telecom.sms.segmentation import split
from telecom.sms.user_data import UserData

RECEIPT_REQUESTED: Final = 0x01
"""registered_delivery: a receipt whatever becomes of the message, SMPP 3.4 5.2.17."""

_log = structlog.get_logger("telecom.smpp")


class _EsmeLink(SmppLink):
    """One connection of a client."""

    def __init__(self, esme: "Esme", limits: LinkLimits, capture: TcpCapture | None) -> None:
        super().__init__(Side.ESME, limits, capture=capture)
        self._esme = esme

    def _requests_received(self, requests: list[Pdu]) -> None:
        for request in requests:
            self._esme.received(self, request)

    def _no_more(self) -> None:
        self._esme.unbound(self)


class Esme:
    """A client of an SMSC, as an asynchronous context: entered it is bound, left it is unbound.

    When the connection is lost it binds again, unless `back_off` is None; what is to be sent waits
    meanwhile. Entering raises `OSError` when there is nobody, `RefusedError` for a refused bind,
    `LinkClosedError` when the peer goes away.
    """

    def __init__(
        self,
        host: str,
        port: int,
        bind: Bind,
        *,
        ssl: SSLContext | None = None,
        limits: LinkLimits | None = None,
        back_off: BackOff | None = None,
        max_deliveries: int = 10_000,
        capture: TcpCapture | None = None,
    ) -> None:
        self._address = (host, port)
        self._ssl = ssl
        self._bind = bind
        self._limits = limits or LinkLimits()
        self._back_off = back_off
        self._max_deliveries = max_deliveries
        self._capture = capture
        self._link: _EsmeLink | None = None
        self._bound = asyncio.Event()
        self._over = False
        self._room = asyncio.Semaphore(self._limits.session.window)
        self._deliveries: asyncio.Queue[Delivery | None] = asyncio.Queue()
        self._receipts: ReceiptCorrelation[FutureReceipt, Delivery] = ReceiptCorrelation(
            forgotten=_give_up
        )
        self._references = count(random.randrange(0x100))  # noqa: S311 - no secret
        self._keeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Connect and bind."""
        await self._connect()
        self._keeper = spawn(self._keep_bound(), name=f"SMPP client of {self._address[0]}")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Unbind and disconnect."""
        await self.close()

    @property
    def is_bound(self) -> bool:
        """Whether it is bound at the moment."""
        return self._bound.is_set() and not self._over

    async def send(self, pdu: Pdu) -> asyncio.Future[Pdu]:
        """Send a request once bound and once the window has room; return its response's future.

        What the future may raise is said by `SmppLink.request`. Raises `LinkClosedError` when the
        client is closed.
        """
        await self._room.acquire()
        try:
            link = await self._bound_link()
        except BaseException:
            self._room.release()
            raise
        future = link.request(pdu)
        future.add_done_callback(self._released)
        return future

    async def request(self, pdu: Pdu) -> Pdu:
        """Send a request and wait for its response, whatever that says."""
        return await (await self.send(pdu))

    async def submit(
        self,
        destination: str | Address,
        message: str | UserData,
        *,
        source: str | Address = "",
        receipt: bool = False,
        **fields: Any,
    ) -> Submission:
        """Submit a message, in several parts if it is long, and wait until it is accepted.

        `fields` are any others of submit_sm. Raises `RefusedError` with the SMSC's status,
        and what the future of `send` may raise.
        """
        pdus = [
            SubmitSm(
                **{
                    **_address_fields("source_addr", source),
                    **_address_fields("destination_addr", destination),
                    **content(part),
                    "registered_delivery": RECEIPT_REQUESTED if receipt else 0,
                    **fields,
                }
            )
            for part in split(message, next(self._references))
        ]
        receipts = [asyncio.get_running_loop().create_future() for _ in pdus if receipt]
        answers = [
            await self._submit(pdu, receipts[index] if receipt else None)
            for index, pdu in enumerate(pdus)
        ]
        return Submission([_accepted(each) for each in await asyncio.gather(*answers)], receipts)

    async def deliveries(self) -> AsyncIterator[Delivery]:
        """Yield what the SMSC delivers, but for the receipts that a submission waits for.

        It ends when the client is closed. What nobody takes is rejected (ESME_RX_T_APPN) once
        there is too much of it.
        """
        while (delivery := await self._deliveries.get()) is not None:
            yield delivery
        self._deliveries.put_nowait(None)

    async def close(self) -> None:
        """Unbind in good order if that can be done in the time of the response timer."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        if self._link is not None and not self._link.closed:
            _, late = await asyncio.wait(
                [spawn(self._link.unbind(), name="unbind")],
                timeout=self._limits.session.response_timer,
            )
            for task in late:
                task.cancel()
                self._link.abort()
        self._end()

    # Links

    async def _connect(self) -> None:
        host, port = self._address
        async with asyncio.timeout(self._limits.session.session_init_timer):
            _, link = await asyncio.get_running_loop().create_connection(
                lambda: _EsmeLink(self, self._limits, self._capture), host, port, ssl=self._ssl
            )
        try:
            _check_bound(await link.request(self._bind))
        except BaseException:
            link.close()
            raise
        self._link = link
        if not link.closed:
            self._bound.set()

    async def _keep_bound(self) -> None:
        while self._link is not None:
            await asyncio.shield(self._link.lost)
            if self._back_off is None:
                self._end()
                return
            await self._connect_again(self._back_off)

    async def _connect_again(self, back_off: BackOff) -> None:
        for delay in back_off.delays():
            await asyncio.sleep(delay)
            try:
                await self._connect()
            except (OSError, SmppError) as error:  # TimeoutError is an OSError
                _log.warning("smpp_connection_failed", address=self._address, error=str(error))
            else:
                return

    async def _bound_link(self) -> SmppLink:
        await self._bound.wait()
        if self._over or self._link is None:
            raise LinkClosedError("the client is closed")
        return self._link

    def unbound(self, link: SmppLink) -> None:
        """Take note that a link of ours takes nothing more."""
        if link is self._link and not self._over:
            self._bound.clear()

    def _end(self) -> None:
        self._over = True
        self._bound.set()  # who waits for it must see that it is over
        self._receipts.forget_all()
        self._deliveries.put_nowait(None)

    # Submissions and deliveries

    def _released(self, _: asyncio.Future[Pdu]) -> None:
        self._room.release()

    async def _submit(self, pdu: Pdu, receipt: FutureReceipt | None) -> asyncio.Future[Pdu]:
        if receipt is None:
            return await self.send(pdu)
        ticket = self._receipts.submitted()
        try:
            answer = await self.send(pdu)
        except BaseException:
            self._hand_over(self._receipts.answered(ticket))
            raise
        answer.add_done_callback(partial(self._submit_answered, ticket, receipt))
        return answer

    def _submit_answered(
        self, ticket: int, receipt: FutureReceipt, answer: asyncio.Future[Pdu]
    ) -> None:
        response = None if answer.cancelled() or answer.exception() else answer.result()
        if isinstance(response, SubmitSmResp) and response.command_status == CommandStatus.ESME_ROK:
            message_id = response.message_id.decode("latin-1")
            self._hand_over(self._receipts.answered(ticket, message_id, receipt))
        else:
            self._hand_over(self._receipts.answered(ticket))

    def received(self, link: SmppLink, request: Pdu) -> None:
        """Take a request of the SMSC."""
        if not isinstance(request, DeliverSm | DataSm):
            _log.debug("smpp_not_used", pdu=type(request).__name__)
            return
        try:
            told = receipt_of(request)
        except PduError as error:
            link.reject(request, error.status)
            return
        delivery = Delivery(link, request, told)
        self._hand_over(
            [(delivery, None)] if told is None else self._receipts.received(delivery, told)
        )

    def _hand_over(self, matches: Matches[Delivery, FutureReceipt]) -> None:
        for delivery, waiting in matches:
            if waiting is not None and delivery.receipt is not None:
                delivery.answer(CommandStatus.ESME_ROK)
                if delivery.receipt.stat not in PASSING_STATES and not waiting.done():
                    waiting.set_result(delivery.receipt)
            elif self._deliveries.qsize() < self._max_deliveries:
                self._deliveries.put_nowait(delivery)
            else:
                delivery.answer(CommandStatus.ESME_RX_T_APPN)


def connect(
    host: str,
    port: int = 2775,
    *,
    system_id: str,
    password: str = "",
    bind: type[Bind] = BindTransceiver,
    system_type: str = "",
    address_range: str = "",
    ssl: SSLContext | None = None,
    limits: SessionLimits | None = None,
    back_off: BackOff | None = BackOff(),  # noqa: B008 - it is immutable
    capture: TcpCapture | None = None,
) -> Esme:
    """Return a client of an SMSC, bound inside its `async with` block."""
    request = bind(
        system_id=system_id.encode("latin-1"),
        password=password.encode("latin-1"),
        system_type=system_type.encode("latin-1"),
        address_range=address_range.encode("latin-1"),
    )
    link = LinkLimits(session=limits or SessionLimits())
    return Esme(host, port, request, ssl=ssl, limits=link, back_off=back_off, capture=capture)


def _address_fields(name: str, address: str | Address) -> dict[str, int | bytes]:
    """Return the three fields of an address; a text with letters is an alphanumeric one."""
    if isinstance(address, str):
        address = _address_of(address)
    kind = name.replace("destination", "dest")
    return {
        f"{kind}_ton": address.ton,
        f"{kind}_npi": address.npi,
        name: address.digits.encode("latin-1"),
    }


def _address_of(text: str) -> Address:
    digits = text.removeprefix("+")
    if digits and not digits.isdecimal():
        return Address.alphanumeric(text)
    if len(digits) < _SHORTEST_NUMBER:
        return Address(digits, TypeOfNumber.UNKNOWN, NumberingPlanIndicator.UNKNOWN)
    return Address(digits)


_SHORTEST_NUMBER: Final = 7
"""Digits of an international number; what has fewer is a short code."""


def _check_bound(response: Pdu) -> None:
    if response.command_status != CommandStatus.ESME_ROK:
        raise RefusedError("the bind", response.command_status)


def _accepted(response: Pdu) -> SubmitSmResp:
    if response.command_status != CommandStatus.ESME_ROK or not isinstance(response, SubmitSmResp):
        raise RefusedError("submit_sm", response.command_status)
    return response


def _give_up(receipt: FutureReceipt) -> None:
    if not receipt.done():
        receipt.set_exception(LinkClosedError("the receipt is not waited for any more"))
        receipt.exception()  # or it would be reported if nobody awaits it
