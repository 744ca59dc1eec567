"""JSON patch, merge patch, strategic merge and apply on plain objects."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.model.patch import apply, fieldset, jsonpatch, managers, merge, strategic

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=3), JSON, max_size=4)


@given(OBJECTS, OBJECTS)
def test_a_merge_changes_neither_side_and_is_done_once(target: Any, patch: Any) -> None:
    before = copy.deepcopy((target, patch))
    once = merge.merged(target, patch)
    assert (target, patch) == before
    assert merge.merged(once, patch) == once


@pytest.mark.parametrize(
    ("operations", "result"),
    [
        ([{"op": "add", "path": "/l/0", "value": 0}], {"l": [0, 1, 2], "m": {"a/b": "~"}}),
        ([{"op": "add", "path": "/l/-", "value": 3}], {"l": [1, 2, 3], "m": {"a/b": "~"}}),
        ([{"op": "remove", "path": "/m/a~1b"}], {"l": [1, 2], "m": {}}),
        ([{"op": "move", "from": "/l/0", "path": "/m/x"}], {"l": [2], "m": {"a/b": "~", "x": 1}}),
        ([{"op": "copy", "from": "/l", "path": "/k"}], {"l": [1, 2], "m": {"a/b": "~"}, "k": [1, 2]}),
        ([{"op": "replace", "path": "/n", "value": 0}], {"l": [1, 2], "m": {"a/b": "~"}, "n": 0}),
        ([{"op": "test", "path": "/l/1", "value": 2}, {"op": "replace", "path": "", "value": {}}], {}),
    ],
)
def test_json_patch(operations: Any, result: Any) -> None:
    target = {"l": [1, 2], "m": {"a/b": "~"}}
    before = copy.deepcopy(target)
    assert jsonpatch.patched(target, operations) == result
    assert target == before


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/nothing"},
        {"op": "replace", "path": "/nothing/there", "value": 1},
        {"op": "replace", "path": "/one/x", "value": 1},
        {"op": "add", "path": "/l/5", "value": 1},
        {"op": "add", "path": "/no/way", "value": 1},
        {"op": "test", "path": "/one", "value": True},
        {"op": "frob", "path": "/one"},
    ],
)
def test_json_patch_that_does_not_apply(operation: Any) -> None:
    with pytest.raises(jsonpatch.Inapplicable):
        jsonpatch.patched({"l": [1], "one": 1}, [operation])


def pod(*containers: Any, **more: Any) -> Any:
    return {"spec": {"containers": list(containers), **more}}


def smp(target: Any, patch: Any) -> Any:
    before = copy.deepcopy((target, patch))
    made = strategic.merged(target, patch, "core/v1.Pod")
    assert (target, patch) == before
    return made


A, B, C = ({"name": name, "image": f"{name}:1"} for name in "abc")


def test_lists_merge_by_key_and_new_items_come_before_those_of_the_server() -> None:
    made = smp(pod(A, B), pod({"name": "b", "image": "b:2"}, {"name": "n"}))
    assert made == pod(A, {"name": "b", "image": "b:2"}, {"name": "n"})
    assert [c["name"] for c in smp(pod(A), pod({"name": "n"}))["spec"]["containers"]] == ["n", "a"]


def test_directives() -> None:
    assert smp(pod(A, B), pod({"name": "a", "$patch": "delete"})) == pod(B)
    assert smp(pod(A, B), pod({"$patch": "replace"}, C)) == pod(C)
    assert smp(pod(A), {"spec": {"$patch": "replace", "hostname": "h"}}) == {"spec": {"hostname": "h"}}
    volumes = {"spec": {"volumes": [{"name": "v", "emptyDir": {}}]}}
    new = {"name": "v", "hostPath": {"path": "/x"}, "$retainKeys": ["name", "hostPath"]}
    assert smp(volumes, {"spec": {"volumes": [new]}})["spec"]["volumes"] == [{"name": "v", "hostPath": {"path": "/x"}}]
    meta = {"metadata": {"finalizers": ["a", "b"]}}
    assert smp(meta, {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}}) == {
        "metadata": {"finalizers": ["b"]}
    }
    assert smp(meta, {"metadata": {"finalizers": ["c", "a"]}})["metadata"]["finalizers"] == ["c", "a", "b"]


def test_the_order_that_is_asked_for() -> None:
    order = [{"name": name} for name in "cba"]
    made = smp(pod(A, B, C), {"spec": {"$setElementOrder/containers": order}})
    assert [c["name"] for c in made["spec"]["containers"]] == ["c", "b", "a"]
    with pytest.raises(strategic.BadDirective, match="doesn't match"):
        smp(pod(A), {"spec": {"$setElementOrder/containers": [{"name": "a"}], "containers": [B]}})


@pytest.mark.parametrize("item", [{"image": "x"}, {"name": "a", "$patch": "frob"}])
def test_bad_directives(item: Any) -> None:
    with pytest.raises(strategic.BadDirective):
        smp(pod(A), pod(item))


SERVICE = "core/v1.Service"


def who(manager: str) -> Any:
    return {"manager": manager, "operation": "Apply", "apiVersion": "v1"}


def applied(live: Any, wanted: Any, manager: str, *, force: bool = False) -> Any:
    done = apply.applied(live, wanted, SERVICE, who(manager), force=force)
    if done.clashes:
        return [(clash.manager, fieldset.shown(clash.path)) for clash in done.clashes]
    return {**done.obj, "metadata": {**done.obj["metadata"], "managedFields": done.entries}}


def service(*ports: int, **spec: Any) -> Any:
    return {"metadata": {"name": "s"}, "spec": {"ports": [{"port": p} for p in ports], **spec}}


def test_what_a_manager_leaves_out_goes_and_what_others_own_stays() -> None:
    one = applied({"metadata": {"name": "s"}}, service(80, 81), "one")
    both = applied(one, service(81, 82), "two")
    assert [port["port"] for port in both["spec"]["ports"]] == [80, 81, 82]
    rest = applied(both, service(), "one")
    assert [port["port"] for port in rest["spec"]["ports"]] == [81, 82]


def test_conflicts_name_manager_and_field_and_can_be_forced() -> None:
    one = applied({"metadata": {"name": "s"}}, service(type="NodePort"), "one")
    other = service(type="ClusterIP")
    assert applied(one, other, "two") == [("one", ".spec.type")]
    forced = applied(one, other, "two", force=True)
    assert forced["spec"]["type"] == "ClusterIP"
    assert applied(forced, service(type="NodePort"), "one") == [("two", ".spec.type")]
    assert applied(one, service(type="NodePort"), "two")["spec"] == one["spec"]


def test_items_with_the_same_keys_are_refused() -> None:
    ports = [{"port": 1}, {"port": 1, "protocol": "TCP"}]
    with pytest.raises(apply.Unkeyed):
        applied({"metadata": {}, "spec": {"ports": [{"port": 9}]}}, {"metadata": {}, "spec": {"ports": ports}}, "one")


def test_a_key_that_is_left_out_counts_as_its_default() -> None:
    live = {"metadata": {}, "spec": {"ports": [{"port": 9}]}}
    made = applied(live, {"metadata": {}, "spec": {"ports": [{"name": "x"}]}}, "one")
    assert made["spec"]["ports"] == [{"port": 9}, {"name": "x"}]  # and validation says that the port is missing


def test_an_ordinary_write_takes_fields_over() -> None:
    one = applied({"metadata": {"name": "s"}}, service(80, type="NodePort"), "one")
    changed = {**one, "spec": {**one["spec"], "type": "ClusterIP"}}
    entries = managers.tracked(one, changed, SERVICE, {**who("kubectl"), "operation": "Update"})
    after = {**changed, "metadata": {**changed["metadata"], "managedFields": entries}}
    assert applied(after, service(80, type="NodePort"), "one") == [("kubectl", ".spec.type")]


def test_nobody_asks_for_keys_where_there_is_nothing_to_merge_with() -> None:
    assert smp({"spec": {}}, {"spec": {"containers": [{}, {"$patch": "delete", "name": "a"}]}}) == pod({})
    with pytest.raises(strategic.BadDirective, match="does not contain declared merge key: name"):
        smp(pod(A), pod({}))


def test_a_set_has_each_item_once() -> None:
    patch = {"metadata": {"finalizers": ["b", "b"]}}
    assert sorted(smp({"metadata": {"finalizers": ["a"]}}, patch)["metadata"]["finalizers"]) == ["a", "b"]
