"""SCCP routing control: where an address leads, Q.714 2.3 and 2.4."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import msgspec

from telecom.numbering.prefixes import PrefixTable
from telecom.ss7.sccp.address import SccpAddress
from telecom.ss7.sccp.primitives import ReturnCause

CACHED_ROUTES: Final = 16_384


class Translation(msgspec.Struct, frozen=True, gc=False):
    """What a global title translates to: a point code, and the SSN to write where it is given."""

    pc: int
    ssn: int | None = None


class Destination(msgspec.Struct, frozen=True, gc=False):
    """The point code that a message goes to, and the called address that it takes there."""

    pc: int
    called: SccpAddress


class Routing:
    """The translations of one node.

    `local` are the prefixes of the node's own global titles: with none given, it takes whatever
    comes. `routes` are the prefixes of all others; an empty prefix is the default route. A node
    that `answers_origin` sends its answers to the point code that the question came from: with
    several peers behind one global title, no translation says which of them asked.
    """

    def __init__(
        self,
        point_code: int,
        *,
        local: Iterable[str] = (),
        routes: Iterable[tuple[str, Translation]] = (),
        answers_origin: bool = False,
    ) -> None:
        own = [(prefix, Translation(point_code)) for prefix in local]
        others = tuple(routes)
        self._table = PrefixTable([*own, *others])
        self.point_codes = frozenset(translation.pc for _, translation in others)
        self._point_code = point_code
        self._takes_all = not own
        self.answers_origin = answers_origin
        self.destination = lru_cache(CACHED_ROUTES)(self._destination)
        self.is_local = lru_cache(CACHED_ROUTES)(self._is_local)

    def _destination(self, called: SccpAddress) -> Destination | ReturnCause:
        """Return where a message for this address goes, or why it cannot go anywhere."""
        if called.pc is not None:
            # the routing label says it, so an address that has a title need not (Q.714 2.2.2)
            named = called if called.gt is None else msgspec.structs.replace(called, pc=None)
            return Destination(called.pc, named)
        if not called.digits:
            return ReturnCause.NO_TRANSLATION_FOR_SUCH_ADDRESS
        translation = self._table.find(called.digits)
        if translation is None:
            return ReturnCause.NO_TRANSLATION_FOR_ADDRESS
        if translation.ssn is not None:
            called = msgspec.structs.replace(called, ssn=translation.ssn)
        return Destination(translation.pc, called)

    def _is_local(self, called: SccpAddress) -> bool:
        """Whether a message that came in for this address has arrived."""
        if not called.route_on_gt or called.gt is None:
            return called.pc in (None, self._point_code)
        if self._takes_all:
            return True
        translation = self._table.find(called.digits)
        return translation is not None and translation.pc == self._point_code
