"""The MAP messages that are measured, and the dialogues they are exchanged in."""

from datetime import UTC, datetime
from typing import Final

import msgspec

from telecom.sms.address import Address
from telecom.sms.alphabets import Alphabet, encode_gsm7
from telecom.sms.tpdu import SmsDeliver, SmsSubmit, encode_tpdu
from telecom.sms.user_data import UserData
from telecom.ss7.map import contexts
from telecom.ss7.map.contexts import ApplicationContext
from telecom.ss7.map.declarations import Sequence
from telecom.ss7.map.enumerations import MwStatus, SmDeliveryOutcome
from telecom.ss7.map.messages import (
    AddressString,
    AlertServiceCentreArg,
    InformServiceCentreArg,
    LocationInfoWithLmsi,
    MoForwardSmArg,
    MoForwardSmRes,
    MtForwardSmArg,
    MtForwardSmRes,
    ReportSmDeliveryStatusArg,
    ReportSmDeliveryStatusRes,
    RoutingInfoForSmArg,
    RoutingInfoForSmRes,
    SmRpDa,
    SmRpOa,
)
from telecom.ss7.sccp.address import SccpAddress, SubsystemNumber

CENTRE: Final = SccpAddress.of_gt("38591000001", SubsystemNumber.MSC)
HLR: Final = SccpAddress.of_gt("4477009100", SubsystemNumber.HLR)
MSC: Final = SccpAddress.of_gt("4477009000", SubsystemNumber.MSC)

_SUBSCRIBER, _CENTRE_NUMBER = AddressString("447700900123"), AddressString(CENTRE.digits)
_IMSI: Final = "234900900123000"
_USER_DATA: Final = UserData(Alphabet.GSM7, encode_gsm7("Hello world, this is a message"))
_DELIVER: Final = encode_tpdu(
    SmsDeliver(
        originating_address=Address("38591000100"),
        user_data=_USER_DATA,
        service_centre_time_stamp=datetime(2026, 11, 22, 13, 4, tzinfo=UTC),
    )
)
_SUBMIT: Final = encode_tpdu(
    SmsSubmit(destination_address=Address("38591000100"), user_data=_USER_DATA)
)
_SRI: Final = RoutingInfoForSmArg(
    msisdn=_SUBSCRIBER, sm_rp_pri=True, service_centre_address=_CENTRE_NUMBER
)
_SRI_RESULT: Final = RoutingInfoForSmRes(_IMSI, LocationInfoWithLmsi(AddressString(MSC.digits)))
_MT: Final = MtForwardSmArg(
    sm_rp_da=SmRpDa(imsi=_IMSI),
    sm_rp_oa=SmRpOa(service_centre_address_oa=_CENTRE_NUMBER),
    sm_rp_ui=_DELIVER,
)
_MO: Final = MoForwardSmArg(
    sm_rp_da=SmRpDa(service_centre_address_da=_CENTRE_NUMBER),
    sm_rp_oa=SmRpOa(msisdn=_SUBSCRIBER),
    sm_rp_ui=_SUBMIT,
)
_REPORT: Final = ReportSmDeliveryStatusArg(
    msisdn=_SUBSCRIBER,
    service_centre_address=_CENTRE_NUMBER,
    sm_delivery_outcome=SmDeliveryOutcome.ABSENT_SUBSCRIBER,
    absent_subscriber_diagnostic_sm=1,
)
_ALERT: Final = AlertServiceCentreArg(msisdn=_SUBSCRIBER, service_centre_address=_CENTRE_NUMBER)
INFORM: Final = InformServiceCentreArg(stored_msisdn=_SUBSCRIBER, mw_status=MwStatus.MNRF_SET)


class Sample(msgspec.Struct, frozen=True):
    """A parameter of an operation; `peer` is its ASN.1 type as pycrate spells it."""

    name: str
    message: Sequence
    peer: str


SAMPLES: Final = (
    Sample("SRI-SM", _SRI, "RoutingInfoForSM_Arg"),
    Sample("SRI-SM result", _SRI_RESULT, "RoutingInfoForSM_Res"),
    Sample("MT-ForwardSM", _MT, "MT_ForwardSM_Arg"),
    Sample("MT-ForwardSM result", MtForwardSmRes(b"\x00\x00"), "MT_ForwardSM_Res"),
    Sample("MO-ForwardSM", _MO, "MO_ForwardSM_Arg"),
    Sample("MO-ForwardSM result", MoForwardSmRes(b"\x01\x00"), "MO_ForwardSM_Res"),
    Sample("ReportSM-DeliveryStatus", _REPORT, "ReportSM_DeliveryStatusArg"),
    Sample("AlertServiceCentre", _ALERT, "AlertServiceCentreArg"),
    Sample("InformServiceCentre", INFORM, "InformServiceCentreArg"),
)


class Exchange(msgspec.Struct, frozen=True):
    """A dialogue of one operation; with `informs` the answer has an InformServiceCentre, too."""

    name: str
    context: ApplicationContext
    calling: SccpAddress
    called: SccpAddress
    argument: Sequence
    result: Sequence | None
    informs: bool = False


EXCHANGES: Final = (
    Exchange("SRI-SM", contexts.SHORT_MSG_GATEWAY_V3, CENTRE, HLR, _SRI, _SRI_RESULT),
    Exchange(
        "SRI-SM with Inform",
        contexts.SHORT_MSG_GATEWAY_V3,
        CENTRE,
        HLR,
        _SRI,
        _SRI_RESULT,
        informs=True,
    ),
    Exchange("MT-ForwardSM", contexts.SHORT_MSG_MT_RELAY_V3, CENTRE, MSC, _MT, MtForwardSmRes()),
    Exchange("MO-ForwardSM", contexts.SHORT_MSG_MO_RELAY_V3, MSC, CENTRE, _MO, MoForwardSmRes()),
    Exchange(
        "ReportSM-DeliveryStatus",
        contexts.SHORT_MSG_GATEWAY_V3,
        CENTRE,
        HLR,
        _REPORT,
        ReportSmDeliveryStatusRes(),
    ),
    Exchange("AlertServiceCentre", contexts.SHORT_MSG_ALERT_V2, HLR, CENTRE, _ALERT, None),
)
