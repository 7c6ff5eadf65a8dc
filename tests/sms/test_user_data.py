import pytest
from hypothesis import given
from hypothesis import strategies as st

from telecom.sms.alphabets import Alphabet, AlphabetError
from telecom.sms.user_data import (
    Concatenation,
    InformationElement,
    UserData,
    UserDataError,
    decode_header,
    decode_user_data,
    encode_header,
    encode_user_data,
)
from tests.sms.conftest import headers, texts, user_data

GSM7, OCTETS, UCS2 = Alphabet.GSM7, Alphabet.OCTETS, Alphabet.UCS2
PORTS = InformationElement(5, bytes.fromhex("0b8423f0"))
any_user_data = st.sampled_from(Alphabet).flatmap(user_data)


def concatenated(alphabet: Alphabet, payload: bytes, *, bits16: bool) -> UserData:
    return UserData(alphabet, payload, (Concatenation(1, 2, 1, bits16).element(),))


@pytest.mark.parametrize(
    ("data", "length", "octets"),
    [
        (UserData(GSM7, b"Hello"), 5, "c8329bfd06"),
        (UserData(GSM7, b""), 0, ""),
        # a header of 6 octets takes 7 septets, the last of them with 1 fill bit
        (concatenated(GSM7, b"aa", bits16=False), 9, "050003010201c261"),
        # a header of 7 octets takes 8 septets, and needs no fill bit
        (concatenated(GSM7, b"bb", bits16=True), 10, "060804000102016231"),
        (UserData(GSM7, b"a", (PORTS,)), 9, "0605040b8423f061"),
        (UserData(OCTETS, b"\x01\xff", (PORTS,)), 9, "0605040b8423f001ff"),
        (concatenated(UCS2, b"\x04\x1f", bits16=False), 8, "050003010201041f"),
    ],
)
def test_user_data_as_on_the_wire(data: UserData, length: int, octets: str) -> None:
    assert encode_user_data(data) == (length, bytes.fromhex(octets))
    wire = bytes.fromhex(octets) + b"\xff"
    has_header = bool(data.header)
    assert decode_user_data(length, wire, alphabet=data.alphabet, has_header=has_header) == data


@pytest.mark.parametrize(
    ("whole", "fits"),
    [
        (UserData(GSM7, bytes(160)), 160),
        (UserData(OCTETS, bytes(140)), 140),
        (UserData(UCS2, bytes(140)), 140),
        (concatenated(GSM7, bytes(153), bits16=False), 160),
        (concatenated(GSM7, bytes(152), bits16=True), 160),
        (concatenated(OCTETS, bytes(134), bits16=False), 140),
        (concatenated(OCTETS, bytes(133), bits16=True), 140),
        (concatenated(UCS2, bytes(134), bits16=False), 140),
        (concatenated(UCS2, bytes(132), bits16=True), 139),
    ],
)
def test_the_most_that_fits(whole: UserData, fits: int) -> None:
    length, octets = encode_user_data(whole)
    assert (length, len(octets) <= 140) == (fits, True)
    more = UserData(whole.alphabet, whole.payload + bytes(2), whole.header)
    with pytest.raises(UserDataError):
        encode_user_data(more)


@given(any_user_data)
def test_round_trip(data: UserData) -> None:
    length, octets = encode_user_data(data)
    has_header = bool(data.header)
    assert decode_user_data(length, octets, alphabet=data.alphabet, has_header=has_header) == data


@given(headers, st.binary(max_size=10))
def test_header_round_trip(header: tuple[InformationElement, ...], behind: bytes) -> None:
    octets = encode_header(header)
    assert decode_header(octets + behind) == (header, behind) if header else octets == b""


@pytest.mark.parametrize("octets", ["", "03", "0300", "0200", "03000501", "0400030102"])
def test_headers_that_do_not_add_up(octets: str) -> None:
    with pytest.raises(UserDataError):
        decode_header(bytes.fromhex(octets))


def test_a_header_that_does_not_add_up_is_dropped_from_user_data() -> None:
    octets = bytes.fromhex("0500040102ff4142")
    assert decode_user_data(8, octets, alphabet=OCTETS, has_header=True) == UserData(OCTETS, b"AB")


@pytest.mark.parametrize(
    ("length", "octets", "alphabet", "has_header"),
    [
        (3, "4142", OCTETS, False),
        (9, "41424344454647", GSM7, False),
        (141, "00" * 141, OCTETS, False),
        (161, "00" * 141, GSM7, False),
        (0, "", OCTETS, True),
        (3, "03410042", OCTETS, True),
        (2, "01410000", GSM7, True),
    ],
)
def test_user_data_that_do_not_add_up(
    length: int, octets: str, alphabet: Alphabet, has_header: bool
) -> None:
    with pytest.raises(UserDataError):
        decode_user_data(length, bytes.fromhex(octets), alphabet=alphabet, has_header=has_header)


@given(st.integers(0, 255), st.binary(max_size=160), st.sampled_from(Alphabet), st.booleans())
def test_decodes_or_raises_its_own_error(
    length: int, octets: bytes, alphabet: Alphabet, has_header: bool
) -> None:
    try:
        data = decode_user_data(length, octets, alphabet=alphabet, has_header=has_header)
    except UserDataError:
        return
    encode_user_data(data)


@pytest.mark.parametrize(
    "header",
    [
        (InformationElement(0x70, bytes(138)),),
        (InformationElement(0x70, bytes(300)),),
        (InformationElement(256, b""),),
        (InformationElement(0x70, bytes(70)),) * 2,
    ],
)
def test_headers_no_message_has_room_for(header: tuple[InformationElement, ...]) -> None:
    with pytest.raises(UserDataError):
        encode_header(header)


def test_payload_that_is_no_septets() -> None:
    with pytest.raises(AlphabetError):
        encode_user_data(UserData(GSM7, b"\x80"))


@pytest.mark.parametrize(
    ("elements", "concatenation"),
    [
        ([], None),
        (["0:2a0301"], Concatenation(42, 3, 1)),
        (["8:01020302"], Concatenation(0x0102, 3, 2, bits16=True)),
        (["5:0b8423f0", "0:2a0303"], Concatenation(42, 3, 3)),
        (["0:2a0301", "8:01020302"], Concatenation(0x0102, 3, 2, bits16=True)),
        (["8:01020302", "0:2a0301"], Concatenation(42, 3, 1)),
        (["0:2a0300"], None),
        (["0:2a0304"], None),
        (["0:2a0000"], None),
        (["0:2a03"], None),
        (["8:2a0301"], None),
    ],
)
def test_concatenation(elements: list[str], concatenation: Concatenation | None) -> None:
    pairs = [element.split(":") for element in elements]
    header = tuple(InformationElement(int(kind), bytes.fromhex(data)) for kind, data in pairs)
    assert UserData(GSM7, b"", header).concatenation == concatenation
    if concatenation:
        assert concatenation.element() in header


@given(texts)
def test_text_round_trip(text: str) -> None:
    assert UserData.of_text(text).text == text
    assert UserData.of_text(text, UCS2).text == text


def test_text_of_octets() -> None:
    assert UserData.of_text("caf\xe9 \N{EURO SIGN}", OCTETS) == UserData(OCTETS, b"caf\xe9 ?")
    assert UserData(OCTETS, b"caf\xe9").text == "café"
    with pytest.raises(AlphabetError):
        UserData.of_text("Привет", GSM7)


@pytest.mark.parametrize(
    "concatenation", [Concatenation(256, 2, 1), Concatenation(1, 256, 1), Concatenation(-1, 2, 1)]
)
def test_places_that_no_element_says(concatenation: Concatenation) -> None:
    with pytest.raises(UserDataError):
        concatenation.element()
