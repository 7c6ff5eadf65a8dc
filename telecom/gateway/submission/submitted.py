"""What a submit_sm or data_sm says: checked field by field, and as the message that it becomes."""

from collections.abc import Mapping
from typing import Final

from telecom.charging.catalogue import SMS_MT
from telecom.gateway.access.accounts import Sender
from telecom.router.admission import Admitted, Submission
from telecom.router.retry import SINGLE_ATTEMPT
from telecom.router.times import relative_time
from telecom.smpp.errors import PduError
from telecom.smpp.pdus import DataSm, Pdu, ReplaceSm, SubmitSm
from telecom.smpp.short_message import MESSAGE_TYPE, user_data_of
from telecom.smpp.status import CommandStatus
from telecom.smpp.tlvs import (
    DESTINATION_PORT,
    QOS_TIME_TO_LIVE,
    SET_DPF,
    SOURCE_PORT,
    USER_MESSAGE_REFERENCE,
    Tlv,
)
from telecom.sms.address import Address
from telecom.sms.data_coding import tp_dcs_of_smpp
from telecom.sms.user_data import UserData
from telecom.store.records import Message

CannedTexts = Mapping[int, str]
"""The texts that sm_default_msg_id chooses from, SMPP 3.4 5.2.20."""

MODE: Final = 0x03
"""The bits of esm_class that are a `MessagingMode`."""
_REPLY_PATH: Final = 0x80
_ESME_MESSAGE_TYPES: Final = frozenset({0x00, 0x08, 0x10})
"""A user's message, and an ESME's delivery and manual acknowledgement, SMPP 3.4 5.2.12."""
_ESM_CLASSES: Final = frozenset(
    value for value in range(256) if value & MESSAGE_TYPE in _ESME_MESSAGE_TYPES
)
_HIGHEST_PRIORITY: Final = 3
"""SMPP 3.4 5.2.14."""
_REGISTERED_DELIVERY: Final = 0x1F
"""The bits that SMPP 3.4 5.2.17 describes."""
_REPEATED: Final[Mapping[int, int]] = {
    USER_MESSAGE_REFERENCE.tag: USER_MESSAGE_REFERENCE.tag,
    SOURCE_PORT.tag: DESTINATION_PORT.tag,
    DESTINATION_PORT.tag: SOURCE_PORT.tag,
}
"""The parameters that receipts repeat, and as which: they go the other way, SMPP 3.4 4.6.1."""


def check(request: SubmitSm | DataSm) -> None:
    """Raise `PduError` for a field whose value SMPP 3.4 5.2 does not have."""
    if request.esm_class not in _ESM_CLASSES:
        raise _refused(request, CommandStatus.ESME_RINVESMCLASS)
    check_registered_delivery(request)
    if isinstance(request, SubmitSm):
        if request.priority_flag > _HIGHEST_PRIORITY:
            raise _refused(request, CommandStatus.ESME_RINVPRTFLG)
        if request.replace_if_present_flag > 1:
            raise _refused(request, CommandStatus.ESME_RINVREPFLAG)


def check_registered_delivery(request: SubmitSm | DataSm | ReplaceSm) -> None:
    """Raise `PduError` for bits that SMPP 3.4 5.2.17 reserves."""
    if request.registered_delivery > _REGISTERED_DELIVERY:
        raise _refused(request, CommandStatus.ESME_RINVREGDLVFLG)


def replaces(request: SubmitSm | DataSm) -> bool:
    """Whether the message takes the place of one that waits, SMPP 3.4 5.2.18."""
    return isinstance(request, SubmitSm) and request.replace_if_present_flag == 1


def submission_of(request: SubmitSm | DataSm, sender: Sender, canned: CannedTexts) -> Submission:
    """Return the message as admission judges it; raises `PduError` with the status to answer."""
    source = Address(
        request.source_addr.decode("latin-1"), request.source_addr_ton, request.source_addr_npi
    )
    return Submission(
        service=SMS_MT,
        source=source if source.digits else sender.default_source,
        destination=Address(
            request.destination_addr.decode("latin-1"),
            request.dest_addr_ton,
            request.dest_addr_npi,
        ),
        user_data=_user_data(request, canned),
        validity_period=_validity(request),
        schedule_delivery_time=_schedule(request),
    )


def message_of(
    request: SubmitSm | DataSm,
    admitted: Admitted,
    *,
    message_id: str,
    account: str,
    named: str,
    now: float,
) -> Message:
    """Return an admitted message as it is stored."""
    mode = request.esm_class & MODE
    submit_sm = request if isinstance(request, SubmitSm) else None
    return Message(
        id=message_id,
        account=account,
        source=admitted.source,
        destination=admitted.destination,
        service_type=request.service_type.decode("latin-1"),
        segments=admitted.segments,
        accepted_at=now,
        expires_at=admitted.expires_at,
        schedule_at=admitted.schedule_at,
        protocol_id=submit_sm.protocol_id if submit_sm else 0,
        data_coding=tp_dcs_of_smpp(request.data_coding, admitted.segments[0].alphabet),
        # in these modes nobody is told later, SMPP 3.4 2.10.2 and 2.10.3
        registered_delivery=0 if mode in SINGLE_ATTEMPT else request.registered_delivery,
        priority=submit_sm.priority_flag if submit_sm else 0,
        reference_tlvs=_repeated(request.tlvs) if request.tlvs else (),
        encoding=request.data_coding,
        mode=mode,
        reply_path=request.esm_class >= _REPLY_PATH,
        set_dpf=bool(request.tlvs and SET_DPF.of(request)),
        named=named,
    )


def _refused(request: Pdu, status: CommandStatus) -> PduError:
    return PduError(status, request.sequence_number, "")


def _user_data(request: SubmitSm | DataSm, canned: CannedTexts) -> UserData:
    """Return the user data; a default message goes before what the request itself carries."""
    if isinstance(request, DataSm) or not request.sm_default_msg_id:
        return user_data_of(request)
    return canned_text(request.sm_default_msg_id, canned, request.sequence_number)


def canned_text(number: int, canned: CannedTexts, sequence_number: int) -> UserData:
    """Return the message that sm_default_msg_id chooses; raises `PduError` where there is none."""
    if number not in canned:
        raise PduError(CommandStatus.ESME_RINVDFTMSGID, sequence_number, f"no message {number}")
    return UserData.of_text(canned[number])


def _validity(request: SubmitSm | DataSm) -> str:
    if isinstance(request, SubmitSm):
        return request.validity_period.decode("latin-1")
    seconds = QOS_TIME_TO_LIVE.of(request)
    return "" if seconds is None else relative_time(seconds)


def _schedule(request: SubmitSm | DataSm) -> str:
    """Return when it is to be sent; a message that is tried only once is tried at once."""
    if isinstance(request, DataSm) or request.esm_class & MODE in SINGLE_ATTEMPT:
        return ""
    return request.schedule_delivery_time.decode("latin-1")


def _repeated(tlvs: tuple[Tlv, ...]) -> tuple[tuple[int, bytes], ...]:
    return tuple((_REPEATED[tlv.tag], tlv.value) for tlv in tlvs if tlv.tag in _REPEATED)
