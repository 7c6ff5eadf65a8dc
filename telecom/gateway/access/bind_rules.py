"""Which bind an account may make, and what is answered to another one.

| a bind | is answered (SMPP 3.4 5.1.3) |
| --- | --- |
| with a wrong password, or of nobody | ESME_RINVPASWD: it does not tell which names there are |
| by one who is locked out | ESME_RBINDFAIL |
| of a system_type that is not the account's | ESME_RINVSYSTYP |
| while too many passwords are being checked | ESME_RSYSERR |
| that the account may not make in any other way | ESME_RBINDFAIL |
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from telecom.gateway.access.account import BIND_TYPES, Account
from telecom.gateway.access.lockout import is_in
from telecom.net.smpp.server import ServerSession
from telecom.net.smpp.tls import common_name
from telecom.smpp.pdus import Bind
from telecom.smpp.status import CommandStatus
from telecom.smpp.versions import InterfaceVersion


class Refusal(StrEnum):
    """Why somebody may not bind, or use the HTTP API; the words of the log and the metrics."""

    CREDENTIALS = "wrong password"
    LOCKED_OUT = "locked out"
    BUSY = "busy"
    INACTIVE = "inactive"
    NETWORK = "network"
    TLS_REQUIRED = "tls required"
    CERTIFICATE = "certificate"
    BIND_TYPE = "bind type"
    VERSION = "version"
    SYSTEM_TYPE = "system type"
    ADDRESS_RANGE = "address range"
    TOO_MANY_BINDS = "too many binds"
    GONE = "gone"


STATUSES: Final[Mapping[Refusal, CommandStatus]] = {
    **dict.fromkeys(Refusal, CommandStatus.ESME_RBINDFAIL),
    Refusal.CREDENTIALS: CommandStatus.ESME_RINVPASWD,
    Refusal.SYSTEM_TYPE: CommandStatus.ESME_RINVSYSTYP,
    Refusal.BUSY: CommandStatus.ESME_RSYSERR,
}
"""What a bind is answered, SMPP 3.4 5.1.3."""


def _comes_from_network(account: Account, _: Bind, session: ServerSession) -> bool:
    return not account.networks or is_in(session.peer[0], account.networks)


def _shows_certificate(account: Account, _: Bind, session: ServerSession) -> bool:
    expected = account.client_certificate
    return expected is None or common_name(session.client_certificate) == expected


def _speaks_version(account: Account, bind: Bind, _: ServerSession) -> bool:
    version = InterfaceVersion.of(bind.interface_version)
    return account.lowest_version.octet <= version <= account.highest_version.octet


def _is_one_of(allowed: tuple[str, ...], value: bytes) -> bool:
    return not allowed or value.decode("latin-1") in allowed


_RULES: Final[tuple[tuple[Refusal, Callable[[Account, Bind, ServerSession], bool]], ...]] = (
    (Refusal.INACTIVE, lambda account, _, __: account.active),
    (Refusal.NETWORK, _comes_from_network),
    (
        Refusal.TLS_REQUIRED,
        lambda account, _, session: session.is_secure or not account.tls_required,
    ),
    (Refusal.CERTIFICATE, _shows_certificate),
    (Refusal.BIND_TYPE, lambda account, bind, _: BIND_TYPES[type(bind)] in account.bind_types),
    (Refusal.VERSION, _speaks_version),
    (
        Refusal.SYSTEM_TYPE,
        lambda account, bind, _: _is_one_of(account.system_types, bind.system_type),
    ),
    (
        Refusal.ADDRESS_RANGE,
        lambda account, bind, _: _is_one_of(account.address_ranges, bind.address_range),
    ),
)
"""What a bind has to be like, the first rule that it breaks is the reason it is refused for."""


def refusal_of(account: Account, bind: Bind, session: ServerSession) -> Refusal | None:
    """Return why this session may not bind so as the account, None if it may."""
    for refusal, holds in _RULES:
        if not holds(account, bind, session):
            return refusal
    return None
