"""PyPI smpplib: blocking, so that one user keeps the window full by itself."""

import logging

import smpplib.client
import smpplib.consts

from benchmarks.clients.run import ACCOUNT, DESTINATION, SOURCE, TEXT, WINDOW, Clock, arguments


def main() -> None:
    logging.disable()
    port, _ = arguments()
    client = smpplib.client.Client("127.0.0.1", port, allow_unknown_opt_params=True)
    client.connect()
    client.bind_transceiver(**ACCOUNT)
    clock = Clock()
    under_way = 0

    def accepted(**_: object) -> None:
        nonlocal under_way
        under_way -= 1
        clock.accepted += 1

    client.set_message_sent_handler(accepted)
    while not clock.over or under_way:
        while under_way < WINDOW and not clock.over:
            client.send_message(
                source_addr_ton=smpplib.consts.SMPP_TON_ALNUM,
                source_addr=SOURCE,
                dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
                dest_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
                destination_addr=DESTINATION,
                short_message=TEXT.encode(),
            )
            under_way += 1
        client.read_once()
    clock.say()


if __name__ == "__main__":
    main()
