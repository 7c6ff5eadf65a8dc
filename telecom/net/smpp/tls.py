"""TLS of SMPP connections: the context of each end, and a certificate to begin with."""

import fcntl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from ssl import CERT_NONE, CERT_OPTIONAL, CERT_REQUIRED, Purpose, SSLContext, TLSVersion
from ssl import create_default_context as default_context
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

OLDEST_VERSION: Final = TLSVersion.TLSv1_2
_LIFETIME: Final = timedelta(days=825)
_RENEWAL: Final = timedelta(days=30)
"""How long before its end a certificate is made anew."""
_NAME: Final = "localhost"
_PURPOSES: Final = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
_ADDRESSES: Final = ("127.0.0.1", "::1")


def server_context(
    certificate: Path,
    key: Path,
    *,
    client_ca: Path | None = None,
    client_required: bool = True,
) -> SSLContext:
    """Make the context of a listener.

    With a `client_ca`, a file of certificates, ESMEs have to show one that it has signed, or may
    if it is not required. Raises `OSError` that names the file for what cannot be read.
    """
    context = default_context(Purpose.CLIENT_AUTH)
    context.minimum_version = OLDEST_VERSION
    _load_certificate(context, certificate, key)
    if client_ca is not None:
        try:
            context.load_verify_locations(cafile=client_ca)
        except OSError as error:
            raise _no_certificates(client_ca, error) from None
        context.verify_mode = CERT_REQUIRED if client_required else CERT_OPTIONAL
    return context


def client_context(
    *,
    ca: Path | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
    check_name: bool = True,
    verify: bool = True,
) -> SSLContext:
    """Make the context of who connects.

    The peer's certificate has to be signed by `ca`, a file, or by one of the system's, and to be
    for the name or address that is connected to unless `check_name` is off; without `verify`
    anybody may be the peer. Raises `OSError` that names the file for what cannot be read.
    """
    try:
        context = default_context(Purpose.SERVER_AUTH, cafile=ca)
    except OSError as error:
        raise _no_certificates(ca, error) from None
    context.minimum_version = OLDEST_VERSION
    context.check_hostname = check_name and verify
    if not verify:
        context.verify_mode = CERT_NONE
    if certificate is not None:
        _load_certificate(context, certificate, key or certificate)
    return context


def common_name(certificate: Mapping[str, Any] | None) -> str:
    """Tell whose a peer's certificate is: the common name of its subject, or nothing."""
    for names in (certificate or {}).get("subject", ()):
        for attribute, value in names:
            if attribute == "commonName":
                return str(value)
    return ""


def _load_certificate(context: SSLContext, certificate: Path, key: Path) -> None:
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as error:
        raise OSError(f"no certificate and its key in {certificate}, {key}: {error}") from None


def _no_password() -> bytes:
    """Keep OpenSSL from asking at the terminal for the password of an encrypted key."""
    raise ValueError("the key is encrypted")


def _no_certificates(ca: Path | None, error: OSError) -> OSError:
    return OSError(f"no certificates in {ca}: {error}")


# A certificate of one's own


def self_signed(folder: Path, *, now: datetime | None = None) -> tuple[Path, Path]:
    """Give the files of a certificate for this machine and of its key, which only we may read.

    They are made in `folder` at the first call, and again when the certificate is near its end.
    It is for localhost, 127.0.0.1 and ::1; a client trusts it by its file. `now` has a time zone.
    Raises `OSError` when they cannot be written.
    """
    now = now or datetime.now(UTC)
    certificate, key = folder / "smpp.crt", folder / "smpp.key"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "smpp.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two that start at once get the same
        if not _serves(certificate, key, now + _RENEWAL):
            _make(certificate, key, now)
    return certificate, key


def _serves(certificate: Path, key: Path, until: datetime) -> bool:
    """Whether the files belong together and are good until then."""
    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
        private = load_pem_private_key(key.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        return False
    return found.public_key() == private.public_key() and until < found.not_valid_after_utc


def _make(certificate: Path, key: Path, now: datetime) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    key.touch(mode=0o600)
    key.chmod(0o600)
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    certificate.write_bytes(_certificate(private, now).public_bytes(Encoding.PEM))


def _certificate(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    """RFC 5280 4.2."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _NAME)])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.SubjectAlternativeName([x509.DNSName(_NAME), *map(_ip, _ADDRESSES)]), False),
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_usage(), True),
        (x509.ExtendedKeyUsage([*_PURPOSES]), False),
        (identifier, False),
        (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), False),
    ]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFETIME)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(key, hashes.SHA256())


def _ip(address: str) -> x509.IPAddress:
    return x509.IPAddress(ip_address(address))


def _usage() -> x509.KeyUsage:
    """To prove who it is: RFC 5280 4.2.1.3, and RFC 8446 4.4.2.2."""
    others = (
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(digital_signature=True, **dict.fromkeys(others, False))
