"""Finding a stored message for its owner: by its id and its source address, SMPP 3.4 4.8.

Of another account's message nobody learns that it is there. The id of a submit_multi stands for
all of its messages.
"""

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

import msgspec

from telecom.gateway.access.accounts import Accounts
from telecom.gateway.submission.message_ids import read
from telecom.net.smpp.server import ServerSession
from telecom.store.pending import PendingMessages
from telecom.store.records import Look


class NamesMessage(Protocol):
    """A request about a message, as far as finding that goes."""

    @property
    def sequence_number(self) -> int:
        """The request's own."""

    @property
    def message_id(self) -> bytes:
        """As the ESME knows it."""

    @property
    def source_addr(self) -> bytes:
        """Empty where the message named no source either."""


RequestT = TypeVar("RequestT", bound=NamesMessage)


class Asked(msgspec.Struct, Generic[RequestT], frozen=True):
    """A request about a message, and whom to answer."""

    session: ServerSession
    request: RequestT


class Found(msgspec.Struct, frozen=True):
    """What a request is about: the messages, none where the id is none of the account's.

    `is_source_right` tells whether the request names their source address.
    """

    looks: tuple[Look, ...]
    is_source_right: bool


class OwnedMessages:
    """Finds messages for the accounts that they are of."""

    def __init__(self, pending: PendingMessages, accounts: Accounts) -> None:
        self._pending = pending
        self._accounts = accounts

    async def find(self, asked: Sequence[Asked[RequestT]]) -> list[Found]:
        """Return what requests are about; raises `redis.exceptions.RedisError`."""
        wanted = [self._ids(it) for it in asked]
        looks = await self._look([message_id for ids in wanted for message_id in ids])
        members = await self._look([name for look in looks.values() for name in look.members])
        return [
            self._found(it, [looks[message_id] for message_id in ids], members)
            for it, ids in zip(asked, wanted, strict=True)
        ]

    async def _look(self, ids: Sequence[str]) -> dict[str, Look]:
        return dict(zip(ids, await self._pending.look(ids), strict=True)) if ids else {}

    def _ids(self, asked: Asked[RequestT]) -> tuple[str, ...]:
        forms = self._accounts.sender(asked.session.system_id).ids
        return read(asked.request.message_id, forms)

    def _found(
        self, asked: Asked[RequestT], looks: Sequence[Look], members: dict[str, Look]
    ) -> Found:
        system_id = asked.session.system_id
        each = [members[name] for look in looks for name in look.members] or looks
        own = tuple(look for look in each if _owner(look)[0] == system_id)
        source = asked.request.source_addr.decode("latin-1").removeprefix("+")
        wanted = source or self._accounts.sender(system_id).default_source.digits
        return Found(own, all(_owner(look)[1] == wanted for look in own))


def _owner(look: Look) -> tuple[str, str]:
    """Return the account of a message and its source address."""
    if look.stored is not None:
        return look.stored.message.account, look.stored.message.source.digits
    return (look.ended.account, look.ended.source) if look.ended is not None else ("", "")
