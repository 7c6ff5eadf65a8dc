"""The rules: which of them fit a request, and what they say together."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from functools import reduce
from random import Random
from typing import Annotated, Final, TypeVar

from pydantic import Field

from smsc_sim.actions import AS_USUAL, Action
from smsc_sim.matching import COUNTED_PER, Match, Subject
from telecom.runtime.config import Table
from telecom.smpp.pdus import Pdu, SubmitMulti

MOST_RULES: Final = 1000
MOST_REMEMBERED: Final = 10_000
"""How many counts of a rule, and how many accounts' sequences, are kept; the oldest give way."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Rule(Table):
    """What to do with some requests.

    The first rule that fits is the last one that is looked at, unless it `goes_on`: then those
    behind it add what it leaves out.
    """

    name: Annotated[str, Field(pattern="^[A-Za-z0-9_.-]{0,64}$")] = ""
    match: Match = Match()
    action: Action = Action()
    goes_on: bool = False


RuleList = Annotated[tuple[Rule, ...], Field(max_length=MOST_RULES)]


class Bucket:
    """A bucket of tokens, `rate` of them a second; `overflows` when there is none left."""

    __slots__ = ("_rate", "_tokens", "_updated")

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._tokens = max(1.0, rate)
        self._updated = now

    def overflows(self, now: float) -> bool:
        """Take a token; tell whether there was none."""
        more = (now - self._updated) * self._rate
        self._tokens = min(max(1.0, self._rate), self._tokens + more)
        self._updated = now
        if self._tokens < 1:
            return True
        self._tokens -= 1
        return False


class _Running:
    """A rule at work: its tests, and what it has counted."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._pdus = rule.match.pdus()
        self._accounts = frozenset(rule.match.accounts)
        self._match = rule.match
        self._tests = tuple(rule.match.tests())
        self._key = COUNTED_PER[rule.match.per]
        self._counts: dict[object, int] = {}
        self._buckets: dict[object, Bucket] = {}

    def is_for(self, subject: Subject) -> bool:
        """Tell whether it is for such operations of such an account at all."""
        if self._accounts and subject.account not in self._accounts:
            return False
        if (
            subject.operation is SubmitMulti
            and self._match.is_of_destination is not subject.is_part
        ):
            return False
        return subject.operation in self._pdus

    def fits(self, subject: Subject, now: float, random: Callable[[], Random]) -> bool:
        """Tell, and count, whether a request is one for this rule."""
        for test in self._tests:
            if not test(subject):
                return False
        match = self._match
        if match.rate_above is not None and not self._overflows(subject, match.rate_above, now):
            return False
        if match.counts:
            number = self._counts.pop(self._key(subject), 0) + 1
            remember(self._counts, self._key(subject), number)
            if not match.fits_count(number):
                return False
        return match.probability >= 1 or random().random() < match.probability

    def _overflows(self, subject: Subject, rate: float, now: float) -> bool:
        key = self._key(subject)
        bucket = self._buckets.pop(key, None) or Bucket(rate, now)
        remember(self._buckets, key, bucket)
        return bucket.overflows(now)


class Rules:
    """All rules in their order; what they draw, each account draws from a sequence of its own.

    So the same seed and the same traffic of an account have the same outcome, whatever other
    accounts do meanwhile.
    """

    def __init__(self, rules: Iterable[Rule] = (), *, seed: int = 0) -> None:
        self.replace(rules, seed=seed)

    def replace(self, rules: Iterable[Rule], *, seed: int) -> None:
        """Set these rules; all counts and sequences begin anew. `ValueError` for a name twice."""
        rules = with_names(rules)
        self.seed = seed
        self._randoms: dict[str, Random] = {}
        self._running: list[_Running] = []
        self.set(rules)

    def set(self, rules: Iterable[Rule]) -> None:
        """Set these rules; those that were there go on counting. `ValueError` for a name twice."""
        named = with_names(rules)
        before = {running.rule.name: running for running in self._running}
        self.rows = named
        self._running = [_going_on(before.get(rule.name), rule) for rule in named]
        self._candidates: dict[tuple[str, type[Pdu], bool], list[_Running]] = {}
        self._together: dict[tuple[str, ...], Action] = {}

    def random_of(self, account: str) -> Random:
        """Return the sequence that an account draws from."""
        random = self._randoms.get(account)
        if random is None:
            random = Random(f"{self.seed}/{account}")  # noqa: S311  repeatable on purpose
            remember(self._randoms, account, random)
        return random

    def random_for(self, action: Action, account: str) -> Random:
        """Return what one request draws from: if its action draws, a sequence of its own.

        So it draws the same whenever it comes to it, before another request or after it.
        """
        random = self.random_of(account)
        return Random(random.getrandbits(64)) if action.draws else random  # noqa: S311

    def decide(self, subject: Subject, now: float) -> Action:
        """Return what is done with a request."""
        fitting = []
        for running in self._candidates_for(subject):
            if running.fits(subject, now, lambda: self.random_of(subject.account)):
                fitting.append(running.rule)
                if not running.rule.goes_on:
                    break
        return self._composed(fitting) if fitting else AS_USUAL

    def _candidates_for(self, subject: Subject) -> list[_Running]:
        """Return the rules for such operations of such an account, which are the same each time."""
        key = (subject.account, subject.operation, subject.is_part)
        found = self._candidates.get(key)
        if found is None:
            found = [running for running in self._running if running.is_for(subject)]
            remember(self._candidates, key, found)
        return found

    def _composed(self, rules: list[Rule]) -> Action:
        if len(rules) == 1:
            return rules[0].action
        names = tuple(rule.name for rule in rules)
        action = self._together.get(names)
        if action is None:
            action = reduce(Action.over, (rule.action for rule in rules))
            remember(self._together, names, action)
        return action


def remember(memory: dict[K, V], key: K, value: V, *, most: int = MOST_REMEMBERED) -> None:
    """Put something in a memory; above `most` what has been there longest gives way."""
    memory[key] = value
    if len(memory) > most:
        del memory[next(iter(memory))]


def with_names(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Name those without a name for their places."""
    named = tuple(
        rule if rule.name else rule.model_copy(update={"name": f"rule-{place}"})
        for place, rule in enumerate(rules, 1)
    )
    names = Counter(rule.name for rule in named)
    twice = [name for name, times in names.items() if times > 1]
    if twice:
        raise ValueError(f"each rule with a name of its own, not two called {twice[0]!r}")
    return named


def _going_on(running: _Running | None, rule: Rule) -> _Running:
    """Return a rule at work: the one that is, unless it was another."""
    return running if running is not None and running.rule == rule else _Running(rule)
