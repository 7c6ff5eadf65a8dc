"""Why a short message was not delivered, and what follows from it: one row per cause.

The rows say which errors are worth another attempt (3GPP TS 23.040 3.3 and 9.2.3), what the
SMS-GMSC reports to the HLR (TS 29.002 12.3) and what the sender is told (SMPP 3.4 5.3.2.31
and appendix B).
"""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import Final, Literal

import msgspec

NETWORK_GSM: Final = 3
"""The network type of a MAP error in network_error_code, SMPP 3.4 5.3.2.31."""
NETWORK_OF_THE_SMSC: Final = 8
"""The network type of a code of our own, SMPP 5.0 4.8.4.42."""

NO_MAP_ERROR: Final = 255
CAUSE_BASE: Final = 320
_DETAILED: Final = range(CAUSE_BASE, CAUSE_BASE + 7)
NOTICE_BASE: Final = 500
UPSTREAM_BASE: Final = 600
_UNNAMED: Final = 499
_LARGEST_CODE: Final = 999
_DIAGNOSTICS: Final = range(256)
"""AbsentSubscriberDiagnosticSM, TS 29.002 17.7.6; a peer's other integers mean nothing."""
SM_DELIVERY_FAILURE: Final = 32
"""The MAP error whose parameter says what failed, TS 29.002 17.6.6."""


class Stage(StrEnum):
    """Which exchange failed."""

    SRI = "sri"
    MT = "mt"
    UPSTREAM = "upstream"


class Cause(StrEnum):
    """In which way it failed; `ERROR` and `NOTICE` carry a number.

    `ERROR` is a MAP user error (TS 29.002 17.6), or a command_status of an upstream SMSC;
    `NOTICE` is an N-NOTICE with its return cause (Q.713 3.12); `GATE` is our own GT rule.
    """

    ERROR = "error"
    TIMEOUT = "timeout"
    ABORTED = "aborted"
    REFUSED = "refused"
    REJECTED = "rejected"
    NOTICE = "notice"
    GATE = "gate"


class FailureClass(StrEnum):
    """What may be done about it: never again, or again by the schedule of `router.retry`."""

    PERMANENT = "permanent"
    TEMPORARY = "temporary"
    NO_ANSWER = "no_answer"
    ABSENT = "absent"
    MEMORY_FULL = "memory_full"


class DeliveryOutcome(IntEnum):
    """SM-DeliveryOutcome of reportSM-DeliveryStatus, TS 29.002 17.7.6."""

    MEMORY_CAPACITY_EXCEEDED = 0
    ABSENT_SUBSCRIBER = 1
    SUCCESSFUL_TRANSFER = 2


class Failure(msgspec.Struct, frozen=True, gc=False):
    """What a failed attempt means.

    `state` is the name of the final state once no attempt is left; `code` is one number for
    the cause: a MAP error as it is, 320 + sm-EnumeratedDeliveryFailureCause, 4xx for what had
    no number, 500 + return cause, 600 + an upstream's command_status (999 at most).
    `report` is the outcome to report to the HLR, with `diagnostic` as its
    absentSubscriberDiagnosticSM; `waits_for_alert` means the HLR will say when to try again.
    `network` is the type of the network whose code it is, where a peer has told both.
    """

    kind: FailureClass
    code: int
    name: str
    state: Literal["UNDELIV", "EXPIRED"] = "EXPIRED"
    report: DeliveryOutcome | None = None
    diagnostic: int | None = None
    waits_for_alert: bool = False
    network: int | None = None

    @property
    def map_error(self) -> int | None:
        """The MAP user error that it was, if it was one, TS 29.002 17.6."""
        if self.network is not None:
            return self.code if self.network == NETWORK_GSM else None
        if self.code in _DETAILED:
            return SM_DELIVERY_FAILURE
        return self.code if self.code < CAUSE_BASE else None

    @property
    def network_error_code(self) -> bytes:
        """The TLV's three octets: the network type and the MAP error, or our own `code`."""
        error = self.map_error
        network = NETWORK_OF_THE_SMSC if error is None else NETWORK_GSM
        if self.network is not None:
            network = self.network
        return bytes((network,)) + (self.code if error is None else error).to_bytes(2, "big")

    @property
    def error_code(self) -> int:
        """The octet of a query_sm_resp, SMPP 3.4 4.8.2: the MAP error, 255 where it was none."""
        error = self.map_error
        return NO_MAP_ERROR if error is None else min(error, NO_MAP_ERROR)

    @property
    def err(self) -> str:
        """The three digits of a receipt's `err:`, SMPP 3.4 appendix B."""
        return f"{self.code:03d}"


def _permanent(code: int, name: str) -> Failure:
    return Failure(FailureClass.PERMANENT, code, name, "UNDELIV")


def _temporary(code: int, name: str) -> Failure:
    return Failure(FailureClass.TEMPORARY, code, name)


def _no_answer(code: int, name: str) -> Failure:
    return Failure(FailureClass.NO_ANSWER, code, name)


def _absent(
    code: int, name: str, *, report: DeliveryOutcome | None = None, diagnostic: int | None = None
) -> Failure:
    return Failure(
        FailureClass.ABSENT,
        code,
        name,
        report=report,
        diagnostic=diagnostic,
        waits_for_alert=True,
    )


_ABSENT_SUBSCRIBER: Final = DeliveryOutcome.ABSENT_SUBSCRIBER
UNIDENTIFIED_VIA_MSC: Final = 9
"""absentSubscriberDiagnosticSM for an IMSI that the MSC does not know, TS 23.040 3.3.2."""

_EITHER_STAGE: Final[Mapping[int, Failure]] = {  # TS 29.002 17.6, TS 23.040 3.3
    1: _permanent(1, "unknownSubscriber"),
    9: _permanent(9, "illegalSubscriber"),
    11: _permanent(11, "teleserviceNotProvisioned"),
    12: _permanent(12, "illegalEquipment"),
    13: _permanent(13, "callBarred"),
    21: _permanent(21, "facilityNotSupported"),
    31: _temporary(31, "subscriberBusyForMT-SMS"),
    33: _temporary(33, "messageWaitingListFull"),
    34: _temporary(34, "systemFailure"),
    35: _permanent(35, "dataMissing"),
    36: _permanent(36, "unexpectedDataValue"),
    51: _temporary(51, "resourceLimitation"),
}
_SRI_ERRORS: Final[Mapping[int, Failure]] = {
    # The HLR puts the service centre on its waiting list by itself here: TS 29.002 23.3.2.
    6: _absent(6, "absentSubscriberSM"),
    27: _absent(27, "absentSubscriber"),
}
_MT_ERRORS: Final[Mapping[int, Failure]] = {
    # An IMSI unknown at the MSC is reported as absent, diagnostic 9: TS 29.002 23.3.
    5: _absent(
        5, "unidentifiedSubscriber", report=_ABSENT_SUBSCRIBER, diagnostic=UNIDENTIFIED_VIA_MSC
    ),
    6: _absent(6, "absentSubscriberSM", report=_ABSENT_SUBSCRIBER),
    27: _absent(27, "absentSubscriber", report=_ABSENT_SUBSCRIBER),
    32: _permanent(32, "sm-DeliveryFailure"),
}
_DELIVERY_FAILURES: Final[Mapping[int, Failure]] = {  # sm-EnumeratedDeliveryFailureCause
    0: Failure(
        FailureClass.MEMORY_FULL,
        CAUSE_BASE,
        "memoryCapacityExceeded",
        report=DeliveryOutcome.MEMORY_CAPACITY_EXCEEDED,
        waits_for_alert=True,
    ),
    1: _permanent(CAUSE_BASE + 1, "equipmentProtocolError"),
    2: _permanent(CAUSE_BASE + 2, "equipmentNotSM-Equipped"),
    3: _permanent(CAUSE_BASE + 3, "unknownServiceCentre"),
    4: _temporary(CAUSE_BASE + 4, "sc-Congestion"),
    5: _permanent(CAUSE_BASE + 5, "invalidSME-Address"),
    6: _permanent(CAUSE_BASE + 6, "subscriberNotSC-Subscriber"),
}
_NOTICES: Final[Mapping[int, Failure]] = {  # Q.713 3.12
    2: _temporary(NOTICE_BASE + 2, "subsystem congestion"),
    6: _temporary(NOTICE_BASE + 6, "network congestion"),
    10: _permanent(NOTICE_BASE + 10, "destination cannot perform reassembly"),
    13: _permanent(NOTICE_BASE + 13, "segmentation not supported"),
}
_UPSTREAM: Final[Mapping[int, Failure]] = {  # SMPP 3.4 5.1.3
    0x04: _temporary(UPSTREAM_BASE + 0x04, "ESME_RINVBNDSTS"),
    0x08: _temporary(UPSTREAM_BASE + 0x08, "ESME_RSYSERR"),
    0x14: _temporary(UPSTREAM_BASE + 0x14, "ESME_RMSGQFUL"),
    0x58: _temporary(UPSTREAM_BASE + 0x58, "ESME_RTHROTTLED"),
    0x64: _temporary(UPSTREAM_BASE + 0x64, "ESME_RX_T_APPN"),
}
_UNNUMBERED: Final[Mapping[tuple[Stage, Cause], Failure]] = {
    (Stage.SRI, Cause.TIMEOUT): _no_answer(400, "no answer from the HLR"),
    (Stage.SRI, Cause.ABORTED): _temporary(401, "dialogue aborted by the HLR"),
    (Stage.SRI, Cause.REFUSED): _permanent(402, "dialogue refused by the HLR"),
    (Stage.SRI, Cause.REJECTED): _permanent(403, "operation rejected by the HLR"),
    (Stage.MT, Cause.TIMEOUT): _no_answer(410, "no answer from the serving node"),
    (Stage.MT, Cause.ABORTED): _temporary(411, "dialogue aborted by the serving node"),
    (Stage.MT, Cause.REFUSED): _permanent(412, "dialogue refused by the serving node"),
    (Stage.MT, Cause.REJECTED): _permanent(413, "operation rejected by the serving node"),
    (Stage.MT, Cause.GATE): _temporary(419, "held back by the GT rule"),
    (Stage.UPSTREAM, Cause.TIMEOUT): _no_answer(420, "no answer from the upstream"),
    (Stage.UPSTREAM, Cause.ABORTED): _temporary(421, "connection to the upstream lost"),
    (Stage.UPSTREAM, Cause.REFUSED): _temporary(422, "not bound at the upstream"),
    (Stage.UPSTREAM, Cause.REJECTED): _temporary(423, "no submit_sm and its response"),
}
_ERRORS: Final[Mapping[Stage, Mapping[int, Failure]]] = {
    Stage.SRI: {**_EITHER_STAGE, **_SRI_ERRORS},
    Stage.MT: {**_EITHER_STAGE, **_MT_ERRORS},
    Stage.UPSTREAM: _UPSTREAM,
}


def classify(
    stage: Stage, cause: Cause, *, number: int | None = None, detail: int | None = None
) -> Failure:
    """Return what a failed attempt means; what no row knows is `TEMPORARY`.

    `number` is the MAP error, command_status or return cause; `detail` the parameter of an
    error: sm-EnumeratedDeliveryFailureCause of 32, absentSubscriberDiagnosticSM of 6. All are as
    the peer sent them, any integers.
    """
    if cause is Cause.NOTICE:
        return _NOTICES.get(number or 0) or _unknown(NOTICE_BASE, number, "returned by SCCP")
    if cause is not Cause.ERROR:
        return _UNNUMBERED.get((stage, cause)) or _unknown(_UNNAMED, None, f"{stage} {cause}")
    if number == SM_DELIVERY_FAILURE and stage is Stage.MT and detail is not None:
        return _DELIVERY_FAILURES.get(detail) or _ERRORS[stage][SM_DELIVERY_FAILURE]
    failure = _ERRORS[stage].get(number or 0)
    if failure is None:
        return _unlisted(stage, number)
    if (
        failure.kind is FailureClass.ABSENT
        and failure.diagnostic is None
        and detail in _DIAGNOSTICS
    ):
        return msgspec.structs.replace(failure, diagnostic=detail)
    return failure


def _unlisted(stage: Stage, number: int | None) -> Failure:
    """Judge an error of no row: an upstream's is final, as its sender cannot mend it."""
    if stage is Stage.UPSTREAM:
        return _permanent(_code(UPSTREAM_BASE, number), f"command_status {number or 0:#010x}")
    return _unknown(0, number, f"MAP error {_code(0, number)}")


def _unknown(first: int, number: int | None, name: str) -> Failure:
    return _temporary(_code(first, number), name)


def _code(first: int, number: int | None) -> int:
    """Return a code of three digits at most: a peer's number may be any, below zero even."""
    return first + min(max(number or 0, 0), _LARGEST_CODE - first)
