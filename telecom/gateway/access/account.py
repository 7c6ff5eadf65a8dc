"""An account of the gateway: what a client may do, and how its ESMEs may bind."""

import os
import re
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from telecom.runtime.config import Digits, Network, Port, Seconds, SystemId, Table
from telecom.smpp.pdus import Bind, BindReceiver, BindTransceiver, BindTransmitter
from telecom.smpp.versions import InterfaceVersion

Rate = Annotated[float, Field(gt=0, le=1e9, description="messages a second")]


def _fits_in_a_pdu(password: SecretStr) -> SecretStr:
    """SMPP 3.4 5.2.2: C-Octet String of 8 characters, which are ASCII (3.1)."""
    if not re.fullmatch("[ -~]{0,8}", password.get_secret_value()):
        raise ValueError("at most 8 ASCII characters")
    return password


def _is_not_empty(password: SecretStr) -> SecretStr:
    if not password.get_secret_value():
        raise ValueError("1 to 8 ASCII characters")
    return password


SmppPassword = Annotated[
    SecretStr, AfterValidator(_fits_in_a_pdu), Field(json_schema_extra={"maxLength": 8})
]
Password = Annotated[
    SmppPassword, AfterValidator(_is_not_empty), Field(json_schema_extra={"minLength": 1})
]
SenderId = Annotated[str, Field(pattern="^[!-~][ -~]{0,19}$")]
"""SMPP 3.4 5.2.8: C-Octet String of 20 characters."""


class BindType(StrEnum):
    """The three binds, SMPP 3.4 4.1."""

    TRANSMITTER = "transmitter"
    RECEIVER = "receiver"
    TRANSCEIVER = "transceiver"


BIND_TYPES: Final[dict[type[Bind], BindType]] = {
    BindTransmitter: BindType.TRANSMITTER,
    BindReceiver: BindType.RECEIVER,
    BindTransceiver: BindType.TRANSCEIVER,
}


class Version(StrEnum):
    """The versions of SMPP, as people write them."""

    V33 = "3.3"
    V34 = "3.4"
    V50 = "5.0"

    @property
    def octet(self) -> InterfaceVersion:
        """The value of interface_version, SMPP 3.4 5.2.4."""
        return InterfaceVersion[self.name]


class IdFormat(StrEnum):
    """How message ids are written for an ESME."""

    HEXADECIMAL = "hexadecimal"
    DECIMAL = "decimal"


class OutbindTarget(Table):
    """An ESME to be asked to bind while something waits for it, SMPP 3.4 2.2.1 and 4.1.7.

    The password is the one that we show to the ESME, and cannot be kept as a hash; it is in no
    dump of this.
    """

    host: Annotated[str, Field(pattern="^[!-~]{1,253}$", description="a name or address")]
    port: Annotated[Port, Field(gt=0)] = Field(default=2775, description="where it listens")
    system_id: SystemId = Field(default="", description="the name that the ESME knows us by")
    password: Annotated[SmppPassword, Field(exclude=True)] = Field(
        default=SecretStr(""), description="in a change: without it, what there is stays"
    )
    tls: bool = Field(default=False, description="its certificate is checked")


class AccountTerms(Table):
    """What a client may do: how it binds, how fast it may send, which numbers are its own."""

    active: bool = Field(default=True, description="false: it cannot bind, and is unbound")
    rate: Rate = 100
    window: Annotated[int, Field(ge=1, le=5000)] | None = Field(
        default=None,
        description="its requests that may await their responses; more are read once some have"
        " theirs. Without it, what the gateway has for all",
    )
    max_binds: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=50, description="sessions at a time, of all nodes together"
    )
    bind_types: Annotated[tuple[BindType, ...], Field(min_length=1)] = Field(
        default=tuple(BindType), description="the binds that it may make"
    )
    networks: tuple[Network, ...] = Field(
        default=(), description="where it may bind from; empty: anywhere"
    )
    tls_required: bool = Field(default=False, description="it may bind over TLS only")
    client_certificate: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        description="the common name in the certificate that it has to show; it must come from"
        " smpp.tls.client_ca",
    )
    lowest_version: Version = Field(
        default=Version.V33, description="the lowest interface_version of its binds"
    )
    highest_version: Version = Field(
        default=Version.V50, description="the highest interface_version of its binds"
    )
    system_types: tuple[Annotated[str, Field(max_length=12)], ...] = Field(
        default=(), description="what system_type of its binds may be; empty: anything"
    )
    address_ranges: tuple[Annotated[str, Field(max_length=40)], ...] = Field(
        default=(), description="what address_range of its binds may be; empty: anything"
    )
    enquire_link_timer: Seconds | None = Field(
        default=None, description="silence after which it is sent an enquire_link; else the usual"
    )
    inactivity_timer: Seconds | None = Field(
        default=None, description="time without a message after which it is unbound; else never"
    )
    sources: tuple[SenderId, ...] = Field(
        default=(), description="numbers and names that it may send from; empty: any"
    )
    numbers: tuple[Digits, ...] = Field(
        default=(), description="it gets what is sent to them; the first is its usual sender"
    )
    id_format: IdFormat | None = Field(
        default=None, description="of message ids in responses; else what messages has for all"
    )
    receipt_id_format: IdFormat | None = Field(
        default=None, description="of message ids in receipts; else what messages has for all"
    )
    outbind: OutbindTarget | None = Field(
        default=None, description="where it is asked to bind while something waits for it"
    )
    operator_of_platform: bool = Field(
        default=False,
        description="sees every account's statement and the evidence, and may change accounts",
    )
    full_subscriber_data: bool = Field(
        default=False, description="lookups show the whole IMSI and serving node"
    )

    @model_validator(mode="after")
    def _versions_in_order(self) -> Self:
        if self.lowest_version.octet > self.highest_version.octet:
            raise ValueError("highest_version: not below lowest_version")
        return self


class Account(AccountTerms):
    """A client and its terms; its password is kept elsewhere."""

    system_id: Annotated[SystemId, Field(min_length=1, description="its name")]


def fields_of(account: Account) -> dict[str, Any]:
    """Return an account's fields as they are; a dump would lack the secrets."""
    return {name: getattr(account, name) for name in Account.model_fields}


class WithPassword(Table):
    """A table with a password, in place of which a file may say `password_env`.

    That names the environment variable that has it.
    """

    password: Password

    @model_validator(mode="before")
    @classmethod
    def _password_of_the_environment(cls, table: Any) -> Any:
        """Take the password from the environment variable that `password_env` names, if any."""
        if not isinstance(table, dict) or "password_env" not in table:
            return table
        rest = {key: value for key, value in table.items() if key != "password_env"}
        name = table["password_env"]
        if "password" in rest:
            raise ValueError("password or password_env, not both")
        password = os.environ.get(name) if isinstance(name, str) else None
        if not password:
            raise ValueError(f"a password in the environment variable {name}")
        return {**rest, "password": password}


class AccountOfFile(Account, WithPassword):
    """An account with its password, as a configuration file has it."""
