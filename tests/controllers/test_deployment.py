"""ReplicaSets and Deployments as tables: sizes before, sizes after."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eachpod.controllers import deployment, replicaset
from eachpod.controllers.deployment.replicasets import limits
from eachpod.controllers.plan import Create, Delete, Plan, Together, Update
from eachpod.controllers.view import Key, View
from eachpod.model.objects import Object, put

MakeView = Callable[..., View]
KEY = Key("d", "web")


def template(image: str) -> Object:
    return {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "a", "image": image}]}}


def make_deployment(replicas: int, image: str = "v2", **spec: Any) -> Object:
    meta = {"name": "web", "namespace": "d", "uid": "D", "generation": 1, **spec.pop("meta", {})}
    status = spec.pop("status", {})
    base = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template(image)}
    return {"metadata": meta, "spec": {**base, "progressDeadlineSeconds": 600, **spec}, "status": status}


def replica_set(
    image: str, replicas: int, available: int | None = None, desired: int = 10, revision: int = 1
) -> Object:
    name = f"web-{image}"
    labels = {"app": "web", "pod-template-hash": image}
    notes = {
        "deployment.kubernetes.io/revision": str(revision),
        "deployment.kubernetes.io/desired-replicas": str(desired),
        "deployment.kubernetes.io/max-replicas": str(desired + 3),
    }
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "D", "controller": True}
    meta = {
        "name": name, "namespace": "d", "uid": image, "labels": labels, "annotations": notes,
        "ownerReferences": [owner], "creationTimestamp": f"2026-01-0{image[1]}T00:00:00Z", "generation": 1,
    }  # fmt: skip
    made = put(template(image), ("metadata", "labels"), labels)
    have = replicas if available is None else available
    status = {"replicas": replicas, "availableReplicas": have, "readyReplicas": have, "observedGeneration": 1}
    return {"metadata": meta, "spec": {"replicas": replicas, "template": made}, "status": status}


def roll(view_of: MakeView, deployed: Object, sets: list[Object], now: float = 0.0, **more: Any) -> Plan:
    view = view_of(deployment.CONTROLLER, deployments=[deployed], replicasets=sets, **more)
    return deployment.CONTROLLER.reconcile(view, KEY, now)


def sizes(plan: Plan) -> dict[str, int]:
    return {c.object["metadata"]["name"]: c.object["spec"]["replicas"] for c in plan.changes if isinstance(c, Update)}


def conditions(plan: Plan) -> dict[str, str]:
    (update,) = plan.always
    assert isinstance(update, Update)
    return {c["type"]: c["reason"] for c in update.object["status"]["conditions"]}


def test_the_first_set(view_of: MakeView) -> None:
    plan = roll(view_of, make_deployment(3), [])
    (create,) = plan.changes
    assert isinstance(create, Create)
    meta, spec = create.object["metadata"], create.object["spec"]
    digest = meta["labels"]["pod-template-hash"]
    assert meta["name"] == f"web-{digest}"
    assert spec["replicas"] == 3
    assert spec["selector"]["matchLabels"] == {"app": "web", "pod-template-hash": digest}
    assert spec["template"]["metadata"]["labels"]["pod-template-hash"] == digest
    assert meta["annotations"] == {
        "deployment.kubernetes.io/revision": "1",
        "deployment.kubernetes.io/desired-replicas": "3",
        "deployment.kubernetes.io/max-replicas": "4",
    }
    assert create.telling.done is not None
    assert create.telling.done.message == f"Scaled up replica set web-{digest} from 0 to 3"
    assert conditions(plan) == {"Available": "MinimumReplicasUnavailable", "Progressing": "NewReplicaSetCreated"}
    update = plan.always[0]
    assert isinstance(update, Update)
    assert update.object["metadata"]["annotations"] == {"deployment.kubernetes.io/revision": "1"}


# 10 pods, 3 more and 2 fewer may be there (25 %)
@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ((10, 10), (0, 0), {"web-v2": 3}),
        ((10, 10), (3, 0), {"web-v1": 8}),
        ((8, 8), (3, 0), {"web-v2": 5}),
        ((8, 8), (5, 0), {}),
        ((8, 8), (5, 2), {"web-v1": 6}),
        ((8, 4), (5, 0), {}),
        ((8, 4), (5, 4), {"web-v1": 4}),
        ((0, 0), (10, 10), {}),
    ],
)
def test_rolling_update(view_of: MakeView, old: Any, new: Any, expected: dict[str, int]) -> None:
    sets = [replica_set("v1", *old), replica_set("v2", *new, revision=2)]
    assert sizes(roll(view_of, make_deployment(10), sets)) == expected


def test_scaling_in_the_middle_is_in_proportion(view_of: MakeView) -> None:
    sets = [replica_set("v1", 8), replica_set("v2", 5, revision=2)]
    assert sizes(roll(view_of, make_deployment(20), sets)) == {"web-v1": 15, "web-v2": 10}


def test_recreate_waits_until_the_old_pods_are_gone(view_of: MakeView) -> None:
    deployed = make_deployment(3, strategy={"type": "Recreate"})
    assert sizes(roll(view_of, deployed, [replica_set("v1", 3, desired=3)])) == {"web-v1": 0}
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-v1", "uid": "v1", "controller": True}
    pod = {"metadata": {"name": "p", "namespace": "d", "ownerReferences": [owner]}, "status": {"phase": "Running"}}
    emptied = replica_set("v1", 0, desired=3)
    assert roll(view_of, deployed, [emptied], pods=[pod]).changes == ()
    assert [type(change) for change in roll(view_of, deployed, [emptied]).changes] == [Create]


def test_a_rollback_takes_the_old_set_to_the_front(view_of: MakeView) -> None:
    sets = [replica_set("v1", 0, revision=1), replica_set("v2", 10, revision=2)]
    plan = roll(view_of, make_deployment(10, "v1"), sets)
    (old,) = (c.object for c in plan.changes if isinstance(c, Update) and c.object["metadata"]["name"] == "web-v1")
    assert old["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"
    assert old["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"] == "1"


def test_paused_deployments_only_scale(view_of: MakeView) -> None:
    plan = roll(view_of, make_deployment(10, paused=True), [replica_set("v1", 10)])
    assert plan.changes == ()
    assert conditions(plan)["Progressing"] == "DeploymentPaused"


def test_no_progress_is_told_after_the_deadline(view_of: MakeView) -> None:
    counters = {"replicas": 3, "updatedReplicas": 3, "unavailableReplicas": 3, "observedGeneration": 1}
    progressing = {"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated",
                   "lastUpdateTime": "1970-01-01T00:00:00Z"}  # fmt: skip
    deployed = make_deployment(3, status={**counters, "conditions": [progressing]})
    sets = [replica_set("v2", 3, 0, desired=3)]
    waiting = roll(view_of, deployed, sets, now=400.0)
    assert waiting.requeue_after == 201
    assert conditions(roll(view_of, deployed, sets, now=601.0))["Progressing"] == "ProgressDeadlineExceeded"


def test_history_is_cut(view_of: MakeView) -> None:
    counters = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2, "observedGeneration": 1}
    deployed = make_deployment(2, "v5", revisionHistoryLimit=1, status=counters)
    sets = [replica_set(f"v{n}", 0, desired=2, revision=n) for n in range(2, 5)]
    plan = roll(view_of, deployed, [*sets, replica_set("v5", 2, desired=2, revision=5)])
    assert [c.name for c in plan.changes if isinstance(c, Delete)] == ["web-v2", "web-v3"]


@given(st.integers(0, 50), st.integers(0, 100), st.integers(0, 100))
def test_something_can_always_move(replicas: int, surge: int, unavailable: int) -> None:
    rolling = {"maxSurge": f"{surge}%", "maxUnavailable": f"{unavailable}%"}
    got = limits(make_deployment(replicas, strategy={"type": "RollingUpdate", "rollingUpdate": rolling}))
    assert replicas == 0 or sum(got) >= 1
    assert got[1] <= replicas


def pod(name: str, *, ready: bool = True, node: str = "n1", **meta: Any) -> Object:
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "R", "controller": True}
    base = {"name": name, "namespace": "d", "uid": name, "labels": {"app": "web"}, "ownerReferences": [owner]}
    condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": "1970-01-01T00:00:00Z"}
    status = {"phase": "Running" if node else "Pending", "conditions": [condition]}
    return {"metadata": {**base, **meta}, "spec": {"nodeName": node} if node else {}, "status": status}


def keep(view_of: MakeView, replicas: int, pods: list[Object]) -> Plan:
    meta = {"name": "web", "namespace": "d", "uid": "R", "generation": 1}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template("v1")}
    view = view_of(replicaset.CONTROLLER, replicasets=[{"metadata": meta, "spec": spec}], pods=pods)
    return replicaset.CONTROLLER.reconcile(view, KEY, 100.0)


def test_missing_pods_are_made_side_by_side(view_of: MakeView) -> None:
    (step,) = keep(view_of, 3, [pod("a")]).changes
    assert isinstance(step, Together)
    assert len(step.groups) == 2
    (create,) = step.groups[0]
    assert isinstance(create, Create)
    assert create.object["metadata"]["generateName"] == "web-"


def test_the_least_valuable_pods_go_first(view_of: MakeView) -> None:
    pods = [
        pod("good", node="n2"),
        pod("cheap", annotations={"controller.kubernetes.io/pod-deletion-cost": "-5"}),
        pod("unready", ready=False),
        pod("unplaced", node="", ready=False),
        pod("crowded"),
    ]
    (step,) = keep(view_of, 1, pods).changes
    assert isinstance(step, Together)
    assert [c.name for (c,) in step.groups if isinstance(c, Delete)] == ["unplaced", "unready", "cheap", "crowded"]


def test_status_counts_and_tells_of_failure(view_of: MakeView) -> None:
    plan = keep(view_of, 3, [pod("a"), pod("b", ready=False), pod("c", deletionTimestamp="x")])
    (update,) = plan.always
    assert isinstance(update, Update)
    assert update.object["status"] == {
        "replicas": 2,
        "fullyLabeledReplicas": 2,
        "readyReplicas": 1,
        "availableReplicas": 1,
        "terminatingReplicas": 1,
        "observedGeneration": 1,
    }
    assert plan.on_failure is not None
    (update,) = plan.on_failure(ValueError("no"))
    assert isinstance(update, Update)
    (failure,) = update.object["status"]["conditions"]
    assert (failure["type"], failure["reason"], failure["message"]) == ("ReplicaFailure", "FailedCreate", "no")
