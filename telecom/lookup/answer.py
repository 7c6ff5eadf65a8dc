"""The answer of a number lookup, as its JSON object has it."""

from enum import StrEnum

import msgspec

from telecom.numbering.operators import Operator


class Status(StrEnum):
    """Whether the number can be reached."""

    REACHABLE = "reachable"
    ABSENT = "absent"
    UNKNOWN_SUBSCRIBER = "unknown_subscriber"
    BARRED = "barred"
    NOT_PROVISIONED = "not_provisioned"
    UNDETERMINED = "undetermined"


class Confidence(StrEnum):
    """Where the answer comes from: the network itself, or the numbering plan alone."""

    NETWORK = "network"
    NUMBERING_PLAN = "numbering_plan"


class Network(msgspec.Struct, frozen=True, gc=False):
    """A network as an answer names it."""

    mccmnc: str
    name: str
    country: str

    @classmethod
    def of(cls, operator: Operator | None) -> "Network | None":
        """Return the network of an operator, None for none."""
        return None if operator is None else cls(operator.mccmnc, operator.name, operator.country)


class Answer(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The answer of a number lookup; what is not known is None.

    `home_network` holds the number's range, `current_network` is the subscriber's own by IMSI.
    `reason` is a MAP error's name, `error` its number; `at` is ISO 8601 in UTC. `imsi` is in the
    object only for accounts that may see it, and only they get a `serving_node`.
    """

    msisdn: str
    status: Status
    reason: str | None = None
    imsi_prefix: str | None = None
    home_network: Network | None = None
    current_network: Network | None = None
    ported: bool | None = None
    roaming: bool | None = None
    roaming_network: Network | None = None
    serving_node: str | None = None
    home_routed: bool | None = None
    confidence: Confidence = Confidence.NUMBERING_PLAN
    error: int | None = None
    at: str
    charged: bool
    id: str
    imsi: str | msgspec.UnsetType = msgspec.UNSET
