"""Mobile originated messages: one, long ones in parts, and streams of them."""

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from itertools import count
from random import Random
from string import Template
from typing import Annotated, Any, Final

import msgspec
from pydantic import Field, model_validator

from smsc_sim.actions import DeliverWith, Hexadecimal, Tag
from smsc_sim.deliveries import Deliveries
from telecom.runtime.config import SystemId, Table
from telecom.runtime.timers import Timers
from telecom.smpp import tlvs
from telecom.smpp.errors import LocalError
from telecom.smpp.pdus import DataSm, DeliverSm
from telecom.smpp.short_message import content
from telecom.smpp.tlvs import Tlv
from telecom.sms.alphabets import Alphabet
from telecom.sms.data_coding import smpp_alphabet
from telecom.sms.segmentation import split
from telecom.sms.user_data import UserData

MOST_STREAMS: Final = 100
_LATIN_1: Final = (0x01, 0x03)
"""The data_codings, SMPP 3.4 5.2.19, whose text is one octet a character."""

Ton = Annotated[int, Field(ge=0, le=7)]
Npi = Annotated[int, Field(ge=0, le=18)]
Address = Annotated[str, Field(pattern="^[ -~]{0,20}$")]


class Parts(StrEnum):
    """How a message that is too long for one goes out."""

    UDH = "udh"
    SAR = "sar"
    PAYLOAD = "payload"


class MoMessage(Table):
    """A message for an account's receiver: a `text`, or `octets` of whatever data_coding.

    Without a data_coding it is that of the alphabet that has the text. In `source` each x is a
    digit that is drawn; in `text`, $n is the number of the message.
    """

    account: SystemId
    source: Address
    source_ton: Ton = 1
    source_npi: Npi = 1
    destination: Address
    destination_ton: Ton = 1
    destination_npi: Npi = 1
    text: Annotated[str, Field(max_length=20_000)] = ""
    octets: Hexadecimal = ""
    data_coding: Annotated[int, Field(ge=0, le=255)] | None = None
    parts: Parts = Parts.UDH
    pdu: DeliverWith = DeliverWith.DELIVER_SM
    service_type: Annotated[str, Field(pattern="^[ -~]{0,5}$")] = ""
    tlvs: dict[Tag, Hexadecimal] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _can_be_sent(self) -> "MoMessage":
        try:
            mo_pdus(self, 0)
        except LocalError as error:
            raise ValueError(f"a message that can be sent ({error})") from None
        return self


class MoStream(MoMessage):
    """So many messages, `rate` a second; without a `count`, for ever. `texts` take turns."""

    rate: Annotated[float, Field(gt=0, le=10_000)] = 1.0
    count: Annotated[int, Field(ge=1)] | None = None
    texts: Annotated[tuple[str, ...], Field(max_length=1000)] = ()


def mo_pdus(message: MoMessage, reference: int) -> list[DeliverSm | DataSm]:
    """Return the PDUs of a message; raises `SmsError` or `LocalError` for one that has none.

    `reference` is what tells its parts from another message's.
    """
    user_data = _user_data(message)
    if message.parts is Parts.PAYLOAD:
        payload = tlvs.MESSAGE_PAYLOAD(user_data.payload)
        coding = content(UserData(user_data.alphabet, b""), data_coding=message.data_coding)
        return [_pdu(message, coding["data_coding"], 0, b"", (payload,))]
    return [_part(message, segment) for segment in split(user_data, reference)]


def _user_data(message: MoMessage) -> UserData:
    if message.octets:
        return UserData(Alphabet.OCTETS, bytes.fromhex(message.octets))
    if message.data_coding in _LATIN_1:
        return UserData(Alphabet.OCTETS, message.text.encode("latin-1"))
    alphabet = None if message.data_coding is None else smpp_alphabet(message.data_coding)
    return UserData.of_text(message.text, alphabet)


def _part(message: MoMessage, segment: UserData) -> DeliverSm | DataSm:
    place = segment.concatenation
    parameters: tuple[Tlv, ...] = ()
    if message.parts is Parts.SAR and place is not None:
        parameters = (
            tlvs.SAR_MSG_REF_NUM(place.reference),
            tlvs.SAR_TOTAL_SEGMENTS(place.total),
            tlvs.SAR_SEGMENT_SEQNUM(place.sequence),
        )
        segment = UserData(segment.alphabet, segment.payload)
    carried = content(segment, data_coding=message.data_coding)
    return _pdu(
        message,
        carried["data_coding"],
        carried["esm_class"],
        carried["short_message"],
        (*parameters, *carried["tlvs"]),
    )


def _pdu(
    message: MoMessage,
    data_coding: int,
    esm_class: int,
    short_message: bytes,
    parameters: tuple[Tlv, ...],
) -> DeliverSm | DataSm:
    own = (Tlv(tag, bytes.fromhex(value)) for tag, value in message.tlvs.items())
    parameters = (*parameters, *own)
    fields: dict[str, Any] = {
        "service_type": message.service_type.encode(),
        "source_addr_ton": message.source_ton,
        "source_addr_npi": message.source_npi,
        "source_addr": message.source.encode("latin-1"),
        "dest_addr_ton": message.destination_ton,
        "dest_addr_npi": message.destination_npi,
        "destination_addr": message.destination.encode("latin-1"),
        "esm_class": esm_class,
        "data_coding": data_coding,
    }
    if message.pdu is DeliverWith.DATA_SM:
        payload = (tlvs.MESSAGE_PAYLOAD(short_message),) if short_message else ()
        return DataSm(**fields, tlvs=(*parameters, *payload))
    return DeliverSm(**fields, short_message=short_message, tlvs=parameters)


class RunningStream(msgspec.Struct, eq=False, kw_only=True):
    """A stream under way; `sent` counts its messages, the next one is due at `next_at`."""

    number: int
    stream: MoStream
    random: Random
    next_at: float
    sent: int = 0
    stopped: bool = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes."""
        count = self.stream.count
        return self.stopped or (count is not None and self.sent >= count)

    def next_message(self) -> MoMessage:
        """Return the next message, with what is drawn and counted in its place."""
        self.sent += 1
        stream = self.stream
        text = stream.texts[(self.sent - 1) % len(stream.texts)] if stream.texts else stream.text
        return stream.model_copy(
            update={
                "source": _with_digits(stream.source, self.random),
                "text": Template(text).safe_substitute(n=self.sent),
            }
        )


class MobileOriginated:
    """Sends MO messages to the receivers of accounts; a stream waits while there is none."""

    def __init__(
        self, timers: Timers, deliveries: Deliveries, *, random_of: Callable[[str], Random]
    ) -> None:
        self._timers = timers
        self._deliveries = deliveries
        self._random_of = random_of
        self._streams: dict[int, RunningStream] = {}
        self.clear()

    @property
    def streams(self) -> list[RunningStream]:
        """Those under way, and those that are over, as long as there is room."""
        return list(self._streams.values())

    def send(self, message: MoMessage) -> int:
        """Send one message; return in how many parts. Raises as `mo_pdus` does."""
        source = _with_digits(message.source, self._random_of(message.account))
        return self._send(message.model_copy(update={"source": source}))

    def start(self, stream: MoStream, now: float) -> RunningStream:
        """Begin a stream; raises `ValueError` when there are too many."""
        for number in [number for number, each in self._streams.items() if each.is_over]:
            del self._streams[number]
        if len(self._streams) >= MOST_STREAMS:
            raise ValueError(f"{MOST_STREAMS} streams are the most")
        number = next(self._numbers)
        seed = self._random_of(stream.account).getrandbits(64)
        random = Random(seed)  # noqa: S311  repeatable on purpose
        running = RunningStream(number=number, stream=stream, random=random, next_at=now)
        self._streams[number] = running
        self._timers.at(now, partial(self._go_on, running))
        return running

    def stop(self, number: int) -> bool:
        """Stop a stream; False for one that there is not."""
        running = self._streams.pop(number, None)
        if running is not None:
            running.stopped = True
        return running is not None

    def clear(self) -> None:
        """Stop every stream, and count again from the beginning."""
        for number in list(self._streams):
            self.stop(number)
        self._references = count(1)
        self._numbers = count(1)

    def _go_on(self, running: RunningStream, now: float) -> None:
        account = running.stream.account
        if running.is_over:
            return
        if self._deliveries.receivers(account) and not self._deliveries.waiting(account):
            self._send(running.next_message())
            running.next_at = max(running.next_at + 1 / running.stream.rate, now - _CATCHES_UP)
        else:
            running.next_at = now + _PATIENCE
        self._timers.at(running.next_at, partial(self._go_on, running))

    def _send(self, message: MoMessage) -> int:
        pdus = mo_pdus(message, next(self._references))
        for pdu in pdus:
            self._deliveries.send(message.account, pdu)
        return len(pdus)


_PATIENCE: Final = 0.1
"""Seconds after which a stream looks again whether there is a receiver."""
_CATCHES_UP: Final = 0.5
"""Seconds of a stream that are sent at once after they could not be."""


def _with_digits(source: str, random: Random) -> str:
    return "".join(str(random.randrange(10)) if each == "x" else each for each in source)
