"""The bench for an SMSC under test: we are its ESMEs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

from telecom.conformance.case import CannotRun, CaseFailed, Remark
from telecom.conformance.recording import Recording
from telecom.conformance.smpp.connection import Connection, Manners, acceptance, names_of, refusal
from telecom.conformance.smpp.probes import PROBES
from telecom.conformance.smpp.settings import Settings
from telecom.conformance.smpp.wire import Received
from telecom.smpp.errors import PduError
from telecom.smpp.pdus import (
    RESPONSES,
    Bind,
    BindTransceiver,
    DataSm,
    DeliverSm,
    Pdu,
    SmeAddress,
    SubmitMulti,
    SubmitSm,
)
from telecom.smpp.receipts import id_forms, loose_id, receipt_of
from telecom.smpp.tlvs import MESSAGE_PAYLOAD
from telecom.sms.receipt import DeliveryReceipt

TEXT = b"conformance"
"""What messages say; in the default alphabet of any SMSC, and no receipt."""
HOUR_AHEAD = b"000000010000000R"
"""A schedule_delivery_time, SMPP 3.4 7.1.1: whatever is to be done to it, it is pending still."""


class SmscUnderTest:
    """Makes connections to an SMSC, binds, and gives cases right PDUs to start from."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._connections: list[Connection] = []
        self._remarks: list[Remark] = []
        self._lacks: dict[str, str] = {}
        self._manners = Manners()
        self.recording = self.begin()

    # What runs the cases

    def begin(self) -> Recording:
        """Make ready for a case."""
        self.recording = Recording(
            asyncio.get_running_loop().time, hidden=self.settings.password.encode("latin-1")
        )
        return self.recording

    async def require(self, need: str) -> None:
        """Find out, once a run, whether the SMSC or the options have what a case needs."""
        if need not in self._lacks:
            try:
                await PROBES[need](self)
                self._lacks[need] = ""
            except CaseFailed as failed:
                self._lacks[need] = f"it needs {need}: {failed}"
            except CannotRun as missing:
                self._lacks[need] = str(missing)
            finally:
                await self._close_all()
        if self._lacks[need]:
            raise CannotRun(self._lacks[need])

    async def end(self) -> tuple[Remark, ...]:
        """Leave the SMSC as the case has found it."""
        await self._close_all()
        remarks, self._remarks = self._remarks, []
        return tuple(remarks)

    async def _close_all(self) -> None:
        """Close in good order, lest the account's places stay taken."""
        connections, self._connections = self._connections, []
        for connection in connections:
            await connection.leave()

    # Connections

    async def connect(self, *, tls: bool = True) -> Connection:
        """Connect; without `tls`, in clear where the others are not."""
        settings = self.settings
        context = settings.tls if tls else None
        try:
            async with asyncio.timeout(settings.timeout * 2):
                reader, writer = await asyncio.open_connection(
                    settings.host, settings.port, ssl=context
                )
        except OSError as error:  # a TimeoutError is one
            reason = error.strerror or type(error).__name__
            raise CaseFailed("a connection", reason) from None
        return self.adopt(reader, writer)

    @asynccontextmanager
    async def outbound(self) -> AsyncIterator[Callable[[], Awaitable[Connection]]]:
        """Listen for the SMSC; what is yielded waits for its connection."""
        arrived: asyncio.Queue[Connection] = asyncio.Queue()
        server = await asyncio.start_server(
            lambda reader, writer: arrived.put_nowait(self.adopt(reader, writer)),
            self.settings.host,
            self.settings.outbind_port,
        )

        async def waiting() -> Connection:
            try:
                async with asyncio.timeout(self.settings.patience):
                    return await arrived.get()
            except TimeoutError:
                raise CaseFailed("a connection of the SMSC", "none") from None

        try:
            yield waiting
        finally:
            server.close()

    async def pause(self) -> None:
        """Let what has been sent go out as a segment of its own."""
        await asyncio.sleep(0.02)

    def adopt(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Connection:
        """Take a connection, made by either side, for this case."""
        connection = Connection(
            reader,
            writer,
            self.recording,
            number=len(self._connections) + 1,
            timeout=self.settings.timeout,
            manners=self._manners,
        )
        self._connections.append(connection)
        return connection

    async def bound(self, kind: type[Bind] = BindTransceiver, **changes: Any) -> Connection:
        """Connect and bind."""
        connection = await self.connect()
        await self.bind_on(connection, self.bind(kind, **changes))
        return connection

    async def bind_on(self, connection: Connection, pdu: Bind, number: int | None = None) -> Pdu:
        """Bind on a connection that is there, and return the response."""
        response = await connection.ask(pdu, number)
        acceptance(response, RESPONSES[pdu.command_id])
        connection.is_bound = True
        return cast("Pdu", response.pdu)

    # Right PDUs, with the fields that a case is about

    def bind(self, kind: type[Bind] = BindTransceiver, **changes: Any) -> Bind:
        """Make a bind request of the account."""
        settings = self.settings
        fields: dict[str, Any] = {
            "system_id": settings.system_id.encode("latin-1"),
            "password": settings.password.encode("latin-1"),
            "system_type": settings.system_type.encode("latin-1"),
            "interface_version": settings.version,
        }
        return kind(**{**fields, **changes})

    def submit(self, **changes: Any) -> SubmitSm:
        """Make a submit_sm that the SMSC accepts."""
        return SubmitSm(**{**self.addresses(), "short_message": TEXT, **changes})

    def data(self, **changes: Any) -> DataSm:
        """Make a data_sm that the SMSC accepts."""
        return DataSm(**{**self.addresses(), "tlvs": (MESSAGE_PAYLOAD(TEXT),), **changes})

    def multi(self, *destinations: str, **changes: Any) -> SubmitMulti:
        """Make a submit_multi to some numbers."""
        parts = tuple(
            SmeAddress(*address_fields("destination_addr", number).values())
            for number in destinations
        )
        fields = {
            **address_fields("source_addr", self.settings.source),
            "dest_addresses": parts,
            "short_message": TEXT,
        }
        return SubmitMulti(**{**fields, **changes})

    def addresses(self, destination: str | None = None) -> dict[str, Any]:
        """Return the fields of the source and of the destination."""
        number = self.settings.destination if destination is None else destination
        return {
            **address_fields("source_addr", self.settings.source),
            **address_fields("destination_addr", number),
        }

    # What cases say about what came

    def remark(self, expected: str, got: object) -> None:
        """Say that the peer does what it may, but should not."""
        self._remarks.append(Remark(expected, str(got)))

    def refused(self, response: Received | None, *statuses: int) -> None:
        """See that a request was refused; another status than these is worth a remark.

        None is a connection that was closed instead, worth a remark too.
        """
        if response is None:
            self.remark(names_of(statuses) or "an error status", "the connection was closed")
            return
        refusal(response)
        if statuses and response.command_status not in statuses:
            self.remark(names_of(statuses), response)

    async def accepted(self, connection: Connection, pdu: Pdu) -> bytes:
        """Submit, and see that it is accepted; return the message_id."""
        response = await connection.ask(pdu)
        acceptance(response, RESPONSES[pdu.command_id])
        return getattr(response.pdu, "message_id", b"")

    async def stored(self, connection: Connection, **changes: Any) -> tuple[SubmitSm, bytes]:
        """Submit a message that stays pending; return it and its message_id."""
        pdu = self.submit(**{"schedule_delivery_time": HOUR_AHEAD, **changes})
        return pdu, await self.accepted(connection, pdu)

    async def receipt(self, connection: Connection, message_id: bytes) -> Received:
        """Wait for the receipt of a message, in whatever form it gives the id."""
        forms = set(id_forms(message_id.decode("latin-1")))

        def fits(pdu: Received) -> bool:
            told = _told(pdu)
            return told is not None and loose_id(told.id) in forms

        what = f"a receipt of {message_id.decode('latin-1')}"
        return await connection.expect(what, fits, timeout=self.settings.patience)

    async def either(self, connection: Connection, pdu: Pdu | bytes, *statuses: int) -> Received:
        """See that a request is accepted, or refused with one of these statuses."""
        response = await connection.ask(pdu)
        if response.command_status and response.command_status not in statuses:
            self.remark(f"ESME_ROK, or {names_of(statuses)}", response)
        return response


def _told(pdu: Received) -> DeliveryReceipt | None:
    if not isinstance(pdu.pdu, DeliverSm | DataSm):
        return None
    try:
        return receipt_of(pdu.pdu)
    except PduError:
        return None


def address_fields(name: str, number: str) -> dict[str, Any]:
    """Return the three fields of an address: international where it has the length for it."""
    prefix = name.replace("destination", "dest")
    digits = number.removeprefix("+")
    if not digits.isdecimal():
        ton, npi = (5, 0) if digits else (0, 0)
    else:
        ton, npi = (1, 1) if len(digits) > 6 else (0, 1)
    return {f"{prefix}_ton": ton, f"{prefix}_npi": npi, name: digits.encode("latin-1")}
