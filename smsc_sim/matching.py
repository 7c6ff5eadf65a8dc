"""The match part of a rule: which PDUs of whom it is for. All that it says must fit."""

import re
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Final

import msgspec
from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from telecom.runtime.config import Table
from telecom.smpp.declarations import DECLARATIONS
from telecom.smpp.errors import PduError
from telecom.smpp.pdus import (
    PDUS,
    RESPONSE_BIT,
    RESPONSES,
    Bind,
    BroadcastSm,
    DataSm,
    Pdu,
    SubmitMulti,
    SubmitSm,
    Unbind,
)
from telecom.smpp.short_message import user_data_of
from telecom.smpp.tlvs import TLV_TYPES, CStringTlv, IntegerTlv, TlvType
from telecom.sms.alphabets import AlphabetError

LONGEST_PATTERN: Final = 1000

Text = Annotated[str, Field(max_length=LONGEST_PATTERN)]


def spec_name(pdu: type[Pdu]) -> str:
    """Return the name that the specification gives a PDU: submit_sm."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", pdu.__name__).lower()


_MESSAGES: Final = (SubmitSm, SubmitMulti, DataSm, BroadcastSm)
_BINDS: Final = tuple(
    pdu for pdu in PDUS.values() if issubclass(pdu, Bind) and pdu.command_id in RESPONSES
)
_SINGLE: Final = {
    spec_name(PDUS[command_id]): (PDUS[command_id],)
    for command_id in RESPONSES
    if not command_id & RESPONSE_BIT and PDUS[command_id] is not Unbind
}
OPERATIONS: Final[dict[str, tuple[type[Pdu], ...]]] = {
    "message": _MESSAGES,
    "bind": _BINDS,
    **_SINGLE,
}
"""What a rule may be for: any request by its name, or all binds, or all that carry messages."""

_FIELDS: Final = frozenset(name for fields in DECLARATIONS.values() for name in fields)
_TAGS: Final = {kind.name: tag for tag, kind in TLV_TYPES.items()}


class Subject(msgspec.Struct, gc=False):
    """A request of an ESME.

    `operation` is what it came as: for one destination of a submit_multi, the `pdu` is what would
    have been the submit_sm. `in_hand` counts the requests of its session up to this one that have
    no response.
    """

    pdu: Pdu
    operation: type[Pdu]
    account: str = ""
    session: int = 0
    in_hand: int = 0
    _values: dict[str, str | None] = msgspec.field(default_factory=dict)

    @property
    def is_part(self) -> bool:
        """Whether it is one destination of a submit_multi."""
        return type(self.pdu) is not self.operation

    def value(self, name: str) -> str | None:
        """Return a field or optional parameter as text, as `value_of` does; it is read once."""
        try:
            return self._values[name]
        except KeyError:
            value = self._values[name] = value_of(self.pdu, name)
            return value


class Pattern(Table):
    """What a text or a number is like; `low` and `high` are the ends of a range of numbers."""

    equals: Text | None = None
    prefix: Text | None = None
    ending: Text | None = None
    contains: Text | None = None
    regex: Text | None = None
    low: Annotated[str, Field(pattern="^[0-9]{1,20}$")] | None = None
    high: Annotated[str, Field(pattern="^[0-9]{1,20}$")] | None = None

    @field_validator("regex")
    @classmethod
    def _compiles(cls, regex: str | None) -> str | None:
        try:
            re.compile(regex or "")
        except re.error as error:
            raise ValueError(f"a regular expression ({error})") from None
        return regex

    @model_validator(mode="after")
    def _one_range(self) -> "Pattern":
        if len(self.low or "") != len(self.high or ""):
            raise ValueError("low and high, with as many digits as each other")
        return self

    def tests(self) -> Iterator[Callable[[str], bool]]:
        """Yield what must be true of a text."""
        for name, make in _TESTS.items():
            wanted = getattr(self, name)
            if wanted is not None:
                yield make(wanted)
        if self.low is not None and self.high is not None:
            yield _in_range(self.low, self.high)


_TESTS: Final[dict[str, Callable[[str], Callable[[str], bool]]]] = {
    "equals": lambda wanted: lambda text: text == wanted,
    "prefix": lambda wanted: lambda text: text.startswith(wanted),
    "ending": lambda wanted: lambda text: text.endswith(wanted),
    "contains": lambda wanted: lambda text: wanted in text,
    "regex": lambda wanted: lambda text: re.search(wanted, text) is not None,
}


def _in_range(low: str, high: str) -> Callable[[str], bool]:
    return lambda text: len(text) == len(low) and low <= text <= high


class Bits(Table):
    """Bits of an integer: those of `mask` must be those of `value`."""

    mask: Annotated[int, Field(ge=0, le=0xFFFFFFFF)]
    value: Annotated[int, Field(ge=0, le=0xFFFFFFFF)]

    def tests(self) -> Iterator[Callable[[str], bool]]:
        """Yield what must be true of an integer, as text."""
        yield lambda text: text.isdecimal() and int(text) & self.mask == self.value


def _kind(value: Any) -> str:
    """Tell which kind of condition this is meant to be, so that an error is about that one."""
    if isinstance(value, dict | Table):
        is_bits = isinstance(value, Bits) or (isinstance(value, dict) and "mask" in value)
        return "bits" if is_bits else "pattern"
    return "number" if isinstance(value, int) else "text"


Wanted = Annotated[
    Annotated[int, Tag("number")]
    | Annotated[Text, Tag("text")]
    | Annotated[Pattern, Tag("pattern")]
    | Annotated[Bits, Tag("bits")],
    Discriminator(_kind),
]
"""A value itself, or what it must be like; an integer is compared as its decimal digits."""


class Match(Table):
    """All of it must fit; what is left out fits anything.

    What says something about the destination is for each one of a submit_multi, what does not for
    all of it.
    `fields` are any fields and optional parameters by the names of the specification. Of the PDUs
    that fit so far: more than `rate_above` a second, or more than `in_hand_above` in hand of
    their session; then the `nth` ones of them, each `every` th, the `first` so many, all `after`
    so many, counted `per` one of `COUNTED_PER`; and of these a share, `probability`.
    """

    operations: Annotated[tuple[str, ...], Field(min_length=1)] = ("message",)
    accounts: tuple[str, ...] = ()
    destination: Pattern | None = None
    source: Pattern | None = None
    text: Pattern | None = None
    fields: dict[str, Wanted] = Field(default_factory=dict)
    rate_above: Annotated[float, Field(gt=0, le=1e6)] | None = None
    in_hand_above: Annotated[int, Field(ge=0)] | None = None
    nth: tuple[Annotated[int, Field(ge=1)], ...] = ()
    every: Annotated[int, Field(ge=1)] | None = None
    first: Annotated[int, Field(ge=0)] | None = None
    after: Annotated[int, Field(ge=0)] | None = None
    per: str = "account"
    probability: Annotated[float, Field(ge=0, le=1)] = 1.0

    @field_validator("operations")
    @classmethod
    def _known_operations(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _all_among(names, OPERATIONS)

    @field_validator("fields")
    @classmethod
    def _known_fields(cls, fields: dict[str, Wanted]) -> dict[str, Wanted]:
        _all_among(tuple(fields), _FIELDS | _TAGS.keys())
        if "password" in fields:
            raise ValueError("any field but a password")
        return fields

    @field_validator("per")
    @classmethod
    def _known_per(cls, per: str) -> str:
        return _all_among((per,), COUNTED_PER)[0]

    def pdus(self) -> frozenset[type[Pdu]]:
        """Return the classes that the operations mean."""
        return frozenset(pdu for name in self.operations for pdu in OPERATIONS[name])

    def tests(self) -> Iterator[Callable[[Subject], bool]]:
        """Yield what must be true of the accounts' requests, but for what is counted."""
        if self.in_hand_above is not None:
            most = self.in_hand_above
            yield lambda subject: subject.in_hand > most
        for name, wanted in (
            ("destination_addr", self.destination),
            ("source_addr", self.source),
            *self.fields.items(),
        ):
            if wanted is not None:
                yield _field_test(name, wanted)
        for test in self.text.tests() if self.text is not None else ():
            yield _text_test(test)

    @property
    def is_of_destination(self) -> bool:
        """Whether it says something about the destination."""
        return self.destination is not None or "destination_addr" in self.fields

    def fits_count(self, number: int) -> bool:
        """Whether this is one of those wanted, the first of them being 1."""
        return (
            (not self.nth or number in self.nth)
            and (self.every is None or number % self.every == 0)
            and (self.first is None or number <= self.first)
            and (self.after is None or number > self.after)
        )

    @property
    def counts(self) -> bool:
        """Whether it matters how many there have been."""
        return bool(self.nth) or not self.every == self.first == self.after is None


COUNTED_PER: Final[dict[str, Callable[[Subject], object]]] = {
    "all": lambda _: None,
    "account": lambda subject: subject.account,
    "session": lambda subject: subject.session,
    "source": lambda subject: subject.value("source_addr"),
    "destination": lambda subject: subject.value("destination_addr"),
}
"""What has a count of its own."""


def value_of(pdu: Pdu, name: str) -> str | None:
    """Return a field or optional parameter as text, None where there is none or it is broken.

    What is neither a number nor a text is in hexadecimal.
    """
    if name in _TAGS:
        return _value_of_tlv(pdu, TLV_TYPES[_TAGS[name]])
    value = getattr(pdu, name, None)
    if value is None:
        return None
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _value_of_tlv(pdu: Pdu, kind: TlvType[Any]) -> str | None:
    octets = next((tlv.value for tlv in pdu.tlvs if tlv.tag == kind.tag), None)
    if octets is None or not isinstance(kind, IntegerTlv | CStringTlv):
        return None if octets is None else octets.hex()
    try:
        value = kind.of(pdu)
    except PduError:
        return None
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def text_of(pdu: Pdu) -> str | None:
    """Return the text of a message, None where it has none that can be read."""
    try:
        return user_data_of(pdu).text if isinstance(pdu, SubmitSm | DataSm) else None
    except (PduError, AlphabetError):
        return None


def _all_among(names: tuple[str, ...], known: Any) -> tuple[str, ...]:
    for name in names:
        if name not in known:
            raise ValueError(f"one of {', '.join(sorted(known))}")
    return names


def _field_test(name: str, wanted: Wanted) -> Callable[[Subject], bool]:
    if not isinstance(wanted, Table):
        said = str(wanted)
        return lambda subject: subject.value(name) == said
    tests = tuple(wanted.tests())

    def test(subject: Subject) -> bool:
        value = subject.value(name)
        if value is None:
            return False
        for test in tests:  # noqa: SIM110  a generator takes twice the time
            if not test(value):
                return False
        return True

    return test


def _text_test(test: Callable[[str], bool]) -> Callable[[Subject], bool]:
    def test_text(subject: Subject) -> bool:
        text = text_of(subject.pdu)
        return text is not None and test(text)

    return test_text
