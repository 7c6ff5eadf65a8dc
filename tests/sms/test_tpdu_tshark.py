"""TPDUs as tshark reads them, in the RPDUs that tell it their direction (3GPP TS 24.011 7.3)."""

from datetime import UTC, datetime, timedelta, timezone
from random import Random

from telecom.sms.address import Address
from telecom.sms.data_coding import data_coding_scheme
from telecom.sms.segmentation import split
from telecom.sms.tpdu import (
    SmsDeliver,
    SmsDeliverReport,
    SmsSubmit,
    SmsSubmitReport,
    Tpdu,
    encode_tpdu,
)
from tests.oracles.tshark import Dissection, dissect
from tests.sms.conftest import GSM7
from tests.sms.test_tpdu import FROM_MOBILE, LITERALS

REPORTS = (SmsDeliverReport, SmsSubmitReport)
SERVICE_CENTRE = bytes.fromhex("0791839501000010")
SCTS = ("month", "day", "hour", "minutes", "seconds", "timezone")
PRINTABLE = "".join(char for char in GSM7 if char.isprintable()).replace(" ", "")


def rpdu(tpdu: Tpdu) -> bytes:
    """Return the RP-DATA, RP-ACK or RP-ERROR that carries a TPDU."""
    wire = encode_tpdu(tpdu)
    mobile = isinstance(tpdu, FROM_MOBILE)
    data = bytes((len(wire),)) + wire
    if not isinstance(tpdu, REPORTS):
        addresses = b"\x00" + SERVICE_CENTRE if mobile else SERVICE_CENTRE + b"\x00"
        return bytes((0 if mobile else 1, 1)) + addresses + data
    if tpdu.failure_cause is None:
        return bytes((2 if mobile else 3, 1, 0x41)) + data
    return bytes((4 if mobile else 5, 1, 1, 111, 0x41)) + data


def test_every_literal_is_well_formed() -> None:
    tpdus = [tpdu for _, tpdu in LITERALS]
    for tpdu, read in zip(tpdus, dissect(list(map(rpdu, tpdus)), "gsm_a_rp"), strict=True):
        assert read.protocols == ("gsm_a.rp", "gsm_sms"), tpdu
        assert read.complaints == (), tpdu


def message(random: Random) -> list[SmsDeliver | SmsSubmit]:
    """A random message in its segments, towards or from a mobile."""
    letters = random.choice([PRINTABLE, "abc{}€", "яжщ\U0001f600"])
    text = "".join(random.choices(letters, k=random.randint(1, 400)))
    name = Address.alphanumeric("".join(random.choices("ABCdef123", k=random.randint(1, 11))))
    number = Address("".join(random.choices("0123456789", k=random.randint(1, 20))))
    zone = timezone(timedelta(minutes=15 * random.randint(-79, 79)))
    moment = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC).astimezone(zone)
    tpdus: list[SmsDeliver | SmsSubmit] = []
    for segment in split(text, random.randrange(65536), wide=random.random() < 0.5):
        dcs = data_coding_scheme(segment.alphabet, random.choice([None, 0, 1]))
        if random.random() < 0.5:
            address = random.choice([name, number])
            tpdus.append(SmsDeliver(address, segment, moment, data_coding_scheme=dcs))
        else:
            tpdus.append(SmsSubmit(number, segment, data_coding_scheme=dcs))
    return tpdus


def check_deliver(read: Dissection, tpdu: SmsDeliver) -> None:
    assert read.one("gsm_sms.tp-oa") == tpdu.originating_address.digits
    moment = tpdu.service_centre_time_stamp
    told = [int(read.one(f"gsm_sms.scts.{name}")) for name in SCTS]
    quarters = (moment.utcoffset() or timedelta(0)) // timedelta(minutes=15)
    assert told == [*moment.timetuple()[1:6], abs(quarters)]  # the sign it writes elsewhere


def test_random_messages() -> None:
    random = Random(1)
    tpdus = [tpdu for _ in range(60) for tpdu in message(random)]
    for tpdu, read in zip(tpdus, dissect(list(map(rpdu, tpdus)), "gsm_a_rp"), strict=True):
        assert read.complaints == (), tpdu
        assert int(read.one("gsm_sms.tp-dcs")) == tpdu.data_coding_scheme
        # with the last segment it shows the ones before again
        assert read.fields["gsm_sms.sms_text"][-1] == tpdu.user_data.text
        place = tpdu.user_data.concatenation
        if place:
            prefix = "gsm_sms.udh.mm.msg_"
            told = [int(read.one(prefix + name)) for name in ("parts", "part")]
            assert told == [place.total, place.sequence]
        if isinstance(tpdu, SmsDeliver):
            check_deliver(read, tpdu)
        else:
            assert read.one("gsm_sms.tp-da") == tpdu.destination_address.digits
