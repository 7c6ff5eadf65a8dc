"""What an SMSC refuses although no rule does: messages that SMPP does not allow."""

from typing import Final

from smsc_sim.messages import Request
from telecom.smpp import tlvs
from telecom.smpp.errors import PduError
from telecom.smpp.pdus import BroadcastSm, DataSm, SubmitSm
from telecom.smpp.short_message import UDHI, octets_of
from telecom.smpp.status import CommandStatus as Status
from telecom.sms.address import TypeOfNumber
from telecom.sms.user_data import UserDataError, decode_header

_HIGHEST_PRIORITY: Final = 4
"""Of priority_flag, SMPP 5.0 4.7.19; 3.4 5.2.14 has one less."""
_OF_NUMBERS: Final = frozenset(
    (TypeOfNumber.INTERNATIONAL, TypeOfNumber.NATIONAL, TypeOfNumber.SUBSCRIBER)
)
_BROADCAST_NEEDS: Final = frozenset(
    kind.tag
    for kind in (
        tlvs.BROADCAST_AREA_IDENTIFIER,
        tlvs.BROADCAST_CONTENT_TYPE,
        tlvs.BROADCAST_REP_NUM,
        tlvs.BROADCAST_FREQUENCY_INTERVAL,
    )
)
"""The parameters that a broadcast_sm must have, SMPP 5.0 4.4.1.1."""


_AREA_FORMATS: Final = (b"\x00", b"\x01", b"\x02")
"""An alias, an ellipsoid arc, a polygon: SMPP 5.0 4.8.4.4."""


class RefusalError(Exception):
    """The request cannot be granted; `status` is what to answer."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def check(request: Request) -> None:
    """Check what a message is and carries; raises `RefusalError`."""
    if getattr(request, "priority_flag", 0) > _HIGHEST_PRIORITY:
        raise RefusalError(Status.ESME_RINVPRTFLG)
    if isinstance(request, BroadcastSm):
        _check_broadcast(request)
    else:
        _check_content(request)


def _check_broadcast(request: BroadcastSm) -> None:
    if not {tlv.tag for tlv in request.tlvs} >= _BROADCAST_NEEDS:
        raise RefusalError(Status.ESME_RMISSINGOPTPARAM)
    areas = (tlv for tlv in request.tlvs if tlv.tag == tlvs.BROADCAST_AREA_IDENTIFIER.tag)
    if any(area.value[:1] not in _AREA_FORMATS for area in areas):
        raise RefusalError(Status.ESME_RINVBCASTAREAFMT)


def _check_content(request: SubmitSm | DataSm) -> None:
    try:
        octets = octets_of(request)
        if request.esm_class & UDHI:
            decode_header(octets)
    except PduError as error:
        raise RefusalError(error.status) from None
    except UserDataError:
        raise RefusalError(Status.ESME_RINVESMCLASS) from None


def check_destination(request: SubmitSm | DataSm) -> None:
    """Check whom a message is for, SMPP 3.4 5.2.9; raises `RefusalError`."""
    number = request.destination_addr.removeprefix(b"+")
    of_digits = request.dest_addr_ton not in _OF_NUMBERS or number.isdigit()
    if not (number and of_digits):
        raise RefusalError(Status.ESME_RINVDSTADR)
