"""YAML scalars by the rules of Kubernetes, and documents that are refused."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.wire.manifest import Unreadable, load


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: y", {"a": True}),
        ("a: No", {"a": False}),
        ("a: 'y'", {"a": "y"}),
        ("a: 22:22", {"a": "22:22"}),
        ("a: 2024-01-01", {"a": "2024-01-01"}),
        ("a: 2024-01-01T00:00:00Z", {"a": "2024-01-01T00:00:00Z"}),
        ("a: 0644", {"a": 420}),
        ("a: 0o644", {"a": 420}),
        ("a: 0x10", {"a": 16}),
        ("a: 089", {"a": 89.0}),
        ("a: -5", {"a": -5}),
        ("a: 1.5e3", {"a": 1500.0}),
        ("a: 1e3", {"a": 1000.0}),
        ("a: 100m", {"a": "100m"}),
        ("a: 1.2.3", {"a": "1.2.3"}),
        ("a:", {"a": None}),
        ("a: ~", {"a": None}),
        ("2: x\ntrue: z", {"2": "x", "true": "z"}),
        ("x: &x {p: 1}\nz: {<<: *x, q: 2}", {"x": {"p": 1}, "z": {"p": 1, "q": 2}}),
        ('{"a": "y"}', {"a": "y"}),
        ("{a: y}", {"a": True}),
        ("", None),
        ("a: |\n  two\n  lines\n", {"a": "two\nlines\n"}),
    ],
)
def test_scalars(text: str, value: Any) -> None:
    assert load(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "a: 1\n---\nb: 2",
        "a: !!python/object:os.system x",
        "a: !!set {x, y}",
        "? [1, 2]\n: x",
        "a: &a [*a]",
        "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{n}: &{n} [{','.join([f'*{p}'] * 10)}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True)),
        "[" * 5000,
    ],
    ids=["open", "two", "object", "set", "key", "itself", "growing", "deep"],
)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        load(text)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(alphabet=st.characters(codec="ascii"), max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abyn1~", max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_json_is_yaml(value: Any) -> None:
    assert load(json.dumps({"a": value})) == {"a": value}
    assert load(f"a: {json.dumps(value)}") == {"a": value}


@given(st.text(alphabet="ab:- \n[]{}&*!|>'\"#%1y~?,", max_size=25))
def test_anything_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(Unreadable):
        json.dumps(load(text))
