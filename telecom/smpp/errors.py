"""What can go wrong in SMPP, and who is at fault."""

from telecom.smpp.status import CommandStatus, status_name


class SmppError(Exception):
    """Any error of this package."""


class LocalError(SmppError):
    """Our caller broke a rule of the protocol; nothing was sent."""


class WindowFullError(LocalError):
    """As many requests as the window allows await their responses."""


class PduError(SmppError):
    """The peer's PDU cannot be accepted, but answered: `status` says why."""

    def __init__(self, status: int, sequence_number: int, reason: str) -> None:
        super().__init__(f"{status_name(status)}: {reason}")
        self.status = status
        self.sequence_number = sequence_number
        self.reason = reason


class FramingError(SmppError):
    """The peer's octets are no PDUs any more; the link goes down after a generic_nack."""

    status = CommandStatus.ESME_RINVCMDLEN
