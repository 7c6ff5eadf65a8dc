"""Delivery receipts: the deliver_sm that tells a client how its message goes, and how it ended."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import structlog

from telecom.gateway.access.accounts import Accounts
from telecom.gateway.submission.message_ids import written
from telecom.router.failures import Failure
from telecom.smpp import codec
from telecom.smpp.pdus import AlertNotification, DeliverSm
from telecom.smpp.short_message import DELIVERY_RECEIPT, INTERMEDIATE_NOTIFICATION
from telecom.smpp.tlvs import (
    MESSAGE_STATE,
    MS_AVAILABILITY_STATUS,
    NETWORK_ERROR_CODE,
    RECEIPTED_MESSAGE_ID,
    Tlv,
)
from telecom.sms import receipt
from telecom.sms.receipt import DeliveryReceipt, MessageState
from telecom.store.records import Message, PendingFlag

_FINAL: Final = frozenset(MessageState) - {MessageState.ENROUTE, MessageState.ACCEPTD}
_ASKED_FOR: Final[Mapping[int, frozenset[MessageState]]] = {
    0x00: frozenset(),
    0x01: _FINAL,
    0x02: _FINAL - {MessageState.DELIVRD},
    0x03: frozenset({MessageState.DELIVRD}),  # SMPP 5.0 4.7.21; reserved in 3.4
}
"""The final states that bits 1 and 0 of registered_delivery ask a receipt for, SMPP 3.4 5.2.17."""
_RECEIPT: Final = 0x03
_INTERMEDIATE: Final = 0x10
"""The bit of registered_delivery that asks for intermediate notifications."""

_AVAILABLE: Final = 0
"""ms_availability_status, SMPP 3.4 5.3.2.30."""

_log = structlog.get_logger("telecom.gateway.delivery.receipts")


class Receipts:
    """Writes what senders are told, with ids in the form that each account wants them in."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def of_end(
        self, message: Message, state: MessageState, *, now: float, failure: Failure | None = None
    ) -> tuple[bytes, ...]:
        """Return the receipt of a final state, if one was asked for."""
        if state not in _ASKED_FOR[message.registered_delivery & _RECEIPT]:
            return ()
        return self._written(message, state, esm_class=DELIVERY_RECEIPT, now=now, failure=failure)

    def of_failed_attempt(
        self, message: Message, failure: Failure, *, now: float
    ) -> tuple[bytes, ...]:
        """Return the intermediate notification of a message that is tried again, if asked for."""
        return self.of_passing_state(message, MessageState.ENROUTE, now=now, failure=failure)

    def of_passing_state(
        self, message: Message, state: MessageState, *, now: float, failure: Failure | None = None
    ) -> tuple[bytes, ...]:
        """Return the intermediate notification of a state that others follow, if asked for."""
        if not message.registered_delivery & _INTERMEDIATE:
            return ()
        kind = INTERMEDIATE_NOTIFICATION
        return self._written(message, state, esm_class=kind, now=now, failure=failure)

    def _written(
        self,
        message: Message,
        state: MessageState,
        *,
        esm_class: int,
        now: float,
        failure: Failure | None,
    ) -> tuple[bytes, ...]:
        form = self._accounts.sender(message.account).ids.receipt
        told_id = written(message.named or message.id, form)
        try:
            pdu = _deliver_sm(
                message, state, told_id=told_id, esm_class=esm_class, now=now, failure=failure
            )
        except Exception:  # noqa: BLE001 - how the others of its batch ended must be recorded
            _log.exception("receipt_cannot_be_written", message=message.id)
            return ()
        return (pdu,)


def _deliver_sm(
    message: Message,
    state: MessageState,
    *,
    told_id: str,
    esm_class: int,
    now: float,
    failure: Failure | None,
) -> bytes:
    """Return an encoded deliver_sm, SMPP 3.4 4.6.1; its sequence number is set later."""
    told = DeliveryReceipt(
        id=told_id,
        submitted=len(message.segments),
        delivered=message.segments_done,
        submit_date=datetime.fromtimestamp(message.accepted_at, UTC),
        done_date=datetime.fromtimestamp(now, UTC),
        stat=state,
        err=failure.err if failure else "000",
        text=_first_characters(message),
    )
    tlvs = [
        RECEIPTED_MESSAGE_ID(told_id.encode()),
        MESSAGE_STATE(state),
        *(Tlv(tag, value) for tag, value in message.reference_tlvs),
    ]
    if failure is not None:
        tlvs.append(Tlv(NETWORK_ERROR_CODE.tag, failure.network_error_code))
    return codec.encode(
        DeliverSm(
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr=message.destination.encode(),
            dest_addr_ton=message.source.ton,
            dest_addr_npi=message.source.npi,
            destination_addr=message.source.digits.encode("latin-1"),
            esm_class=esm_class,
            short_message=receipt.encode(told),
            tlvs=tuple(tlvs),
        )
    )


def _first_characters(message: Message) -> str:
    try:
        return message.segments[0].text
    except ValueError:
        return ""  # octets that are no text of their alphabet


def flag_of(message: Message) -> PendingFlag:
    """Return the alert_notification for when a message's number is back, SMPP 3.4 4.12."""
    source = message.source
    alert = AlertNotification(
        source_addr_ton=1,
        source_addr_npi=1,
        source_addr=message.destination.encode(),
        esme_addr_ton=source.ton,
        esme_addr_npi=source.npi,
        esme_addr=source.digits.encode("latin-1"),
        tlvs=(MS_AVAILABILITY_STATUS(_AVAILABLE),),
    )
    return PendingFlag(message.destination, message.account, source.digits, codec.encode(alert))
