"""What the control API shows and takes, as it stands in its OpenAPI description."""

from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from hlr_sim.handset import ReceivedMessage, SentMessage
from hlr_sim.lab import Lab
from hlr_sim.mwd import MessageWaitingData
from hlr_sim.subscribers import FLAGS, Subscriber

Whereabouts = bool | str | None
"""An operator's name; true for the next one in the configuration, null or false for none."""

IN_THE_WAY: Final = (
    "absent",
    "unknown",
    "barred",
    "not_provisioned",
    "memory_full",
    "hlr_silent",
    "msc_silent",
)
"""What keeps a short message from a subscriber; one is reachable when nothing of it is true."""


class WaitingView(BaseModel):
    """Messages waiting data, TS 23.040 3.2.6."""

    service_centres: list[str]
    mobile_not_reachable: bool
    memory_capacity_exceeded: bool

    @classmethod
    def of(cls, waiting: MessageWaitingData) -> Self:
        """Show what waits for a subscriber."""
        return cls(
            service_centres=waiting.service_centres,
            mobile_not_reachable=waiting.mobile_not_reachable,
            memory_capacity_exceeded=waiting.memory_capacity_exceeded,
        )


class SubscriberView(BaseModel):
    """A subscriber; `ported` and `roaming` name the other operator, or are null."""

    msisdn: str
    imsi: str
    home_network: str
    serving_node: str
    reachable: bool
    ported: str | None
    roaming: str | None
    absent: bool
    unknown: bool
    barred: bool
    not_provisioned: bool
    memory_full: bool
    home_routed: bool
    fails_first: bool
    replies: bool
    hlr_silent: bool
    msc_silent: bool
    waiting: WaitingView | None

    @classmethod
    def of(cls, subscriber: Subscriber, lab: Lab) -> Self:
        """Show a subscriber as it is now."""
        waiting = subscriber.waiting
        home, visited = subscriber.home, subscriber.visited
        return cls(
            msisdn=subscriber.msisdn,
            imsi=subscriber.imsi,
            home_network=home.name,
            serving_node=lab.population.serving_msc(subscriber),
            reachable=not any(getattr(subscriber, name) for name in IN_THE_WAY),
            ported=home.name if home is not subscriber.holder else None,
            roaming=visited.name if visited is not home else None,
            waiting=WaitingView.of(waiting) if waiting is not None else None,
            **{name: getattr(subscriber, name) for name in FLAGS},
        )


class SubscriberPatch(BaseModel):
    """A change of a subscriber; what is left out stays.

    `reachable` true takes away all that keeps a message from it, false makes it absent. Who is
    made absent or full this way stays so until the next change.
    """

    model_config = ConfigDict(extra="forbid")

    reachable: bool | None = None
    ported: Whereabouts = None
    roaming: Whereabouts = None
    absent: bool | None = None
    unknown: bool | None = None
    barred: bool | None = None
    not_provisioned: bool | None = None
    memory_full: bool | None = None
    home_routed: bool | None = None
    fails_first: bool | None = None
    replies: bool | None = None
    hlr_silent: bool | None = None
    msc_silent: bool | None = None

    def flags(self) -> dict[str, bool]:
        """Return every flag that changes, and to what."""
        flags = {}
        if self.reachable is not None:
            flags = dict.fromkeys(IN_THE_WAY, False) if self.reachable else {"absent": True}
        return flags | {name: value for name in FLAGS if (value := getattr(self, name)) is not None}


class ReceivedView(BaseModel):
    """A whole message as a handset got it; `octets` (hexadecimal) stand for an 8 bit one's text."""

    originator: str
    originator_ton: int
    text: str | None
    octets: str | None
    segments: int
    data_coding_scheme: int
    protocol_identifier: int
    service_centre: str
    at: datetime

    @classmethod
    def of(cls, message: ReceivedMessage, at: datetime) -> Self:
        """Show a message that was received at a time of day."""
        return cls(
            originator=message.originator.digits,
            originator_ton=message.originator.ton,
            text=message.text,
            octets=None if message.octets is None else message.octets.hex(),
            segments=message.segments,
            data_coding_scheme=message.data_coding_scheme,
            protocol_identifier=message.protocol_identifier,
            service_centre=message.service_centre,
            at=at,
        )


class MessageToSend(BaseModel):
    """A text for a handset to send; by default to the configured service centre."""

    model_config = ConfigDict(extra="forbid")

    destination: Annotated[str, StringConstraints(pattern=r"^[0-9*#]{1,20}$")]
    destination_ton: Annotated[int, Field(ge=0, le=4)] = 1
    text: Annotated[str, StringConstraints(max_length=20_000)]
    service_centre: Annotated[str, StringConstraints(pattern=r"^[0-9]{5,15}$")] | None = None


class SentView(BaseModel):
    """A message that a handset sent: ``sending``, ``sent``, or ``failed`` with the reason."""

    id: int
    destination: str
    text: str
    service_centre: str
    segments: int
    segments_accepted: int
    status: str
    failure: str | None
    at: datetime

    @classmethod
    def of(cls, message: SentMessage, at: datetime) -> Self:
        """Show a message that was sent at a time of day."""
        return cls(
            id=message.id,
            destination=message.destination.digits,
            text=message.text,
            service_centre=message.service_centre,
            segments=message.segments,
            segments_accepted=message.accepted,
            status=message.status,
            failure=message.failure,
            at=at,
        )


class SuspectView(BaseModel):
    """An MT dialogue that did not match its SRI-SM."""

    verdict: str
    imsi: str
    node: str
    sccp_gt: str
    map_gt: str
    at: datetime


class CorrelationView(BaseModel):
    """How many MT dialogues got each verdict, and the last ones that did not match."""

    reject: bool
    verdicts: dict[str, int]
    suspects: list[SuspectView]


class CorrelationPatch(BaseModel):
    """Whether what does not match is refused."""

    model_config = ConfigDict(extra="forbid")

    reject: bool


class NodeView(BaseModel):
    """A node of an operator."""

    kind: str
    gt: str


class OperatorView(BaseModel):
    """An operator of the lab and its nodes."""

    name: str
    country: str
    mccmnc: str
    ranges: list[str]
    number_length: int
    nodes: list[NodeView]
