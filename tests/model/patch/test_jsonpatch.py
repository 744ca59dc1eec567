"""JSON patch: each operation, and laws for any patch."""

import contextlib
import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.model.patch import jsonpatch
from eachpod.model.patch.jsonpatch import BadPatch, Inapplicable

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "b"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "a/b", "m~n"]), inner, max_size=3)
    ),
    max_leaves=8,
)
POINTER = st.lists(st.sampled_from(["a", "b", "a~1b", "m~0n", "0", "1", "-", "-1", "+1", "1_0", "x"]), max_size=3).map(
    lambda parts: "".join(f"/{part}" for part in parts)
)
OPERATION = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test", "zap"]), "path": POINTER},
    optional={"value": JSON, "from": POINTER},
)


@pytest.mark.parametrize(
    ("before", "operation", "after"),
    [  # the examples of RFC 6902, appendix A
        ({"foo": "bar"}, {"op": "add", "path": "/baz", "value": "qux"}, {"foo": "bar", "baz": "qux"}),
        ({"foo": ["bar", "baz"]}, {"op": "add", "path": "/foo/1", "value": "qux"}, {"foo": ["bar", "qux", "baz"]}),
        ({"baz": "qux", "foo": "bar"}, {"op": "remove", "path": "/baz"}, {"foo": "bar"}),
        ({"foo": ["bar", "qux", "baz"]}, {"op": "remove", "path": "/foo/1"}, {"foo": ["bar", "baz"]}),
        ({"baz": "qux"}, {"op": "replace", "path": "/baz", "value": "boo"}, {"baz": "boo"}),
        (
            {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
            {"op": "move", "from": "/foo/waldo", "path": "/qux/thud"},
            {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
        ),
        (
            {"foo": ["all", "grass", "cows", "eat"]},
            {"op": "move", "from": "/foo/1", "path": "/foo/3"},
            {"foo": ["all", "cows", "eat", "grass"]},
        ),
        ({"baz": "qux"}, {"op": "test", "path": "/baz", "value": "qux"}, {"baz": "qux"}),
        ({"foo": ["bar"]}, {"op": "add", "path": "/foo/-", "value": ["abc"]}, {"foo": ["bar", ["abc"]]}),
        ({"/": 9, "~1": 10}, {"op": "test", "path": "/~01", "value": 10}, {"/": 9, "~1": 10}),
        ({"a": 1}, {"op": "copy", "from": "/a", "path": "/b"}, {"a": 1, "b": 1}),
        ({"a": 1}, {"op": "replace", "path": "", "value": {"b": 2}}, {"b": 2}),
        ({"m": {"a/b": 1}}, {"op": "remove", "path": "/m/a~1b"}, {"m": {}}),
        # beyond the standard, as the real server's library has it
        ({"a": 1}, {"op": "replace", "path": "/n", "value": 0}, {"a": 1, "n": 0}),
    ],
)
def test_operations(before: Any, operation: Any, after: Any) -> None:
    assert jsonpatch.patched(before, [operation]) == after


@pytest.mark.parametrize(
    ("before", "operation"),
    [
        ({"foo": "bar"}, {"op": "add", "path": "/baz/bat", "value": "qux"}),
        ({"baz": "qux"}, {"op": "test", "path": "/baz", "value": "bar"}),
        ({"a": [1]}, {"op": "add", "path": "/a/5", "value": 1}),
        ({"a": [1]}, {"op": "test", "path": "/a", "value": [True]}),
        ({"a": [1]}, {"op": "remove", "path": "/a/0_0"}),
        ({"a": 1}, {"op": "test", "path": "/a", "value": True}),
        ({"a": 1}, {"op": "replace", "path": "/a/b", "value": 1}),
        ({"a": 1}, {"op": "replace", "path": "/b/c", "value": 1}),
        ({"a": 1}, {"op": "remove", "path": "/b"}),
        ({"a": 1}, {"op": "frob", "path": "/a"}),
        ({"a": 1}, {"op": "remove"}),
        ({"a": 1}, {"op": "remove", "path": "a"}),
        ({"a": 1}, {"op": "remove", "path": ""}),
        ({"a": {"b": 1}}, {"op": "move", "from": "/a", "path": "/a/b"}),
    ],
)
def test_operations_that_cannot_be_applied(before: Any, operation: Any) -> None:
    with pytest.raises(Inapplicable):
        jsonpatch.patched(before, [operation])


def test_operations_follow_each_other() -> None:
    one = {"op": "test", "path": "/a", "value": 1}
    assert jsonpatch.patched({"a": 1}, [one, {"op": "remove", "path": "/a"}]) == {}
    with pytest.raises(Inapplicable):
        jsonpatch.patched({"a": 1}, [{"op": "remove", "path": "/a"}, one])


@pytest.mark.parametrize("patch", [{}, None, "x", [1], [[]]])
def test_no_patch(patch: Any) -> None:
    with pytest.raises(BadPatch):
        jsonpatch.patched({}, patch)


@given(JSON, st.lists(OPERATION, max_size=4))
def test_a_patch_applies_or_is_refused_and_never_changes_what_it_was_given(before: Any, patch: list[Any]) -> None:
    given_before, given_patch = copy.deepcopy(before), copy.deepcopy(patch)
    with contextlib.suppress(Inapplicable):
        jsonpatch.patched(before, patch)
    assert (before, patch) == (given_before, given_patch)


@given(JSON, JSON)
def test_what_was_added_can_be_tested_and_removed(before: Any, value: Any) -> None:
    base = {"held": before}
    patch = [
        {"op": "add", "path": "/new", "value": value},
        {"op": "test", "path": "/new", "value": value},
        {"op": "remove", "path": "/new"},
    ]
    assert jsonpatch.patched(base, patch) == base
