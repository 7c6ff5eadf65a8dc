"""Alerting service centres that a subscriber can be reached again: TS 29.002 23.4."""

from functools import partial
from typing import Final

import structlog

from hlr_sim.primitives import Outgoing, Send
from telecom.runtime.timers import Timers
from telecom.ss7.map.contexts import SHORT_MSG_ALERT_V2
from telecom.ss7.map.messages import AddressString, AlertServiceCentreArg
from telecom.ss7.sccp.address import SccpAddress, SubsystemNumber

MAX_PENDING: Final = 10_000
"""How many alerts may be under way or waiting for another attempt."""

_log = structlog.get_logger("hlr_sim.alerts")


class Alerts:
    """Sends AlertServiceCentre, `attempts` times at most, `interval` seconds after a failure."""

    def __init__(
        self, *, send: Send, timers: Timers, interval: float = 10.0, attempts: int = 5
    ) -> None:
        self._send = send
        self._timers = timers
        self._interval = interval
        self._attempts = attempts
        self.pending = 0

    def alert(self, msisdn: str, service_centre: str, now: float, *, hlr: str) -> None:
        """Tell a service centre, from the HLR's global title, that `msisdn` can be reached."""
        if self.pending >= MAX_PENDING:
            _log.warning("alert_dropped", service_centre=service_centre)
            return
        self.pending += 1
        self._attempt(
            AlertServiceCentreArg(
                msisdn=AddressString(msisdn), service_centre_address=AddressString(service_centre)
            ),
            hlr,
            1,
            now,
        )

    def _attempt(self, argument: AlertServiceCentreArg, hlr: str, attempt: int, now: float) -> None:
        service_centre = argument.service_centre_address.digits
        outgoing = Outgoing(
            context=SHORT_MSG_ALERT_V2,
            argument=argument,
            called=SccpAddress.of_gt(service_centre, SubsystemNumber.MSC),
            calling=SccpAddress.of_gt(hlr, SubsystemNumber.HLR),
            done=partial(self._done, argument, hlr, attempt),
        )
        self._send(outgoing, now)

    def _done(
        self,
        argument: AlertServiceCentreArg,
        hlr: str,
        attempt: int,
        failure: str | None,
        now: float,
    ) -> None:
        if failure is not None and attempt < self._attempts:
            again = partial(self._attempt, argument, hlr, attempt + 1)
            self._timers.at(now + self._interval, again)
            return
        self.pending -= 1
        if failure is not None:
            service_centre = argument.service_centre_address.digits
            _log.warning("alert_failed", service_centre=service_centre, failure=failure)
