"""The certificate authority: kept once made, and what it signs is valid for TLS."""

import datetime
import ssl
from pathlib import Path

from cryptography import x509

from eachpod.cluster import pki

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def test_the_authority_is_kept(tmp_path: Path) -> None:
    first, second = pki.Authority.open(tmp_path, NOW), pki.Authority.open(tmp_path, NOW)
    assert first.pem == second.pem
    assert (tmp_path / "ca.key").stat().st_mode & 0o777 == 0o600


def test_names_of_servers_and_users(tmp_path: Path) -> None:
    authority = pki.Authority.open(tmp_path, NOW)
    authority.server("api", ["localhost", "127.0.0.1", "::1"], NOW).write(tmp_path, "api")
    certificate = x509.load_pem_x509_certificate((tmp_path / "api.crt").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "api.crt", tmp_path / "api.key")
    client = x509.load_pem_x509_certificate(authority.client("jane", ["devs", "ops"], NOW).certificate)
    assert client.subject.rfc4514_string() == "CN=jane,O=ops,O=devs"
