"""Strategies for what a short message is made of."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import settings
from hypothesis import strategies as st

from telecom.sms.address import Address
from telecom.sms.alphabets import Alphabet, decode_gsm7
from telecom.sms.data_coding import ALPHABET_OF_DCS
from telecom.sms.segmentation import capacity
from telecom.sms.tpdu import EnhancedFormat, EnhancedValidityPeriod
from telecom.sms.user_data import InformationElement, UserData

settings.register_profile("telecom", derandomize=True, max_examples=60, deadline=None)
settings.load_profile("telecom")

# every character of the GSM 7 bit alphabet and of its extension table
GSM7 = "".join(decode_gsm7(bytes((code,))) for code in range(128) if code != 0x1B) + "\f^{}\\[~]|€"

octets = st.integers(0, 255)
gsm7_texts = st.text(alphabet=GSM7, max_size=200)
texts = st.one_of(gsm7_texts, st.text(max_size=200))

digits = st.text(alphabet="0123456789*#abc", max_size=20)
numbers = st.builds(Address, digits, st.sampled_from([0, 1, 2, 3, 4, 6, 7]), st.integers(0, 15))
names = st.text(alphabet=GSM7[:-11], min_size=1, max_size=11).map(Address.alphanumeric)
addresses = st.one_of(numbers, names)

zones = st.integers(-79, 79).map(
    lambda quarters: timezone(timedelta(minutes=15 * quarters)) if quarters else UTC
)
time_stamps = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001 - the zone is drawn apart
    max_value=datetime(2099, 12, 31, 23, 59, 59),  # noqa: DTZ001
    timezones=zones,
).map(lambda moment: moment.replace(microsecond=0))

elements = st.builds(InformationElement, octets, st.binary(max_size=6))
headers = st.lists(elements, max_size=4).map(tuple)


@st.composite
def user_data(draw: st.DrawFn, alphabet: Alphabet) -> UserData:
    header = draw(headers)
    size = draw(st.integers(0, capacity(alphabet, header)))
    octet = st.integers(0, 127) if alphabet == Alphabet.GSM7 else octets
    payload = draw(st.lists(octet, min_size=size, max_size=size).map(bytes))
    return UserData(alphabet, payload, header)


@st.composite
def coded_user_data(draw: st.DrawFn) -> dict[str, object]:
    """A TP-DCS, and user data in its alphabet."""
    dcs = draw(octets)
    return {
        "data_coding_scheme": dcs,
        "user_data": draw(user_data(ALPHABET_OF_DCS[dcs])),
    }


relative_periods = st.one_of(
    st.integers(1, 144).map(lambda n: timedelta(minutes=5 * n)),
    st.integers(2, 30).map(lambda n: timedelta(days=n)),
    st.integers(5, 63).map(lambda n: timedelta(weeks=n)),
)
enhanced_periods = st.one_of(
    st.builds(EnhancedValidityPeriod, single_shot=st.booleans()),
    st.builds(
        EnhancedValidityPeriod, st.just(EnhancedFormat.RELATIVE), relative_periods, st.booleans()
    ),
    st.builds(
        EnhancedValidityPeriod,
        st.just(EnhancedFormat.SECONDS),
        st.integers(1, 255).map(lambda n: timedelta(seconds=n)),
        st.booleans(),
    ),
    st.builds(
        EnhancedValidityPeriod,
        st.just(EnhancedFormat.CLOCK),
        st.integers(0, 359_999).map(lambda n: timedelta(seconds=n)),
        st.booleans(),
    ),
)
validity_periods = st.one_of(st.none(), relative_periods, time_stamps, enhanced_periods)
