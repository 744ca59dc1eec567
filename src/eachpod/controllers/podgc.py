"""Removes pods that nobody else will: those of nodes that are gone or declared off, those deleted before they had a
node, and finished ones beyond a threshold. One look at all pods every twenty seconds."""

from collections.abc import Iterable, Mapping

from eachpod.model.errors import NotFound
from eachpod.model.objects import Object, deleting, dig, name, namespace, uid
from eachpod.model.podphase import is_finished
from eachpod.model.resources import NODE, POD
from eachpod.model.timestamps import parse, render
from eachpod.wire.http import STRATEGIC_PATCH

from .nodehealth import out_of_service, ready_status
from .plan import Delete, Patch, Plan, Together
from .view import Controller, Key, View

_PERIOD_SECONDS = 20.0
# A node must be missing for this long, so that one that registers again keeps its pods.
_QUARANTINE_SECONDS = 40.0
_EVERYTHING = Key("", "")

Removal = tuple[Patch | Delete, ...]


def reconcile(view: View, key: Key, now: float) -> Plan:
    pods = list(view.all(POD))
    missing: dict[str, float] = view.recall(key) or {}
    missing = missing_nodes(view, pods, missing, now)
    gone = {node for node, since in missing.items() if now - since >= _QUARANTINE_SECONDS}
    groups = [
        *_of_lost_nodes(pods, gone, now),
        *_of_nodes_off(view, pods, now),
        *(_removal(pod, now) for pod in pods if deleting(pod) and not _node(pod)),
        *_surplus(pods, view.config.terminated_pod_gc_threshold, now),
    ]
    return Plan((Together(tuple(groups)),) if groups else (), remember=missing)


def missing_nodes(view: View, pods: list[Object], before: Mapping[str, float], now: float) -> dict[str, float]:
    """The nodes that pods name but that do not exist, with the time since when that is known."""
    named = {_node(pod) for pod in pods} - {""}
    return {node: before.get(node, now) for node in named if view.get(NODE, "", node) is None}


def _node(pod: Object) -> str:
    return str(dig(pod, "spec", "nodeName", default=""))


def _of_lost_nodes(pods: list[Object], gone: set[str], now: float) -> Iterable[Removal]:
    for pod in pods:
        if _node(pod) in gone:
            yield _removal(pod, now, "PodGC: node no longer exists")


def _of_nodes_off(view: View, pods: list[Object], now: float) -> Iterable[Removal]:
    for pod in pods:
        if deleting(pod) and _node(pod):
            node = view.get(NODE, "", _node(pod))
            if node is not None and ready_status(node) != "True" and out_of_service(node):
                yield _removal(pod, now)


def _surplus(pods: list[Object], threshold: int, now: float) -> Iterable[Removal]:
    if threshold <= 0:
        return ()
    over = [pod for pod in pods if is_finished(pod) and not deleting(pod)]
    over.sort(key=lambda pod: (parse(dig(pod, "metadata", "creationTimestamp")) or 0.0, name(pod)))
    return [_removal(pod, now) for pod in over[: max(0, len(over) - threshold)]]


def _removal(pod: Object, now: float, reason: str = "") -> Removal:
    """Mark the pod as failed, which nobody else can any more, and delete it without waiting for a node."""
    last = Delete(POD, namespace(pod), name(pod), uid=uid(pod), grace_seconds=0)
    if is_finished(pod):
        return (last,)
    status: Object = {"phase": "Failed"}
    generation = dig(pod, "metadata", "generation")
    observed = {"observedGeneration": generation} if generation else {}
    status |= observed
    if reason:
        target = {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC", "message": reason}
        status["conditions"] = [{**target, **observed, "lastTransitionTime": render(now)}]
    patch = {"metadata": {"uid": uid(pod)}, "status": status}
    return Patch(POD, namespace(pod), name(pod), patch, "status", STRATEGIC_PATCH, accept=(NotFound,)), last


CONTROLLER = Controller(
    name="pod-garbage-collector-controller",
    component="pod-garbage-collector",
    reconcile=reconcile,
    reads=(POD, NODE),
    workers=1,
    start=(_EVERYTHING,),
    resync=_PERIOD_SECONDS,
)
