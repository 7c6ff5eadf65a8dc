"""SMPP over TLS, as the lab's users have it: its own certificate, and the commands' --tls."""

import ssl

import pytest

from tests.end_to_end.lab_process import Lab, telecom


@pytest.fixture(scope="module")
def port(running_lab: Lab) -> int:
    return 3550 + running_lab.offset


def test_the_lab_says_where(running_lab: Lab, port: int) -> None:
    assert running_lab.ready["addresses"]["SMPP over TLS (gateway)"] == f"127.0.0.1:{port}"


def test_a_message_over_tls(port: int) -> None:
    sent = telecom("send", "447700960123", "hello", "--tls", "--port", str(port))
    assert sent.returncode == 0, sent.stderr
    assert sent.stdout.splitlines()[-1].endswith("DELIVRD")


def test_without_tls_there_is_no_session(port: int) -> None:
    sent = telecom("send", "447700960123", "hello", "--port", str(port))
    assert (sent.returncode, sent.stdout) == (1, "")
    assert "closed the connection" in sent.stderr


def test_the_certificate_is_the_labs_own(port: int) -> None:
    assert "BEGIN CERTIFICATE" in ssl.get_server_certificate(("127.0.0.1", port))
