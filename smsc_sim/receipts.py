"""What an SMSC tells about a message: receipts, notifications, acknowledgements."""

from datetime import UTC, datetime
from string import Template
from typing import Any, Final

from smsc_sim.actions import DeliverWith, IdForm
from smsc_sim.matching import text_of
from smsc_sim.messages import StoredMessage
from telecom.smpp import tlvs
from telecom.smpp.pdus import DataSm, DeliverSm
from telecom.smpp.short_message import (
    DELIVERY_RECEIPT,
    INTERMEDIATE_NOTIFICATION,
    MAX_SHORT_MESSAGE,
)
from telecom.smpp.tlv_structures import NetworkErrorCode
from telecom.smpp.tlvs import Tlv
from telecom.sms import receipt
from telecom.sms.receipt import DeliveryReceipt, MessageState

ACKNOWLEDGEMENTS: Final = {0x04: 0x08, 0x08: 0x10}
"""The SME acknowledgements: bit of registered_delivery (5.2.17) to esm_class (5.2.12)."""

_FINAL_RECEIPT: Final = 0x03
_INTERMEDIATE: Final = 0x10
_ANY, _FAILURE, _SUCCESS = 1, 2, 3
"""Values of the two bits, SMPP 3.4 5.2.17; success alone is 5.0's (4.7.21)."""
_LONGEST_ADDRESS: Final = 20
"""Octets of an address in a deliver_sm, SMPP 3.4 5.2.8."""
_NO_ERROR: Final = "000"
_ERROR: Final = "001"
_DATE: Final = "%y%m%d%H%M"


def is_asked_for(registered_delivery: int, state: MessageState) -> bool:
    """Whether a receipt of this state was asked for, SMPP 3.4 5.2.17 and 5.0 4.7.21."""
    delivered = state is MessageState.DELIVRD
    wanted = {_ANY: True, _FAILURE: not delivered, _SUCCESS: delivered}
    return wanted.get(registered_delivery & _FINAL_RECEIPT, False)


def is_notification_asked_for(registered_delivery: int) -> bool:
    """Whether notifications on the way were asked for."""
    return bool(registered_delivery & _INTERMEDIATE)


def receipt_pdu(
    message: StoredMessage, state: MessageState, now: float, *, intermediate: bool = False
) -> DeliverSm | DataSm:
    """Return a receipt for a message, or a notification on its way, as its plan wants it."""
    plan = message.action.receipt
    message_id = _written_id(message, plan.message_id)
    text = _text(message, message_id, state, now) if plan.text else b""
    parameters = _parameters(message, message_id, state) if plan.tlvs or not plan.text else ()
    esm_class = INTERMEDIATE_NOTIFICATION if intermediate else DELIVERY_RECEIPT
    return _delivery(message, plan.pdu, esm_class, text, parameters)


def acknowledgement_pdu(message: StoredMessage, esm_class: int) -> DeliverSm | DataSm:
    """Return an acknowledgement of the SME itself, of one of the `ACKNOWLEDGEMENTS`."""
    parameters = _parameters(message, message.message_id, message.state)
    return _delivery(message, message.action.receipt.pdu, esm_class, b"", parameters)


def _delivery(
    message: StoredMessage,
    pdu: DeliverWith,
    esm_class: int,
    text: bytes,
    parameters: tuple[Tlv, ...],
) -> DeliverSm | DataSm:
    """Return the PDU from the destination of a message back to its source.

    Addresses that came in a data_sm and are too long for a deliver_sm go back in one, too.
    """
    request = message.request
    back: dict[str, Any] = {
        "source_addr_ton": getattr(request, "dest_addr_ton", 0),
        "source_addr_npi": getattr(request, "dest_addr_npi", 0),
        "source_addr": message.destination.encode("latin-1"),
        "dest_addr_ton": request.source_addr_ton,
        "dest_addr_npi": request.source_addr_npi,
        "destination_addr": request.source_addr,
        "esm_class": esm_class,
    }
    too_long = max(len(message.destination), len(message.source)) > _LONGEST_ADDRESS
    if pdu is DeliverWith.DATA_SM or too_long:
        payload = (tlvs.MESSAGE_PAYLOAD(text),) if text else ()
        return DataSm(**back, tlvs=(*parameters, *payload))
    return DeliverSm(**back, short_message=text, tlvs=parameters)


def _written_id(message: StoredMessage, form: IdForm | None) -> str:
    return message.message_id if form is None else form.written(message.number)


def _parameters(message: StoredMessage, message_id: str, state: MessageState) -> tuple[Tlv, ...]:
    """Return the parameters of 3.4 5.3.2 that say what the text says, and more."""
    parameters = [tlvs.RECEIPTED_MESSAGE_ID(message_id.encode("latin-1"))]
    parameters.append(tlvs.MESSAGE_STATE(state))
    error = message.action.receipt.network_error
    if error is not None:
        network_error_code = NetworkErrorCode(error.network_type, error.code)
        parameters.append(tlvs.NETWORK_ERROR_CODE(network_error_code))
    tag = tlvs.USER_MESSAGE_REFERENCE.tag
    parameters += [tlv for tlv in message.request.tlvs if tlv.tag == tag]
    return tuple(parameters)


def _text(message: StoredMessage, message_id: str, state: MessageState, now: float) -> bytes:
    told = _told(message, message_id, state, now)
    template = message.action.receipt.template
    if template is None:
        return receipt.encode(told)[:MAX_SHORT_MESSAGE]
    said = {
        "id": told.id,
        "sub": f"{told.submitted:03d}",
        "dlvrd": f"{told.delivered:03d}",
        "submit_date": _date(message.submitted_at).strftime(_DATE),
        "done_date": _date(now).strftime(_DATE),
        "stat": state.name,
        "err": told.err,
        "text": told.text,
    }
    text = Template(template).safe_substitute(said)
    return text.encode("latin-1", "replace")[:MAX_SHORT_MESSAGE]


def _told(
    message: StoredMessage, message_id: str, state: MessageState, now: float
) -> DeliveryReceipt:
    delivered = state is MessageState.DELIVRD
    return DeliveryReceipt(
        id=message_id,
        stat=state,
        submitted=1,
        delivered=int(delivered),
        submit_date=_date(message.submitted_at),
        done_date=_date(now),
        err=message.action.receipt.err or (_NO_ERROR if delivered else _ERROR),
        text=(text_of(message.request) or "")[: receipt.TEXT_LENGTH],
    )


def _date(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
