"""M3UA over the other transports: UDP everywhere, SCTP where the kernel has it."""

import signal
import socket
from pathlib import Path

import pytest

from tests.end_to_end.esme import Esme
from tests.end_to_end.lab_process import Lab, free_offset, started_lab, telecom

pytestmark = pytest.mark.xdist_group("stopped labs")


def kernel_has_sctp() -> bool:
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_SCTP).close()
    except OSError:
        return False
    return True


def delivers(lab: Lab) -> None:
    """Check both directions: a long message, and one from a handset."""
    esme = Esme(lab.smpp_port)
    try:
        message_id = esme.accepted("447700990001", message_payload=b"hello " * 60)
        assert esme.receipt(message_id).state == "DELIVRD"
        (message,) = lab.hlr.received("447700990001")
        assert message["text"] == "hello " * 60
        lab.hlr.send("447700990002", "38591000400", "and back")
        (pdu,) = esme.message_from("447700990002")
        assert pdu.short_message == b"and back"
    finally:
        esme.close()


def test_udp(configs: Path) -> None:
    with started_lab("--transport", "udp", configs=configs) as lab:
        assert f"udp://127.0.0.1:{lab.m3ua_port}" in lab.ready["addresses"].values()
        delivers(lab)
        assert lab.stop(signal.SIGTERM) == 0


@pytest.mark.skipif(not kernel_has_sctp(), reason="this kernel has no SCTP")
def test_sctp(configs: Path) -> None:
    with started_lab("--transport", "sctp", configs=configs) as lab:
        delivers(lab)
        assert lab.stop() == 0


@pytest.mark.skipif(kernel_has_sctp(), reason="this kernel has SCTP")
def test_a_kernel_without_sctp_says_so_in_one_line() -> None:
    done = telecom("lab", "--transport", "sctp", "--port-offset", str(free_offset()))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert "this kernel has no SCTP" in done.stderr
    assert "tcp://" in done.stderr
