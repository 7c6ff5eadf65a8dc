"""MAP's short message types, 3GPP TS 29.002 17.7.6, and GSM 09.02 for versions 1 and 2.

Element order, tags and OPTIONAL are those of the specification. Extension containers, and what a
release added after the `...` that is not declared here, are skipped when received.
"""

from typing import Annotated, ClassVar, Final

import msgspec

from telecom.ss7 import ber
from telecom.ss7.map.declarations import (
    Boolean,
    Choice,
    Context,
    Enumerated,
    Imsi,
    Integer,
    Kind,
    Lmsi,
    Octets,
    Presence,
    Primitive,
    Sequence,
    SignalInfo,
    Time,
    Versions,
    bare_in,
    context,
    mandatory_since,
    received_as,
    since,
    until,
)
from telecom.ss7.map.enumerations import MwStatus

_BIT_STRING: Final = 0x03


class AddressString(msgspec.Struct, frozen=True, gc=False):
    """A number, TS 29.002 17.7.8; `digits` are spelled as in `telecom.wire.SEMI_OCTETS`."""

    digits: str
    nai: int = 1
    npi: int = 1


Address = Annotated[AddressString, Primitive(Kind.ADDRESS, ber.OCTET_STRING, 1, 20)]
"""AddressString."""
IsdnAddress = Annotated[AddressString, Primitive(Kind.ADDRESS, ber.OCTET_STRING, 1, 9)]
"""ISDN-AddressString."""
SmeAddress = Annotated[bytes, Primitive(Kind.OCTETS, ber.OCTET_STRING, 1, 12)]
"""SM-RP-SMEA: a TP-address as TS 23.040 9.1.2.5 codes it."""
TeleserviceCode = Annotated[bytes, Primitive(Kind.OCTETS, ber.OCTET_STRING, 1, 1)]
MessageWaiting = Annotated[MwStatus, Primitive(Kind.BITS, _BIT_STRING, 2, 3)]


class SmRpDa(Choice, frozen=True):
    """SM-RP-DA: whom a message is for; with nothing set it is noSM-RP-DA."""

    NONE_SET: ClassVar[tuple[Context, Versions]] = (context(5), since(2))

    imsi: Annotated[Imsi | None, context(0)] = None
    lmsi: Annotated[Lmsi | None, context(1)] = None
    roaming_number: Annotated[IsdnAddress | None, context(3), until(1)] = None
    service_centre_address_da: Annotated[Address | None, context(4)] = None


class SmRpOa(Choice, frozen=True):
    """SM-RP-OA: whom a message is from; with nothing set it is noSM-RP-OA."""

    NONE_SET: ClassVar[tuple[Context, Versions]] = (context(5), since(2))

    msisdn: Annotated[IsdnAddress | None, context(2)] = None
    service_centre_address_oa: Annotated[Address | None, context(4)] = None


class NetworkNodeDiameterAddress(Sequence, frozen=True):
    """NetworkNodeDiameterAddress: a serving node that is reached over Diameter."""

    diameter_name: Annotated[Octets, context(0)]
    diameter_realm: Annotated[Octets, context(1)]


class CorrelationId(Sequence, frozen=True, kw_only=True):
    """CorrelationID: which SIP users a message is between."""

    hlr_id: Annotated[Imsi | None, context(0)] = None
    sip_uri_a: Annotated[Octets | None, context(1)] = None
    sip_uri_b: Annotated[Octets, context(2)]


class RoutingInfoForSmArg(Sequence, frozen=True):
    """RoutingInfoForSM-Arg."""

    msisdn: Annotated[IsdnAddress, context(0)]
    sm_rp_pri: Annotated[Boolean, context(1)]
    service_centre_address: Annotated[Address, context(2)]
    gprs_support_indicator: Annotated[Presence, context(7), since(3)] = False
    sm_rp_mti: Annotated[Integer | None, context(8), since(3)] = None
    sm_rp_smea: Annotated[SmeAddress | None, context(9), since(3)] = None
    sm_delivery_not_intended: Annotated[Enumerated | None, context(10), since(3)] = None
    ip_sm_gw_guidance_indicator: Annotated[Presence, context(11), since(3)] = False
    imsi: Annotated[Imsi | None, context(12), since(3)] = None
    t4_trigger_indicator: Annotated[Presence, context(14), since(3)] = False
    single_attempt_delivery: Annotated[Presence, context(13), since(3)] = False
    correlation_id: Annotated[CorrelationId | None, context(15), since(3)] = None
    smsf_support_indicator: Annotated[Presence, context(16), since(3)] = False
    teleservice: Annotated[TeleserviceCode | None, context(5), until(1)] = None


class IpSmGwGuidance(Sequence, frozen=True):
    """IP-SM-GW-Guidance: how long to wait for the gateway, in seconds."""

    minimum_delivery_time_value: Integer
    recommended_delivery_time_value: Integer


class AdditionalNumber(Choice, frozen=True):
    """Additional-Number: the other node that serves the subscriber."""

    msc_number: Annotated[IsdnAddress | None, context(0)] = None
    sgsn_number: Annotated[IsdnAddress | None, context(1)] = None


class LocationInfoWithLmsi(Sequence, frozen=True):
    """LocationInfoWithLMSI; a version 1 HLR may give a roaming number, tag 0, as the node's."""

    network_node_number: Annotated[IsdnAddress, context(1), received_as(0)]
    lmsi: Lmsi | None = None
    gprs_node_indicator: Annotated[Presence, context(5), since(3)] = False
    additional_number: Annotated[AdditionalNumber | None, context(6), since(3)] = None
    network_node_diameter_address: Annotated[
        NetworkNodeDiameterAddress | None, context(7), since(3)
    ] = None
    additional_network_node_diameter_address: Annotated[
        NetworkNodeDiameterAddress | None, context(8), since(3)
    ] = None
    third_number: Annotated[AdditionalNumber | None, context(9), since(3)] = None
    third_network_node_diameter_address: Annotated[
        NetworkNodeDiameterAddress | None, context(10), since(3)
    ] = None
    ims_node_indicator: Annotated[Presence, context(11), since(3)] = False


class RoutingInfoForSmRes(Sequence, frozen=True):
    """RoutingInfoForSM-Res; `imsi` may be an MT correlation id (TS 23.040) or MCC and MNC."""

    imsi: Imsi
    location_info_with_lmsi: Annotated[LocationInfoWithLmsi, context(0)]
    mwd_set: Annotated[Boolean | None, context(2), until(1)] = None
    ip_sm_gw_guidance: Annotated[IpSmGwGuidance | None, context(5), since(3)] = None


class MtForwardSmArg(Sequence, frozen=True):
    """MT-ForwardSM-Arg; before version 3 it is written as `ForwardSmArg`."""

    sm_rp_da: SmRpDa
    sm_rp_oa: SmRpOa
    sm_rp_ui: SignalInfo
    more_messages_to_send: Annotated[Presence, since(2)] = False
    sm_delivery_timer: Annotated[Integer | None, since(3)] = None
    sm_delivery_start_time: Annotated[Time | None, since(3)] = None
    sms_over_ip_only_indicator: Annotated[Presence, context(0), since(3)] = False
    correlation_id: Annotated[CorrelationId | None, context(1), since(3)] = None
    maximum_retransmission_time: Annotated[Time | None, context(2), since(3)] = None
    sms_gmsc_address: Annotated[IsdnAddress | None, context(3), since(3)] = None
    sms_gmsc_diameter_address: Annotated[
        NetworkNodeDiameterAddress | None, context(4), since(3)
    ] = None


class MtForwardSmRes(Sequence, frozen=True):
    """MT-ForwardSM-Res; `sm_rp_ui` is an SMS-DELIVER-REPORT."""

    sm_rp_ui: SignalInfo | None = None


class MoForwardSmArg(Sequence, frozen=True):
    """MO-ForwardSM-Arg; before version 3 it is written as `ForwardSmArg`."""

    sm_rp_da: SmRpDa
    sm_rp_oa: SmRpOa
    sm_rp_ui: SignalInfo
    imsi: Annotated[Imsi | None, since(3)] = None
    correlation_id: Annotated[CorrelationId | None, context(0), since(3)] = None
    sm_delivery_outcome: Annotated[Enumerated | None, context(1), since(3)] = None


class MoForwardSmRes(Sequence, frozen=True):
    """MO-ForwardSM-Res; `sm_rp_ui` is an SMS-SUBMIT-REPORT."""

    sm_rp_ui: SignalInfo | None = None


class ForwardSmArg(Sequence, frozen=True):
    """ForwardSM-Arg, GSM 09.02: mobile originated and terminated alike, versions 1 and 2."""

    sm_rp_da: SmRpDa
    sm_rp_oa: SmRpOa
    sm_rp_ui: SignalInfo
    more_messages_to_send: Annotated[Presence, since(2)] = False


class ReportSmDeliveryStatusArg(Sequence, frozen=True):
    """ReportSM-DeliveryStatusArg; version 1 reports nothing but an absent subscriber."""

    msisdn: IsdnAddress
    service_centre_address: Address
    sm_delivery_outcome: Annotated[Enumerated | None, since(2), mandatory_since(2)] = None
    absent_subscriber_diagnostic_sm: Annotated[Integer | None, context(0), since(3)] = None
    gprs_support_indicator: Annotated[Presence, context(2), since(3)] = False
    delivery_outcome_indicator: Annotated[Presence, context(3), since(3)] = False
    additional_sm_delivery_outcome: Annotated[Enumerated | None, context(4), since(3)] = None
    additional_absent_subscriber_diagnostic_sm: Annotated[Integer | None, context(5), since(3)] = (
        None
    )
    ip_sm_gw_indicator: Annotated[Presence, context(6), since(3)] = False
    ip_sm_gw_sm_delivery_outcome: Annotated[Enumerated | None, context(7), since(3)] = None
    ip_sm_gw_absent_subscriber_diagnostic_sm: Annotated[Integer | None, context(8), since(3)] = None
    imsi: Annotated[Imsi | None, context(9), since(3)] = None
    single_attempt_delivery: Annotated[Presence, context(10), since(3)] = False
    correlation_id: Annotated[CorrelationId | None, context(11), since(3)] = None


class ReportSmDeliveryStatusRes(Sequence, frozen=True):
    """ReportSM-DeliveryStatusRes; in version 2 the number alone."""

    stored_msisdn: Annotated[IsdnAddress | None, since(2), bare_in(2)] = None


class AlertServiceCentreArg(Sequence, frozen=True):
    """AlertServiceCentreArg."""

    msisdn: IsdnAddress
    service_centre_address: Address
    imsi: Annotated[Imsi | None, since(2)] = None
    correlation_id: Annotated[CorrelationId | None, since(2)] = None
    maximum_ue_availability_time: Annotated[Time | None, context(0), since(2)] = None
    sms_gmsc_alert_event: Annotated[Enumerated | None, context(1), since(2)] = None
    sms_gmsc_diameter_address: Annotated[
        NetworkNodeDiameterAddress | None, context(2), since(2)
    ] = None
    new_sgsn_number: Annotated[IsdnAddress | None, context(3), since(2)] = None
    new_sgsn_diameter_address: Annotated[
        NetworkNodeDiameterAddress | None, context(4), since(2)
    ] = None
    new_mme_number: Annotated[IsdnAddress | None, context(5), since(2)] = None
    new_mme_diameter_address: Annotated[NetworkNodeDiameterAddress | None, context(6), since(2)] = (
        None
    )
    new_msc_number: Annotated[IsdnAddress | None, context(7), since(2)] = None


class InformServiceCentreArg(Sequence, frozen=True):
    """InformServiceCentreArg."""

    stored_msisdn: IsdnAddress | None = None
    mw_status: MessageWaiting | None = None
    absent_subscriber_diagnostic_sm: Annotated[Integer | None, since(3)] = None
    additional_absent_subscriber_diagnostic_sm: Annotated[Integer | None, context(0), since(3)] = (
        None
    )


class ReadyForSmArg(Sequence, frozen=True):
    """ReadyForSM-Arg."""

    imsi: Annotated[Imsi, context(0)]
    alert_reason: Enumerated
    alert_reason_indicator: Annotated[Presence, since(3)] = False
    additional_alert_reason_indicator: Annotated[Presence, context(1), since(3)] = False
    maximum_ue_availability_time: Annotated[Time | None, since(3)] = None


class ReadyForSmRes(Sequence, frozen=True):
    """ReadyForSM-Res: nothing but an extension container."""


class NoteSubscriberPresentArg(Sequence, frozen=True):
    """The argument of NoteSubscriberPresent, GSM 09.02 version 1: an IMSI and no SEQUENCE."""

    imsi: Annotated[Imsi, bare_in(1)]
