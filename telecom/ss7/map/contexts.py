"""MAP application contexts, 3GPP TS 29.002 17.3: name and version, and which is one lower."""

from enum import IntEnum
from typing import Final

import msgspec

from telecom.ss7 import ber

_MAP_AC: Final = (0, 4, 0, 0, 1, 0)
"""{itu-t identified-organization etsi mobileDomain gsm-Network map-ac}."""


class ContextName(IntEnum):
    """The arc that names an application context, TS 29.002 17.3.3."""

    NETWORK_UNSTRUCTURED_SS = 19
    SHORT_MSG_GATEWAY = 20
    SHORT_MSG_MO_RELAY = 21
    SHORT_MSG_ALERT = 23
    MWD_MNGT = 24
    SHORT_MSG_MT_RELAY = 25


class ApplicationContext(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """An application context; `name` is a `ContextName`, or a number that is not spoken here."""

    name: int
    version: int

    @property
    def oid(self) -> ber.ObjectIdentifier:
        """The application context name, as in an AARQ."""
        return (*_MAP_AC, self.name, self.version)

    @classmethod
    def of_oid(cls, oid: ber.ObjectIdentifier) -> "ApplicationContext | None":
        """Read an application context name; None when it is none of MAP's."""
        known = _BY_OID.get(oid)
        if known is None and len(oid) == len(_MAP_AC) + 2 and oid[: len(_MAP_AC)] == _MAP_AC:
            return cls(oid[-2], oid[-1])
        return known


SHORT_MSG_GATEWAY_V1: Final = ApplicationContext(ContextName.SHORT_MSG_GATEWAY, 1)
SHORT_MSG_GATEWAY_V2: Final = ApplicationContext(ContextName.SHORT_MSG_GATEWAY, 2)
SHORT_MSG_GATEWAY_V3: Final = ApplicationContext(ContextName.SHORT_MSG_GATEWAY, 3)
SHORT_MSG_RELAY_V1: Final = ApplicationContext(ContextName.SHORT_MSG_MO_RELAY, 1)
"""shortMsgRelayContext-v1 carries ForwardSM both ways; version 2 has a context for each."""
SHORT_MSG_MO_RELAY_V2: Final = ApplicationContext(ContextName.SHORT_MSG_MO_RELAY, 2)
SHORT_MSG_MO_RELAY_V3: Final = ApplicationContext(ContextName.SHORT_MSG_MO_RELAY, 3)
SHORT_MSG_MT_RELAY_V2: Final = ApplicationContext(ContextName.SHORT_MSG_MT_RELAY, 2)
SHORT_MSG_MT_RELAY_V3: Final = ApplicationContext(ContextName.SHORT_MSG_MT_RELAY, 3)
SHORT_MSG_ALERT_V1: Final = ApplicationContext(ContextName.SHORT_MSG_ALERT, 1)
SHORT_MSG_ALERT_V2: Final = ApplicationContext(ContextName.SHORT_MSG_ALERT, 2)
MWD_MNGT_V1: Final = ApplicationContext(ContextName.MWD_MNGT, 1)
MWD_MNGT_V2: Final = ApplicationContext(ContextName.MWD_MNGT, 2)
MWD_MNGT_V3: Final = ApplicationContext(ContextName.MWD_MNGT, 3)
NETWORK_UNSTRUCTURED_SS_V2: Final = ApplicationContext(ContextName.NETWORK_UNSTRUCTURED_SS, 2)

_LADDERS: Final = (
    (SHORT_MSG_GATEWAY_V3, SHORT_MSG_GATEWAY_V2, SHORT_MSG_GATEWAY_V1),
    (SHORT_MSG_MO_RELAY_V3, SHORT_MSG_MO_RELAY_V2, SHORT_MSG_RELAY_V1),
    (SHORT_MSG_MT_RELAY_V3, SHORT_MSG_MT_RELAY_V2, SHORT_MSG_RELAY_V1),
    (SHORT_MSG_ALERT_V2, SHORT_MSG_ALERT_V1),
    (MWD_MNGT_V3, MWD_MNGT_V2, MWD_MNGT_V1),
)
_LOWER: Final = {
    context: ladder[rung + 1 :] for ladder in _LADDERS for rung, context in enumerate(ladder)
}

CONTEXTS: Final = frozenset(context for ladder in _LADDERS for context in ladder)
"""Every application context of the short message services."""

_BY_OID: Final = {context.oid: context for context in CONTEXTS}


def lower_ones(context: ApplicationContext) -> tuple[ApplicationContext, ...]:
    """Return the contexts that may be tried when this one is refused, the highest first."""
    return _LOWER.get(context, ())


def one_lower(context: ApplicationContext) -> ApplicationContext | None:
    """Return the context to try first when this one is refused; None at the lowest."""
    lower = lower_ones(context)
    return lower[0] if lower else None
