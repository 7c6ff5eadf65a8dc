"""The action part of a rule: what an SMSC does with a request. What is left out is as usual."""

from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field, PlainSerializer

from smsc_sim.draws import Delay, Seconds
from telecom.runtime.config import Table
from telecom.smpp.status import CommandStatus
from telecom.smpp.tlvs import TLV_TYPES
from telecom.sms.receipt import MessageState

Hexadecimal = Annotated[str, Field(pattern="^([0-9a-fA-F]{2})*$", max_length=20_000)]


def _named_status(value: Any) -> Any:
    if isinstance(value, str) and value not in CommandStatus.__members__:
        raise ValueError("a number, or one of the names of CommandStatus")
    return CommandStatus[value] if isinstance(value, str) else value


def _named_state(value: Any) -> Any:
    if isinstance(value, str) and value not in MessageState.__members__:
        raise ValueError("one of the names of MessageState")
    return MessageState[value] if isinstance(value, str) else value


def _named_state_or_none(value: Any) -> Any:
    return None if value == "none" else _named_state(value)


def _name_of_status(status: int) -> str | int:
    return CommandStatus(status).name if status in _STATUSES else status


_STATUSES: Final = frozenset(CommandStatus)
_by_name = PlainSerializer(lambda state: state and state.name, when_used="json")

Status = Annotated[
    int,
    BeforeValidator(_named_status),
    Field(ge=0, le=0xFFFFFFFF),
    PlainSerializer(_name_of_status, when_used="json"),
]
"""A command_status by its name, or any other by its number."""
State = Annotated[MessageState, BeforeValidator(_named_state), _by_name]
"""A message_state by its name in a receipt."""
FinalState = Annotated[MessageState | None, BeforeValidator(_named_state_or_none), _by_name]
"""The same, or none."""


def _tag(value: Any) -> Any:
    return _TAGS.get(value, value)


_TAGS: Final = {kind.name: tag for tag, kind in TLV_TYPES.items()}
Tag = Annotated[int, BeforeValidator(_tag), Field(ge=0, le=0xFFFF)]
"""The tag of an optional parameter, by its name or its number."""


class Part(Table):
    """A part of an action; where two rules fit a request, the first has its say about each key."""

    def over(self, other: Self) -> Self:
        """Return what this one says, and the other one where this one says nothing."""
        said = {name: getattr(other, name) for name in other.model_fields_set}
        for name in self.model_fields_set:
            ours, theirs = getattr(self, name), said.get(name)
            merges = isinstance(ours, Part) and type(ours) is type(theirs)
            said[name] = ours.over(theirs) if merges else ours
        return type(self)(**said)


class Form(StrEnum):
    """How the number of a message is written as its message_id."""

    DECIMAL = "decimal"
    HEX = "hex"
    UPPER_HEX = "upper_hex"


class IdForm(Part):
    """How a message_id is written: at least `width` digits, zeros in front, after a `prefix`."""

    form: Form = Form.DECIMAL
    width: Annotated[int, Field(ge=0, le=64)] = 10
    prefix: Annotated[str, Field(pattern="^[!-~]*$", max_length=32)] = ""

    def written(self, number: int) -> str:
        """Return the message_id; of what SMPP has no room for, the last 64 characters."""
        return (self.prefix + f"{number:{_FORMATS[self.form]}}".zfill(self.width))[-64:]


ID_OF_V33: Final = IdForm(form=Form.HEX, width=8)
"""SMPP 3.3 has room for 8 characters, of a hexadecimal number."""

_FORMATS: Final = {Form.DECIMAL: "d", Form.HEX: "x", Form.UPPER_HEX: "X"}


class NetworkError(Table):
    """The network_error_code of a receipt, SMPP 3.4 5.3.2.31: 3 is GSM, and its error."""

    network_type: Annotated[int, Field(ge=0, le=255)] = 3
    code: Annotated[int, Field(ge=0, le=0xFFFF)]


class Intermediate(Table):
    """A notification on the way to the final state, SMPP 3.4 5.2.17; seconds after the submit."""

    state: State = MessageState.ENROUTE
    delay: Delay = 0.05


class DeliverWith(StrEnum):
    """The PDU that carries what the SMSC sends."""

    DELIVER_SM = "deliver_sm"
    DATA_SM = "data_sm"


class ReceiptPlan(Part):
    """What becomes of a message `delay` seconds after its submit, and how that is told.

    In no final `state` ("none") it stays en route until its validity is over. `times` is how often
    the receipt is sent; `early` before the response, whatever the delay; `unasked` although none
    was asked for. The id in it may have another form. `reverse` so many receipts are kept back,
    for `reverse_within` seconds at most, and go out last first. In a `template`, $id, $stat, $err,
    $sub, $dlvrd, $submit_date, $done_date and $text stand for the fields of appendix B.
    """

    state: FinalState = MessageState.DELIVRD
    delay: Delay = 0.1
    times: Annotated[int, Field(ge=0, le=10)] = 1
    early: bool = False
    unasked: bool = False
    err: Annotated[str, Field(pattern="^[!-~]{1,8}$")] | None = None
    network_error: NetworkError | None = None
    message_id: IdForm | None = None
    intermediate: Annotated[tuple[Intermediate, ...], Field(max_length=20)] = ()
    pdu: DeliverWith = DeliverWith.DELIVER_SM
    tlvs: bool = True
    text: bool = True
    template: Annotated[str, Field(max_length=200)] | None = None
    reverse: Annotated[int, Field(ge=0, le=1000)] = 0
    reverse_within: Seconds = 5.0


class Reply(Part):
    """An MO that the number answers with; `$text` in it is the text of the message."""

    text: Annotated[str, Field(max_length=2000)] = "re: $text"
    delay: Delay = 0.2


class Alert(Part):
    """An alert_notification of the number, SMPP 3.4 4.12."""

    delay: Delay = 0.2


class Dribble(Part):
    """A response in small pieces: so many `octets` every so many `seconds`."""

    octets: Annotated[int, Field(ge=1)] = 1
    seconds: Annotated[float, Field(gt=0, le=60)] = 0.02


class Response(StrEnum):
    """What goes out in the place of a response."""

    NORMAL = "normal"
    NEVER = "never"
    TWICE = "twice"
    GENERIC_NACK = "generic_nack"
    WRONG_SEQUENCE = "wrong_sequence"
    PARTIAL = "partial"
    GARBAGE = "garbage"


class Then(StrEnum):
    """What becomes of the session after that."""

    STAY = "stay"
    CLOSE = "close"
    RESET = "reset"
    UNBIND = "unbind"


class Action(Part):
    """What is done with a request.

    It is answered with `status` after `delay` seconds, in the way of `response`: `garbage` are the
    `octets`, or some drawn; `partial` is the first half of the PDU. Its `tlvs` are optional
    parameters of the response, in hexadecimal, by their names or tags. A message answered with
    ESME_ROK has its `receipt`, and perhaps a `reply` and an `alert`.
    """

    status: Status = CommandStatus.ESME_ROK
    delay: Delay = 0.0
    response: Response = Response.NORMAL
    octets: Hexadecimal = ""
    dribble: Dribble | None = None
    then: Then = Then.STAY
    tlvs: dict[Tag, Hexadecimal] = Field(default_factory=dict)
    message_id: IdForm = IdForm()
    receipt: ReceiptPlan = ReceiptPlan()
    reply: Reply | None = None
    alert: Alert | None = None

    @cached_property
    def draws(self) -> bool:
        """Whether any of its times is drawn."""
        parts = (self, self.receipt, *self.receipt.intermediate, self.reply, self.alert)
        return any(isinstance(part.delay, Table) for part in parts if part is not None)

    @cached_property
    def is_plain(self) -> bool:
        """Whether the response goes out as it is, and the session goes on."""
        return (
            self.response is Response.NORMAL
            and self.then is Then.STAY
            and self.dribble is None
            and not self.tlvs
        )


AS_USUAL: Final = Action()
"""What is done where no rule says anything else: accepted, and delivered."""
