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

    def __init__(self, reason: str, sequence_number: int = 0) -> None:
        super().__init__(reason)
        self.sequence_number = sequence_number
        """Of the header, 0 where there is none: what a generic_nack has, SMPP 3.4 4.3.1."""


class NoResponseError(SmppError):
    """The peer did not respond in time; whether it did what was asked is unknown."""


class LinkClosedError(SmppError):
    """The session ended before the response; whether the peer did what was asked is unknown."""


class RefusedError(SmppError):
    """The peer answered a request of ours with an error: `status` is its command_status."""

    def __init__(self, request: str, status: int) -> None:
        super().__init__(f"{request} was refused: {status_name(status)}")
        self.status = status
