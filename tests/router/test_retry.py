import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.router.failures import Cause, FailureClass, Stage, classify
from telecom.router.retry import Retries, Schedule

NOW = 1_000_000.0
NEVER = NOW + 1e9
TEMPORARY = classify(Stage.MT, Cause.ERROR, number=34)
ABSENT = classify(Stage.MT, Cause.ERROR, number=6)
PERMANENT = classify(Stage.SRI, Cause.ERROR, number=1)
PASSING = [kind for kind in FailureClass if kind is not FailureClass.PERMANENT]


def retries(**schedule: float) -> Retries:
    return Retries(dict.fromkeys(PASSING, Schedule(**schedule)))


@pytest.mark.parametrize(
    ("attempts", "delay"), [(1, 10), (2, 20), (3, 40), (4, 60), (5, 60), (100_000, 60)]
)
def test_delays_grow_to_their_cap(attempts: int, delay: float) -> None:
    schedule = Schedule(first=10, multiplier=2, cap=60, jitter=0)
    assert schedule.delay(attempts, 0.99) == delay


def test_jitter_adds_its_share_and_no_more() -> None:
    schedule = Schedule(first=10, multiplier=2, cap=60, jitter=0.5)
    assert schedule.delay(1, 0.0) == 10
    assert schedule.delay(1, 0.5) == 12.5
    assert schedule.delay(9, 0.5) == 75


def test_each_class_has_its_own_schedule() -> None:
    schedules = {kind: Schedule(first=n) for n, kind in enumerate(PASSING, start=1)}
    assert (
        Retries(schedules).due(ABSENT, attempts=1, now=NOW, expires_at=NEVER, fraction=0)
        == NOW + schedules[FailureClass.ABSENT].first
    )


def test_a_missing_schedule_is_named() -> None:
    with pytest.raises(ValueError, match="no retry schedule for absent, memory_full, no_answer"):
        Retries({FailureClass.TEMPORARY: Schedule(first=1)})


def test_a_permanent_failure_has_no_next_attempt() -> None:
    due = retries(first=1).due(PERMANENT, attempts=1, now=NOW, expires_at=NEVER, fraction=0)
    assert due is None


def test_no_attempt_at_or_after_the_end_of_validity() -> None:
    schedules = retries(first=10)
    at = {"attempts": 1, "now": NOW, "fraction": 0.0}
    assert schedules.due(TEMPORARY, expires_at=NOW + 10.1, **at) == NOW + 10
    assert schedules.due(TEMPORARY, expires_at=NOW + 10, **at) is None
    assert schedules.due(TEMPORARY, expires_at=NOW, **at) is None


def test_what_an_alert_may_call_up_is_kept_to_its_end() -> None:
    schedules = retries(first=10)
    at = {"attempts": 1, "fraction": 0.0, "expires_at": NOW + 5}
    assert schedules.due(ABSENT, now=NOW, **at) == NOW + 5
    assert schedules.due(ABSENT, now=NOW + 5, **at) is None


@settings(derandomize=True, max_examples=200, deadline=None)
@given(
    attempts=st.integers(1, 10**6),
    first=st.floats(0.001, 1e6),
    multiplier=st.floats(1, 1e9),
    cap=st.floats(0.001, 1e6),
    fraction=st.floats(0, 1, exclude_max=True),
    validity=st.floats(0, 1e7),
)
def test_a_due_time_lies_within_validity(
    *, attempts: int, first: float, multiplier: float, cap: float, fraction: float, validity: float
) -> None:
    schedules = retries(first=first, multiplier=multiplier, cap=cap, jitter=1)
    due = schedules.due(
        TEMPORARY, attempts=attempts, now=NOW, expires_at=NOW + validity, fraction=fraction
    )
    assert due is None or NOW <= due < NOW + validity
