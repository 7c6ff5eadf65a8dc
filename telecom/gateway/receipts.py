"""Delivery receipts: the deliver_sm that tells a client how its message ended."""

from datetime import UTC, datetime
from typing import Final

from telecom.router.failures import Failure
from telecom.smpp import codec
from telecom.smpp.pdus import DeliverSm
from telecom.smpp.tlvs import MESSAGE_STATE, NETWORK_ERROR_CODE, RECEIPTED_MESSAGE_ID, Tlv
from telecom.sms import receipt
from telecom.sms.receipt import DeliveryReceipt, MessageState
from telecom.store.records import Message

_DELIVERY_RECEIPT: Final = 0x04
"""esm_class of a deliver_sm that carries an SMSC delivery receipt, SMPP 3.4 5.2.12."""


def wants_receipt(registered_delivery: int, state: MessageState) -> bool:
    """Whether a receipt was asked for this final state, SMPP 3.4 5.2.17."""
    asked = registered_delivery & 0x03
    return asked == 0x01 or (asked == 0x02 and state is not MessageState.DELIVRD)


def receipt_for(
    message: Message, state: MessageState, *, now: float, failure: Failure | None
) -> bytes:
    """Return the encoded deliver_sm of a message's receipt; its sequence number is set later."""
    told = DeliveryReceipt(
        id=message.id,
        submitted=len(message.segments),
        delivered=message.segments_done,
        submit_date=datetime.fromtimestamp(message.accepted_at, UTC),
        done_date=datetime.fromtimestamp(now, UTC),
        stat=state,
        err=failure.err if failure else "000",
        text=_first_characters(message),
    )
    return codec.encode(
        DeliverSm(
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr=message.destination.encode(),
            dest_addr_ton=message.source.ton,
            dest_addr_npi=message.source.npi,
            destination_addr=message.source.digits.encode("latin-1"),
            esm_class=_DELIVERY_RECEIPT,
            short_message=receipt.encode(told),
            tlvs=_receipt_tlvs(message, state, failure),
        )
    )


def _receipt_tlvs(
    message: Message, state: MessageState, failure: Failure | None
) -> tuple[Tlv, ...]:
    tlvs = [
        RECEIPTED_MESSAGE_ID(message.id.encode()),
        MESSAGE_STATE(state),
        *(Tlv(tag, value) for tag, value in message.reference_tlvs),
    ]
    if failure is not None:
        tlvs.append(Tlv(NETWORK_ERROR_CODE.tag, failure.network_error_code))
    return tuple(tlvs)


def _first_characters(message: Message) -> str:
    try:
        return message.segments[0].text
    except ValueError:
        return ""  # octets that are no text of their alphabet
