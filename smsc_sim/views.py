"""What the control API shows and takes, as it stands in its OpenAPI description."""

from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, SecretStr

from smsc_sim.actions import State, Then
from smsc_sim.matching import text_of
from smsc_sim.messages import StoredMessage
from smsc_sim.mo import Address, MoStream, Npi, RunningStream, Ton
from smsc_sim.ring import Entry, masked, shown
from smsc_sim.rules import RuleList
from smsc_sim.session import ScriptedSession
from telecom.runtime.config import Port, SystemId, Table


class Health(BaseModel):
    """That it works, and how much it has."""

    status: str = "ok"
    seed: int
    sessions: int
    messages: int
    streams: int
    lost_deliveries: int


class RuleTable(Table):
    """All rules in their order, and the seed of what they draw."""

    seed: int | None = None
    rules: RuleList = ()


class Seed(Table):
    """The seed of what is drawn."""

    seed: int


class Password(Table):
    """The password of an account."""

    password: Annotated[SecretStr, Field(min_length=1, max_length=8)]


class SessionView(BaseModel):
    """A session that is bound; `in_hand` counts the ESME's requests without a response."""

    session: int
    account: str
    bind_type: str
    version: str
    peer: str
    tls: bool
    receives: bool
    in_hand: int

    @classmethod
    def of(cls, session: ScriptedSession) -> Self:
        """Show a session as it is now."""
        return cls(
            session=session.number,
            account=session.system_id,
            bind_type=session.bind_type.__name__.removeprefix("Bind").lower(),
            version=f"{session.version >> 4}.{session.version & 0x0F}",
            peer=f"{session.peer[0]}:{session.peer[1]}",
            tls=session.is_secure,
            receives=session.receives,
            in_hand=session.in_hand,
        )


class Drop(Table):
    """Which sessions to end, and how; one, those of an account, or all."""

    session: int | None = None
    account: str | None = None
    then: Then = Then.CLOSE


class Dropped(BaseModel):
    """How many sessions were ended."""

    dropped: int


class Congestion(Table):
    """How busy the SMSC says it is (SMPP 5.0 4.8.4.18), 0 to 100 per cent; null says nothing."""

    congestion: Annotated[int, Field(ge=0, le=100)] | None
    account: str | None = None


class MessageView(BaseModel):
    """A stored message; its numbers but for the last digits hidden, unless they are asked for."""

    message_id: str
    number: int
    account: str
    source: str
    destination: str
    text: str | None
    state: str
    error_code: int
    submitted_at: datetime
    scheduled_at: datetime | None
    expires_at: datetime | None
    final_at: datetime | None

    @classmethod
    def of(cls, message: StoredMessage, *, numbers: bool) -> Self:
        """Show a message as it is now."""
        show = str if numbers else masked
        return cls(
            message_id=message.message_id,
            number=message.number,
            account=message.account,
            source=show(message.source),
            destination=show(message.destination),
            text=text_of(message.request),
            state=message.state.name,
            error_code=message.error_code,
            submitted_at=_time(message.submitted_at),
            scheduled_at=_time_or_none(message.scheduled_at),
            expires_at=_time_or_none(message.expires_at),
            final_at=_time_or_none(message.final_at),
        )


class ReceiptToSend(Table):
    """The receipt of a state, sent now, whether one was asked for or not.

    `final` makes it the state of the message, too.
    """

    state: State
    final: bool = True


class MoSent(BaseModel):
    """In how many parts a message has gone out, and how many now wait for a receiver."""

    parts: int
    waiting: int


class StreamView(BaseModel):
    """A stream of MO messages."""

    stream: int
    account: str
    sent: int
    over: bool
    settings: MoStream

    @classmethod
    def of(cls, running: RunningStream) -> Self:
        """Show a stream as it is now."""
        return cls(
            stream=running.number,
            account=running.stream.account,
            sent=running.sent,
            over=running.is_over,
            settings=running.stream,
        )


class AlertToSend(Table):
    """An alert_notification, SMPP 3.4 4.12: the number is there again."""

    account: SystemId
    source: Address
    source_ton: Ton = 1
    source_npi: Npi = 1
    esme: Address = ""
    esme_ton: Ton = 0
    esme_npi: Npi = 0


class OutbindToSend(Table):
    """An ESME to call, SMPP 3.4 2.2.1; the password is what it knows the SMSC by."""

    host: Annotated[str, Field(min_length=1, max_length=255)] = "127.0.0.1"
    port: Port
    system_id: SystemId | None = None
    password: Annotated[SecretStr, Field(max_length=8)] = SecretStr("")


class PduView(BaseModel):
    """A PDU that went over the wire: its fields by their names, and its octets."""

    number: int
    at: datetime
    session: int
    account: str
    direction: str
    pdu: str | None
    reason: str | None = None
    command_status: str | None = None
    sequence_number: int | None = None
    fields: dict[str, Any] = {}
    tlvs: list[dict[str, Any]] = []
    hex: str | None

    @classmethod
    def of(cls, entry: Entry, *, numbers: bool) -> Self:
        """Show an entry of the ring."""
        return cls(
            number=entry.number,
            at=_time(entry.at),
            session=entry.origin.session,
            account=entry.origin.account,
            direction="sent" if entry.sent else "received",
            **shown(entry, numbers=numbers),
        )


class Reset(Table):
    """What to start again with; without a seed, with that of the beginning."""

    seed: int | None = None


def _time(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _time_or_none(at: float | None) -> datetime | None:
    return None if at is None else _time(at)
