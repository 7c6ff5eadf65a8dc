"""SMSCs with one thing wrong each, and the cases that are to find it: no more, and no fewer."""

import asyncio
import itertools
from typing import Any

from telecom.smpp import codec
from telecom.smpp.codec import Undecodable
from telecom.smpp.pdus import (
    RESPONSES,
    Bind,
    BindReceiver,
    BroadcastSm,
    CancelBroadcastSm,
    CancelSm,
    DeliverSm,
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
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
    Unbind,
)
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import CONGESTION_STATE, SC_INTERFACE_VERSION, Tlv
from telecom.sms.receipt import MessageState
from tests.conformance.raw_smsc import Message, RawSmsc, Refused, Session


class LetsAnybodyIn(RawSmsc):
    def authenticate(self, pdu: Bind) -> bool:
        return True


class LetsIgnoreThePassword(RawSmsc):
    def authenticate(self, pdu: Bind) -> bool:
        return pdu.system_id == b"demo"


class BindsTwice(RawSmsc):
    def bind(self, session: Session, pdu: Bind) -> None:
        session.bind = None
        super().bind(session, pdu)


class KnowsNoReceivers(RawSmsc):
    def bind(self, session: Session, pdu: Bind) -> None:
        if isinstance(pdu, BindReceiver):
            self.respond(session, pdu, Status.ESME_RBINDFAIL)
        else:
            super().bind(session, pdu)


class ForgetsItsVersion(RawSmsc):
    def bind_tlvs(self, pdu: Bind) -> tuple[Tlv, ...]:
        return ()


class TellsItsVersionToAll(RawSmsc):
    def bind_tlvs(self, pdu: Bind) -> tuple[Tlv, ...]:
        return (SC_INTERFACE_VERSION(0x50),)


class NumbersItsResponses(RawSmsc):
    """The sequence_number of bind responses is its own."""

    def bind(self, session: Session, pdu: Bind) -> None:
        if pdu.sequence_number != 1:
            pdu = type(pdu)(pdu.system_id, pdu.password, sequence_number=1)
        super().bind(session, pdu)


class SubmitsWithoutABind(RawSmsc):
    def allowed(self, session: Session, pdu: Pdu) -> bool:
        return type(pdu) in self.handlers


class ReceiversSubmit(RawSmsc):
    def allowed(self, session: Session, pdu: Pdu) -> bool:
        return session.bind is not None or super().allowed(session, pdu)


class SaysNothingInTheWrongState(RawSmsc):
    def wrong_state(self, session: Session, pdu: Pdu) -> None:
        """Not a word."""


class UnbindsInSilence(RawSmsc):
    def unbind(self, session: Session, pdu: Unbind) -> None:
        session.writer.close()


class StaysAfterUnbind(RawSmsc):
    def unbind(self, session: Session, pdu: Unbind) -> None:
        self.respond(session, pdu, 0)


class KeepsWhoIsGone(RawSmsc):
    """One place for the account, and a lost connection keeps it."""

    def bind(self, session: Session, pdu: Bind) -> None:
        if self.sessions:
            self.respond(session, pdu, Status.ESME_RBINDFAIL)
        else:
            super().bind(session, pdu)

    def lost(self, session: Session) -> None:
        if session.unbound:
            super().lost(session)

    def unbind(self, session: Session, pdu: Unbind) -> None:
        session.unbound = True
        super().unbind(session, pdu)


class IgnoresEnquireLink(RawSmsc):
    def enquire_link(self, session: Session, pdu: EnquireLink) -> None:
        """Not a word."""


class AnswersEnquireLinkTwice(RawSmsc):
    def enquire_link(self, session: Session, pdu: EnquireLink) -> None:
        for _ in range(2):
            self.send(session, EnquireLinkResp(), pdu.sequence_number)


class ToleratesBadLengths(RawSmsc):
    """It waits for more octets of a PDU whose length cannot be."""

    def bad_length(self, session: Session) -> None:
        """Not a word."""

    async def serve(self, session: Session, reader: asyncio.StreamReader) -> None:
        await super().serve(session, reader)
        if not reader.at_eof():
            await reader.read()


class ReadsOnePduASegment(RawSmsc):
    async def serve(self, session: Session, reader: asyncio.StreamReader) -> None:
        while not session.writer.is_closing() and (data := await reader.read(1 << 16)):
            length = int.from_bytes(data[:4], "big")
            if 16 <= length <= len(data):
                self.take(session, data[:length])


class IgnoresUnknownCommands(RawSmsc):
    def undecodable(self, session: Session, pdu: Undecodable) -> None:
        if pdu.command_status != Status.ESME_RINVCMDID:
            super().undecodable(session, pdu)


class AnswersResponses(RawSmsc):
    def take(self, session: Session, frame: bytes) -> None:
        pdu = codec.decode(frame)
        if pdu.command_id & 0x80000000 and pdu.sequence_number >= 0x5000:
            self.send(session, GenericNack(command_status=3), pdu.sequence_number)
        else:
            super().take(session, frame)


class ReadsBodiesInPart(RawSmsc):
    """A body that ends too soon, or too late, is as good as any."""

    def undecodable(self, session: Session, pdu: Undecodable) -> None:
        response = RESPONSES.get(pdu.command_id, GenericNack)
        status = 0 if pdu.command_id == SubmitSm.command_id else pdu.command_status
        self.send(session, response(command_status=status), pdu.sequence_number)


class AcceptsAnyDestination(RawSmsc):
    def check(self, pdu: Any) -> None:
        self.check_content(pdu)


class ChecksNothing(RawSmsc):
    def check_content(self, pdu: Any) -> None:
        self.check_times(pdu) if isinstance(pdu, SubmitSm) else None


class SendsBodiesWithErrors(RawSmsc):
    def refuse(self, session: Session, request: Pdu, status: int) -> None:
        fields = {"message_id": b"none"} if isinstance(request, SubmitSm) else {}
        self.respond(session, request, status, **fields)


class GivesOneId(RawSmsc):
    def next_id(self, session: Session) -> bytes:
        return b"1"


class IgnoresTimes(RawSmsc):
    def check_times(self, pdu: Any) -> None:
        """All are as good as the other."""


class RefusesUnknownParameters(RawSmsc):
    def check(self, pdu: Any) -> None:
        if any(0x0F00 <= each.tag < 0x4000 or each.tag == 0xFFFF for each in pdu.tlvs):
            raise Refused(Status.ESME_ROPTPARNOTALLWD)
        super().check(pdu)


class KnowsNoDataSm(RawSmsc):
    def allowed(self, session: Session, pdu: Pdu) -> bool:
        return super().allowed(session, pdu) and pdu.command_id != 0x103

    def wrong_state(self, session: Session, pdu: Pdu) -> None:
        if session.bind is not None and pdu.command_id == 0x103:
            self.respond(session, pdu, Status.ESME_RINVCMDID)
        else:
            super().wrong_state(session, pdu)


class NeverReceiptsDataSm(RawSmsc):
    def wants_receipt(self, message: Message, state: MessageState) -> bool:
        return hasattr(message.pdu, "short_message") and super().wants_receipt(message, state)


class HidesFailures(RawSmsc):
    def submit_multi(self, session: Session, pdu: SubmitMulti) -> None:
        self.send(session, SubmitMultiResp(self.next_id(session)), pdu.sequence_number)


class AnswersQueriesOfAnybody(RawSmsc):
    def query(self, session: Session, pdu: QuerySm) -> None:
        response = QuerySmResp(pdu.message_id, b"", MessageState.ENROUTE, 0)
        self.send(session, response, pdu.sequence_number)


class CancelsAnything(RawSmsc):
    def cancel(self, session: Session, pdu: CancelSm) -> None:
        self.respond(session, pdu, 0)


class ReplacesAnything(RawSmsc):
    def replace(self, session: Session, pdu: ReplaceSm) -> None:
        self.respond(session, pdu, 0)


class SendsNoReceipts(RawSmsc):
    def wants_receipt(self, message: Message, state: MessageState) -> bool:
        return False


class SendsReceiptsUnasked(RawSmsc):
    def wants_receipt(self, message: Message, state: MessageState) -> bool:
        return message.pdu.source_addr.isdigit()


class ConfusesTheAddresses(RawSmsc):
    def receipt(self, message: Message, state: MessageState) -> DeliverSm:
        pdu = super().receipt(message, state)
        fields = {name: getattr(pdu, name) for name in pdu.__struct_fields__}
        swapped = {"source_addr": pdu.destination_addr, "destination_addr": pdu.source_addr}
        return DeliverSm(**{**fields, **swapped})


class WritesIdsInDecimal(RawSmsc):
    """In receipts; what it answered to submit_sm was hexadecimal."""

    def next_id(self, session: Session) -> bytes:
        return f"{next(self.ids) + 0xA0000:08x}".encode()

    def receipt(self, message: Message, state: MessageState) -> DeliverSm:
        other = Message(b"%d" % int(message.id, 16), message.pdu, message.destination)
        return super().receipt(other, state)


class LosesWhatIsNotAnswered(RawSmsc):
    def lost(self, session: Session) -> None:
        session.unanswered.clear()
        super().lost(session)


class DeliversToTransmitters(RawSmsc):
    def receiver(self) -> Session | None:
        return next(iter(self.sessions), None)


class CountsFromZero(RawSmsc):
    def bind(self, session: Session, pdu: Bind) -> None:
        session.numbers = itertools.repeat(0)
        super().bind(session, pdu)


class SendsParametersToAll(RawSmsc):
    def for_version(self, session: Session, pdu: DeliverSm) -> DeliverSm:
        return pdu


class InventsTheSender(RawSmsc):
    def arrive(self, message: Message) -> None:
        fields = {
            name: getattr(message.pdu, name) for name in ("source_addr", "registered_delivery")
        }
        self.finish(message, MessageState.DELIVRD)
        if message.destination[2].endswith(b"912"):
            self.deliver(DeliverSm(b"", 1, 1, b"1", 1, 1, fields["source_addr"]))


class LosesSomeResponses(RawSmsc):
    """Every fifteenth of a session."""

    def send(self, session: Session, pdu: Pdu, number: int) -> None:
        if not (isinstance(pdu, SubmitSmResp) and number % 15 == 0):
            super().send(session, pdu, number)


class GivesUpAfterAnError(RawSmsc):
    def refuse(self, session: Session, request: Pdu, status: int) -> None:
        super().refuse(session, request, status)
        session.writer.close()


class BindsOnce(RawSmsc):
    def bind(self, session: Session, pdu: Bind) -> None:
        if self.sessions:
            self.respond(session, pdu, Status.ESME_RALYBND)
        else:
            super().bind(session, pdu)


class IsCongestedBeyondMeasure(RawSmsc):
    def send(self, session: Session, pdu: Pdu, number: int) -> None:
        if isinstance(pdu, SubmitSmResp) and not pdu.command_status:
            pdu = SubmitSmResp(pdu.message_id, tlvs=(CONGESTION_STATE(200),))
        super().send(session, pdu, number)


class BroadcastsAnything(RawSmsc):
    def check_broadcast(self, pdu: BroadcastSm) -> None:
        """All are as good as the other."""


class TellsNoAreas(RawSmsc):
    def query_broadcast(self, session: Session, pdu: QueryBroadcastSm) -> None:
        self.send(session, QueryBroadcastSmResp(message_id=pdu.message_id), pdu.sequence_number)


class CancelsAnyBroadcast(RawSmsc):
    def cancel_broadcast(self, session: Session, pdu: CancelBroadcastSm) -> None:
        self.respond(session, pdu, 0)


class OutbindsWithoutAName(RawSmsc):
    outbind_pdu = Outbind()
