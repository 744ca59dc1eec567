"""Strategic merge: lists by key, directives, orders, and laws for any patch."""

import contextlib
import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.model.patch.strategic import BadDirective, merged

POD = "core/v1.PodSpec"
SERVICE = "core/v1.ServiceSpec"


def containers(*items: Any) -> Any:
    return {"containers": list(items)}


@pytest.mark.parametrize(
    ("struct", "target", "patch", "result"),
    [
        pytest.param(
            POD,
            containers({"name": "a", "image": "1"}, {"name": "b"}),
            containers({"name": "a", "image": "2"}),
            containers({"name": "a", "image": "2"}, {"name": "b"}),
            id="items are found by their key",
        ),
        pytest.param(
            POD,
            containers({"name": "a"}),
            containers({"name": "new"}),
            containers({"name": "new"}, {"name": "a"}),
            id="items that are new stand before those that the patch does not name",
        ),
        pytest.param(
            POD,
            containers({"name": "a"}, {"name": "b"}),
            containers({"name": "a", "$patch": "delete"}),
            containers({"name": "b"}),
            id="delete an item",
        ),
        pytest.param(
            POD,
            containers({"name": "a"}, {"name": "b"}),
            containers({"$patch": "replace"}, {"name": "c"}),
            containers({"name": "c"}),
            id="replace a list",
        ),
        pytest.param(
            POD,
            {"nodeSelector": {"x": "1"}, "securityContext": {"runAsUser": 1, "fsGroup": 2}},
            {"securityContext": {"$patch": "replace", "fsGroup": 3}},
            {"nodeSelector": {"x": "1"}, "securityContext": {"fsGroup": 3}},
            id="replace a map",
        ),
        pytest.param(
            POD,
            {"volumes": [{"name": "v", "emptyDir": {}}]},
            {"volumes": [{"name": "v", "$retainKeys": ["name", "configMap"], "configMap": {"name": "c"}}]},
            {"volumes": [{"name": "v", "configMap": {"name": "c"}}]},
            id="retain keys",
        ),
        pytest.param(
            POD,
            containers({"name": "a"}, {"name": "b"}),
            {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]},
            containers({"name": "b"}, {"name": "a"}),
            id="order of items",
        ),
        pytest.param(
            "meta/v1.ObjectMeta",
            {"finalizers": ["a", "b"]},
            {"$deleteFromPrimitiveList/finalizers": ["a"], "finalizers": ["c"]},
            {"finalizers": ["c", "b"]},
            id="plain lists",
        ),
        pytest.param(
            "meta/v1.ObjectMeta",
            {"finalizers": ["a"]},
            {"finalizers": ["b", "b"]},
            {"finalizers": ["b", "a"]},
            id="plain lists have each item once",
        ),
        pytest.param(
            POD,
            {},
            containers({}, {"$patch": "delete", "name": "a"}),
            containers({}),
            id="nobody asks for keys where there is nothing to merge with",
        ),
        pytest.param(
            SERVICE,
            {"ports": [{"port": 80, "protocol": "TCP"}], "selector": {"a": "1"}},
            {"ports": [{"port": 80, "targetPort": 8080}], "selector": {"a": None, "b": "2"}},
            {"ports": [{"port": 80, "protocol": "TCP", "targetPort": 8080}], "selector": {"b": "2"}},
            id="ports of a Service merge by their number alone",
        ),
        pytest.param(
            POD, {"tolerations": [{"key": "a"}]}, {"tolerations": [{"key": "b"}]}, {"tolerations": [{"key": "b"}]},
            id="lists without a merge key are replaced",
        ),
    ],
)  # fmt: skip
def test_merge(struct: str, target: Any, patch: Any, result: Any) -> None:
    assert merged(target, patch, struct) == result


@pytest.mark.parametrize(
    "patch",
    [
        {"$patch": "zap"},
        containers({"image": "no name"}),
        containers({"name": "a", "$patch": "zap"}),
        {
            "containers": [{"name": "a"}, {"name": "b"}],
            "$setElementOrder/containers": [{"name": "b"}, {"name": "a"}],
        },
    ],
)
def test_directives_that_are_none(patch: Any) -> None:
    with pytest.raises(BadDirective):
        merged(containers({"name": "a"}), patch, POD)


NAMES = st.sampled_from("abcd")
ITEM = st.fixed_dictionaries({"name": NAMES}, optional={"image": NAMES, "$patch": st.sampled_from(["delete", "merge"])})
LIST = st.lists(ITEM, max_size=4, unique_by=lambda item: str(item["name"]))
TARGET = st.lists(
    st.fixed_dictionaries({"name": NAMES}, optional={"image": NAMES}), max_size=4, unique_by=lambda item: item["name"]
)


@given(TARGET, LIST)
def test_merging_twice_is_merging_once_and_changes_no_argument(target: list[Any], items: list[Any]) -> None:
    live, patch = containers(*target), containers(*items)
    given_live, given_patch = copy.deepcopy(live), copy.deepcopy(patch)
    once = merged(live, patch, POD)
    assert merged(once, patch, POD) == once
    assert (live, patch) == (given_live, given_patch)
    kept = [item["name"] for item in once["containers"]]
    assert len(set(kept)) == len(kept)
    gone = {item["name"] for item in items if item.get("$patch") == "delete"}
    assert set(kept) == {item["name"] for item in [*target, *items]} - gone


@given(TARGET, st.permutations(["a", "b", "c", "d"]))
def test_the_order_asked_for_is_the_order_given(target: list[Any], order: list[str]) -> None:
    patch = {"$setElementOrder/containers": [{"name": name} for name in order]}
    result = merged(containers(*target), patch, POD)
    have = {item["name"] for item in target}
    assert [item["name"] for item in result["containers"]] == [name for name in order if name in have]


WILD = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | NAMES,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["name", "image", "containers", "$patch", "$retainKeys", "$setElementOrder/containers",
             "$deleteFromPrimitiveList/containers", "nodeSelector", "ports"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=10,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["containers", "nodeSelector"]), WILD), WILD)
def test_any_patch_is_merged_or_refused(target: Any, patch: Any) -> None:
    given_target = copy.deepcopy(target)
    # The endpoint answers these three with the texts of the real server.
    with contextlib.suppress(BadDirective, AttributeError, TypeError):
        merged(target, patch if isinstance(patch, dict) else {"containers": patch}, POD)
    assert target == given_target
