"""Whether a container's image is a reference at all: what is none is never asked of a registry.

The runtime would say so too, but as a failed pull, which is tried again and again; the kubelet looks first and says
InvalidImageName. The grammar is the one of OCI distribution.
"""

import re

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_TAG = r"\w[\w.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(rf"(?:{_DOMAIN}/)?{_PART}(?:/{_PART})*(?::{_TAG})?(?:@{_DIGEST})?", re.ASCII)


def fault(image: str) -> str:
    """What is wrong with the reference, "" where nothing is."""
    first, slash, rest = image.partition("/")
    # Without a dot, a port or a capital letter the first part is not a host but belongs to the name.
    host = slash and (first == "localhost" or first != first.lower() or "." in first or ":" in first)
    name = re.split(r"[:@]", rest if host else image, maxsplit=1)[0]
    if name and name != name.lower():
        return f"invalid reference format: repository name ({name}) must be lowercase"
    return "" if _REFERENCE.fullmatch(image) else "invalid reference format"
