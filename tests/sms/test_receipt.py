from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecom.sms.receipt import DeliveryReceipt, MessageState, ReceiptError, encode, parse

RECEIPT = DeliveryReceipt(
    id="0a00001f00000001",
    stat=MessageState.DELIVRD,
    submitted=1,
    delivered=1,
    submit_date=datetime(2026, 11, 22, 13, 4, tzinfo=UTC),
    done_date=datetime(2026, 11, 22, 13, 5, tzinfo=UTC),
    err="000",
    text="hello",
)
TEXT = (
    b"id:0a00001f00000001 sub:001 dlvrd:001 submit date:2611221304 done date:2611221305"
    b" stat:DELIVRD err:000 text:hello"
)


def test_a_receipt_as_on_the_wire() -> None:
    assert encode(RECEIPT) == TEXT
    assert parse(TEXT) == RECEIPT
    assert parse(TEXT.decode()) == RECEIPT


def test_what_is_missing_is_written_as_zeros() -> None:
    assert encode(DeliveryReceipt("1", MessageState.EXPIRED)) == (
        b"id:1 sub:000 dlvrd:000 submit date:0000000000 done date:0000000000"
        b" stat:EXPIRED err:000 text:"
    )


def test_what_is_written_is_short_and_ascii_and_in_utc() -> None:
    receipt = DeliveryReceipt(
        "1",
        done_date=datetime(2026, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=2))),
        text="Привет, this is longer than the twenty characters",
    )
    assert b"done date:2512312330 " in encode(receipt)
    assert encode(receipt).endswith(b"text:??????, this is long")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id:007 stat:DELIVRD", DeliveryReceipt("007", MessageState.DELIVRD)),
        ("ID: 7 STAT: undeliv ERR:00A", DeliveryReceipt("7", MessageState.UNDELIV, err="00A")),
        ("stat:EXPIRED err:5 id:0x1F", DeliveryReceipt("0x1F", MessageState.EXPIRED, err="5")),
        ("stat:REJECTD", DeliveryReceipt("", MessageState.REJECTD)),
        ("id:1, stat:DELIVERED;", DeliveryReceipt("1", MessageState.DELIVRD)),
        ("id:1 stat:UNDELIVERABLE", DeliveryReceipt("1", MessageState.UNDELIV)),
        ("id:1 stat:REJECTED", DeliveryReceipt("1", MessageState.REJECTD)),
        ("id:1 stat:ACCEPTED", DeliveryReceipt("1", MessageState.ACCEPTD)),
        ("id:1 stat:EN_ROUTE", DeliveryReceipt("1")),
        ("id:1 stat:", DeliveryReceipt("1")),
        ("id:1 sub:x dlvrd:", DeliveryReceipt("1")),
        ("id:1\0", DeliveryReceipt("1")),
        ("id:1 text:your id:5 stat:x", DeliveryReceipt("1", text="your id:5")),
        (
            "id:1 stat:DELIVRD text:your id:5 stat:x",
            DeliveryReceipt("1", MessageState.DELIVRD, text="your id:5 stat:x"),
        ),
        (
            "Text:first id:1 stat:DELIVRD",
            DeliveryReceipt("1", MessageState.DELIVRD, text="first"),
        ),
        ("mid:3 id:4", DeliveryReceipt("4")),
        ("id:1 submit date:26112213 done date:2613010000", DeliveryReceipt("1")),
        (
            "id:1 submitdate:261122130455 DONE_DATE:20261122130501",
            DeliveryReceipt(
                "1",
                submit_date=datetime(2026, 11, 22, 13, 4, 55, tzinfo=UTC),
                done_date=datetime(2026, 11, 22, 13, 5, 1, tzinfo=UTC),
            ),
        ),
    ],
)
def test_receipts_as_they_are_met(text: str, expected: DeliveryReceipt) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize("text", ["", "hello", "text:hello err:000", "identity:5"])
def test_no_receipt(text: str) -> None:
    with pytest.raises(ReceiptError):
        parse(text)


dates = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 - the zone is added
    datetime(2099, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda date: date.replace(second=0, microsecond=0))


@given(
    st.builds(
        DeliveryReceipt,
        id=st.text(alphabet="0123456789abcdefABCDEF-", min_size=1, max_size=64),
        stat=st.sampled_from(MessageState),
        submitted=st.integers(0, 999),
        delivered=st.integers(0, 999),
        submit_date=dates,
        done_date=dates,
        err=st.text(alphabet="0123456789ABC", min_size=3, max_size=3),
        text=st.text(alphabet="abc :idstat", max_size=20).map(str.strip),
    )
)
def test_round_trip(receipt: DeliveryReceipt) -> None:
    assert parse(encode(receipt)) == receipt


@given(
    st.one_of(
        st.binary(),
        st.lists(
            st.sampled_from(
                ["id:", "STAT:", "text:", "err:", "submit date:", "2611221304", " ", "x", "²"]
            )
        ).map("".join),
    )
)
def test_decodes_or_raises_its_own_error(text: bytes | str) -> None:
    try:
        encode(parse(text))
    except ReceiptError:
        return
