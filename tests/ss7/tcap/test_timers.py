"""Timer buckets against a plain list of timers."""

from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.ss7.tcap.timers import RESOLUTION, TimerBuckets


def test_a_timer_is_never_early_and_hardly_late() -> None:
    timers: TimerBuckets[str] = TimerBuckets()
    timers.arm("a", 10.01)
    due = timers.next_due()
    assert due is not None
    assert 10.01 <= due < 10.01 + RESOLUTION
    assert timers.expire(10.0) == []
    assert timers.expire(due) == ["a"]
    assert timers.next_due() is None


def test_a_cancelled_timer_does_not_run_out() -> None:
    timers: TimerBuckets[str] = TimerBuckets()
    tick = timers.arm("a", 1)
    timers.cancel("a", tick)
    timers.cancel("a", tick)
    timers.cancel("a", tick + 1)
    assert timers.next_due() is None
    assert timers.expire(5) == []


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("arm"), st.integers(0, 20), st.floats(0, 30)),
        st.tuples(st.just("cancel"), st.integers(0, 20), st.just(0.0)),
        st.tuples(st.just("wait"), st.just(0), st.floats(0, 5)),
    ),
    max_size=60,
)


@settings(derandomize=True, max_examples=150, database=None)
@given(ACTIONS)
def test_as_a_plain_list(actions: list[tuple[str, int, float]]) -> None:
    timers: TimerBuckets[int] = TimerBuckets()
    armed: dict[int, int] = {}
    now = 0.0
    for action, key, seconds in actions:
        if action == "wait":
            now += seconds
            expired = timers.expire(now)
            assert sorted(expired) == sorted(k for k, t in armed.items() if t * RESOLUTION <= now)
            armed = {k: t for k, t in armed.items() if k not in expired}
        elif action == "arm" and key not in armed:
            armed[key] = timers.arm(key, now + seconds)
        elif action == "cancel" and key in armed:
            timers.cancel(key, armed.pop(key))
        assert timers.next_due() == (min(armed.values()) * RESOLUTION if armed else None)
