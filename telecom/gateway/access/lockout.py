"""Who is refused because it has failed too often, whatever password it shows now.

Failures are counted by (system_id, address) and by address, on this node alone. An account is
never locked from everywhere: its owner binds from its own address while others fail.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

import msgspec

MOST_REMEMBERED: Final = 10_000
"""Entries of each kind; beyond, those that were used least lately are forgotten."""
_SITE: Final = 64
"""An IPv6 site has 2^64 addresses: its prefix is counted, RFC 4291 2.5.4."""

IpAddress = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network


class LockoutRule(msgspec.Struct, frozen=True):
    """So many failures `within` seconds are too many.

    Then no more is tried for `first` seconds, for twice as long each time it comes to that again,
    up to `longest`. An account's failures count for its pair with an address, all of them
    together for the address.
    """

    per_account: int = 5
    per_address: int = 50
    within: float = 60.0
    first: float = 60.0
    longest: float = 900.0


class _Record(msgspec.Struct):
    """The failures of one who is counted: since when, how many; until when it is locked out."""

    since: float
    failures: int = 0
    locked_until: float = float("-inf")
    next_lock: float = 0.0


class _Counter:
    """Failures by whom they are counted for, `most` in a window."""

    def __init__(self, rule: LockoutRule, most: int, remembered: int) -> None:
        self._rule = rule
        self._most = most
        self._remembered = remembered
        self._records: OrderedDict[Hashable, _Record] = OrderedDict()

    def __len__(self) -> int:
        return len(self._records)

    def is_locked(self, who: Hashable, now: float) -> bool:
        record = self._records.get(who)
        return record is not None and now < record.locked_until

    def failed(self, who: Hashable, now: float) -> float:
        """Count a failure; return for how long it is locked out from now, 0 for not at all."""
        record = self._record(who, now)
        if now < record.locked_until:  # one of those that were under way already
            return 0.0
        record.failures += 1
        if record.failures < self._most:
            return 0.0
        lock = record.next_lock or self._rule.first
        record.locked_until = now + lock
        record.next_lock = min(2 * lock, self._rule.longest)
        record.since, record.failures = record.locked_until, 0
        return lock

    def forget(self, who: Hashable) -> None:
        self._records.pop(who, None)

    def _record(self, who: Hashable, now: float) -> _Record:
        """Return the record to count in: a new window begins when the last one is over."""
        record = self._records.setdefault(who, _Record(now))
        self._records.move_to_end(who)
        if len(self._records) > self._remembered:
            self._records.popitem(last=False)
        if now - record.since > self._rule.longest:
            record.next_lock = 0.0
        if now - record.since > self._rule.within:
            record.since, record.failures = now, 0
        return record


class Lockout:
    """Counts failures to log in, over SMPP and HTTP alike; times are in seconds."""

    def __init__(
        self,
        rule: LockoutRule | None = None,
        *,
        exempt: Iterable[IpNetwork] = (),
        remembered: int = MOST_REMEMBERED,
    ) -> None:
        rule = rule or LockoutRule()
        self._exempt = tuple(exempt)
        self._pairs = _Counter(rule, rule.per_account, remembered)
        self._addresses = _Counter(rule, rule.per_address, remembered)

    def __len__(self) -> int:
        """Return how many it has in mind."""
        return len(self._pairs) + len(self._addresses)

    def is_locked(self, system_id: str, host: str, now: float) -> bool:
        """Tell whether this name from this address, or the address, is refused at the moment."""
        site = site_of(host)
        return self._addresses.is_locked(site, now) or self._pairs.is_locked((system_id, site), now)

    def failed(self, system_id: str, host: str, now: float) -> float:
        """Count a failure; return how long the pair or the address is locked out from now."""
        if is_in(host, self._exempt):
            return 0.0
        site = site_of(host)
        return max(self._pairs.failed((system_id, site), now), self._addresses.failed(site, now))

    def succeeded(self, system_id: str, host: str) -> None:
        """Forget what has failed for this name from this address."""
        self._pairs.forget((system_id, site_of(host)))


def is_in(host: str, networks: Iterable[IpNetwork]) -> bool:
    """Tell whether a peer is in one of these networks."""
    address = _address_of(host)
    return address is not None and any(address in network for network in networks)


def _address_of(host: str) -> IpAddress | None:
    """Return the address of a peer, None for what is none, as that of a unix socket.

    An IPv4 address that an IPv6 socket has accepted is an IPv4 address.
    """
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def site_of(host: str) -> Hashable:
    """Return what counts as one address: of IPv6 the prefix of a site."""
    address = _address_of(host)
    if isinstance(address, IPv6Address):
        return int(address) >> _SITE
    return str(address)
