"""The forms of names and addresses, and what is said of what has none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.model import names


@pytest.mark.parametrize("value", ["a", "web-0", "0", "a" * 63])
def test_label_accepts(value: str) -> None:
    assert names.label(value) == ()


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("a.b", "must not contain dots"),
        ("a" * 64, "must be no more than 63 characters"),
        ("-a", "a lowercase RFC 1123 label must consist of"),
        ("A", "(e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"),
    ],
)
def test_label_says_what_is_wrong(value: str, fault: str) -> None:
    assert any(fault in text for text in names.label(value))


@pytest.mark.parametrize(
    ("value", "faults"),
    [
        ("app", 0),
        ("example.com/app", 0),
        ("/app", 1),
        ("example.com/", 2),
        ("a/b/c", 1),
        ("Example.com/app", 1),
        ("a b", 1),
        ("a" * 64, 1),
    ],
)
def test_label_key(value: str, faults: int) -> None:
    assert len(names.label_key(value)) == faults


@pytest.mark.parametrize("value", ["", "v", "1.2-x_y"])
def test_label_value_accepts(value: str) -> None:
    assert names.label_value(value) == ()


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("010.002.003.004", "must not have leading 0s"),
        ("::ffff:1.2.3.4", "must not be an IPv4-mapped IPv6 address"),
        ("1.2.3", "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"),
        ("fe80::1%eth0", "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"),
    ],
)
def test_ip_faults(value: str, fault: str) -> None:
    assert names.ip(value) == (fault,)


def test_canonical_ip() -> None:
    assert names.canonical_ip("2001:db8::1") == ()
    assert names.canonical_ip("2001:DB8::1") == ('must be in canonical form ("2001:db8::1")',)


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("10.0.0.1/8", "must not have bits set beyond the prefix length"),
        ("10.0.0.0/33", "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"),
        ("x", "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"),
        ("010.0.0.0/8", "must not have leading 0s in IP or prefix length"),
    ],
)
def test_cidr_faults(value: str, fault: str) -> None:
    assert names.cidr(value) == (fault,)


def test_port_name_lists_all_faults() -> None:
    assert len(names.port_name("A--very-long-port-name-")) == 4


@given(st.from_regex(r"[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True))
def test_every_label_is_a_subdomain(value: str) -> None:
    assert names.label(value) == ()
    assert names.subdomain(value) == ()
    assert names.subdomain(f"{value}.{value}") == ()
