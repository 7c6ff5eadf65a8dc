"""What the simulated SMSC does with a message: the first rule that its destination fits."""

from collections.abc import Iterable
from typing import Final

import msgspec

from telecom.smpp.status import CommandStatus
from telecom.sms.receipt import MessageState


class Rule(msgspec.Struct, frozen=True, gc=False):
    """For destinations that end in `ending` (any, if empty): answer after `delay` seconds.

    The answer's `status` is a command_status. After ESME_ROK a receipt that was asked for says
    `state`, `receipt_delay` seconds later; without a state it never comes.
    """

    ending: str = ""
    status: CommandStatus = CommandStatus.ESME_ROK
    delay: float = 0.0
    state: MessageState | None = MessageState.DELIVRD
    receipt_delay: float = 0.1


OTHERWISE: Final = Rule()
"""What is done where no rule says anything else: accepted, and delivered."""


class Behaviour:
    """The rules, in the order in which they are tried."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._rules = tuple(rules)

    def towards(self, destination: str) -> Rule:
        """Return what to do with a message to this destination."""
        for rule in self._rules:
            if destination.endswith(rule.ending):
                return rule
        return OTHERWISE
