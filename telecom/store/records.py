"""What the store keeps and hands out; on its way through Redis each is msgpack, as an array."""

from typing import TypeVar

import msgspec

from telecom.sms.address import Address
from telecom.sms.user_data import UserData

RecordT = TypeVar("RecordT", bound=msgspec.Struct)


class Message(msgspec.Struct, frozen=True, gc=False, array_like=True, kw_only=True):
    """A mobile-terminated short message from its acceptance to its final state.

    `segments` are its parts as they go to the handset, `segments_done` how many of them have
    got there. `reference_tlvs` are (tag, value) pairs that its receipts repeat. Times in seconds
    since the epoch; with a `schedule_at` it is first tried then, and no alert makes it due.
    `destination` is the number without a sign; `id` is made by `node.MessageIds`, and `named` is
    the one that the sender knows it by, if that is another. `mode` is the messaging mode of
    esm_class, `encoding` the data_coding that it came with, `data_coding` its TP-DCS.
    `upstream_ids` are what an upstream SMSC calls the parts that it has accepted, in order: with
    all of them it is in the upstream's hands.
    """

    id: str
    account: str
    source: Address
    destination: str
    service_type: str = ""
    segments: tuple[UserData, ...]
    accepted_at: float
    expires_at: float
    schedule_at: float | None = None
    protocol_id: int = 0
    data_coding: int = 0
    registered_delivery: int = 0
    priority: int = 0
    attempts: int = 0
    segments_done: int = 0
    reference_tlvs: tuple[tuple[int, bytes], ...] = ()
    last_error: str = ""
    upstream_ids: tuple[str, ...] = ()
    encoding: int = 0
    mode: int = 0
    reply_path: bool = False
    set_dpf: bool = False
    named: str = ""

    @property
    def is_upstream(self) -> bool:
        """Whether an upstream has all of it: only the receipts, or time, can end it now."""
        return len(self.upstream_ids) == len(self.segments)


def address_key(
    account: str, source: Address, destination: str, service_type: str | None = None
) -> bytes:
    """Return what a stored message has behind its id, for the scripts that compare just that.

    Without a service type it is what messages of all of them have in common.
    """
    parts: list[object] = [account, source, destination]
    if service_type is not None:
        parts.append(service_type)
    return b"".join(ENCODE(part) for part in parts)


class Taken(msgspec.Struct, frozen=True, gc=False):
    """A message that this node has taken; `entry` is its place in the queue."""

    message: Message
    entry: str


class Progress(msgspec.Struct, frozen=True, gc=False):
    """What a taken message has become; `events` are billable events that came of it."""

    taken: Taken
    message: Message
    events: tuple[bytes, ...] = ()


class Deferral(msgspec.Struct, frozen=True, gc=False):
    """A taken message, as it has become, to be tried again when `due`.

    `notices` are what its sender is told of it, as they go to the account's outbox.
    """

    taken: Taken
    message: Message
    due: float
    notices: tuple[bytes, ...] = ()


class Ended(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """How a message ended, as it is remembered for a while.

    `state` is a message_state, `error` what a query_sm_resp has as its error_code, `at` in
    seconds since the epoch; `source` is the digits or the name that it came from.
    """

    account: str
    source: str
    state: int
    error: int
    at: float

    @classmethod
    def of(cls, message: Message, state: int, *, error: int, at: float) -> "Ended":
        """Return how a message ends."""
        return cls(message.account, message.source.digits, state, error, at)


class EndedBounds(msgspec.Struct, frozen=True, gc=False):
    """How many ended messages are remembered in one partition, and for how many seconds.

    Up to twice of each is kept: the older half is forgotten at once.
    """

    count: int = 100_000
    age: float = 86_400.0

    def at(self, now: float) -> list[float]:
        """Return the bounds as the scripts want them."""
        return [self.count, self.age, now]


class Final(msgspec.Struct, frozen=True, gc=False):
    """A message that has reached its final state, and how.

    `receipts` go to the account's outbox as they are, `events` to the ledger. `entry` is empty
    for a message that this node has not taken.
    """

    message: Message
    ended: Ended
    entry: str = ""
    receipts: tuple[bytes, ...] = ()
    events: tuple[bytes, ...] = ()


class Stored(msgspec.Struct, frozen=True, gc=False):
    """A message as it was seen in Redis: `blob` is exactly what was there."""

    message: Message
    blob: bytes


class Withdrawal(msgspec.Struct, frozen=True, gc=False):
    """A stored message that is to end before its delivery, and what its sender is told."""

    stored: Stored
    ended: Ended
    receipts: tuple[bytes, ...] = ()


class Amendment(msgspec.Struct, frozen=True, gc=False):
    """A stored message, and what it is to become; `is_rescheduled` makes its schedule count."""

    stored: Stored
    message: Message
    is_rescheduled: bool


class Look(msgspec.Struct, frozen=True, gc=False):
    """What an id stands for: a stored message, one that has ended, several, or none of these.

    `is_taken` tells that a node is at work on the stored one.
    """

    stored: Stored | None = None
    is_taken: bool = False
    ended: Ended | None = None
    members: tuple[str, ...] = ()


class PendingFlag(msgspec.Struct, frozen=True, gc=False):
    """That an account is to hear, once, when a number can be reached again; `body` is what.

    One for the same `source` of the account goes in its place.
    """

    number: str
    account: str
    source: str
    body: bytes


class Depth(msgspec.Struct, frozen=True, gc=False):
    """How many messages there are: all of them, and of these queued or taken, and deferred."""

    stored: int
    queued: int
    deferred: int


class OutboxItem(msgspec.Struct, frozen=True, gc=False):
    """Something to be delivered to an account that no `Final` carries, such as an MO message.

    `number` is the end user's and chooses the partition. An item whose `id` was put within the
    last day is not put again, and its billable `events` are recorded no second time.
    """

    id: str
    account: str
    number: str
    body: bytes
    events: tuple[bytes, ...] = ()


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """An outbox item that this node has taken; `entry` is its place in that outbox."""

    account: str
    partition: int
    entry: str
    body: bytes


class SriSent(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A sendRoutingInfoForSM that is about to leave so as to route a message.

    `authorisation` is a new unique name for what it may allow. `sccp_gt` is its SCCP calling
    GT, `map_gt` its service centre address, `called` its SCCP called GT, `dialogue` its
    transaction; `at` in seconds since the epoch.
    """

    authorisation: str
    msisdn: str
    operator: str
    sccp_gt: str
    map_gt: str
    called: str
    dialogue: str
    at: float


class SriAnswered(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Its answer: the IMSI (or MT correlation id), and the network node number that serves it."""

    authorisation: str
    msisdn: str
    imsi: str
    node: str
    at: float


class FsmRequest(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An MT dialogue that asks to begin, by the authorisation of the request before it.

    `imsi` is its SM-RP-DA, `node` its SCCP called GT digits, `sccp_gt` its SCCP calling GT,
    `map_gt` its SM-RP-OA. On a match `events`, the billable events of the messages that it
    carries, are recorded with it.
    """

    authorisation: str
    msisdn: str
    imsi: str
    node: str
    sccp_gt: str
    map_gt: str
    called: str
    dialogue: str
    at: float
    message_id: str
    operator: str = ""
    events: tuple[bytes, ...] = ()


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """What the GT gate saw and said, as `{pNN}:evidence` holds it.

    An entry's fields are ``verdict`` (the verdict's name), ``fsm`` (FsmRequest without events)
    and, where there was one, ``sri`` (SriSent) and ``answer`` (SriAnswered); see `of_entry`.
    """

    verdict: str
    fsm: FsmRequest
    sri: SriSent | None = None
    answer: SriAnswered | None = None

    @classmethod
    def of_entry(cls, fields: dict[bytes, bytes]) -> "Evidence":
        """Return what the fields of a stream entry say; raises `msgspec.MsgspecError`."""
        return cls(
            verdict=fields[b"verdict"].decode(),
            fsm=msgspec.msgpack.decode(fields[b"fsm"], type=FsmRequest),
            sri=_decode_if_any(fields.get(b"sri"), SriSent),
            answer=_decode_if_any(fields.get(b"answer"), SriAnswered),
        )


def _decode_if_any(blob: bytes | None, record: type[RecordT]) -> RecordT | None:
    return msgspec.msgpack.decode(blob, type=record) if blob else None


ENCODE = msgspec.msgpack.Encoder().encode
"""Return a record as msgpack."""

DECODE_MESSAGE = msgspec.msgpack.Decoder(Message).decode
"""Return the message in a msgpack blob; raises `msgspec.MsgspecError`."""

DECODE_ENDED = msgspec.msgpack.Decoder(Ended).decode
"""Return how a message ended, from a msgpack blob; raises `msgspec.MsgspecError`."""
