"""What MTP level 3 (or M3UA in its place) and its users share: Q.701 8, RFC 4666 1.5."""

from enum import IntEnum

import msgspec


class ServiceIndicator(IntEnum):
    """The user part that a message is for, Q.704 14.2.1."""

    SNM = 0
    SNT = 1
    SCCP = 3
    TUP = 4
    ISUP = 5


class NetworkIndicator(IntEnum):
    """Which network a point code belongs to, Q.704 14.2.2."""

    INTERNATIONAL = 0
    INTERNATIONAL_SPARE = 1
    NATIONAL = 2
    NATIONAL_SPARE = 3


class MtpTransfer(msgspec.Struct, frozen=True, gc=False):
    """MTP-TRANSFER request and indication, Q.701 8.1; `data` is the user part's message."""

    opc: int
    dpc: int
    si: int
    ni: int
    mp: int
    sls: int
    data: bytes


class MtpPause(msgspec.Struct, frozen=True, gc=False):
    """MTP-PAUSE indication: the point codes cannot be reached, Q.701 8.2 (M3UA DUNA)."""

    affected: tuple[int, ...]


class MtpResume(msgspec.Struct, frozen=True, gc=False):
    """MTP-RESUME indication: the point codes can be reached again, Q.701 8.3 (M3UA DAVA)."""

    affected: tuple[int, ...]


class MtpStatus(msgspec.Struct, frozen=True, gc=False):
    """MTP-STATUS indication, Q.701 8.4: congestion (M3UA SCON) or user part unavailable (DUPU)."""

    affected: tuple[int, ...]
    congestion_level: int | None = None
    unavailable_user: int | None = None
    unavailability_cause: int | None = None


MtpIndication = MtpTransfer | MtpPause | MtpResume | MtpStatus
