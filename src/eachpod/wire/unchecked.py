"""TLS to pods: their certificates are of their own making, so nobody checks them, as kubelet and API server do not."""

import ssl
from functools import cache


@cache
def unchecked() -> ssl.SSLContext:
    """Made once, and without the machine's authorities, whose reading takes longer than a probe."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
