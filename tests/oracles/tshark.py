"""tshark as an oracle: what an independent dissector reads in our octets."""

import os
import shutil
import struct
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

# the link type that carries a PDU of any dissector without a transport below it:
# tags (type, length, value), then the octets; LINKTYPE_WIRESHARK_UPPER_PDU
EXPORTED_PDU = 252
DISSECTOR_NAME_TAG = 12
END_OF_TAGS = struct.pack(">HH", 0, 0)
PCAP_MAGIC = 0xA1B2C3D4
SNAPSHOT_LENGTH = 262144
EPOCH = 1_700_000_000
NOT_A_PROTOCOL = {"geninfo", "frame", "exported_pdu", "fake-field-wrapper"}


class Dissection(NamedTuple):
    """What tshark makes of one packet.

    `fields` are its filter names with all their values in order; `complaints` are what it finds
    malformed and its expert items, whatever their severity.
    """

    protocols: tuple[str, ...]
    fields: dict[str, list[str]]
    complaints: tuple[str, ...]

    def one(self, name: str) -> str:
        """Return the value of a field that must be there exactly once."""
        (value,) = self.fields[name]
        return value


def required(tool: str = "tshark") -> None:
    """Skip the running test where the tool is missing; in CI fail it."""
    if shutil.which(tool) is None:
        reason = f"{tool} is not installed (apt-get install {tool})"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


def dissect(messages: Sequence[bytes], dissector: str, *options: str) -> list[Dissection]:
    """Dissect each message alone by the dissector of that name (`m3ua`, `sccp`, `smpp`, ...).

    Costs about 0.4 s a call and 2 ms a message, so ask for many at once.
    """
    with TemporaryDirectory() as directory:
        capture = Path(directory) / "messages.pcap"
        capture.write_bytes(_exported_pdus(messages, dissector))
        return read_capture(capture, *options)


def read_capture(capture: Path, *options: str) -> list[Dissection]:
    """Dissect every packet of a capture file."""
    required()
    command = ["tshark", "-r", str(capture), "-T", "pdml", *options]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return [_dissection(packet) for packet in ET.fromstring(done.stdout).iter("packet")]  # noqa: S314


def _exported_pdus(messages: Iterable[bytes], dissector: str) -> bytes:
    name = dissector.encode()
    name += bytes(-len(name) % 4)
    tags = struct.pack(">HH", DISSECTOR_NAME_TAG, len(name)) + name + END_OF_TAGS
    octets = [struct.pack("=IHHiIII", PCAP_MAGIC, 2, 4, 0, 0, SNAPSHOT_LENGTH, EXPORTED_PDU)]
    for number, message in enumerate(messages):
        length = len(tags) + len(message)
        octets += [struct.pack("=IIII", EPOCH + number, 0, length, length), tags, message]
    return b"".join(octets)


def _dissection(packet: ET.Element) -> Dissection:
    fields: dict[str, list[str]] = {}
    complaints = []
    for element in packet.iter():
        name = element.get("name") or ""
        if name.startswith("_ws.malformed"):
            complaints.append(f"malformed: {element.get('showname')}")
        elif name == "_ws.expert.message":
            complaints.append(element.get("show") or "")
        elif element.tag == "field" and name:
            fields.setdefault(name, []).append(element.get("show") or "")
    names = [element.get("name") or "" for element in packet.iter("proto")]
    protocols = tuple(name for name in names if name not in NOT_A_PROTOCOL)
    return Dissection(protocols, fields, tuple(complaints))
