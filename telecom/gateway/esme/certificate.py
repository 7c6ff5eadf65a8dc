"""The certificate of the TLS listener, as its files are now: renewals come while a node serves."""

from pathlib import Path
from ssl import SSLContext
from typing import Final

import structlog

from telecom.gateway.clock import Clock
from telecom.gateway.config import TlsListener
from telecom.net.smpp.tls import self_signed, server_context
from telecom.runtime.errors import ConfigError

LOOK: Final = 10.0
"""Seconds between two looks at the files, when somebody connects."""

_Files = list[tuple[Path, int]]
"""Certificate, key and perhaps client_ca, with the time of their last change."""

_log = structlog.get_logger("telecom.gateway.esme.certificate")


class Certificate:
    """Gives each connection the context of the newest certificate that can be used.

    Paths start from `base`; a certificate of our own is in `data`. Raises `ConfigError` when there
    is none to begin with.
    """

    def __init__(self, tls: TlsListener, *, base: Path, data: Path, clock: Clock) -> None:
        self._tls = tls
        self._base = base
        self._data = data
        self._clock = clock
        self._next_look = clock.monotonic() + LOOK
        try:
            self._files = self._find()
            self._context = self._read(self._files)
        except OSError as error:
            raise ConfigError(f"smpp.tls: {error}") from None

    def context(self) -> SSLContext:
        """Return the context for one who connects now."""
        now = self._clock.monotonic()
        if now >= self._next_look:
            self._next_look = now + LOOK
            self._look()
        return self._context

    def _look(self) -> None:
        try:
            files = self._find()
            if files == self._files:
                return
            self._context, self._files = self._read(files), files
        except OSError as error:  # a renewal may be half done: the last certificate goes on
            _log.warning("certificate_not_renewed", error=str(error))
        else:
            _log.info("certificate_renewed", certificate=str(files[0][0]))

    def _find(self) -> _Files:
        tls = self._tls
        if tls.certificate is None:
            paths = list(self_signed(self._data / "tls"))
        else:
            paths = [self._base / tls.certificate, self._base / (tls.key or tls.certificate)]
        if tls.client_ca is not None:
            paths.append(self._base / tls.client_ca)
        return [(path, path.stat().st_mtime_ns if path.exists() else 0) for path in paths]

    def _read(self, files: _Files) -> SSLContext:
        certificate, key, *client_ca = (path for path, _ in files)
        return server_context(
            certificate,
            key,
            client_ca=client_ca[0] if client_ca else None,
            client_required=self._tls.client_certificates == "required",
        )
