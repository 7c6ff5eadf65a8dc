"""How busy an end says that it is, in its responses: congestion_state, SMPP 5.0 4.8.4.18."""

from contextlib import suppress
from typing import Final

from telecom.smpp.errors import LocalError, PduError
from telecom.smpp.pdus import Pdu
from telecom.smpp.tlvs import CONGESTION_STATE, Tlv

_MOST: Final = 100
"""Above this the values are reserved."""


def congestion_tlv(state: int | None) -> Tlv | None:
    """Return what tells a state, 0 to 100, None for none; raises `LocalError` for any other."""
    if state is None:
        return None
    if not 0 <= state <= _MOST:
        raise LocalError(f"congestion_state={state}")
    return CONGESTION_STATE(state)


def congestion_told(response: Pdu, before: int | None) -> int | None:
    """Return what a response tells, or what was told before it if that says nothing of use."""
    with suppress(PduError):
        told = CONGESTION_STATE.of(response)
        if told is not None and told <= _MOST:
            return told
    return before
