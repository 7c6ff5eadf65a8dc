"""The lab's SMSC simulator: its magic endings straight, and its control API."""

import httpx

from tests.end_to_end.lab_process import Lab, run_module


def send(lab: Lab, to: str) -> str:
    port = str(2776 + lab.offset)
    done = run_module("telecom.cli.main", "send", to, "hello", "--port", port)
    return str(done.stdout)


def test_its_endings_work_without_the_gateway(running_lab: Lab) -> None:
    assert "DELIVRD" in send(running_lab, "88210123")
    assert "UNDELIV" in send(running_lab, "88210902")


def test_its_control_api_is_in_the_labs_table(running_lab: Lab) -> None:
    url = running_lab.ready["addresses"]["SMSC simulator's control API"]
    assert url == f"http://127.0.0.1:{8082 + running_lab.offset}"
    send(running_lab, "88210924")
    (message, *_) = httpx.get(f"{url}/messages", params={"account": "demo"}).json()
    assert (message["destination"], message["state"]) == ("*****924", "DELIVRD")
    pdus = httpx.get(f"{url}/pdus", params={"account": "demo"}).json()
    assert {"bind_transceiver", "submit_sm", "deliver_sm"} <= {pdu["pdu"] for pdu in pdus}
    assert {pdu["fields"].get("password") for pdu in pdus} <= {None, "****"}
