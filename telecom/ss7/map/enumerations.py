"""Values of MAP's ENUMERATED and BIT STRING types; a peer may send others, which stay integers."""

from enum import IntEnum, IntFlag


class NatureOfAddress(IntEnum):
    """Nature of address indicator of an AddressString, TS 29.002 17.7.8."""

    UNKNOWN = 0
    INTERNATIONAL = 1
    NATIONAL = 2
    NETWORK_SPECIFIC = 3
    SUBSCRIBER = 4
    ABBREVIATED = 6


class NumberingPlan(IntEnum):
    """Numbering plan indicator of an AddressString, TS 29.002 17.7.8."""

    UNKNOWN = 0
    E164 = 1
    X121 = 3
    TELEX = 4
    E212 = 6
    NATIONAL = 8
    PRIVATE = 9


class SmDeliveryOutcome(IntEnum):
    """SM-DeliveryOutcome, TS 29.002 17.7.6."""

    MEMORY_CAPACITY_EXCEEDED = 0
    ABSENT_SUBSCRIBER = 1
    SUCCESSFUL_TRANSFER = 2


class SmDeliveryNotIntended(IntEnum):
    """SM-DeliveryNotIntended, TS 29.002 17.7.6."""

    ONLY_IMSI_REQUESTED = 0
    ONLY_MCC_MNC_REQUESTED = 1


class AlertReason(IntEnum):
    """AlertReason, TS 29.002 17.7.6."""

    MS_PRESENT = 0
    MEMORY_AVAILABLE = 1


class MwStatus(IntFlag):
    """MW-Status, TS 29.002 17.7.6: why a message waits; bit n of the BIT STRING is 1 << n."""

    SC_ADDRESS_NOT_INCLUDED = 1 << 0
    MNRF_SET = 1 << 1
    MCEF_SET = 1 << 2
    MNRG_SET = 1 << 3
    MNR5G_SET = 1 << 4
    MNR5GN3G_SET = 1 << 5


class SmEnumeratedDeliveryFailureCause(IntEnum):
    """SM-EnumeratedDeliveryFailureCause, TS 29.002 17.7.7."""

    MEMORY_CAPACITY_EXCEEDED = 0
    EQUIPMENT_PROTOCOL_ERROR = 1
    EQUIPMENT_NOT_SM_EQUIPPED = 2
    UNKNOWN_SERVICE_CENTRE = 3
    SC_CONGESTION = 4
    INVALID_SME_ADDRESS = 5
    SUBSCRIBER_NOT_SC_SUBSCRIBER = 6


class AbsentSubscriberDiagnosticSm(IntEnum):
    """AbsentSubscriberDiagnosticSM, TS 23.040 3.3.2."""

    NO_PAGING_RESPONSE_VIA_MSC = 0
    IMSI_DETACHED = 1
    ROAMING_RESTRICTION = 2
    DEREGISTERED_NON_GPRS = 3
    PURGED_NON_GPRS = 4
    NO_PAGING_RESPONSE_VIA_SGSN = 5
    GPRS_DETACHED = 6
    DEREGISTERED_GPRS = 7
    PURGED_GPRS = 8
    UNIDENTIFIED_VIA_MSC = 9
    UNIDENTIFIED_VIA_SGSN = 10
    DEREGISTERED_IMS = 11
    NO_RESPONSE_VIA_IP_SM_GW = 12
    TEMPORARILY_UNAVAILABLE = 13


class AbsentSubscriberReason(IntEnum):
    """AbsentSubscriberReason, TS 29.002 17.7.7."""

    IMSI_DETACH = 0
    RESTRICTED_AREA = 1
    NO_PAGE_RESPONSE = 2
    PURGED_MS = 3
    MT_ROAMING_RETRY = 4
    BUSY_SUBSCRIBER = 5


class CallBarringCause(IntEnum):
    """CallBarringCause, TS 29.002 17.7.7."""

    BARRING_SERVICE_ACTIVE = 0
    OPERATOR_BARRING = 1


class UnknownSubscriberDiagnostic(IntEnum):
    """UnknownSubscriberDiagnostic, TS 29.002 17.7.7."""

    IMSI_UNKNOWN = 0
    GPRS_EPS_SUBSCRIPTION_UNKNOWN = 1
    NPDB_MISMATCH = 2


class NetworkResource(IntEnum):
    """NetworkResource, TS 29.002 17.7.8: which node failed."""

    PLMN = 0
    HLR = 1
    VLR = 2
    PVLR = 3
    CONTROLLING_MSC = 4
    VMSC = 5
    EIR = 6
    RSS = 7
