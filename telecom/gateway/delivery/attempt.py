"""One attempt to deliver a stored message, and what it has learnt so far."""

from enum import Enum, auto
from typing import Final

from telecom.router.routes import Route
from telecom.store.records import Message, Taken


class Stage(Enum):
    """How far an attempt is; what comes of one that is ABANDONED concerns nobody any more."""

    ROUTING = auto()
    AT_THE_GATE = auto()
    FORWARDED = auto()
    SETTLED = auto()
    ABANDONED = auto()


BEFORE_THE_GATE: Final = (Stage.ROUTING, Stage.AT_THE_GATE)
"""In these the message has not left yet."""


class Attempt:
    """A message that this node has taken, on its way through the stages of delivery.

    `began` and `held_at` (when the queue last said that the message is this node's) are on the
    monotonic clock. `calling_gt` is fixed here, before the SRI-SM, for every dialogue of the
    attempt: that is the GT-matching rule. `recorded` tells that the gate has the SRI-SM on
    record; `imsi`, `node` and `answered_at` (time of day) are its answer's. `alerted` is one whose
    number has come back meanwhile, `interrupted` one whose MT dialogue ended before its time.
    """

    __slots__ = (
        "alerted",
        "answered_at",
        "authorisation",
        "began",
        "calling_gt",
        "held_at",
        "imsi",
        "interrupted",
        "message",
        "node",
        "recorded",
        "report_success",
        "route",
        "stage",
        "taken",
    )

    def __init__(
        self,
        taken: Taken,
        route: Route,
        *,
        calling_gt: str,
        authorisation: str,
        held_at: float,
        began: float,
    ) -> None:
        self.taken = taken
        self.message: Message = taken.message
        self.route = route
        self.calling_gt = calling_gt
        self.authorisation = authorisation
        self.held_at = held_at
        self.began = began
        self.stage = Stage.ROUTING
        self.imsi = ""
        self.node = ""
        self.answered_at = 0.0
        self.recorded = False
        self.report_success = False
        self.alerted = False
        self.interrupted = False

    @property
    def msisdn(self) -> str:
        """The destination number, without a sign."""
        return self.message.destination
