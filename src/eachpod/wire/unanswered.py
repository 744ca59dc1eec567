"""Why nobody answered, in the system's words and without those of the library that dialled."""

import os

import aiohttp


def why(error: Exception) -> str:
    """A short reason for a request that no answer came to."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        found = error.certificate_error
        return f"its certificate is not trusted: {getattr(found, 'verify_message', '') or found}"
    if isinstance(error, TimeoutError):
        return "i/o timeout"
    if isinstance(error, OSError) and (error.errno or 0) > 0:
        return os.strerror(error.errno or 0).lower()
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__
