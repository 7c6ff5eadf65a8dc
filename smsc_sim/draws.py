"""Times that a simulated SMSC takes: fixed, or drawn from a distribution."""

from random import Random
from typing import Annotated, Any, Final

from pydantic import Discriminator, Field, Tag, model_validator

from telecom.runtime.config import Table

LONGEST: Final = 86_400.0
"""Seconds; a draw that would be longer is this long."""

Seconds = Annotated[float, Field(ge=0, le=LONGEST)]


class Uniform(Table):
    """Any time between two, each as likely."""

    at_least: Seconds = 0
    at_most: Seconds

    @model_validator(mode="after")
    def _in_order(self) -> "Uniform":
        if self.at_least > self.at_most:
            raise ValueError("at_least no longer than at_most")
        return self

    def draw(self, random: Random) -> float:
        """Return one."""
        return random.uniform(self.at_least, self.at_most)


class Exponential(Table):
    """Exponential, as the time between calls at an exchange."""

    mean: Annotated[float, Field(gt=0, le=LONGEST)]

    def draw(self, random: Random) -> float:
        """Return one."""
        return min(LONGEST, random.expovariate(1 / self.mean))


class LogNormal(Table):
    """Log-normal, as the response times of a busy server: most are short, a few very long."""

    median: Annotated[float, Field(gt=0, le=LONGEST)]
    sigma: Annotated[float, Field(gt=0, le=10)] = 1.0

    def draw(self, random: Random) -> float:
        """Return one."""
        return min(LONGEST, self.median * random.lognormvariate(0, self.sigma))


def _kind(value: Any) -> str:
    """Tell which kind of delay this is meant to be, so that an error is about that one alone."""
    if isinstance(value, Table):
        return type(value).__name__
    if not isinstance(value, dict):
        return _FIXED
    return next((name for key, name in _KINDS.items() if key in value), Uniform.__name__)


_FIXED: Final = "seconds"
_KINDS: Final = {"mean": Exponential.__name__, "median": LogNormal.__name__}

Delay = Annotated[
    Annotated[Seconds, Tag(_FIXED)]
    | Annotated[Uniform, Tag(Uniform.__name__)]
    | Annotated[Exponential, Tag(Exponential.__name__)]
    | Annotated[LogNormal, Tag(LogNormal.__name__)],
    Discriminator(_kind),
]
"""Seconds: as many as it says, or drawn."""


def drawn(delay: Delay, random: Random) -> float:
    """Return a time in seconds; only a distribution takes something of the sequence."""
    return delay.draw(random) if isinstance(delay, Table) else delay
