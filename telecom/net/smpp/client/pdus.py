"""What people ask an SMSC for, as PDUs: numbers, texts and times in the forms that SMPP has."""

import random
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import count
from typing import Any, Final, TypeVar

import msgspec

from telecom.router.times import TimeFormatError, absolute_time, relative_time
from telecom.smpp import tlvs
from telecom.smpp.errors import LocalError
from telecom.smpp.pdus import (
    BroadcastSm,
    DataSm,
    DistributionList,
    Pdu,
    ReplaceSm,
    SmeAddress,
    SubmitMulti,
    SubmitSm,
)
from telecom.smpp.short_message import Content, content
from telecom.smpp.tlv_structures import (
    BroadcastAreaIdentifier,
    BroadcastContentType,
    BroadcastFrequencyInterval,
)
from telecom.sms.address import Address, NumberingPlanIndicator, TypeOfNumber
from telecom.sms.alphabets import Alphabet
from telecom.sms.data_coding import user_data_for
from telecom.sms.errors import SmsError
from telecom.sms.segmentation import capacity, split
from telecom.sms.user_data import CONCATENATION_8, UserData

RECEIPT_REQUESTED: Final = 0x01
"""registered_delivery: a receipt whatever becomes of the message, SMPP 3.4 5.2.17."""
_SHORTEST_NUMBER: Final = 7
"""Digits of an international number; what has fewer is a short code."""
_SECONDS, _MINUTES, _MOST_SECONDS = 0x08, 0x09, 0xFFFF
"""Units of broadcast_frequency_interval, SMPP 5.0 4.8.4.11, and the most of one."""

Message = str | bytes | UserData
"""A text, octets as they are, or user data with a header of their own."""
Time = datetime | timedelta | str | None
"""A point in time with its zone, a time from now on, or either as SMPP 3.4 7.1.1 writes it."""

P = TypeVar("P", bound=Pdu)


class LongMessages(StrEnum):
    """How a message goes that is too long for one: in parts that say so, or whole.

    `UDH`: parts with a user data header, which every SMSC knows. `SAR`: parts with the sar_
    parameters, SMPP 3.4 5.3.2.22 to 24. `PAYLOAD`: whole, in message_payload (5.3.2.32), and the
    SMSC cuts it up.
    """

    UDH = "udh"
    SAR = "sar"
    PAYLOAD = "payload"


class Options(msgspec.Struct, frozen=True, gc=False):
    """How a message is to be sent; `fields` are any others of the PDU, by their names."""

    receipt: bool = False
    long: LongMessages | str | None = None
    data_coding: int | None = None
    schedule: Time = None
    validity: Time = None
    fields: Mapping[str, Any] = {}


@lru_cache(maxsize=4096)
def address_of(address: str | Address) -> tuple[int, int, bytes]:
    """Return ton, npi and digits; a text with letters is an alphanumeric address.

    Raises `LocalError` for what SMPP cannot carry.
    """
    if isinstance(address, str):
        address = _understood(address)
    try:
        return address.ton, address.npi, address.digits.encode("latin-1")
    except UnicodeEncodeError:
        raise LocalError("an address is of Latin letters and digits; this one is not") from None


def _understood(text: str) -> Address:
    digits = text.removeprefix("+")
    if digits and not (digits.isascii() and digits.isdecimal()):
        return Address.alphanumeric(text)
    if len(digits) < _SHORTEST_NUMBER:
        return Address(digits, TypeOfNumber.UNKNOWN, NumberingPlanIndicator.UNKNOWN)
    return Address(digits)


def octets(text: str, name: str) -> bytes:
    """Return the octets of a text; raises `LocalError` for one that SMPP cannot carry."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise LocalError(f"{name} is of Latin letters and digits; this one is not") from None


def source_of(address: str | Address) -> dict[str, Any]:
    """Return the three fields of a source address."""
    ton, npi, digits = address_of(address)
    return {"source_addr_ton": ton, "source_addr_npi": npi, "source_addr": digits}


def destination_of(address: str | Address) -> dict[str, Any]:
    """Return the three fields of a destination address."""
    ton, npi, digits = address_of(address)
    return {"dest_addr_ton": ton, "dest_addr_npi": npi, "destination_addr": digits}


def time_of(time: Time) -> bytes:
    """Return a time as SMPP 3.4 7.1.1 writes it; raises `LocalError` for what it cannot."""
    if isinstance(time, timedelta):
        time = relative_time(time.total_seconds())
    elif isinstance(time, datetime):
        try:
            time = absolute_time(time)
        except TimeFormatError as error:
            raise LocalError(str(error)) from None
    return octets(time or "", "a time")


class Writer:
    """Makes PDUs; numbers the messages that go in parts, from a number that chance chooses."""

    def __init__(self, long: LongMessages) -> None:
        self._long = long
        self._references = count(random.randrange(0x100))  # noqa: S311 - no secret

    def submit_sm(
        self, destination: str | Address, message: Message, source: str | Address, options: Options
    ) -> list[SubmitSm]:
        """Return the message for a number, in one part or several."""
        source_ton, source_npi, source_addr = address_of(source)
        dest_ton, dest_npi, destination_addr = address_of(destination)
        return [
            _with_options(
                SubmitSm(
                    source_addr_ton=source_ton,
                    source_addr_npi=source_npi,
                    source_addr=source_addr,
                    dest_addr_ton=dest_ton,
                    dest_addr_npi=dest_npi,
                    destination_addr=destination_addr,
                    registered_delivery=RECEIPT_REQUESTED if options.receipt else 0,
                    **part,
                ),
                options,
            )
            for part in self._parts(message, options)
        ]

    def submit_multi(
        self,
        destinations: Iterable[str | Address],
        lists: Iterable[str],
        message: Message,
        source: str | Address,
        options: Options,
    ) -> list[SubmitMulti]:
        """Return the message for several numbers and lists of the SMSC, in one part or several."""
        names = [DistributionList(octets(name, "the name of a list")) for name in lists]
        numbers = [SmeAddress(*address_of(each)) for each in destinations]
        if not (numbers or names):
            raise LocalError("submit_multi needs a destination or a list")
        addresses = {**source_of(source), "dest_addresses": (*numbers, *names)}
        registered = RECEIPT_REQUESTED if options.receipt else 0
        return [
            _with_options(SubmitMulti(**addresses, **part, registered_delivery=registered), options)
            for part in self._parts(message, options)
        ]

    def data_sm(
        self, destination: str | Address, message: Message, source: str | Address, options: Options
    ) -> DataSm:
        """Return the message for a number, whole, in message_payload."""
        part = _in_payload(_carried(_user_data(message, options), options))
        pdu = DataSm(
            **source_of(source),
            **destination_of(destination),
            esm_class=part["esm_class"],
            data_coding=part["data_coding"],
            tlvs=part["tlvs"],
            registered_delivery=RECEIPT_REQUESTED if options.receipt else 0,
        )
        return _with_options(pdu, options)

    def _parts(self, message: Message, options: Options) -> list[Content]:
        whole = _user_data(message, options)
        if len(whole.payload) <= _capacity(whole):
            return [_carried(whole, options)]
        long = self._long if options.long is None else long_messages(options.long)
        if long is LongMessages.PAYLOAD:
            return [_in_payload(_carried(whole, options))]
        try:
            pieces = split(whole, next(self._references))
        except SmsError as error:
            raise LocalError(f"{error}; long='payload' has no parts") from None
        carry = _carried if long is LongMessages.UDH else _in_sar_parameters
        return [carry(piece, options) for piece in pieces]


def replace_sm(
    message_id: str, message: Message, source: str | Address, options: Options
) -> ReplaceSm:
    """Return what replaces a message; it is whole, however long."""
    part = _carried(_user_data(message, options), options)
    pdu = ReplaceSm(
        message_id=octets(message_id, "a message_id"),
        **source_of(source),
        registered_delivery=RECEIPT_REQUESTED if options.receipt else 0,
        short_message=part["short_message"],
        tlvs=part["tlvs"],
    )
    return _with_options(pdu, options)


def broadcast_sm(
    message: Message,
    areas: Iterable[str | BroadcastAreaIdentifier],
    *,
    source: str | Address,
    content_type: BroadcastContentType,
    repetitions: int,
    interval: timedelta,
    options: Options,
) -> BroadcastSm:
    """Return a message for everybody in some areas, each a name or a shape."""
    named = [_area(area) for area in areas]
    if not named:
        raise LocalError("a broadcast needs an area")
    part = _in_payload(_carried(_user_data(message, options), options))
    parameters = (
        *(tlvs.BROADCAST_AREA_IDENTIFIER(area) for area in named),
        tlvs.BROADCAST_CONTENT_TYPE(content_type),
        tlvs.BROADCAST_REP_NUM(repetitions),
        tlvs.BROADCAST_FREQUENCY_INTERVAL(_interval(interval)),
        *part["tlvs"],
    )
    pdu = BroadcastSm(**source_of(source), data_coding=part["data_coding"], tlvs=parameters)
    return _with_options(pdu, options)


def long_messages(long: LongMessages | str) -> LongMessages:
    """Return the way for long messages of this name; raises `LocalError` for none."""
    try:
        return LongMessages(long)
    except ValueError:
        raise LocalError(f"long messages go by 'udh', 'sar' or 'payload', not {long!r}") from None


def _user_data(message: Message, options: Options) -> UserData:
    if isinstance(message, UserData):
        return message
    if isinstance(message, bytes):
        return UserData(Alphabet.OCTETS, message)
    try:
        if options.data_coding is None:
            return UserData.of_text(message)
        return user_data_for(message, options.data_coding)
    except SmsError as error:
        raise LocalError(str(error)) from None


_CAPACITIES: Final = {alphabet: capacity(alphabet) for alphabet in Alphabet}


def _capacity(whole: UserData) -> int:
    if not whole.header:
        return _CAPACITIES[whole.alphabet]
    try:
        return capacity(whole.alphabet, whole.header)
    except SmsError as error:
        raise LocalError(str(error)) from None


def _carried(user_data: UserData, options: Options) -> Content:
    return content(user_data, data_coding=options.data_coding)


def _in_sar_parameters(part: UserData, options: Options) -> Content:
    """Take the concatenation out of the header, and say it in parameters."""
    place = part.concatenation
    header = tuple(each for each in part.header if each.identifier != CONCATENATION_8)
    carried = _carried(UserData(part.alphabet, part.payload, header), options)
    if place is None:
        return carried
    parameters = (
        tlvs.SAR_MSG_REF_NUM(place.reference),
        tlvs.SAR_TOTAL_SEGMENTS(place.total),
        tlvs.SAR_SEGMENT_SEQNUM(place.sequence),
    )
    return {**carried, "tlvs": parameters}


def _in_payload(part: Content) -> Content:
    if not part["short_message"] and part["tlvs"]:
        return part
    payload = tlvs.MESSAGE_PAYLOAD(part["short_message"])
    return {**part, "short_message": b"", "tlvs": (payload,)}


def _with_options(pdu: P, options: Options) -> P:
    """Put in what is rarely asked for; flags and parameters are added to those that are there."""
    if options.schedule is None and options.validity is None and not options.fields:
        return pdu
    fields: dict[str, Any] = {
        name: octets(value, name) if isinstance(value, str) else value
        for name, value in options.fields.items()
    }
    if options.schedule is not None:
        fields["schedule_delivery_time"] = time_of(options.schedule)
    if options.validity is not None:
        fields["validity_period"] = time_of(options.validity)
    if "tlvs" in fields:
        fields["tlvs"] = (*pdu.tlvs, *fields["tlvs"])
    if "esm_class" in fields:
        fields["esm_class"] |= getattr(pdu, "esm_class", 0)
    try:
        return msgspec.structs.replace(pdu, **fields)
    except TypeError as error:
        raise LocalError(f"{type(pdu).__name__}: {error}") from None


def _area(area: str | BroadcastAreaIdentifier) -> BroadcastAreaIdentifier:
    if isinstance(area, str):
        return BroadcastAreaIdentifier(0, octets(area, "the name of an area"))
    return area


def _interval(interval: timedelta) -> BroadcastFrequencyInterval:
    seconds = int(interval.total_seconds())
    if seconds <= _MOST_SECONDS:
        return BroadcastFrequencyInterval(_SECONDS if seconds else 0, seconds)
    return BroadcastFrequencyInterval(_MINUTES, seconds // 60)
