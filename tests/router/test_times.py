from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.router.times import TimeFormatError, absolute_time, parse_time, relative_time

NOW = datetime(2026, 1, 31, 12, 0, 0, 250_000, UTC).timestamp()


def at(*parts: int, offset: timedelta = timedelta()) -> float:
    return datetime(*parts, tzinfo=timezone(offset)).timestamp()


def test_empty_is_none() -> None:
    assert parse_time("", NOW) is None


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("260131120000000+", at(2026, 1, 31, 12)),
        ("260131120000500+", at(2026, 1, 31, 12, 0, 0, 500_000)),
        ("260131140000008+", at(2026, 1, 31, 12)),
        ("260131100000008-", at(2026, 1, 31, 12)),
        ("260131173000022+", at(2026, 1, 31, 12)),
        ("991231235959948-", at(2099, 12, 31, 23, 59, 59, 900_000, offset=timedelta(hours=-12))),
    ],
)
def test_absolute(text: str, time: float) -> None:
    assert parse_time(text, NOW) == time


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("000000000000000R", NOW),
        ("000000000100000R", NOW + 60),
        ("000007000000000R", NOW + 7 * 86_400),
        ("000000235959000R", NOW + 86_399),
        ("000100000000000R", at(2026, 2, 28, 12, 0, 0, 250_000)),
        ("020100000000000R", at(2028, 2, 29, 12, 0, 0, 250_000)),
        ("011200000000000R", at(2028, 1, 31, 12, 0, 0, 250_000)),
        ("000099999999000R", NOW + 99 * 86_400 + 99 * 3600 + 99 * 60 + 99),
    ],
)
def test_relative(text: str, time: float) -> None:
    assert parse_time(text, NOW) == time


@pytest.mark.parametrize(
    "text",
    [
        "tomorrow",
        "26013112000000+",
        "2601311200000000+",
        "260131120000000r",
        "260131120000000 ",
        "261331120000000+",
        "260230120000000+",
        "260131240000000+",
        "260131120000049+",
        "٢٦٠١٣١١٢٠٠٠٠٠٠٠+",
        "260131120000000+\n",
    ],
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(TimeFormatError):
        parse_time(text, NOW)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(
    text=st.text("0123456789+-R", max_size=17)
    | st.from_regex(r"[0-9]{15}[-+R]", fullmatch=True)
    | st.from_regex(r"[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|1[0-9])[0-9]{9}[-+R]", fullmatch=True)
)
def test_any_text_is_a_time_or_a_format_error(text: str) -> None:
    try:
        time = parse_time(text, NOW)
    except TimeFormatError:
        return
    assert time is None or 0 < time < 5e9


@settings(derandomize=True, max_examples=200, deadline=None)
@given(seconds=st.integers(1, 36_500 * 86_400 - 2 * 86_400), quarters=st.integers(-48, 48))
def test_a_written_time_is_read_back(seconds: int, quarters: int) -> None:
    offset = timezone(timedelta(minutes=quarters * 15))
    local = datetime(2000, 1, 2, tzinfo=offset) + timedelta(seconds=seconds)
    sign = "-" if quarters < 0 else "+"
    text = f"{local:%y%m%d%H%M%S}0{abs(quarters):02d}{sign}"
    assert parse_time(text, NOW) == local.timestamp()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "000000000000000R"),
        (59.9, "000000000059000R"),
        (93_784, "000001020304000R"),
        (1e9, "000099000000000R"),
    ],
)
def test_a_time_from_now_is_written_as_it_is_read(seconds: float, text: str) -> None:
    assert relative_time(seconds) == text
    assert parse_time(text, NOW) == NOW + min(int(seconds), 99 * 86_400)


def test_a_point_in_time_is_written_as_it_is_read() -> None:
    there = datetime(2026, 1, 31, 14, 0, 0, 250_000, timezone(timedelta(hours=2)))
    assert absolute_time(there) == "260131120000200+"
    assert parse_time(absolute_time(there), NOW) == at(2026, 1, 31, 12, 0, 0, 200_000)
    with pytest.raises(TimeFormatError, match="no zone"):
        absolute_time(datetime(2026, 1, 31))  # noqa: DTZ001 - that it has none is the test
