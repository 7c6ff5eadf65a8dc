"""The state machines of RFC 4666 4.3 as tables; an input that is not in its table is an error."""

from enum import Enum, IntEnum, auto
from typing import Final


class AspState(IntEnum):
    """An ASP, for one AS, RFC 4666 4.3.1."""

    DOWN = 0
    INACTIVE = 1
    ACTIVE = 2


class AsState(IntEnum):
    """An application server, RFC 4666 4.3.2; the values are those of a NTFY (3.8.2)."""

    DOWN = 1
    INACTIVE = 2
    ACTIVE = 3
    PENDING = 4


class AspInput(Enum):
    """What moves the ASP's own view of itself."""

    UP_ACK = auto()
    DOWN_ACK = auto()
    ACTIVE_ACK = auto()
    INACTIVE_ACK = auto()
    ALTERNATE_ASP_ACTIVE = auto()
    DATA_UNEXPECTED = auto()
    LOST = auto()


class SgpInput(Enum):
    """What moves the SGP's view of an ASP."""

    UP = auto()
    DOWN = auto()
    ACTIVE = auto()
    INACTIVE = auto()
    OVERRIDDEN = auto()
    LOST = auto()


class AsInput(Enum):
    """What moves an AS: how its ASPs stand, and the recovery timer T(r)."""

    AN_ASP_INACTIVE = auto()
    AN_ASP_ACTIVE = auto()
    NO_ASP_ACTIVE = auto()
    ALL_ASPS_DOWN = auto()
    RECOVERY_EXPIRED = auto()
    RECOVERY_EXPIRED_ALL_DOWN = auto()


ASP_TRANSITIONS: Final = {  # RFC 4666 figure 3 with 4.3.4: what an acknowledgement means to the ASP
    (AspState.DOWN, AspInput.UP_ACK): AspState.INACTIVE,
    (AspState.DOWN, AspInput.DOWN_ACK): AspState.DOWN,
    (AspState.DOWN, AspInput.LOST): AspState.DOWN,
    (AspState.INACTIVE, AspInput.UP_ACK): AspState.INACTIVE,
    (AspState.INACTIVE, AspInput.DOWN_ACK): AspState.DOWN,
    (AspState.INACTIVE, AspInput.ACTIVE_ACK): AspState.ACTIVE,
    (AspState.INACTIVE, AspInput.INACTIVE_ACK): AspState.INACTIVE,
    (AspState.INACTIVE, AspInput.ALTERNATE_ASP_ACTIVE): AspState.INACTIVE,
    (AspState.INACTIVE, AspInput.LOST): AspState.DOWN,
    (AspState.ACTIVE, AspInput.UP_ACK): AspState.INACTIVE,
    (AspState.ACTIVE, AspInput.DOWN_ACK): AspState.DOWN,
    (AspState.ACTIVE, AspInput.ACTIVE_ACK): AspState.ACTIVE,
    (AspState.ACTIVE, AspInput.INACTIVE_ACK): AspState.INACTIVE,
    (AspState.ACTIVE, AspInput.ALTERNATE_ASP_ACTIVE): AspState.INACTIVE,
    # an SGP that began anew knows nothing of us, and without SCTP nothing else would tell
    (AspState.ACTIVE, AspInput.DATA_UNEXPECTED): AspState.DOWN,
    (AspState.ACTIVE, AspInput.LOST): AspState.DOWN,
}

SGP_TRANSITIONS: Final = {  # RFC 4666 figure 3
    (AspState.DOWN, SgpInput.UP): AspState.INACTIVE,
    (AspState.DOWN, SgpInput.DOWN): AspState.DOWN,
    (AspState.DOWN, SgpInput.LOST): AspState.DOWN,
    (AspState.INACTIVE, SgpInput.UP): AspState.INACTIVE,
    (AspState.INACTIVE, SgpInput.DOWN): AspState.DOWN,
    (AspState.INACTIVE, SgpInput.ACTIVE): AspState.ACTIVE,
    (AspState.INACTIVE, SgpInput.INACTIVE): AspState.INACTIVE,
    (AspState.INACTIVE, SgpInput.LOST): AspState.DOWN,
    (AspState.ACTIVE, SgpInput.UP): AspState.INACTIVE,
    (AspState.ACTIVE, SgpInput.DOWN): AspState.DOWN,
    (AspState.ACTIVE, SgpInput.ACTIVE): AspState.ACTIVE,
    (AspState.ACTIVE, SgpInput.INACTIVE): AspState.INACTIVE,
    (AspState.ACTIVE, SgpInput.OVERRIDDEN): AspState.INACTIVE,
    (AspState.ACTIVE, SgpInput.LOST): AspState.DOWN,
}

AS_TRANSITIONS: Final = {  # RFC 4666 figure 4; here any other input leaves the state as it is
    (AsState.DOWN, AsInput.AN_ASP_INACTIVE): AsState.INACTIVE,
    (AsState.INACTIVE, AsInput.AN_ASP_ACTIVE): AsState.ACTIVE,
    (AsState.INACTIVE, AsInput.ALL_ASPS_DOWN): AsState.DOWN,
    (AsState.ACTIVE, AsInput.NO_ASP_ACTIVE): AsState.PENDING,
    (AsState.ACTIVE, AsInput.ALL_ASPS_DOWN): AsState.PENDING,
    (AsState.PENDING, AsInput.AN_ASP_ACTIVE): AsState.ACTIVE,
    (AsState.PENDING, AsInput.RECOVERY_EXPIRED): AsState.INACTIVE,
    (AsState.PENDING, AsInput.RECOVERY_EXPIRED_ALL_DOWN): AsState.DOWN,
}
