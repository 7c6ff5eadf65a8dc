"""The population of the lab: any number of its ranges, without holding them in memory."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from hlr_sim.magic import MAGIC, ORDINARY, Profile, profile_of
from hlr_sim.mwd import MessageWaitingData
from hlr_sim.network import Network
from telecom.numbering.operators import Operator


class Subscriber(msgspec.Struct):
    """A subscriber as its HLR and the MSC/VLR where it is know it.

    `holder` has the number's range, `home` the subscription (after porting), and `visited` is
    where the subscriber is. One that
    `comes_back` is absent or full for a while only; `recovering` says that a timer of it runs.
    `failed_last` is about the last MT-ForwardSM of one that `fails_first`.
    """

    msisdn: str
    imsi: str
    holder: Operator
    home: Operator
    visited: Operator
    unknown: bool = False
    absent: bool = False
    barred: bool = False
    not_provisioned: bool = False
    memory_full: bool = False
    home_routed: bool = False
    fails_first: bool = False
    replies: bool = False
    hlr_silent: bool = False
    msc_silent: bool = False
    comes_back: bool = False
    recovering: bool = False
    failed_last: bool = False
    waiting: MessageWaitingData | None = None


FLAGS: Final = tuple(
    name for name in Profile.__struct_fields__ if isinstance(getattr(ORDINARY, name), bool)
)
"""What of a profile is true or false; a subscriber has the same by the same names."""


def _flags_of(profile: Profile) -> dict[str, Any]:
    flags = {name: True for name in FLAGS if getattr(profile, name)}
    return {**flags, "comes_back": profile.absent or profile.memory_full}


_FLAGS_OF: Final = {profile: _flags_of(profile) for profile in MAGIC.values()}


class Population:
    """Every subscriber of every range; kept are only those that differ from what they were.

    At most `limit` are kept, the one touched longest ago is forgotten first: it is then again
    what its number says.
    """

    def __init__(self, network: Network, *, limit: int = 100_000) -> None:
        self.network = network
        self._limit = limit
        self._touched: dict[str, Subscriber] = {}

    def __len__(self) -> int:
        return len(self._touched)

    def __iter__(self) -> Iterator[Subscriber]:
        return iter(self._touched.values())

    def find(self, msisdn: str) -> Subscriber | None:
        """Return the subscriber with this number; None when the number is of no range."""
        return self._touched.get(msisdn) or self._untouched(msisdn)

    def find_imsi(self, imsi: str) -> Subscriber | None:
        """Return the subscriber who has this IMSI now."""
        msisdn = self.network.msisdn(imsi)
        subscriber = self.find(msisdn) if msisdn is not None else None
        return subscriber if subscriber is not None and subscriber.imsi == imsi else None

    def serving_msc(self, subscriber: Subscriber) -> str:
        """Return the global title of the MSC where a subscriber is: by the number's last digit."""
        mscs = subscriber.visited.msc
        return mscs[int(subscriber.msisdn[-1]) % len(mscs)]

    def touch(self, subscriber: Subscriber) -> None:
        """Keep this subscriber from now on, because it is no longer what its number says."""
        self._touched.pop(subscriber.msisdn, None)
        self._touched[subscriber.msisdn] = subscriber
        if len(self._touched) > self._limit:
            del self._touched[next(iter(self._touched))]

    def forget(self, msisdn: str) -> bool:
        """Make a subscriber what its number says; False if it was that already."""
        return self._touched.pop(msisdn, None) is not None

    def port(self, subscriber: Subscriber, home: Operator) -> None:
        """Give the subscription to another operator, and the subscriber an IMSI of it."""
        subscriber.home = home
        subscriber.imsi = self.network.imsi(subscriber.msisdn, home)
        self.touch(subscriber)

    def _untouched(self, msisdn: str) -> Subscriber | None:
        network = self.network
        holder = network.holder(msisdn)
        if holder is None:
            return None
        profile = profile_of(msisdn)
        if profile is ORDINARY:
            return Subscriber(msisdn, network.imsi(msisdn, holder), holder, holder, holder)
        home = network.onwards(holder, profile.ported)
        visited = network.onwards(home, profile.roaming)
        imsi = network.imsi(msisdn, home)
        return Subscriber(msisdn, imsi, holder, home, visited, **_FLAGS_OF[profile])
