"""Messages from handsets to a service centre: MO-ForwardSM, TS 29.002 12.2 and 23.2."""

from functools import partial
from itertools import count
from typing import Final

from hlr_sim.handset import Handsets, ReceivedMessage, SentMessage
from hlr_sim.primitives import Outgoing, Send
from hlr_sim.subscribers import Population, Subscriber
from telecom.sms.address import Address, TypeOfNumber
from telecom.sms.data_coding import data_coding_scheme
from telecom.sms.segmentation import split
from telecom.sms.tpdu import SmsSubmit, encode_tpdu
from telecom.ss7.map.contexts import SHORT_MSG_MO_RELAY_V3
from telecom.ss7.map.messages import AddressString, MoForwardSmArg, SmRpDa, SmRpOa
from telecom.ss7.sccp.address import SccpAddress, SubsystemNumber

REPLY_PREFIX: Final = "re: "


class MobileOriginated:
    """Sends what handsets write, the segments of a message one after the other."""

    def __init__(self, *, population: Population, handsets: Handsets, send: Send) -> None:
        self._population = population
        self._handsets = handsets
        self._send = send
        self._reference = count(1)

    def submit(
        self,
        subscriber: Subscriber,
        destination: Address,
        text: str,
        *,
        service_centre: str,
        now: float,
    ) -> SentMessage:
        """Send a text of any length; raises `SmsError` for what no short message can carry."""
        reference = next(self._reference)
        segments = split(text, reference)
        tpdus = [
            encode_tpdu(
                SmsSubmit(
                    destination_address=destination,
                    user_data=segment,
                    message_reference=(reference + index) % 256,
                    data_coding_scheme=data_coding_scheme(segment.alphabet),
                )
            )
            for index, segment in enumerate(segments)
        ]
        message = self._handsets.send(
            subscriber.msisdn,
            destination,
            text,
            service_centre=service_centre,
            segments=len(tpdus),
            now=now,
        )
        self._forward(subscriber, message, tpdus, now)
        return message

    def reply(self, subscriber: Subscriber, message: ReceivedMessage, now: float) -> None:
        """Answer a text the way the magic number 912 does, unless its sender is only a name."""
        if message.text is None or message.originator.ton == TypeOfNumber.ALPHANUMERIC:
            return
        self.submit(
            subscriber,
            message.originator,
            REPLY_PREFIX + message.text,
            service_centre=message.service_centre,
            now=now,
        )

    def _forward(
        self, subscriber: Subscriber, message: SentMessage, tpdus: list[bytes], now: float
    ) -> None:
        msc = self._population.serving_msc(subscriber)
        outgoing = Outgoing(
            context=SHORT_MSG_MO_RELAY_V3,
            argument=MoForwardSmArg(
                sm_rp_da=SmRpDa(service_centre_address_da=AddressString(message.service_centre)),
                sm_rp_oa=SmRpOa(msisdn=AddressString(subscriber.msisdn)),
                sm_rp_ui=tpdus[message.accepted],
                imsi=subscriber.imsi,
            ),
            called=SccpAddress.of_gt(message.service_centre, SubsystemNumber.MSC),
            calling=SccpAddress.of_gt(msc, SubsystemNumber.MSC),
            done=partial(self._done, subscriber, message, tpdus),
        )
        self._send(outgoing, now)

    def _done(
        self,
        subscriber: Subscriber,
        message: SentMessage,
        tpdus: list[bytes],
        failure: str | None,
        now: float,
    ) -> None:
        if failure is not None:
            message.failure = failure
            return
        message.accepted += 1
        if message.accepted < len(tpdus):
            self._forward(subscriber, message, tpdus, now)
