"""Primitives between SCCP and its users, Q.711 6.2."""

import msgspec

from telecom.ss7.sccp.address import SccpAddress


class NUnitdata(msgspec.Struct, frozen=True, gc=False):
    """N-UNITDATA request and indication, Q.711 6.2.2.1.

    `sequence` picks the SLS of a class 1 (in sequence) message; None is class 0.
    """

    called: SccpAddress
    calling: SccpAddress
    data: bytes
    return_on_error: bool = True
    sequence: int | None = None


class NNotice(msgspec.Struct, frozen=True, gc=False):
    """N-NOTICE indication: a message of ours came back, Q.711 6.2.2.2; `cause` as Q.713 3.12.

    `called` and `calling` are those of the returned message as we sent it.
    """

    called: SccpAddress
    calling: SccpAddress
    data: bytes
    cause: int


SccpIndication = NUnitdata | NNotice
