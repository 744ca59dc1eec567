"""Domain names in wire form (RFC 1035, section 3.1), and the names that addresses have.

The index is keyed by lower-cased wire names. A length byte is at most 63 and so never a capital letter: `bytes.lower()`
folds the case of a whole wire name at once.
"""

import ipaddress

ROOT = b"\x00"
MAX_NAME = 255
MAX_LABEL = 63


class BadName(ValueError):
    """A text that is no domain name: an empty or overlong label, or too long in all."""


def encode(text: str) -> bytes:
    """The wire form of `a.b.c` or `a.b.c.`; capitals are kept."""
    parts = text.removesuffix(".").split(".") if text not in ("", ".") else []
    wire = b"".join(label(part) for part in parts) + ROOT
    if len(wire) > MAX_NAME:
        raise BadName(f"{text!r} is longer than {MAX_NAME} bytes")
    return wire


def label(text: str) -> bytes:
    """One label with its length in front."""
    raw = text.encode("utf-8", "surrogatepass")
    if not 0 < len(raw) <= MAX_LABEL:
        raise BadName(f"{text!r} is not a label: it must have 1 to {MAX_LABEL} bytes")
    return bytes((len(raw),)) + raw


def is_label(text: object) -> bool:
    """Whether `text` can be one label of a name under a Service: letters, digits, dashes and underscores."""
    return (
        isinstance(text, str)
        and 0 < len(text) <= MAX_LABEL
        and text.isascii()
        and text.replace("-", "").replace("_", "").isalnum()
    )


def decode(wire: bytes) -> str:
    """The text of a wire name, with a final dot; bytes that are not printable as `\\ddd`."""
    parts = ["".join(_shown(byte) for byte in part) for part in labels(wire)]
    return ".".join(parts) + "."


def _shown(byte: int) -> str:
    char = chr(byte)
    if char in ".\\":
        return "\\" + char
    return char if 0x20 < byte < 0x7F else f"\\{byte:03d}"


def labels(wire: bytes) -> list[bytes]:
    """The labels of a well-formed wire name, without the root."""
    parts, at = [], 0
    while length := wire[at]:
        parts.append(wire[at + 1 : at + 1 + length])
        at += 1 + length
    return parts


def under(wire: bytes, zone: bytes) -> bool:
    """Whether the (lower-cased) name is the zone's apex or below it, at a boundary of labels."""
    if not wire.endswith(zone):
        return False
    at, last = 0, len(wire) - len(zone)
    while at < last:
        at += 1 + wire[at]
    return at == last


def reverse(packed: bytes) -> bytes:
    """The wire name under in-addr.arpa or ip6.arpa of an address of 4 or 16 bytes."""
    if len(packed) == 4:
        return b"".join(_LABEL[byte] for byte in reversed(packed)) + _IN_ADDR
    return b"".join(b"\x01" + bytes((_HEX[b & 15], 1, _HEX[b >> 4])) for b in reversed(packed)) + _IP6


def dashed(packed: bytes) -> str:
    """The name of an endpoint without a hostname: its address as text with dashes. An IPv6 address that would end in a
    dash (`fd00::`) gets a zero, since a label may not end so."""
    if len(packed) == 4:
        return "-".join(map(str, packed))
    text = str(ipaddress.IPv6Address(packed)).replace(":", "-")
    return text + "0" if text.endswith("-") else text


def undashed(text: bytes) -> bytes | None:
    """The address that a pod's label stands for, or None: the dots or colons of an address written as dashes."""
    try:
        shown = text.decode("ascii")
    except UnicodeDecodeError:
        return None
    if shown.count("-") == 3 and "--" not in shown:
        return pack(shown.replace("-", "."))
    return pack(shown.replace("-", ":"))


def pack(text: object) -> bytes | None:
    """The bytes of an address in text, or None where it is none."""
    try:
        return ipaddress.ip_address(text).packed if isinstance(text, str) else None
    except ValueError:
        return None


_LABEL = [label(str(byte)) for byte in range(256)]
_HEX = b"0123456789abcdef"
_IN_ADDR = encode("in-addr.arpa")
_IP6 = encode("ip6.arpa")
