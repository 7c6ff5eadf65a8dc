"""A MAP dialogue of ours, from its opening to the outcome of its operation."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from telecom.router.failures import Cause
from telecom.ss7.map import primitives as map_primitives
from telecom.ss7.map.contexts import ApplicationContext
from telecom.ss7.map.declarations import Sequence
from telecom.ss7.map.dialogues import Dialogues
from telecom.ss7.map.error_parameters import AbsentSubscriberSmParam, SmDeliveryFailureCause
from telecom.ss7.map.messages import InformServiceCentreArg
from telecom.ss7.map.primitives import MapIndication


class MapOutcome(msgspec.Struct, frozen=True):
    """How an operation ended: with `result`, or for a `cause` (`number`, `detail` as it has).

    `informed` is what an InformServiceCentre in the same dialogue said, `alternative` the context
    that a refusing peer would take. `closed`: the peer ended the dialogue in good order.
    """

    result: Sequence | None = None
    cause: Cause | None = None
    number: int | None = None
    detail: int | None = None
    informed: InformServiceCentreArg | None = None
    alternative: ApplicationContext | None = None
    closed: bool = False


def _detail(parameter: Sequence | None) -> int | None:
    """Return the one number in an error's parameter that decides what follows from it."""
    if isinstance(parameter, SmDeliveryFailureCause):
        return parameter.sm_enumerated_delivery_failure_cause
    if isinstance(parameter, AbsentSubscriberSmParam):
        return parameter.absent_subscriber_diagnostic_sm
    return None


_OUTCOMES: Final[Mapping[type[Any], Callable[[Any], MapOutcome | None]]] = {
    map_primitives.Returned: lambda it: MapOutcome(result=it.result),
    map_primitives.Failed: lambda it: MapOutcome(
        cause=Cause.ERROR, number=it.code, detail=_detail(it.parameter)
    ),
    map_primitives.TimedOut: lambda _: MapOutcome(cause=Cause.TIMEOUT),
    map_primitives.Rejected: lambda it: (
        None if it.operation is None and not it.by_peer else MapOutcome(cause=Cause.REJECTED)
    ),
    map_primitives.Aborted: lambda _: MapOutcome(cause=Cause.ABORTED),
    map_primitives.Undeliverable: lambda it: MapOutcome(cause=Cause.NOTICE, number=it.cause),
    map_primitives.Refused: lambda it: MapOutcome(cause=Cause.REFUSED, alternative=it.alternative),
    map_primitives.Closed: lambda _: MapOutcome(cause=Cause.ABORTED, closed=True),
}


def outcome_of(indication: MapIndication) -> MapOutcome | None:
    """Return what an indication says of the operation under way; None where it says nothing."""
    judge = _OUTCOMES.get(type(indication))
    return judge(indication) if judge is not None else None


_OF_COMPONENTS: Final = (
    map_primitives.Returned,
    map_primitives.Failed,
    map_primitives.Rejected,
)
"""What else the same message says comes behind these: an InformServiceCentre, say."""


class Inquiry:
    """A dialogue of one operation: `done` hears its outcome, once.

    It is the reference that the MAP provider gives back with each indication of the dialogue.
    """

    __slots__ = ("_clock", "_done", "_informed", "_map", "_outcome")

    def __init__(
        self,
        provider: Dialogues,
        done: Callable[[MapOutcome], None],
        *,
        clock: Callable[[], float],
    ) -> None:
        self._map = provider
        self._done: Callable[[MapOutcome], None] | None = done
        self._outcome: MapOutcome | None = None
        self._informed: InformServiceCentreArg | None = None
        self._clock = clock

    def handle(self, indication: MapIndication) -> None:
        """Take the next indication of the dialogue."""
        if isinstance(indication, map_primitives.Invoked):
            if isinstance(indication.argument, InformServiceCentreArg):
                self._informed = indication.argument
            return
        self._outcome = self._outcome or outcome_of(indication)
        if self._outcome is None or isinstance(indication, _OF_COMPONENTS):
            return
        if isinstance(indication, map_primitives.TimedOut):
            self._map.abort(indication.dialogue, self._clock())
        elif isinstance(indication, map_primitives.Delimited):
            self._map.close(indication.dialogue, self._clock())
        self._settle(self._outcome)

    def _settle(self, outcome: MapOutcome) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(msgspec.structs.replace(outcome, informed=self._informed))
