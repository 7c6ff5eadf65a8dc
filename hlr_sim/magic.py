"""The lab's magic numbers: what the last three digits of an MSISDN make of its subscriber."""

from typing import Final

import msgspec


class Profile(msgspec.Struct, frozen=True, gc=False):
    """How a subscriber differs from a reachable one at home.

    `ported` and `roaming` count operators onwards in the order of the configuration: from the
    range's holder to the subscription's network, and from there to the visited one.
    """

    ported: int = 0
    roaming: int = 0
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


ORDINARY: Final = Profile()

MAGIC: Final[dict[str, Profile]] = {
    "901": Profile(absent=True),
    "902": Profile(unknown=True),
    "903": Profile(ported=1),
    "904": Profile(roaming=1),
    "905": Profile(barred=True),
    "906": Profile(memory_full=True),
    "907": Profile(hlr_silent=True),
    "908": Profile(fails_first=True),
    "909": Profile(not_provisioned=True),
    "910": Profile(home_routed=True),
    "911": Profile(msc_silent=True),
    "912": Profile(replies=True),
    "913": Profile(ported=1, roaming=1),
}


def profile_of(msisdn: str) -> Profile:
    """Return what the last three digits say."""
    return MAGIC.get(msisdn[-3:], ORDINARY)
