"""Whether a certificate and a key belong together, in the words of Go's crypto/tls, which clients see as warnings."""

import re

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\r?\n(.*?)-----END \1-----", re.DOTALL)
_CERTIFICATE, _KEY = "CERTIFICATE", "PRIVATE KEY"


def fault(certificate: str, key: str) -> str:
    """What is wrong with a pair of PEM texts, "" where nothing is."""
    found, keys = _blocks(certificate), _blocks(key)
    return _no_certificate(found) or _no_key(keys) or _mismatch(certificate, key)


def _blocks(text: str) -> list[str]:
    return [match[1] for match in _BLOCK.finditer(text)]


def _no_certificate(types: list[str]) -> str:
    if _CERTIFICATE in types:
        return ""
    if not types:
        return "tls: failed to find any PEM data in certificate input"
    if len(types) == 1 and types[0].endswith(_KEY):
        text = "tls: failed to find certificate PEM data in certificate input, but did find a private key; "
        return text + "PEM inputs may have been switched"
    return _skipped('"CERTIFICATE" PEM block in certificate', types)


def _no_key(types: list[str]) -> str:
    if any(each.endswith(_KEY) for each in types):
        return ""
    if not types:
        return "tls: failed to find any PEM data in key input"
    if types == [_CERTIFICATE]:
        return "tls: found a certificate rather than a key in the PEM for the private key"
    return _skipped('PEM block with type ending in "PRIVATE KEY" in key', types)


def _skipped(what: str, types: list[str]) -> str:
    return f"tls: failed to find {what} input after skipping PEM blocks of the following types: [{' '.join(types)}]"


def _mismatch(certificate: str, key: str) -> str:
    # Not at the top: it takes its time, and most processes that know the kinds read no certificates.
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    try:
        public = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    except ValueError:
        return "x509: malformed certificate"
    try:
        private = serialization.load_pem_private_key(key.encode(), None)
    except (ValueError, TypeError):
        return "tls: failed to parse private key"
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if public.public_bytes(*form) != private.public_key().public_bytes(*form):
        return "tls: private key does not match public key"
    return ""
