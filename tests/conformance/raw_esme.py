"""A small ESME of its own, right in everything; a broken one is this one with one thing wrong."""

import asyncio
from contextlib import suppress
from itertools import count
from typing import Any, Self

from telecom.smpp import codec
from telecom.smpp.codec import Undecodable
from telecom.smpp.errors import FramingError
from telecom.smpp.pdus import (
    RESPONSES,
    AlertNotification,
    Bind,
    BindResp,
    BindTransceiver,
    DataSm,
    DeliverSm,
    EnquireLink,
    GenericNack,
    Outbind,
    Pdu,
    SubmitSm,
    Unbind,
)
from telecom.smpp.status import CommandStatus as Status
from tests.conformance.raw_smsc import ended

AGAIN = 0.01
"""Seconds until it connects again, and between its messages."""


class RawEsme:
    """Connects, binds and submits for as long as the block runs; whatever ends it, it begins anew.

    After `silence` seconds without a PDU it asks, after twice as many it leaves.
    """

    bind_request: Bind = BindTransceiver(b"demo", b"demo")
    submission = SubmitSm(
        source_addr_ton=1,
        source_addr_npi=1,
        source_addr=b"38591000100",
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr=b"447700900123",
        short_message=b"hello",
    )

    def __init__(self, port: int, *, silence: float | None = None) -> None:
        self.port, self.silence = port, silence
        self.is_bound = False
        self.numbers = count(1)

    async def __aenter__(self) -> Self:
        self.task = asyncio.get_running_loop().create_task(self.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])

    async def run(self) -> None:
        while True:
            with suppress(ConnectionError):
                self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
                try:
                    await self.session()
                finally:
                    await ended(self.writer)
            await asyncio.sleep(AGAIN)

    async def session(self) -> None:
        self.numbers, self.is_bound = count(1), False
        self.framer = codec.Framer(0x20000)
        self.send(self.bind_request)
        submitting = asyncio.get_running_loop().create_task(self.submit())
        try:
            await self.listen()
        finally:
            submitting.cancel()
            await asyncio.wait([submitting])

    async def submit(self) -> None:
        while True:
            await asyncio.sleep(AGAIN)
            if self.is_bound:
                self.send(self.submission)

    async def listen(self) -> None:
        asked = False
        while True:
            try:
                async with asyncio.timeout(self.silence):
                    data = await self.reader.read(1 << 16)
            except TimeoutError:
                if asked:
                    return
                asked = True
                self.send(EnquireLink())
                continue
            asked = False
            if not data or not self.take_all(data):
                return

    def take_all(self, data: bytes) -> bool:
        """Take what a read has brought; tell whether the session goes on."""
        try:
            return all(self.take(codec.decode(frame)) for frame in self.framer.feed(data))
        except FramingError:
            return self.bad_length()

    def bad_length(self) -> bool:
        self.send(GenericNack(command_status=Status.ESME_RINVCMDLEN), 0)
        return False

    def send(self, pdu: Pdu, number: int | None = None) -> None:
        self.writer.write(codec.encode(pdu, next(self.numbers) if number is None else number))

    def respond(self, request: Any, status: int = 0) -> None:
        response = RESPONSES.get(request.command_id, GenericNack)
        self.send(response(command_status=status), request.sequence_number)

    def take(self, pdu: Pdu | Undecodable) -> bool:
        """Take a PDU; tell whether the session goes on."""
        if isinstance(pdu, BindResp):
            return self.bound(pdu)
        if isinstance(pdu, Unbind):
            return self.unbind(pdu)
        if pdu.command_id & 0x80000000:
            self.response(pdu)
        elif isinstance(pdu, Undecodable):
            self.undecodable(pdu)
        elif isinstance(pdu, DeliverSm | DataSm):
            self.deliver(pdu)
        elif isinstance(pdu, EnquireLink):
            self.enquire_link(pdu)
        elif not isinstance(pdu, AlertNotification | Outbind):
            self.wrong_way(pdu)
        return self.is_bound or not isinstance(pdu, GenericNack)

    def bound(self, pdu: BindResp) -> bool:
        self.is_bound = pdu.command_status == Status.ESME_ROK
        return self.is_bound

    def unbind(self, pdu: Unbind) -> bool:
        self.respond(pdu)
        return False

    def undecodable(self, pdu: Undecodable) -> None:
        self.respond(pdu, pdu.command_status)

    def deliver(self, pdu: DeliverSm | DataSm) -> None:
        self.respond(pdu)

    def enquire_link(self, pdu: EnquireLink) -> None:
        self.respond(pdu)

    def wrong_way(self, pdu: Pdu) -> None:
        self.respond(pdu, Status.ESME_RINVBNDSTS)

    def response(self, pdu: Pdu | Undecodable) -> None:
        """Nothing to be done."""
