"""cancel_sm: of one message by its id, or of all with the same addresses, SMPP 3.4 4.9."""

from collections.abc import Sequence
from typing import Final

from telecom.gateway.access.accounts import Accounts
from telecom.gateway.clock import Clock
from telecom.gateway.metrics import Metrics
from telecom.gateway.stored.changes import Changes
from telecom.gateway.stored.owned_messages import Asked, OwnedMessages
from telecom.gateway.submission.replacing import Replacements
from telecom.net.smpp.server import ServerSession
from telecom.numbering.e164 import is_e164
from telecom.router.admission import without_sign
from telecom.smpp.pdus import CancelSm, CancelSmResp, Pdu
from telecom.smpp.status import CommandStatus
from telecom.sms.address import Address
from telecom.store.micro_batch import MicroBatch
from telecom.store.pending import START, PendingMessages
from telecom.store.records import Stored, Withdrawal, address_key

_MOST_SEARCHES: Final = 200
"""How many pieces of what waits one cancel_sm looks through, see `PendingMessages.find`."""


class Cancellations(Changes[CancelSm, Withdrawal]):
    """Ends messages as DELETED, with the receipt that they asked for."""

    def __init__(
        self,
        pending: PendingMessages,
        owned: OwnedMessages,
        replacements: Replacements,
        accounts: Accounts,
        *,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        super().__init__(
            owned, name="cancel", failed=CommandStatus.ESME_RCANCELFAIL, metrics=metrics
        )
        self._pending = pending
        self._replacements = replacements
        self._accounts = accounts
        self._clock = clock
        self._searches = MicroBatch(self._search, 1, failed=self._not_changed)

    def take(self, session: ServerSession, request: CancelSm) -> None:
        """Cancel what the request names, if it still waits; then answer."""
        if request.message_id:
            super().take(session, request)
        else:
            self._searches.add(Asked(session, request))

    async def drain(self) -> None:
        """Wait until everything taken has been answered."""
        await super().drain()
        await self._searches.drain()

    def _make(self, _asked: Asked[CancelSm], stored: Stored) -> Withdrawal:
        return self._replacements.deletion(stored, self._clock.wall())

    async def _apply(self, changes: Sequence[Withdrawal]) -> list[bool]:
        return await self._pending.withdraw(changes, self._clock.wall())

    def _response(self) -> Pdu:
        return CancelSmResp()

    async def _search(self, asked: list[Asked[CancelSm]]) -> None:
        for it in asked:
            number = it.request.destination_addr.decode("latin-1").removeprefix("+")
            if not is_e164(number):
                self.refuse(it, CommandStatus.ESME_RINVDSTADR)
            elif await self._cancel_all(it, number):
                self.answer(it)
            else:
                self.refuse(it, self._failed)

    async def _cancel_all(self, asked: Asked[CancelSm], number: str) -> int:
        """Cancel what waits and has these addresses; return how many."""
        cancelled, start = 0, START
        for _ in range(_MOST_SEARCHES):
            found, go_on = await self._pending.find(number, self._key(asked, number), start=start)
            done = await self._apply([self._make(asked, stored) for stored in found])
            cancelled += sum(done)
            if go_on is None:
                break
            start = go_on
        return cancelled

    def _key(self, asked: Asked[CancelSm], number: str) -> bytes:
        request, system_id = asked.request, asked.session.system_id
        source = Address(
            request.source_addr.decode("latin-1"), request.source_addr_ton, request.source_addr_npi
        )
        if not source.digits:
            source = self._accounts.sender(system_id).default_source
        service_type = request.service_type.decode("latin-1") or None
        return address_key(system_id, without_sign(source), number, service_type)
