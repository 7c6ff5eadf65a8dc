from ipaddress import ip_network

import pytest

from telecom.gateway.access.lockout import Lockout, LockoutRule

RULE = LockoutRule(per_account=3, per_address=5, within=60, first=60, longest=200)
HOST, ELSEWHERE = "192.0.2.1", "198.51.100.1"


@pytest.fixture
def lockout() -> Lockout:
    return Lockout(RULE)


def fail(lockout: Lockout, count: int, now: float, host: str = HOST, name: str = "demo") -> None:
    for _ in range(count):
        lockout.failed(name, host, now)


def test_too_many_failures_lock_a_name_out_at_one_address(lockout: Lockout) -> None:
    assert [lockout.failed("demo", HOST, 0) for _ in range(3)] == [0, 0, 60]
    assert lockout.is_locked("demo", HOST, 59.9)
    assert not lockout.is_locked("demo", ELSEWHERE, 0)
    assert not lockout.is_locked("other", HOST, 0)
    assert not lockout.is_locked("demo", HOST, 60)


def test_failures_that_are_long_ago_do_not_count(lockout: Lockout) -> None:
    fail(lockout, 2, now=0)
    fail(lockout, 2, now=60.1)
    assert not lockout.is_locked("demo", HOST, 60.1)
    fail(lockout, 1, now=61)
    assert lockout.is_locked("demo", HOST, 61)


def test_what_was_under_way_when_it_was_locked_out_makes_it_no_longer(lockout: Lockout) -> None:
    fail(lockout, 50, now=0)
    assert lockout.is_locked("demo", HOST, 59.9)
    assert not lockout.is_locked("demo", HOST, 60)


def test_each_time_is_twice_as_long_up_to_the_longest(lockout: Lockout) -> None:
    now, locks = 0.0, []
    for _ in range(4):
        fail(lockout, 2, now)
        lock = lockout.failed("demo", HOST, now)
        locks.append(lock)
        now += lock
    # the address has failed twelve times as well: its own locks are among them
    assert locks == [60, 120, 200, 200]
    now += 201
    fail(lockout, 2, now)
    assert lockout.failed("demo", HOST, now) == 60


def test_an_address_that_fails_for_many_names_is_locked_out_for_all(lockout: Lockout) -> None:
    for number in range(5):
        lockout.failed(f"name{number}", HOST, 0)
    assert lockout.is_locked("another", HOST, 1)
    assert not lockout.is_locked("another", ELSEWHERE, 1)


def test_success_forgets_the_failures_of_the_name_and_not_those_of_the_address(
    lockout: Lockout,
) -> None:
    for _ in range(2):
        fail(lockout, 2, now=0)
        lockout.succeeded("demo", HOST)
    assert not lockout.is_locked("demo", HOST, 0)
    fail(lockout, 1, now=0)
    assert lockout.is_locked("demo", HOST, 0)


@pytest.mark.parametrize(
    ("one", "another", "is_same"),
    [
        ("2001:db8::1", "2001:db8::ffff", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "", True),
    ],
)
def test_what_is_one_address(lockout: Lockout, one: str, another: str, is_same: bool) -> None:
    fail(lockout, 3, now=0, host=one)
    assert lockout.is_locked("demo", another, 1) is is_same


def test_networks_may_be_exempt() -> None:
    lockout = Lockout(RULE, exempt=[ip_network("127.0.0.0/8"), ip_network("2001:db8::/32")])
    for host in ("127.0.0.1", "::ffff:127.0.0.1", "2001:db8::1"):
        fail(lockout, 20, now=0, host=host)
        assert not lockout.is_locked("demo", host, 0)
    assert len(lockout) == 0


def test_what_is_remembered_is_bounded() -> None:
    lockout = Lockout(RULE, remembered=10)
    for number in range(1000):
        lockout.failed(f"{number}", f"10.0.{number // 250}.{number % 250}", 0)
    assert len(lockout) == 20
    fail(lockout, 3, now=0)
    for number in range(5):
        fail(lockout, 1, now=0, host=f"10.1.0.{number}")
    assert lockout.is_locked("demo", HOST, 1)
