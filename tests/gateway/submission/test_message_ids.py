import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.gateway.access.account import IdFormat
from telecom.gateway.submission.message_ids import IdForms, read, written

HEXADECIMAL, DECIMAL = IdFormat.HEXADECIMAL, IdFormat.DECIMAL
OWN = "076b000001000000000c"


@pytest.mark.parametrize(
    ("form", "text"), [(HEXADECIMAL, OWN), (DECIMAL, "35030366997073950146572")]
)
def test_an_id_in_each_form(form: IdFormat, text: str) -> None:
    assert written(OWN, form) == text
    assert read(text.encode(), IdForms(form, form)) == (OWN,)


@pytest.mark.parametrize(
    ("octets", "forms", "ids"),
    [
        (OWN.upper().encode(), IdForms(), (OWN,)),
        (b"000" + OWN.encode(), IdForms(), (OWN,)),
        (OWN.lstrip("0").encode(), IdForms(), (OWN,)),
        (b"0" * 65, IdForms(), ("0" * 20,)),
        (b"", IdForms(), ()),
        (b"7", IdForms(), ("0" * 19 + "7",)),
        (b"hello", IdForms(), ()),
        (b"1" + OWN.encode(), IdForms(), ()),
        (b"\xff" * 20, IdForms(), ()),
        (b"\xb2" * 20, IdForms(DECIMAL, DECIMAL), ()),
        (b"9" * 64, IdForms(DECIMAL, DECIMAL), ()),
        (b"7", IdForms(DECIMAL, DECIMAL), ("0" * 19 + "7",)),
        (
            b"12345678901234567890",
            IdForms(HEXADECIMAL, DECIMAL),
            (
                "12345678901234567890",
                "0000ab54a98ceb1f0ad2",
            ),
        ),
        (
            b"12345678901234567890",
            IdForms(DECIMAL, HEXADECIMAL),
            (
                "0000ab54a98ceb1f0ad2",
                "12345678901234567890",
            ),
        ),
    ],
)
def test_what_an_esme_may_mean(octets: bytes, forms: IdForms, ids: tuple[str, ...]) -> None:
    assert read(octets, forms) == ids


@settings(derandomize=True, max_examples=200, deadline=None)
@given(octets=st.binary(max_size=64) | st.from_regex(rb"[0-9a-fA-F]{1,64}", fullmatch=True))
def test_any_octets_are_some_ids_or_none(octets: bytes) -> None:
    for response in IdFormat:
        for receipt in IdFormat:
            for message_id in read(octets, IdForms(response, receipt)):
                assert len(message_id) == 20
                assert int(message_id, 16) >= 0
                assert written(message_id, DECIMAL) == str(int(message_id, 16))
