"""SCCP called and calling party addresses, Q.713 3.4: what they mean, not how they are coded."""

from enum import IntEnum

import msgspec


class SubsystemNumber(IntEnum):
    """Q.713 3.4.2.2 and 3GPP TS 23.003 annex."""

    UNKNOWN = 0
    MANAGEMENT = 1
    HLR = 6
    VLR = 7
    MSC = 8
    EIR = 9
    SGSN = 149


class GlobalTitleIndicator(IntEnum):
    """Which parts a global title has, Q.713 3.4.2.3."""

    NONE = 0
    NATURE_OF_ADDRESS = 1
    TRANSLATION_TYPE = 2
    TRANSLATION_TYPE_NUMBERING_PLAN = 3
    TRANSLATION_TYPE_NUMBERING_PLAN_NATURE = 4


class NumberingPlan(IntEnum):
    """Q.713 3.4.2.3.3."""

    UNKNOWN = 0
    E164 = 1
    X121 = 3
    E212 = 6
    E214 = 7


class NatureOfAddress(IntEnum):
    """Q.713 3.4.2.3.1."""

    UNKNOWN = 0
    SUBSCRIBER = 1
    NATIONAL = 3
    INTERNATIONAL = 4


class GlobalTitle(msgspec.Struct, frozen=True, gc=False):
    """A global title, Q.713 3.4.2.3; a part that its indicator leaves out is None.

    `digits` are address signals as `telecom.wire.SEMI_OCTETS` spells them.
    """

    digits: str
    indicator: int = GlobalTitleIndicator.TRANSLATION_TYPE_NUMBERING_PLAN_NATURE
    tt: int | None = 0
    np: int | None = NumberingPlan.E164
    nai: int | None = NatureOfAddress.INTERNATIONAL


class SccpAddress(msgspec.Struct, frozen=True, gc=False):
    """A called or calling party address, and which part of it is routed on."""

    gt: GlobalTitle | None = None
    ssn: int | None = None
    pc: int | None = None
    route_on_gt: bool = True

    @classmethod
    def of_gt(cls, digits: str, ssn: int) -> "SccpAddress":
        """Address a node by its E.164 global title, as between networks (TS 29.002 6.1.3.1)."""
        return cls(gt=GlobalTitle(digits), ssn=ssn)

    @property
    def digits(self) -> str:
        """The global title's digits, or an empty string where there is none."""
        return self.gt.digits if self.gt else ""
