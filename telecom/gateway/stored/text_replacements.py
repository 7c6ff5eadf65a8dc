"""replace_sm: another text, and other times, for a message that waits, SMPP 3.4 4.10."""

from collections.abc import Sequence
from itertools import count

import msgspec

from telecom.gateway.access.accounts import Accounts
from telecom.gateway.clock import Clock
from telecom.gateway.metrics import Metrics
from telecom.gateway.stored.changes import Changes
from telecom.gateway.stored.owned_messages import Asked, OwnedMessages
from telecom.gateway.submission.submission import STATUS_OF
from telecom.gateway.submission.submitted import CannedTexts, canned_text, check_registered_delivery
from telecom.router.admission import Refusal, Revised, Revision, revise
from telecom.smpp.errors import PduError
from telecom.smpp.pdus import Pdu, ReplaceSm, ReplaceSmResp
from telecom.smpp.status import CommandStatus
from telecom.smpp.tlvs import MESSAGE_PAYLOAD
from telecom.sms.alphabets import AlphabetError
from telecom.sms.data_coding import tp_dcs_of_smpp, user_data_of_smpp
from telecom.sms.user_data import UserData
from telecom.store.pending import PendingMessages
from telecom.store.records import Amendment, Stored


class TextReplacements(Changes[ReplaceSm, Amendment]):
    """Changes messages of which no handset, or upstream, has a part; they keep their ids."""

    def __init__(
        self,
        pending: PendingMessages,
        owned: OwnedMessages,
        accounts: Accounts,
        *,
        canned: CannedTexts,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        super().__init__(
            owned, name="replace", failed=CommandStatus.ESME_RREPLACEFAIL, metrics=metrics
        )
        self._pending = pending
        self._accounts = accounts
        self._canned = canned
        self._clock = clock
        self._references = count()

    def _make(self, asked: Asked[ReplaceSm], stored: Stored) -> Amendment:
        request, message = asked.request, stored.message
        check_registered_delivery(request)
        if message.segments_done or message.upstream_ids:
            raise PduError(self._failed, request.sequence_number, "parts of it have left")
        encoding = 0 if request.sm_default_msg_id else message.encoding
        revised = self._revise(asked, stored, _user_data(request, encoding, self._canned))
        changed = msgspec.structs.replace(
            message,
            segments=revised.segments,
            expires_at=revised.expires_at,
            schedule_at=revised.schedule_at,
            encoding=encoding,
            data_coding=tp_dcs_of_smpp(encoding, revised.segments[0].alphabet),
            registered_delivery=request.registered_delivery,
        )
        return Amendment(stored, changed, is_rescheduled=bool(request.schedule_delivery_time))

    def _revise(self, asked: Asked[ReplaceSm], stored: Stored, user_data: UserData) -> Revised:
        request, message = asked.request, stored.message
        revised = revise(
            Revision(
                user_data,
                validity_period=request.validity_period.decode("latin-1"),
                schedule_delivery_time=request.schedule_delivery_time.decode("latin-1"),
            ),
            self._accounts.sender(asked.session.system_id).terms,
            schedule_at=message.schedule_at,
            expires_at=message.expires_at,
            now=self._clock.wall(),
            reference=next(self._references) & 0xFF,
        )
        if isinstance(revised, Refusal):
            raise PduError(STATUS_OF[revised], request.sequence_number, revised)
        return revised

    async def _apply(self, changes: Sequence[Amendment]) -> list[bool]:
        return await self._pending.amend(changes)

    def _response(self) -> Pdu:
        return ReplaceSmResp()


def _user_data(request: ReplaceSm, encoding: int, canned: CannedTexts) -> UserData:
    """Return the new user data, in the data_coding of the first; it has no header."""
    sequence_number = request.sequence_number
    if request.sm_default_msg_id:
        return canned_text(request.sm_default_msg_id, canned, sequence_number)
    payload = MESSAGE_PAYLOAD.of(request)
    if payload is not None and request.short_message:
        status = CommandStatus.ESME_ROPTPARNOTALLWD
        raise PduError(status, sequence_number, "both short_message and message_payload")
    try:
        return user_data_of_smpp(encoding, payload or request.short_message)
    except AlphabetError as error:
        raise PduError(CommandStatus.ESME_RREPLACEFAIL, sequence_number, str(error)) from None
