"""Parameters of MAP's user errors, 3GPP TS 29.002 17.7.7, and GSM 09.02 for versions 1 and 2."""

from typing import Annotated

from telecom.ss7.map.declarations import (
    Boolean,
    Enumerated,
    Imsi,
    Integer,
    Presence,
    Sequence,
    SignalInfo,
    Time,
    bare_in,
    context,
    since,
    until,
)


class SystemFailureParam(Sequence, frozen=True):
    """SystemFailureParam; before version 3 the network resource alone."""

    network_resource: Annotated[Enumerated | None, bare_in(1, 2)] = None
    additional_network_resource: Annotated[Enumerated | None, context(0), since(3)] = None
    failure_cause_param: Annotated[Enumerated | None, context(1), since(3)] = None


class DataMissingParam(Sequence, frozen=True):
    """DataMissingParam: nothing but an extension container."""


class UnexpectedDataParam(Sequence, frozen=True):
    """UnexpectedDataParam."""

    unexpected_subscriber: Annotated[Presence, context(0)] = False


class FacilityNotSupParam(Sequence, frozen=True):
    """FacilityNotSupParam."""

    shape_of_location_estimate_not_supported: Annotated[Presence, context(0)] = False
    needed_lcs_capability_not_supported_in_serving_node: Annotated[Presence, context(1)] = False


class UnknownSubscriberParam(Sequence, frozen=True):
    """UnknownSubscriberParam."""

    unknown_subscriber_diagnostic: Enumerated | None = None


class UnidentifiedSubParam(Sequence, frozen=True):
    """UnidentifiedSubParam: nothing but an extension container."""


class IllegalSubscriberParam(Sequence, frozen=True):
    """IllegalSubscriberParam: nothing but an extension container."""


class IllegalEquipmentParam(Sequence, frozen=True):
    """IllegalEquipmentParam: nothing but an extension container."""


class TeleservNotProvParam(Sequence, frozen=True):
    """TeleservNotProvParam: nothing but an extension container."""


class AbsentSubscriberParam(Sequence, frozen=True):
    """AbsentSubscriberParam; in version 1 mwd-Set alone, in version 2 there is none."""

    mwd_set: Annotated[Boolean | None, until(1), bare_in(1)] = None
    absent_subscriber_reason: Annotated[Enumerated | None, context(0), since(3)] = None


class AbsentSubscriberSmParam(Sequence, frozen=True):
    """AbsentSubscriberSM-Param; diagnostics as TS 23.040 3.3.2 numbers them."""

    absent_subscriber_diagnostic_sm: Integer | None = None
    additional_absent_subscriber_diagnostic_sm: Annotated[Integer | None, context(0)] = None
    imsi: Annotated[Imsi | None, context(1)] = None
    requested_retransmission_time: Annotated[Time | None, context(2)] = None
    user_identifier_alert: Annotated[Imsi | None, context(3)] = None


class CallBarredParam(Sequence, frozen=True):
    """CallBarredParam; before version 3 the cause alone."""

    call_barring_cause: Annotated[Enumerated | None, bare_in(1, 2)] = None
    unauthorised_message_originator: Annotated[Presence, context(1), since(3)] = False
    anonymous_call_rejection: Annotated[Presence, context(2), since(3)] = False


class SubBusyForMtSmsParam(Sequence, frozen=True):
    """SubBusyForMT-SMS-Param."""

    gprs_connection_suspended: Presence = False


class SmDeliveryFailureCause(Sequence, frozen=True):
    """SM-DeliveryFailureCause; in version 1 the cause alone.

    `diagnostic_info` is an SMS-DELIVER-REPORT or SMS-SUBMIT-REPORT.
    """

    sm_enumerated_delivery_failure_cause: Annotated[Enumerated, bare_in(1)]
    diagnostic_info: Annotated[SignalInfo | None, since(2)] = None


class MessageWaitListFullParam(Sequence, frozen=True):
    """MessageWaitListFullParam: nothing but an extension container."""
