"""Subscribers who can be reached again, by themselves after a while or because they are told to."""

from collections.abc import Callable
from functools import partial

from hlr_sim.magic import profile_of
from hlr_sim.subscribers import Population, Subscriber
from telecom.runtime.timers import Timers
from telecom.ss7.map.enumerations import AlertReason

Ready = Callable[[Subscriber, AlertReason, float], None]


class Recovery:
    """Ends the absence and the full memory of subscribers, and lets their HLR know (`ready`).

    Those that come back by themselves do so `after` seconds from when they are first found, and
    are as their number says again `stays` seconds later: anybody may try the number once more.
    """

    def __init__(
        self,
        population: Population,
        *,
        timers: Timers,
        after: float,
        stays: float,
        ready: Ready,
    ) -> None:
        self._population = population
        self._timers = timers
        self._after = after
        self._stays = stays
        self._ready = ready

    def found(self, subscriber: Subscriber, now: float) -> None:
        """Note that a message found the subscriber absent or full."""
        if subscriber.comes_back and not subscriber.recovering:
            subscriber.recovering = True
            self._population.touch(subscriber)
            self._timers.at(now + self._after, partial(self._due, subscriber))

    def change(
        self, subscriber: Subscriber, now: float, *, absent: bool, memory_full: bool
    ) -> None:
        """Set whether a subscriber is absent and full; if that got better, the HLR gets to know."""
        was_full, was_absent = subscriber.memory_full, subscriber.absent
        subscriber.absent, subscriber.memory_full = absent, memory_full
        subscriber.recovering = False
        self._population.touch(subscriber)
        if was_full and not memory_full and not absent:
            self._ready(subscriber, AlertReason.MEMORY_AVAILABLE, now)
        elif was_absent and not absent:
            self._ready(subscriber, AlertReason.MS_PRESENT, now)

    def _due(self, subscriber: Subscriber, now: float) -> None:
        if subscriber.recovering:
            self.change(subscriber, now, absent=False, memory_full=False)
            subscriber.recovering = True
            self._timers.at(now + self._stays, partial(self._gone_again, subscriber))

    def _gone_again(self, subscriber: Subscriber, _now: float) -> None:
        if subscriber.recovering:
            profile = profile_of(subscriber.msisdn)
            subscriber.absent, subscriber.memory_full = profile.absent, profile.memory_full
            subscriber.recovering = False
