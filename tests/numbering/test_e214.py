import pytest

from telecom.numbering.e214 import MobileGlobalTitles

TITLES = MobileGlobalTitles({"23490": "447700", "310150": "1212555", "2629": "49155"})


@pytest.mark.parametrize(
    ("imsi", "title"),
    [
        ("234901234567890", "447700123456789"),
        ("31015012345678", "121255512345678"),
        ("310150123456789", "121255512345678"),
        ("26291234", "491551234"),
        ("510901234567890", None),
        ("", None),
    ],
)
def test_mobile_global_titles(imsi: str, title: str | None) -> None:
    assert TITLES.of_imsi(imsi) == title
