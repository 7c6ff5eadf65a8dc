"""What refuses a PDU, SMPP 3.4 3.3 and 4.3, 5.0 2.8.2 and 4.1.4.1; some are not answered at all."""

from telecom.smpp.codec import Undecodable
from telecom.smpp.pdus import PDUS, RESPONSE_BIT, RESPONSES, Bind, GenericNack, Pdu
from telecom.smpp.states import KNOWN, Side
from telecom.smpp.status import CommandStatus
from telecom.smpp.versions import InterfaceVersion


def refusal(pdu: Pdu | Undecodable, command_status: int) -> Pdu | None:
    """Return what refuses a PDU with this status, None for one that is not answered.

    A response is not, known or not: its number is one of ours, which a generic_nack would have the
    peer take for one of its own. Nor is what has no response, outbind and alert_notification.
    """
    response = RESPONSES.get(pdu.command_id)
    if response is not None and command_status != CommandStatus.ESME_RINVCMDID:
        return response(command_status=command_status)
    if pdu.command_id & RESPONSE_BIT or (response is None and pdu.command_id in PDUS):
        return None
    return GenericNack(command_status=command_status)


def status_out_of_place(
    command_id: int, side: Side, version: InterfaceVersion, *, bound: bool
) -> CommandStatus:
    """Return why a side does not take a command in the state that it is in, SMPP 3.4 2.3.

    `bound` is whether the peer has bound, or is about to.
    """
    if command_id not in KNOWN[version]:
        return CommandStatus.ESME_RINVCMDID
    again = bound and side is Side.SMSC and issubclass(PDUS[command_id], Bind)
    return CommandStatus.ESME_RALYBND if again else CommandStatus.ESME_RINVBNDSTS
