"""The SMPP client as the commands use it: what goes wrong ends them with one line."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from telecom.net.smpp_client import Esme, connect
from telecom.runtime.errors import CommandError, ConnectionFailed, ExitStatus
from telecom.smpp.errors import LocalError, RefusedError, SmppError
from telecom.smpp.pdus import Bind
from telecom.sms.errors import SmsError

_LONGEST_SYSTEM_ID = 15
_LONGEST_PASSWORD = 8


@asynccontextmanager
async def bound(
    bind: type[Bind], *, host: str, port: int, system_id: str, password: str, tls: bool
) -> AsyncIterator[Esme]:
    """Bind to an SMSC for as long as the block runs.

    With `tls` the certificate is checked, except on loopback, where the lab makes its own.
    """
    _check("--system-id", system_id, _LONGEST_SYSTEM_ID)
    _check("--password", password, _LONGEST_PASSWORD)
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
    except (LocalError, SmsError) as error:
        raise CommandError(str(error), status=ExitStatus.USAGE) from None
    except SmppError as error:
        raise CommandError(f"{host}:{port} ended the session: {error}") from None
    except (TimeoutError, OSError) as error:
        reason = getattr(error, "strerror", None) or "no answer"
        raise ConnectionFailed(
            f"cannot bind at {host}:{port} ({reason}); is the SMSC, or 'telecom lab', running?"
        ) from None


def _check(option: str, value: str, longest: int) -> None:
    """See that a field of the bind can be sent, and show none of it (SMPP 3.4 5.2.1, 5.2.2)."""
    if len(value) > longest or not value.isascii():
        reason = f"{option} has to be {longest} ASCII characters at most"
        raise CommandError(reason, status=ExitStatus.USAGE)


def _tls_context(host: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if host in {"127.0.0.1", "::1", "localhost"}:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
