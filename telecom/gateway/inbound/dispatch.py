"""What the MAP provider indicates, to the dialogues that it belongs to."""

from collections.abc import Iterable

import structlog

from telecom.gateway.inbound.from_network import FromNetwork
from telecom.ss7.map.primitives import MapIndication

_log = structlog.get_logger("telecom.gateway.inbound.dispatch")


def dispatch(indications: Iterable[MapIndication], from_network: FromNetwork) -> None:
    """Give each indication to its dialogue: of ours by its reference, else begun by the network."""
    for indication in indications:
        user = from_network if indication.reference is None else indication.reference
        try:
            user.handle(indication)
        except Exception:  # noqa: BLE001 - the other dialogues of this turn must hear theirs
            _log.exception("indication_not_handled", indication=type(indication).__name__)
