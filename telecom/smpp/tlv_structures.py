"""The optional parameters that have fields of their own, one line a field."""

from telecom.smpp.declarations import Part, declared
from telecom.smpp.fields import integer, rest


@declared
class NetworkErrorCode(Part, frozen=True):
    """The error of a network of some type, SMPP 3.4 5.3.2.31."""

    network_type: int = integer(1)
    error_code: int = integer(2)


@declared
class Subaddress(Part, frozen=True):
    """A subaddress of some type, SMPP 3.4 5.3.2.15."""

    subaddress_type: int = integer(1)
    subaddress: bytes = rest()


@declared
class CallbackNum(Part, frozen=True):
    """A callback number, its digits in TBCD or ASCII, SMPP 3.4 5.3.2.36."""

    digit_mode: int = integer(1)
    addr_ton: int = integer(1)
    addr_npi: int = integer(1)
    digits: bytes = rest()


@declared
class CallbackNumAtag(Part, frozen=True):
    """The alphanumeric display of a callback number, SMPP 3.4 5.3.2.38."""

    data_coding: int = integer(1)
    display: bytes = rest()


@declared
class ItsSessionInfo(Part, frozen=True):
    """The session of an interactive teleservice, SMPP 3.4 5.3.2.43.

    `sequence` has the number of the dialogue unit in bits 7 to 1, and in bit 0 whether it ends.
    """

    session_number: int = integer(1)
    sequence: int = integer(1)


@declared
class MsValidity(Part, frozen=True):
    """How long the mobile keeps the message, SMPP 3.4 5.3.2.27 and 5.0 4.8.4.41.

    Only the behaviour 4 of 5.0 has information: a unit of time in one octet, a number in two.
    """

    behaviour: int = integer(1)
    information: bytes = rest()


@declared
class BroadcastContentType(Part, frozen=True):
    """What a broadcast is about, SMPP 5.0 4.8.4.8."""

    network_type: int = integer(1)
    content_type: int = integer(2)


@declared
class BroadcastFrequencyInterval(Part, frozen=True):
    """The time from one repetition of a broadcast to the next, SMPP 5.0 4.8.4.11."""

    unit: int = integer(1)
    number: int = integer(2)


@declared
class BroadcastAreaIdentifier(Part, frozen=True):
    """An area: its name, or its shape in the coding of the format, SMPP 5.0 4.8.4.4."""

    format: int = integer(1)
    details: bytes = rest()


@declared
class BillingIdentification(Part, frozen=True):
    """Billing information in a format of the vendors, SMPP 5.0 4.8.4.3."""

    format: int = integer(1)
    information: bytes = rest()
