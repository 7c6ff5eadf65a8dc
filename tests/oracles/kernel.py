"""What only some kernels have."""

import socket

import pytest

from telecom.net.links.sctp import make_socket


def _has_sctp() -> bool:
    try:
        make_socket(socket.AF_INET).close()
    except OSError:
        return False
    return True


with_sctp = pytest.mark.skipif(not _has_sctp(), reason="this kernel has no SCTP")
