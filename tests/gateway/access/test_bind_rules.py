from typing import Any

import pytest

from telecom.gateway.access.account import Account
from telecom.gateway.access.bind_rules import STATUSES, Refusal, refusal_of
from telecom.smpp.pdus import Bind, BindReceiver, BindTransceiver, BindTransmitter
from telecom.smpp.status import CommandStatus


class Session:
    """What the rules see of a session."""

    def __init__(self, host: str = "192.0.2.1", *, name: str = "", secure: bool = False) -> None:
        self.peer = (host, 40000)
        self.is_secure = secure or bool(name)
        subject = ((("countryName", "HR"),), (("commonName", name),))
        self.client_certificate = {"subject": subject} if name else None


BIND = BindTransceiver(interface_version=0x34, system_type=b"VMS", address_range=b"^385")
PLAIN = Session()
NETWORKS = {"networks": ["192.0.2.0/24", "2001:db8::/32"]}
ONE_WAY = {"bind_types": ["transmitter"]}
FROM_34 = {"lowest_version": "3.4"}
ONLY_33 = {"highest_version": "3.3"}


@pytest.mark.parametrize(
    ("terms", "bind", "session", "refusal"),
    [
        ({}, BIND, PLAIN, None),
        ({"active": False}, BIND, PLAIN, Refusal.INACTIVE),
        (NETWORKS, BIND, PLAIN, None),
        (NETWORKS, BIND, Session("::ffff:192.0.2.9"), None),
        (NETWORKS, BIND, Session("2001:db8::1"), None),
        (NETWORKS, BIND, Session("2001:db9::1"), Refusal.NETWORK),
        (NETWORKS, BIND, Session("192.0.3.1"), Refusal.NETWORK),
        (NETWORKS, BIND, Session(""), Refusal.NETWORK),
        ({"tls_required": True}, BIND, PLAIN, Refusal.TLS_REQUIRED),
        ({"tls_required": True}, BIND, Session(secure=True), None),
        ({"client_certificate": "esme-1"}, BIND, Session(secure=True), Refusal.CERTIFICATE),
        ({"client_certificate": "esme-1"}, BIND, Session(name="esme-2"), Refusal.CERTIFICATE),
        ({"client_certificate": "esme-1"}, BIND, Session(name="esme-1"), None),
        (ONE_WAY, BindTransmitter(), PLAIN, None),
        (ONE_WAY, BindReceiver(), PLAIN, Refusal.BIND_TYPE),
        (ONE_WAY, BindTransceiver(), PLAIN, Refusal.BIND_TYPE),
        (FROM_34, BindTransceiver(interface_version=0x34), PLAIN, None),
        (FROM_34, BindTransceiver(interface_version=0x33), PLAIN, Refusal.VERSION),
        (FROM_34, BindTransceiver(interface_version=0x00), PLAIN, Refusal.VERSION),
        (ONLY_33, BindTransceiver(interface_version=0x00), PLAIN, None),
        (ONLY_33, BindTransceiver(interface_version=0x34), PLAIN, Refusal.VERSION),
        ({"highest_version": "3.4"}, BindReceiver(interface_version=0x50), PLAIN, Refusal.VERSION),
        ({"system_types": ["VMS", ""]}, BIND, PLAIN, None),
        ({"system_types": ["OTA"]}, BIND, PLAIN, Refusal.SYSTEM_TYPE),
        ({"address_ranges": ["^385"]}, BIND, PLAIN, None),
        ({"address_ranges": ["^44"]}, BIND, PLAIN, Refusal.ADDRESS_RANGE),
    ],
)
def test_what_an_account_may_bind(
    terms: dict[str, Any], bind: Bind, session: Any, refusal: Refusal | None
) -> None:
    account = Account(system_id="demo", **terms)
    assert refusal_of(account, bind, session) is refusal


def test_every_refusal_has_its_status() -> None:
    assert STATUSES.keys() == set(Refusal)
    assert CommandStatus.ESME_ROK not in STATUSES.values()
    assert {refusal: STATUSES[refusal] for refusal in (Refusal.CREDENTIALS, Refusal.NETWORK)} == {
        Refusal.CREDENTIALS: CommandStatus.ESME_RINVPASWD,
        Refusal.NETWORK: CommandStatus.ESME_RBINDFAIL,
    }


@pytest.mark.parametrize(
    "terms",
    [
        {"lowest_version": "5.0", "highest_version": "3.4"},
        {"networks": ["192.0.2.1/24"]},
        {"bind_types": []},
        {"sources": ["a sender id that is too long"]},
        {"window": 0},
        {"max_binds": 10**23},
        {"client_certificate": ""},  # which would be that of who has none
        {"outbind": {"host": "esme", "password": "\u043f\u0430\u0440\u043e\u043b\u044c"}},
        {"outbind": {"host": ""}},
        {"nothing": 1},
    ],
)
def test_terms_that_make_no_sense(terms: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Account(system_id="demo", **terms)
