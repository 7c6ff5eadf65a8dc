"""The layers that a message may begin at."""

from enum import StrEnum


class Layer(StrEnum):
    """Where octets begin."""

    SMPP = "smpp"
    M3UA = "m3ua"
    SCCP = "sccp"
    TCAP = "tcap"
    TPDU = "tpdu"
