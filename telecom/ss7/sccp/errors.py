"""Who is at fault."""


class SccpError(Exception):
    """Anything that SCCP refuses."""


class LocalError(SccpError):
    """Our caller broke a rule; nothing was sent."""


class MessageError(SccpError):
    """The peer's message cannot be read; there is nobody to tell, so it is discarded."""
