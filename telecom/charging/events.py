"""Billable events: what happened that costs a client money, each with an id of its own.

An id is made from what the event is about and from nothing else, so that a retry, a replay or
a second consumer makes the same id again, and the ledger keeps one of them.
"""

import msgspec

from telecom.charging.catalogue import NUMBER_LOOKUP, SMS_MO, SMS_MT


class BillableEvent(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One chargeable event of a service, by the catalogue's definition of it; msgpack an array.

    `service` is a key of the catalogue, `account` the client, `operator` who terminates the
    traffic, `number` the end user's (digits), `at` seconds since 1970, `quantity` in units of
    the service, `reference` what the client knows it by (a message id, a lookup id).
    """

    id: str
    service: str
    account: str
    operator: str
    number: str
    at: float
    reference: str
    quantity: int = 1


def sms_mt(
    message_id: str, segment: int, *, account: str, operator: str, number: str, at: float
) -> BillableEvent:
    """Return the event of one SMS (a part of a message, from 1) submitted to the operator."""
    return BillableEvent(
        f"sms-mt:{message_id}:{segment}", SMS_MT, account, operator, number, at, message_id
    )


def sms_mo(
    message_id: str, *, account: str, operator: str, number: str, at: float
) -> BillableEvent:
    """Return the event of one SMS received from an end user."""
    return BillableEvent(f"sms-mo:{message_id}", SMS_MO, account, operator, number, at, message_id)


def number_lookup(
    lookup_id: str, *, account: str, operator: str, number: str, at: float
) -> BillableEvent:
    """Return the event of one lookup request passed to the operator's HLR."""
    return BillableEvent(
        f"number-lookup:{lookup_id}", NUMBER_LOOKUP, account, operator, number, at, lookup_id
    )
