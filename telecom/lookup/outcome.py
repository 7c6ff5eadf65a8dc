"""What the outcome of an SRI-SM says of a number: availability, portability, roaming."""

from datetime import UTC, datetime
from typing import Final

import msgspec

from telecom.lookup.answer import Answer, Confidence, Network, Status
from telecom.numbering.e164 import country_of
from telecom.numbering.operators import Directory, Operator

_MCC_AND_SHORT_MNC: Final = 5
_STATUS_OF_ERROR: Final = {  # 3GPP TS 29.002 17.6.6
    1: Status.UNKNOWN_SUBSCRIBER,
    6: Status.ABSENT,
    11: Status.NOT_PROVISIONED,
    13: Status.BARRED,
    27: Status.ABSENT,
}
"""What an SRI-SM's errors say of the subscriber; any other speaks of the network alone."""


class LookupOutcome(msgspec.Struct, frozen=True, gc=False):
    """How an SRI-SM ended: with an IMSI and a serving node, with a MAP error, or with neither.

    `node` has the digits of the network node number; `error_name` is that of the MAP error, or
    says what went wrong before one could come (such as "noResponse").
    """

    imsi: str | None = None
    node: str | None = None
    error_code: int | None = None
    error_name: str | None = None


class LookupRequest(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What was asked: `at` in seconds since 1970; `charged` once it was passed to an HLR.

    `discloses` says whether the account may see IMSI and serving node.
    """

    id: str
    msisdn: str
    at: float
    charged: bool
    discloses: bool = False


def interpret(outcome: LookupOutcome, request: LookupRequest, *, directory: Directory) -> Answer:
    """Return the answer to a lookup whose SRI-SM ended like this."""
    if outcome.imsi is not None:
        return _found(outcome, outcome.imsi, request, directory)
    status = _STATUS_OF_ERROR.get(outcome.error_code or 0, Status.UNDETERMINED)
    answered = outcome.error_code is not None
    return Answer(
        msisdn=request.msisdn,
        status=status,
        reason=outcome.error_name,
        home_network=Network.of(directory.by_msisdn(request.msisdn)),
        confidence=Confidence.NETWORK if answered else Confidence.NUMBERING_PLAN,
        error=outcome.error_code,
        at=_iso(request.at),
        charged=request.charged,
        id=request.id,
    )


def _found(
    outcome: LookupOutcome, imsi: str, request: LookupRequest, directory: Directory
) -> Answer:
    """Answer for a subscriber the HLR knows.

    With home routing the IMSI is a correlation id, true in its MCC and MNC only, and the node is
    the SMS router, which tells nothing of roaming (3GPP TS 23.040, TS 29.002 12.1.3).
    """
    home = directory.by_msisdn(request.msisdn)
    current = directory.by_imsi(imsi)
    home_routed = directory.is_sms_router(outcome.node or "")
    serving_node = None if home_routed else outcome.node
    roaming = _roaming(serving_node, current, directory)
    return Answer(
        msisdn=request.msisdn,
        status=Status.REACHABLE,
        imsi_prefix=imsi[:_MCC_AND_SHORT_MNC] if current is None else current.mccmnc,
        home_network=Network.of(home),
        current_network=Network.of(current),
        ported=None if home is None or current is None else home != current,
        roaming=roaming,
        roaming_network=Network.of(directory.by_gt(serving_node or "")) if roaming else None,
        serving_node=outcome.node if request.discloses else None,
        home_routed=home_routed,
        confidence=Confidence.NETWORK,
        at=_iso(request.at),
        charged=request.charged,
        id=request.id,
        imsi=imsi if request.discloses and not home_routed else msgspec.UNSET,
    )


def _roaming(node: str | None, current: Operator | None, directory: Directory) -> bool | None:
    """Return whether the serving node is another network's, None if that cannot be told."""
    if not node or current is None:
        return None
    serving = directory.by_gt(node)
    if serving is not None:
        return serving != current
    return country_of(node) not in {None, current.country} or None


def _iso(at: float) -> str:
    moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")
