"""A lab that is stopped, or whose gateway is killed, loses nothing and charges nothing twice."""

import os
import signal
import socket
import time
from pathlib import Path

import pytest

from tests.end_to_end.esme import Esme
from tests.end_to_end.lab_process import (
    Lab,
    descendants,
    eventually,
    started_lab,
    still_there,
)

pytestmark = [
    pytest.mark.xdist_group("stopped labs"),
    pytest.mark.timeout(150),
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc for processes"),
]

LIVES_WITH_THE_LAB = {"redis-server": 1, "hlr_sim.main": 1, "smsc_sim.main": 1, "gateway": 1}


def processes_of(lab: Lab) -> dict[int, str]:
    """Return the processes of a lab, which must be the ones that it is made of."""
    found = descendants(lab.process.pid) | {lab.process.pid: ""}
    for name, count in LIVES_WITH_THE_LAB.items():
        assert sum(name in line for line in found.values()) == count, found
    return found


def accept(lab: Lab, numbers: list[str]) -> set[str]:
    """Submit a message to each number over a session that gets no receipts; return their ids."""
    esme = Esme(lab.smpp_port, bind="transmitter")
    sent = [esme.send(number, b"hello") for number in numbers]
    responses = [esme.response(sequence) for sequence in sent]
    assert {response.status for response in responses} == {0}
    esme.close()
    return {response.message_id.decode() for response in responses}


def all_receipts(lab: Lab, expected: set[str], timeout: float) -> dict[str, list[str]]:
    """Bind for receipts until each message has one, and a while longer; return their states."""
    esme = Esme(lab.smpp_port, bind="receiver")
    try:
        eventually(
            lambda: expected - esme.receipts.keys(), fits=lambda left: not left, timeout=timeout
        )
        time.sleep(1)  # for one too many
        return {key: [told.state for told in receipts] for key, receipts in esme.receipts.items()}
    finally:
        esme.close()


def test_a_lab_that_is_told_to_stop_is_gone_and_delivers_the_rest_later(
    configs: Path, tmp_path: Path
) -> None:
    numbers = [f"44770090{n:04d}" for n in range(200)]
    with started_lab("--data", str(tmp_path), configs=configs) as lab:
        lab.hlr.set_faults({"target": "sendRoutingInfoForSM", "share": 0.8, "silent": True})
        ids = accept(lab, numbers)
        processes = processes_of(lab)
        began = time.monotonic()
        assert lab.stop() == 0
        assert time.monotonic() - began < 5
        assert still_there(processes) == {}
    with started_lab("--data", str(tmp_path), configs=configs) as lab:
        receipts = all_receipts(lab, ids, timeout=60)
        assert receipts == {message_id: ["DELIVRD"] for message_id in ids}
        eventually(
            lambda: lab.statement("tester"), fits=lambda found: found == {"sms-mt": len(ids)}
        )


def test_a_gateway_that_is_killed_loses_nothing_and_charges_nothing_twice(
    configs: Path, tmp_path: Path
) -> None:
    numbers = [f"44770091{n:04d}" for n in range(300)]
    with started_lab("--data", str(tmp_path), configs=configs) as lab:
        lab.hlr.set_faults(
            {"target": "sendRoutingInfoForSM", "share": 0.3, "delay": 1},
            {"target": "mt-ForwardSM", "share": 0.5, "delay": 1},
        )
        ids = accept(lab, numbers)
        eventually(lambda: lab.metric("telecom_messages_total", stage="final") >= 50)
        assert lab.metric("telecom_attempts") >= 50
        (gateway,) = (pid for pid, line in processes_of(lab).items() if "main gateway" in line)
        os.kill(gateway, signal.SIGKILL)
        assert lab.process.wait(10) == 1
    with started_lab("--data", str(tmp_path), configs=configs) as lab:
        receipts = all_receipts(lab, ids, timeout=90)
        assert receipts == {message_id: ["DELIVRD"] for message_id in ids}
        eventually(
            lambda: lab.statement("tester"), fits=lambda found: found == {"sms-mt": len(ids)}
        )
        assert lab.metric("telecom_queue_depth") == 0


def test_a_redis_that_is_killed_comes_back_with_all_that_was_accepted(configs: Path) -> None:
    numbers = [f"44770092{n:04d}" for n in range(200)]
    with started_lab(configs=configs) as lab:
        lab.hlr.set_faults({"target": "mt-ForwardSM", "share": 0.5, "delay": 1})
        ids = accept(lab, numbers)
        (redis,) = (pid for pid, line in processes_of(lab).items() if "redis-server" in line)
        os.kill(redis, signal.SIGKILL)
        receipts = all_receipts(lab, ids, timeout=60)
        assert receipts == {message_id: ["DELIVRD"] for message_id in ids}
        eventually(
            lambda: lab.statement("tester"), fits=lambda found: found == {"sms-mt": len(ids)}
        )
        received = [lab.hlr.received(number) for number in numbers]
        assert {len(messages) for messages in received} == {1}
        assert lab.get("/healthz").json()["status"] == "ok"
        assert lab.stop() == 0


def test_nothing_outlives_a_lab_that_is_killed(configs: Path) -> None:
    with started_lab(configs=configs) as lab:
        processes = processes_of(lab)
        lab.process.kill()
        lab.process.wait(10)
        eventually(lambda: still_there(processes), fits=lambda left: left == {}, timeout=8)
        with socket.socket() as free:
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind(("127.0.0.1", lab.smpp_port))
