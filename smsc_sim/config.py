"""The simulator's configuration file: every key, its unit, its default."""

from typing import Annotated, Any, Self

from pydantic import Field, SecretStr, field_validator

from smsc_sim.behaviour import Rule
from telecom.runtime.config import Port, SystemId, Table, moved
from telecom.smpp.status import CommandStatus
from telecom.sms.receipt import MessageState

Delay = Annotated[float, Field(ge=0, le=3600)]


class SmppListener(Table):
    """Where ESMEs bind."""

    host: str = "127.0.0.1"
    port: Port = 2776
    system_id: SystemId = "smsc-sim"


class Account(Table):
    """Who may bind."""

    system_id: Annotated[SystemId, Field(min_length=1)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=8)]


class RuleRow(Table):
    """A rule of behaviour; see `smsc_sim.behaviour.Rule`. Statuses and states by their names."""

    ending: Annotated[str, Field(pattern="^[0-9]*$")] = ""
    status: CommandStatus = CommandStatus.ESME_ROK
    delay: Delay = 0
    state: MessageState | None = MessageState.DELIVRD
    receipt_delay: Delay = 0.1

    @field_validator("status", mode="before")
    @classmethod
    def _named_status(cls, value: Any) -> Any:
        return _named(value, CommandStatus)

    @field_validator("state", mode="before")
    @classmethod
    def _named_state(cls, value: Any) -> Any:
        return None if value == "none" else _named(value, MessageState)

    def rule(self) -> Rule:
        """Return the rule that the row describes."""
        return Rule(self.ending, self.status, self.delay, self.state, self.receipt_delay)


class SmscSimConfig(Table):
    """All of it."""

    smpp: SmppListener = SmppListener()
    accounts: Annotated[tuple[Account, ...], Field(min_length=1)]
    rules: tuple[RuleRow, ...] = ()

    def moved(self, *, port_offset: int) -> Self:
        """Return the configuration with its port moved; raises `ConfigError` for none."""
        smpp = self.smpp.model_copy(update={"port": moved(self.smpp.port, port_offset)})
        return self.model_copy(update={"smpp": smpp})


def _named(value: Any, names: type[CommandStatus] | type[MessageState]) -> Any:
    if not isinstance(value, str):
        return value
    if value not in names.__members__:
        raise ValueError(f"one of the names of {names.__name__}")
    return names[value]
