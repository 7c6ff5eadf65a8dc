from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecom.smpp import tlvs
from telecom.smpp.codec import decode
from telecom.smpp.errors import PduError
from telecom.smpp.pdus import DataSm, DeliverSm
from telecom.smpp.receipts import ReceiptCorrelation, receipt_of
from telecom.smpp.tlvs import Tlv
from telecom.sms.receipt import DeliveryReceipt, MessageState
from tests.smpp.conftest import pdus, vector

TEXT = b"id:77 sub:001 dlvrd:001 stat:UNDELIV err:001"


def test_a_receipt_as_on_the_wire() -> None:
    pdu = decode(vector("deliver_sm-dlr"))
    assert isinstance(pdu, DeliverSm)
    found = receipt_of(pdu)
    assert found is not None
    assert (found.id, found.stat, found.err, found.text) == (
        "0123456789",
        MessageState.DELIVRD,
        "000",
        "Hello",
    )


def test_a_message_of_a_user_is_no_receipt_whatever_its_text() -> None:
    assert receipt_of(DeliverSm(short_message=TEXT)) is None
    assert receipt_of(DeliverSm(esm_class=0x08, short_message=TEXT)) is None
    assert receipt_of(DeliverSm(esm_class=0x04, short_message=b"hello")) is None


def test_parameters_go_before_the_text() -> None:
    parameters = (tlvs.RECEIPTED_MESSAGE_ID(b"99"), tlvs.MESSAGE_STATE(2))
    expected = DeliveryReceipt("99", MessageState.DELIVRD)
    found = receipt_of(DeliverSm(esm_class=0x04, short_message=TEXT, tlvs=parameters))
    assert found is not None
    assert (found.id, found.stat, found.err) == ("99", MessageState.DELIVRD, "001")
    assert receipt_of(DeliverSm(esm_class=0x04, tlvs=parameters)) == expected
    assert receipt_of(DataSm(esm_class=0x20, tlvs=parameters)) == expected


def test_a_strange_state_and_a_receipt_in_ucs2() -> None:
    vendor = DeliverSm(esm_class=0x04, short_message=TEXT, tlvs=(tlvs.MESSAGE_STATE(9),))
    assert getattr(receipt_of(vendor), "stat", None) is MessageState.UNDELIV
    ucs2 = TEXT.decode().encode("utf-16-be")
    wide = receipt_of(DeliverSm(esm_class=0x04, data_coding=8, short_message=ucs2))
    assert getattr(wide, "id", None) == "77"
    odd = DeliverSm(esm_class=0x04, data_coding=8, short_message=ucs2[:-1])
    assert receipt_of(odd) is None


def test_a_broken_parameter() -> None:
    with pytest.raises(PduError):
        receipt_of(DeliverSm(esm_class=0x04, tlvs=(Tlv(0x0427, b""),)))


@given(pdus(DeliverSm, DataSm))
def test_fuzz(pdu: DeliverSm | DataSm) -> None:
    with suppress(PduError):
        receipt_of(pdu)


def delivered(message_id: str, state: MessageState = MessageState.DELIVRD) -> DeliveryReceipt:
    return DeliveryReceipt(message_id, state)


@pytest.fixture
def forgotten() -> list[str]:
    return []


@pytest.fixture
def correlation(forgotten: list[str]) -> ReceiptCorrelation[str, str]:
    return ReceiptCorrelation(forgotten=forgotten.append, limit=3)


Correlation = ReceiptCorrelation[str, str]


def test_response_then_receipt(correlation: Correlation) -> None:
    assert correlation.answered(correlation.submitted(), "1", "anna") == []
    assert correlation.received("dlr", delivered("1")) == [("dlr", "anna")]
    assert correlation.received("again", delivered("1")) == [("again", None)]


def test_a_passing_state_is_not_the_last(correlation: Correlation) -> None:
    correlation.answered(correlation.submitted(), "1", "anna")
    enroute = delivered("1", MessageState.ENROUTE)
    assert correlation.received("first", enroute) == [("first", "anna")]
    assert correlation.received("second", delivered("1")) == [("second", "anna")]


def test_a_receipt_that_overtakes_the_response(correlation: Correlation) -> None:
    first, second = correlation.submitted(), correlation.submitted()
    assert correlation.received("dlr", delivered("2")) == []
    assert correlation.answered(first, "1", "anna") == []
    assert correlation.answered(second, "2", "bert") == [("dlr", "bert")]


def test_a_receipt_for_nothing_of_ours_is_not_held_for_ever(correlation: Correlation) -> None:
    assert correlation.received("none", delivered("9")) == [("none", None)]
    first = correlation.submitted()
    assert correlation.received("held", delivered("9")) == []
    later = correlation.submitted()
    assert correlation.answered(first) == [("held", None)]
    assert correlation.answered(later, "1", "anna") == []


def test_only_so_many_are_held_and_wait(correlation: Correlation, forgotten: list[str]) -> None:
    tickets = [correlation.submitted() for _ in range(5)]
    held = [correlation.received(str(number), delivered("9")) for number in range(4)]
    assert held == [[], [], [], [("3", None)]]
    for number, ticket in enumerate(tickets):
        correlation.answered(ticket, f"id{number}", f"waits {number}")
    assert forgotten == ["waits 0", "waits 1"]
    correlation.forget_all()
    assert forgotten == [f"waits {number}" for number in range(5)]
    assert correlation.received("late", delivered("id4")) == [("late", None)]


@pytest.mark.parametrize(
    ("answered", "receipted"),
    [
        ("255", "FF"),
        ("ff", "255"),
        ("00123", "123"),
        ("123", "00123"),
        ("aB", "Ab"),
        ("x-1", "X-1"),
    ],
)
def test_ids_that_peers_write_in_two_ways(
    correlation: Correlation, answered: str, receipted: str
) -> None:
    correlation.answered(correlation.submitted(), answered, "anna")
    assert correlation.received("dlr", delivered(receipted)) == [("dlr", "anna")]


def test_the_very_id_goes_before_one_that_means_the_same(correlation: Correlation) -> None:
    correlation.answered(correlation.submitted(), "10", "anna")
    correlation.answered(correlation.submitted(), "010", "bert")
    assert correlation.received("b", delivered("010")) == [("b", "bert")]
    assert correlation.received("a", delivered("10")) == [("a", "anna")]


def test_of_two_that_may_be_meant_neither_has_the_receipt(correlation: Correlation) -> None:
    correlation.answered(correlation.submitted(), "010", "anna")
    correlation.answered(correlation.submitted(), "0010", "bert")
    assert correlation.received("one of them", delivered("10")) == [("one of them", None)]
    assert correlation.received("a", delivered("010")) == [("a", "anna")]
    assert correlation.received("b", delivered("10")) == [("b", "bert")]


def test_the_number_tells_which_is_meant(correlation: Correlation) -> None:
    correlation.answered(correlation.submitted(), "010", "anna", destination="447700900001")
    correlation.answered(correlation.submitted(), "0010", "bert", destination="447700900002")
    source = "+447700900002"
    assert correlation.received("b", delivered("10"), source=source) == [("b", "bert")]


def test_a_base_that_has_been_right_goes_before_the_very_id(correlation: Correlation) -> None:
    """The SMSC answers in hexadecimal, and writes receipts in decimal."""
    correlation.answered(correlation.submitted(), "ff", "anna")
    assert correlation.received("a", delivered("255")) == [("a", "anna")]
    correlation.answered(correlation.submitted(), "10", "bert")
    correlation.answered(correlation.submitted(), "16", "carl")
    assert correlation.received("b", delivered("16")) == [("b", "bert")]
    assert correlation.received("unknown", delivered("11")) == [("unknown", None)]
    assert correlation.received("c", delivered("22")) == [("c", "carl")]


def test_a_forgotten_message_gives_its_receipt_to_no_other(correlation: Correlation) -> None:
    """22 is 0x16, and the SMSC has written the same ids in both places so far."""
    correlation.answered(correlation.submitted(), "21", "anna")
    assert correlation.received("a", delivered("21")) == [("a", "anna")]
    correlation.answered(correlation.submitted(), "22", "bert")
    assert correlation.received("of another", delivered("16")) == [("of another", None)]
    numbers = {"destination": "447700900001"}
    correlation.answered(correlation.submitted(), "51", "carl", **numbers)
    assert correlation.received("c", delivered("33"), source=numbers["destination"]) == [
        ("c", "carl")
    ]


def test_one_id_for_several_messages(correlation: Correlation) -> None:
    for name in ("anna", "bert"):
        correlation.answered(correlation.submitted(), "7", name)
    assert correlation.received("first", delivered("7")) == [("first", "anna")]
    assert correlation.received("second", delivered("7")) == [("second", "bert")]


def test_ids_that_are_all_alike_do_not_pile_up(forgotten: list[str]) -> None:
    correlation: Correlation = ReceiptCorrelation(forgotten=forgotten.append)
    for number in range(300):
        correlation.answered(correlation.submitted(), "0", f"waits {number}")
    assert forgotten == [f"waits {number}" for number in range(300 - 256)]
    correlation.submitted()
    held = [correlation.received("held", delivered("9")) for _ in range(300)]
    assert held.count([]) == 256


def test_without_an_id_it_is_nobodys(correlation: Correlation) -> None:
    correlation.answered(correlation.submitted(), "", "anna")
    assert correlation.received("none", delivered("")) == [("none", None)]


def same(number: int) -> str:
    return str(number)


def hexadecimal(number: int) -> str:
    return f"{number:X}"


def padded(number: int) -> str:
    return f"{number:010d}"


WRITERS = [same, hexadecimal, padded]


@given(
    st.sampled_from(WRITERS),
    st.sampled_from(WRITERS),
    st.lists(st.integers(1, 60), unique=True, max_size=30),
    st.randoms(use_true_random=False),
)
def test_no_message_has_the_receipt_of_another(
    answers: Any, receipts: Any, numbers: list[int], chance: Any
) -> None:
    """However an SMSC writes its ids, with messages to as many numbers."""
    correlation: ReceiptCorrelation[int, int] = ReceiptCorrelation(forgotten=lambda _: None)
    for number in numbers:
        destination = f"4477009000{number:02d}"
        correlation.answered(
            correlation.submitted(), answers(number), number, destination=destination
        )
    chance.shuffle(numbers)
    for number in numbers:
        told = delivered(receipts(number))
        source = f"4477009000{number:02d}"
        assert correlation.received(number, told, source=source) == [(number, number)]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=30))
def test_every_delivery_comes_out_once(steps: list[tuple[bool, int]]) -> None:
    correlation: ReceiptCorrelation[int, int] = ReceiptCorrelation(forgotten=lambda _: None)
    tickets = {}
    came_out = []
    for number, (is_receipt, message_id) in enumerate(steps):
        if is_receipt:
            came_out += correlation.received(number, delivered(str(message_id)))
        elif message_id in tickets:
            came_out += correlation.answered(tickets.pop(message_id), str(message_id), message_id)
        else:
            tickets[message_id] = correlation.submitted()
    for message_id, ticket in tickets.items():
        came_out += correlation.answered(ticket, str(message_id), message_id)
    deliveries = [number for number, (is_receipt, _) in enumerate(steps) if is_receipt]
    assert sorted(delivery for delivery, _ in came_out) == deliveries
    assert all(waiting in (None, steps[delivery][1]) for delivery, waiting in came_out)
