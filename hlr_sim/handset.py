"""Handsets: the messages they got, whole and as text, and those they sent."""

from collections import deque
from typing import Final

import msgspec

from telecom.sms.address import Address
from telecom.sms.alphabets import Alphabet
from telecom.sms.segmentation import Reassembler
from telecom.sms.tpdu import SmsDeliver, decode_tpdu

MESSAGES_PER_HANDSET: Final = 100
"""How many messages of each kind one handset keeps; the oldest goes first."""


class ReceivedMessage(msgspec.Struct, frozen=True, gc=False):
    """A whole message as it arrived at a handset at the time `at`, from `originator`.

    `octets` are those of an 8 bit message, which has no `text`.
    """

    originator: Address
    text: str | None
    octets: bytes | None
    segments: int
    data_coding_scheme: int
    protocol_identifier: int
    service_centre: str
    at: float


class SentMessage(msgspec.Struct, gc=False):
    """A message that a handset sent: `failure` says why the service centre did not take it."""

    id: int
    destination: Address
    text: str
    service_centre: str
    segments: int
    at: float
    accepted: int = 0
    failure: str | None = None

    @property
    def status(self) -> str:
        """How far it got: ``sending``, ``sent`` or ``failed``."""
        if self.failure is not None:
            return "failed"
        return "sent" if self.accepted == self.segments else "sending"


class _Handset:
    __slots__ = ("received", "sent")

    def __init__(self) -> None:
        self.received: deque[ReceivedMessage] = deque(maxlen=MESSAGES_PER_HANDSET)
        self.sent: deque[SentMessage] = deque(maxlen=MESSAGES_PER_HANDSET)


class Handsets:
    """The memory of at most `limit` handsets; the one first used goes first."""

    def __init__(self, *, limit: int = 10_000) -> None:
        self._limit = limit
        self._handsets: dict[str, _Handset] = {}
        self._reassembler = Reassembler()
        self._sent = 0

    def receive(
        self, msisdn: str, octets: bytes, service_centre: str, now: float
    ) -> ReceivedMessage | None:
        """Take an SMS-DELIVER; return the message when it is whole.

        An SMS-STATUS-REPORT is taken and forgotten. Raises `SmsError` for octets that are neither.
        """
        tpdu = decode_tpdu(octets, mobile_originated=False)
        if not isinstance(tpdu, SmsDeliver):
            return None
        place = tpdu.user_data.concatenation
        sender = (msisdn, tpdu.originating_address)
        whole = self._reassembler.add(sender, tpdu.user_data, now)
        if whole is None:
            return None
        text = None if whole.alphabet is Alphabet.OCTETS else whole.text
        message = ReceivedMessage(
            originator=tpdu.originating_address,
            text=text,
            octets=whole.payload if text is None else None,
            segments=place.total if place else 1,
            data_coding_scheme=tpdu.data_coding_scheme,
            protocol_identifier=tpdu.protocol_identifier,
            service_centre=service_centre,
            at=now,
        )
        self._handset(msisdn).received.append(message)
        return message

    def send(
        self,
        msisdn: str,
        destination: Address,
        text: str,
        *,
        service_centre: str,
        segments: int,
        now: float,
    ) -> SentMessage:
        """Note a message that the handset is about to send."""
        self._sent += 1
        message = SentMessage(self._sent, destination, text, service_centre, segments, now)
        self._handset(msisdn).sent.append(message)
        return message

    def received(self, msisdn: str) -> list[ReceivedMessage]:
        """Return what the handset got, oldest first."""
        return list(self._handsets[msisdn].received) if msisdn in self._handsets else []

    def sent(self, msisdn: str) -> list[SentMessage]:
        """Return what the handset sent, oldest first."""
        return list(self._handsets[msisdn].sent) if msisdn in self._handsets else []

    def clear(self, msisdn: str) -> None:
        """Forget all messages of a handset."""
        self._handsets.pop(msisdn, None)

    def _handset(self, msisdn: str) -> _Handset:
        handset = self._handsets.get(msisdn)
        if handset is None:
            if len(self._handsets) >= self._limit:
                del self._handsets[next(iter(self._handsets))]
            handset = self._handsets[msisdn] = _Handset()
        return handset
