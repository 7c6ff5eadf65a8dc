"""Who is at fault in TCAP, and what the wire says about it."""


class TcapError(Exception):
    """Something is wrong with a transaction."""


class LocalError(TcapError):
    """Our user broke a rule or a limit of its own; nothing was sent."""


class TooManyDialogues(LocalError):
    """As many dialogues are open as are allowed."""


class TransactionPortionError(TcapError):
    """The peer's transaction portion is bad, Q.774 3.3.4.

    `cause` is the P-Abort cause to answer with; the transaction ids are those that could still
    be read: without an originating one there is nobody to answer.
    """

    def __init__(
        self, text: str, cause: int, *, otid: bytes | None = None, dtid: bytes | None = None
    ) -> None:
        super().__init__(text)
        self.cause = cause
        self.otid = otid
        self.dtid = dtid


class DialoguePortionError(TcapError):
    """The peer's dialogue portion is none, Q.773 3.2; answered as an abnormal dialogue."""
