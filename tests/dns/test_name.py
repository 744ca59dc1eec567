"""Wire names and the names of addresses."""

import ipaddress

import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.dns import name

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LABELS = st.lists(st.from_regex(r"\A[A-Za-z0-9_]([A-Za-z0-9-]{0,20}[A-Za-z0-9])?\Z"), max_size=6)
ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))


@given(LABELS)
def test_wire_form_is_that_of_the_standard(labels: list[str]) -> None:
    text = ".".join(labels) + "."
    assert name.encode(text) == dns.name.from_text(text).to_wire()
    assert name.decode(name.encode(text)) == text
    assert name.labels(name.encode(text)) == [label.encode() for label in labels]


@pytest.mark.parametrize("text", ["a..b", ".a", "a" * 64, ".".join(["a" * 60] * 5)])
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(name.BadName):
        name.encode(text)


@given(ADDRESSES)
def test_reverse_names(address: Address) -> None:
    assert name.reverse(address.packed) == name.encode(address.reverse_pointer)


@given(ADDRESSES)
def test_dashes_lead_back_to_the_address(address: Address) -> None:
    shown = name.dashed(address.packed)
    assert name.is_label(shown)
    assert not shown.endswith("-")
    assert name.undashed(shown.encode()) == address.packed


@pytest.mark.parametrize(
    ("address", "shown"),
    [("10.244.1.10", "10-244-1-10"), ("fd00:244::80", "fd00-244--80"), ("fd00:244:0:1::", "fd00-244-0-1--0")],
)
def test_dashed(address: str, shown: str) -> None:
    assert name.dashed(ipaddress.ip_address(address).packed) == shown


@pytest.mark.parametrize("shown", [b"", b"a", b"1-2-3", b"1-2-3-256", b"1-2-3-4-5", b"\xff", b"web-0"])
def test_no_address(shown: bytes) -> None:
    assert name.undashed(shown) is None


@pytest.mark.parametrize(
    ("wire", "zone", "expected"),
    [
        ("a.cluster.local", "cluster.local", True),
        ("cluster.local", "cluster.local", True),
        ("local", "cluster.local", False),
        ("xcluster.local", "cluster.local", False),
        ("a.b", ".", True),
    ],
)
def test_under(wire: str, zone: str, expected: bool) -> None:
    assert name.under(name.encode(wire), name.encode(zone)) is expected


def test_under_goes_by_labels_and_not_by_bytes() -> None:
    # One label that holds the bytes of the zone.
    zone = name.encode("local")
    assert not name.under(b"\x07a" + zone[:-1] + b"\x00", zone)
