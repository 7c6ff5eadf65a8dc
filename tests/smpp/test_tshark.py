"""What an independent dissector reads in every PDU and optional parameter that we write.

Where tshark (4.0 to 4.4) is not up to SMPP 5.0 it is said here: it takes one octet of
broadcast_rep_num, which has two (4.8.4.13), and one of ms_validity, which may have four (4.8.4.41).
A vector with "tshark": null or with "tshark_errors" is one of these.
"""

from telecom.smpp import tlvs
from telecom.smpp.codec import encode
from telecom.smpp.declarations import DECLARATIONS
from telecom.smpp.pdus import PDUS, RESPONSE_BIT, Bind, BindResp, BroadcastSm, DataSm, Pdu
from telecom.smpp.states import KNOWN
from telecom.smpp.tlv_structures import (
    BroadcastAreaIdentifier,
    BroadcastContentType,
    BroadcastFrequencyInterval,
)
from telecom.smpp.tlvs import Tlv
from telecom.smpp.versions import InterfaceVersion
from tests.oracles import tshark
from tests.smpp.conftest import TLV_VECTORS, VECTORS, filled

BROADCAST_TLVS = (
    tlvs.BROADCAST_AREA_IDENTIFIER(BroadcastAreaIdentifier(0, b"Leeds")),
    tlvs.BROADCAST_CONTENT_TYPE(BroadcastContentType(1, 0x13)),
    tlvs.BROADCAST_FREQUENCY_INTERVAL(BroadcastFrequencyInterval(9, 15)),
)
"""All that a broadcast_sm must have but broadcast_rep_num."""


def in_version(cls: type[Pdu], version: InterfaceVersion) -> Pdu:
    """Make the PDU as a peer of this version writes it."""
    if issubclass(cls, Bind):
        return filled(cls, interface_version=version)
    if issubclass(cls, BindResp):
        return filled(cls, tlvs=(tlvs.SC_INTERFACE_VERSION(version),))
    more: tuple[Tlv, ...] = ()
    if version is InterfaceVersion.V50 and cls.command_id & RESPONSE_BIT:
        more = (tlvs.CONGESTION_STATE(50),)
    return filled(cls, tlvs=BROADCAST_TLVS if cls is BroadcastSm else more)


def test_every_pdu_of_every_version() -> None:
    pdus = [
        in_version(cls, version)
        for version in InterfaceVersion
        for cls in PDUS.values()
        if cls.command_id & ~RESPONSE_BIT in KNOWN[version] or cls.command_id == RESPONSE_BIT
    ]
    found = tshark.dissect([encode(pdu, 7) for pdu in pdus], "smpp")
    for pdu, read in zip(pdus, found, strict=True):
        assert read.complaints == (), pdu
        assert read.one("smpp.command_id") == f"0x{pdu.command_id:08x}"
        assert read.one("smpp.sequence_number") == "7"
        for name in DECLARATIONS[type(pdu)]:
            text = getattr(pdu, name)
            if name in ("system_id", "password", "message_id", "address_range", "esme_addr"):
                assert read.fields[f"smpp.{name}"] == [text.decode()]


def test_every_vector() -> None:
    found = tshark.dissect([bytes.fromhex(entry["hex"]) for entry in VECTORS], "smpp")
    for entry, read in zip(VECTORS, found, strict=True):
        assert bool(read.complaints) is bool(entry["tshark_errors"]), entry["name"]
        for name in ("smpp.command_id", "smpp.opt_param_tag", "smpp.message_id"):
            assert read.fields.get(name) == entry["fields"].get(name), entry["name"]


def test_every_optional_parameter() -> None:
    octets = [bytes.fromhex(entry["hex"]) for entry in TLV_VECTORS]
    frames = [encode(DataSm(tlvs=(Tlv(int.from_bytes(tlv[:2]), tlv[4:]),))) for tlv in octets]
    found = tshark.dissect(frames, "smpp")
    for entry, read in zip(TLV_VECTORS, found, strict=True):
        assert bool(read.complaints) is (entry["tshark"] is None), entry["name"]
        for name, shown in (entry["tshark"] or {}).items():
            assert read.one(name) == shown, entry["name"]
