"""A foreign ESME: smpplib's client, with what it was answered and delivered."""

import re
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import smpplib.client
import smpplib.consts
import smpplib.exceptions
import smpplib.gsm

T = TypeVar("T")

GSM_7 = smpplib.consts.SMPP_ENCODING_DEFAULT
OCTETS = 4
UCS2 = smpplib.consts.SMPP_ENCODING_ISO10646
DELIVERY_RECEIPT = 0x04
SUBMIT: dict[str, Any] = {
    "source_addr_ton": 1,
    "source_addr_npi": 1,
    "source_addr": "38591000400",
    "dest_addr_ton": 1,
    "dest_addr_npi": 1,
    "registered_delivery": True,
}


class Receipt(NamedTuple):
    """A delivery receipt: the fields of its text, and its parameters."""

    fields: dict[str, str]
    pdu: Any

    @property
    def state(self) -> str:
        return self.fields["stat"]

    @property
    def error(self) -> int:
        return int(self.fields["err"])


class Esme:
    """An ESME that is bound; a thread takes what comes and acknowledges it."""

    def __init__(
        self,
        port: int,
        system_id: str = "tester",
        *,
        password: str | None = None,
        bind: str = "transceiver",
    ) -> None:
        self._client = smpplib.client.Client(
            "127.0.0.1", port, timeout=30, allow_unknown_opt_params=True
        )
        self._responses: dict[int, Any] = {}
        self.receipts: dict[str, list[Receipt]] = {}
        self.messages: list[Any] = []
        self._news = threading.Condition()
        self._client.set_message_sent_handler(self._answered)
        self._client.set_message_received_handler(self._delivered)
        self._client.set_error_pdu_handler(lambda pdu: None)
        self._client.connect()
        try:
            getattr(self._client, f"bind_{bind}")(
                system_id=system_id, password=system_id if password is None else password
            )
        except smpplib.exceptions.PDUError:
            self._client.disconnect()
            raise
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def send(self, destination: str, short_message: bytes = b"", **fields: Any) -> int:
        """Send a submit_sm; return its sequence number."""
        values = SUBMIT | {"destination_addr": destination, "short_message": short_message} | fields
        return int(self._client.send_message(**values).sequence)

    def response(self, sequence: int, timeout: float = 15) -> Any:
        """Wait for a submit_sm_resp."""
        return self._wait(lambda: self._responses.get(sequence), timeout, "a response")

    def submit(self, destination: str, short_message: bytes = b"", **fields: Any) -> Any:
        """Send a submit_sm and return its response."""
        return self.response(self.send(destination, short_message, **fields))

    def accepted(self, destination: str, short_message: bytes = b"", **fields: Any) -> str:
        """Submit what must be accepted; return its message id."""
        response = self.submit(destination, short_message, **fields)
        assert response.status == 0, f"command_status {response.status:#x}"
        return str(response.message_id.decode())

    def accepted_parts(
        self, destination: str, text: str, coding: int = GSM_7, **fields: Any
    ) -> list[str]:
        """Submit a text in as many parts as it takes, with a header each; return their ids."""
        parts, coding, esm_class = smpplib.gsm.make_parts(text, coding)
        sent = [
            self.send(destination, part, data_coding=coding, esm_class=esm_class, **fields)
            for part in parts
        ]
        responses = [self.response(sequence) for sequence in sent]
        assert [response.status for response in responses] == [0] * len(parts)
        return [response.message_id.decode() for response in responses]

    def receipt(self, message_id: str, timeout: float = 20) -> Receipt:
        """Wait for the receipt of a message; it must be the only one."""
        told = self._wait(lambda: self.receipts.get(message_id), timeout, f"{message_id}'s receipt")
        assert len(told) == 1, told
        return told[0]

    def message_from(self, number: str, count: int = 1, timeout: float = 15) -> list[Any]:
        """Wait for so many messages of a handset."""

        def found() -> list[Any] | None:
            own = [pdu for pdu in self.messages if pdu.source_addr == number.encode()]
            return own if len(own) >= count else None

        return self._wait(found, timeout, f"{count} messages of {number}")

    def close(self) -> None:
        """Unbind and end the connection."""
        self._client.send_pdu(smpplib.client.smpp.make_pdu("unbind", client=self._client))
        self._thread.join(5)
        self._client.disconnect()

    def _wait(self, find: Callable[[], T | None], timeout: float, what: str) -> T:
        deadline = time.monotonic() + timeout
        with self._news:
            while (found := find()) is None:
                left = deadline - time.monotonic()
                assert left > 0, f"no {what} within {timeout:g} s"
                self._news.wait(left)
            return found

    def _answered(self, pdu: Any) -> None:
        with self._news:
            self._responses[pdu.sequence] = pdu
            self._news.notify_all()

    def _delivered(self, pdu: Any) -> int:
        with self._news:
            if pdu.esm_class & DELIVERY_RECEIPT:
                receipt = Receipt(_fields(pdu.short_message.decode("ascii")), pdu)
                self.receipts.setdefault(receipt.fields["id"], []).append(receipt)
            else:
                self.messages.append(pdu)
            self._news.notify_all()
        return 0

    def _listen(self) -> None:
        try:
            while self._client.read_once() is None:
                continue
        except (smpplib.exceptions.ConnectionError, OSError, AttributeError):
            return  # the peer has ended the connection


def _fields(text: str) -> dict[str, str]:
    """Read a receipt's text, SMPP 3.4 appendix B."""
    found = re.fullmatch(
        r"id:(?P<id>\S+) sub:(?P<sub>\d{3}) dlvrd:(?P<dlvrd>\d{3}) submit date:(?P<submit>\d{10})"
        r" done date:(?P<done>\d{10}) stat:(?P<stat>[A-Z]{5,7}) err:(?P<err>\d{3})"
        r" text:(?P<text>.*)",
        text,
        flags=re.DOTALL,
    )
    assert found, text
    return found.groupdict()


def raw_connection(port: int) -> socket.socket:
    """Open a TCP connection that a test writes its own octets to."""
    return socket.create_connection(("127.0.0.1", port), timeout=10)
