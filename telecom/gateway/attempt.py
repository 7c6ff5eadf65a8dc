"""One attempt to deliver a stored message, and what it has learnt so far."""

from telecom.router.routes import Route
from telecom.store.records import Message, Taken


class Attempt:
    """A message that this node has taken, on its way through the stages of delivery.

    `began` is on the monotonic clock. `calling_gt` is fixed here, before the SRI-SM, for every
    dialogue of the attempt: that is the GT-matching rule. `imsi` and `node` are the answer's.
    """

    __slots__ = (
        "alerted",
        "authorisation",
        "began",
        "calling_gt",
        "imsi",
        "message",
        "node",
        "report_success",
        "route",
        "taken",
    )

    def __init__(
        self, taken: Taken, route: Route, *, calling_gt: str, authorisation: str, began: float
    ) -> None:
        self.taken = taken
        self.message: Message = taken.message
        self.route = route
        self.calling_gt = calling_gt
        self.authorisation = authorisation
        self.began = began
        self.imsi = ""
        self.node = ""
        self.report_success = False
        self.alerted = False

    @property
    def msisdn(self) -> str:
        """The destination number, without a sign."""
        return self.message.destination
