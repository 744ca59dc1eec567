"""Forms of names and other short texts, each as a function from a value to the faults it has.

The texts of the faults are those that users of the real API see and search for; an empty list means valid. Results are
cached where the same names come again and again (labels, container names).
"""

import re
from collections.abc import Callable
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address, ip_network

Faults = tuple[str, ...]
Form = Callable[[str], Faults]

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_DNS1035 = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_KEY = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = f"({_KEY})?"

LABEL_LENGTH = 63
SUBDOMAIN_LENGTH = 253


def too_long(limit: int) -> str:
    return f"must be no more than {limit} characters"


def in_range(low: int, high: int) -> str:
    return f"must be between {low} and {high}, inclusive"


def mismatch(text: str, pattern: str, *examples: str) -> str:
    """The fault of a value that does not match a pattern, with examples of values that do."""
    shown = f"regex used for validation is '{pattern}'"
    if not examples:
        return f"{text} ({shown})"
    quoted = " or ".join(f"'{example}', " for example in examples)
    # The doubled space before "or" is part of the text that the real server sends.
    return f"{text} (e.g. {quoted}{shown})"


def _compiled(pattern: str) -> Callable[[str], object]:
    return re.compile(rf"(?:{pattern})\Z").match


_is_label = _compiled(_LABEL)
_is_subdomain = _compiled(_SUBDOMAIN)
_is_dns1035 = _compiled(_DNS1035)
_is_key = _compiled(_KEY)
_is_value = _compiled(_VALUE)

_LABEL_FAULT = mismatch(
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character",
    _LABEL,
    "my-name",
    "123-abc",
)
_SUBDOMAIN_FAULT = mismatch(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character",
    _SUBDOMAIN,
    "example.com",
)
_DNS1035_FAULT = mismatch(
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character",
    _DNS1035,
    "my-name",
    "abc-123",
)
_KEY_FAULT = mismatch(
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    _KEY,
    "MyName",
    "my.name",
    "123-abc",
)
_VALUE_FAULT = mismatch(
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character",
    _VALUE,
    "MyValue",
    "my_value",
    "12345",
)


@lru_cache(8192)
def label(value: str) -> Faults:
    """A DNS label as RFC 1123 has it."""
    faults = () if len(value) <= LABEL_LENGTH else (too_long(LABEL_LENGTH),)
    if _is_label(value):
        return faults
    return (*faults, "must not contain dots" if _is_subdomain(value) else _LABEL_FAULT)


@lru_cache(8192)
def subdomain(value: str) -> Faults:
    faults = () if len(value) <= SUBDOMAIN_LENGTH else (too_long(SUBDOMAIN_LENGTH),)
    return faults if _is_subdomain(value) else (*faults, _SUBDOMAIN_FAULT)


@lru_cache(8192)
def dns1035_label(value: str) -> Faults:
    faults = () if len(value) <= LABEL_LENGTH else (too_long(LABEL_LENGTH),)
    return faults if _is_dns1035(value) else (*faults, _DNS1035_FAULT)


def path_segment(value: str) -> Faults:
    """What may stand in a URL as one step: the loosest rule for object names."""
    if value in (".", ".."):
        return (f"may not be '{value}'",)
    return tuple(f"may not contain '{sign}'" for sign in "/%" if sign in value)


@lru_cache(8192)
def label_key(value: str) -> Faults:
    """The key of a label, an annotation or a qualified name: `name` or `prefix/name`."""
    prefix, slash, rest = value.partition("/")
    if "/" in rest:
        return (
            f"a valid label key {_KEY_FAULT} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
        )
    faults: Faults = ()
    if slash:
        faults = tuple(f"prefix part {fault}" for fault in _prefix(prefix)) if prefix else _EMPTY_PREFIX
    word = rest if slash else value
    if not word:
        faults = (*faults, "name part must be non-empty")
    elif len(word) > LABEL_LENGTH:
        faults = (*faults, f"name part {_too_many_bytes(LABEL_LENGTH)}")
    return faults if _is_key(word) else (*faults, f"name part {_KEY_FAULT}")


def _too_many_bytes(limit: int) -> str:
    return f"must be no more than {limit} bytes"


def _prefix(value: str) -> Faults:
    faults = () if len(value) <= SUBDOMAIN_LENGTH else (_too_many_bytes(SUBDOMAIN_LENGTH),)
    return faults if _is_subdomain(value) else (*faults, _SUBDOMAIN_FAULT)


_EMPTY_PREFIX = ("prefix part must be non-empty",)


@lru_cache(8192)
def label_value(value: str) -> Faults:
    faults = () if len(value) <= LABEL_LENGTH else (_too_many_bytes(LABEL_LENGTH),)
    return faults if _is_value(value) else (*faults, _VALUE_FAULT)


_CONFIG_KEY = "[-._a-zA-Z0-9]+"
_is_config_key = _compiled(_CONFIG_KEY)
_C_IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*"
_HEADER = "[-A-Za-z0-9]+"
_PERCENT = "[0-9]+%"
_WILDCARD = rf"\*\.{_SUBDOMAIN}"


def _dots(value: str) -> Faults:
    if value in (".", ".."):
        return (f"must not be '{value}'",)
    return ("must not start with '..'",) if value.startswith("..") else ()


@lru_cache(4096)
def config_key(value: str) -> Faults:
    """A key of a ConfigMap's or Secret's data, which becomes a file name."""
    faults = [] if len(value) <= SUBDOMAIN_LENGTH else [too_long(SUBDOMAIN_LENGTH)]
    if not _is_config_key(value):
        text = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
        faults.append(mismatch(text, _CONFIG_KEY, "key.name", "KEY_NAME", "key-name"))
    return (*faults, *_dots(value))


@lru_cache(4096)
def variable(value: str) -> Faults:
    """The name of an environment variable."""
    if not value:
        return ("environment variable name must be non-empty",)
    if value.isascii() and value.isprintable() and "=" not in value:
        return ()
    return ("a valid environment variable name must consist only of printable ASCII characters other than '='",)


@lru_cache(1024)
def http_header(value: str) -> Faults:
    if re.fullmatch(_HEADER, value):
        return ()
    return (mismatch("a valid HTTP header must consist of alphanumeric characters or '-'", _HEADER, "X-Header-Name"),)


@lru_cache(1024)
def percent(value: str) -> Faults:
    if re.fullmatch(_PERCENT, value):
        return ()
    text = "a valid percent string must be a numeric string followed by an ending '%'"
    return (mismatch(text, _PERCENT, "1%", "93%"),)


@lru_cache(1024)
def wildcard_subdomain(value: str) -> Faults:
    if re.fullmatch(_WILDCARD, value):
        return ()
    text = (
        "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
        "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character"
    )
    return (mismatch(text, _WILDCARD, "*.example.com"),)


@lru_cache(4096)
def port_name(value: str) -> Faults:
    """The name of a port: at most 15 letters, digits and hyphens, with a letter in it."""
    faults = [] if len(value) <= 15 else [too_long(15)]
    if not re.fullmatch("[-a-z0-9]+", value):
        faults.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", value):
        faults.append("must contain at least one letter (a-z)")
    if "--" in value:
        faults.append("must not contain consecutive hyphens")
    if value.startswith("-") or value.endswith("-"):
        faults.append("must not begin or end with a hyphen")
    return tuple(faults)


def port(value: object) -> Faults:
    if isinstance(value, int) and 1 <= value <= 65535:
        return ()
    return (in_range(1, 65535),)


def parse_ip(value: str) -> IPv4Address | IPv6Address | None:
    """An address; leading zeros in the parts of IPv4 are read as decimal, as older clients wrote them."""
    try:
        return ip_address(value)
    except ValueError:
        parts = value.split(".")
        if len(parts) != 4 or not all(part.isascii() and part.isdigit() for part in parts):
            return None
    try:
        return IPv4Address(".".join(str(int(part)) for part in parts))
    except AddressValueError:
        return None


@lru_cache(8192)
def ip(value: str) -> Faults:
    """An IP address, without leading zeros or an IPv4 address wrapped in an IPv6 one."""
    found = parse_ip(value) if "%" not in value else None
    if found is None:
        return ("must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",)
    try:
        ip_address(value)
    except ValueError:
        return ("must not have leading 0s",)
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        return ("must not be an IPv4-mapped IPv6 address",)
    return ()


@lru_cache(8192)
def canonical_ip(value: str) -> Faults:
    """An IP address in the one form that has no alternative."""
    faults = ip(value)
    if faults:
        return faults
    proper = str(ip_address(value))
    return () if proper == value else (f'must be in canonical form ("{proper}")',)


@lru_cache(2048)
def cidr(value: str) -> Faults:
    address, slash, length = value.partition("/")
    found = parse_ip(address)
    if not slash or found is None or not length.isdigit() or int(length) > found.max_prefixlen:
        return ("must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",)
    try:
        ip_address(address)
    except ValueError:
        return ("must not have leading 0s in IP or prefix length",)
    if len(length) > 1 and length.startswith("0"):
        return ("must not have leading 0s in IP or prefix length",)
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        return ("must not have an IPv4-mapped IPv6 address",)
    if ip_network(value, strict=False).network_address != found:
        return ("must not have bits set beyond the prefix length",)
    return ()


_RULES: dict[str, Form] = {
    "label": label,
    "subdomain": subdomain,
    "dns1035": dns1035_label,
    "path": path_segment,
    "ip": canonical_ip,
}


def rule(name: str) -> Form:
    """The form that `Kind.name_rule` names."""
    return _RULES[name]
