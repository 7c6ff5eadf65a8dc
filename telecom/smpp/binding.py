"""The bind of a peer until it is decided, and the version that both ends speak after it."""

from telecom.smpp.codec import Undecodable
from telecom.smpp.errors import PduError
from telecom.smpp.pdus import Bind, Pdu
from telecom.smpp.tlvs import SC_INTERFACE_VERSION
from telecom.smpp.versions import InterfaceVersion


class Binding:
    """A bind request that has no response yet, with what the peer has sent after it.

    An ESME must not send before the response to its bind (SMPP 3.4 2.2: it is not bound yet), and
    ESME_RINVBNDSTS would be a right answer. Yet many do, and mean what they send; an answer that
    depends on how fast a password is checked helps nobody. So it waits, as long as it is not too
    much, and is served or refused as if it had come after the response.
    """

    def __init__(self, capacity: int) -> None:
        self.request: Bind | None = None
        self._capacity = capacity
        self._held: list[tuple[Pdu | Undecodable, int]] = []
        self._weight = 0

    def hold(self, pdu: Pdu | Undecodable, size: int, weight: int) -> bool:
        """Keep a request of so many octets until the bind is decided; False for one too many."""
        if self._weight + weight > self._capacity:
            return False
        self._weight += weight
        self._held.append((pdu, size))
        return True

    def decided(self) -> list[tuple[Pdu | Undecodable, int]]:
        """Forget the bind, and give what was held, in order."""
        held, self._held = self._held, []
        self.request, self._weight = None, 0
        return held


def version_of_smsc(response: Pdu, assumed: InterfaceVersion) -> InterfaceVersion:
    """Return what the response to a bind says that the SMSC speaks, SMPP 3.4 5.3.2.25."""
    try:
        told = SC_INTERFACE_VERSION.of(response)
    except PduError:
        told = None
    return assumed if told is None else InterfaceVersion.of(told)
