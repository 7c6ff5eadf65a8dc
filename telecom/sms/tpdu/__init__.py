"""The transfer protocol data units of a short message, 3GPP TS 23.040 9.2.2."""

from telecom.sms.tpdu.codec import decode_tpdu, encode_tpdu
from telecom.sms.tpdu.errors import TpduError
from telecom.sms.tpdu.messages import (
    SmsCommand,
    SmsDeliver,
    SmsDeliverReport,
    SmsStatusReport,
    SmsSubmit,
    SmsSubmitReport,
    Tpdu,
)
from telecom.sms.tpdu.validity import EnhancedFormat, EnhancedValidityPeriod, ValidityPeriod

__all__ = [
    "EnhancedFormat",
    "EnhancedValidityPeriod",
    "SmsCommand",
    "SmsDeliver",
    "SmsDeliverReport",
    "SmsStatusReport",
    "SmsSubmit",
    "SmsSubmitReport",
    "Tpdu",
    "TpduError",
    "ValidityPeriod",
    "decode_tpdu",
    "encode_tpdu",
]
