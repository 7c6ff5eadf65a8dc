"""What an SMSC does with each request of an ESME that no rule has refused, SMPP 3.4 4 and 5.0 4."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any, ClassVar, Final

import msgspec

from smsc_sim.acceptance import RefusalError, check, check_destination
from smsc_sim.actions import ID_OF_V33, Action
from smsc_sim.futures import Futures
from smsc_sim.matching import Subject
from smsc_sim.messages import Messages, Request, StoredMessage
from smsc_sim.peers import Peer
from smsc_sim.rules import Rules
from telecom.router.times import TimeFormatError, absolute_time, parse_time
from telecom.smpp import tlvs
from telecom.smpp.errors import PduError
from telecom.smpp.pdus import (
    BroadcastSm,
    BroadcastSmResp,
    CancelBroadcastSm,
    CancelBroadcastSmResp,
    CancelSm,
    CancelSmResp,
    DataSm,
    DataSmResp,
    EnquireLink,
    EnquireLinkResp,
    Pdu,
    QueryBroadcastSm,
    QueryBroadcastSmResp,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    ReplaceSmResp,
    SmeAddress,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
    UnsuccessSme,
)
from telecom.smpp.status import CommandStatus as Status
from telecom.smpp.versions import InterfaceVersion
from telecom.sms.receipt import MessageState

_SCHEDULED: Final = 0
"""message_state of what is not to be sent yet, SMPP 5.0 4.7.15; 3.4 has no word for it."""
_WHOLLY: Final = 100
"""broadcast_area_success: all of the area, SMPP 5.0 4.8.4.2."""


class Asked(msgspec.Struct):
    """A request of an ESME, when it is answered, and what the rules say about it."""

    request: Any
    peer: Peer
    action: Action
    random: Random
    now: float


class Operations:
    """Answers requests: each method returns the response, or raises `RefusalError`."""

    def __init__(
        self,
        rules: Rules,
        messages: Messages,
        futures: Futures,
        *,
        distribution_lists: Mapping[str, tuple[str, ...]],
        next_number: Callable[[], int],
    ) -> None:
        self._rules = rules
        self._messages = messages
        self._futures = futures
        self._distribution_lists = distribution_lists
        self._next_number = next_number

    def response(self, asked: Asked) -> Pdu:
        """Return the response to a request; raises `RefusalError`."""
        handler = self._HANDLERS.get(type(asked.request))
        if handler is None:
            raise RefusalError(Status.ESME_RINVCMDID)
        response: Pdu = handler(self, asked)
        return response

    # Messages

    def _submit_sm(self, asked: Asked) -> SubmitSmResp:
        return SubmitSmResp(self._accept(asked, asked.request).encode("latin-1"))

    def _data_sm(self, asked: Asked) -> DataSmResp:
        return DataSmResp(self._accept(asked, asked.request).encode("latin-1"))

    def _broadcast_sm(self, asked: Asked) -> BroadcastSmResp:
        return BroadcastSmResp(self._accept(asked, asked.request).encode("latin-1"))

    def _submit_multi(self, asked: Asked) -> SubmitMultiResp:
        """Accept what goes to each destination that no rule refuses, SMPP 3.4 4.5."""
        request: SubmitMulti = asked.request
        singles = [_single(request, address) for address in self._addresses(request)]
        if not singles:
            raise RefusalError(Status.ESME_RINVNUMDESTS)
        check(singles[0])
        number, message_id = self._new_id(asked)
        failed = []
        for single in singles:
            subject = Subject(single, SubmitMulti, asked.peer.system_id, asked.peer.number)
            action = self._rules.decide(subject, asked.now).over(asked.action)
            try:
                self._accept_single(single, asked, action, number, message_id)
            except RefusalError as refusal:
                failed.append(_failed(single, refusal.status))
        return SubmitMultiResp(message_id.encode("latin-1"), tuple(failed))

    def _accept_single(
        self, request: SubmitSm, asked: Asked, action: Action, number: int, message_id: str
    ) -> None:
        if action.status != Status.ESME_ROK:
            raise RefusalError(action.status)
        check_destination(request)
        self._begin(self._message(request, asked, action, number, message_id), asked)

    def _addresses(self, request: SubmitMulti) -> list[SmeAddress]:
        addresses = []
        for destination in request.dest_addresses:
            if isinstance(destination, SmeAddress):
                addresses.append(destination)
                continue
            numbers = self._distribution_lists.get(destination.dl_name.decode("latin-1"))
            if numbers is None:
                raise RefusalError(Status.ESME_RINVDLNAME)
            addresses += [SmeAddress(1, 1, number.encode()) for number in numbers]
        return addresses

    def _accept(self, asked: Asked, request: Request) -> str:
        """Remember a message, or replace one with it; return its id."""
        check(request)
        if not isinstance(request, BroadcastSm):
            check_destination(request)
        message = self._message(request, asked, asked.action, 0, "")
        if getattr(request, "replace_if_present_flag", 0):
            replaced = self._messages.pending(
                message.account, message.source, message.destination, request.service_type
            )
            replaced = _of_its_kind(replaced, request)
            if replaced:
                return self._replace(replaced[0], message, asked)
        message.number, message.message_id = self._new_id(asked)
        self._begin(message, asked)
        return message.message_id

    def _replace(self, message: StoredMessage, other: StoredMessage, asked: Asked) -> str:
        """Put another message into the place of one, whose id it has, SMPP 3.4 5.2.18."""
        for name in ("request", "action", "scheduled_at", "expires_at"):
            setattr(message, name, getattr(other, name))
        self._futures.begin(message, asked.now, asked.random)
        return message.message_id

    def _message(
        self, request: Request, asked: Asked, action: Action, number: int, message_id: str
    ) -> StoredMessage:
        scheduled_at = _time(request, "schedule_delivery_time", asked.now, Status.ESME_RINVSCHED)
        return StoredMessage(
            number=number,
            message_id=message_id,
            account=asked.peer.system_id,
            request=request,
            action=action,
            submitted_at=asked.now,
            scheduled_at=scheduled_at,
            expires_at=_expiry(request, asked.now),
        )

    def _begin(self, message: StoredMessage, asked: Asked) -> None:
        self._messages.add(message)
        self._futures.begin(message, asked.now, asked.random)

    def _new_id(self, asked: Asked) -> tuple[int, str]:
        """Return the number and the id of a message; to a 3.3 peer, one that 3.3 has room for."""
        number, action = self._next_number(), asked.action
        as_usual = "message_id" not in action.model_fields_set
        is_old = asked.peer.version == InterfaceVersion.V33
        return number, (ID_OF_V33 if as_usual and is_old else action.message_id).written(number)

    # What has become of them

    def _query_sm(self, asked: Asked) -> QuerySmResp:
        message = self._own(asked, Status.ESME_RQUERYFAIL)[0]
        return QuerySmResp(
            asked.request.message_id,
            _date(message.final_at),
            _state(message, asked),
            message.error_code,
        )

    def _query_broadcast_sm(self, asked: Asked) -> QueryBroadcastSmResp:
        message = self._own(asked, Status.ESME_RBCASTQUERYFAIL)[0]
        area = tlvs.BROADCAST_AREA_IDENTIFIER.tag
        areas = [tlv for tlv in message.request.tlvs if tlv.tag == area]
        success = 0 if message.is_pending else _WHOLLY
        parameters = (
            tlvs.MESSAGE_STATE(_state(message, asked)),
            *areas,
            *(tlvs.BROADCAST_AREA_SUCCESS(success) for _ in areas),
        )
        return QueryBroadcastSmResp(asked.request.message_id, tlvs=parameters)

    def _cancel_sm(self, asked: Asked) -> CancelSmResp:
        """Cancel one message, or all to a destination where there is no id, SMPP 3.4 4.9."""
        self._cancel(asked, Status.ESME_RCANCELFAIL, asked.request.destination_addr)
        return CancelSmResp()

    def _cancel_broadcast_sm(self, asked: Asked) -> CancelBroadcastSmResp:
        self._cancel(asked, Status.ESME_RBCASTCANCELFAIL, b"")
        return CancelBroadcastSmResp()

    def _cancel(self, asked: Asked, failure: int, destination: bytes) -> None:
        request: CancelSm | CancelBroadcastSm = asked.request
        if request.message_id:
            found = self._own(asked, failure)
        else:
            source, to = request.source_addr.decode("latin-1"), destination.decode("latin-1")
            account = asked.peer.system_id
            found = self._messages.pending(account, source, to, request.service_type)
            found = _of_its_kind(found, request)
        pending = [message for message in found if message.is_pending]
        if not pending:
            raise RefusalError(failure)
        for message in pending:
            self._futures.end(message, MessageState.DELETED, asked.now)

    def _replace_sm(self, asked: Asked) -> ReplaceSmResp:
        """Replace text, times and receipt of a message under way, SMPP 3.4 4.10."""
        request: ReplaceSm = asked.request
        message = self._own(asked, Status.ESME_RREPLACEFAIL)[0]
        if not message.is_pending or not isinstance(message.request, SubmitSm):
            raise RefusalError(Status.ESME_RREPLACEFAIL)
        new = {
            name: getattr(request, name)
            for name in ("schedule_delivery_time", "validity_period")
            if getattr(request, name)
        }
        replaced = msgspec.structs.replace(
            message.request,
            **new,
            registered_delivery=request.registered_delivery,
            short_message=request.short_message,
            sm_default_msg_id=request.sm_default_msg_id,
            tlvs=tuple(tlv for tlv in message.request.tlvs if tlv.tag != tlvs.MESSAGE_PAYLOAD.tag),
        )
        other = self._message(replaced, asked, message.action, 0, "")
        if not request.schedule_delivery_time:
            other.scheduled_at = message.scheduled_at
        if not request.validity_period:
            other.expires_at = message.expires_at
        self._replace(message, other, asked)
        return ReplaceSmResp()

    def _own(self, asked: Asked, failure: int) -> list[StoredMessage]:
        """Return the messages that a request names: of the account, and of the source it says."""
        message_id = asked.request.message_id.decode("latin-1")
        found = self._messages.find(message_id, asked.peer.system_id)
        found = _of_its_kind(found, asked.request)
        if not found:
            raise RefusalError(Status.ESME_RINVMSGID)
        if asked.request.source_addr != found[0].request.source_addr:
            raise RefusalError(failure)
        return found

    def _enquire_link(self, _: Asked) -> EnquireLinkResp:
        return EnquireLinkResp()

    _HANDLERS: ClassVar[dict[type[Pdu], Callable[..., Pdu]]] = {
        SubmitSm: _submit_sm,
        DataSm: _data_sm,
        SubmitMulti: _submit_multi,
        BroadcastSm: _broadcast_sm,
        QuerySm: _query_sm,
        QueryBroadcastSm: _query_broadcast_sm,
        CancelSm: _cancel_sm,
        CancelBroadcastSm: _cancel_broadcast_sm,
        ReplaceSm: _replace_sm,
        EnquireLink: _enquire_link,
    }


_SHARED: Final = tuple(
    name
    for name in SubmitMulti.__struct_fields__
    if name in SubmitSm.__struct_fields__ and name not in ("sequence_number", "command_status")
)
"""The fields of a submit_multi that are those of a submit_sm, too."""


def _single(request: SubmitMulti, address: SmeAddress) -> SubmitSm:
    """Return what would have been the submit_sm to one destination."""
    return SubmitSm(
        **{name: getattr(request, name) for name in _SHARED},
        dest_addr_ton=address.dest_addr_ton,
        dest_addr_npi=address.dest_addr_npi,
        destination_addr=address.destination_addr,
    )


def _failed(request: SubmitSm, status: int) -> UnsuccessSme:
    return UnsuccessSme(
        request.dest_addr_ton, request.dest_addr_npi, request.destination_addr, status
    )


def _time(request: Request, name: str, now: float, failure: int) -> float | None:
    """Return a time that a request says, in seconds since 1970; a data_sm has none."""
    try:
        return parse_time(getattr(request, name, b"").decode("latin-1"), now)
    except (TimeFormatError, OverflowError):
        raise RefusalError(failure) from None


def _expiry(request: Request, now: float) -> float | None:
    """Return when a message is not worth while any more; refuse one that is not even now."""
    if isinstance(request, DataSm):
        try:
            seconds = tlvs.QOS_TIME_TO_LIVE.of(request)
        except PduError as error:
            raise RefusalError(error.status) from None
        return None if seconds is None else now + seconds
    expires_at = _time(request, "validity_period", now, Status.ESME_RINVEXPIRY)
    if expires_at is not None and expires_at <= now:
        raise RefusalError(Status.ESME_RINVEXPIRY)
    return expires_at


_OF_BROADCASTS: Final = (BroadcastSm, QueryBroadcastSm, CancelBroadcastSm)


def _of_its_kind(messages: list[StoredMessage], request: Pdu) -> list[StoredMessage]:
    """Return the broadcasts among messages if a request is about broadcasts, else the others."""
    broadcasts = isinstance(request, _OF_BROADCASTS)
    return [each for each in messages if isinstance(each.request, BroadcastSm) is broadcasts]


def _state(message: StoredMessage, asked: Asked) -> int:
    if message.is_scheduled(asked.now) and asked.peer.version >= InterfaceVersion.V50:
        return _SCHEDULED
    return message.state


def _date(at: float | None) -> bytes:
    """Return a final_date, SMPP 3.4 7.1.1, in UTC; empty while there is none."""
    return b"" if at is None else absolute_time(datetime.fromtimestamp(at, UTC)).encode()
