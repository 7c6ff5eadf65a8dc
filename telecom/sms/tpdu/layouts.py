"""How each TPDU is laid out, 3GPP TS 23.040 9.2.2: bits of the first octet, then parameters."""

from typing import Final, NamedTuple

from telecom.sms.tpdu.messages import (
    SmsCommand,
    SmsDeliver,
    SmsDeliverReport,
    SmsStatusReport,
    SmsSubmit,
    SmsSubmitReport,
    Tpdu,
)
from telecom.sms.tpdu.parameters import (
    ADDRESS,
    COUNTED,
    FAILURE_CAUSE,
    OCTET,
    TIME_STAMP,
    USER_DATA,
    USER_DATA_HEADER,
    VALIDITY_PERIOD,
    Kind,
)


class Flag(NamedTuple):
    """A parameter that is a bit of the first octet, set when it is `sense`."""

    name: str
    mask: int
    sense: bool = True


class Parameter(NamedTuple):
    """A parameter by the name of its field; `mask` is its bit in TP-PI if it depends on that."""

    name: str
    kind: Kind
    mask: int = 0


class Layout(NamedTuple):
    """A TPDU: its TP-MTI, its flags, and its parameters in wire order.

    `indicated` are those behind TP-PI (9.2.3.27); `plain_end` is a TPDU that may end before it.
    """

    message: type[Tpdu]
    mti: int
    flags: tuple[Flag, ...]
    parameters: tuple[Parameter, ...]
    indicated: tuple[Parameter, ...] = ()
    plain_end: bool = False


_MORE_MESSAGES: Final = Flag("more_messages_to_send", 0x04, sense=False)
_LOOP_PREVENTION: Final = Flag("loop_prevention", 0x08)
_REPLY_PATH: Final = Flag("reply_path", 0x80)
_REPORT_PARAMETERS: Final = (
    Parameter("protocol_identifier", OCTET, 0x01),
    Parameter("data_coding_scheme", OCTET, 0x02),
    Parameter("user_data", USER_DATA, 0x04),
)

DELIVER: Final = Layout(  # 9.2.2.1
    SmsDeliver,
    0,
    (
        _MORE_MESSAGES,
        _LOOP_PREVENTION,
        Flag("status_report_indication", 0x20),
        _REPLY_PATH,
    ),
    (
        Parameter("originating_address", ADDRESS),
        Parameter("protocol_identifier", OCTET),
        Parameter("data_coding_scheme", OCTET),
        Parameter("service_centre_time_stamp", TIME_STAMP),
        Parameter("user_data", USER_DATA),
    ),
)
DELIVER_REPORT: Final = Layout(  # 9.2.2.1a
    SmsDeliverReport, 0, (), (Parameter("failure_cause", FAILURE_CAUSE),), _REPORT_PARAMETERS
)
SUBMIT: Final = Layout(  # 9.2.2.2
    SmsSubmit,
    1,
    (Flag("reject_duplicates", 0x04), Flag("status_report_request", 0x20), _REPLY_PATH),
    (
        Parameter("message_reference", OCTET),
        Parameter("destination_address", ADDRESS),
        Parameter("protocol_identifier", OCTET),
        Parameter("data_coding_scheme", OCTET),
        Parameter("validity_period", VALIDITY_PERIOD),
        Parameter("user_data", USER_DATA),
    ),
)
SUBMIT_REPORT: Final = Layout(  # 9.2.2.2a; TP-PI comes before TP-SCTS
    SmsSubmitReport,
    1,
    (),
    (Parameter("failure_cause", FAILURE_CAUSE),),
    (Parameter("service_centre_time_stamp", TIME_STAMP), *_REPORT_PARAMETERS),
)
STATUS_REPORT: Final = Layout(  # 9.2.2.3
    SmsStatusReport,
    2,
    (_MORE_MESSAGES, _LOOP_PREVENTION, Flag("status_report_qualifier", 0x20)),
    (
        Parameter("message_reference", OCTET),
        Parameter("recipient_address", ADDRESS),
        Parameter("service_centre_time_stamp", TIME_STAMP),
        Parameter("discharge_time", TIME_STAMP),
        Parameter("status", OCTET),
    ),
    _REPORT_PARAMETERS,
    plain_end=True,
)
COMMAND: Final = Layout(  # 9.2.2.4
    SmsCommand,
    2,
    (
        Flag("status_report_request", 0x20),
        Flag("user_data_header_indicator", USER_DATA_HEADER),
    ),
    (
        Parameter("message_reference", OCTET),
        Parameter("protocol_identifier", OCTET),
        Parameter("command_type", OCTET),
        Parameter("message_number", OCTET),
        Parameter("destination_address", ADDRESS),
        Parameter("command_data", COUNTED),
    ),
)

LAYOUTS: Final = {
    layout.message: layout
    for layout in (DELIVER, DELIVER_REPORT, SUBMIT, SUBMIT_REPORT, STATUS_REPORT, COMMAND)
}
FROM_MOBILE: Final = (DELIVER_REPORT, SUBMIT, COMMAND, None)
"""By TP-MTI, 9.2.3.1; what is reserved towards the service centre is refused."""
TO_MOBILE: Final = (DELIVER, SUBMIT_REPORT, STATUS_REPORT, DELIVER)
"""By TP-MTI; what is reserved towards a mobile station is read as SMS-DELIVER."""
