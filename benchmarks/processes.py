"""What other processes use, as Linux counts it in /proc; elsewhere nothing is known of them."""

import os
import re
from pathlib import Path

import msgspec

_TICK = 1 / os.sysconf("SC_CLK_TCK")


class Usage(msgspec.Struct, frozen=True):
    """Processor seconds that a process has used, and octets of memory, now and at its most."""

    cpu: float
    resident: int
    peak: int


def children_of(pid: int) -> list[int]:
    """Return the ids of the processes that a process has started; none where that is unknown."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(child) for child in listed.split()]


def command_of(pid: int) -> str:
    """Return the command line of a process; empty where that is unknown."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def usage_of(pid: int) -> Usage:
    """Look at a process; raises `OSError` for one that is not there."""
    # proc(5): the name, field 2, is in parentheses; utime and stime are fields 14 and 15
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = Path(f"/proc/{pid}/status").read_text()
    sizes = {name: int(size) * 1024 for name, size in re.findall(r"(VmRSS|VmHWM):\s+(\d+)", status)}
    return Usage((int(fields[11]) + int(fields[12])) * _TICK, sizes["VmRSS"], sizes["VmHWM"])
