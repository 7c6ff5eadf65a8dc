"""One MAP dialogue: its state, the services under way in it, and what waits to be sent."""

from typing import Any, Final

import msgspec

from telecom.ss7.map.codec import encode
from telecom.ss7.map.contexts import ApplicationContext
from telecom.ss7.map.declarations import Sequence
from telecom.ss7.map.errors import USER_ERRORS, LocalError
from telecom.ss7.map.messages import AddressString
from telecom.ss7.map.operations import Operation, operation_to_send
from telecom.ss7.map.states import TRANSITIONS, Input, State
from telecom.ss7.sccp.address import SccpAddress
from telecom.ss7.tcap.primitives import (
    Component,
    Invoke,
    OperationClass,
    Reject,
    ReturnError,
    ReturnResultLast,
)

_INVOKE_IDS: Final = 128


class Opening(msgspec.Struct, frozen=True):
    """What our user opened a dialogue with, kept until the peer has answered.

    `timeout` is the first operation's, in seconds; None is the operation's own timer.
    """

    called: SccpAddress
    calling: SccpAddress
    argument: Sequence | None
    empty_begin: bool
    fallback: bool
    timeout: float | None
    destination_reference: AddressString | None
    origination_reference: AddressString | None


class Dialogue:
    """A dialogue and its service state machines; `number` is TCAP's for it.

    `requesting` are the operations that we invoked and that are not answered yet, `performing`
    those of the peer; by invoke id. With `handshake` what is queued waits for the peer to accept.
    """

    __slots__ = (
        "_last_invoke_id",
        "context",
        "handshake",
        "id",
        "number",
        "opening",
        "outgoing",
        "performing",
        "reference",
        "requesting",
        "state",
    )

    def __init__(
        self,
        identity: int,
        context: ApplicationContext,
        state: State,
        *,
        opening: Opening | None = None,
        reference: Any = None,
    ) -> None:
        self.id = identity
        self.number = 0
        self.context = context
        self.state = state
        self.opening = opening
        self.reference = reference
        self.requesting: dict[int, Operation] = {}
        self.performing: dict[int, Operation] = {}
        self.outgoing: list[Component] = []
        self.handshake = False
        self._last_invoke_id = 0

    def restart(self, context: ApplicationContext) -> None:
        """Begin anew in another context: nothing of the first attempt is left."""
        self.context = context
        self.requesting.clear()
        self.outgoing.clear()
        self._last_invoke_id = 0

    def after(self, event: Input) -> State:
        """Return the state that a request of our user leads to; raises `LocalError`."""
        state = TRANSITIONS.get((self.state, event))
        if state is None:
            raise LocalError(f"no {event.value} in a dialogue that is {self.state.value}")
        return state

    def invoke(self, argument: Sequence, timeout: float | None) -> int:
        """Queue the operation that takes this argument here; returns the invoke id.

        Raises `LocalError` when the application context has no such operation.
        """
        operation = operation_to_send(self.context, type(argument))
        if operation is None:
            raise LocalError(f"{self.context} has no operation with {type(argument).__name__}")
        parameter = encode(argument, self.context.version)
        invoke_id = self._free_invoke_id()
        self.requesting[invoke_id] = operation
        self.outgoing.append(
            Invoke(
                invoke_id,
                operation.code,
                parameter,
                timeout=operation.timer if timeout is None else timeout,
                operation_class=operation.operation_class,
            )
        )
        return invoke_id

    def _free_invoke_id(self) -> int:
        for _ in range(_INVOKE_IDS):
            self._last_invoke_id = (self._last_invoke_id + 1) % _INVOKE_IDS
            if self._last_invoke_id not in self.requesting:
                return self._last_invoke_id
        raise LocalError(f"{_INVOKE_IDS} operations are not answered yet")

    def result(self, invoke_id: int, result: Sequence | None) -> None:
        """Queue the result of an operation of the peer's; raises `LocalError`."""
        operation = self._performed(invoke_id)
        parameter = None
        if result is not None and operation.result is not None:
            if type(result) is not operation.result:
                raise LocalError(f"{type(result).__name__} is no result of {operation.name}")
            parameter = encode(result, self.context.version)
        opcode = None if parameter is None else operation.code
        self._answer(invoke_id, operation, ReturnResultLast(invoke_id, opcode, parameter))

    def error(self, invoke_id: int, code: int, parameter: Sequence | None) -> None:
        """Queue a user error; a parameter that this version does not have is left out.

        Raises `LocalError`.
        """
        operation = self._performed(invoke_id)
        error = USER_ERRORS.get(code)
        octets = None
        if parameter is not None and error and self.context.version in error.versions:
            octets = encode(parameter, self.context.version)
        self._answer(invoke_id, operation, ReturnError(invoke_id, code, octets))

    def reject(self, invoke_id: int, problem: int) -> None:
        """Queue a rejection of an operation of the peer's; raises `LocalError`."""
        self._performed(invoke_id)
        del self.performing[invoke_id]
        self.outgoing.append(Reject(invoke_id, problem))

    def _performed(self, invoke_id: int) -> Operation:
        operation = self.performing.get(invoke_id)
        if operation is None:
            raise LocalError(f"the peer waits for no answer to invoke id {invoke_id}")
        return operation

    def _answer(self, invoke_id: int, operation: Operation, component: Component) -> None:
        """Queue an answer, unless the operation has no outcomes: then there is none to give."""
        del self.performing[invoke_id]
        if operation.operation_class != OperationClass.NOTHING:
            self.outgoing.append(component)

    def take_outgoing(self) -> tuple[Component, ...]:
        """Return the components that leave with the next message."""
        components = tuple(self.outgoing)
        self.outgoing.clear()
        return components
