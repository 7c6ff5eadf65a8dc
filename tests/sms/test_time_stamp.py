from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecom.sms.tpdu import TpduError
from telecom.sms.tpdu.time_stamp import decode_time_stamp, encode_time_stamp
from tests.sms.conftest import time_stamps


def at(quarters: int) -> datetime:
    return datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(minutes=15 * quarters)))


@pytest.mark.parametrize(
    ("moment", "octets"),
    [
        (at(0), "42102030405000"),
        (at(8), "42102030405080"),
        (at(-20), "4210203040500a"),
        (at(-3), "42102030405038"),
        (at(23), "42102030405032"),
        (at(79), "42102030405097"),
        (at(-79), "4210203040509f"),
        (datetime(2099, 12, 31, 23, 59, 58, tzinfo=UTC), "99211332958500"),
    ],
)
def test_time_stamps_as_on_the_wire(moment: datetime, octets: str) -> None:
    assert encode_time_stamp(moment).hex() == octets
    decoded = decode_time_stamp(bytes.fromhex(octets))
    assert (decoded, decoded.utcoffset()) == (moment, moment.utcoffset())


@given(time_stamps)
def test_round_trip(moment: datetime) -> None:
    decoded = decode_time_stamp(encode_time_stamp(moment))
    assert (decoded, decoded.utcoffset()) == (moment, moment.utcoffset())


@pytest.mark.parametrize("minutes", [7, 20 * 60, -23 * 60])
def test_a_zone_that_no_quarters_tell_is_told_in_utc(minutes: int) -> None:
    moment = datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(minutes=minutes)))
    decoded = decode_time_stamp(encode_time_stamp(moment))
    assert (decoded, decoded.utcoffset()) == (moment, timedelta(0))


@pytest.mark.parametrize(
    ("octets", "moment"),
    [
        ("00000000000000", datetime(2000, 1, 1, tzinfo=UTC)),
        ("ffffffffffff00", datetime(2000, 1, 1, tzinfo=UTC)),
        ("42203900000000", datetime(2024, 2, 29, tzinfo=UTC)),
        ("42319942959500", datetime(2024, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("4210a0000000ff", datetime(2024, 1, 1, tzinfo=timezone(-timedelta(hours=17, minutes=30)))),
    ],
)
def test_a_bad_clock_is_read_as_the_nearest_good_one(octets: str, moment: datetime) -> None:
    assert decode_time_stamp(bytes.fromhex(octets)) == moment


@given(st.binary(min_size=7, max_size=9))
def test_any_seven_octets_are_a_time(octets: bytes) -> None:
    decoded = decode_time_stamp(octets)
    assert decode_time_stamp(encode_time_stamp(decoded)) == decoded


def test_what_is_no_time_stamp() -> None:
    with pytest.raises(TpduError):
        decode_time_stamp(bytes(6))
    with pytest.raises(TpduError):
        encode_time_stamp(datetime(2024, 1, 1))  # noqa: DTZ001 - what is refused
