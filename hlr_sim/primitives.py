"""What the roles and the node that joins them pass to each other."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from telecom.ss7.map.contexts import ApplicationContext
from telecom.ss7.map.declarations import Sequence
from telecom.ss7.map.messages import InformServiceCentreArg
from telecom.ss7.sccp.address import SccpAddress


class Reply(msgspec.Struct, frozen=True, gc=False):
    """What a role answers to one operation: a result (empty by default), an error, or nothing.

    `inform` is invoked in the same dialogue beside the answer; `more` says that the peer goes on
    in this dialogue, so that it must stay open.
    """

    result: Sequence | None = None
    error: int | None = None
    parameter: Sequence | None = None
    inform: InformServiceCentreArg | None = None
    silent: bool = False
    more: bool = False


class Dialogue(msgspec.Struct, gc=False):
    """A dialogue that a peer began, and what its operations have said so far.

    `called` and `calling` are global titles' digits; `imsi` and `service_centre`, once they
    are `judged`, are what noSM-RP-DA and noSM-RP-OA stand for (TS 29.002 12.9.3). `responding`
    is the address of the node that answers, where another one was called (6.1.3.1).
    """

    id: int
    version: int
    called: str
    calling: str
    operations: "Operations"
    pending: list[tuple[int, Reply]]
    delay: float = 0.0
    imsi: str = ""
    service_centre: str = ""
    judged: bool = False
    continued: bool = False
    responding: SccpAddress | None = None


Operation = Callable[[Dialogue, Any, float], Reply]
"""Serves one operation: the dialogue, the argument, the time."""

Operations = Mapping[type[Sequence], Operation]
"""What a node serves, by the type of the argument."""


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """A dialogue that a role wants begun, with one operation.

    `done` is called once with None or the reason why it failed, and the time.
    """

    context: ApplicationContext
    argument: Sequence
    called: SccpAddress
    calling: SccpAddress
    done: Callable[[str | None, float], None]


Send = Callable[[Outgoing, float], None]
