from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecom.sms.tpdu import EnhancedFormat, EnhancedValidityPeriod, TpduError, ValidityPeriod
from telecom.sms.tpdu.validity import (
    encode_validity_period,
    read_validity_period,
    validity_period_format,
)
from telecom.wire import Reader, WireError
from tests.sms.conftest import validity_periods

ENHANCED, RELATIVE, ABSOLUTE = 1, 2, 3


def enhanced(kind: EnhancedFormat, *, single_shot: bool = False, **period: int) -> ValidityPeriod:
    return EnhancedValidityPeriod(kind, timedelta(**period), single_shot)


@pytest.mark.parametrize(
    ("period", "vpf", "octets"),
    [
        (None, 0, ""),
        (timedelta(minutes=5), RELATIVE, "00"),
        (timedelta(hours=12), RELATIVE, "8f"),
        (timedelta(hours=12, minutes=30), RELATIVE, "90"),
        (timedelta(hours=24), RELATIVE, "a7"),
        (timedelta(days=2), RELATIVE, "a8"),
        (timedelta(days=30), RELATIVE, "c4"),
        (timedelta(weeks=5), RELATIVE, "c5"),
        (timedelta(weeks=63), RELATIVE, "ff"),
        (datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), ABSOLUTE, "42102030405000"),
        (enhanced(EnhancedFormat.NOT_PRESENT), ENHANCED, "00000000000000"),
        (enhanced(EnhancedFormat.NOT_PRESENT, single_shot=True), ENHANCED, "40000000000000"),
        (enhanced(EnhancedFormat.RELATIVE, hours=24), ENHANCED, "01a70000000000"),
        (enhanced(EnhancedFormat.SECONDS, seconds=255), ENHANCED, "02ff0000000000"),
        (
            enhanced(EnhancedFormat.CLOCK, single_shot=True, hours=12, minutes=34, seconds=56),
            ENHANCED,
            "43214365000000",
        ),
    ],
)
def test_periods_as_on_the_wire(period: ValidityPeriod | None, vpf: int, octets: str) -> None:
    assert validity_period_format(period) == vpf
    assert encode_validity_period(period).hex() == octets
    assert read_validity_period(Reader(bytes.fromhex(octets)), vpf) == period


@given(validity_periods)
def test_round_trip(period: ValidityPeriod | None) -> None:
    reader = Reader(encode_validity_period(period))
    assert read_validity_period(reader, validity_period_format(period)) == period
    assert reader.remaining == 0


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (timedelta(0), timedelta(minutes=5)),
        (timedelta(seconds=-1), timedelta(minutes=5)),
        (timedelta(minutes=5, seconds=1), timedelta(minutes=10)),
        (timedelta(hours=25), timedelta(days=2)),
        (timedelta(days=31), timedelta(weeks=5)),
        (timedelta(weeks=100), timedelta(weeks=63)),
    ],
)
def test_a_relative_period_is_rounded_up(asked: timedelta, told: timedelta) -> None:
    reader = Reader(encode_validity_period(asked))
    assert read_validity_period(reader, RELATIVE) == told


@pytest.mark.parametrize(
    "period",
    [
        enhanced(EnhancedFormat.SECONDS),
        enhanced(EnhancedFormat.SECONDS, seconds=256),
        enhanced(EnhancedFormat.CLOCK, hours=100),
        enhanced(EnhancedFormat.CLOCK, seconds=-1),
        datetime(2024, 1, 1),  # noqa: DTZ001 - what is refused
    ],
)
def test_periods_without_a_coding(period: ValidityPeriod) -> None:
    with pytest.raises(TpduError):
        encode_validity_period(period)


def test_a_reserved_format_tells_no_period() -> None:
    reader = Reader(bytes.fromhex("47ffffffffffff"))
    assert read_validity_period(reader, ENHANCED) == EnhancedValidityPeriod(single_shot=True)


@given(st.binary(max_size=8), st.integers(0, 3))
def test_decodes_or_raises_its_own_error(octets: bytes, vpf: int) -> None:
    try:
        period = read_validity_period(Reader(octets), vpf)
    except WireError:
        return
    validity_period_format(period)
