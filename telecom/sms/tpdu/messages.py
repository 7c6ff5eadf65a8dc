"""The six TPDUs of 3GPP TS 23.040 9.2.2, their parameters by name."""

from datetime import datetime

import msgspec

from telecom.sms.address import Address
from telecom.sms.tpdu.validity import ValidityPeriod
from telecom.sms.user_data import UserData


class SmsDeliver(msgspec.Struct, frozen=True, gc=False):
    """SMS-DELIVER, from the service centre to the mobile station, 9.2.2.1."""

    originating_address: Address
    user_data: UserData
    service_centre_time_stamp: datetime
    protocol_identifier: int = 0
    data_coding_scheme: int = 0
    more_messages_to_send: bool = False
    loop_prevention: bool = False
    status_report_indication: bool = False
    reply_path: bool = False


class SmsSubmit(msgspec.Struct, frozen=True, gc=False):
    """SMS-SUBMIT, from the mobile station to the service centre, 9.2.2.2."""

    destination_address: Address
    user_data: UserData
    message_reference: int = 0
    validity_period: ValidityPeriod | None = None
    protocol_identifier: int = 0
    data_coding_scheme: int = 0
    reject_duplicates: bool = False
    status_report_request: bool = False
    reply_path: bool = False


class SmsDeliverReport(msgspec.Struct, frozen=True, gc=False):
    """SMS-DELIVER-REPORT, the answer to SMS-DELIVER, 9.2.2.1a.

    With a `failure_cause` it goes in an RP-ERROR, without in an RP-ACK.
    """

    failure_cause: int | None = None
    protocol_identifier: int | None = None
    data_coding_scheme: int | None = None
    user_data: UserData | None = None


class SmsSubmitReport(msgspec.Struct, frozen=True, gc=False):
    """SMS-SUBMIT-REPORT, the answer to SMS-SUBMIT and SMS-COMMAND, 9.2.2.2a.

    With a `failure_cause` it goes in an RP-ERROR, without in an RP-ACK.
    """

    service_centre_time_stamp: datetime
    failure_cause: int | None = None
    protocol_identifier: int | None = None
    data_coding_scheme: int | None = None
    user_data: UserData | None = None


class SmsStatusReport(msgspec.Struct, frozen=True, gc=False):
    """SMS-STATUS-REPORT, what became of a message or a command, 9.2.2.3."""

    message_reference: int
    recipient_address: Address
    service_centre_time_stamp: datetime
    discharge_time: datetime
    status: int
    more_messages_to_send: bool = False
    loop_prevention: bool = False
    status_report_qualifier: bool = False
    protocol_identifier: int | None = None
    data_coding_scheme: int | None = None
    user_data: UserData | None = None


class SmsCommand(msgspec.Struct, frozen=True, gc=False):
    """SMS-COMMAND, from the mobile station, about a message submitted before, 9.2.2.4.

    `command_data` begins with a user data header if `user_data_header_indicator` says so.
    """

    message_reference: int
    command_type: int
    message_number: int
    destination_address: Address
    command_data: bytes = b""
    protocol_identifier: int = 0
    status_report_request: bool = False
    user_data_header_indicator: bool = False


Tpdu = SmsDeliver | SmsSubmit | SmsDeliverReport | SmsSubmitReport | SmsStatusReport | SmsCommand
