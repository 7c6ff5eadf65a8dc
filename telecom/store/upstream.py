"""Messages in the hands of upstream SMSCs, in Redis: which receipt is about which part of which.

A part is known by its upstream, its destination number and the id that the upstream gave it,
in the number's partition, so that whichever node gets the receipt finds the message. The two
may come in either order: a receipt that overtakes the response is held for it.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final

import msgspec

from telecom.smpp.receipts import id_forms, loose_id
from telecom.sms.receipt import MessageState
from telecom.store.keys import Partitions, Share, in_order
from telecom.store.lua import Call, Client, Script, octets, raise_first, round_trip
from telecom.store.records import DECODE_MESSAGE, ENCODE, Message, Taken

_ACCEPTED: Final = Script("upstream_accepted")
_TOLD: Final = Script("upstream_told")

LONGEST_ID: Final = 65
"""Octets of a message_id, SMPP 3.4 5.2.23."""


class Bounds(msgspec.Struct, frozen=True, gc=False):
    """What early receipts may take of a partition, and for how many seconds things are kept.

    A receipt waits `held_for` for its response, a part is remembered `repeated_for` after its
    message has ended, as an upstream may repeat the receipt.
    """

    held: int = 10_000
    held_for: float = 600.0
    repeated_for: float = 600.0


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """A part of a taken message that `upstream` has accepted; it is the last of `upstream_ids`.

    `message` is what the taken one has become, `events` the part's billable ones. One that is
    all in the upstream's hands is put off until `overdue`.
    """

    upstream: str
    taken: Taken
    message: Message
    overdue: float
    events: tuple[bytes, ...] = ()


class Told(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What a receipt says: the state, and where it tells one, the error and when (or 0).

    `error` is a number of the network type `network`, as in network_error_code.
    """

    state: MessageState
    error: int = 0
    network: int = 0
    done_at: float = 0.0


class UpstreamReceipt(msgspec.Struct, frozen=True, gc=False):
    """A receipt of an upstream about a part of a message to `number`."""

    upstream: str
    number: str
    upstream_id: str
    told: Told
    is_final: bool


class Found(msgspec.Struct, frozen=True, gc=False):
    """What a receipt is about: its message, None if that has ended, and the part's final state.

    `told` is the first that came, whatever others say later.
    """

    message: Message | None
    told: Told | None = None


class UpstreamMessages:
    """The messages of all upstreams, as one node sees them.

    Every method is one round trip for its whole batch and raises
    `redis.exceptions.RedisError` when Redis fails; what it was to do may be asked for again.
    """

    def __init__(
        self, redis: Client, partitions: Partitions, *, bounds: Bounds | None = None
    ) -> None:
        self._redis = redis
        self._partitions = partitions
        self._bounds = bounds or Bounds()

    async def accepted(self, parts: Sequence[Accepted], now: float) -> list[Told | None]:
        """Record parts that upstreams have accepted; return the receipts that came before."""
        shares = self._partitions.share(parts, attrgetter("message.destination"))
        calls = [self._accepted(share, now) for share in shares]
        told = in_order(shares, await _ACCEPTED.run(self._redis, calls))
        return [_told(blob) for blob in told]

    def _accepted(self, share: Share[Accepted], now: float) -> Call:
        keys = share.keys
        names = [keys.messages, keys.mt, keys.deferred, keys.events]
        names += [keys.upstream_held, keys.upstream_held_at]
        takes = []
        for part in share.items:
            message = part.message
            upstream_id = message.upstream_ids[-1]
            prefix = _prefix(part.upstream, message.destination)
            names.append(keys.upstream(prefix + loose_id(upstream_id)))
            takes.append(
                (
                    message.id,
                    octets(ENCODE(message)),
                    f"{message.destination}:{message.id}",
                    part.taken.entry,
                    part.overdue if message.is_upstream else False,
                    int(max(0.0, part.overdue - now) + self._bounds.repeated_for),
                    [prefix + form for form in id_forms(upstream_id)],
                    [octets(event) for event in part.events],
                )
            )
        return Call(names, takes)

    async def told(self, receipts: Sequence[UpstreamReceipt], now: float) -> list[Found | None]:
        """Record what receipts say of their parts and return what they are about.

        None for what nobody knows (yet): one that is final is then held for its response.
        """
        shares = self._partitions.share(receipts, attrgetter("number"))
        calls = [self._receipts(share, now) for share in shares]
        found = in_order(shares, await _TOLD.run(self._redis, calls))
        return [_found(*reply[1:]) if reply[0] else None for reply in found]

    def _receipts(self, share: Share[UpstreamReceipt], now: float) -> Call:
        keys = share.keys
        names = [keys.messages, keys.upstream_held, keys.upstream_held_at]
        takes: list[tuple[Any, ...]] = []
        for receipt in share.items:
            prefix = _prefix(receipt.upstream, receipt.number)
            forms = list(id_forms(receipt.upstream_id))
            names += [keys.upstream(prefix + form) for form in forms]
            says = octets(ENCODE(receipt.told))
            takes.append((len(forms), receipt.is_final, says, prefix + forms[0]))
        return Call(names, (now, self._bounds.held_for, self._bounds.held, takes))

    async def parts(self, messages: Sequence[tuple[str, Message]]) -> list[list[Told | None]]:
        """Return what is on record of each part that the upstreams of messages have accepted."""
        keys = [self._keys(upstream, message) for upstream, message in messages]
        commands = [("HGET", key, "told") for of_message in keys for key in of_message]
        replies = iter(raise_first(await round_trip(self._redis, commands)) if commands else ())
        return [[_told(next(replies)) for _ in of_message] for of_message in keys]

    async def ended(self, messages: Sequence[tuple[str, Message]]) -> None:
        """Remember the parts of messages that have ended, each with its upstream, not for long."""
        memory = int(self._bounds.repeated_for)
        commands = [("EXPIRE", key, memory) for ended in messages for key in self._keys(*ended)]
        if commands:
            raise_first(await round_trip(self._redis, commands))

    def _keys(self, upstream: str, message: Message) -> list[str]:
        keys = self._partitions.keys[self._partitions.of(message.destination)]
        prefix = _prefix(upstream, message.destination)
        return [keys.upstream(prefix + loose_id(each)) for each in message.upstream_ids]


def _prefix(upstream: str, number: str) -> str:
    return f"{upstream}:{number}:"


def _told(blob: bytes | None) -> Told | None:
    return msgspec.msgpack.decode(blob, type=Told) if blob else None


def _found(message: bytes, told: bytes) -> Found:
    return Found(DECODE_MESSAGE(message) if message else None, _told(told))
