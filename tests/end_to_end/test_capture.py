"""A capture of all that a lab does, as tshark reads it: nothing malformed, and the GT rule holds.

Its lab is its own, so that the capture is whole: from the first ASPUP to the last unbind.
"""

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from tests.end_to_end.esme import UCS2, Esme
from tests.end_to_end.lab_process import Lab, eventually, started_lab, telecom
from tests.oracles import tshark
from tests.oracles.tshark import Dissection

pytestmark = pytest.mark.xdist_group("captured lab")

BLOCK = "447700970"
ENDINGS = range(900, 914)
VALIDITY = dict.fromkeys((907, 911), "000000000004000R")
"""Of those that would be tried again for as long as they are valid."""
SRI_SM, MO_FSM, MT_FSM, REPORT, INFORM, ALERT = "45", "46", "44", "47", "63", "64"
GATEWAY = ("38591000001", "38591000002")


@pytest.fixture(scope="module")
def capture(configs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Have a lab do everything once, stop it, and return what it has captured."""
    path = tmp_path_factory.mktemp("capture") / "lab.pcap"
    with started_lab("--capture", str(path), configs=configs) as lab:
        esme = Esme(lab.smpp_port)
        _do_everything(lab, esme)
        esme.close()
        assert lab.stop() == 0
    return path


@pytest.fixture(scope="module")
def packets(capture: Path) -> list[Dissection]:
    """Return what tshark reads in it."""
    return tshark.read_capture(capture)


def _do_everything(lab: Lab, esme: Esme) -> None:
    magic = [
        esme.accepted(f"{BLOCK}{ending}", b"x", validity_period=VALIDITY.get(ending, ""))
        for ending in ENDINGS
    ]
    texts = [
        esme.accepted("447700971001", message_payload=b"one message, several parts " * 12),
        esme.accepted("491555971002", "Привет ☎".encode("utf-16-be"), data_coding=UCS2),
        esme.accepted("6281997100003", bytes(range(0x20, 0x7F)), data_coding=4),
        *esme.accepted_parts("447700971004", "парты " * 40, UCS2),
    ]
    assert esme.submit("79161234567", b"no route").status != 0
    lab.hlr.send("447700971005", "38591000400", "from a handset " * 20)
    esme.message_from("447700971005", 2)
    lab.over_http("lookup", *(f"447700972{ending}" for ending in ENDINGS))
    states = Counter(esme.receipt(message_id).state for message_id in magic + texts)
    assert states == {"DELIVRD": 9 + len(texts), "UNDELIV": 3, "EXPIRED": 2}
    eventually(lambda: lab.metric("telecom_map_dialogues") == 0)


def operations(packet: Dissection) -> list[str]:
    """Return the operation codes of the invokes in a packet."""
    if "gsm_old.invoke_element" not in packet.fields:
        return []
    return packet.fields["gsm_old.localValue"][: len(packet.fields["gsm_old.invoke_element"])]


def test_nothing_in_it_is_malformed_or_remarkable(packets: list[Dissection]) -> None:
    complaints = {
        (number, complaint)
        for number, packet in enumerate(packets, start=1)
        for complaint in packet.complaints
    }
    assert complaints == set()


def test_it_has_every_layer_and_operation(packets: list[Dissection]) -> None:
    protocols = Counter(protocol for packet in packets for protocol in set(packet.protocols))
    assert {"smpp", "tcp", "m3ua", "sctp", "sccp", "tcap", "gsm_map", "gsm_sms"} <= protocols.keys()
    done = Counter(operation for packet in packets for operation in operations(packet))
    assert {SRI_SM, MT_FSM, MO_FSM, REPORT, INFORM, ALERT} <= done.keys()
    commands = {value for packet in packets for value in packet.fields.get("smpp.command_id", ())}
    assert {"0x00000004", "0x80000004", "0x00000005", "0x80000005", "0x00000006"} <= commands


def test_every_mt_forward_sm_has_an_sri_sm_of_its_own_from_the_same_title(
    packets: list[Dissection],
) -> None:
    asked: dict[str, tuple[str, str]] = {}
    answered: dict[tuple[str, str], list[str]] = defaultdict(list)
    dialogues: dict[str, tuple[str, str]] = {}
    for packet in packets:
        if SRI_SM in operations(packet):
            number, service_centre = packet.fields["e164.msisdn"]
            title = packet.one("sccp.calling.digits")
            assert title == service_centre
            assert title in GATEWAY
            asked[packet.one("tcap.otid")] = (number, title)
        elif "gsm_map.sm.locationInfoWithLMSI_element" in packet.fields:
            number, title = asked.pop(packet.one("tcap.dtid"))
            answered[packet.one("e212.imsi"), title].append(number)
        elif MT_FSM in operations(packet):
            title = packet.one("sccp.calling.digits")
            assert title == packet.fields["e164.msisdn"][0]
            dialogue, leave = packet.one("tcap.otid"), (packet.one("e212.imsi"), title)
            if dialogue in dialogues:
                assert dialogues[dialogue] == leave
            else:
                assert answered[leave], f"{leave} was never authorised"
                answered[leave].pop(0)
                dialogues[dialogue] = leave
    assert len(dialogues) >= len(ENDINGS)


def test_lookups_are_the_only_answers_that_nothing_followed(packets: list[Dissection]) -> None:
    asked = Counter(
        packet.fields["e164.msisdn"][0] for packet in packets if SRI_SM in operations(packet)
    )
    looked_up = {number for number in asked if number.startswith("447700972")}
    assert len(looked_up) == len(ENDINGS)
    assert all(asked[number] == 1 for number in looked_up)


def test_telecom_decode_reads_all_of_it(capture: Path) -> None:
    done = telecom("decode", "--json", str(capture))
    assert (done.returncode, done.stderr) == (0, "")
    trees = done.stdout.splitlines()
    assert len(trees) > 100
    assert '"faulty"' not in done.stdout
    for name in ("submit_sm", "sendRoutingInfoForSM", "SMS-DELIVER", "SMS-SUBMIT"):
        assert any(name in tree for tree in trees), name
