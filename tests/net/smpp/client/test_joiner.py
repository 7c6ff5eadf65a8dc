from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecom.net.smpp.client.joiner import Joiner
from telecom.net.smpp.client.message import Delivery, Part
from telecom.smpp import tlvs
from telecom.smpp.errors import LocalError
from telecom.smpp.pdus import DeliverSm, Pdu
from telecom.smpp.short_message import content, user_data_of
from telecom.smpp.status import CommandStatus as Status
from telecom.sms.segmentation import split

TEXT = "a long message, " * 20
OK = Status.ESME_ROK


class Link:
    """It remembers what is answered."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, int]] = []

    def respond(self, request: Pdu, response: Pdu) -> None:
        self.answers.append((request.sequence_number, response.command_status))


class End:
    def __init__(self) -> None:
        self.link = Link()
        self.handed_over: list[Delivery] = []
        self.joiner = Joiner(self.handed_over.append)

    def receive(self, request: DeliverSm, now: float) -> Part:
        part = Part(self.link, request)  # type: ignore[arg-type]
        user_data = user_data_of(request)
        assert user_data.concatenation is not None
        self.joiner.add(part, user_data, user_data.concatenation, now)
        return part

    def texts(self) -> list[str]:
        return [delivery.text for delivery in self.handed_over]


@pytest.fixture
def end() -> End:
    return End()


def parts(text: str = TEXT, reference: int = 7, *, wide: bool = False) -> list[DeliverSm]:
    return [
        DeliverSm(source_addr=b"447700900123", sequence_number=number, **content(part))
        for number, part in enumerate(split(text, reference, wide=wide), 1)
    ]


def sar_parts() -> list[DeliverSm]:
    pieces = [TEXT[:100], TEXT[100:200], TEXT[200:]]
    return [
        DeliverSm(
            source_addr=b"447700900123",
            sequence_number=number,
            short_message=piece.encode(),
            tlvs=(
                tlvs.SAR_MSG_REF_NUM(300),
                tlvs.SAR_TOTAL_SEGMENTS(3),
                tlvs.SAR_SEGMENT_SEQNUM(number),
            ),
        )
        for number, piece in enumerate(pieces, 1)
    ]


@pytest.mark.parametrize("pdus", [parts(), parts(wide=True), sar_parts()])
def test_a_message_is_whole_and_accepting_it_answers_all_parts(
    end: End, pdus: list[DeliverSm]
) -> None:
    assert len(pdus) == 3
    for index in (1, 2, 0):
        assert end.handed_over == []
        end.receive(pdus[index], now=0.0)
    (delivery,) = end.handed_over
    assert delivery.text == TEXT
    assert delivery.requests == pdus
    assert end.link.answers == []
    end.joiner.handle_timer(now=100.0)
    assert end.link.answers == []
    delivery.answer(OK)
    assert end.link.answers == [(1, OK), (2, OK), (3, OK)]
    with pytest.raises(LocalError):
        delivery.answer(OK)


def test_an_smsc_that_sends_one_part_after_the_other(end: End) -> None:
    """Its window is 1: each part is accepted after a while, so that the next one comes."""
    first, second, third = parts()
    end.receive(first, now=0.0)
    assert end.joiner.next_timer() == 1.0
    end.joiner.handle_timer(now=1.0)
    end.receive(second, now=1.5)
    end.joiner.handle_timer(now=2.0)
    assert end.link.answers == [(1, OK)]
    end.joiner.handle_timer(now=2.5)
    assert end.link.answers == [(1, OK), (2, OK)]
    end.receive(third, now=3.0)
    assert end.texts() == [TEXT]
    end.handed_over[0].answer(OK)
    assert end.link.answers == [(1, OK), (2, OK), (3, OK)]


def test_a_rejected_message_is_whole_again_when_the_smsc_sends_the_rest_again(end: End) -> None:
    first, second, third = parts()
    end.receive(first, now=0.0)
    end.joiner.handle_timer(now=1.0)
    end.receive(second, now=1.0)
    end.receive(third, now=1.0)
    assert end.handed_over[0].is_kept_by_smsc
    end.handed_over[0].answer(Status.ESME_RX_T_APPN)
    appn = Status.ESME_RX_T_APPN
    assert end.link.answers == [(1, OK), (2, appn), (3, appn)]
    for pdu in (third, second):
        end.receive(pdu, now=2.0)
    assert end.texts() == [TEXT, TEXT]
    end.handed_over[1].answer(OK)
    assert end.link.answers[3:] == [(2, OK), (3, OK)]


def test_what_does_not_become_whole_is_handed_over_in_parts(end: End) -> None:
    first, second, _ = parts()
    end.receive(first, now=0.0)
    end.joiner.handle_timer(now=1.0)
    end.receive(second, now=599.5)
    end.joiner.handle_timer(now=600.0)
    assert end.texts() == [user_data_of(first).text, user_data_of(second).text]
    kept = [delivery.is_kept_by_smsc for delivery in end.handed_over]
    assert kept == [False, True]
    end.joiner.handle_timer(now=700.0)
    assert end.link.answers == [(1, OK)]
    for delivery in end.handed_over:
        delivery.answer(OK)
    assert end.link.answers == [(1, OK), (2, OK)]
    assert end.joiner.next_timer() is None


def test_a_part_that_comes_again_answers_the_first_one(end: End) -> None:
    first, second, third = parts()
    again = DeliverSm(
        source_addr=b"447700900123", sequence_number=9, **content(user_data_of(first))
    )
    for pdu in (first, again, second, third):
        end.receive(pdu, now=0.0)
    (delivery,) = end.handed_over
    assert delivery.requests == [again, second, third]
    delivery.answer(OK)
    assert sorted(end.link.answers) == [(1, OK), (2, OK), (3, OK), (9, OK)]


def test_a_reference_that_is_in_use_again(end: End) -> None:
    old, new = parts("old " * 100), parts("new " * 100)
    end.receive(old[0], now=0.0)
    for pdu in new:
        end.receive(pdu, now=0.0)
    assert end.texts() == [user_data_of(old[0]).text, "new " * 100]


def test_the_end_hands_over_what_there_is(end: End) -> None:
    first, second, _ = parts()
    end.receive(second, now=0.0)
    end.receive(first, now=0.0)
    end.joiner.end()
    assert end.texts() == [user_data_of(first).text, user_data_of(second).text]


def test_too_many_parts_are_handed_over_as_they_are(end: End, monkeypatch: Any) -> None:
    monkeypatch.setattr("telecom.net.smpp.client.joiner._MAX_PARTS", 3)
    end = End()
    for reference in range(3):
        for pdu in parts(reference=reference)[:2]:
            end.receive(pdu, now=0.0)
    assert len(end.handed_over) == 4
    end.joiner.end()
    assert len(end.handed_over) == 6


def test_a_message_of_too_many_parts_is_handed_over_as_it_comes(monkeypatch: Any) -> None:
    monkeypatch.setattr("telecom.net.smpp.client.joiner._MAX_PARTS", 1)
    end = End()
    for pdu in parts():
        end.receive(pdu, now=0.0)
    end.joiner.end()
    assert "".join(end.texts()) == TEXT


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 2), st.sampled_from([0.0, 0.6, 300.0])),
        max_size=25,
    )
)
def test_every_part_is_handed_over_or_joined_and_answered_once(
    steps: list[tuple[int, int, float]],
) -> None:
    """Whatever comes in whatever order: in the end nothing is kept, and all has one answer."""
    end = End()
    now = 0.0
    number = 0
    messages = [parts(f"{reference} " * 150, reference) for reference in range(3)]
    for reference, index, delay in steps:
        now += delay
        end.joiner.handle_timer(now)
        number += 1
        carried = content(user_data_of(messages[reference][index % len(messages[reference])]))
        request = DeliverSm(source_addr=b"1", sequence_number=number, **carried)
        end.receive(request, now)
    end.joiner.end()
    for delivery in end.handed_over:
        delivery.answer(OK)
    assert sorted(sequence for sequence, _ in end.link.answers) == list(range(1, number + 1))
