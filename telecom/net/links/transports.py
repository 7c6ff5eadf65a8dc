"""The transports by the scheme of a URL."""

import socket
from types import ModuleType
from typing import Final

from telecom.net.links import sctp, tcp, udp
from telecom.net.links.link import Link, Listener, MakeOwner, Url

TRANSPORTS: Final[dict[str, ModuleType]] = {"tcp": tcp, "udp": udp, "sctp": sctp}


def transport_of(url: Url) -> ModuleType:
    """Return the module that carries a URL's scheme; raise `ValueError`."""
    try:
        return TRANSPORTS[url.transport]
    except KeyError:
        known = ", ".join(f"{scheme}://" for scheme in TRANSPORTS)
        raise ValueError(f"{url.transport}:// is none of {known}") from None


def check(url: Url) -> None:
    """Raise `ValueError` for an unknown transport, `OSError` for one that this machine lacks."""
    if transport_of(url) is sctp:
        sctp.make_socket(socket.AF_INET).close()


async def connect(url: Url, make_owner: MakeOwner) -> Link:
    """Make a link to a peer; raises `OSError`."""
    link: Link = await transport_of(url).connect(url, make_owner)
    return link


async def listen(url: Url, make_owner: MakeOwner) -> Listener:
    """Listen for links; raises `OSError`, as for a port in use."""
    listener: Listener = await transport_of(url).listen(url, make_owner)
    return listener
