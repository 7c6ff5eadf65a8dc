"""ESMEs with one thing wrong each."""

import asyncio

from telecom.smpp.codec import Undecodable, encode
from telecom.smpp.pdus import (
    BindResp,
    BindTransceiver,
    BindTransmitter,
    DataSm,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Pdu,
    SubmitSm,
    SubmitSmResp,
    Unbind,
)
from telecom.smpp.receipts import receipt_of
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.tlvs import DEST_ADDR_NP_RESOLUTION, USER_MESSAGE_REFERENCE
from telecom.sms.receipt import MessageState
from tests.conformance.raw_esme import RawEsme


class HasAVersionOfItsOwn(RawEsme):
    bind_request = BindTransceiver(b"demo", b"demo", interface_version=0x41)


class BindsAsSomebodyElse(RawEsme):
    bind_request = BindTransceiver(b"another", b"demo")


class DoesNotWaitForTheResponse(RawEsme):
    async def session(self) -> None:
        asyncio.get_running_loop().call_later(0.02, self.send, self.submission)
        await super().session()


class TakesAnyResponseForAYes(RawEsme):
    def bound(self, pdu: BindResp) -> bool:
        self.is_bound = True
        return True


class NeedsAVersion(RawEsme):
    """Without sc_interface_version it goes away."""

    def bound(self, pdu: BindResp) -> bool:
        return super().bound(pdu) and bool(pdu.tlvs)


class ReadsOnePduASegment(RawEsme):
    def take_all(self, data: bytes) -> bool:
        length = int.from_bytes(data[:4], "big")
        return length < 16 or super().take_all(data[:length])


class IgnoresEnquireLink(RawEsme):
    def enquire_link(self, pdu: EnquireLink) -> None:
        """Not a word."""


class AnswersEnquireLinkByOne(RawEsme):
    def enquire_link(self, pdu: EnquireLink) -> None:
        self.send(EnquireLinkResp(), 1)


class IgnoresUnknownCommands(RawEsme):
    def undecodable(self, pdu: Undecodable) -> None:
        if pdu.command_status != Status.ESME_RINVCMDID:
            super().undecodable(pdu)


class AcceptsBrokenBodies(RawEsme):
    def undecodable(self, pdu: Undecodable) -> None:
        self.respond(pdu, pdu.command_status if pdu.command_id != DeliverSm.command_id else 0)


class AnswersResponses(RawEsme):
    def response(self, pdu: Pdu | Undecodable) -> None:
        if not isinstance(pdu, SubmitSmResp) or pdu.sequence_number >= 0x500:
            self.send(GenericNack(command_status=Status.ESME_RINVCMDID), pdu.sequence_number)


class TakesWhatIsNotForIt(RawEsme):
    def wrong_way(self, pdu: Pdu) -> None:
        self.respond(pdu)


class AnswersNotifications(RawEsme):
    def take(self, pdu: Pdu | Undecodable) -> bool:
        if pdu.command_id == 0x102:
            self.send(GenericNack(command_status=Status.ESME_RINVCMDID), pdu.sequence_number)
            return True
        return super().take(pdu)


class ToleratesBadLengths(RawEsme):
    """It listens on, and hears nothing any more."""

    def bad_length(self) -> bool:
        return True


class UnbindsInSilence(RawEsme):
    def unbind(self, pdu: Unbind) -> bool:
        return False


class NeverComesBack(RawEsme):
    async def run(self) -> None:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            await self.session()
        finally:
            self.writer.close()


class KnowsLatinOnly(RawEsme):
    def deliver(self, pdu: DeliverSm | DataSm) -> None:
        self.respond(pdu, Status.ESME_RX_R_APPN if pdu.data_coding == 8 else 0)


class ReadsReceiptsByTheLetter(RawEsme):
    """It ends at one that is not as appendix B has it."""

    def deliver(self, pdu: DeliverSm | DataSm) -> None:
        told = receipt_of(pdu)
        plain = pdu.esm_class == 4 and (told is None or told.stat is MessageState.UNKNOWN)
        self.respond(pdu, Status.ESME_RX_P_APPN if plain else 0)


class RefusesVendorsParameters(RawEsme):
    def deliver(self, pdu: DeliverSm | DataSm) -> None:
        known = all(each.tag < 0x1400 and each.tag != 0x0F0F for each in pdu.tlvs)
        self.respond(pdu, 0 if known else Status.ESME_ROPTPARNOTALLWD)


class GivesIdsToDeliveries(RawEsme):
    def deliver(self, pdu: DeliverSm | DataSm) -> None:
        if isinstance(pdu, DeliverSm):
            self.send(DeliverSmResp(b"mine"), pdu.sequence_number)
        else:
            super().deliver(pdu)


class AnswersEachMessageOnce(RawEsme):
    """A message that it has had already it does not answer."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.seen: set[bytes] = set()

    def deliver(self, pdu: DeliverSm | DataSm) -> None:
        content = encode(pdu, 1)
        if content not in self.seen:
            self.seen.add(content)
            super().deliver(pdu)


class SubmitsToNobody(RawEsme):
    submission = SubmitSm(source_addr=b"1", short_message=b"hello")


class SubmitsWrongFields(RawEsme):
    submission = SubmitSm(
        dest_addr_ton=9,
        destination_addr=b"447700900123",
        esm_class=0x44,
        priority_flag=9,
        registered_delivery=0xE1,
        replace_if_present_flag=7,
        data_coding=0x0C,
        short_message=b"\x7f",
    )


class SendsParametersToAll(RawEsme):
    submission = SubmitSm(
        destination_addr=b"447700900123",
        short_message=b"hello",
        tlvs=(USER_MESSAGE_REFERENCE(1), DEST_ADDR_NP_RESOLUTION(0)),
    )


class HasOneNumber(RawEsme):
    def send(self, pdu: Pdu, number: int | None = None) -> None:
        super().send(pdu, 1 if number is None else number)


class GivesUpAtAnError(RawEsme):
    def take(self, pdu: Pdu | Undecodable) -> bool:
        failed = isinstance(pdu, SubmitSmResp) and pdu.command_status
        return super().take(pdu) and not failed


class OnlySubmits(RawEsme):
    """A transmitter: nothing is delivered to it."""

    bind_request = BindTransmitter(b"demo", b"demo")


class SubmitsNothing(RawEsme):
    async def submit(self) -> None:
        """Not one."""


class AnswersDataByNack(RawEsme):
    def deliver(self, pdu: DeliverSm | DataSm) -> None:
        if isinstance(pdu, DataSm):
            self.send(GenericNack(command_status=Status.ESME_RINVCMDID), pdu.sequence_number)
        else:
            super().deliver(pdu)
