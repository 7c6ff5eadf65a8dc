"""Captures read back: the SMPP and M3UA messages in a pcap or pcapng file."""

from telecom.net.capture_reader.messages import (
    CapturedMessage,
    CaptureError,
    Protocol,
    is_capture,
)
from telecom.net.capture_reader.reader import read_messages

__all__ = ["CaptureError", "CapturedMessage", "Protocol", "is_capture", "read_messages"]
