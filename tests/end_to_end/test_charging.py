"""One billable event for each SMS, MO and lookup, whatever was tried again on the way."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.end_to_end.esme import GSM_7, Esme
from tests.end_to_end.lab_process import Lab, eventually

OWN_NUMBER = "38591000500"
MESSAGES = {
    "one SMS": ("447700940001", b"x" * 160, 1),
    "three parts": ("447700940002", b"x" * 400, 3),
    "ten parts": ("491555994003", b"x" * 1530, 10),
    "the first try fails": ("447700940908", b"again", 1),
    "the first try of a long one fails": ("447700941908", b"x" * 400, 3),
    "its answer never comes": ("447700940911", b"twice", 1),
    "refused by the HLR": ("447700940902", b"nobody", 0),
    "the HLR never answers": ("447700940907", b"nobody", 0),
}
"""Whom a message goes to, its octets, and how many SMS were submitted to the operator."""

SUBMITTED = sum(parts for _, _, parts in MESSAGES.values())

VALIDITY = "000000000004000R"


@pytest.fixture(scope="module")
def charged(running_lab: Lab) -> Iterator[Esme]:
    """Bind as an account that nobody else sends with."""
    esme = Esme(running_lab.smpp_port, "charged")
    yield esme
    esme.close()


@pytest.fixture(scope="module")
def messages(charged: Esme) -> dict[str, Any]:
    """Send one message of each kind, and wait for all their ends."""
    sent = {
        what: charged.accepted(
            number, data_coding=GSM_7, message_payload=octets, validity_period=VALIDITY
        )
        for what, (number, octets, _) in MESSAGES.items()
    }
    return {what: charged.receipt(message_id) for what, message_id in sent.items()}


def test_each_sms_submitted_to_an_operator_is_charged_once(
    running_lab: Lab, messages: dict[str, Any]
) -> None:
    states = {what: receipt.state for what, receipt in messages.items()}
    assert states == dict.fromkeys(MESSAGES, "DELIVRD") | {
        "its answer never comes": "EXPIRED",
        "the HLR never answers": "EXPIRED",
        "refused by the HLR": "UNDELIV",
    }
    eventually(
        lambda: running_lab.statement("charged").get("sms-mt"),
        fits=lambda quantity: quantity == SUBMITTED,
    )


def test_each_message_of_a_handset_and_each_lookup_is_charged(
    running_lab: Lab, charged: Esme, messages: dict[str, Any]
) -> None:
    running_lab.hlr.send("447700942001", OWN_NUMBER, "one")
    running_lab.hlr.send("447700942002", OWN_NUMBER, "x" * 300)
    assert len(charged.message_from("447700942001")) == 1
    assert len(charged.message_from("447700942002", 2)) == 2
    account = ("--system-id", "charged", "--password", "charged")
    numbers = ("447700943001", "447700943901", "447700943902")
    assert running_lab.over_http("lookup", *account, *numbers).returncode == 0
    whole = {"sms-mt": SUBMITTED, "sms-mo": 3, "number-lookup": 3}
    eventually(lambda: running_lab.statement("charged"), fits=lambda found: found == whole)


def test_the_statement_as_people_and_machines_read_it(
    running_lab: Lab, messages: dict[str, Any]
) -> None:
    table = running_lab.over_http("statement", "--client", "charged")
    assert (table.returncode, table.stderr) == (0, "")
    assert "sms-mt" in table.stdout
    lines = running_lab.get("/v1/statement", params={"client": "charged"}).json()["lines"]
    sms = next(line for line in lines if line["service"] == "sms-mt")
    assert (sms["quantity"], sms["currency"]) == (sms["events"], "EUR")
    assert float(sms["amount"]) == pytest.approx(0.05 * sms["quantity"])
    nothing = running_lab.over_http("statement", "--client", "charged", "--month", "2001-01")
    assert "nothing charged in 2001-01" in nothing.stdout


def test_an_account_sees_its_own_statement_only(running_lab: Lab) -> None:
    account = ("--system-id", "charged", "--password", "charged")
    own = running_lab.over_http("statement", "--json", *account)
    other = running_lab.over_http("statement", "--json", "--client", "demo", *account)
    assert own.returncode == 0
    assert (other.returncode, other.stderr.count("\n")) == (1, 1)
