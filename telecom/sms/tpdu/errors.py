"""What makes octets no TPDU, or a TPDU no octets."""

from telecom.sms.errors import FailureCause, SmsError


class TpduError(SmsError):
    """Octets that are no TPDU, or what no TPDU carries; `failure_cause` answers the peer."""

    def __init__(
        self, message: str, failure_cause: FailureCause = FailureCause.UNSPECIFIED
    ) -> None:
        super().__init__(message)
        self.failure_cause = failure_cause
