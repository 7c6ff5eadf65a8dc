"""What an independent dissector reads in every PDU and optional parameter that we write."""

from typing import Any

from telecom.smpp.codec import encode
from telecom.smpp.declarations import DECLARATIONS
from telecom.smpp.fields import CountedParts, CString, Field, Integer
from telecom.smpp.pdus import PDUS, DataSm, Pdu
from telecom.smpp.tlvs import BROADCAST_REP_NUM, MS_VALIDITY, TLV_TYPES, CStringTlv, Tlv, TlvType
from tests.oracles import tshark


def filled(cls: type) -> Any:
    """Make an instance with a value of its own in every field."""
    fields = enumerate(DECLARATIONS[cls].items(), 1)
    return cls(**{name: value(field, number) for number, (name, field) in fields})


def value(field: Field, number: int) -> Any:
    match field:
        case CString(fixed=True):
            return b"260102030405004+"
        case CString(size=size):
            return (b"%d" % (number * 1111))[: size - 1]
        case Integer():
            return 1
        case CountedParts(classes=classes):
            return tuple(filled(part) for part in classes.values())
    return b"hello"


def test_every_pdu() -> None:
    pdus: list[Pdu] = [filled(cls) for cls in PDUS.values()]
    found = tshark.dissect([encode(pdu, 7) for pdu in pdus], "smpp")
    for pdu, read in zip(pdus, found, strict=True):
        assert read.complaints == (), pdu
        assert read.one("smpp.command_id") == f"0x{pdu.command_id:08x}"
        assert read.one("smpp.sequence_number") == "7"
        for name in DECLARATIONS[type(pdu)]:
            text = getattr(pdu, name)
            if name in ("system_id", "password", "message_id", "address_range", "esme_addr"):
                assert read.fields[f"smpp.{name}"] == [text.decode()]


def octets(kind: TlvType[Any]) -> bytes:
    """Return a value as long as it may be; tshark has ms_validity as it is in 3.4, one octet."""
    if isinstance(kind, CStringTlv):
        return b"26010203040500+\0"[-kind._longest :]
    return bytes(1 if kind is MS_VALIDITY else kind._longest)[:300]


def test_every_optional_parameter() -> None:
    tlvs = [Tlv(tag, octets(kind)) for tag, kind in TLV_TYPES.items()]
    found = tshark.dissect([encode(DataSm(tlvs=(tlv,))) for tlv in tlvs], "smpp")
    for tlv, read in zip(tlvs, found, strict=True):
        # tshark takes one octet of broadcast_rep_num, which has two (SMPP 5.0 4.8.4.13)
        assert bool(read.complaints) is (tlv.tag == BROADCAST_REP_NUM.tag), tlv
        assert read.fields["smpp.opt_param_tag"][0] == f"0x{tlv.tag:04x}"
