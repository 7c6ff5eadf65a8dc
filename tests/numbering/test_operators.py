import msgspec
import pytest

from telecom.numbering.operators import Directory, Operator

ALBA = Operator(
    name="Alba",
    country="GB",
    mccmnc="23490",
    ranges=("4477009",),
    number_length=12,
    gt_prefix="447700800",
    hlr="447700800001",
    msc=("447700800002", "447700800003"),
    mnp_srf="447700800004",
    sms_router="447700800005",
)
BOREA = Operator(
    name="Borea",
    country="DE",
    mccmnc="26290",
    ranges=("4915559", "4915561"),
    number_length=12,
    gt_prefix="",
    hlr="4915559100",
    msc=("4915559000",),
)
DIRECTORY = Directory([ALBA, BOREA])


@pytest.mark.parametrize(
    ("msisdn", "operator"),
    [
        ("447700900123", ALBA),
        ("491555912345", BOREA),
        ("491556112345", BOREA),
        ("44770090012", None),
        ("4477009001234", None),
        ("447800900123", None),
        ("", None),
    ],
)
def test_range_holders(msisdn: str, operator: Operator | None) -> None:
    assert DIRECTORY.by_msisdn(msisdn) == operator


def test_imsis() -> None:
    assert DIRECTORY.by_imsi("234901234567890") == ALBA
    assert DIRECTORY.by_imsi("262901234567890") == BOREA
    assert DIRECTORY.by_imsi("510901234567890") is None


@pytest.mark.parametrize(
    ("digits", "operator"),
    [
        ("447700800002", ALBA),
        ("447700800099", ALBA),
        ("4915559000", BOREA),
        ("4915559", None),
        ("38591000001", None),
    ],
)
def test_owners_of_global_titles(digits: str, operator: Operator | None) -> None:
    assert DIRECTORY.by_gt(digits) == operator


def test_sms_routers() -> None:
    assert DIRECTORY.is_sms_router("447700800005")
    assert not DIRECTORY.is_sms_router("447700800002")
    assert not DIRECTORY.is_sms_router("")


def test_two_operators_cannot_hold_one_range() -> None:
    with pytest.raises(ValueError, match="4477009"):
        Directory([ALBA, Operator("Corvo", "GB", "23491", ("4477009",), 12, "", "1", ())])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ranges", ["4477009xxxxx"]),
        ("mccmnc", "2349"),
        ("number_length", 16),
        ("country", "Scotland"),
        ("hlr", ""),
        ("msc", ["+447700800002"]),
    ],
)
def test_a_file_says_where_it_is_wrong(key: str, value: object) -> None:
    written = msgspec.to_builtins(ALBA)
    assert msgspec.convert(written, Operator) == ALBA
    with pytest.raises(msgspec.ValidationError, match=key):
        msgspec.convert(written | {key: value}, Operator)
