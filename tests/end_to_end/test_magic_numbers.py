"""Every magic number of the lab, through a foreign SMPP client: what its last digits promise."""

from typing import NamedTuple

import pytest

from tests.end_to_end.esme import Esme, Receipt
from tests.end_to_end.lab_process import Lab, eventually

BLOCK = "447700910"
"""Magic numbers of these tests alone: the simulator remembers what happened to each."""

FOUR_SECONDS = "000000000004000R"
"""Time for two attempts at a node that never answers, and for no third one."""
ALBA = {"4477009000", "4477009001"}
BOREA = {"4915559000", "4915559001"}
CORVO = {"62819000", "62819001"}
ALBAS_ROUTER = {"4477009300"}


class Fate(NamedTuple):
    """How a message ends: the receipt's state and error, after how many MT-ForwardSMs, where."""

    ending: str
    state: str
    error: int
    pairs: int
    validity: str = ""
    through: set[str] = ALBA


FATES = (
    Fate("900", "DELIVRD", 0, pairs=1),
    Fate("902", "UNDELIV", 1, pairs=0),
    Fate("903", "DELIVRD", 0, pairs=1, through=BOREA),
    Fate("904", "DELIVRD", 0, pairs=1, through=BOREA),
    Fate("905", "UNDELIV", 13, pairs=0),
    Fate("907", "EXPIRED", 400, pairs=0, validity=FOUR_SECONDS),
    Fate("908", "DELIVRD", 0, pairs=2),
    Fate("909", "UNDELIV", 11, pairs=0),
    Fate("910", "DELIVRD", 0, pairs=1, through=ALBAS_ROUTER),
    Fate("911", "EXPIRED", 410, pairs=2, validity=FOUR_SECONDS),
    Fate("912", "DELIVRD", 0, pairs=1),
    Fate("913", "DELIVRD", 0, pairs=1, through=CORVO),
)
BACK_BY_THEMSELVES = ("901", "906")


@pytest.fixture(scope="module")
def receipts(running_lab: Lab, esme: Esme) -> dict[str, Receipt]:
    """Submit to all numbers at once, and collect the receipts by the numbers' endings."""
    validities = {fate.ending: fate.validity for fate in FATES} | dict.fromkeys(
        BACK_BY_THEMSELVES, ""
    )
    sent = {
        ending: esme.send(BLOCK + ending, b"to " + ending.encode(), validity_period=validity)
        for ending, validity in validities.items()
    }
    ids = {ending: esme.response(sequence).message_id for ending, sequence in sent.items()}
    return {ending: esme.receipt(message_id.decode()) for ending, message_id in ids.items()}


@pytest.mark.parametrize("fate", FATES, ids=[fate.ending for fate in FATES])
def test_a_message_meets_the_fate_that_its_number_promises(
    running_lab: Lab, receipts: dict[str, Receipt], fate: Fate
) -> None:
    receipt = receipts[fate.ending]
    assert (receipt.state, receipt.error) == (fate.state, fate.error)
    assert receipt.fields["text"] == f"to {fate.ending}"
    got = [message["text"] for message in running_lab.hlr.received(BLOCK + fate.ending)]
    assert got == ([f"to {fate.ending}"] if fate.state == "DELIVRD" else [])
    pairs = eventually(
        lambda: running_lab.evidence(number=BLOCK + fate.ending),
        fits=lambda found: len(found) >= fate.pairs,
    )
    assert len(pairs) == fate.pairs
    assert {pair["fsm"]["node"] for pair in pairs} <= fate.through


@pytest.mark.parametrize("ending", BACK_BY_THEMSELVES)
def test_who_is_absent_or_full_gets_it_when_that_is_over(
    running_lab: Lab, receipts: dict[str, Receipt], ending: str
) -> None:
    assert receipts[ending].state == "DELIVRD"
    (message,) = running_lab.hlr.received(BLOCK + ending)
    assert message["text"] == f"to {ending}"
    assert running_lab.hlr.subscriber(BLOCK + ending)["waiting"]["service_centres"] == []


@pytest.mark.parametrize("ending", BACK_BY_THEMSELVES)
def test_an_alert_delivers_at_once(running_lab: Lab, esme: Esme, ending: str) -> None:
    number = "447700911" + ending
    running_lab.hlr.change(number, absent=ending == "901", memory_full=ending == "906")
    message_id = esme.accepted(number, b"hello")
    waiting = eventually(lambda: running_lab.hlr.subscriber(number)["waiting"])
    assert waiting["service_centres"] == ["38591000001"]
    assert message_id not in esme.receipts
    running_lab.hlr.change(number, reachable=True)
    assert esme.receipt(message_id).state == "DELIVRD"
    assert [message["text"] for message in running_lab.hlr.received(number)] == ["hello"]


def test_the_end_user_replies(esme: Esme, receipts: dict[str, Receipt]) -> None:
    (reply,) = esme.message_from(BLOCK + "912")
    assert reply.short_message == b"re: to 912"
    assert reply.destination_addr == b"38591000400"
    assert (reply.source_addr_ton, reply.dest_addr_ton, reply.esm_class) == (1, 1, 0)


def test_a_receipt_also_says_it_in_parameters(receipts: dict[str, Receipt]) -> None:
    delivered, failed = receipts["900"], receipts["902"]
    assert delivered.pdu.receipted_message_id.decode() == delivered.fields["id"]
    assert (delivered.pdu.message_state, failed.pdu.message_state) == (2, 5)
    assert delivered.pdu.source_addr == (BLOCK + "900").encode()
    assert delivered.pdu.destination_addr == b"38591000400"
    assert failed.pdu.network_error_code == b"\x03\x00\x01"


def test_a_failed_first_try_is_made_again_from_the_same_title(
    running_lab: Lab, receipts: dict[str, Receipt]
) -> None:
    first, second = running_lab.evidence(number=BLOCK + "908")
    assert first["sri"]["calling_gt"] == second["sri"]["calling_gt"] == "38591000001"
    assert first["sri"]["dialogue"] != second["sri"]["dialogue"]


def test_a_home_location_register_that_never_answers_is_asked_again(
    running_lab: Lab, receipts: dict[str, Receipt]
) -> None:
    labels = {"stage": "routing", "result": "no answer from the HLR"}
    assert receipts["907"].state == "EXPIRED"
    assert running_lab.metric("telecom_messages_total", **labels) >= 2


def test_a_message_without_a_receipt_asked_for_gets_none(running_lab: Lab, esme: Esme) -> None:
    number = BLOCK + "500"
    silent = esme.accepted(number, b"silent", registered_delivery=False)
    failing = esme.accepted(BLOCK + "902", b"failing", registered_delivery=2)
    fine = esme.accepted(BLOCK + "501", b"fine", registered_delivery=2)
    told = esme.accepted(number, b"told")
    assert esme.receipt(failing).state == "UNDELIV"
    assert esme.receipt(told).state == "DELIVRD"
    eventually(lambda: len(running_lab.hlr.received(BLOCK + "501")) == 1)
    assert silent not in esme.receipts
    assert fine not in esme.receipts
