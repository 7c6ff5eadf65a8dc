"""What was measured on: a figure without its machine says nothing."""

import os
import platform
import re
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = (
    "uvloop",
    "msgspec",
    "redis",
    "hiredis",
    "pycrate",
    "smpplib",
    "smpp34",
    "rusmppyc",
    "aiosmpplib",
)
_PROGRAMS = {"redis-server": r"v=([\d.]+)", "node": r"v([\d.]+)"}


def machine() -> dict[str, str]:
    """Describe this machine and the versions of everything that takes part."""
    found = {
        "machine": f"{_processor()}, {os.cpu_count()} cores, {platform.system()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
    }
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "absent"
    for program, pattern in _PROGRAMS.items():
        found[program] = _version_of(program, pattern)
    return found


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    named = re.search(r"model name\s*: (.*)", cpuinfo.read_text()) if cpuinfo.exists() else None
    return named[1] if named else platform.machine()


def _version_of(program: str, pattern: str) -> str:
    path = shutil.which(program)
    if path is None:
        return "absent"
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(pattern, said)
    return match[1] if match else said.strip()
