"""Kannel as an ESME: bearerbox, which binds, and smsbox, which takes messages over HTTP."""

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from tests.end_to_end.lab_process import Lab, eventually, number_of

PROGRAMS = ("bearerbox", "smsbox")

CONFIGURATION = """
group = core
admin-port = {admin}
admin-password = kannel
smsbox-port = {between}
box-allow-ip = 127.0.0.1
admin-allow-ip = 127.0.0.1
admin-interface = 127.0.0.1
smsbox-interface = 127.0.0.1
log-file = {folder}/bearerbox.log
log-level = 1
dlr-storage = internal
store-type = file
store-location = {folder}/store

group = smsc
smsc = smpp
smsc-id = lab
host = 127.0.0.1
port = {smpp}
transceiver-mode = true
smsc-username = kannel
smsc-password = foreign
system-type = ""
interface-version = 34
enquire-link-interval = 5
source-addr-ton = 1
source-addr-npi = 1
dest-addr-ton = 1
dest-addr-npi = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-interface = 127.0.0.1
sendsms-port = {http}
log-file = {folder}/smsbox.log
log-level = 1

group = sendsms-user
username = user
password = pass
concatenation = true
max-messages = 10
user-allow-ip = 127.0.0.1

group = sms-service
keyword = default
get-url = "http://127.0.0.1:{hook}/mo?from=%p&to=%P&text=%a"
max-messages = 0
catch-all = true
accepted-smsc = lab
"""


class Kannel:
    """A running Kannel: `told` has what it has told over HTTP, as (path, parameters)."""

    def __init__(self, port: int, hook: int, told: list[tuple[str, dict[str, str]]]) -> None:
        self._port = port
        self._hook = hook
        self.told = told

    def send(self, to: str, text: str, **fields: Any) -> int:
        """Submit a text that it shall tell the fate of; return the HTTP status."""
        fate = urlencode({"to": to})
        asked = {
            "username": "user",
            "password": "pass",
            "from": number_of("kannel"),
            "to": to,
            "text": text,
            "charset": "UTF-8",
            "dlr-mask": "31",
            "dlr-url": f"http://127.0.0.1:{self._hook}/dlr?{fate}&type=%d&told=%A",
            **fields,
        }
        return httpx.get(f"http://127.0.0.1:{self._port}/cgi-bin/sendsms", params=asked).status_code

    def fates(self, to: str) -> list[int]:
        """Return the types of the delivery reports of a number: 1 delivered, 2 not, 8 accepted."""
        reports = [asked for path, asked in self.told if path == "/dlr" and asked["to"] == to]
        return [int(report["type"]) for report in reports]

    def texts(self) -> list[dict[str, str]]:
        """Return what end users have sent."""
        return [asked for path, asked in self.told if path == "/mo"]


@contextmanager
def started_kannel(lab: Lab, folder: Path) -> Iterator[Kannel]:
    """Run both boxes, bound to the lab's gateway, for as long as the block does."""
    told: list[tuple[str, dict[str, str]]] = []
    with ExitStack() as running:
        hook = running.enter_context(_http_hook(told))
        admin, between, http = _free_ports(3)
        configuration = folder / "kannel.conf"
        ports = {"admin": admin, "between": between, "http": http, "hook": hook}
        configuration.write_text(
            CONFIGURATION.format(folder=folder, smpp=lab.smpp_port, **ports), "utf-8"
        )
        for program in PROGRAMS:
            running.enter_context(_process(program, configuration))
            port = between if program == "bearerbox" else http
            eventually(lambda port=port: _is_open(port))
        status = f"http://127.0.0.1:{admin}/status.txt"
        eventually(
            lambda: httpx.get(status, params={"password": "kannel"}).text,
            fits=lambda text: "(online" in text,
        )
        yield Kannel(http, hook, told)


@contextmanager
def _process(name: str, configuration: Path) -> Iterator[None]:
    program = shutil.which(name)
    assert program is not None
    with subprocess.Popen(
        [program, "-v", "4", str(configuration)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=configuration.parent,
    ) as process:
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def _http_hook(told: list[tuple[str, dict[str, str]]]) -> Iterator[int]:
    class Hook(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            told.append((asked.path, dict(parse_qsl(asked.query))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing on stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _is_open(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
