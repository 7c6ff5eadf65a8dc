from telecom.charging.catalogue import (
    BY_KEY,
    NUMBER_LOOKUP,
    SERVICES,
    SMS_MO,
    SMS_MT,
    Area,
    Unit,
)


def test_every_service_has_a_key_of_its_own() -> None:
    assert len(BY_KEY) == len(SERVICES)
    assert all(key == key.lower() and " " not in key for key in BY_KEY)


def test_what_is_counted_has_a_unit_and_what_is_not_has_none() -> None:
    assert all((service.event is None) == (service.unit is None) for service in SERVICES)


def test_fees_are_services_that_are_charged() -> None:
    for service in SERVICES:
        assert all(BY_KEY[fee].event is not None for fee in service.fees), service.key


def test_all_areas_and_units_are_in_use() -> None:
    assert {service.area for service in SERVICES} == set(Area)
    assert {service.unit for service in SERVICES} == {*Unit, None}


def test_what_the_gateway_produces() -> None:
    assert BY_KEY[SMS_MT].event == "SMS submitted to the operator"
    assert BY_KEY[SMS_MO].event == "SMS received from an end user"
    assert BY_KEY[NUMBER_LOOKUP].event == "request passed to the operator's HLR"


def test_services_without_an_event_of_their_own() -> None:
    free = [service.key for service in SERVICES if service.event is None]
    assert free == ["push", "missed-call", "recording", "live-chat", "social-media"]
