"""PyPI smpplib as an ESME: blocking, with its own alphabets and its own splitting."""

import re

import smpplib.client
import smpplib.consts
import smpplib.exceptions
import smpplib.gsm
from esmes.events import PLAN, Expected, say

expected = Expected()
answers: dict[int, tuple[int, str]] = {}


def sent(pdu, **_):
    answers[pdu.sequence] = (pdu.status, (pdu.message_id or b"").decode())


def refused(pdu):
    answers[pdu.sequence] = (pdu.status, "")


def received(pdu, **_):
    octets = pdu.short_message
    if pdu.esm_class & 0x04:
        stat = re.search(rb"stat:(\w+)", octets)
        expected.receipt(pdu.receipted_message_id.decode(), stat[1].decode(), pdu.message_state)
    else:
        expected.message(pdu.source_addr.decode(), pdu.destination_addr.decode(), octets.decode())
    return 0


def submit(client, message):
    parts, data_coding, esm_class = smpplib.gsm.make_parts(message["text"])
    sent_parts = [
        client.send_message(
            source_addr_ton=smpplib.consts.SMPP_TON_INTL,
            source_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
            source_addr=PLAN["source"],
            dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
            dest_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
            destination_addr=message["to"],
            short_message=part,
            data_coding=data_coding,
            esm_class=esm_class,
            registered_delivery=True,
        )
        for part in parts
    ]
    numbers = [pdu.sequence for pdu in sent_parts]
    while not answers.keys() >= set(numbers):
        client.read_once()
    statuses = [answers[number][0] for number in numbers]
    message_ids = [answers[number][1] for number in numbers if answers[number][0] == 0]
    expected.answered(message["to"], max(statuses), message_ids)


def main():
    client = smpplib.client.Client("127.0.0.1", PLAN["port"], allow_unknown_opt_params=True)
    client.set_message_sent_handler(sent)
    client.set_message_received_handler(received)
    client.set_error_pdu_handler(refused)
    client.connect()
    bound = client.bind_transceiver(system_id=PLAN["system_id"], password=PLAN["password"])
    say("bound", status=bound.status, system_id=bound.system_id.decode())
    for message in PLAN["messages"]:
        submit(client, message)
    while expected:
        client.read_once()
    client.unbind()
    say("unbound", status=0)
    client.disconnect()


main()
