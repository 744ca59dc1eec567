"""Nodes that fall silent: conditions, taints, pods; evictions and left-overs."""

from collections.abc import Callable
from typing import Any

import pytest

from eachpod.controllers import nodeipam, nodelifecycle, podgc, tainteviction
from eachpod.controllers.nodehealth import Health, eviction_rate, lost_conditions, observe, taints_of
from eachpod.controllers.plan import Delete, Emit, Patch, Plan, Together, Update
from eachpod.controllers.view import Key, View
from eachpod.model.timestamps import render

NOW = 1_800_000_000.0
MakeView = Callable[..., View]


def node(name: str = "a", ready: str = "True", zone: str = "", **spec: Any) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": ready, "lastHeartbeatTime": render(NOW)}] if ready else []
    labels = {"topology.kubernetes.io/zone": zone} if zone else {}
    return {
        "metadata": {"name": name, "uid": name, "labels": labels, "creationTimestamp": render(NOW)},
        "spec": spec,
        "status": {"conditions": conditions},
    }


def pod(name: str = "p", at: str = "a", **more: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "d", "uid": name, **more.pop("metadata", {})},
        "spec": {"nodeName": at, **more.pop("spec", {})},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}], **more},
    }


def flat(plan: Plan) -> list[Any]:
    found: list[Any] = []
    for step in plan.changes:
        found += [one for group in step.groups for one in group] if isinstance(step, Together) else [step]
    return found


def test_heartbeats_count_by_our_clock() -> None:
    first = observe(None, node(), None, NOW)
    assert first.probed == NOW
    assert observe(first, node(), None, NOW + 9) is first
    renewed = {"spec": {"renewTime": "x"}}
    assert observe(first, node(), renewed, NOW + 9).probed == NOW + 9


def test_a_node_that_never_posted_has_its_start_up_time(view_of: MakeView) -> None:
    view = view_of(nodelifecycle.CONTROLLER, nodes=[node(ready="")])
    plan = nodelifecycle.reconcile(view, Key("", "a"), NOW)
    assert plan.requeue_after == pytest.approx(60, abs=0.1)
    view.remember(Key("", "a"), plan.remember)
    late = nodelifecycle.reconcile(view, Key("", "a"), NOW + 61)
    update = next(one for one in flat(late) if isinstance(one, Update))
    assert {one["reason"] for one in update.object["status"]["conditions"]} == {"NodeStatusNeverUpdated"}


def test_silence_marks_node_and_pods_once(view_of: MakeView) -> None:
    view = view_of(nodelifecycle.CONTROLLER, nodes=[node()], pods=[pod(), pod("q", "b")])
    key = Key("", "a")
    view.remember(key, Health(render(NOW), "", NOW, "True"))
    assert flat(nodelifecycle.reconcile(view, key, NOW + 49)) == []
    plan = nodelifecycle.reconcile(view, key, NOW + 51)
    changes = flat(plan)
    assert [one.note.reason for one in changes if isinstance(one, Emit)] == ["NodeNotReady"]
    assert [(one.name, one.subresource) for one in changes if isinstance(one, Patch)] == [("p", "status"), ("a", "")]
    update = next(one for one in changes if isinstance(one, Update))
    assert update.object["status"]["conditions"][0]["reason"] == "NodeStatusUnknown"


def test_a_node_that_says_it_is_not_ready_speaks_for_its_pods(view_of: MakeView) -> None:
    view = view_of(nodelifecycle.CONTROLLER, nodes=[node(ready="False")], pods=[pod()])
    view.remember(Key("", "a"), Health(render(NOW), "", NOW, "True"))
    changes = flat(nodelifecycle.reconcile(view, Key("", "a"), NOW))
    assert [one.name for one in changes if isinstance(one, Patch)] == ["a"]


@pytest.mark.parametrize(
    ("ready", "evict", "wanted"),
    [
        ("True", False, []),
        ("False", False, [("node.kubernetes.io/not-ready", "NoSchedule")]),
        (
            "False",
            True,
            [("node.kubernetes.io/not-ready", "NoSchedule"), ("node.kubernetes.io/not-ready", "NoExecute")],
        ),
        (
            "Unknown",
            True,
            [("node.kubernetes.io/unreachable", "NoSchedule"), ("node.kubernetes.io/unreachable", "NoExecute")],
        ),
    ],
)
def test_taints_follow_conditions(ready: str, evict: bool, wanted: list[tuple[str, str]]) -> None:
    old = [{"key": "node.kubernetes.io/not-ready", "effect": "NoExecute"}, {"key": "mine", "effect": "NoSchedule"}]
    made = taints_of(node(ready=ready, taints=old), evict, NOW)
    assert {(one["key"], one["effect"]) for one in made} == {("mine", "NoSchedule"), *wanted}


def test_a_cordon_is_a_taint_too() -> None:
    assert [one["key"] for one in taints_of(node(unschedulable=True), False, NOW)] == [
        "node.kubernetes.io/unschedulable"
    ]


def test_foreign_conditions_survive_silence() -> None:
    silent = node()
    silent["status"]["conditions"].append({"type": "Mine", "status": "True"})
    assert {"type": "Mine", "status": "True"} in lost_conditions(silent, NOW)


@pytest.mark.parametrize(
    ("lost", "alive", "rate"),
    [(1, 0, 0.0), (1, 1, 0.1), (2, 1, 0.1), (3, 2, 0.0), (30, 25, 0.1), (40, 20, 0.01)],
)
def test_evictions_slow_down_when_much_is_lost(lost: int, alive: int, rate: float) -> None:
    nodes = [node(f"l{i}", "Unknown") for i in range(lost)] + [node(f"a{i}") for i in range(alive)]
    assert eviction_rate(nodes, nodes[0], 0.1) == rate


def test_zones_are_judged_apart() -> None:
    nodes = [node("x", "Unknown", "1"), node("y", "True", "2")]
    assert eviction_rate(nodes, nodes[0], 0.1) == 0.1


def test_nodes_are_emptied_one_after_the_other(view_of: MakeView) -> None:
    nodes = [node("a", "Unknown"), node("b", "Unknown"), node("c"), node("d")]
    view = view_of(nodelifecycle.CONTROLLER, nodes=nodes)
    for one, tainted in (("a", 0.0), ("b", NOW - 4)):
        view.remember(Key("", one), Health(render(NOW), "", NOW, "Unknown", tainted))
    plan = nodelifecycle.reconcile(view, Key("", "a"), NOW)
    assert plan.requeue_after == pytest.approx(6)


TAINT = {"key": "k", "effect": "NoExecute"}


@pytest.mark.parametrize(
    ("tolerations", "stays"),
    [
        ([], 0.0),
        ([{"key": "k", "operator": "Exists"}], None),
        ([{"key": "k", "operator": "Exists", "tolerationSeconds": 30}], 30.0),
        ([{"operator": "Exists", "tolerationSeconds": 30}, {"key": "k", "operator": "Exists"}], 30.0),
        ([{"key": "other", "operator": "Exists"}], 0.0),
    ],
)
def test_tolerance(tolerations: Any, stays: float | None) -> None:
    assert tainteviction.tolerance(pod(spec={"tolerations": tolerations}), [TAINT]) == stays


def test_eviction_waits_and_is_cancelled(view_of: MakeView) -> None:
    tolerant = pod(spec={"tolerations": [{"key": "k", "operator": "Exists", "tolerationSeconds": 30}]})
    view = view_of(tainteviction.CONTROLLER, nodes=[node(taints=[TAINT])], pods=[tolerant])
    key = Key("d", "p")
    plan = tainteviction.reconcile(view, key, NOW)
    assert (plan.changes, plan.requeue_after) == ((), 30)
    view.remember(key, plan.remember)
    assert tainteviction.reconcile(view, key, NOW + 10).requeue_after == 20
    assert [type(one) for one in flat(tainteviction.reconcile(view, key, NOW + 30))] == [Emit, Patch, Delete]
    cured = view_of(tainteviction.CONTROLLER, nodes=[node()], pods=[tolerant])
    cured.remember(key, NOW)
    told = flat(tainteviction.reconcile(cured, key, NOW + 10))
    assert [one.note.message for one in told] == ["Cancelling deletion of Pod d/p"]


def test_pods_of_missing_nodes_go_after_quarantine(view_of: MakeView) -> None:
    view = view_of(podgc.CONTROLLER, nodes=[], pods=[pod()])
    key = Key("", "")
    first = podgc.reconcile(view, key, NOW)
    assert flat(first) == []
    view.remember(key, first.remember)
    assert flat(podgc.reconcile(view, key, NOW + 20)) == []
    changes = flat(podgc.reconcile(view, key, NOW + 40))
    assert [type(one) for one in changes] == [Patch, Delete]
    assert changes[1].grace_seconds == 0


def test_a_node_that_is_off_frees_its_terminating_pods(view_of: MakeView) -> None:
    off = node(ready="Unknown", taints=[{"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"}])
    going = {"deletionTimestamp": render(NOW)}
    view = view_of(podgc.CONTROLLER, nodes=[off], pods=[pod(metadata=going), pod("stays")])
    assert [one.name for one in flat(podgc.reconcile(view, Key("", ""), NOW)) if isinstance(one, Delete)] == ["p"]


def test_each_node_gets_its_own_range(view_of: MakeView) -> None:
    view = view_of(nodeipam.CONTROLLER, nodes=[node("a"), node("b", podCIDR="10.0.0.0/25")])
    (change,) = nodeipam.reconcile(view, Key("", "a"), NOW).changes
    assert isinstance(change, Patch)
    assert isinstance(change.patch, dict)
    assert change.patch["spec"] == {"podCIDR": "10.0.1.0/24", "podCIDRs": ["10.0.1.0/24"]}
    assert not nodeipam.reconcile(view, Key("", "b"), NOW)
