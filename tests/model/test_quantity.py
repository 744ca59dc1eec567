"""Quantities: how they are read, written and compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.model import quantity


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1", "1"),
        ("1000", "1k"),
        ("1500", "1500"),
        ("0.5", "500m"),
        (".5", "500m"),
        ("1000m", "1"),
        ("1500m", "1500m"),
        ("1024Mi", "1Gi"),
        ("1000Ki", "1000Ki"),
        ("1.5Gi", "1536Mi"),
        ("0.1Gi", "107374182400m"),
        ("1Ki", "1Ki"),
        ("1e3", "1e3"),
        ("12e6", "12e6"),
        ("-5", "-5"),
        ("0", "0"),
        ("0Gi", "0"),
        ("0.0000000001", "1n"),
    ],
)
def test_canonical(text: str, canonical: str) -> None:
    assert quantity.canonical(text) == canonical


@pytest.mark.parametrize("text", ["", "a", "1.2.3", "1gi", "--1", "1 Gi"])
def test_refuses(text: str) -> None:
    assert not quantity.valid(text)
    assert quantity.canonical(text) == text
    with pytest.raises(ValueError, match="quantities must match"):
        quantity.parse(text)


def test_compare() -> None:
    assert quantity.compare("1Gi", "1G") > 0
    assert quantity.compare("1000m", "1") == 0
    assert quantity.compare("100Mi", "1Gi") < 0


numbers = st.decimals(min_value=0, max_value=10**9, places=3, allow_nan=False).map(str)
suffixes = st.sampled_from(["", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3"])


@given(numbers, suffixes)
def test_canonical_keeps_the_value_and_is_stable(number: str, suffix: str) -> None:
    text = number + suffix
    shown = quantity.canonical(text)
    assert quantity.parse(shown) == quantity.parse(text)
    assert quantity.canonical(shown) == shown
