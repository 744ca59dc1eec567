"""What the scheduler writes about a pod: the PodScheduled condition, the nominated node, the binding."""

from eachpod.model.objects import Object, condition, dig, name, namespace, uid
from eachpod.model.timestamps import render

from .decide import Unschedulable

PREEMPTED = "PreemptionByScheduler"


def binding(pod: Object, node: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": name(pod), "namespace": namespace(pod), "uid": uid(pod)},
        "target": {"kind": "Node", "name": node},
    }


def _changed(pod: Object, wanted: Object, now: float) -> list[Object]:
    """The condition as a strategic merge patch has it; lastTransitionTime moves only with the condition's status."""
    before = condition(pod, wanted["type"])
    moved = before is None or before.get("status") != wanted["status"]
    since = render(now) if moved or before is None else before.get("lastTransitionTime")
    generation = dig(pod, "metadata", "generation")
    observed = {"observedGeneration": generation} if generation else {}
    return [{**wanted, **observed, "lastTransitionTime": since}]


def unschedulable_patch(pod: Object, outcome: Unschedulable, now: float) -> Object | None:
    """The strategic merge patch of the status that tells of the failure; None where it says so already."""
    wanted = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": outcome.message}
    before = condition(pod, "PodScheduled") or {}
    nominated = dig(pod, "status", "nominatedNodeName", default="")
    target = outcome.nominated or ("" if outcome.clear_nomination else nominated)
    status: Object = {}
    if any(before.get(key) != value for key, value in wanted.items()):
        status["conditions"] = _changed(pod, wanted, now)
    if target != nominated:
        status["nominatedNodeName"] = target or None
    return {"metadata": {"uid": uid(pod)}, "status": status} if status else None


def victim_patch(victim: Object, scheduler: str, now: float) -> Object:
    """Says on the victim why it goes, before it is deleted."""
    wanted = {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": PREEMPTED,
        "message": f"{scheduler}: preempting to accommodate a higher priority pod",
    }
    return {"metadata": {"uid": uid(victim)}, "status": {"conditions": _changed(victim, wanted, now)}}
