"""An ESME's session as the pipeline sees it, without a connection."""

import asyncio
from itertools import count
from typing import Any

import msgspec

from telecom.smpp.errors import LinkClosedError
from telecom.smpp.pdus import DataSm, DeliverSm, DeliverSmResp, Pdu, SubmitSm
from telecom.smpp.tlvs import RECEIPTED_MESSAGE_ID
from telecom.smpp.versions import InterfaceVersion
from telecom.sms.receipt import DeliveryReceipt, parse


class Delivery:
    """A deliver_sm that waits for its response."""

    def __init__(self, pdu: DeliverSm, future: "asyncio.Future[Pdu]") -> None:
        self.pdu = pdu
        self._future = future

    def answer(self, command_status: int = 0) -> None:
        self._future.set_result(DeliverSmResp(command_status=command_status))

    def fails(self, error: Exception) -> None:
        self._future.set_exception(error)


class Esme:
    """It submits, and takes what it is delivered; with `takes` off the test answers each."""

    def __init__(
        self, node: Any, system_id: str = "demo", *, receives: bool = True, version: int = 0x34
    ) -> None:
        self.node = node
        self.system_id = system_id
        self.receives = receives
        self.version = InterfaceVersion.of(version)
        self.takes = True
        self.delivered: list[DeliverSm] = []
        self.notified: list[Pdu] = []
        self.unanswered: list[Delivery] = []
        self._responses: dict[int, asyncio.Future[Pdu]] = {}
        self._sequence = count(1)
        self._came = asyncio.Event()

    # what a ServerSession does

    def respond(self, request: Pdu, response: Pdu) -> None:
        self._responses[request.sequence_number].set_result(response)

    def reject(self, request: Pdu, command_status: int) -> None:
        self.respond(request, Pdu(command_status=command_status))

    def request(self, pdu: DeliverSm) -> "asyncio.Future[Pdu]":
        future: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        self.delivered.append(pdu)
        if self.takes:
            future.set_result(DeliverSmResp())
        else:
            self.unanswered.append(Delivery(pdu, future))
        self._came.set()
        return future

    def notify(self, pdu: Pdu) -> None:
        self.notified.append(pdu)
        self._came.set()

    # what a test does

    def send(self, request: Pdu) -> "asyncio.Future[Any]":
        """Ask something of messages; the future's result is the response."""
        future: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        self._responses[request.sequence_number] = future
        self.node.messaging.handlers[type(request)](self, request)
        return future

    def submit_sm(
        self, destination: str, text: str | bytes = "hello", *, receipt: int = 1, **fields: Any
    ) -> SubmitSm:
        values: dict[str, Any] = {"source_addr_ton": 1, "source_addr_npi": 1, "dest_addr_ton": 1}
        values |= {"source_addr": b"38591000100", "registered_delivery": receipt, **fields}
        octets = text.encode() if isinstance(text, str) else text
        return SubmitSm(
            sequence_number=next(self._sequence),
            destination_addr=destination.encode(),
            short_message=octets,
            **values,
        )

    def data_sm(self, destination: str, **fields: Any) -> DataSm:
        values: dict[str, Any] = {"source_addr": b"38591000100", "source_addr_ton": 1}
        return DataSm(
            sequence_number=next(self._sequence),
            destination_addr=destination.encode(),
            dest_addr_ton=1,
            **(values | fields),
        )

    async def asks(self, request: Pdu) -> Any:
        """Ask, with a sequence number, and return the response."""
        numbered = msgspec.structs.replace(request, sequence_number=next(self._sequence))
        async with asyncio.timeout(10):
            return await self.send(numbered)

    async def submits(
        self, destination: str = "447700900123", *text: str | bytes, **fields: Any
    ) -> str:
        """Submit what must be accepted; return the message id."""
        async with asyncio.timeout(5):
            response = await self.send(self.submit_sm(destination, *text, **fields))
        assert response.command_status == 0, hex(response.command_status)
        return str(response.message_id.decode())

    async def status(
        self, destination: str = "447700900123", *text: str | bytes, **fields: Any
    ) -> int:
        """Submit; return the command_status of the response."""
        async with asyncio.timeout(10):
            response = await self.send(self.submit_sm(destination, *text, **fields))
        return int(response.command_status)

    def receipts(self, message_id: str | None = None) -> list[DeliveryReceipt]:
        """Return the receipts that have come, of one message or of all."""
        told = [parse(pdu.short_message) for pdu in self.delivered if pdu.esm_class & 4]
        return [it for it in told if message_id is None or it.id == message_id]

    def receipt_pdu(self, message_id: str) -> DeliverSm:
        (pdu,) = (
            pdu for pdu in self.delivered if RECEIPTED_MESSAGE_ID.of(pdu) == message_id.encode()
        )
        return pdu

    def messages(self) -> list[DeliverSm]:
        """Return what handsets have sent."""
        return [pdu for pdu in self.delivered if not pdu.esm_class & 4]

    async def receipt(self, message_id: str) -> DeliveryReceipt:
        """Wait for the one receipt of a message."""
        await self.until(lambda: bool(self.receipts(message_id)))
        (receipt,) = self.receipts(message_id)
        return receipt

    async def until(self, holds: Any, *, timeout: float = 5) -> None:
        async with asyncio.timeout(timeout):
            while not holds():
                self._came.clear()
                await self._came.wait()

    def unbinds(self) -> None:
        """End the session; what was not answered is not any more."""
        self.node.to_esme.unbound(self)
        for delivery in self.unanswered:
            if not delivery._future.done():
                delivery.fails(LinkClosedError("the session is over"))
