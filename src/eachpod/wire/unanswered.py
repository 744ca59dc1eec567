"""Why nobody answered, in the system's words and without those of the library that dialled."""

import os
import ssl

import aiohttp


def why(error: Exception) -> str:
    """A short reason for a request that no answer came to."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        found = error.certificate_error
        return f"its certificate is not trusted: {getattr(found, 'verify_message', '') or found}"
    if isinstance(error, TimeoutError):
        return "i/o timeout"
    below = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(below, ssl.SSLError):  # an OSError whose number is none of the system's
        return _tls(below)
    if isinstance(error, OSError) and (error.errno or 0) > 0:
        return os.strerror(error.errno or 0).lower()
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__


def _tls(error: ssl.SSLError) -> str:
    reason = (getattr(error, "reason", "") or "").replace("_", " ").lower()
    if reason in ("wrong version number", "record layer failure"):
        return "tls: first record does not look like a TLS handshake"
    return f"tls: {reason or error}"
