"""Host and port in one text: an IPv6 address has colons of its own, so it stands in brackets (RFC 3986, 3.2.2)."""


def bracketed(host: str) -> str:
    """A host as it stands in front of a port."""
    return f"[{host}]" if ":" in host else host


def joined(host: str, port: object) -> str:
    return f"{bracketed(host)}:{port}"
