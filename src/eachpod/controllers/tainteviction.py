"""Deletes pods from nodes whose NoExecute taints they do not tolerate: at once, or when their tolerance ends."""

from collections.abc import Iterable

from eachpod.client.correlate import Note
from eachpod.model.errors import NotFound
from eachpod.model.objects import Object, deleting, dig, name, namespace, uid
from eachpod.model.resources import NODE, POD
from eachpod.model.timestamps import render
from eachpod.model.tolerations import NO_EXECUTE, tolerates
from eachpod.wire.http import STRATEGIC_PATCH

from .plan import NOTHING, Delete, Emit, Patch, Plan
from .view import Controller, Index, Key, View, Watch, key_of

_PODS_BY_NODE = "node-name"


def tolerance(pod: Object, taints: list[Object]) -> float | None:
    """Seconds for which the pod may stay under these taints; None for ever, 0 not at all."""
    tolerations = dig(pod, "spec", "tolerations", default=())
    limits: list[float] = []
    for taint in taints:
        covering = [one for one in tolerations if tolerates(one, taint)]
        if not covering:
            return 0.0
        limits += [max(0.0, float(one["tolerationSeconds"])) for one in covering if "tolerationSeconds" in one]
    return min(limits, default=None)


def reconcile(view: View, key: Key, now: float) -> Plan:
    pod = view.get(POD, key.namespace, key.name)
    if pod is None or deleting(pod):
        return Plan(remember=None)
    node = view.get(NODE, "", dig(pod, "spec", "nodeName", default=""))
    taints = [one for one in dig(node, "spec", "taints", default=()) if one.get("effect") == NO_EXECUTE]
    since: float | None = view.recall(key)
    stays = tolerance(pod, taints) if taints else None
    if stays is None:
        if since is None:
            return NOTHING
        text = f"Cancelling deletion of Pod {key.namespace}/{key.name}"
        return Plan((Emit(Note(pod, "TaintManagerEviction", text)),), remember=None)
    since = now if since is None else since
    left = since + stays - now
    if left > 0:
        return Plan(requeue_after=left, remember=since)
    return Plan(_evict(pod, now), remember=None)


def _evict(pod: Object, now: float) -> tuple[Emit | Patch | Delete, ...]:
    target: Object = {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": "DeletionByTaintManager",
        "message": "Taint manager: deleting due to NoExecute taint",
        "lastTransitionTime": render(now),
    }
    generation = dig(pod, "metadata", "generation")
    if generation:
        target["observedGeneration"] = generation
    patch = {"metadata": {"uid": uid(pod)}, "status": {"conditions": [target]}}
    text = f"Marking for deletion Pod {namespace(pod)}/{name(pod)}"
    return (
        Emit(Note(pod, "TaintManagerEviction", text)),
        Patch(POD, namespace(pod), name(pod), patch, "status", STRATEGIC_PATCH, accept=(NotFound,)),
        Delete(POD, namespace(pod), name(pod), uid=uid(pod)),
    )


def _assigned(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    pod = new if new is not None else old
    if pod is None or not dig(pod, "spec", "nodeName"):
        return ()
    if old is not None and new is not None and old.get("spec") == new.get("spec"):
        return ()
    return (key_of(pod),)


def _pods_of_node(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    if new is None or dig(old, "spec", "taints") == dig(new, "spec", "taints"):
        return ()
    return [key_of(pod) for pod in view.select(POD, _PODS_BY_NODE, name(new))]


def _by_node(pod: Object) -> Iterable[str]:
    return (dig(pod, "spec", "nodeName", default=""),)


CONTROLLER = Controller(
    name="taint-eviction-controller",
    component="taint-eviction-controller",
    reconcile=reconcile,
    watches=(Watch(POD, _assigned), Watch(NODE, _pods_of_node)),
    indexes=(Index(POD, _PODS_BY_NODE, _by_node),),
)
