"""The command: what it takes, what it prints, and its exit statuses."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from telecom.cli import decode as command
from telecom.net.capture import Capture
from telecom.runtime.command_line import run_command_line

VECTORS = Path(__file__).parents[1] / "vectors"
ENQUIRE_LINK = "00000010000000150000000000000001"
ENQUIRE_LINK_TREE = """\
SMPP enquire_link
├── command_status: 0 (ESME_ROK)
└── sequence_number: 1
"""
UNBIND = "00000010000000060000000000000002"
BEAT = "0100030300000008"

Decode = Callable[..., tuple[int, str, str]]


@pytest.fixture
def decode(capsys: pytest.CaptureFixture[str]) -> Decode:
    """Run the command: its status, and what it printed on stdout and stderr."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(command.decode)

    def run(*arguments: str) -> tuple[int, str, str]:
        status = run_command_line(app, arguments)
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def vector(name: str, key: str) -> str:
    for file in ("ss7.json", "smpp.json"):
        for each in json.loads((VECTORS / file).read_text()):
            if each["name"] == name:
                return str(each[key])
    raise KeyError(name)


def stdin(monkeypatch: pytest.MonkeyPatch, octets: bytes) -> None:
    file = io.BufferedReader(io.BytesIO(octets))  # type: ignore[arg-type]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(file))


def test_sri_sm(decode: Decode) -> None:
    status, tree, _ = decode(vector("sri-sm-v3-begin-mapopen", "m3ua"))
    assert status == 0
    assert (
        tree
        == """\
M3UA DATA
├── routing_contexts: 101
├── opc: 101
├── dpc: 102
├── si: 3 (SCCP)
├── ni: 2 (NATIONAL)
├── mp: 0
├── sls: 5
└── SCCP UDT
    ├── protocol_class: 0
    ├── return_on_error: true
    ├── called: 46701234567
    │   ├── ssn: 6 (HLR)
    │   ├── route_on: GT
    │   ├── indicator: 4
    │   ├── tt: 0
    │   ├── np: 1 (E164)
    │   └── nai: 4 (INTERNATIONAL)
    ├── calling: 46700000099
    │   ├── ssn: 8 (MSC)
    │   ├── route_on: GT
    │   ├── indicator: 4
    │   ├── tt: 0
    │   ├── np: 1 (E164)
    │   └── nai: 4 (INTERNATIONAL)
    └── TCAP Begin
        ├── otid: 00000004
        ├── AARQ
        │   ├── application_context: 0.4.0.0.1.0.20.3 (SHORT_MSG_GATEWAY version 3)
        │   └── MAP open
        │       ├── destination_reference: 46700000010 (INTERNATIONAL, E164)
        │       └── origination_reference: 46700000099 (INTERNATIONAL, E164)
        └── Invoke sendRoutingInfoForSM
            ├── invoke_id: 1
            ├── opcode: 45
            ├── msisdn: 46701234567 (INTERNATIONAL, E164)
            ├── sm_rp_pri: true
            └── service_centre_address: 46700000099 (INTERNATIONAL, E164)
"""
    )


def test_mt_forward_sm(decode: Decode) -> None:
    status, tree, _ = decode(vector("mt-fsm-v3-begin-concat-udh", "tcap"))
    assert status == 0
    assert (
        tree
        == f"""\
TCAP Begin
├── otid: 0000000a
├── AARQ
│   └── application_context: 0.4.0.0.1.0.25.3 (SHORT_MSG_MT_RELAY version 3)
└── Invoke mt-ForwardSM
    ├── invoke_id: 1
    ├── opcode: 44
    ├── sm_rp_da
    │   └── imsi: 240011234567890
    ├── sm_rp_oa
    │   └── service_centre_address_oa: 46700000099 (INTERNATIONAL, E164)
    ├── more_messages_to_send: true
    └── TPDU SMS-DELIVER
        ├── originating_address: 46709876543 (INTERNATIONAL, ISDN)
        ├── service_centre_time_stamp: 2024-01-02T03:04:05+00:00
        ├── protocol_identifier: 0
        ├── data_coding_scheme: 0 (GSM7)
        ├── more_messages_to_send: true
        ├── concatenation
        │   ├── reference: 42
        │   ├── total: 3
        │   └── sequence: 1
        ├── alphabet: 0 (GSM7)
        └── text: {"a" * 60}
"""
    )


def test_submit_sm(decode: Decode) -> None:
    status, tree, _ = decode(vector("submit_sm-udh16-port-tlvs", "hex"))
    assert status == 0
    assert (
        tree
        == """\
SMPP submit_sm
├── command_status: 0 (ESME_ROK)
├── sequence_number: 1
├── service_type: ""
├── source_addr_ton: 1 (INTERNATIONAL)
├── source_addr_npi: 1 (ISDN)
├── source_addr: 46701234567
├── dest_addr_ton: 1 (INTERNATIONAL)
├── dest_addr_npi: 1 (ISDN)
├── destination_addr: 46709876543
├── esm_class: 0
├── protocol_id: 0
├── priority_flag: 0
├── schedule_delivery_time: ""
├── validity_period: ""
├── registered_delivery: 1 (receipt)
├── replace_if_present_flag: 0
├── data_coding: 0 (GSM7)
├── sm_default_msg_id: 0
├── short_message: 48656c6c6f
├── source_port: 16000
├── destination_port: 16001
├── user_message_reference: 7
├── information_element 0x05: 3e813e80
├── alphabet: 0 (GSM7)
└── text: Hello
"""
    )


def test_json(decode: Decode) -> None:
    status, line, _ = decode("--json", vector("submit_sm_resp-throttled", "hex"))
    assert status == 0
    assert line.count("\n") == 1
    assert json.loads(line) == {
        "has_fault": False,
        "name": "SMPP submit_sm_resp",
        "branches": [
            {"name": "command_status", "value": 88, "meaning": "ESME_RTHROTTLED"},
            {"name": "sequence_number", "value": 1},
            {"name": "message_id", "value": ""},
        ],
    }


def test_json_of_a_fault(decode: Decode) -> None:
    status, line, _ = decode("--json", "--layer", "sccp", "ff00")
    assert status == 1
    assert json.loads(line) == {
        "has_fault": True,
        "name": "SCCP",
        "value": "message type 255",
        "faulty": True,
        "branches": [{"name": "octets", "value": "ff00"}],
    }


@pytest.mark.parametrize(
    "arguments",
    [
        [ENQUIRE_LINK],
        [ENQUIRE_LINK.upper()],
        ["0x" + ENQUIRE_LINK],
        ["00:00:00:10", "00000015", "0x00, 0x00", "0000 00000001"],
        ["--layer", "smpp", ENQUIRE_LINK],
    ],
)
def test_hex_on_the_command_line(decode: Decode, arguments: list[str]) -> None:
    assert decode(*arguments) == (0, ENQUIRE_LINK_TREE, "")


@pytest.mark.parametrize(
    "content",
    [
        bytes.fromhex(ENQUIRE_LINK),
        ENQUIRE_LINK.encode(),
        b"00000010 00000015\r\n00000000 00000001\n",
    ],
)
def test_files_and_standard_input(
    decode: Decode, tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "message"
    path.write_bytes(content)
    assert decode(str(path)) == (0, ENQUIRE_LINK_TREE, "")
    assert decode(str(path), str(path)) == (0, ENQUIRE_LINK_TREE * 2, "")
    for arguments in ([], ["-"]):
        stdin(monkeypatch, content)
        assert decode(*arguments) == (0, ENQUIRE_LINK_TREE, "")


def test_several_messages_one_after_the_other(decode: Decode) -> None:
    status, tree, _ = decode(ENQUIRE_LINK + UNBIND)
    assert (status, tree.count("SMPP enquire_link"), tree.count("SMPP unbind")) == (0, 1, 1)
    status, tree, _ = decode(BEAT, BEAT)
    assert (status, tree) == (0, "M3UA BEAT\n" * 2)
    status, tree, _ = decode("--layer", "m3ua", BEAT + BEAT[:-4])
    assert status == 1
    assert (
        tree
        == """\
M3UA BEAT
M3UA: shorter than a common message header
└── octets: 010003030000
"""
    )


def test_a_capture(decode: Decode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "capture.pcap"
    capture = Capture(path, clock=lambda: 1_700_000_000.25)
    capture.tcp(("127.0.0.1", 40001), ("127.0.0.1", 2775), bytes.fromhex(ENQUIRE_LINK))
    capture.sctp(("::1", 41001), ("::1", 2905), bytes.fromhex(BEAT))
    capture.close()
    expected = (
        f"2023-11-14T22:13:20.250000Z 127.0.0.1:40001 > 127.0.0.1:2775 {ENQUIRE_LINK_TREE}"
        "2023-11-14T22:13:20.250000Z [::1]:41001 > [::1]:2905 M3UA BEAT\n"
    )
    assert decode(str(path)) == (0, expected, "")
    stdin(monkeypatch, path.read_bytes())
    assert decode() == (0, expected, "")
    status, lines, _ = decode("--json", str(path))
    smpp, m3ua = map(json.loads, lines.splitlines())
    assert status == 0
    assert m3ua == {
        "at": "2023-11-14T22:13:20.250000Z",
        "source": "[::1]:41001",
        "destination": "[::1]:2905",
        "has_fault": False,
        "name": "M3UA BEAT",
    }
    assert list(smpp) == ["at", "source", "destination", "has_fault", "name", "branches"]


def test_a_capture_that_is_cut_is_shown_up_to_there(decode: Decode, tmp_path: Path) -> None:
    path = tmp_path / "capture.pcap"
    capture = Capture(path)
    for _ in range(2):
        capture.tcp(("127.0.0.1", 40001), ("127.0.0.1", 2775), bytes.fromhex(ENQUIRE_LINK))
    capture.close()
    path.write_bytes(path.read_bytes()[:-1])
    status, tree, line = decode(str(path))
    assert status == 1
    assert tree.count("SMPP enquire_link\n") == 1
    assert tree.count("SMPP enquire_link: a PDU of 15 octets") == 1
    reason = "it ends within a packet, or is damaged there"
    assert line == f"{path} cannot be read as a capture to its end: {reason}\n"


def test_times_that_no_calendar_has(decode: Decode, tmp_path: Path) -> None:
    path = tmp_path / "capture.pcap"
    capture = Capture(path)
    capture.tcp(("127.0.0.1", 40001), ("127.0.0.1", 2775), bytes.fromhex(ENQUIRE_LINK))
    capture.close()
    octets = path.read_bytes()
    section = bytes.fromhex("0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000")
    interface = bytes.fromhex("0100000014000000650000000000040014000000")
    packet = octets[40:]
    length = (32 + len(packet)).to_bytes(4, "little")
    size = len(packet).to_bytes(4, "little")
    block = b"\6\0\0\0" + length + bytes(4) + b"\xff" * 8 + size * 2 + packet + length
    path.write_bytes(section + interface + block)
    status, tree, _ = decode(str(path))
    assert (status, tree[:20]) == (0, "18446744073709.55 12")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["abc"], "abc is neither hex octets nor a file: No such file or directory\n"),
        (["00", "xy"], "00 is neither hex octets nor a file: No such file or directory\n"),
        (["."], ". is neither hex octets nor a file: Is a directory\n"),
        (["--layer", "isup", "00"], "Invalid value for '--layer'"),
        (["--nothing"], "No such option"),
    ],
)
def test_wrong_usage_is_one_line(decode: Decode, arguments: list[str], line: str) -> None:
    status, tree, said = decode(*arguments)
    assert (status, tree) == (2, "")
    assert said.startswith(line)
    assert said.count("\n") == 1


def test_nothing_on_standard_input(decode: Decode, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, b" \n")
    assert decode() == (2, "", "standard input is empty\n")
    stdin(monkeypatch, b"")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    reason = "nothing to decode: give hex octets or a file, or pipe something in\n"
    assert decode() == (2, "", reason)


def test_a_file_that_is_empty_or_too_long(
    decode: Decode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"")
    assert decode(str(path)) == (2, "", f"{path} is empty\n")
    monkeypatch.setattr(command, "LARGEST_FILE", 15)
    path.write_bytes(bytes.fromhex(ENQUIRE_LINK))
    assert decode(str(path)) == (2, "", f"{path} is no capture, and has more than 15 octets\n")


def test_nothing_commands_the_terminal(decode: Decode) -> None:
    text = "a\x1b[2J\x07\x9b\nb\u202ec"
    octets = text.encode("utf-16-be")
    body = bytes(14) + b"\x08\0" + bytes((len(octets),)) + octets
    pdu = (16 + len(body)).to_bytes(4, "big") + bytes.fromhex("000000040000000000000001") + body
    _, tree, _ = decode(pdu.hex())
    assert tree.splitlines()[-1] == r"└── text: a\x1b[2J\x07\x9b\nb\u202ec"
    _, line, _ = decode("--json", pdu.hex())
    assert line.isascii()
    assert json.loads(line)["branches"][-1]["value"] == text


def test_only_what_is_needed_is_loaded() -> None:
    program = f"""
import sys, typer
from telecom.cli.decode import decode
app = typer.Typer()
app.command()(decode)
app(["{ENQUIRE_LINK}"], standalone_mode=False)
print(*(name for name in ("scapy", "rich", "telecom.ss7.map.codec") if name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.decode() == ENQUIRE_LINK_TREE + "\n"


def test_colours_on_a_terminal(decode: Decode, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in decode("--layer", "sccp", "ff")[1]
    echoed: list[str] = []
    monkeypatch.setattr(typer, "echo", echoed.append)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    decode(ENQUIRE_LINK)
    decode("--layer", "sccp", "ff")
    uncoloured = re.sub("\x1b.*?m", "", echoed[0])
    assert uncoloured + "\n" == ENQUIRE_LINK_TREE
    assert "\x1b[36m: 0" in echoed[0]
    assert "\x1b[31m" in echoed[1]
