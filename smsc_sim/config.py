"""The simulator's configuration file: every key, its unit, its default."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import Field, SecretStr, field_validator

from smsc_sim.deliveries import DeliveryLimits
from smsc_sim.mo import MOST_STREAMS, MoStream
from smsc_sim.rules import MOST_RULES, Rule, with_names
from smsc_sim.smsc import Beginning, SmscLimits
from telecom.runtime.config import Digits, Port, Seconds, SystemId, Table, moved
from telecom.smpp.limits import SessionLimits
from telecom.smpp.versions import InterfaceVersion


class Version(StrEnum):
    """The versions of SMPP by their names."""

    V33 = "3.3"
    V34 = "3.4"
    V50 = "5.0"

    @property
    def interface_version(self) -> InterfaceVersion:
        """The value of interface_version."""
        return InterfaceVersion[self.name]


class TlsListener(Table):
    """Where ESMEs bind by TLS, as well; without files it makes a certificate for this machine."""

    port: Port = 3552
    certificate: Path | None = None
    key: Path | None = None


class SmppListener(Table):
    """Where ESMEs bind, and what the SMSC is to them; timers in seconds, 0 for never."""

    host: str = "127.0.0.1"
    port: Port = 2776
    system_id: SystemId = "smsc-sim"
    version: Version = Version.V50
    window: Annotated[int, Field(ge=1, le=10_000)] = 100
    session_init_timer: Annotated[float, Field(ge=0, le=3600)] = 10
    enquire_link_timer: Annotated[float, Field(ge=0, le=3600)] = 30
    inactivity_timer: Annotated[float, Field(ge=0, le=86_400)] = 0
    response_timer: Seconds = 10
    tls: TlsListener | None = None

    def session_limits(self) -> SessionLimits:
        """Return what each session keeps to."""
        return SessionLimits(
            session_init_timer=self.session_init_timer or None,
            enquire_link_timer=self.enquire_link_timer or None,
            inactivity_timer=self.inactivity_timer or None,
            response_timer=self.response_timer,
            window=self.window,
            version=self.version.interface_version,
        )


class HttpListener(Table):
    """Where the control API is."""

    host: str = "127.0.0.1"
    port: Port = 8082


class Account(Table):
    """Who may bind."""

    system_id: Annotated[SystemId, Field(min_length=1)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=8)]


class MemoryLimits(Table):
    """How much is kept, and how often what an ESME did not take is sent again (seconds)."""

    messages: Annotated[int, Field(ge=1, le=1_000_000)] = 100_000
    pdus: Annotated[int, Field(ge=0, le=100_000)] = 1000
    deliveries: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    attempts: Annotated[int, Field(ge=1, le=1000)] = 5
    retry_after: Seconds = 2

    def smsc_limits(self) -> SmscLimits:
        """Return those of the SMSC itself."""
        deliveries = DeliveryLimits(self.attempts, self.retry_after, self.deliveries)
        return SmscLimits(messages=self.messages, deliveries=deliveries)


MOST_ACCOUNTS: Final = 1000


class SmscSimConfig(Table):
    """All of it; `first_message_id` is the number that the first message has.

    Who runs the simulator inside a program of his own may have it without `http`.
    """

    seed: int = 0
    first_message_id: Annotated[int, Field(ge=1, le=10**18)] = 1_000_000_001
    smpp: SmppListener = SmppListener()
    http: HttpListener | None = HttpListener()
    accounts: Annotated[tuple[Account, ...], Field(min_length=1, max_length=MOST_ACCOUNTS)] = (
        Account(system_id="demo", password=SecretStr("demo")),
    )
    rules: Annotated[tuple[Rule, ...], Field(max_length=MOST_RULES)] = ()
    mo: Annotated[tuple[MoStream, ...], Field(max_length=MOST_STREAMS)] = ()
    distribution_lists: dict[
        Annotated[str, Field(pattern="^[!-~]{1,20}$")],
        Annotated[tuple[Digits, ...], Field(max_length=254)],
    ] = Field(default_factory=dict)
    limits: MemoryLimits = MemoryLimits()

    @field_validator("accounts")
    @classmethod
    def _each_once(cls, accounts: tuple[Account, ...]) -> tuple[Account, ...]:
        names = [account.system_id for account in accounts]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"each account with a system_id of its own, not two called {twice!r}")
        return accounts

    @field_validator("rules")
    @classmethod
    def _named(cls, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        return with_names(rules)

    def beginning(self) -> Beginning:
        """Return what the SMSC starts with."""
        return Beginning(
            rules=self.rules,
            streams=self.mo,
            distribution_lists=self.distribution_lists,
            seed=self.seed,
            first_number=self.first_message_id,
        )

    def moved(
        self, *, port_offset: int = 0, port: int | None = None, seed: int | None = None
    ) -> Self:
        """Return the configuration with every port moved, on another port, with another seed.

        Raises `ConfigError` where a port would be none any more.
        """
        smpp, http = self.smpp, self.http
        change: dict[str, object] = {
            "port": moved(smpp.port if port is None else port, port_offset)
        }
        if smpp.tls is not None:
            tls_port = moved(smpp.tls.port, port_offset)
            change["tls"] = smpp.tls.model_copy(update={"port": tls_port})
        if http is not None:
            http = http.model_copy(update={"port": moved(http.port, port_offset)})
        return self.model_copy(
            update={
                "smpp": smpp.model_copy(update=change),
                "http": http,
                "seed": self.seed if seed is None else seed,
            }
        )
