"""A small SMSC of its own, right in everything; each broken one is this one with one thing wrong.

It shares the codec with the tool, and nothing with the stack's own engine and server.
"""

import asyncio
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from ssl import SSLContext
from typing import Any, Self

from telecom.router.times import TimeFormatError, parse_time
from telecom.smpp import codec
from telecom.smpp.codec import Undecodable
from telecom.smpp.errors import FramingError, PduError
from telecom.smpp.pdus import (
    RESPONSES,
    Bind,
    BindReceiver,
    BindTransmitter,
    BroadcastSm,
    BroadcastSmResp,
    CancelBroadcastSm,
    CancelSm,
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    DistributionList,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Outbind,
    Pdu,
    QueryBroadcastSm,
    QueryBroadcastSmResp,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    SmeAddress,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
    UnsuccessSme,
)
from telecom.smpp.short_message import user_data_of
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import (
    BROADCAST_AREA_IDENTIFIER,
    BROADCAST_AREA_SUCCESS,
    BROADCAST_CONTENT_TYPE,
    BROADCAST_FREQUENCY_INTERVAL,
    BROADCAST_REP_NUM,
    MESSAGE_STATE,
    RECEIPTED_MESSAGE_ID,
    SC_INTERFACE_VERSION,
    USER_MESSAGE_REFERENCE,
    Tlv,
)
from telecom.sms.receipt import DeliveryReceipt, MessageState
from telecom.sms.receipt import encode as receipt_text

VERSION = 0x50
SYSTEM_ID, PASSWORD = b"demo", b"demo"
DESTINATION, FAILING, REPLYING = "447700900123", "447700900902", "447700900912"
SOURCE = "38591000100"
SCHEDULED, SUCCESSFUL = 0, 100
SOON = 0.005
PUBLIC = {EnquireLink, GenericNack}
RECEIVING = {*PUBLIC, Unbind, DataSm}
MANDATORY = (
    BROADCAST_AREA_IDENTIFIER,
    BROADCAST_CONTENT_TYPE,
    BROADCAST_REP_NUM,
    BROADCAST_FREQUENCY_INTERVAL,
)


class Refused(Exception):
    def __init__(self, status: int) -> None:
        self.status = status


@dataclass
class Message:
    id: bytes
    pdu: Any
    destination: tuple[int, int, bytes]
    state: int = MessageState.ENROUTE
    done: float | None = None


@dataclass(eq=False)
class Session:
    """One connection, as far as the SMSC knows it."""

    writer: asyncio.StreamWriter
    bind: Bind | None = None
    tries: int = 0
    unbound: bool = False
    is_alive: bool = False
    numbers: Any = field(default_factory=lambda: count(1))
    unanswered: dict[int, DeliverSm] = field(default_factory=dict)

    @property
    def receives(self) -> bool:
        return self.bind is not None and not isinstance(self.bind, BindTransmitter)

    @property
    def version(self) -> int:
        return self.bind.interface_version if self.bind else 0

    def write(self, octets: bytes) -> None:
        if not self.writer.is_closing():
            self.writer.write(octets)


class RawSmsc:
    """Listens on a free port; `port` is where.

    `timer` is how long it waits for a bind, and for a sign of life; `outbind_port` where it
    connects to when there is something for an ESME that is not bound.
    """

    outbind_pdu = Outbind(b"raw", b"secret")

    def __init__(
        self,
        *,
        timer: float | None = None,
        outbind_port: int | None = None,
        tls: SSLContext | None = None,
    ) -> None:
        self.timer, self.outbind_port, self.tls = timer, outbind_port, tls
        self.port = 0
        self.messages: dict[bytes, Message] = {}
        self.sessions: list[Session] = []
        self.waiting: list[DeliverSm] = []
        self.ids = count(1)
        self.tasks: set[asyncio.Task[None]] = set()
        self.handlers: dict[type, Callable[[Session, Any], None]] = {
            SubmitSm: self.submit,
            DataSm: self.submit,
            SubmitMulti: self.submit_multi,
            QuerySm: self.query,
            CancelSm: self.cancel,
            ReplaceSm: self.replace,
            BroadcastSm: self.broadcast,
            QueryBroadcastSm: self.query_broadcast,
            CancelBroadcastSm: self.cancel_broadcast,
            Unbind: self.unbind,
            EnquireLink: self.enquire_link,
            DeliverSmResp: self.delivered,
        }

    async def __aenter__(self) -> Self:
        self.server = await asyncio.start_server(self.accept, "127.0.0.1", 0, ssl=self.tls)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()
        for task in list(self.tasks):
            task.cancel()
        if self.tasks:
            await asyncio.wait(self.tasks)

    # The stream

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        session = Session(writer)
        self.watch(session)
        with suppress(ConnectionError, asyncio.CancelledError):
            await self.serve(session, reader)
        self.lost(session)
        await ended(writer)

    async def serve(self, session: Session, reader: asyncio.StreamReader) -> None:
        framer = codec.Framer(0x20000)
        while not session.writer.is_closing() and (data := await reader.read(1 << 16)):
            try:
                for frame in framer.feed(data):
                    self.take(session, frame)
                    if session.writer.is_closing():
                        return
            except FramingError:
                self.bad_length(session)
                return

    def watch(self, session: Session) -> None:
        if self.timer is not None:
            loop = asyncio.get_running_loop()
            loop.call_later(self.timer, self.timer_went_off, session)
            loop.call_later(2 * self.timer, self.second_timer_went_off, session)

    def timer_went_off(self, session: Session) -> None:
        session.is_alive = False
        if session.bind is None:
            session.writer.close()
        else:
            self.send(session, EnquireLink(), next(session.numbers))

    def second_timer_went_off(self, session: Session) -> None:
        if not session.is_alive:
            session.writer.close()

    async def outbind(self, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(codec.encode(self.outbind_pdu, 1))
        await self.accept(reader, writer)

    def bad_length(self, session: Session) -> None:
        self.send(session, GenericNack(command_status=Status.ESME_RINVCMDLEN), 0)

    def lost(self, session: Session) -> None:
        if session in self.sessions:
            self.sessions.remove(session)
        self.waiting += session.unanswered.values()
        session.unanswered.clear()

    def send(self, session: Session, pdu: Pdu, number: int) -> None:
        session.write(codec.encode(pdu, number))

    def respond(self, session: Session, request: Pdu, status: int, **fields: Any) -> None:
        response = RESPONSES[request.command_id]
        self.send(session, response(command_status=status, **fields), request.sequence_number)

    def take(self, session: Session, frame: bytes) -> None:
        pdu = codec.decode(frame)
        session.is_alive = True
        if pdu.command_id & 0x80000000:
            if isinstance(pdu, DeliverSmResp | GenericNack):
                self.delivered(session, pdu)
        elif isinstance(pdu, Undecodable):
            self.undecodable(session, pdu)
        elif isinstance(pdu, Bind):
            self.bind(session, pdu)
        elif not self.allowed(session, pdu):
            self.wrong_state(session, pdu)
        elif type(pdu) in self.handlers:
            try:
                self.handlers[type(pdu)](session, pdu)
            except Refused as refused:
                self.refuse(session, pdu, refused.status)

    def undecodable(self, session: Session, pdu: Undecodable) -> None:
        response = RESPONSES.get(pdu.command_id, GenericNack)
        self.send(session, response(command_status=pdu.command_status), pdu.sequence_number)

    def refuse(self, session: Session, request: Pdu, status: int) -> None:
        self.respond(session, request, status)

    # The session

    def allowed(self, session: Session, pdu: Pdu) -> bool:
        if session.bind is None:
            return type(pdu) in PUBLIC
        if isinstance(session.bind, BindReceiver):
            return type(pdu) in RECEIVING
        return type(pdu) in self.handlers

    def wrong_state(self, session: Session, pdu: Pdu) -> None:
        if pdu.command_id in RESPONSES:
            self.respond(session, pdu, Status.ESME_RINVBNDSTS)

    def authenticate(self, pdu: Bind) -> bool:
        return (pdu.system_id, pdu.password) == (SYSTEM_ID, PASSWORD)

    def bind(self, session: Session, pdu: Bind) -> None:
        if session.bind is not None:
            self.respond(session, pdu, Status.ESME_RALYBND)
        elif not self.authenticate(pdu):
            session.tries += 1
            self.respond(session, pdu, Status.ESME_RINVPASWD)
            if session.tries >= 5:
                session.writer.close()
        else:
            session.bind = pdu
            self.respond(session, pdu, 0, system_id=b"raw", tlvs=self.bind_tlvs(pdu))
            self.sessions.append(session)
            self.deliver_waiting()

    def bind_tlvs(self, pdu: Bind) -> tuple[Tlv, ...]:
        if pdu.interface_version < 0x34:
            return ()
        return (SC_INTERFACE_VERSION(VERSION),)

    def unbind(self, session: Session, pdu: Unbind) -> None:
        self.send(session, UnbindResp(), pdu.sequence_number)
        session.writer.close()

    def enquire_link(self, session: Session, pdu: EnquireLink) -> None:
        self.send(session, EnquireLinkResp(), pdu.sequence_number)

    # Submission

    def check(self, pdu: Any) -> None:
        if not pdu.destination_addr.isdigit():
            raise Refused(Status.ESME_RINVDSTADR)
        self.check_content(pdu)

    def check_content(self, pdu: Any) -> None:
        if not isinstance(pdu, SubmitMulti):
            with_error(lambda: user_data_of(pdu))
        if isinstance(pdu, DataSm):
            return
        if pdu.priority_flag > 4:
            raise Refused(Status.ESME_RINVPRTFLG)
        self.check_times(pdu)

    def check_times(self, pdu: Any) -> None:
        now = time.time()
        for octets, status in (
            (pdu.schedule_delivery_time, Status.ESME_RINVSCHED),
            (pdu.validity_period, Status.ESME_RINVEXPIRY),
        ):
            try:
                at = parse_time(octets.decode("latin-1"), now)
            except TimeFormatError:
                raise Refused(status) from None
            if at is not None and at < now and status == Status.ESME_RINVEXPIRY:
                raise Refused(status)

    def next_id(self, session: Session) -> bytes:
        return f"{next(self.ids):08x}".encode()

    def submit(self, session: Session, pdu: SubmitSm | DataSm) -> None:
        self.check(pdu)
        if session.version < VERSION and len(getattr(pdu, "short_message", b"")) > 254:
            raise Refused(Status.ESME_RINVMSGLEN)
        message = self.store(session, pdu, address_of(pdu))
        response = SubmitSmResp if isinstance(pdu, SubmitSm) else DataSmResp
        self.send(session, response(message_id=message.id), pdu.sequence_number)

    def store(
        self, session: Session, pdu: Any, destination: tuple[int, int, bytes], id_: bytes = b""
    ) -> Message:
        message = Message(id_ or self.next_id(session), pdu, destination)
        self.messages[message.id] = message
        if getattr(pdu, "schedule_delivery_time", b""):
            message.state = SCHEDULED if session.version >= VERSION else MessageState.ENROUTE
        else:
            asyncio.get_running_loop().call_later(SOON, self.arrive, message)
        return message

    def submit_multi(self, session: Session, pdu: SubmitMulti) -> None:
        if not pdu.dest_addresses:
            raise Refused(Status.ESME_RINVNUMDESTS)
        self.check_content(pdu)
        message_id, failed = self.next_id(session), []
        for part in pdu.dest_addresses:
            if isinstance(part, DistributionList):
                raise Refused(Status.ESME_RINVDLNAME)
            if part.destination_addr.isdigit():
                address = (part.dest_addr_ton, part.dest_addr_npi, part.destination_addr)
                self.store(session, pdu, address, message_id)
            else:
                failed.append(unsuccessful(part))
        response = SubmitMultiResp(message_id, tuple(failed))
        self.send(session, response, pdu.sequence_number)

    # What comes of it

    def arrive(self, message: Message) -> None:
        fails = message.destination[2] == FAILING.encode()
        self.finish(message, MessageState.UNDELIV if fails else MessageState.DELIVRD)
        if message.destination[2] == REPLYING.encode():
            source = message.pdu.source_addr
            self.deliver(DeliverSm(b"", 1, 1, REPLYING.encode(), 1, 1, source, short_message=b"re"))

    def finish(self, message: Message, state: MessageState) -> None:
        message.state, message.done = state, time.time()
        if self.wants_receipt(message, state):
            self.deliver(self.receipt(message, state))

    def wants_receipt(self, message: Message, state: MessageState) -> bool:
        delivered = state is MessageState.DELIVRD
        return (message.pdu.registered_delivery & 3) in ((1, 3) if delivered else (1, 2))

    def receipt(self, message: Message, state: MessageState) -> DeliverSm:
        ton, npi, digits = message.destination
        pdu = message.pdu
        now = datetime.now(UTC)
        delivered = int(state is MessageState.DELIVRD)
        told = DeliveryReceipt(message.id.decode(), state, 1, delivered, now, now)
        reference = tuple(each for each in pdu.tlvs if each.tag == USER_MESSAGE_REFERENCE.tag)
        return DeliverSm(
            source_addr_ton=ton,
            source_addr_npi=npi,
            source_addr=digits,
            dest_addr_ton=pdu.source_addr_ton,
            dest_addr_npi=pdu.source_addr_npi,
            destination_addr=pdu.source_addr,
            esm_class=4,
            short_message=receipt_text(told),
            tlvs=(RECEIPTED_MESSAGE_ID(message.id), MESSAGE_STATE(state), *reference),
        )

    def deliver(self, pdu: DeliverSm) -> None:
        self.waiting.append(pdu)
        self.deliver_waiting()

    def receiver(self) -> Session | None:
        return next((each for each in self.sessions if each.receives), None)

    def deliver_waiting(self) -> None:
        session = self.receiver()
        if session is None:
            if self.waiting and self.outbind_port is not None:
                port, self.outbind_port = self.outbind_port, None
                self.tasks.add(asyncio.get_running_loop().create_task(self.outbind(port)))
            return
        waiting, self.waiting = self.waiting, []
        for pdu in waiting:
            number = next(session.numbers)
            session.unanswered[number] = pdu
            self.send(session, self.for_version(session, pdu), number)

    def for_version(self, session: Session, pdu: DeliverSm) -> DeliverSm:
        if session.version >= 0x34:
            return pdu
        fields = {name: getattr(pdu, name) for name in pdu.__struct_fields__}
        return DeliverSm(**{**fields, "tlvs": ()})

    def delivered(self, session: Session, response: Pdu) -> None:
        pdu = session.unanswered.pop(response.sequence_number, None)
        if pdu is not None and response.command_status == Status.ESME_RX_T_APPN:
            asyncio.get_running_loop().call_later(SOON, self.deliver, pdu)

    # Stored messages

    def found(self, pdu: Any, failure: int) -> Message:
        message = self.messages.get(pdu.message_id)
        if message is None or message.pdu.source_addr != pdu.source_addr:
            raise Refused(failure)
        return message

    def pending(self, pdu: Any, failure: int) -> Message:
        message = self.found(pdu, failure)
        if message.done is not None:
            raise Refused(failure)
        return message

    def query(self, session: Session, pdu: QuerySm) -> None:
        message = self.found(pdu, Status.ESME_RQUERYFAIL)
        at = time.strftime("%y%m%d%H%M%S000+", time.gmtime(message.done)) if message.done else ""
        response = QuerySmResp(message.id, at.encode(), message.state, 0)
        self.send(session, response, pdu.sequence_number)

    def cancel(self, session: Session, pdu: CancelSm) -> None:
        if pdu.message_id:
            messages = [self.pending(pdu, Status.ESME_RCANCELFAIL)]
        else:
            messages = [
                each
                for each in self.messages.values()
                if each.done is None
                and each.pdu.source_addr == pdu.source_addr
                and each.destination[2] == pdu.destination_addr
            ]
        for message in messages:
            self.finish(message, MessageState.DELETED)
        self.respond(session, pdu, 0)

    def replace(self, session: Session, pdu: ReplaceSm) -> None:
        self.check_times(pdu)
        self.pending(pdu, Status.ESME_RREPLACEFAIL)
        self.respond(session, pdu, 0)

    # Cell broadcast

    def broadcast(self, session: Session, pdu: BroadcastSm) -> None:
        self.check_broadcast(pdu)
        message = Message(self.next_id(session), pdu, (0, 0, b""), SCHEDULED)
        self.messages[message.id] = message
        self.send(session, BroadcastSmResp(message_id=message.id), pdu.sequence_number)

    def check_broadcast(self, pdu: BroadcastSm) -> None:
        values = {each.tag: each.value for each in pdu.tlvs}
        if any(kind.tag not in values for kind in MANDATORY):
            raise Refused(Status.ESME_RMISSINGOPTPARAM)
        if values[BROADCAST_AREA_IDENTIFIER.tag][0] > 2:
            raise Refused(Status.ESME_RINVBCASTAREAFMT)

    def query_broadcast(self, session: Session, pdu: QueryBroadcastSm) -> None:
        message = self.found(pdu, Status.ESME_RBCASTQUERYFAIL)
        areas = [each for each in message.pdu.tlvs if each.tag == BROADCAST_AREA_IDENTIFIER.tag]
        tlvs = (MESSAGE_STATE(message.state), *areas, BROADCAST_AREA_SUCCESS(SUCCESSFUL))
        response = QueryBroadcastSmResp(message_id=message.id, tlvs=tlvs)
        self.send(session, response, pdu.sequence_number)

    def cancel_broadcast(self, session: Session, pdu: CancelBroadcastSm) -> None:
        self.pending(pdu, Status.ESME_RBCASTCANCELFAIL).done = time.time()
        self.respond(session, pdu, 0)


async def ended(writer: asyncio.StreamWriter) -> None:
    """Close, and wait until it is."""
    writer.close()
    with suppress(OSError, asyncio.CancelledError, TimeoutError):
        async with asyncio.timeout(1):
            await writer.wait_closed()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def address_of(pdu: Any) -> tuple[int, int, bytes]:
    return pdu.dest_addr_ton, pdu.dest_addr_npi, pdu.destination_addr


def unsuccessful(part: SmeAddress) -> UnsuccessSme:
    address = (part.dest_addr_ton, part.dest_addr_npi, part.destination_addr)
    return UnsuccessSme(*address, Status.ESME_RINVDSTADR)


def with_error(read: Callable[[], Any]) -> None:
    try:
        read()
    except PduError as error:
        raise Refused(error.status) from None
