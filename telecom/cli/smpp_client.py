"""The SMPP client as the commands use it: what goes wrong ends them with one line."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from telecom.net.smpp_client import Esme, connect
from telecom.runtime.errors import CommandError, ConnectionFailed
from telecom.smpp.errors import RefusedError, SmppError
from telecom.smpp.pdus import Bind


@asynccontextmanager
async def bound(
    bind: type[Bind], *, host: str, port: int, system_id: str, password: str, tls: bool
) -> AsyncIterator[Esme]:
    """Bind to an SMSC for as long as the block runs.

    With `tls` the certificate is checked, except on loopback, where the lab makes its own.
    """
    client = connect(
        host,
        port,
        system_id=system_id,
        password=password,
        bind=bind,
        ssl=_tls_context(host) if tls else None,
        back_off=None,
    )
    try:
        async with client as esme:
            yield esme
    except RefusedError as error:
        raise CommandError(f"{host}:{port}: {error}") from None
    except SmppError as error:
        raise CommandError(f"{host}:{port} ended the session: {error}") from None
    except (TimeoutError, OSError) as error:
        reason = getattr(error, "strerror", None) or "no answer"
        raise ConnectionFailed(
            f"cannot bind at {host}:{port} ({reason}); is the SMSC, or 'telecom lab', running?"
        ) from None


def _tls_context(host: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if host in {"127.0.0.1", "::1", "localhost"}:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
