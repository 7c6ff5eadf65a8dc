"""SMS router: short messages of home-routed subscribers go through it, TS 23.040 3.2.7a, 5.2A."""

from random import Random
from typing import Final

import msgspec

from hlr_sim.firewall import Firewall
from hlr_sim.msc import Msc
from hlr_sim.network import CORRELATION_MARK, IMSI_DIGITS
from hlr_sim.primitives import Dialogue, Reply
from hlr_sim.subscribers import Population, Subscriber
from telecom.numbering.operators import Operator
from telecom.ss7.map.errors import ErrorCode
from telecom.ss7.map.messages import ForwardSmArg, MtForwardSmArg

_UNIDENTIFIED: Final = Reply(error=ErrorCode.UNIDENTIFIED_SUBSCRIBER)


class _Binding(msgspec.Struct, frozen=True, gc=False):
    """Whose message an MT correlation id stands for, and until when (T1)."""

    imsi: str
    until: float


class SmsRouter:
    """The SMS router of one operator.

    It answers SRI-SM with an MT correlation id in the IMSI's place, and passes the
    MT-ForwardSM that brings it within `t1` seconds to the MSC where the subscriber is.
    """

    def __init__(
        self,
        operator: Operator,
        *,
        population: Population,
        firewall: Firewall,
        msc: Msc,
        t1: float,
        seed: int = 0,
        limit: int = 100_000,
    ) -> None:
        self._operator = operator
        self._population = population
        self._firewall = firewall
        self._msc = msc
        self._t1 = t1
        self._limit = limit
        self._random = Random(f"{operator.name} {seed}")  # noqa: S311  repeatable on purpose
        self._bindings: dict[str, _Binding] = {}

    def correlation_id(self, subscriber: Subscriber, now: float) -> str:
        """Return a new MT correlation id: MCC, MNC and a sender id, TS 23.040 3.2.7a."""
        self._forget_old(now)
        start = self._operator.mccmnc + CORRELATION_MARK
        width = IMSI_DIGITS - len(start)
        correlation_id = f"{start}{self._random.randrange(10**width):0{width}}"
        self._bindings.pop(correlation_id, None)
        self._bindings[correlation_id] = _Binding(subscriber.imsi, now + self._t1)
        return correlation_id

    def forward_sm(
        self, dialogue: Dialogue, argument: MtForwardSmArg | ForwardSmArg, now: float
    ) -> Reply:
        """Pass a short message on to the subscriber's MSC, TS 29.002 23.3."""
        refusal = self._firewall.refusal(dialogue, argument, now)
        if refusal is not None:
            return refusal
        binding = self._bindings.get(dialogue.imsi)
        if binding is None or binding.until <= now:
            return _UNIDENTIFIED
        subscriber = self._population.find_imsi(binding.imsi)
        if subscriber is None:
            return _UNIDENTIFIED
        return self._msc.deliver(subscriber, dialogue, argument, now)

    def _forget_old(self, now: float) -> None:
        bindings = self._bindings
        while bindings:
            oldest = next(iter(bindings))
            if bindings[oldest].until > now and len(bindings) < self._limit:
                return
            del bindings[oldest]
