"""PyPI smpplib as an ESME: it binds to the port that is its argument, again and again."""

import sys
import time
from contextlib import suppress

import smpplib.client


def listen(port: int) -> None:
    client = smpplib.client.Client("127.0.0.1", port, timeout=1, allow_unknown_opt_params=True)
    client.set_message_received_handler(lambda pdu: 0)
    try:
        client.connect()
        client.bind_transceiver(system_id="demo", password="demo")
        client.listen()
    finally:
        client.disconnect()


while True:
    with suppress(Exception):  # it begins anew
        listen(int(sys.argv[1]))
    time.sleep(0.02)
