"""`telecom lookup`, and what it and its siblings say of an HTTP API that refuses."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from telecom.cli.main import app
from telecom.runtime.command_line import run_command_line

NO_NUMBER = "33612345678"
ANSWER = {
    "status": "reachable",
    "reason": None,
    "current_network": {"name": "Alba", "country": "GB"},
    "home_network": None,
    "ported": False,
    "roaming_network": {"name": "Borea", "country": "DE"},
    "serving_node": "4915559000",
}


class Api(BaseHTTPRequestHandler):
    """Refuses one number, and any evidence."""

    def do_POST(self) -> None:
        msisdn = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["msisdn"]
        if msisdn == NO_NUMBER:
            self.answer(422, {"detail": f"{msisdn} is no number of a known operator"})
        else:
            self.answer(200, {"msisdn": msisdn, **ANSWER})

    def do_GET(self) -> None:
        self.answer(422, {"detail": [{"loc": ["query", "since"], "msg": "is no time"}]})

    def answer(self, status: int, body: Any) -> None:
        octets = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_number_that_is_refused_leaves_the_others_their_answers(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = ["447700900123", NO_NUMBER, "447700900124"]
    assert run_command_line(app, ["lookup", *numbers, "--json", "--url", url]) == 1
    said = capsys.readouterr()
    found = [json.loads(line)["msisdn"] for line in said.out.splitlines()]
    assert found == ["447700900123", "447700900124"]
    assert said.err == f"{NO_NUMBER} is no number of a known operator\n"


def test_the_table_fits_a_narrow_terminal(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run_command_line(app, ["lookup", "447700900123", "--url", url]) == 0
    shown = capsys.readouterr().out
    assert "…" not in shown
    words = shown.split()
    assert {"roaming", "447700900123", "Borea", "4915559000"} <= set(words)


def test_a_refused_stream_says_why_in_one_line(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command_line(app, ["evidence", "export", "--since", "x", "--url", url]) == 1
    assert capsys.readouterr().err == "the gateway answered 422: since: is no time\n"
