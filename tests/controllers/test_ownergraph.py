"""The graph of owners: what becomes garbage, and that it forgets nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.controllers.ownergraph import KEEP, OwnerGraph, Task, Verdict, judge, unblocked, without_owners
from eachpod.model.resources import CONFIGMAP


def obj(name: str, *owned_by: str, namespace: str = "d", **meta: Any) -> dict[str, Any]:
    references = [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": one, "uid": one, "blockOwnerDeletion": True}
        for one in owned_by
    ]
    return {"metadata": {"name": name, "namespace": namespace, "uid": name, "ownerReferences": references, **meta}}


GOING = {"deletionTimestamp": "2026-01-01T00:00:00Z"}


def test_a_removed_owner_brings_up_its_dependents() -> None:
    graph = OwnerGraph()
    assert graph.observe(CONFIGMAP, obj("owner")) == []
    assert graph.observe(CONFIGMAP, obj("child", "owner")) == []
    assert graph.remove("owner") == [Task("collect", "child")]


def test_an_owner_never_seen_is_asked_for() -> None:
    graph = OwnerGraph()
    assert graph.observe(CONFIGMAP, obj("child", "missing")) == [Task("collect", "child")]
    assert not graph.settled(graph.nodes["child"])
    graph.observe(CONFIGMAP, obj("missing"))
    assert graph.settled(graph.nodes["child"])


def test_a_reference_with_the_wrong_name_is_looked_into() -> None:
    graph = OwnerGraph()
    graph.observe(CONFIGMAP, obj("owner"))
    child = obj("child", "owner")
    child["metadata"]["ownerReferences"][0]["name"] = "other"
    assert graph.observe(CONFIGMAP, child) == [Task("collect", "child")]


def test_an_owner_in_another_namespace_is_none() -> None:
    graph = OwnerGraph()
    graph.observe(CONFIGMAP, obj("owner", namespace="elsewhere"))
    child = obj("child", "owner")
    assert graph.observe(CONFIGMAP, child) == [Task("collect", "child")]
    assert graph.misplaced("d", child["metadata"]["ownerReferences"][0])


def test_a_waiting_owner_hears_of_each_dependent_that_goes() -> None:
    graph = OwnerGraph()
    graph.observe(CONFIGMAP, obj("owner"))
    graph.observe(CONFIGMAP, obj("child", "owner"))
    tasks = graph.observe(CONFIGMAP, obj("owner", finalizers=["foregroundDeletion"], **GOING))
    assert tasks == [Task("collect", "owner"), Task("collect", "child")]
    assert [node.uid for node in graph.blocking("owner")] == ["child"]
    assert graph.remove("child") == [Task("collect", "owner")]
    assert graph.blocking("owner") == []


def test_orphaning_is_a_task_of_the_owner() -> None:
    graph = OwnerGraph()
    assert graph.observe(CONFIGMAP, obj("owner", finalizers=["orphan"], **GOING)) == [Task("orphan", "owner")]


@pytest.mark.parametrize(
    ("states", "dependents", "verdict"),
    [
        ({}, False, KEEP),
        ({"a": "solid"}, False, KEEP),
        ({"a": "solid", "b": "absent"}, False, Verdict("release", release=("b",))),
        ({"a": "solid", "b": "waiting"}, False, Verdict("release", release=("b",))),
        ({"a": "absent"}, True, Verdict("delete", "Background")),
        ({"a": "waiting"}, True, Verdict("delete", "Foreground")),
        ({"a": "waiting"}, False, Verdict("delete", "Background")),
        ({"a": "nowhere"}, False, KEEP),
        ({"a": "nowhere", "b": "absent"}, True, KEEP),
    ],
)
def test_verdicts(states: dict[str, str], dependents: bool, verdict: Verdict) -> None:
    assert judge(obj("x"), states, dependents) == verdict


def test_a_deletion_keeps_the_propagation_it_was_asked_with() -> None:
    assert judge(obj("x", finalizers=["orphan"]), {"a": "absent"}, False).propagation == "Orphan"


def test_changed_references() -> None:
    child = obj("child", "a", "b")
    assert [one["uid"] for one in without_owners(child, ("a",))] == ["b"]
    assert not any(one["blockOwnerDeletion"] for one in unblocked(child))


names = st.sampled_from("abcd")


@given(st.lists(st.tuples(st.booleans(), names, st.sets(names, max_size=2)), max_size=30))
def test_the_graph_equals_one_built_anew(history: list[tuple[bool, str, set[str]]]) -> None:
    graph, alive = OwnerGraph(), dict[str, dict[str, Any]]()
    for present, name, owners in history:
        if present:
            alive[name] = obj(name, *sorted(owners - {name}))
            graph.observe(CONFIGMAP, alive[name])
        elif alive.pop(name, None):
            graph.remove(name)
    fresh = OwnerGraph()
    for one in alive.values():
        fresh.observe(CONFIGMAP, one)
    assert _shape(graph) == _shape(fresh)


def _shape(graph: OwnerGraph) -> dict[str, Any]:
    return {own: (node.virtual, set(node.dependents), set(node.owners)) for own, node in graph.nodes.items()}
