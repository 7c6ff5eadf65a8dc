"""The services that the platform sells, and what of each costs the client money.

One row is one thing that a statement may list. Traffic that was refused, and a service that was
prepared and not used, is in no row: it costs nothing.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

SMS_MT: Final = "sms-mt"
SMS_MO: Final = "sms-mo"
NUMBER_LOOKUP: Final = "number-lookup"


class Area(StrEnum):
    """Where a service belongs in the price list."""

    MESSAGING = "messaging and signalling"
    VOICE = "voice and video"
    SOFTWARE = "software"


class Unit(StrEnum):
    """What a quantity of a service counts."""

    MESSAGE = "message"
    REQUEST = "request"
    NUMBER = "number"
    NUMBER_PERIOD = "number and period"
    SESSION = "session"
    ACTIVE_USER = "active user of the month"
    MINUTE = "started 60 seconds of an established call"
    LICENCE_MONTH = "licence and month"
    GIGABYTE_DAY = "gigabyte and started day"
    MINUTE_DAY = "recorded minute and started day"
    RECORDING = "recording"
    SEAT = "seat"
    CONVERSATION = "active conversation of the month"
    PERSON = "engaged person of the month"
    CARRIER = "carrier"


class Service(msgspec.Struct, frozen=True, gc=False):
    """A service: its chargeable event, in which unit it is counted, and what sets it apart.

    `event` is None for a service that costs nothing by itself; `fees` are the keys of the
    services that are charged beside it.
    """

    key: str
    name: str
    area: Area
    event: str | None
    unit: Unit | None
    details: str = ""
    fees: tuple[str, ...] = ()


def _messaging(
    key: str, name: str, event: str | None, unit: Unit | None, details: str = ""
) -> Service:
    return Service(key, name, Area.MESSAGING, event, unit, details)


def _software(
    key: str, name: str, event: str | None, unit: Unit | None, details: str = ""
) -> Service:
    return Service(key, name, Area.SOFTWARE, event, unit, details)


def _calls(key: str, name: str, details: str = "", fees: tuple[str, ...] = ()) -> Service:
    return Service(key, name, Area.VOICE, "60 seconds of a call begun", Unit.MINUTE, details, fees)


def _voice_fee(
    key: str, name: str, event: str | None, unit: Unit | None, fees: tuple[str, ...] = ()
) -> Service:
    return Service(key, name, Area.VOICE, event, unit, fees=fees)


_NUMBER: Final = ("number-month",)
_NUMBER_AND_DETECTION: Final = ("number-month", "answering-machine-detection")
_WINDOW: Final = "the window is 24 h from the end user's last message"

SERVICES: Final = (
    _messaging(SMS_MT, "SMS MT", "SMS submitted to the operator", Unit.MESSAGE, "each part is one"),
    _messaging(SMS_MO, "SMS MO", "SMS received from an end user", Unit.MESSAGE, "each part is one"),
    _messaging("mms-mt", "MMS MT", "MMS submitted to the operator", Unit.MESSAGE),
    _messaging("mms-mo", "MMS MO", "MMS received from an end user", Unit.MESSAGE),
    _messaging(
        NUMBER_LOOKUP,
        "Number Lookup",
        "request passed to the operator's HLR",
        Unit.REQUEST,
        "one refused before it reaches an operator is free",
    ),
    _messaging("number-setup", "Number or short code, setup", "number provisioned", Unit.NUMBER),
    _messaging(
        "number-period",
        "Number or short code, recurring",
        "period begun with the number kept",
        Unit.NUMBER_PERIOD,
    ),
    _messaging(
        "email",
        "E-mail",
        "e-mail submitted to the provider",
        Unit.MESSAGE,
        "to a suppressed address: not sent, and charged",
    ),
    _messaging(
        "email-validation", "E-mail validation", "request passed to the provider", Unit.REQUEST
    ),
    _messaging(
        "viber",
        "Viber",
        "message delivered",
        Unit.MESSAGE,
        "at least 300 EUR a month",
    ),
    _messaging(
        "viber-bot", "Viber bot", "message sent outside the support window", Unit.MESSAGE, _WINDOW
    ),
    _messaging(
        "ussd",
        "USSD",
        "session opened",
        Unit.SESSION,
        "by either side; one dialogue is one session",
    ),
    _messaging("push", "Push", None, None, "part of a software package"),
    _messaging("messenger", "Messenger", "user first notified in the month", Unit.ACTIVE_USER),
    _messaging("telegram", "Telegram", "user first active in the month", Unit.ACTIVE_USER),
    _messaging(
        "whatsapp-template",
        "WhatsApp, template message",
        "template delivered outside the support window",
        Unit.MESSAGE,
        _WINDOW,
    ),
    _messaging(
        "whatsapp-user",
        "WhatsApp, monthly active users",
        "user first messaged in the month",
        Unit.ACTIVE_USER,
        "a package, and a fee for each user above it",
    ),
    _messaging(
        "google-business",
        "Google business messages",
        "user first active in the month",
        Unit.ACTIVE_USER,
    ),
    _messaging(
        "apple-business", "Apple business chat", "user first active in the month", Unit.ACTIVE_USER
    ),
    _messaging(
        "kakao-notification-talk", "Kakao notification talk", "message delivered", Unit.MESSAGE
    ),
    _messaging("kakao-friend-talk", "Kakao friend talk", "message delivered", Unit.MESSAGE),
    _messaging("kakao-consultation-talk", "Kakao consultation talk", "session", Unit.SESSION),
    _calls("web-call", "Web and in-app calls", "audio and video"),
    _calls("voice-message", "Voice message", fees=_NUMBER_AND_DETECTION),
    _calls("ivr", "IVR in and out", fees=_NUMBER_AND_DETECTION),
    _calls("click-to-call", "Click to call", "each leg counts", _NUMBER_AND_DETECTION),
    _calls("number-masking", "Number masking", "from the bridge, or the audio, on", _NUMBER),
    _calls("sip-trunking", "SIP trunking", fees=_NUMBER),
    _calls("call-forwarding", "Inbound call forwarded", fees=_NUMBER),
    _voice_fee("missed-call", "Missed call", None, None, _NUMBER),
    _voice_fee(
        "number-month", "Voice number", "month begun with the number rented", Unit.NUMBER_PERIOD
    ),
    _voice_fee(
        "answering-machine-detection",
        "Answering machine detection",
        "request whose call was answered",
        Unit.REQUEST,
    ),
    _voice_fee(
        "recording",
        "Voice and video recording",
        None,
        None,
        (
            "recording-licence",
            "recording-storage",
            "recording-seat-storage",
            "video-preparation",
        ),
    ),
    _voice_fee(
        "recording-licence",
        "Recording, simultaneous",
        "month begun with a simultaneous recording allowed",
        Unit.LICENCE_MONTH,
    ),
    _voice_fee("recording-storage", "Recording, storage", "day of storage begun", Unit.MINUTE_DAY),
    _voice_fee(
        "recording-seat-storage",
        "Recording in a Conversations seat, storage",
        "day of storage begun",
        Unit.GIGABYTE_DAY,
    ),
    _voice_fee(
        "video-preparation",
        "Video recording, preparation",
        "recording prepared for download",
        Unit.RECORDING,
    ),
    _calls("own-carrier", "Bring your own carrier", "in or out", ("own-carrier-setup",)),
    _voice_fee(
        "own-carrier-setup", "Bring your own carrier, setup", "carrier connected", Unit.CARRIER
    ),
    _software(
        "conversations",
        "Conversations, full",
        "seat of the month's highest simultaneous number",
        Unit.SEAT,
        "the first month is pro-rated",
    ),
    _software(
        "conversations-api",
        "Conversations, API",
        "conversation with its first message in the month",
        Unit.CONVERSATION,
    ),
    _software(
        "moments",
        "Moments",
        "person first engaged in the month",
        Unit.PERSON,
        "those above the package",
    ),
    _software(
        "answers", "Answers", "session opened by the end user", Unit.SESSION, "above the package"
    ),
    _software("live-chat", "Live chat", None, None, "part of a package, by seat"),
    _software("social-media", "Social media", None, None, "part of a package, by seat"),
)
"""Every service, in the order of the price list."""

BY_KEY: Final[Mapping[str, Service]] = {service.key: service for service in SERVICES}
