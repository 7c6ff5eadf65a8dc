"""SMSCs with one thing wrong that is easily overlooked, and the case that is to find it."""

import asyncio
from struct import pack
from typing import Any

from msgspec.structs import replace

from telecom.smpp import codec
from telecom.smpp.pdus import (
    Bind,
    BindTransmitter,
    BindTransmitterResp,
    CancelSm,
    DeliverSm,
    GenericNack,
    Pdu,
    QueryBroadcastSmResp,
    QuerySmResp,
    ReplaceSm,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
)
from telecom.smpp.status import CommandStatus as Status
from telecom.sms.receipt import MessageState
from tests.conformance.raw_smsc import PASSWORD, SOON, SYSTEM_ID, Message, RawSmsc, Session


class Rewrites(RawSmsc):
    """What it sends is looked at once more."""

    def rewritten(self, pdu: Any) -> Pdu:
        raise NotImplementedError

    def send(self, session: Session, pdu: Pdu, number: int) -> None:
        super().send(session, self.rewritten(pdu), number)


class RefusesBindsByNack(Rewrites):
    def rewritten(self, pdu: Any) -> Pdu:
        refused = "Bind" in type(pdu).__name__ and pdu.command_status
        return GenericNack(command_status=pdu.command_status) if refused else pdu


class RefusesAllAsTransmitters(Rewrites):
    def rewritten(self, pdu: Any) -> Pdu:
        refused = "Bind" in type(pdu).__name__ and pdu.command_status == Status.ESME_RINVPASWD
        return BindTransmitterResp(command_status=pdu.command_status) if refused else pdu


class RefusesMessagesByNack(RawSmsc):
    def refuse(self, session: Session, request: Pdu, status: int) -> None:
        self.send(session, GenericNack(command_status=status), request.sequence_number)


class ReadsTheBeginningOfPasswords(RawSmsc):
    def authenticate(self, pdu: Bind) -> bool:
        return pdu.system_id == SYSTEM_ID and pdu.password.startswith(PASSWORD)


class ReadsTheBeginningOfNames(RawSmsc):
    def authenticate(self, pdu: Bind) -> bool:
        return pdu.system_id.startswith(SYSTEM_ID) and pdu.password == PASSWORD


class KnowsNoCapitals(RawSmsc):
    def authenticate(self, pdu: Bind) -> bool:
        return (pdu.system_id.lower(), pdu.password) == (SYSTEM_ID, PASSWORD)


class UnbindsWhoBindsAgain(RawSmsc):
    """The second bind is refused, and the first forgotten."""

    def bind(self, session: Session, pdu: Bind) -> None:
        bound = session.bind is not None
        super().bind(session, pdu)
        if bound:
            session.bind = None


class BecomesWhatItRefuses(RawSmsc):
    def bind(self, session: Session, pdu: Bind) -> None:
        bound = session.bind is not None
        super().bind(session, pdu)
        if bound:
            session.bind = pdu


class AnswersInGarbage(RawSmsc):
    """The optional parameters of a submit_sm_resp end after the PDU."""

    def send(self, session: Session, pdu: Pdu, number: int) -> None:
        octets = codec.encode(pdu, number)
        if isinstance(pdu, SubmitSmResp):
            octets = pack(">I", len(octets) + 4) + octets[4:] + b"\x04\x24\x7f\xff"
        session.write(octets)


class SaysNothingToMessages(RawSmsc):
    def submit(self, session: Session, pdu: Any) -> None:
        """Not a word."""


class DeliversBeforeTheBind(RawSmsc):
    def bind(self, session: Session, pdu: Bind) -> None:
        if not isinstance(pdu, BindTransmitter) and self.authenticate(pdu):
            waiting, self.waiting = self.waiting, []
            for each in waiting:
                self.send(session, each, next(session.numbers))
        super().bind(session, pdu)


class DeliversWithAStatus(RawSmsc):
    def send(self, session: Session, pdu: Pdu, number: int) -> None:
        octets = codec.encode(pdu, number)
        if isinstance(pdu, DeliverSm):
            octets = octets[:8] + pack(">I", Status.ESME_RSYSERR) + octets[12:]
        session.write(octets)


class DeliversAtOnce(RawSmsc):
    """It knows no schedule."""

    def store(
        self, session: Session, pdu: Any, destination: tuple[int, int, bytes], id_: bytes = b""
    ) -> Message:
        message = super().store(session, pdu, destination, id_)
        if getattr(pdu, "schedule_delivery_time", b""):
            asyncio.get_running_loop().call_later(SOON, self.arrive, message)
        return message


class ReplacesAndDelivers(RawSmsc):
    def replace(self, session: Session, pdu: ReplaceSm) -> None:
        super().replace(session, pdu)
        self.arrive(self.messages[pdu.message_id])


class DeliversForEver(RawSmsc):
    """Whatever an ESME says to a deliver_sm, it comes again."""

    def delivered(self, session: Session, response: Pdu) -> None:
        pdu = session.unanswered.pop(response.sequence_number, None)
        if pdu is not None and response.command_status:
            asyncio.get_running_loop().call_later(SOON, self.deliver, pdu)


class CancelsAllOfASource(RawSmsc):
    def cancel(self, session: Session, pdu: CancelSm) -> None:
        if pdu.message_id:
            super().cancel(session, pdu)
            return
        for message in list(self.messages.values()):
            if message.done is None and message.pdu.source_addr == pdu.source_addr:
                self.finish(message, MessageState.DELETED)
        self.respond(session, pdu, 0)


class ReceiptsWithoutDates(Rewrites):
    def rewritten(self, pdu: Any) -> Pdu:
        if not isinstance(pdu, DeliverSm):
            return pdu
        before, _, after = pdu.short_message.partition(b" submit date:")
        dates = b" submit date:9999999999 done date:9999999999"
        return replace(pdu, short_message=before + dates + after[after.index(b" stat:") :])


class CountsNothingAsDelivered(Rewrites):
    def rewritten(self, pdu: Any) -> Pdu:
        if not isinstance(pdu, DeliverSm):
            return pdu
        return replace(pdu, short_message=pdu.short_message.replace(b"dlvrd:001", b"dlvrd:000"))


class ForgetsTypesOfNumber(Rewrites):
    def rewritten(self, pdu: Any) -> Pdu:
        if not isinstance(pdu, DeliverSm):
            return pdu
        return replace(pdu, source_addr_ton=0, source_addr_npi=0)


class BlamesWhatWaits(Rewrites):
    def rewritten(self, pdu: Any) -> Pdu:
        return replace(pdu, error_code=77) if isinstance(pdu, QuerySmResp) else pdu


class EndsAtNoTime(Rewrites):
    def rewritten(self, pdu: Any) -> Pdu:
        ended = isinstance(pdu, QuerySmResp) and pdu.final_date
        return replace(pdu, final_date=b"x" * 16) if ended else pdu


class NamesNoMessageInPart(Rewrites):
    """Of a submit_multi that failed in part nobody can ask."""

    def rewritten(self, pdu: Any) -> Pdu:
        partly = isinstance(pdu, SubmitMultiResp) and pdu.unsuccess_smes
        return replace(pdu, message_id=b"") if partly else pdu


class TellsAnotherBroadcast(Rewrites):
    def rewritten(self, pdu: Any) -> Pdu:
        return replace(pdu, message_id=b"other") if isinstance(pdu, QueryBroadcastSmResp) else pdu


class NeverReadsSubmitSm(RawSmsc):
    """It knows no submit_sm at all."""

    def allowed(self, session: Session, pdu: Pdu) -> bool:
        return not isinstance(pdu, SubmitSm) and super().allowed(session, pdu)

    def wrong_state(self, session: Session, pdu: Pdu) -> None:
        nack = GenericNack(command_status=Status.ESME_RINVCMDID)
        self.send(session, nack, pdu.sequence_number)
