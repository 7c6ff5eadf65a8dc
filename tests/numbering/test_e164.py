import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecom.numbering.e164 import NumberError, country_of, is_e164, normalise


@pytest.mark.parametrize(
    ("number", "digits"),
    [
        ("447700900123", "447700900123"),
        ("+44 (7700) 900-123", "447700900123"),
        ("00447700900123", "447700900123"),
        ("+49.155.59123456", "4915559123456"),
        ("6281912345678", "6281912345678"),
    ],
)
def test_numbers_as_people_write_them(number: str, digits: str) -> None:
    assert normalise(number) == digits


@pytest.mark.parametrize(
    "number",
    [
        "",
        "+",
        "hello",
        "123456",
        "1234567890123456",
        "07700900123",
        "+0044770090",
        "44x700900123",
        "++447700900123",
        "٤٤٧٧٠٠٩٠٠١٢٣",
        "²²²²²²²²",
    ],
)
def test_what_is_no_number(number: str) -> None:
    with pytest.raises(NumberError):
        normalise(number)
    assert not is_e164(number)


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_none(text: str) -> None:
    try:
        digits = normalise(text)
    except NumberError:
        return
    assert is_e164(digits)


@pytest.mark.parametrize(
    ("msisdn", "country"),
    [
        ("447700900123", "GB"),
        ("4915559123456", "DE"),
        ("6281912345678", "ID"),
        ("38591000001", "HR"),
        ("77712345678", "KZ"),
        ("8821012345678", None),
        ("999999999", None),
        ("0", None),
    ],
)
def test_countries(msisdn: str, country: str | None) -> None:
    assert country_of(msisdn) == country
