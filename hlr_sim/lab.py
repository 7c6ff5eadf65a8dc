"""The operators' networks put together: which role serves what at which global title."""

from hlr_sim.alerts import Alerts
from hlr_sim.config import HlrSimConfig
from hlr_sim.faults import Faults
from hlr_sim.firewall import Firewall
from hlr_sim.handset import Handsets
from hlr_sim.hlr import Hlr
from hlr_sim.mnp_srf import MnpSrf
from hlr_sim.mobile_originated import MobileOriginated
from hlr_sim.msc import Msc
from hlr_sim.network import Network
from hlr_sim.primitives import Operation, Operations, Send
from hlr_sim.recovery import Recovery
from hlr_sim.sms_router import SmsRouter
from hlr_sim.subscribers import Population, Subscriber
from telecom.numbering.operators import Operator
from telecom.runtime.timers import Timers
from telecom.ss7.map.messages import (
    ForwardSmArg,
    MtForwardSmArg,
    NoteSubscriberPresentArg,
    ReadyForSmArg,
    ReportSmDeliveryStatusArg,
    RoutingInfoForSmArg,
)
from telecom.ss7.sccp.address import SccpAddress, SubsystemNumber


class Lab:
    """All operators, their subscribers and handsets, and all that they share; no I/O.

    `send` takes the dialogues that they begin themselves.
    """

    def __init__(
        self, operators: tuple[Operator, ...], config: HlrSimConfig, *, send: Send
    ) -> None:
        self.network = Network(operators)
        self.timers = Timers()
        self.population = Population(self.network, limit=config.limits.subscribers)
        self.handsets = Handsets(limit=config.limits.handsets)
        self.faults = Faults([row.fault() for row in config.faults.rows], seed=config.faults.seed)
        correlation = config.gt_correlation
        self.firewall = Firewall(t1=correlation.t1, reject=correlation.reject)
        self.recovery = Recovery(
            self.population,
            timers=self.timers,
            after=config.comes_back_after,
            stays=config.stays_for,
            ready=self._ready,
        )
        self.mobile_originated = MobileOriginated(
            population=self.population, handsets=self.handsets, send=send
        )
        self._alerts = Alerts(
            send=send,
            timers=self.timers,
            interval=config.alerts.interval,
            attempts=config.alerts.attempts,
        )
        self._msc = Msc(
            population=self.population,
            firewall=self.firewall,
            recovery=self.recovery,
            handsets=self.handsets,
            mobile_originated=self.mobile_originated,
        )
        self._routers = {
            operator.name: self._sms_router(operator, config) for operator in operators
        }
        self._hlrs = {operator.name: self._hlr(operator) for operator in operators}
        self._operations = self._all_operations()

    def operations_at(self, called: SccpAddress) -> Operations | None:
        """Return what is served at an address; None when nothing of ours is there."""
        operations = self._operations.get((called.digits, called.ssn))
        if operations is None and (node := self.network.node(called.digits)) is not None:
            return self._operations.get((node.gt, called.ssn))
        return operations

    def _ready(self, subscriber: Subscriber, reason: int, now: float) -> None:
        self._hlrs[subscriber.home.name].ready(subscriber, reason, now)

    def _sms_router(self, operator: Operator, config: HlrSimConfig) -> SmsRouter:
        return SmsRouter(
            operator,
            population=self.population,
            firewall=self.firewall,
            msc=self._msc,
            t1=config.gt_correlation.t1,
            seed=config.seed,
        )

    def _hlr(self, operator: Operator) -> Hlr:
        return Hlr(
            operator,
            population=self.population,
            firewall=self.firewall,
            recovery=self.recovery,
            alerts=self._alerts,
            sms_router=self._routers[operator.name],
        )

    def _all_operations(self) -> dict[tuple[str, int | None], Operations]:
        served: dict[tuple[str, int | None], Operations] = {}
        msc = _forward_sm(self._msc.forward_sm)
        for operator in self.network.operators:
            location = self._location_operations(operator)
            served |= {
                (gt, SubsystemNumber.HLR): location
                for gt in (operator.hlr, operator.mnp_srf, operator.sms_router)
            }
            served[operator.sms_router, SubsystemNumber.MSC] = _forward_sm(
                self._routers[operator.name].forward_sm
            )
            served |= {(gt, SubsystemNumber.MSC): msc for gt in operator.msc}
        return served

    def _location_operations(self, operator: Operator) -> Operations:
        """Return what is asked about a subscriber; the MNP-SRF stands in front of the HLR."""
        mnp_srf = MnpSrf(operator, population=self.population, hlrs=self._hlrs)
        return {
            RoutingInfoForSmArg: mnp_srf.send_routing_info_for_sm,
            ReportSmDeliveryStatusArg: mnp_srf.report_sm_delivery_status,
            ReadyForSmArg: mnp_srf.ready_for_sm,
            NoteSubscriberPresentArg: mnp_srf.note_subscriber_present,
        }


def _forward_sm(operation: Operation) -> Operations:
    return {MtForwardSmArg: operation, ForwardSmArg: operation}
