"""Numbers that the lab reaches over another SMSC: the endings that its simulator knows."""

from typing import NamedTuple

import pytest

from tests.end_to_end.esme import Esme, Receipt
from tests.end_to_end.lab_process import Lab

BLOCK = "88210555"
TWO_SECONDS = "000000000002000R"
LONG = "long " * 60


class Fate(NamedTuple):
    """How a message ends: the receipt's state and error, and what the ending is about."""

    ending: str
    state: str
    error: int
    why: str
    validity: str = ""


FATES = (
    Fate("000", "DELIVRD", 0, "as usual"),
    Fate("901", "EXPIRED", 1, "as the receipt says"),
    Fate("902", "UNDELIV", 1, "unknown subscriber"),
    Fate("905", "UNDELIV", 13, "call barred"),
    Fate("904", "EXPIRED", 1, "no receipt comes before it expires there", TWO_SECONDS),
    Fate("907", "EXPIRED", 420, "no response ever comes", TWO_SECONDS),
    Fate("908", "DELIVRD", 0, "ESME_RSYSERR at the first try"),
    Fate("910", "DELIVRD", 0, "ids in another base"),
    Fate("911", "EXPIRED", 620, "ESME_RMSGQFUL whenever it is tried", TWO_SECONDS),
    Fate("914", "DELIVRD", 0, "the receipt overtakes the response"),
    Fate("915", "DELIVRD", 0, "the receipt comes twice"),
    Fate("919", "DELIVRD", 0, "the receipt is a data_sm"),
    Fate("920", "DELETED", 1, "as the receipt says"),
    Fate("924", "DELIVRD", 0, "the receipt is text alone"),
    Fate("925", "DELIVRD", 0, "the receipt is parameters alone"),
)
LOST_LINKS = (
    Fate("930", "EXPIRED", 421, "the connection is lost before the response", TWO_SECONDS),
    Fate("931", "DELIVRD", 0, "the connection is lost after the response"),
    Fate("938", "DELIVRD", 0, "the upstream unbinds"),
)


@pytest.fixture(scope="module")
def receipts(running_lab: Lab, esme: Esme) -> dict[str, Receipt]:
    """Submit to the numbers side by side, but where a connection is lost for all one by one."""
    told = _told(esme, FATES)
    for fate in LOST_LINKS:
        told |= _told(esme, [fate])
    return told


def _told(esme: Esme, fates: tuple[Fate, ...] | list[Fate]) -> dict[str, Receipt]:
    sent = {
        fate.ending: esme.send(BLOCK + fate.ending, b"hello", validity_period=fate.validity)
        for fate in fates
    }
    ids = {ending: esme.response(sequence).message_id for ending, sequence in sent.items()}
    return {ending: esme.receipt(message_id.decode()) for ending, message_id in ids.items()}


@pytest.mark.parametrize("fate", [*FATES, *LOST_LINKS], ids=lambda fate: fate.ending)
def test_an_ending_keeps_its_promise(receipts: dict[str, Receipt], fate: Fate) -> None:
    receipt = receipts[fate.ending]
    assert (receipt.state, receipt.error) == (fate.state, fate.error), fate.why


def test_a_command_hears_how_it_ended(running_lab: Lab) -> None:
    for ending, status, state in (("000", 0, "DELIVRD"), ("903", 1, "REJECTD")):
        sent = running_lab.over_smpp("send", BLOCK + ending, LONG)
        assert (sent.returncode, state in sent.stdout) == (status, True), sent.stderr


def test_an_end_user_replies(running_lab: Lab, esme: Esme) -> None:
    esme.receipt(esme.accepted(f"{BLOCK}917", b"how are you"))
    (reply,) = esme.message_from(f"{BLOCK}917")
    assert reply.short_message == b"re: how are you"
    assert reply.destination_addr == b"38591000400"


def test_a_lookup_has_no_route_there(running_lab: Lab) -> None:
    answer = running_lab.over_http("lookup", f"{BLOCK}000")
    assert answer.returncode == 1
    assert "no number of a known operator" in answer.stderr + answer.stdout
