"""The SMPP client as the commands use it: what goes wrong ends them with one line."""

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from telecom.cli.options import SmppVersion
from telecom.net.smpp.client.esme import Esme, connect
from telecom.net.smpp.tls import client_context
from telecom.runtime.errors import CommandError, ConnectionFailed, ExitStatus
from telecom.smpp.errors import LocalError, RefusedError, SmppError
from telecom.smpp.pdus import Bind
from telecom.smpp.status import CommandStatus
from telecom.smpp.versions import InterfaceVersion
from telecom.sms.errors import SmsError

_LONGEST_SYSTEM_ID: Final = 15
_LONGEST_PASSWORD: Final = 8
_LOOPBACK: Final = frozenset(("127.0.0.1", "::1", "localhost"))
_ADVICE: Final[dict[int, str]] = {
    CommandStatus.ESME_RINVPASWD: "see --system-id and --password",
    CommandStatus.ESME_RINVSYSID: "see --system-id and --password",
    CommandStatus.ESME_RALYBND: "it is bound as often as it may be: end another bind first",
    CommandStatus.ESME_RBINDFAIL: "see --system-id, --password and --interface-version",
    CommandStatus.ESME_RTHROTTLED: "too much at once: try again later",
    CommandStatus.ESME_RMSGQFUL: "too much at once: try again later",
    CommandStatus.ESME_RINVDSTADR: "it has no route to this number",
    CommandStatus.ESME_RINVSRCADR: "the account may not send so: say --from which of its numbers",
}
"""What to do about a refusal."""


class TlsOptions(msgspec.Struct, frozen=True):
    """How to connect by TLS; the certificate is checked, except on loopback, or without one."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    insecure: bool = False

    def context(self, host: str) -> ssl.SSLContext:
        """Make the context; the lab, on loopback, has a certificate that nobody has signed."""
        verify = not self.insecure and (self.ca is not None or host not in _LOOPBACK)
        return client_context(ca=self.ca, certificate=self.certificate, key=self.key, verify=verify)


def tls_options(
    ca: Path | None, certificate: Path | None, key: Path | None, *, tls: bool, insecure: bool
) -> TlsOptions | None:
    """Put what was asked for together; any of it asks for TLS."""
    if not (tls or ca or certificate or key or insecure):
        return None
    return TlsOptions(ca, certificate, key, insecure)


class Smsc(msgspec.Struct, frozen=True):
    """Where to bind and as whom."""

    host: str
    port: int
    system_id: str
    password: str
    tls: TlsOptions | None = None
    version: SmppVersion | None = None


@asynccontextmanager
async def bound(bind: type[Bind], smsc: Smsc, **options: Any) -> AsyncIterator[Esme]:
    """Bind to an SMSC for as long as the block runs; `options` are those of `telecom.connect`."""
    check_credentials(smsc.system_id, smsc.password)
    async with AsyncExitStack() as stack:
        try:
            client = _client(bind, smsc, options)
            esme = await stack.enter_async_context(client)
        except OSError as error:  # TimeoutError is one
            raise _no_connection(error, smsc) from None
        except SmppError as error:
            raise _ended(error, smsc) from None
        try:
            yield esme
        except (SmppError, SmsError) as error:
            raise _ended(error, smsc) from None


def _client(bind: type[Bind], smsc: Smsc, options: dict[str, Any]) -> Esme:
    if smsc.version is not None:
        version = InterfaceVersion[smsc.version.name]
        options = {**options, "version": version, "assumed_version": version}
    try:
        context = smsc.tls.context(smsc.host) if smsc.tls else None
    except OSError as error:
        raise CommandError(str(error), status=ExitStatus.USAGE) from None
    return connect(
        smsc.host,
        smsc.port,
        system_id=smsc.system_id,
        password=smsc.password,
        bind=bind,
        ssl=context,
        back_off=None,
        **options,
    )


def _no_connection(error: OSError, smsc: Smsc) -> CommandError:
    where = f"{smsc.host}:{smsc.port}"
    if isinstance(error, ssl.SSLError):
        reason = getattr(error, "verify_message", "") or error.reason
        return ConnectionFailed(f"no TLS with {where}: {reason}; see --tls-ca and --tls-insecure")
    reason = error.strerror or str(error) or "no answer"
    return ConnectionFailed(
        f"cannot bind at {where} ({reason}); is the SMSC, or 'telecom lab', running?"
    )


def _ended(error: SmppError | SmsError, smsc: Smsc) -> CommandError:
    where = f"{smsc.host}:{smsc.port}"
    if isinstance(error, RefusedError):
        advice = _ADVICE.get(error.status)
        return CommandError(f"{where}: {error}" + (f"; {advice}" if advice else ""))
    if isinstance(error, LocalError | SmsError):
        return CommandError(str(error), status=ExitStatus.USAGE)
    return CommandError(f"{where} ended the session: {error}")


def check_credentials(system_id: str, password: str) -> None:
    """See that a bind can carry them; raises `CommandError` for wrong usage."""
    _check("--system-id", system_id, _LONGEST_SYSTEM_ID)
    _check("--password", password, _LONGEST_PASSWORD)


def _check(option: str, value: str, longest: int) -> None:
    """See that a field of the bind can be sent, and show none of it (SMPP 3.4 5.2.1, 5.2.2)."""
    if len(value) > longest or not value.isascii():
        reason = f"{option} has to be {longest} ASCII characters at most"
        raise CommandError(reason, status=ExitStatus.USAGE)
