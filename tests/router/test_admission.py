from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecom.router.admission import (
    Admitted,
    Refusal,
    Revised,
    Revision,
    Submission,
    Terms,
    admit,
    revise,
)
from telecom.router.routes import CallingGt, Route, Routes
from telecom.sms.address import Address, TypeOfNumber
from telecom.sms.alphabets import Alphabet
from telecom.sms.user_data import Concatenation, UserData

NOW = datetime(2026, 11, 22, 13, tzinfo=UTC).timestamp()
DAY = 86_400
ALBA = Route("alba", ("4477009",), operator="Alba", calling_gts=(CallingGt("38591000001"),))
ROUTES = Routes([ALBA])
HELLO = UserData(Alphabet.GSM7, b"hello")
ANYTHING = Terms()
BRAND = Address.alphanumeric("Brand")


def submission(**fields: Any) -> Submission:
    given = {
        "service": "sms-mt",
        "source": BRAND,
        "destination": Address("447700900123"),
        "user_data": HELLO,
    }
    return Submission(**{**given, **fields})


def outcome(*, terms: Terms = ANYTHING, reference: int = 7, **fields: Any) -> Admitted | Refusal:
    return admit(submission(**fields), terms, routes=ROUTES, now=NOW, reference=reference)


def admitted(**fields: Any) -> Admitted:
    found = outcome(**fields)
    assert isinstance(found, Admitted)
    return found


def test_a_plain_message() -> None:
    assert admitted() == Admitted(ALBA, BRAND, "447700900123", (HELLO,), NOW + DAY, None)


class TestAccount:
    def test_an_inactive_one_sends_nothing(self) -> None:
        assert outcome(terms=Terms(active=False)) is Refusal.ACCOUNT_INACTIVE

    def test_only_its_services(self) -> None:
        terms = Terms(services=frozenset({"number-lookup"}))
        assert outcome(terms=terms) is Refusal.SERVICE_NOT_ALLOWED
        assert outcome(terms=Terms(services=frozenset({"sms-mt"}))) == admitted()

    def test_only_its_sources(self) -> None:
        terms = Terms(sources=frozenset({"38591000100", "Brand"}))
        assert admitted(terms=terms).source == BRAND
        assert admitted(terms=terms, source=Address("+38591000100")).source.digits == "38591000100"
        assert outcome(terms=terms, source=Address.alphanumeric("Bank")) is Refusal.INVALID_SOURCE


class TestDestination:
    @pytest.mark.parametrize(
        "address",
        [
            Address("447700900123", ton=0, npi=0),
            Address("+447700900123", ton=1, npi=1),
            Address("447700900123", ton=1, npi=0),
        ],
    )
    def test_international(self, address: Address) -> None:
        assert admitted(destination=address).destination == "447700900123"

    @pytest.mark.parametrize(
        "address",
        [
            Address(""),
            Address("hello"),
            Address("447"),
            Address("0447700900123"),
            Address("44770090012345678"),
            Address("447700900123", ton=TypeOfNumber.NATIONAL),
            Address("447700900123", ton=TypeOfNumber.ALPHANUMERIC),
            Address("٤٤٧٧٠٠٩٠٠١٢٣"),
        ],
    )
    def test_what_is_none(self, address: Address) -> None:
        assert outcome(destination=address) is Refusal.INVALID_DESTINATION

    def test_no_route(self) -> None:
        assert outcome(destination=Address("447800900123")) is Refusal.NO_ROUTE


class TestSource:
    @pytest.mark.parametrize(
        "address",
        [
            Address("12345", ton=TypeOfNumber.ABBREVIATED, npi=0),
            Address("38591000100", ton=0, npi=0),
            Address.alphanumeric("a"),
            Address.alphanumeric("ABC def 123"),
        ],
    )
    def test_numbers_codes_and_names(self, address: Address) -> None:
        assert admitted(source=address).source == address

    @pytest.mark.parametrize(
        "address",
        [
            Address(""),
            Address("+"),
            Address("12*45"),
            Address("²³"),
            Address("1" * 21),
            Address("12345", ton=9),
            Address.alphanumeric(""),
            Address.alphanumeric("ABCDEFGHIJKL"),
            Address.alphanumeric("日本"),
        ],
    )
    def test_what_no_handset_could_show(self, address: Address) -> None:
        assert outcome(source=address) is Refusal.INVALID_SOURCE


class TestContent:
    def test_a_long_message_has_parts(self) -> None:
        parts = admitted(user_data=UserData(Alphabet.GSM7, b"x" * 400), reference=7).segments
        assert [part.concatenation for part in parts] == [
            Concatenation(7, 3, sequence) for sequence in (1, 2, 3)
        ]

    def test_a_large_reference_is_of_16_bits(self) -> None:
        parts = admitted(user_data=UserData(Alphabet.UCS2, b"\0x" * 71), reference=300).segments
        assert parts[0].concatenation == Concatenation(300, 2, 1, bits16=True)

    @pytest.mark.parametrize(
        "user_data",
        [
            UserData(Alphabet.GSM7, b""),
            UserData(Alphabet.GSM7, b"x" * (153 * 16 + 1)),
            UserData(Alphabet.OCTETS, b"x" * 100_000),
            UserData(Alphabet.OCTETS, b"x" * 200, (Concatenation(1, 2, 1).element(),)),
        ],
    )
    def test_none_or_too_much(self, user_data: UserData) -> None:
        assert outcome(user_data=user_data) is Refusal.INVALID_MESSAGE_LENGTH


class TestTimes:
    def test_validity(self) -> None:
        assert admitted(validity_period="000000010000000R").expires_at == NOW + 3600
        assert admitted(validity_period="261123130000000+").expires_at == NOW + DAY

    def test_a_validity_beyond_the_longest_is_cut(self) -> None:
        assert admitted(validity_period="010000000000000R").expires_at == NOW + 7 * DAY

    @pytest.mark.parametrize("text", ["soon", "261122130000000+", "000000000000000R"])
    def test_a_validity_that_is_none_or_over(self, text: str) -> None:
        assert outcome(validity_period=text) is Refusal.INVALID_VALIDITY

    def test_a_schedule_moves_the_validity(self) -> None:
        found = admitted(schedule_delivery_time="000001000000000R")
        assert (found.schedule_at, found.expires_at) == (NOW + DAY, NOW + 2 * DAY)

    def test_a_validity_counts_from_now(self) -> None:
        both = {"schedule_delivery_time": "000001000000000R", "validity_period": "000002000000000R"}
        assert admitted(**both).expires_at == NOW + 2 * DAY
        both["validity_period"] = both["schedule_delivery_time"]
        assert outcome(**both) is Refusal.INVALID_VALIDITY

    def test_a_schedule_in_the_past_is_now(self) -> None:
        found = admitted(schedule_delivery_time="261122120000000+")
        assert (found.schedule_at, found.expires_at) == (None, NOW + DAY)

    @pytest.mark.parametrize("text", ["soon", "000008000000000R"])
    def test_a_schedule_that_is_none_or_too_far(self, text: str) -> None:
        assert outcome(schedule_delivery_time=text) is Refusal.INVALID_SCHEDULE


@settings(derandomize=True, max_examples=200, deadline=None)
@given(
    source=st.builds(Address, st.text(max_size=22), st.integers(0, 255), st.integers(0, 255)),
    destination=st.builds(Address, st.text(max_size=22), st.integers(0, 255), st.integers(0, 255)),
    payload=st.binary(max_size=300),
    validity=st.text(max_size=17),
)
def test_whatever_is_submitted_is_taken_or_refused(
    source: Address, destination: Address, payload: bytes, validity: str
) -> None:
    for target in (destination, Address("447700900123")):
        found = outcome(
            source=source,
            destination=target,
            user_data=UserData(Alphabet.OCTETS, payload),
            validity_period=validity,
        )
        assert isinstance(found, Admitted | Refusal)


def revised(**fields: Any) -> Revised | Refusal:
    times = {"schedule_at": None, "expires_at": NOW + DAY} | {
        name: fields.pop(name) for name in ("schedule_at", "expires_at") if name in fields
    }
    return revise(Revision(HELLO, **fields), ANYTHING, now=NOW, reference=7, **times)


class TestRevision:
    def test_what_is_not_said_stays(self) -> None:
        assert revised(schedule_at=NOW + 60) == Revised((HELLO,), NOW + DAY, NOW + 60)
        assert revised(schedule_at=NOW - 60) == Revised((HELLO,), NOW + DAY, NOW - 60)

    def test_a_schedule_alone(self) -> None:
        text = "000000010000000R"
        assert revised(schedule_delivery_time=text) == Revised((HELLO,), NOW + DAY, NOW + 3600)
        past = revised(schedule_delivery_time="200101000000000+", schedule_at=NOW + 60)
        assert past == Revised((HELLO,), NOW + DAY, None)

    def test_a_validity_alone(self) -> None:
        assert revised(validity_period="000000010000000R") == Revised((HELLO,), NOW + 3600, None)
        longest = revised(validity_period="010000000000000R", schedule_at=NOW + 60)
        assert longest == Revised((HELLO,), NOW + 60 + 7 * DAY, NOW + 60)

    def test_a_validity_that_ends_before_the_schedule(self) -> None:
        late = {"schedule_at": NOW + 7200}
        assert revised(validity_period="000000010000000R", **late) is Refusal.INVALID_VALIDITY

    def test_a_schedule_behind_the_validity(self) -> None:
        text = "000002000000000R"
        assert revised(schedule_delivery_time=text) is Refusal.INVALID_SCHEDULE
        both = revised(schedule_delivery_time=text, validity_period="000003000000000R")
        assert both == Revised((HELLO,), NOW + 3 * DAY, NOW + 2 * DAY)

    def test_times_that_are_none(self) -> None:
        assert revised(schedule_delivery_time="tomorrow") is Refusal.INVALID_SCHEDULE
        assert revised(validity_period="tomorrow") is Refusal.INVALID_VALIDITY
