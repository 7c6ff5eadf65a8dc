"""A part of a message as its submit_sm to an upstream, SMPP 3.4 4.4.1."""

from typing import Final

from telecom.router.times import relative_time
from telecom.smpp.pdus import SubmitSm
from telecom.smpp.short_message import content
from telecom.sms.data_coding import smpp_data_coding
from telecom.store.records import Message

_RECEIPT: Final = 0x01
"""registered_delivery: a receipt however it ends, as its state here follows from it, 5.2.17."""
_OTHERS: Final = 0x1C
"""What else the sender may have asked for: acknowledgements of the SME, intermediate ones."""
_REPLY_PATH: Final = 0x80
"""The bit of esm_class, 5.2.12."""


def submit_sm(message: Message, *, now: float) -> SubmitSm:
    """Return the next part that the upstream has not accepted yet; `now` is the time of day.

    Raises `LocalError` for what no PDU can carry.
    """
    segment = message.segments[len(message.upstream_ids)]
    carried = content(segment, data_coding=smpp_data_coding(message.data_coding))
    if message.reply_path:
        carried["esm_class"] |= _REPLY_PATH
    return SubmitSm(
        source_addr_ton=message.source.ton,
        source_addr_npi=message.source.npi,
        source_addr=message.source.digits.encode("latin-1", "replace"),
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr=message.destination.encode(),
        protocol_id=message.protocol_id,
        priority_flag=message.priority,
        validity_period=relative_time(max(1.0, message.expires_at - now)).encode(),
        registered_delivery=_RECEIPT | message.registered_delivery & _OTHERS,
        **carried,
    )
