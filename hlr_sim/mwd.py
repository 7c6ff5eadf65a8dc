"""Messages waiting data of one subscriber, as its HLR keeps them: TS 23.040 3.2.6."""

from typing import Final

import msgspec

from telecom.ss7.map.enumerations import MwStatus

MAX_SERVICE_CENTRES: Final = 8
"""How many service centres may wait for one subscriber before messageWaitingListFull (33)."""


class MessageWaitingData(msgspec.Struct):
    """Which service centres wait (MWD), and for what: MNRF and MCEF."""

    service_centres: list[str] = []
    mobile_not_reachable: bool = False
    memory_capacity_exceeded: bool = False

    def add(self, service_centre: str) -> bool:
        """Note a service centre that waits; False when the list is full."""
        if service_centre in self.service_centres:
            return True
        if len(self.service_centres) >= MAX_SERVICE_CENTRES:
            return False
        self.service_centres.append(service_centre)
        return True

    def status(self, service_centre: str) -> MwStatus:
        """Return the MW-Status that `service_centre` is told in InformServiceCentre."""
        status = MwStatus(0)
        if service_centre not in self.service_centres:
            status |= MwStatus.SC_ADDRESS_NOT_INCLUDED
        if self.mobile_not_reachable:
            status |= MwStatus.MNRF_SET
        if self.memory_capacity_exceeded:
            status |= MwStatus.MCEF_SET
        return status

    def present(self) -> list[str]:
        """Note that the mobile is reachable; return whom to alert.

        Nobody while the memory is still full: they wait for the memory then.
        """
        self.mobile_not_reachable = False
        return [] if self.memory_capacity_exceeded else self._release()

    def memory_available(self) -> list[str]:
        """Note that the mobile answers and has room; return whom to alert."""
        self.mobile_not_reachable = self.memory_capacity_exceeded = False
        return self._release()

    def _release(self) -> list[str]:
        waiting, self.service_centres = self.service_centres, []
        return waiting
