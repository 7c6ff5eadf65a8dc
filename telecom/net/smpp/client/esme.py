"""An SMPP client: it stays bound, submits as fast as the SMSC lets it, hands over deliveries."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from ssl import SSLContext
from types import TracebackType
from typing import Any, Self

import msgspec
import structlog

from telecom.net.back_off import BackOff
from telecom.net.smpp.client.binding import StandingBinding
from telecom.net.smpp.client.calls import Calls, accepted
from telecom.net.smpp.client.gate import Gate
from telecom.net.smpp.client.inbox import Inbox
from telecom.net.smpp.client.link import Dialler, EsmeLink, Links, LinkSettings
from telecom.net.smpp.client.message import Delivery, PartReceipt, Receipts, Submission
from telecom.net.smpp.client.outbind import OutbindListener
from telecom.net.smpp.client.pdus import (
    LongMessages,
    Message,
    Options,
    Time,
    Writer,
    address_of,
    long_messages,
    octets,
)
from telecom.net.smpp.link import Address as Host
from telecom.net.smpp.link import LinkLimits, TcpCapture
from telecom.net.smpp.tls import client_context
from telecom.smpp import codec, tlvs
from telecom.smpp.errors import LinkClosedError, LocalError
from telecom.smpp.limits import SessionLimits
from telecom.smpp.pdus import (
    Bind,
    BindReceiver,
    BindTransceiver,
    DataSm,
    DataSmResp,
    DeliverSm,
    Outbind,
    Pdu,
    SubmitSm,
    SubmitSmResp,
)
from telecom.smpp.versions import InterfaceVersion
from telecom.sms.address import Address

_log = structlog.get_logger("telecom.smpp")


class EsmeSettings(msgspec.Struct, frozen=True):
    """How a client behaves; see `telecom.connect`."""

    back_off: BackOff | None = BackOff()
    rate: float | None = None
    long: LongMessages = LongMessages.UDH
    join: bool = True
    wait: bool = True
    max_deliveries: int = 1000
    unanswered: int = 4000
    """Deliveries that are not answered yet, a long one as several; one too many is rejected."""
    closing: float = 10.0
    """How long unbinding in good order may take, seconds."""
    on_notification: Callable[[Pdu], None] | None = None


class Esme(Calls):
    """A client of an SMSC, as an asynchronous context: entered it is bound, left it is unbound.

    When the connection is lost it binds again, unless `back_off` is None; what has not been sent
    waits meanwhile. Entering raises `OSError` when there is nobody, `RefusedError` for a refused
    bind, `LinkClosedError` when the peer goes away.
    """

    def __init__(self, links: Links, settings: EsmeSettings) -> None:
        super().__init__(Writer(settings.long))
        self._settings = settings
        self._gate = Gate(settings.rate)
        self._inbox = Inbox(
            limit=settings.max_deliveries, unanswered=settings.unanswered, join=settings.join
        )
        self._binding = StandingBinding(
            links,
            self._gate,
            back_off=settings.back_off,
            received=self._received,
            ended=self._inbox.end,
        )

    async def __aenter__(self) -> Self:
        """Connect and bind."""
        await self._binding.open(wait=self._settings.wait)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Unbind and disconnect."""
        await self.close()

    async def close(self) -> None:
        """Unbind in good order if that can be done in time, and disconnect."""
        await self._binding.close(self._settings.closing)

    # What it is

    @property
    def is_bound(self) -> bool:
        """Whether it is bound at the moment."""
        return self._binding.is_bound

    async def bound(self) -> None:
        """Wait until it is bound; raises `LinkClosedError` when the client is closed."""
        if not await self._binding.bound():
            raise LinkClosedError("the client is closed")

    @property
    def addresses(self) -> Sequence[Host]:
        """Where it connects to; where it listens, if it waits for an outbind."""
        return self._binding.links.addresses

    @property
    def version(self) -> InterfaceVersion | None:
        """What it and the SMSC speak; None before it was ever bound."""
        return None if self._binding.link is None else self._binding.link.version

    @property
    def congestion(self) -> int | None:
        """What the SMSC last said of its congestion, 0 to 100 (SMPP 5.0 4.8.4.18)."""
        return None if self._binding.link is None else self._binding.link.peer_congestion

    # Any request

    async def send(self, pdu: Pdu) -> asyncio.Future[Pdu]:
        """Send a request once it may go out; return its response's future.

        That is the fast way: what comes back is the response whatever it says, and many may be
        under way. What the future may raise is said by `SmppLink.request`: with `LinkClosedError`
        and `NoResponseError` it is unknown whether the SMSC did what was asked. Raises
        `LinkClosedError` when the client is closed.
        """
        link = self._gate.at_once() or await self._gate.turn()
        return link.request(pdu)

    # Messages

    async def submit(
        self,
        /,
        destination: str | Address,
        message: Message,
        *,
        source: str | Address = "",
        receipt: bool = False,
        long: LongMessages | str | None = None,
        data_coding: int | None = None,
        schedule: Time = None,
        validity: Time = None,
        **fields: Any,
    ) -> Submission:
        """Submit a message, in several parts if it is long, and wait until it is accepted.

        `fields` are any others of submit_sm. If a part is refused, those before it have been sent.
        """
        options = Options(receipt, long, data_coding, schedule, validity, fields)
        pdus = self._writer.submit_sm(destination, message, source, options)
        if receipt or len(pdus) > 1:
            number = address_of(destination)[2].decode("latin-1")
            return await self._submit(pdus, number, receipt=receipt)
        link = self._gate.at_once() or await self._gate.turn()
        return Submission((accepted(await link.request(pdus[0]), SubmitSmResp),), None)

    async def data(
        self,
        /,
        destination: str | Address,
        message: Message,
        *,
        source: str | Address = "",
        receipt: bool = False,
        data_coding: int | None = None,
        **fields: Any,
    ) -> Submission:
        """Send a message as data_sm, whole, and wait until it is accepted."""
        options = Options(receipt, None, data_coding, fields=fields)
        pdu = self._writer.data_sm(destination, message, source, options)
        number = address_of(destination)[2].decode("latin-1")
        return await self._submit([pdu], number, receipt=receipt)

    async def _submit(
        self, pdus: Sequence[SubmitSm | DataSm], number: str, *, receipt: bool
    ) -> Submission:
        receipts = Receipts(len(pdus)) if receipt else None
        answers: list[asyncio.Future[Pdu]] = []
        try:
            for part, pdu in enumerate(pdus):
                link = self._gate.at_once() or await self._gate.turn()
                _check_speaks(link, pdu)
                answers.append(link.request(pdu))
                if receipts is not None:
                    self._inbox.await_receipt(answers[-1], PartReceipt(receipts, part), number)
        except BaseException:
            for answer in answers:
                answer.add_done_callback(_ignore)
            raise
        responses = await asyncio.gather(*answers)
        expected = SubmitSmResp if isinstance(pdus[0], SubmitSm) else DataSmResp
        return Submission([accepted(each, expected) for each in responses], receipts)

    # What the SMSC delivers

    async def deliveries(self) -> AsyncIterator[Delivery]:
        """Yield what the SMSC delivers, but for the receipts that a submission waits for.

        It ends when the client is closed. What nobody takes is rejected (ESME_RX_T_APPN) once
        there is too much of it.
        """
        while (delivery := await self._inbox.take()) is not None:
            yield delivery

    async def delivery(self, timeout: float | None = None) -> Delivery:
        """Wait for one delivery.

        Raises `TimeoutError` after so many seconds, `LinkClosedError` when the client is closed.
        """
        try:
            async with asyncio.timeout(timeout):
                delivery = await self._inbox.take()
        except TimeoutError:
            raise TimeoutError(f"nothing was delivered within {timeout:g} s") from None
        if delivery is None:
            raise LinkClosedError("the client is closed")
        return delivery

    def _received(self, link: EsmeLink, requests: list[Pdu]) -> None:
        for request in requests:
            if isinstance(request, DeliverSm | DataSm):
                self._inbox.receive(link, request)
            else:
                self._notified(request)

    def _notified(self, pdu: Pdu) -> None:
        try:
            if self._settings.on_notification is not None:
                self._settings.on_notification(pdu)
        except Exception:  # noqa: BLE001 - whatever it is, the link goes on
            _log.exception("smpp_notification_failed", pdu=type(pdu).__name__)


def connect(
    host: str,
    port: int = 2775,
    *,
    system_id: str,
    password: str = "",
    bind: type[Bind] = BindTransceiver,
    system_type: str = "",
    address_range: str = "",
    others: Sequence[Host] = (),
    ssl: SSLContext | bool | None = None,
    version: InterfaceVersion = InterfaceVersion.V34,
    assumed_version: InterfaceVersion | None = None,
    window: int | None = None,
    rate: float | None = None,
    long: LongMessages | str = LongMessages.UDH,
    join: bool = True,
    wait: bool = True,
    max_deliveries: int = EsmeSettings().max_deliveries,
    closing: float | None = None,
    on_notification: Callable[[Pdu], None] | None = None,
    limits: SessionLimits | None = None,
    back_off: BackOff | None = BackOff(),  # noqa: B008 - it is immutable
    capture: TcpCapture | None = None,
) -> Esme:
    """Return a client of an SMSC, bound inside its `async with` block.

    With `ssl` it connects by TLS: True checks the certificate as browsers do, a context of
    `telecom.net.smpp.tls.client_context` as it says. It tries `host` first, then the `others`,
    whenever it connects; without `wait` the block begins at once, and what is sent waits. An SMSC
    that does not say which version it speaks knows no optional parameters (SMPP 3.4 5.3.2.25),
    unless `assumed_version` says better. `window` is how many requests may await their responses,
    `rate` how many a second go out; an SMSC that says that it is congested (5.0) gets fewer.
    `long` is how long messages go, `join` whether those that are delivered in parts are made
    whole, `closing` how many seconds unbinding may take (the response timer's if not said).
    `on_notification` is called with what is neither message nor receipt, such as
    alert_notification. Raises `LocalError` for what SMPP cannot carry.
    """
    request = _bind(bind, version, system_id, password, system_type, address_range)
    if version is InterfaceVersion.V33 and bind is BindTransceiver:
        raise LocalError("SMPP 3.3 has no transceiver: bind as a transmitter or as a receiver")
    context = client_context() if ssl is True else ssl or None
    link = LinkSettings(
        request, _limits(limits, version, assumed_version, window), context, capture
    )
    settings = EsmeSettings(
        back_off=back_off,
        rate=rate,
        long=long_messages(long),
        join=join,
        wait=wait,
        max_deliveries=max_deliveries,
        closing=link.limits.session.response_timer if closing is None else closing,
        on_notification=on_notification,
    )
    return Esme(Dialler([(host, port), *others], link), settings)


def await_outbind(
    host: str,
    port: int = 2775,
    *,
    smsc_system_id: str,
    smsc_password: str,
    system_id: str,
    password: str = "",
    bind: type[Bind] = BindReceiver,
    ssl: SSLContext | None = None,
    version: InterfaceVersion = InterfaceVersion.V34,
    limits: SessionLimits | None = None,
    capture: TcpCapture | None = None,
    **settings: Any,
) -> Esme:
    """Return a client that listens until its SMSC connects and asks it to bind (outbind).

    Who does not give the SMSC's system_id and password is not bound to. `settings` are those of
    `EsmeSettings`; entering the block waits for the SMSC, unless `wait` is False. Raises
    `LocalError` for what SMPP cannot carry.
    """
    request = _bind(bind, version, system_id, password, "", "")
    smsc = Outbind(octets(smsc_system_id, "a system_id"), octets(smsc_password, "a password"))
    link = LinkSettings(request, _limits(limits, version, None, None), ssl, capture)
    closing = link.limits.session.response_timer
    return Esme(
        OutbindListener((host, port), smsc, link), EsmeSettings(closing=closing, **settings)
    )


def _bind(bind: type[Bind], version: InterfaceVersion, *texts: str) -> Bind:
    names = ("system_id", "password", "system_type", "address_range")
    fields: dict[str, Any] = {
        name: octets(text, name) for name, text in zip(names, texts, strict=True)
    }
    request = bind(**fields, interface_version=version)
    codec.encode(request)  # what does not fit is told now
    return request


def _limits(
    limits: SessionLimits | None,
    version: InterfaceVersion,
    assumed: InterfaceVersion | None,
    window: int | None,
) -> LinkLimits:
    asked = {"version": version, "assumed_version": assumed, "window": window}
    given = {name: value for name, value in asked.items() if value is not None}
    return LinkLimits(session=msgspec.structs.replace(limits or SessionLimits(), **given))


def _check_speaks(link: EsmeLink, pdu: Pdu) -> None:
    """See that what makes parts a message is not left out for an SMSC of 3.3."""
    if link.version is InterfaceVersion.V33 and tlvs.SAR_MSG_REF_NUM.of(pdu) is not None:
        raise LocalError(
            "the SMSC has not said that it knows optional parameters: send long messages by"
            " 'udh', or assume SMPP 3.4"
        )


def _ignore(answer: asyncio.Future[Pdu]) -> None:
    """Take the outcome of a part that nobody waits for."""
    if not answer.cancelled():
        answer.exception()
