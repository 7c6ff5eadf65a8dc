"""The component sublayer of one dialogue, Q.774 3.2.1: operations sent, and what comes back."""

from collections.abc import Iterable
from typing import Final

from telecom.ss7.tcap.component_portion import (
    REJECT,
    RETURN_ERROR,
    RETURN_RESULT_LAST,
    RETURN_RESULT_NOT_LAST,
)
from telecom.ss7.tcap.errors import LocalError
from telecom.ss7.tcap.messages import UndecodableComponent, WireComponent
from telecom.ss7.tcap.primitives import (
    Component,
    Invoke,
    LReject,
    OperationClass,
    Problem,
    ReceivedComponent,
    Reject,
    ReturnError,
    ReturnResultLast,
    ReturnResultNotLast,
)
from telecom.ss7.tcap.states import (
    INVOCATION_TRANSITIONS,
    UNEXPECTED,
    UNRECOGNIZED,
    InvocationState,
)
from telecom.ss7.tcap.timers import TimerBuckets

INVOKE_IDS: Final = range(-128, 128)
MAX_REJECTS: Final = 16
"""How many rejects wait for the user's next message; a peer that errs more is not told of all."""

_ANSWERS: Final = (RETURN_RESULT_LAST, RETURN_RESULT_NOT_LAST, RETURN_ERROR)
_REJECTED_ANSWERS: Final = 0x8200
"""Problems from here on are of results and errors: their invoke ids are the peer's."""

TimerKey = tuple[int, int | None]
"""A dialogue, and an invoke id of it or None for the dialogue as a whole."""


class Invocations:
    """The invocation state machines of one dialogue, and the rejects that wait to be sent in it.

    An operation that is kept here is in the state operation sent; its class and the tick of its
    timer are all there is to it. `rejects` leave with the next message.
    """

    __slots__ = ("_dialogue", "_sent", "_timers", "rejects")

    def __init__(self, dialogue: int, timers: TimerBuckets[TimerKey]) -> None:
        self._dialogue = dialogue
        self._timers = timers
        self._sent: dict[int, tuple[int, int | None]] = {}
        self.rejects: list[Reject] = []

    @property
    def timed(self) -> bool:
        """Whether an invoke timer is running."""
        return any(tick is not None for _, tick in self._sent.values())

    def check(self, components: Iterable[Component]) -> None:
        """Raise `LocalError` for an invoke id that is none or is in use."""
        new: set[int] = set()
        for component in components:
            if component.invoke_id is not None and component.invoke_id not in INVOKE_IDS:
                raise LocalError(f"invoke id {component.invoke_id} is not in -128 to 127")
            if type(component) is Invoke:
                if component.invoke_id in self._sent or component.invoke_id in new:
                    raise LocalError(f"invoke id {component.invoke_id} is in use")
                new.add(component.invoke_id)

    def start(self, components: Iterable[Component], now: float) -> None:
        """Keep the operations that were just sent, and start their invoke timers."""
        for component in components:
            if type(component) is not Invoke:
                continue
            timeout, operation_class = component.timeout, component.operation_class
            if timeout is not None:
                tick = self._timers.arm((self._dialogue, component.invoke_id), now + timeout)
                self._sent[component.invoke_id] = (operation_class, tick)
            elif operation_class != OperationClass.NOTHING:
                self._sent[component.invoke_id] = (operation_class, None)

    def end(self, invoke_id: int | None) -> bool:
        """End an operation and its timer; tell whether there was one."""
        if invoke_id is None or invoke_id not in self._sent:
            return False
        _, tick = self._sent.pop(invoke_id)
        if tick is not None:
            self._timers.cancel((self._dialogue, invoke_id), tick)
        return True

    def end_all(self) -> None:
        """End every operation, as the dialogue ends."""
        for invoke_id in list(self._sent):
            self.end(invoke_id)

    def receive(self, components: tuple[WireComponent, ...]) -> tuple[ReceivedComponent, ...]:
        """Match received components to the operations sent; what fits none is rejected."""
        return tuple([self._receive(component) for component in components])

    def _receive(self, component: WireComponent) -> ReceivedComponent:
        match component:
            case Invoke():
                return self._receive_invoke(component)
            case UndecodableComponent():
                return self._receive_undecodable(component)
            case Reject():
                if component.problem < _REJECTED_ANSWERS:
                    self.end(component.invoke_id)
                return component
            case _:
                return self._receive_answer(component)

    def _receive_invoke(self, component: Invoke) -> Invoke | LReject:
        if component.linked_id is None:
            return component
        linked = self._sent.get(component.linked_id)
        if linked is None:
            return self._reject(component.invoke_id, Problem.UNRECOGNIZED_LINKED_ID)
        if linked[0] == OperationClass.NOTHING:
            return self._reject(component.invoke_id, Problem.LINKED_RESPONSE_UNEXPECTED)
        return component

    def _receive_answer(
        self, component: ReturnResultLast | ReturnResultNotLast | ReturnError
    ) -> ReceivedComponent:
        invocation = self._sent.get(component.invoke_id)
        kind = type(component)
        if invocation is None:
            return self._reject(component.invoke_id, UNRECOGNIZED[kind])
        state = INVOCATION_TRANSITIONS.get((invocation[0], kind))
        if state is not InvocationState.OPERATION_SENT:
            self.end(component.invoke_id)
        if state is None:
            return self._reject(component.invoke_id, UNEXPECTED[kind], ended=True)
        return component

    def _receive_undecodable(self, component: UndecodableComponent) -> LReject:
        """Reject it, and end what it was the answer to; a bad reject is not rejected in turn."""
        ended = component.tag in _ANSWERS and self.end(component.invoke_id)
        if component.tag == REJECT:
            return LReject(component.invoke_id, component.problem)
        return self._reject(component.invoke_id, component.problem, ended=ended)

    def _reject(self, invoke_id: int | None, problem: int, *, ended: bool = False) -> LReject:
        if len(self.rejects) < MAX_REJECTS:
            self.rejects.append(Reject(invoke_id, problem))
        return LReject(invoke_id, problem, ended)
