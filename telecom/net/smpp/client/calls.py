"""What a client asks an SMSC for besides carrying a message: each call is one request."""

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from telecom.net.smpp.client.message import (
    AreaStatus,
    BroadcastStatus,
    Failure,
    MessageStatus,
    MultiSubmission,
)
from telecom.net.smpp.client.pdus import (
    LongMessages,
    Message,
    Options,
    Time,
    Writer,
    broadcast_sm,
    destination_of,
    octets,
    replace_sm,
    source_of,
)
from telecom.router.times import TimeFormatError, parse_time
from telecom.smpp import tlvs
from telecom.smpp.errors import RefusedError
from telecom.smpp.pdus import (
    BroadcastSmResp,
    CancelBroadcastSm,
    CancelBroadcastSmResp,
    CancelSm,
    CancelSmResp,
    Pdu,
    QueryBroadcastSm,
    QueryBroadcastSmResp,
    QuerySm,
    QuerySmResp,
    ReplaceSmResp,
    SubmitMultiResp,
)
from telecom.smpp.status import CommandStatus
from telecom.smpp.tlv_structures import BroadcastAreaIdentifier, BroadcastContentType
from telecom.sms.address import Address
from telecom.sms.receipt import MessageState

_STATES: Final = frozenset(state.value for state in MessageState)
_WHOLLY: Final = 100
_UNKNOWN: Final = (255,)
"""Values of broadcast_area_success, SMPP 5.0 4.8.4.5; the others are percents."""

R = TypeVar("R", bound=Pdu)


class Calls(ABC):
    """The calls of a client.

    Each raises `RefusedError` with the SMSC's status, `LocalError` for what SMPP cannot carry or
    the SMSC does not know, and what the future of `send` may raise.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    @abstractmethod
    async def send(self, pdu: Pdu) -> asyncio.Future[Pdu]:
        """Send a request once it may go out; return its response's future."""

    async def request(self, pdu: Pdu) -> Pdu:
        """Send a request and wait for its response, whatever that says."""
        return await (await self.send(pdu))

    async def _ask(self, pdu: Pdu, expected: type[R]) -> R:
        return accepted(await self.request(pdu), expected)

    async def submit_multi(
        self,
        /,
        destinations: Iterable[str | Address],
        message: Message,
        *,
        lists: Iterable[str] = (),
        source: str | Address = "",
        receipt: bool = False,
        long: LongMessages | str | None = None,
        data_coding: int | None = None,
        schedule: Time = None,
        validity: Time = None,
        **fields: Any,
    ) -> MultiSubmission:
        """Submit a message for several numbers, and for distribution lists of the SMSC."""
        options = Options(receipt, long, data_coding, schedule, validity, fields)
        pdus = self._writer.submit_multi(destinations, lists, message, source, options)
        responses = [await self._ask(pdu, SubmitMultiResp) for pdu in pdus]
        failures = {
            failed.destination_addr: Failure(
                failed.destination_addr.decode("latin-1"), failed.error_status_code
            )
            for response in responses
            for failed in response.unsuccess_smes
        }
        ids = tuple(response.message_id.decode("latin-1") for response in responses)
        return MultiSubmission(ids, tuple(failures.values()))

    # What becomes of messages

    async def query(self, message_id: str, *, source: str | Address = "") -> MessageStatus:
        """Ask what has become of a message; `source` is who it was from."""
        pdu = QuerySm(message_id=octets(message_id, "a message_id"), **source_of(source))
        response = await self._ask(pdu, QuerySmResp)
        return MessageStatus(
            response.message_id.decode("latin-1"),
            _state(response.message_state),
            _final_date(response.final_date),
            response.error_code,
        )

    async def cancel(
        self,
        message_id: str = "",
        *,
        source: str | Address = "",
        destination: str | Address = "",
        service_type: str = "",
    ) -> None:
        """Cancel a message, or without an id all that are from one number for another."""
        pdu = CancelSm(
            service_type=octets(service_type, "a service_type"),
            message_id=octets(message_id, "a message_id"),
            **source_of(source),
            **destination_of(destination),
        )
        await self._ask(pdu, CancelSmResp)

    async def replace(
        self,
        /,
        message_id: str,
        message: Message,
        *,
        source: str | Address = "",
        receipt: bool = False,
        data_coding: int | None = None,
        schedule: Time = None,
        validity: Time = None,
        **fields: Any,
    ) -> None:
        """Replace the text of a message, and when it is sent; `source` is who it was from."""
        options = Options(receipt, None, data_coding, schedule, validity, fields)
        await self._ask(replace_sm(message_id, message, source, options), ReplaceSmResp)

    # Cell broadcast, SMPP 5.0

    async def broadcast(
        self,
        /,
        message: Message,
        areas: Iterable[str | BroadcastAreaIdentifier],
        *,
        content_type: BroadcastContentType,
        repetitions: int = 1,
        interval: timedelta = timedelta(),
        source: str | Address = "",
        data_coding: int | None = None,
        schedule: Time = None,
        validity: Time = None,
        **fields: Any,
    ) -> str:
        """Send a message to everybody in some areas; return its id."""
        pdu = broadcast_sm(
            message,
            areas,
            source=source,
            content_type=content_type,
            repetitions=repetitions,
            interval=interval,
            options=Options(
                data_coding=data_coding, schedule=schedule, validity=validity, fields=fields
            ),
        )
        return (await self._ask(pdu, BroadcastSmResp)).message_id.decode("latin-1")

    async def query_broadcast(
        self, message_id: str, *, source: str | Address = ""
    ) -> BroadcastStatus:
        """Ask what has become of a broadcast; `source` is who it was from."""
        pdu = QueryBroadcastSm(message_id=octets(message_id, "a message_id"), **source_of(source))
        response = await self._ask(pdu, QueryBroadcastSmResp)
        areas = tlvs.BROADCAST_AREA_IDENTIFIER.all_of(response)
        reached = tlvs.BROADCAST_AREA_SUCCESS.all_of(response)
        return BroadcastStatus(
            response.message_id.decode("latin-1"),
            _state(tlvs.MESSAGE_STATE.of(response) or 0),
            tuple(
                AreaStatus(area, share if share <= _WHOLLY else None)
                for area, share in zip(areas, [*reached, *_UNKNOWN * len(areas)], strict=False)
            ),
        )

    async def cancel_broadcast(
        self, message_id: str = "", *, source: str | Address = "", service_type: str = ""
    ) -> None:
        """Cancel a broadcast, or without an id all that are of one source and service type."""
        pdu = CancelBroadcastSm(
            service_type=octets(service_type, "a service_type"),
            message_id=octets(message_id, "a message_id"),
            **source_of(source),
        )
        await self._ask(pdu, CancelBroadcastSmResp)


def accepted(response: Pdu, expected: type[R]) -> R:
    """Return a response that says ESME_ROK; raises `RefusedError` for any other."""
    if response.command_status != CommandStatus.ESME_ROK or not isinstance(response, expected):
        raise RefusedError(_name(expected), response.command_status)
    return response


def _name(response: type[Pdu]) -> str:
    """Return what SMPP calls the request of a response."""
    return re.sub("(?<=.)(?=[A-Z])", "_", response.__name__.removesuffix("Resp")).lower()


def _state(value: int) -> MessageState | int:
    return MessageState(value) if value in _STATES else value


def _final_date(written: bytes) -> datetime | None:
    try:
        at = parse_time(written.decode("latin-1"), 0.0)
    except TimeFormatError:
        return None
    return None if at is None else datetime.fromtimestamp(at, UTC)
