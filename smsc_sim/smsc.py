"""The simulated SMSC itself: rules, messages, deliveries; no sockets, and time is an argument."""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from random import Random
from typing import Final

import msgspec

from smsc_sim.acceptance import RefusalError
from smsc_sim.actions import Action, Response
from smsc_sim.deliveries import Deliveries, DeliveryLimits
from smsc_sim.draws import drawn
from smsc_sim.futures import Futures
from smsc_sim.matching import Subject
from smsc_sim.messages import Messages
from smsc_sim.mo import MobileOriginated, MoStream
from smsc_sim.operations import Asked, Operations
from smsc_sim.peers import Peer
from smsc_sim.rules import Rule, Rules
from telecom.runtime.timers import Timers
from telecom.smpp.pdus import BroadcastSm, DataSm, Pdu, SubmitMulti, SubmitSm
from telecom.smpp.status import CommandStatus

_MESSAGES: Final = (SubmitSm, SubmitMulti, DataSm, BroadcastSm)


class SmscLimits(msgspec.Struct, frozen=True):
    """What is kept: messages, whatever became of them, and things that are still to be done."""

    messages: int = 100_000
    timers: int = 500_000
    deliveries: DeliveryLimits = DeliveryLimits()


class Beginning(msgspec.Struct, frozen=True):
    """What the simulator starts with, and comes back to when it is reset."""

    rules: tuple[Rule, ...] = ()
    streams: tuple[MoStream, ...] = ()
    distribution_lists: Mapping[str, tuple[str, ...]] = {}
    seed: int = 0
    first_number: int = 1


class Smsc:
    """Does with each request what the rules say; the same seed and traffic have the same outcome.

    `clock` is seconds since 1970, and never goes back.
    """

    def __init__(
        self,
        beginning: Beginning,
        timers: Timers,
        *,
        clock: Callable[[], float],
        limits: SmscLimits,
    ) -> None:
        self._beginning = beginning
        self._timers = timers
        self._clock = clock
        self._limits = limits
        self._numbers = count(beginning.first_number)
        self.rules = Rules(beginning.rules, seed=beginning.seed)
        self.messages = Messages(limits.messages)
        self.deliveries = Deliveries(timers, clock=clock, limits=limits.deliveries)
        self.futures = Futures(timers, self.messages, self.deliveries)
        self.mobile_originated = MobileOriginated(
            timers, self.deliveries, random_of=self.rules.random_of
        )
        self._operations = Operations(
            self.rules,
            self.messages,
            self.futures,
            distribution_lists=beginning.distribution_lists,
            next_number=lambda: next(self._numbers),
        )

    def begin(self) -> None:
        """Start the streams of the beginning."""
        for stream in self._beginning.streams:
            self.mobile_originated.start(stream, self._clock())

    def reset(self, *, seed: int | None = None) -> None:
        """Forget all that has happened and all changes; sessions go on."""
        self.mobile_originated.clear()
        self.futures.forget_all()
        self.messages.clear()
        self.deliveries.clear()
        self._numbers = count(self._beginning.first_number)
        self.rules.replace(
            self._beginning.rules, seed=self._beginning.seed if seed is None else seed
        )
        self.begin()

    def decide(self, peer: Peer, request: Pdu, account: str) -> Action:
        """Return what the rules say about a request, and have its response go out that way."""
        subject = Subject(request, type(request), account, peer.number, peer.in_hand)
        action = self.rules.decide(subject, self._clock())
        if not action.is_plain:
            peer.script(request, action, self.rules.random_of(account))
        return action

    def requested(self, peer: Peer, request: Pdu) -> None:
        """Take a request of an ESME, and answer it when it is time to."""
        account = peer.system_id
        action = self.decide(peer, request, account)
        now = self._clock()
        random = self.rules.random_for(action, account)
        delay = drawn(action.delay, random)
        if isinstance(request, _MESSAGES) and len(self._timers) >= self._limits.timers:
            peer.reject(request, CommandStatus.ESME_RMSGQFUL)
        elif delay:
            answer = partial(self._answer, peer, request, action, random)
            self._timers.at(now + delay, answer)
        else:
            self._answer(peer, request, action, random, now)

    def _answer(self, peer: Peer, request: Pdu, action: Action, random: Random, now: float) -> None:
        if peer.closed:
            return
        refused = action.status != CommandStatus.ESME_ROK
        if refused or action.response is Response.GENERIC_NACK:
            peer.reject(request, action.status)
            return
        try:
            response = self._operations.response(Asked(request, peer, action, random, now))
        except RefusalError as refusal:
            peer.reject(request, refusal.status)
        else:
            peer.respond(request, response)
