"""How many pods of a budget may be evicted."""

from typing import Any

import pytest

from eachpod.client.cache import Cache
from eachpod.controllers import disruption
from eachpod.controllers.config import ControllersConfig
from eachpod.controllers.plan import Emit, Update
from eachpod.controllers.view import Key, View
from eachpod.model.objects import Object
from eachpod.model.resources import POD, PODDISRUPTIONBUDGET, REPLICASET
from eachpod.model.timestamps import render

NOW = 1_800_000_000.0
OWNER = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "rs", "controller": True}


def pod(index: int, ready: bool = True, owned: bool = True, **meta: Any) -> Object:
    references = [OWNER] if owned else []
    return {
        "metadata": {
            "name": f"p{index}",
            "namespace": "d",
            "uid": f"p{index}",
            "labels": {"app": "web"},
            "ownerReferences": references,
            **meta,
        },
        "status": {"conditions": [{"type": "Ready", "status": str(ready)}]},
    }


def result(
    spec: Object, pods: list[Object], replicas: int = 4, status: Object | None = None
) -> tuple[Object, list[str]]:
    """The written status and the reasons of events."""
    budget = {
        "metadata": {"name": "b", "namespace": "d", "uid": "b", "generation": 3},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, **spec},
        "status": status or {},
    }
    caches = {resource: Cache() for resource in disruption.CONTROLLER.resources}
    caches[PODDISRUPTIONBUDGET].put(budget)
    caches[REPLICASET].put({"metadata": {"name": "web", "namespace": "d", "uid": "rs"}, "spec": {"replicas": replicas}})
    for one in pods:
        caches[POD].put(one)
    plan = disruption.reconcile(View(caches, ControllersConfig()), Key("d", "b"), NOW)
    written = [one.object["status"] for one in plan.changes if isinstance(one, Update)]
    return written[0] if written else {}, [one.note.reason for one in plan.changes if isinstance(one, Emit)]


@pytest.mark.parametrize(
    ("spec", "ready", "desired", "expected", "allowed"),
    [
        ({"minAvailable": 2}, 4, 2, 4, 2),
        ({"minAvailable": 5}, 4, 5, 4, 0),
        ({"minAvailable": "50%"}, 4, 2, 4, 2),
        ({"minAvailable": "51%"}, 4, 3, 4, 1),
        ({"maxUnavailable": 1}, 4, 3, 4, 1),
        ({"maxUnavailable": 1}, 3, 3, 4, 0),
        ({"maxUnavailable": "30%"}, 4, 2, 4, 2),
        ({"maxUnavailable": 9}, 4, 0, 4, 4),
    ],
)
def test_budgets(spec: Object, ready: int, desired: int, expected: int, allowed: int) -> None:
    status, _ = result(spec, [pod(i, ready=i < ready) for i in range(4)])
    found = (status["desiredHealthy"], status["expectedPods"], status["disruptionsAllowed"], status["currentHealthy"])
    assert found == (desired, expected, allowed, ready)
    assert status["observedGeneration"] == 3
    assert status["conditions"][0]["reason"] == ("SufficientPods" if allowed else "InsufficientPods")


def test_no_pods_no_disruption() -> None:
    status, told = result({"minAvailable": 0}, [])
    assert (status["disruptionsAllowed"], told) == (0, ["NoPods"])


def test_pods_that_nobody_counts() -> None:
    status, told = result({"maxUnavailable": 1}, [pod(0, owned=False)])
    assert (status["expectedPods"], told) == (0, ["UnmanagedPods"])


def test_an_unknown_owner_stops_evictions() -> None:
    stranger = pod(0)
    stranger["metadata"]["ownerReferences"] = [{**OWNER, "uid": "other"}]
    status, told = result({"maxUnavailable": 1}, [stranger])
    assert status["conditions"][0]["reason"] == "SyncFailed"
    assert (status["disruptionsAllowed"], told) == (0, ["CalculateExpectedPodCountFailed"])


@pytest.mark.parametrize(("age", "healthy", "told"), [(10, 3, []), (130, 4, ["NotDeleted"])])
def test_evicted_pods_count_as_gone_for_a_while(age: float, healthy: int, told: list[str]) -> None:
    before = {"disruptedPods": {"p0": render(NOW - age)}}
    status, reasons = result({"minAvailable": 1}, [pod(i) for i in range(4)], status=before)
    assert (status["currentHealthy"], reasons) == (healthy, told)


def test_an_equal_status_is_not_written_again() -> None:
    status, _ = result({"minAvailable": 1}, [pod(0)])
    assert result({"minAvailable": 1}, [pod(0)], status=status) == ({}, [])


@pytest.mark.parametrize(
    ("owner", "told"),
    [
        ({"apiVersion": "apps/v1", "kind": "DaemonSet"}, "daemonsets.apps does not implement the scale subresource"),
        ({"apiVersion": "batch/v1", "kind": "Job"}, "jobs.batch does not implement the scale subresource"),
        ({"apiVersion": "v1", "kind": "Node"}, "nodes does not implement the scale subresource"),
        ({"apiVersion": "example.org/v1", "kind": "Job"}, 'found no controllers for pod "p0"'),
    ],
)
def test_an_owner_without_a_count_stops_evictions(owner: Object, told: str) -> None:
    """And the counters are not of this generation, so that an eviction asks to wait."""
    stranger = pod(0)
    stranger["metadata"]["ownerReferences"] = [{**OWNER, **owner}]
    status, _ = result({"maxUnavailable": 1}, [stranger], status={"observedGeneration": 2, "disruptionsAllowed": 2})
    assert status["conditions"][0]["message"] == told
    assert (status["disruptionsAllowed"], status["observedGeneration"]) == (0, 2)
    fresh, _ = result({"maxUnavailable": 1}, [stranger])
    assert "observedGeneration" not in fresh
    assert "observedGeneration" not in fresh["conditions"][0]


def test_pods_that_several_budgets_select_are_told_of_once() -> None:
    """By the first of the budgets; evictions of these pods are refused."""
    caches = {resource: Cache() for resource in disruption.CONTROLLER.resources}
    for own, wanted in (("b", {"app": "web"}), ("a", {"app": "db"}), ("c", {"app": "web"})):
        spec = {"minAvailable": 0, "selector": {"matchLabels": wanted}}
        caches[PODDISRUPTIONBUDGET].put({"metadata": {"name": own, "namespace": "d", "uid": own}, "spec": spec})
    view = View(caches, ControllersConfig())

    def told(own: str) -> list[str]:
        plan = disruption.reconcile(view, Key("d", own), NOW)
        view.remember(Key("d", own), plan.remember)
        notes = [change.note for change in plan.changes if isinstance(change, Emit)]
        return [note.message for note in notes if note.reason == "MultiplePodDisruptionBudgets"]

    caches[POD].put(pod(0))
    assert told("b") == ['Pod "d"/"p0" matches multiple PodDisruptionBudgets.  Chose "b" arbitrarily.']
    assert [told(own) for own in "abc"] == [[], [], []]
    caches[POD].put(pod(1))
    assert told("b") == ['Pod "d"/"p1" matches multiple PodDisruptionBudgets.  Chose "b" arbitrarily.']
