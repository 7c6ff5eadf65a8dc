"""What the beginning of a TCAP dialogue says about its later messages."""

from typing import Any, Final

from telecom.ss7.map.contexts import ApplicationContext
from telecom.ss7.map.operations import version_1_context
from telecom.ss7.tcap.messages import Begin, Message
from telecom.ss7.tcap.primitives import Invoke

MOST_REMEMBERED: Final = 100_000
"""Transaction ids that are kept in mind; the oldest makes room."""


class Dialogue:
    """A dialogue, as far as it has been seen.

    `context` is None where the application context is unknown, or, with `is_map` false, none of
    MAP's. `mobile_originated` is the direction of the short messages in it.
    """

    def __init__(self) -> None:
        self.context: ApplicationContext | None = None
        self.is_map = True
        self.mobile_originated: bool | None = None

    def learn(self, message: Message) -> None:
        """Take the application context from a message that names it, or implies version 1."""
        oid = getattr(getattr(message, "dialogue", None), "application_context", None)
        if oid is not None:
            self.context = ApplicationContext.of_oid(oid)
            self.is_map = self.context is not None
        elif isinstance(message, Begin) and message.dialogue is None:
            self.context = _implied_context(message)


def _implied_context(begin: Begin) -> ApplicationContext | None:
    """Return the context that the first operation implies, TS 29.002 15.2."""
    codes = (each.opcode for each in begin.components if isinstance(each, Invoke))
    code = next(codes, None)
    return version_1_context(code) if isinstance(code, int) else None


class Dialogues:
    """The dialogues of everybody: each by whose transaction id it has, and that id."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes], Dialogue] = {}

    def of(self, message: Any, *, calling: str, called: str, returned: bool) -> Dialogue:
        """Return the dialogue of a message from `calling` to `called`.

        What SCCP returned to its sender is looked up as it was sent, and begins nothing.
        """
        destination: bytes | None = getattr(message, "dtid", None)
        originating: bytes | None = getattr(message, "otid", None)
        known = self._known.get((called, destination)) if destination is not None else None
        dialogue = known or Dialogue()
        dialogue.learn(message)
        if originating is not None and not returned:
            if len(self._known) >= MOST_REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[calling, originating] = dialogue
        return dialogue
