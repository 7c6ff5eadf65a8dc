"""One message after the other as trees, whatever layer they begin at."""

from functools import cached_property
from typing import TYPE_CHECKING, Final

from telecom.cli.dissection.layers import Layer
from telecom.cli.dissection.tree import Branch, fault

if TYPE_CHECKING:
    from telecom.cli.dissection.ss7 import Ss7

_FIRST_OCTETS: Final = {
    **dict.fromkeys((0x61, 0x62, 0x64, 0x65, 0x67), Layer.TCAP),  # Q.773 table 1
    **dict.fromkeys((0x09, 0x0A, 0x11, 0x12), Layer.SCCP),  # Q.713 table 1
}
_SMPP_HEADER: Final = 16
_M3UA_VERSION: Final = b"\x01\x00"
"""And the reserved octet."""


class Dissector:
    """Shows messages; each protocol is loaded when the first message of it comes."""

    def dissect(self, octets: bytes, layer: Layer | None = None, *, at: float = 0.0) -> Branch:
        """Return the tree of one message; without a layer, of the one that its octets fit.

        `at` is when it went over the wire, in seconds.
        """
        from telecom.cli.dissection.short_message import tpdu_of_either_direction

        match layer:
            case None:
                return self._guess(octets)
            case Layer.SMPP:
                from telecom.cli.dissection.smpp import smpp

                return smpp(octets)
            case Layer.M3UA:
                return self._ss7.m3ua(octets, at=at)
            case Layer.SCCP:
                return self._ss7.sccp(octets, at=at)
            case Layer.TCAP:
                return self._ss7.tcap(octets)
        return tpdu_of_either_direction(octets)

    @cached_property
    def _ss7(self) -> "Ss7":
        from telecom.cli.dissection.ss7 import Ss7

        return Ss7()

    def _guess(self, octets: bytes) -> Branch:
        """Show octets as what they may be: a TPDU may begin with the first octet of any layer."""
        from telecom.cli.dissection.short_message import is_tpdu

        layer = _likely_layer(octets)
        if layer is not None:
            tree = self.dissect(octets, layer)
            if layer not in _FIRST_OCTETS.values() or not (tree.faulty and is_tpdu(octets)):
                return tree
        tree = self.dissect(octets, Layer.TPDU)
        if tree.faulty:
            reason = f"neither SMPP, M3UA, SCCP nor TCAP; as a TPDU: {tree.value}"
            return fault("message", reason, octets)
        return tree


def _likely_layer(octets: bytes) -> Layer | None:
    """Return what a header, or else the first octet, says that this is."""
    from telecom.smpp.pdus import PDUS

    first, second = (int.from_bytes(octets[at : at + 4], "big") for at in (0, 4))
    if first == len(octets) >= _SMPP_HEADER or (octets[0] == 0 and second in PDUS):
        return Layer.SMPP
    if octets[:2] == _M3UA_VERSION and second == len(octets):
        return Layer.M3UA
    return _FIRST_OCTETS.get(octets[0])
