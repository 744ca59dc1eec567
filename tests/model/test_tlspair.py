"""Pairs of certificates and keys that cannot work, in Go's words."""

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from eachpod.model.tlspair import fault

BROKEN = "-----BEGIN {0}-----\nMIIB\n-----END {0}-----\n"


def pair() -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    day = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder(who, who, key.public_key(), 1, day, day + datetime.timedelta(1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    plain = serialization.NoEncryption()
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    return made.decode(), text.decode()


CERTIFICATE, KEY = pair()


@pytest.mark.parametrize(
    ("certificate", "key", "text"),
    [
        (CERTIFICATE, KEY, ""),
        (CERTIFICATE, pair()[1], "tls: private key does not match public key"),
        ("x", KEY, "tls: failed to find any PEM data in certificate input"),
        (CERTIFICATE, "y", "tls: failed to find any PEM data in key input"),
        (BROKEN.format("CERTIFICATE"), KEY, "x509: malformed certificate"),
        (CERTIFICATE, BROKEN.format("PRIVATE KEY"), "tls: failed to parse private key"),
        (
            KEY,
            CERTIFICATE,
            "tls: failed to find certificate PEM data in certificate input, but did find a private key; "
            "PEM inputs may have been switched",
        ),
        (CERTIFICATE, CERTIFICATE, "tls: found a certificate rather than a key in the PEM for the private key"),
        (
            CERTIFICATE,
            BROKEN.format("FOO"),
            'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks '
            "of the following types: [FOO]",
        ),
    ],
)
def test_pairs(certificate: str, key: str, text: str) -> None:
    assert fault(certificate, key) == text
