"""Certificates and contexts."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from telecom.net.smpp.tls import client_context, common_name, self_signed, server_context

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_a_certificate_is_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    files = self_signed(folder, now=NOW)
    made = [file.read_bytes() for file in files]
    assert self_signed(folder, now=NOW + timedelta(days=790)) == files
    assert [file.read_bytes() for file in files] == made
    assert files[1].stat().st_mode & 0o777 == 0o600


def test_a_certificate_near_its_end_is_made_anew(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, now=NOW)
    before = certificate.read_bytes(), key.read_bytes()
    self_signed(tmp_path, now=NOW + timedelta(days=800))
    assert certificate.read_bytes() != before[0]
    assert key.read_bytes() != before[1]
    server_context(certificate, key)


@pytest.mark.parametrize("what", ["half", "foreign", "missing"])
def test_files_that_do_not_serve_are_made_anew(tmp_path: Path, what: str) -> None:
    certificate, key = self_signed(tmp_path / "a", now=NOW)
    if what == "half":
        key.write_bytes(key.read_bytes()[:50])
    elif what == "foreign":
        key.write_bytes(self_signed(tmp_path / "b", now=NOW)[1].read_bytes())
    else:
        certificate.unlink()
    key.chmod(0o644)
    self_signed(tmp_path / "a", now=NOW)
    server_context(certificate, key)
    assert key.stat().st_mode & 0o777 == 0o600


def test_contexts_are_strict(certificate: tuple[Path, Path]) -> None:
    server = server_context(*certificate)
    client = client_context(ca=certificate[0])
    assert server.minimum_version == client.minimum_version == ssl.TLSVersion.TLSv1_2
    assert server.verify_mode == ssl.CERT_NONE
    assert (client.verify_mode, client.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert client_context().verify_mode == ssl.CERT_REQUIRED
    assert len(client.get_ca_certs()) == 0  # it trusts this one, which is no CA, and no other
    assert client.cert_store_stats()["x509"] == 1
    assert client_context(check_name=False).verify_mode == ssl.CERT_REQUIRED
    assert client_context(verify=False).verify_mode == ssl.CERT_NONE


def test_client_certificates_are_asked_for(certificate: tuple[Path, Path]) -> None:
    ca = certificate[0]
    assert server_context(*certificate, client_ca=ca).verify_mode == ssl.CERT_REQUIRED
    optional = server_context(*certificate, client_ca=ca, client_required=False)
    assert optional.verify_mode == ssl.CERT_OPTIONAL


def test_files_that_cannot_be_read_are_named(
    certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    crt, key = certificate
    missing = tmp_path / "missing"
    for files in ((crt, missing), (missing, key), (key, crt)):
        with pytest.raises(OSError, match=f"{files[0]}, {files[1]}: "):
            server_context(*files)
    with pytest.raises(OSError, match=f"no certificates in {missing}"):
        server_context(crt, key, client_ca=missing)
    with pytest.raises(OSError, match=f"no certificates in {key}"):
        client_context(ca=key)


def test_nobody_is_asked_for_a_password(certificate: tuple[Path, Path], tmp_path: Path) -> None:
    key = load_pem_private_key(certificate[1].read_bytes(), None)
    encrypted = tmp_path / "encrypted"
    octets = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    encrypted.write_bytes(octets)
    with pytest.raises(OSError, match="the key is encrypted"):
        server_context(certificate[0], encrypted)


def test_common_name() -> None:
    subject = ((("organizationName", "Example"),), (("commonName", "esme-1"),))
    assert common_name({"subject": subject}) == "esme-1"
    assert common_name({"subject": subject[:1]}) == ""
    assert common_name(None) == ""
