"""Pods that were to be evicted and were not."""

from collections.abc import Callable

import pytest

from eachpod.controllers.plan import Update
from eachpod.controllers.staledisruption import CONTROLLER
from eachpod.controllers.view import Key, View
from eachpod.model.objects import Object
from eachpod.model.timestamps import render

NOW = 1_800_000_000.0
READY = {"type": "Ready", "status": "True"}


def pod(age: float = 121.0, meta: Object | None = None, phase: str = "Running", **target: str) -> Object:
    marked = {"type": "DisruptionTarget", "status": "True", "lastTransitionTime": render(NOW - age), **target}
    status = {"phase": phase, "conditions": [marked, READY]}
    return {"metadata": {"name": "p", "namespace": "d", "generation": 2, **(meta or {})}, "status": status}


def test_the_condition_is_taken_back_after_two_minutes(view_of: Callable[..., View]) -> None:
    plan = CONTROLLER.reconcile(view_of(CONTROLLER, pods=[pod(119)]), Key("d", "p"), NOW)
    assert (plan.changes, plan.requeue_after) == ((), 1.0)
    (change,) = CONTROLLER.reconcile(view_of(CONTROLLER, pods=[pod(120)]), Key("d", "p"), NOW).changes
    assert isinstance(change, Update)
    assert change.subresource == "status"
    fresh = {"type": "DisruptionTarget", "status": "False", "observedGeneration": 2, "lastProbeTime": None}
    assert change.object["status"]["conditions"] == [{**fresh, "lastTransitionTime": render(NOW)}, READY]


@pytest.mark.parametrize(
    "stays",
    [
        pod(status="False"),
        pod(reason="TerminationByKubelet"),
        pod(phase="Failed"),
        pod(meta={"deletionTimestamp": "x"}),
        {**pod(), "status": {"phase": "Running", "conditions": [READY]}},
    ],
)
def test_others_are_left_alone(view_of: Callable[..., View], stays: Object) -> None:
    view = view_of(CONTROLLER, pods=[stays])
    assert not CONTROLLER.reconcile(view, Key("d", "p"), NOW)
    (keys,) = (watch.keys for watch in CONTROLLER.watches)
    assert not keys(view, None, stays)
    assert list(keys(view, stays, pod())) == [Key("d", "p")]
    assert not keys(view, pod(), None)
