from telecom.charging.catalogue import BY_KEY
from telecom.charging.events import BillableEvent, number_lookup, sms_mo, sms_mt

ABOUT = {"account": "demo", "operator": "Alba", "number": "447700900123"}


def test_a_retry_makes_the_same_id() -> None:
    first = sms_mt("0a00000001", 2, at=1.0, **ABOUT)
    again = sms_mt("0a00000001", 2, at=9.0, **ABOUT)
    assert first.id == again.id == "sms-mt:0a00000001:2"


def test_ids_differ_by_what_they_are_about() -> None:
    events = [
        sms_mt("7", 1, at=1.0, **ABOUT),
        sms_mt("7", 2, at=1.0, **ABOUT),
        sms_mt("71", 1, at=1.0, **ABOUT),
        sms_mo("7", at=1.0, **ABOUT),
        number_lookup("7", at=1.0, **ABOUT),
    ]
    assert len({event.id for event in events}) == len(events)
    assert all(event.service in BY_KEY for event in events)
    assert all(event.quantity == 1 for event in events)


def test_the_client_finds_it_by_its_message_id() -> None:
    assert sms_mo("77", at=5.0, **ABOUT) == BillableEvent(
        id="sms-mo:77", service="sms-mo", at=5.0, reference="77", **ABOUT
    )
